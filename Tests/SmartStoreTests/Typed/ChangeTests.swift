import SmartStore
import StoreTestSupport
import Synchronization
import Testing

@Suite("Changes", .timeLimit(.minutes(5)))
struct ChangeTests {
    private static func text(_ change: CollectionChange) -> String {
        "\(change.kind.rawValue) \(change.id.map { "\($0)" } ?? "-")"
    }

    /// The next changes, as text.
    private static func take(_ count: Int, _ iterator: inout ChangeSequence<CollectionChange>.Iterator) async throws
        -> [String]
    {
        var texts: [String] = []
        for _ in 0..<count {
            guard let change = try await iterator.next() else { break }
            texts.append(text(change))
        }
        return texts
    }

    @Test("each kind of change is told with its _id, in the order of the transaction")
    func kinds() async throws {
        let (store, _) = try TypedFixture.filled()
        var changes = store.changes(of: "notes").makeAsyncIterator()
        try await store.write { tx in
            let notes = tx.collection("notes")
            try notes.insert(["_id": 5])
            _ = try notes.update(["_id": 1], ["$set": ["year": 1]])
            _ = try notes.update(["_id": 2], ["year": 2])
            try notes.replace(3, with: ["year": 3])
            try notes.replace(6, with: ["year": 6], upsert: true)
            _ = try notes.update(["_id": 7], ["$set": ["a": 1]], upsert: true)
            try notes.delete(4)
            try notes.deleteMany(["_id": ["$gte": 6]])
            _ = try notes.update(["_id": 1], ["$set": ["year": 1]])
        }
        #expect(
            try await Self.take(9, &changes) == [
                "insert 5", "update 1", "replace 2", "replace 3", "insert 6", "insert 7", "delete 4", "delete 6",
                "delete 7",
            ])
        try await store.write { try $0.dropCollection("notes") }
        #expect(try await Self.take(1, &changes) == ["drop -"])
        try store.close()
        #expect(try await Self.take(1, &changes) == [])
    }

    @Test("the changes of a commit have its sequence; later commits have higher ones")
    func sequences() async throws {
        let (store, notes) = try TypedFixture.filled()
        let sequence = store.changes(of: "notes")
        var changes = sequence.makeAsyncIterator()
        let before = try store.readSync { $0.sequence }
        #expect(sequence.start == before)
        try await notes.insert(contentsOf: [Note(id: 10, title: ""), Note(id: 11, title: "")])
        let middle = try store.readSync { $0.sequence }
        try notes.sync.delete(10)
        let after = try store.readSync { $0.sequence }
        let found = [try await changes.next(), try await changes.next(), try await changes.next()]
        #expect(found.map { $0?.sequence } == [middle, middle, after])
        #expect(before < middle && middle < after)
        #expect(found[0]?.collection == "notes")
        try store.close()
    }

    @Test("documents come when asked for, typed ones as values")
    func documents() async throws {
        let (store, notes) = try TypedFixture.filled()
        var plain = store.changes(of: "notes").makeAsyncIterator()
        var whole = store.changes(of: "notes", includeDocuments: true).makeAsyncIterator()
        var typed = notes.changes().makeAsyncIterator()
        try await notes.update(Note.id == 1, .set(Note.title, to: "new"))
        try await notes.delete(1)
        #expect(try await plain.next()?.document == nil)
        #expect(try await whole.next()?.document?["t"] == "new")
        let change = try await typed.next()
        #expect(change?.value?.title == "new" && change?.kind == .update && change?.id == .int64(1))
        #expect(try await whole.next()?.document == nil)
        #expect(try await typed.next()?.value == nil)
        try store.close()
    }

    @Test("a document of another form is an error of the typed sequence")
    func decodingFault() async throws {
        let (store, notes) = try TypedFixture.filled()
        var changes = notes.changes().makeAsyncIterator()
        try await store.write { try $0.collection("notes").insert(["_id": 50]) }
        do {
            _ = try await changes.next()
            Issue.record("it is no note")
        } catch { #expect(error.code == .invalidDocument) }
        try store.close()
    }

    @Test("other collections are not told of; an observer of all is told of every one")
    func collections() async throws {
        let store = try TypedFixture.store()
        var a = store.changes(of: "a").makeAsyncIterator()
        var all = store.changes().makeAsyncIterator()
        try await store.write { tx in
            try tx.collection("b").insert(["_id": 1])
            try tx.collection("a").insert(["_id": 2])
            try tx.collection("b").insert(["_id": 3])
        }
        try await store.write { try $0.cache.set("k", [1]) }
        try await store.write { try $0.createCollection("c") }
        try await store.write { try $0.collection("a").insert(["_id": 4]) }
        #expect(try await Self.take(2, &a) == ["insert 2", "insert 4"])
        var names: [String?] = []
        for _ in 0..<4 { names.append(try await all.next()?.collection) }
        #expect(names == ["b", "a", "b", "a"])
        try store.close()
        #expect(try await a.next() == nil)
        #expect(try await all.next() == nil)
    }

    @Test("a renamed collection is a drop for its observers; those of the new name read anew")
    func renames() async throws {
        let (store, _) = try TypedFixture.filled()
        var old = store.changes(of: "notes").makeAsyncIterator()
        var new = store.changes(of: "papers").makeAsyncIterator()
        try await store.write { try $0.renameCollection("notes", to: "papers") }
        #expect(try await Self.take(1, &old) == ["drop -"])
        #expect(try await Self.take(1, &new) == ["lagged -"])
        try store.close()
    }

    @Test("what is rolled back is not told: thrown, undone by hand, or refused at the commit")
    func rollbacks() async throws {
        struct Stop: Error {}
        let (store, notes) = try TypedFixture.filled()
        var changes = store.changes(of: "notes").makeAsyncIterator()
        await #expect(throws: Stop.self) {
            try await notes.write { notes in
                try notes.deleteMany(.all)
                throw Stop()
            }
        }
        #expect(throws: Stop.self) {
            try notes.sync.write { notes in
                try notes.insert(Note(id: 40, title: ""))
                throw Stop()
            }
        }
        let transaction = try store.beginWrite()
        try transaction.collection("notes").delete(1)
        transaction.rollBack()
        await #expect(throws: StoreError.self) {
            try await notes.insert(contentsOf: [Note(id: 41, title: ""), Note(id: 1, title: "")])
        }
        try await notes.insert(Note(id: 42, title: ""))
        #expect(try await Self.take(1, &changes) == ["insert 42"])
        try store.close()
        #expect(try await changes.next() == nil)
    }

    @Test("writers with and without async, relaxed and full, all are told of, in the order of their commits")
    func forms() async throws {
        let (store, notes) = try TypedFixture.filled()
        var changes = store.changes(of: "notes").makeAsyncIterator()
        try notes.sync.insert(Note(id: 10, title: ""))
        try await notes.insert(Note(id: 11, title: ""))
        try await notes.write(durability: .relaxed) { try $0.insert(Note(id: 12, title: "")) }
        try notes.sync.write(durability: .full) { try $0.insert(Note(id: 13, title: "")) }
        let transaction = try store.beginWrite()
        try transaction.collection("notes", of: Note.self).insert(Note(id: 14, title: ""))
        try transaction.commit(durability: .relaxed)
        let runner = CommandRunner(store: store, actor: "ada")
        #expect(runner.run(["insert": "notes", "documents": [["_id": 15]]])["ok"]?.double == 1)
        #expect(
            try await Self.take(6, &changes)
                == ["insert 10", "insert 11", "insert 12", "insert 13", "insert 14", "insert 15"])
        try store.close()
    }

    @Test("expired documents are told of as deleted")
    func expiry() async throws {
        let store = try TypedFixture.store()
        var specification = IndexSpecification(["at": 1])
        specification.expireAfterSeconds = 10
        let index = specification
        try await store.write { tx in
            try tx.createIndex(on: "c", index)
            try tx.collection("c").insert(["_id": 1, "at": .date(BSONDate(millisecondsSince1970: 5))])
        }
        var changes = store.changes(of: "c").makeAsyncIterator()
        #expect(try store.removeExpired() == 1)
        #expect(try await Self.take(1, &changes) == ["delete 1"])
        try store.close()
    }

    @Test("with secondary and vector indexes the changes are the same")
    func indexes() async throws {
        let (store, notes) = try TypedFixture.filled()
        try await store.write { tx in
            try tx.createIndex(on: "notes", IndexSpecification(["year": 1]))
            try tx.createVectorIndex(on: "notes", field: "embedding", dimension: 2)
        }
        var changes = store.changes(of: "notes").makeAsyncIterator()
        try await notes.insert(Note(id: 20, title: "", embedding: [1, 2]))
        try await notes.updateMany(Note.year == 2020, .increment(Note.year))
        try await notes.deleteMany(Note.year == 2021)
        #expect(
            try await Self.take(4, &changes) == ["insert 20", "update 2", "delete 2", "delete 3"])
        try store.close()
    }

    // MARK: Bounds

    @Test("who is too slow finds one lag in the place of what was left out, then goes on complete")
    func lags() async throws {
        let (store, notes) = try TypedFixture.filled()
        var changes = store.changes(of: "notes", limit: 4).makeAsyncIterator()
        for id in 10..<20 { try await notes.insert(Note(id: id, title: "")) }
        let lag = try await changes.next()
        #expect(lag?.kind == .lagged && lag?.id == nil)
        // What follows is complete: everything after the lag's sequence.
        let missed = try #require(lag?.sequence)
        var later: [UInt64] = []
        try await notes.insert(Note(id: 20, title: ""))
        let newest = try store.readSync { $0.sequence }
        while later.last != newest, let change = try await changes.next() { later.append(change.sequence) }
        #expect(later.first.map { $0 > missed } == true)
        #expect(later == later.sorted())
        try store.close()
    }

    @Test("a commit that is too large for a reader is a lag, and is none for one with room")
    func largeCommits() async throws {
        let store = try TypedFixture.store()
        let notes = store.collection("notes", of: Note.self)
        var small = store.changes(of: "notes", limit: 10).makeAsyncIterator()
        var large = store.changes(of: "notes", limit: 100).makeAsyncIterator()
        try await notes.insert(contentsOf: (0..<50).map { Note(id: $0, title: "") })
        try await notes.delete(3)
        #expect(try await Self.take(2, &small) == ["lagged -", "delete 3"])
        #expect(try await Self.take(51, &large) == (0..<50).map { "insert \($0)" } + ["delete 3"])
        // More than anybody could hold is not even recorded.
        try await notes.updateMany(.all, .set(Note.year, to: 1))
        try await notes.insert(contentsOf: (100..<300).map { Note(id: $0, title: "") })
        try await notes.delete(5)
        var last = ""
        while last != "delete 5" { last = try await Self.take(1, &large).first ?? "delete 5" }
        #expect(try await Self.take(2, &small) == ["lagged -", "delete 5"])
        try store.close()
    }

    // MARK: Beginning and ending

    @Test("an observer that comes while a transaction is open lags behind it, and misses nothing after it")
    func registersInTransaction() async throws {
        let (store, notes) = try TypedFixture.filled()
        let transaction = try store.beginWrite()
        try transaction.collection("notes").delete(1)
        var changes = store.changes(of: "notes").makeAsyncIterator()
        var others = store.changes(of: "others").makeAsyncIterator()
        try transaction.collection("notes").delete(2)
        try transaction.commit()
        #expect(try await Self.take(1, &changes) == ["lagged -"])
        try await notes.delete(3)
        #expect(try await Self.take(1, &changes) == ["delete 3"])
        try await store.write { try $0.collection("others").insert(["_id": 1]) }
        #expect(try await Self.take(1, &others) == ["insert 1"])
        try store.close()
    }

    @Test("an observer that comes between a commit's writing and its sync is told that it lags")
    func registersDuringSync() async throws {
        let disk = SimulatedDisk()
        let store = try TypedFixture.store(disk)
        let notes = store.collection("notes", of: Note.self)
        try notes.sync.insert(contentsOf: TypedFixture.notes)
        let made = Mutex<ChangeSequence<CollectionChange>?>(nil)
        let seen = Mutex<Int?>(nil)
        disk.setPause { kind in
            guard kind == .syncs, made.withLock({ $0 == nil }) else { return }
            made.withLock { $0 = store.changes(of: "notes") }
            // The commit is in the log, and no reader sees it.
            seen.withLock { $0 = try? notes.sync.count() }
        }
        try notes.sync.delete(1)
        disk.setPause(nil)
        #expect(seen.withLock { $0 } == 4)
        var changes = try #require(made.withLock { $0 }).makeAsyncIterator()
        #expect(try await Self.take(1, &changes) == ["lagged -"])
        try notes.sync.delete(2)
        #expect(try await Self.take(1, &changes) == ["delete 2"])
        try store.close()
    }

    @Test("nobody is told before readers can see it")
    func afterPublishing() async throws {
        let disk = SimulatedDisk()
        let store = try TypedFixture.store(disk)
        let notes = store.collection("notes", of: Note.self)
        var changes = notes.changes().makeAsyncIterator()
        for id in 0..<50 {
            async let written: BSONValue = notes.insert(Note(id: id, title: "n"))
            let change = try await changes.next()
            #expect(try notes.sync.get(id) == change?.value)
            #expect(try store.readSync { $0.sequence } >= change?.sequence ?? .max)
            _ = try await written
        }
        try store.close()
    }

    @Test("cancelling the task ends the sequence, waiting or not")
    func cancelling() async throws {
        let (store, notes) = try TypedFixture.filled()
        let sequence = store.changes(of: "notes")
        let started = Signal()
        let task = Task {
            var count = 0
            started.send()
            for try await _ in sequence { count += 1 }
            return count
        }
        await started.wait()
        task.cancel()
        #expect(try await task.value == 0)
        // The observation itself goes on.
        try await notes.delete(1)
        var changes = sequence.makeAsyncIterator()
        #expect(try await Self.take(1, &changes) == ["delete 1"])
        try store.close()
    }

    @Test("a close ends sequences after what waits; later ones are over at once")
    func closing() async throws {
        let (store, notes) = try TypedFixture.filled()
        var changes = store.changes(of: "notes").makeAsyncIterator()
        let sequence = store.changes(of: "other")
        let waiting = Task { try await sequence.first { _ in true } }
        try await notes.delete(1)
        try store.close()
        #expect(try await Self.take(5, &changes) == ["delete 1"])
        #expect(try await waiting.value == nil)
        var late = store.changes(of: "notes").makeAsyncIterator()
        #expect(try await late.next() == nil)
    }

    @Test("a store that goes without a close ends its sequences too")
    func dropping() async throws {
        var store: Store? = try TypedFixture.store()
        let sequence = try #require(store?.changes(of: "notes"))
        let waiting = Task { try await sequence.first { _ in true } }
        store = nil
        #expect(try await waiting.value == nil)
    }

    @Test("when a sync fails, observers are told of the failure and not of the change")
    func failing() async throws {
        let disk = SimulatedDisk()
        let store = try TypedFixture.store(disk)
        let notes = store.collection("notes", of: Note.self)
        try await notes.insert(Note(id: 1, title: ""))
        var changes = store.changes(of: "notes").makeAsyncIterator()
        try await notes.insert(Note(id: 2, title: ""))
        disk.setFault(DiskFault(operation: disk.callCounts[.syncs], effect: .fail(errno: 5), once: false, kind: .syncs))
        await #expect(throws: StoreError.self) { try await notes.insert(Note(id: 3, title: "")) }
        #expect(try await Self.take(1, &changes) == ["insert 2"])
        do {
            _ = try await changes.next()
            Issue.record("the store has failed")
        } catch { #expect(error.code == .commitUnknown || error.code == .failed) }
        try? store.close()
    }

    @Test("observers come and go while others stay")
    func comingAndGoing() async throws {
        let (store, notes) = try TypedFixture.filled()
        var staying = store.changes(of: "notes").makeAsyncIterator()
        for id in 10..<20 {
            var passing: ChangeSequence<CollectionChange>.Iterator? = store.changes(of: "notes").makeAsyncIterator()
            try await notes.insert(Note(id: id, title: ""))
            #expect(try await passing?.next()?.id == .int64(Int64(id)))
            passing = nil
        }
        #expect(try await Self.take(10, &staying) == (10..<20).map { "insert \($0)" })
        try store.close()
    }
}

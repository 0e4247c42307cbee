import SmartStore
import StoreTestSupport
import Synchronization
import Testing

@Suite("Observed queries", .timeLimit(.minutes(5)))
struct ObservationTests {
    @Test("results come at once and after each commit that changed them")
    func follows() async throws {
        let (store, notes) = try TypedFixture.filled()
        var results = notes.observe(Note.year >= 2020).makeAsyncIterator()
        #expect(try await results.next()?.map(\.id) == [2, 3, 4])
        try await notes.insert(Note(id: 5, title: "", year: 2023))
        #expect(try await results.next()?.map(\.id) == [2, 3, 4, 5])
        try notes.sync.deleteMany(Note.year == 2021)
        #expect(try await results.next()?.map(\.id) == [2, 4, 5])
        try await notes.update(Note.id == 2, .set(Note.title, to: "other"))
        #expect(try await results.next()?.first?.title == "other")
        try await store.write { try $0.dropCollection("notes") }
        #expect(try await results.next()?.isEmpty == true)
        try store.close()
        #expect(try await results.next() == nil)
    }

    @Test("order and limit count; a collection that does not exist yet is empty")
    func shapes() async throws {
        let store = try TypedFixture.store()
        let notes = store.collection("notes", of: Note.self)
        var top = notes.observe(sort: [.descending(Note.year)], limit: 2).makeAsyncIterator()
        #expect(try await top.next()?.isEmpty == true)
        try await notes.insert(contentsOf: TypedFixture.notes)
        #expect(try await top.next()?.map(\.id) == [4, 3])
        try await notes.insert(Note(id: 9, title: "", year: 3000))
        #expect(try await top.next()?.map(\.id) == [9, 4])
        var documents = store.observe("notes", FindQuery(["_id": 9], projection: ["year": 1])).makeAsyncIterator()
        #expect(try await documents.next() == [["_id": .int64(9), "year": .int64(3000)]])
        var query = notes.observe(FindQuery(["year": 3000])).makeAsyncIterator()
        #expect(try await query.next()?.map(\.id) == [9])
        try store.close()
    }

    @Test("results equal to the last are left out; other collections do not wake")
    func skipsEqual() async throws {
        let (store, notes) = try TypedFixture.filled()
        let observation = notes.observe(Note.year == 2019)
        let started = Signal()
        let watching = Task {
            var found: [[Int]] = []
            for try await results in observation {
                found.append(results.map(\.id))
                started.send()
                if results.count == 2 { break }
            }
            return found
        }
        await started.wait()
        for id in 30..<60 {
            try await notes.insert(Note(id: id, title: "", year: 5))
            try await store.write { try $0.collection("others").insert(["a": 1]) }
            try await notes.delete(id)
        }
        try await notes.insert(Note(id: 31, title: "", year: 2019))
        #expect(try await watching.value == [[1], [1, 31]])
        try store.close()
    }

    @Test("commits that come meanwhile are answered together, with the newest state")
    func coalesces() async throws {
        let (store, notes) = try TypedFixture.filled()
        var results = notes.observe().makeAsyncIterator()
        #expect(try await results.next()?.count == 4)
        for id in 100..<150 { try await notes.insert(Note(id: id, title: "")) }
        #expect(try await results.next()?.count == 54)
        try await notes.deleteMany(Note.id >= 100)
        #expect(try await results.next()?.count == 4)
        try store.close()
    }

    @Test("a rolled-back transaction brings nothing")
    func rollbacks() async throws {
        struct Stop: Error {}
        let (store, notes) = try TypedFixture.filled()
        var results = notes.observe().makeAsyncIterator()
        #expect(try await results.next()?.count == 4)
        await #expect(throws: Stop.self) {
            try await notes.write { notes in
                try notes.deleteMany(.all)
                throw Stop()
            }
        }
        try await notes.delete(1)
        #expect(try await results.next()?.map(\.id) == [2, 3, 4])
        try store.close()
    }

    @Test("a commit between its writing and its sync, when the observer comes, is not lost")
    func registersDuringSync() async throws {
        let disk = SimulatedDisk()
        let store = try TypedFixture.store(disk)
        let notes = store.collection("notes", of: Note.self)
        try notes.sync.insert(contentsOf: TypedFixture.notes)
        let made = Mutex<QueryObservation<Note>.Iterator?>(nil)
        disk.setPause { kind in
            guard kind == .syncs, made.withLock({ $0 == nil }) else { return }
            made.withLock { $0 = notes.observe().makeAsyncIterator() }
        }
        try notes.sync.delete(1)
        disk.setPause(nil)
        var results = try #require(made.withLock { $0 })
        #expect(try await results.next()?.map(\.id) == [2, 3, 4])
        try notes.sync.delete(2)
        #expect(try await results.next()?.map(\.id) == [3, 4])
        try store.close()
    }

    @Test("what a transaction changed before an observer came is not lost")
    func registersInTransaction() async throws {
        let (store, notes) = try TypedFixture.filled()
        let transaction = try store.beginWrite()
        try transaction.collection("notes").delete(1)
        var results = notes.observe().makeAsyncIterator()
        #expect(try await results.next()?.count == 4)
        try transaction.commit()
        #expect(try await results.next()?.map(\.id) == [2, 3, 4])
        try store.close()
    }

    @Test("cancelling the task ends it")
    func cancelling() async throws {
        let (store, notes) = try TypedFixture.filled()
        let started = Signal()
        let task = Task {
            var counts: [Int] = []
            for try await results in notes.observe() {
                counts.append(results.count)
                started.send()
            }
            return counts
        }
        await started.wait()
        task.cancel()
        #expect(try await task.value == [4])
        try store.close()
    }

    @Test("a faulty query is an error of the first step, and nothing comes after it")
    func faults() async throws {
        let (store, notes) = try TypedFixture.filled()
        var faulty = notes.observe(Field<UInt64>("n") == .max).makeAsyncIterator()
        var unknown = store.observe("notes", FindQuery(["a": ["$what": 1]])).makeAsyncIterator()
        for _ in 0..<2 {
            do {
                #expect(try await faulty.next() == nil)
                #expect(try await unknown.next() == nil)
            } catch { #expect(error.code == .invalidDocument) }
        }
        var results = notes.observe().makeAsyncIterator()
        #expect(try await results.next()?.count == 4)
        try await store.write { try $0.collection("notes").insert(["_id": 9]) }
        do {
            _ = try await results.next()
            Issue.record("it is no note")
        } catch { #expect(error.code == .invalidDocument) }
        #expect(try await results.next() == nil)
        try store.close()
    }

    // MARK: Many

    @Test(
        "many observers, each with its own query, all come to the last state while many write")
    func manyObservers() async throws {
        let store = try TypedFixture.store()
        let notes = store.collection("notes", of: Note.self)
        let (writers, each) = (4, 25)
        try await withThrowingTaskGroup { group in
            for observer in 0..<30 {
                // Each waits for all notes of one writer.
                let writer = observer % writers
                let observation = notes.observe(Note.year == writer)
                group.addTask {
                    var last = 0
                    for try await found in observation {
                        #expect(found.count >= last)
                        last = found.count
                        if last == each { break }
                    }
                    #expect(last == each)
                }
            }
            for writer in 0..<writers {
                group.addTask {
                    for number in 0..<each {
                        let note = Note(id: writer * 1000 + number, title: "", year: writer)
                        if number % 2 == 0 {
                            try await notes.insert(note)
                        } else {
                            try notes.sync.insert(note)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await notes.count() == writers * each)
        try store.close()
    }

    @Test("changes replayed on a copy give the collection, while many write and roll back")
    func replay() async throws {
        struct Stop: Error {}
        let store = try TypedFixture.store()
        let notes = store.collection("notes", of: Note.self)
        let sequence = notes.changes(limit: 100_000)
        let (writers, each) = (4, 40)
        try await withThrowingTaskGroup { group in
            group.addTask {
                var copy: [BSONValue: Note] = [:]
                var (last, ended): (UInt64, Int) = (0, 0)
                for try await change in sequence {
                    #expect(change.sequence >= last)
                    last = change.sequence
                    #expect(change.kind != .lagged)
                    if let id = change.id { copy[id] = change.value }
                    if change.value?.title == "end" { ended += 1 }
                    if ended == writers { break }
                }
                let all = try await notes.find(sort: [.ascending(Note.id)])
                #expect(copy.values.sorted { $0.id < $1.id } == all)
            }
            for writer in 0..<writers {
                group.addTask {
                    let base = writer * 1000
                    for number in 0..<each {
                        switch number % 4 {
                        case 0: try await notes.upsert(Note(id: base + number % 7, title: "\(number)"))
                        case 1: try notes.sync.updateMany(Note.id >= base && Note.id < base + 3, .increment(Note.year))
                        case 2: try await notes.delete(base + number % 5)
                        default:
                            do {
                                try await notes.write { notes in
                                    try notes.updateMany(.all, .set(Note.title, to: "gone"))
                                    throw Stop()
                                }
                            } catch is Stop {}
                        }
                    }
                    try await notes.insert(Note(id: base + 999, title: "end"))
                }
            }
            try await group.waitForAll()
        }
        try store.close()
    }

    @Test("observers that come and go while others write lose nothing")
    func churn() async throws {
        let store = try TypedFixture.store()
        let notes = store.collection("notes", of: Note.self)
        let count = 60
        try await withThrowingTaskGroup { group in
            group.addTask { for id in 0..<count { try await notes.insert(Note(id: id, title: "")) } }
            for _ in 0..<4 {
                group.addTask {
                    // A snapshot and the changes behind it give the collection, whenever the two were taken.
                    while true {
                        let sequence = store.changes(of: "notes", limit: 10_000)
                        var (seen, ids): (UInt64, Set<BSONValue>) = try await store.read { tx in
                            (tx.sequence, Set(try tx.collection("notes").find().compactMap { $0["_id"] }))
                        }
                        #expect(seen >= sequence.start)
                        var changes = sequence.makeAsyncIterator()
                        var isComplete = true
                        while isComplete, ids.count < count, let change = try await changes.next() {
                            guard change.sequence > seen else { continue }
                            seen = change.sequence
                            if let id = change.id { ids.insert(id) } else { isComplete = false }
                            #expect(ids.count == (ids.compactMap(\.int).max() ?? -1) + 1 || !isComplete)
                        }
                        if ids.count == count { return }
                    }
                }
            }
            try await group.waitForAll()
        }
        try store.close()
    }
}

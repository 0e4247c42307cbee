import Dispatch
import SmartStore
import Testing

@Suite("Streams")
struct StreamTests {
    private static func readers(_ store: Store) throws -> Int { try store.statistics().readerCount }

    @Test("a stream hands over all results in order, whatever the batch", arguments: [1, 7, 128, 1000, 5000])
    func readsAll(batch: Int) async throws {
        let (store, notes) = try TypedFixture.numbered(1000)
        var ids: [Int] = []
        for try await note in notes.stream(Note.year >= 100, batch: batch) { ids.append(note.id) }
        #expect(ids == Array(100..<1000))
        #expect(try Self.readers(store) == 0)
        try store.close()
    }

    @Test("a stream of documents, of a sorted query, of nothing")
    func kinds() async throws {
        let (store, notes) = try TypedFixture.numbered(300)
        var ids: [Int?] = []
        for try await document in store.stream("notes", FindQuery(["year": ["$lt": 4]], sort: ["year": -1])) {
            ids.append(document["_id"]?.int)
        }
        #expect(ids == [3, 2, 1, 0])
        ids = []
        for try await note in notes.stream(sort: [.descending(Note.year)], skip: 1, limit: 3, batch: 2) {
            ids.append(note.id)
        }
        #expect(ids == [298, 297, 296])
        for try await _ in store.stream("nothing") { Issue.record("there is nothing") }
        for try await note in notes.stream(FindQuery(["_id": 5])) { #expect(note.id == 5) }
        try store.close()
    }

    @Test("every iteration has a snapshot of its own, which later writes do not change")
    func snapshots() async throws {
        let (store, notes) = try TypedFixture.numbered(500)
        let stream = notes.stream(batch: 10)
        var count = 0
        for try await note in stream {
            if count == 0 { try await notes.deleteMany(.all) }
            #expect(note.id == count)
            count += 1
        }
        #expect(count == 500)
        for try await _ in stream { Issue.record("the second iteration sees the deletion") }
        try store.close()
    }

    @Test("a snapshot is held between batches, and given up when the iteration is left")
    func leaving() async throws {
        let (store, notes) = try TypedFixture.numbered(500)
        let stream = notes.stream(batch: 10)
        #expect(try Self.readers(store) == 0)
        for try await note in stream where note.id == 25 {
            #expect(try Self.readers(store) == 1)
            break
        }
        #expect(try Self.readers(store) == 0)
        do {
            var iterator: ResultStream<Note>.Iterator? = stream.makeAsyncIterator()
            #expect(try Self.readers(store) == 0)
            _ = try await iterator?.next()
            #expect(try Self.readers(store) == 1)
            iterator = nil
        }
        #expect(try Self.readers(store) == 0)
        try store.close()
    }

    @Test("cancelling the task ends the stream with CancellationError and gives the snapshot up")
    func cancelling() async throws {
        let (store, notes) = try TypedFixture.numbered(500)
        let (started, go) = (Signal(), Signal())
        let task = Task {
            var count = 0
            for try await _ in notes.stream(batch: 10) {
                count += 1
                if count == 5 {
                    started.send()
                    await go.wait()
                }
            }
            return count
        }
        await started.wait()
        task.cancel()
        go.send()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try Self.readers(store) == 0)
        try store.close()
    }

    @Test("a cancelled task begins no stream")
    func cancelledBefore() async throws {
        let (store, notes) = try TypedFixture.numbered(5)
        let go = Signal()
        let task = Task {
            await go.wait()
            var iterator = notes.stream().makeAsyncIterator()
            return try await iterator.next()?.id
        }
        task.cancel()
        go.send()
        await #expect(throws: CancellationError.self) { try await task.value }
        try store.close()
    }

    @Test("a document of another form ends the stream where it stands")
    func decodingFault() async throws {
        let (store, notes) = try TypedFixture.numbered(50)
        try store.writeSync { (tx) throws in
            _ = try tx.collection("notes").update(["_id": 3], ["$set": ["year": "late"]])
        }
        var iterator = notes.stream(batch: 2).makeAsyncIterator()
        for id in 0..<3 { #expect(try await iterator.next()?.id == id) }
        await #expect(throws: StoreError.self) { try await iterator.next() }
        #expect(try await iterator.next() == nil)
        #expect(try Self.readers(store) == 0)
        try store.close()
    }

    @Test("a faulty condition, a bad query and a closed store are errors of the first step")
    func faults() async throws {
        let (store, notes) = try TypedFixture.numbered(300)
        await #expect(throws: StoreError.self) {
            for try await _ in notes.stream(Field<UInt64>("n") == .max) {}
        }
        await #expect(throws: StoreError.self) {
            for try await _ in notes.stream(["n": ["$what": 1]]) {}
        }
        #expect(try Self.readers(store) == 0)
        var open = notes.stream(batch: 1).makeAsyncIterator()
        #expect(try await open.next()?.id == 0)
        try store.close()
        let error = await #expect(throws: StoreError.self) { while try await open.next() != nil {} }
        #expect(error?.code == .closed)
        let late = await #expect(throws: StoreError.self) { for try await _ in notes.stream() {} }
        #expect(late?.code == .closed)
    }

    @Test("many streams at once each see all")
    func many() async throws {
        let (store, notes) = try TypedFixture.numbered(300)
        let sums = try await withThrowingTaskGroup { group in
            for batch in 1...20 {
                group.addTask {
                    var sum = 0
                    for try await note in notes.stream(batch: batch) { sum += note.id }
                    return sum
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(sums == [Int](repeating: 299 * 150, count: 20))
        try store.close()
    }
}

@Suite("Cancellation")
struct CancellationTests {
    /// Runs a body on the store's threads that is cancelled after it has begun.
    private static func cancelInside<R: Sendable>(
        _ run: @escaping @Sendable (_ begun: @escaping @Sendable () -> Void) async throws -> R
    ) async throws -> R {
        let started = Signal()
        let go = DispatchSemaphore(value: 0)
        let task = Task {
            try await run {
                started.send()
                go.wait()
            }
        }
        await started.wait()
        task.cancel()
        go.signal()
        return try await task.value
    }

    @Test("a scan stops between two documents when the task that waits for it is cancelled")
    func scans() async throws {
        let (store, notes) = try TypedFixture.numbered(2000)
        await #expect(throws: CancellationError.self) {
            try await Self.cancelInside { begun in
                try await notes.read { notes in
                    begun()
                    return try notes.find(Note.title == "none")
                }
            }
        }
        await #expect(throws: CancellationError.self) {
            try await Self.cancelInside { begun in
                try await store.read { tx in
                    begun()
                    return try tx.collection("notes").count(["t": "none"])
                }
            }
        }
        try store.close()
    }

    @Test("a write that is cancelled while it reads is undone")
    func writes() async throws {
        let (store, notes) = try TypedFixture.numbered(2000)
        await #expect(throws: CancellationError.self) {
            try await Self.cancelInside { begun in
                try await notes.write { notes in
                    try notes.insert(Note(id: -1, title: "new"))
                    begun()
                    return try notes.updateMany(Note.title == "none", .set(Note.year, to: 1)).matched
                }
            }
        }
        #expect(try await notes.count() == 2000)
        try store.close()
    }

    @Test("a write that asks nothing more is committed, cancelled or not")
    func commits() async throws {
        let (store, notes) = try TypedFixture.filled()
        try await Self.cancelInside { begun in
            try await notes.write { notes in
                begun()
                try notes.insert(Note(id: 9, title: "nine"))
            }
        }
        #expect(try await notes.get(9)?.title == "nine")
        try store.close()
    }

    @Test("a task that is cancelled before its turn neither reads nor writes")
    func before() async throws {
        let (store, notes) = try TypedFixture.filled()
        let go = Signal()
        let writing = Task {
            await go.wait()
            try await notes.deleteMany(.all)
        }
        let reading = Task {
            await go.wait()
            return try await notes.count()
        }
        writing.cancel()
        reading.cancel()
        go.send()
        await #expect(throws: CancellationError.self) { try await writing.value }
        await #expect(throws: CancellationError.self) { try await reading.value }
        #expect(try await notes.count() == 4)
        try store.close()
    }

    @Test("a call without async stops when its own task is cancelled")
    func sync() async throws {
        let (store, notes) = try TypedFixture.numbered(2000)
        let go = Signal()
        let task = Task {
            await go.wait()
            return try notes.sync.find(Note.title == "none").count
        }
        task.cancel()
        go.send()
        let error = await #expect(throws: StoreError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        try store.close()
    }
}

import SmartStore
import Testing

@Suite("Cursors")
struct CursorTests {
    @Test("a cursor hands over every result once, in order, and stays at the end")
    func readsAll() throws {
        let (store, notes) = try TypedFixture.numbered(1000)
        try notes.sync.read { notes in
            let cursor = try notes.cursor(Note.year >= 10, skip: 5, limit: 500)
            var ids: [Int] = []
            while let note = try cursor.next() { ids.append(note.id) }
            #expect(ids == Array(15..<515))
            #expect(try cursor.next() == nil)
        }
        try store.close()
    }

    @Test("a cursor over documents, and one over a query with an order")
    func documents() throws {
        let (store, notes) = try TypedFixture.numbered(20)
        try store.readSync { (tx) throws in
            let documents = try tx.collection("notes").cursor(FindQuery(["year": ["$lt": 3]]))
            #expect(try documents.rest().map { $0["_id"]?.int } == [0, 1, 2])
            #expect(try tx.collection("nothing").cursor().next() == nil)
            let values = try tx.collection("notes", of: Note.self).cursor(FindQuery(sort: ["year": -1], limit: 2))
            #expect(try values.rest().map(\.id) == [19, 18])
        }
        #expect(try notes.sync.read { try $0.cursor(sort: [.descending(Note.year)]).next()?.id } == 19)
        try store.close()
    }

    @Test("a cursor goes on where it was left")
    func goesOn() throws {
        let (store, notes) = try TypedFixture.numbered(10)
        try notes.sync.read { notes in
            let cursor = try notes.cursor()
            while let note = try cursor.next(), note.id < 3 {}
            #expect(try cursor.rest().map(\.id) == [4, 5, 6, 7, 8, 9])
        }
        try store.close()
    }

    @Test("in a write transaction a cursor sees its changes, and refuses to go on after the next")
    func writers() throws {
        let (store, notes) = try TypedFixture.filled()
        try notes.sync.write { notes in
            try notes.insert(Note(id: 0, title: "zero"))
            let cursor = try notes.cursor()
            #expect(try cursor.next()?.id == 0)
            #expect(try cursor.next()?.id == 1)
            try notes.delete(2)
            let error = #expect(throws: StoreError.self) { try cursor.next() }
            #expect(error?.code == .invalidArgument)
            #expect(try cursor.next() == nil)
            #expect(try notes.cursor().rest().map(\.id) == [0, 1, 3, 4])
        }
        try store.close()
    }

    @Test("a cursor ends with its transaction")
    func outlived() throws {
        let (store, _) = try TypedFixture.numbered(300)
        let transaction = try store.beginRead()
        let cursor = try transaction.collection("notes").cursor()
        #expect(try cursor.next() != nil)
        transaction.close()
        let error = #expect(throws: StoreError.self) { while try cursor.next() != nil {} }
        #expect(error?.code == .closed)
        try store.close()
    }

    @Test("a cursor throws when its task was cancelled")
    func cancelled() async throws {
        let (store, notes) = try TypedFixture.numbered(10)
        let (started, go) = (Signal(), Signal())
        let task = Task {
            let transaction = try store.beginRead()
            defer { transaction.close() }
            let cursor = try transaction.collection("notes", of: Note.self).cursor()
            #expect(try cursor.next()?.id == 0)
            started.send()
            await go.wait()
            return try cursor.rest().count
        }
        await started.wait()
        task.cancel()
        go.send()
        let error = await #expect(throws: StoreError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(try await notes.count() == 10)
        try store.close()
    }
}

// The temporary file of a sort: sealed, without a name, gone in every ending; and what happens when the disk fails.

import PageStore
import StoreIO
import StoreTestSupport
import Testing

@testable import SmartStore

@Suite("Spill files")
struct SpillFileTests {
    private let documents = SpillFixture.documents(21, count: 60, largest: 300)

    /// Everything that was written to files other than the first, which is the store.
    private func spilled(_ disk: SimulatedDisk) -> [[UInt8]] {
        disk.operations.compactMap { operation in
            if case .write(let file, _, let bytes) = operation, file > 0 { bytes } else { nil }
        }
    }

    private func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        let wanted = Array(text.utf8)
        guard bytes.count >= wanted.count else { return false }
        return (0...(bytes.count - wanted.count)).contains { bytes[$0..<($0 + wanted.count)].elementsEqual(wanted) }
    }

    @Test("an encrypted store's temporary files hold no plain text; a plain store's have checksums only")
    func sealed() throws {
        for encrypted in [true, false] {
            let disk = SimulatedDisk()
            let store = try SpillFixture.store(disk, documents, encrypted: encrypted)
            #expect(try SpillFixture.find(store) == SpillFixture.sorted(documents))
            let written = spilled(disk)
            #expect(written.count > 10)
            #expect(written.contains { contains($0, SpillFixture.marker) } == !encrypted)
            #expect(Set(written).count == written.count)
            try store.close()
        }
    }

    @Test("the file has no name while it is used, and is closed when the sort has been read")
    func removedAtTheEnd() throws {
        let disk = SimulatedDisk()
        let store = try SpillFixture.store(disk, documents)
        try store.readSync { (tx) throws in
            let reader: CollectionReader = tx.collection("c")
            let source = try reader.source(SpillFixture.query)
            #expect(try source.advance())
            #expect(store.spills.fileCount == 1)
            #expect(disk.contents.keys.sorted() == ["s"])
            while try source.advance() {}
            #expect(store.spills.fileCount == 0)
        }
        try store.close()
    }

    @Test("a cursor left half-way gives its file back when it goes")
    func removedWithTheCursor() throws {
        let disk = SimulatedDisk()
        let store = try SpillFixture.store(disk, documents)
        try store.readSync { (tx) throws in
            let reader: CollectionReader = tx.collection("c")
            var source: (any DocumentSource)? = try reader.source(SpillFixture.query)
            #expect(try source?.advance() == true)
            #expect(store.spills.fileCount == 1)
            source = nil
            #expect(store.spills.fileCount == 0)
        }
        let runner = CommandRunner(store: store, actor: "tester")
        let reply = runner.run(["find": "c", "sort": ["k": 1], "batchSize": 2])
        let cursor = try #require(reply[path: "cursor.id"])
        #expect(store.spills.fileCount == 1)
        let killed = runner.run(["killCursors": "c", "cursors": [cursor]])
        #expect(killed["ok"]?.double == 1)
        #expect(store.spills.fileCount == 0)
        try store.close()
    }

    @Test("closing the store ends the file; who still reads is told")
    func removedWithTheStore() throws {
        let disk = SimulatedDisk()
        let store = try SpillFixture.store(disk, documents)
        let transaction = try store.beginRead()
        let reader: CollectionReader = transaction.collection("c")
        let source = try reader.source(SpillFixture.query)
        #expect(try source.advance())
        try store.close()
        #expect(store.spills.fileCount == 0)
        do {
            while try source.advance() {}
            Issue.record("read to the end")
        } catch let error as StoreError {
            #expect(error.code == .closed)
        }
        transaction.close()
    }

    @Test("a failing input ends the file")
    func removedOnFailure() throws {
        let disk = SimulatedDisk()
        let broken = documents + [["_id": 1000, "k": [1, 2], "m": [1, 2]]]
        let store = try SpillFixture.store(disk, broken)
        // Two paths through different arrays have no order.
        #expect(throws: StoreError.self) { try SpillFixture.find(store) }
        #expect(store.spills.fileCount == 0)
        #expect(disk.createdFiles > 1)
        #expect(disk.contents.keys.sorted() == ["s"])
        try store.close()
    }

    @Test("what a crash left beside the store goes at the next opening for writing")
    func leftovers() throws {
        let disk = SimulatedDisk()
        try SpillFixture.store(disk, documents).close()
        disk.replaceContent(of: "s.smartstore-spill", with: [1, 2, 3])
        var options = SpillFixture.options()
        options.isReadOnly = true
        try StoreFixture.open(disk, options: options).close()
        #expect(disk.contents.keys.sorted() == ["s", "s.smartstore-spill"])
        options.isReadOnly = false
        let store = try StoreFixture.open(disk, options: options)
        #expect(disk.contents.keys.sorted() == ["s"])
        // One that appears later does not stand in the way.
        disk.replaceContent(of: "s.smartstore-spill", with: [1, 2, 3])
        #expect(try SpillFixture.find(store) == SpillFixture.sorted(documents))
        #expect(disk.contents.keys.sorted() == ["s"])
        try store.close()
    }

    @Test("a store that is only read spills elsewhere, and says so when it cannot")
    func readOnly() throws {
        let (disk, other) = (SimulatedDisk(), SimulatedDisk())
        try SpillFixture.store(disk, documents).close()
        var options = SpillFixture.options()
        options.isReadOnly = true
        options.spillDirectory = other
        let store = try StoreFixture.open(disk, options: options)
        let changes = disk.changeCount
        #expect(try SpillFixture.find(store) == SpillFixture.sorted(documents))
        #expect(disk.changeCount == changes)
        #expect(other.createdFiles > 0)
        #expect(other.contents.isEmpty)
        // EROFS
        other.setFault(DiskFault(operation: 0, effect: .fail(errno: 30), once: false, kind: .all))
        do {
            _ = try SpillFixture.find(store)
            Issue.record("no refusal")
        } catch let error as StoreError {
            #expect(error.server.number == 292)
        }
        try store.close()
        options.spillDirectory = nil
        let real = try StoreFixture.open(disk, options: options)
        #expect(try SpillFixture.find(real) == SpillFixture.sorted(documents))
        try real.close()
    }

    @Test("an error at any call is told, leaves nothing behind, and the store goes on", arguments: [5, 28])
    func everyCall(errno: Int) throws {
        let disk = SimulatedDisk()
        let store = try SpillFixture.store(disk, documents)
        let wanted = try SpillFixture.sorted(documents)
        #expect(try SpillFixture.find(store) == wanted)
        var number = 0
        var refused = 0
        while true {
            let met = disk.faultsMet
            disk.setFault(
                DiskFault(
                    operation: disk.callCounts[.all] + number, effect: .fail(errno: Int32(errno)), once: true,
                    kind: .all))
            do {
                #expect(try SpillFixture.find(store) == wanted)
            } catch let error as StoreError {
                refused += 1
                #expect(error.code == (errno == 5 ? .ioFailed : .diskFull), "call \(number): \(error)")
            }
            disk.setFault(nil)
            #expect(store.spills.fileCount == 0)
            if disk.faultsMet == met { break }
            number += 1
        }
        #expect(number > 40)
        #expect(refused > number / 2)
        #expect(try SpillFixture.find(store) == wanted)
        #expect(disk.contents.keys.sorted() == ["s"])
        try store.writeSync { (tx) throws in _ = try tx.collection("c").insert(["_id": -1]) }
        try store.close()
    }

    @Test("a full disk ends the query, not the store")
    func fullDisk() throws {
        let disk = SimulatedDisk()
        let store = try SpillFixture.store(disk, documents)
        disk.setFault(DiskFault(operation: 0, effect: .diskFull, once: false, kind: .writes))
        do {
            _ = try SpillFixture.find(store)
            Issue.record("no error")
        } catch let error as StoreError {
            #expect(error.code == .diskFull)
        }
        #expect(store.spills.fileCount == 0)
        // Inside a transaction too, which can still be committed afterwards.
        try store.writeSync { (tx) throws in
            let writer: CollectionWriter = tx.collection("c")
            #expect(throws: StoreError.self) { try writer.aggregate([["$sort": ["k": 1]]]) }
            disk.setFault(nil)
            try writer.insert(["_id": -1, "k": 0])
        }
        #expect(try SpillFixture.find(store).count == documents.count + 1)
        try store.close()
    }

    @Test("a block that is not what was written is found, encrypted or not", arguments: [true, false])
    func damaged(encrypted: Bool) throws {
        let disk = SimulatedDisk()
        let store = try SpillFixture.store(disk, documents, encrypted: encrypted)
        let wanted = try SpillFixture.sorted(documents)
        #expect(try SpillFixture.find(store) == wanted)
        let stride = SpillFixture.limit / 8
        let effects: [(DiskFault.Effect, DiskCallKind)] = [
            (.bitFlip, .reads), (.lostWrite, .writes), (.misdirectedWrite(distance: stride), .writes),
            (.misdirectedWrite(distance: 3), .writes), (.duplicatedWrite(distance: -stride), .writes),
        ]
        for (effect, kind) in effects {
            var (found, number) = (0, 0)
            while true {
                let met = disk.faultsMet
                disk.setFault(
                    DiskFault(operation: disk.callCounts[kind] + number, effect: effect, once: true, kind: kind))
                do {
                    #expect(try SpillFixture.find(store) == wanted, "\(effect), call \(number)")
                } catch let error as StoreError {
                    found += 1
                    #expect(error.code == .ioFailed, "\(effect), call \(number)")
                }
                disk.setFault(nil)
                if disk.faultsMet == met { break }
                number += 1
            }
            #expect(number > 10, "\(effect)")
            #expect(found > number / 2, "\(effect)")
        }
        #expect(try SpillFixture.find(store) == wanted)
        try store.close()
    }
}

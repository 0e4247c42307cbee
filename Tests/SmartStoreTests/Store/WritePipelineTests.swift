import SmartStore
import StoreIO
import StoreTestSupport
import Testing

/// Transactions that are written while the one before them is synced.
@Suite("Pipelined writes")
struct WritePipelineTests {
    private func insert(_ id: Int32, _ tx: WriteTransaction) throws {
        try tx.collection("n").insert(["_id": .int32(id), "pad": .string(String(repeating: "p", count: 300))])
    }

    private func ids(_ store: Store) throws -> [Int] {
        try store.readSync { try $0.collection("n").find().compactMap { $0["_id"]?.int } }
    }

    @Test("each is a transaction of its own, and all of them are there at the end and after reopening")
    func together() throws {
        for durability in [Durability.full, .grouped, .relaxed] {
            let disk = SimulatedDisk()
            let store = try StoreFixture.create(disk)
            let before = try store.readSync { $0.sequence }
            let sequences = try store.writePipelined(durability: durability) { pipeline in
                try (0..<100 as Range<Int32>).map { id in
                    try pipeline.write { tx in
                        try insert(id, tx)
                        #expect(try tx.collection("n").count() == Int(id) + 1)
                        return tx.sequence
                    }
                }
            }
            #expect(Set(sequences).count == 100)
            #expect(try store.readSync { $0.sequence } == before + 100)
            #expect(try ids(store) == Array(0..<100))
            try store.close()
            let again = try StoreFixture.open(disk)
            #expect(try ids(again) == Array(0..<100))
            #expect(try again.check().findings == [])
            try again.close()
        }
    }

    @Test("the next one is written while the one before is synced, which nobody sees before; the call waits for it")
    func overlap() throws {
        let disk = SimulatedDisk()
        let store = try StoreFixture.create(disk)
        let gate = SyncGate(disk)
        try store.writePipelined { pipeline in
            try pipeline.write { try insert(0, $0) }
            try pipeline.flush()
            gate.close()
            try pipeline.write { try insert(1, $0) }
            gate.awaitSync()
            #expect(try ids(store) == [0])
            // Its call would wait for the sync before it, so the gate is opened from within.
            try pipeline.write { tx in
                try insert(2, tx)
                #expect(try tx.collection("n").count() == 3)
                #expect(try ids(store) == [0])
                gate.open()
            }
            #expect(try ids(store).starts(with: [0, 1]))
        }
        #expect(try ids(store) == [0, 1, 2])
        try store.close()
    }

    @Test("one that throws leaves nothing; those before it stay, and others may follow")
    func refusal() throws {
        let store = try StoreFixture.create(SimulatedDisk())
        try store.writePipelined { pipeline in
            try pipeline.write { try insert(1, $0) }
            let error = #expect(throws: StoreError.self) {
                try pipeline.write { tx in
                    try insert(2, tx)
                    try insert(1, tx)
                }
            }
            #expect(error?.code == .duplicateKey)
            try pipeline.write { try insert(3, $0) }
        }
        #expect(try ids(store) == [1, 3])
        let error = #expect(throws: StoreError.self) {
            try store.writePipelined { pipeline in
                try pipeline.write { try insert(4, $0) }
                try pipeline.write { try insert(3, $0) }
            }
        }
        #expect(error?.code == .duplicateKey)
        #expect(try ids(store) == [1, 3, 4])
        let nested = #expect(throws: StoreError.self) {
            try store.writePipelined { pipeline in
                try pipeline.write { _ in try pipeline.write { try insert(5, $0) } }
            }
        }
        #expect(nested?.code == .nestedWrite)
        try store.writePipelined { try $0.write { _ in } }
        #expect(try ids(store) == [1, 3, 4])
        try store.close()
    }

    @Test(
        "after a failed write or sync the next call says so, nothing more is acknowledged, and reopening finds all that was",
        arguments: [true, false])
    func failingDisk(once: Bool) throws {
        var failures = 0
        var clean = 0
        var step = 1
        while clean < 3, step < 400 {
            defer { step += 2 }
            let disk = SimulatedDisk()
            disk.stopRecording()
            let store = try StoreFixture.create(disk)
            disk.setFault(DiskFault(operation: disk.changeCount + step, effect: .fail(errno: 5), once: once))
            var returned: Int32 = 0
            var acknowledged: Int32 = 0
            var failed: StoreError?
            do {
                try store.writePipelined { pipeline in
                    for id in 0..<30 as Range<Int32> {
                        do {
                            try pipeline.write { try insert(id, $0) }
                            #expect(failed == nil, "step \(step): acknowledged after a failure")
                            returned = id + 1
                            // The ones before are durable.
                            acknowledged = id
                        } catch let error as StoreError { failed = failed ?? error }
                    }
                }
                acknowledged = returned
            } catch let error as StoreError {
                failed = failed ?? error
            }
            if let failed {
                failures += 1
                #expect([.ioFailed, .commitUnknown, .failed].contains(failed.code), "step \(step): \(failed)")
            } else {
                clean += 1
            }
            try? store.close()
            disk.setFault(nil)
            let again = try StoreFixture.open(disk)
            let found = try ids(again)
            #expect(found.count >= acknowledged && found == Array(0..<found.count), "step \(step)")
            #expect(try again.check().findings == [], "step \(step)")
            try again.close()
        }
        #expect(clean == 3 && failures > 20, "the workload never got through, or never failed")
    }
}

import SmartStore
import StoreIO
import StoreTestSupport
import Testing

/// Files that are damaged, disks that are full or fail: a named error or the right content, never a trap, nothing half done.
@Suite("Damage and faults")
struct StoreDamageTests {
    /// A closed store of every segment, and what it shows.
    private static func sample(encrypted: Bool) throws -> (file: [UInt8], content: String) {
        let disk = SimulatedDisk()
        disk.stopRecording()
        let store = try StoreFixture.create(disk, encrypted: encrypted)
        try store.writeSync { tx in
            try tx.createVectorIndex(on: "n", field: "v", dimension: 8)
            for index in 0..<60 {
                try tx.collection("n").insert([
                    "_id": .int32(Int32(index)), "v": Vector(StoreFixture.vector(UInt64(index))).value,
                    "text": .string(String(repeating: "text \(index) ", count: index % 7 == 0 ? 900 : 3)),
                ])
            }
            try tx.cache.set("k", [1, 2, 3])
            try tx.audit.record(actor: "a", action: "b", target: "c")
        }
        try store.linkVectors()
        try store.close()
        let file = try #require(disk.content(of: "s"))
        return (file, try content(of: file, encrypted: encrypted))
    }

    /// Everything a reader can see, as text.
    private static func content(of file: [UInt8], encrypted: Bool) throws -> String {
        let disk = SimulatedDisk(files: ["s": file])
        disk.stopRecording()
        var options = StoreFixture.options()
        options.isReadOnly = true
        let store = try StoreFixture.open(disk, options: options, encrypted: encrypted)
        defer { try? store.close() }
        return try store.readSync { tx in
            var text = try tx.collection("n").find().map { $0.json(.canonical) }.joined()
            let hits = try tx.collection("n").search(field: "v", vector: StoreFixture.vector(3), k: 5)
            text += "\(hits.map(\.id)) \(try tx.cache.get("k") ?? [])"
            let audit = try tx.audit.verify()
            guard audit.isIntact else { throw StoreError(.auditBroken, audit.reason ?? "", remedy: "") }
            return text + audit.head
        }
    }

    @Test("a flipped byte anywhere gives a named error or the right content", arguments: [true, false])
    func flippedBytes(encrypted: Bool) throws {
        let (file, content) = try Self.sample(encrypted: encrypted)
        let random = SeededRandomSource(seed: encrypted ? 31 : 32)
        var errors = 0
        for round in 0..<1500 {
            var damaged = file
            // Every byte of the slots' plain parts, then anywhere.
            let position = round < 300 ? round : Int(random.next() % UInt64(file.count))
            damaged[position] ^= UInt8(1 << (random.next() % 8))
            do {
                #expect(try Self.content(of: damaged, encrypted: encrypted) == content, "byte \(position)")
            } catch {
                errors += 1
                let error = try #require(error as? StoreError, "byte \(position)")
                #expect(!error.message.isEmpty && !error.remedy.isEmpty)
            }
        }
        #expect(errors > 100)
    }

    @Test("a file cut off anywhere gives a named error", arguments: [true, false])
    func cutOff(encrypted: Bool) throws {
        let (file, _) = try Self.sample(encrypted: encrypted)
        for length in stride(from: 0, to: file.count, by: 997) {
            #expect(throws: StoreError.self, "length \(length)") {
                try Self.content(of: Array(file.prefix(length)), encrypted: encrypted)
            }
        }
    }

    @Test("on a full disk the transaction is rolled back and the store goes on")
    func fullDisk() throws {
        let disk = SimulatedDisk()
        disk.stopRecording()
        let store = try StoreFixture.create(disk)
        disk.setByteLimit(3 << 20)
        var acknowledged: Int32 = 0
        var code: StoreError.Code?
        while code == nil, acknowledged < 10_000 {
            do {
                try store.writeSync { tx in
                    for offset in 0..<10 {
                        try tx.collection("n").insert([
                            "_id": .int32(acknowledged + Int32(offset)),
                            "pad": .string(String(repeating: "\(acknowledged)", count: 300)),
                        ])
                    }
                }
                acknowledged += 10
            } catch let error as StoreError { code = error.code }
        }
        #expect(code == .diskFull)
        #expect(acknowledged > 100)
        #expect(try store.readSync { try $0.collection("n").count() } == Int(acknowledged))
        #expect(try store.check().findings == [])
        // Deleting needs no new room, and what it frees serves new documents.
        let gone = acknowledged / 2
        try store.writeSync { tx in for id in 0..<gone { try tx.collection("n").delete(.int32(id)) } }
        try store.checkpoint()
        try store.writeSync { try $0.collection("n").insert(["_id": -1]) }
        disk.setByteLimit(.max)
        try store.writeSync { try $0.collection("n").insert(["_id": -2]) }
        #expect(try store.readSync { try $0.collection("n").count() } == Int(acknowledged - gone) + 2)
        #expect(try store.check().findings == [])
        try store.close()
        let again = try StoreFixture.open(disk)
        #expect(try again.check().findings == [])
        try again.close()
    }

    @Test(
        "after a failed write or sync nothing more is acknowledged, and reopening finds all that was",
        arguments: [true, false])
    func failingDisk(once: Bool) throws {
        var clean = 0
        var step = 3
        while clean < 3, step < 400 {
            defer { step += 3 }
            let disk = SimulatedDisk()
            disk.stopRecording()
            let store = try StoreFixture.create(disk)
            disk.setFault(DiskFault(operation: disk.changeCount + step, effect: .fail(errno: 5), once: once))
            var acknowledged: [Int32] = []
            var failed: StoreError?
            for index in 0..<40 as Range<Int32> {
                do {
                    try store.writeSync { tx in
                        try tx.collection("n").insert([
                            "_id": .int32(index), "pad": .string(String(repeating: "p", count: 2000)),
                        ])
                    }
                    #expect(failed == nil, "step \(step): acknowledged after a failure")
                    acknowledged.append(index)
                    if index % 10 == 9 { try store.checkpoint() }
                } catch let error as StoreError { failed = failed ?? error }
            }
            if let failed {
                #expect([.ioFailed, .commitUnknown, .failed].contains(failed.code), "step \(step): \(failed)")
            } else {
                clean += 1
            }
            try? store.close()
            disk.setFault(nil)
            let again = try StoreFixture.open(disk)
            let found = try again.readSync { try $0.collection("n").find().compactMap { $0["_id"]?.int } }
            #expect(Set(acknowledged.map(Int.init)).isSubset(of: found), "step \(step)")
            #expect(try again.check().findings == [], "step \(step)")
            try again.close()
        }
        #expect(clean == 3, "the workload never got through")
    }
}

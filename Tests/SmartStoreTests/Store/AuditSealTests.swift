import Foundation
import SmartStore
import StoreIO
import StoreTestSupport
import Testing

@Suite("Audit seals and anchors")
struct AuditSealTests {
    private static func record(_ store: Store, _ count: Int = 1) throws {
        try store.writeSync { (tx) throws in
            for index in 0..<count { try tx.audit.record(actor: "ada", action: "act", target: "\(index)") }
        }
    }

    private static func verify(
        _ store: Store, key: [UInt8]? = nil, anchors: [AuditAnchor] = []
    ) throws -> AuditVerification {
        try store.readSync { try $0.audit.verify(initialKey: key, anchors: anchors) }
    }

    @Test("an epoch ends by count, by time at the next commit or close, and by hand; each has exactly one seal")
    func epochs() throws {
        let time = ManualTimeSource(milliseconds: 1_000_000)
        let disk = SimulatedDisk()
        var options = StoreFixture.options(time: time)
        options.auditEpochEntryLimit = 4
        options.auditEpochDuration = .seconds(10)
        var store = try StoreFixture.create(disk, options: options)
        let key = try store.exportAuditKey()
        try Self.record(store, 9)
        #expect(try Self.verify(store, key: key).sealCount == 2)
        // By time: any commit seals, also of an epoch without entries of its own.
        time.advance(by: .seconds(10))
        try store.writeSync { _ = try $0.collection("c").insert(["a": 1]) }
        #expect(try Self.verify(store, key: key).sealCount == 3)
        time.advance(by: .seconds(10))
        try store.writeSync { _ = try $0.collection("c").insert(["a": 2]) }
        #expect(try Self.verify(store, key: key).sealCount == 4)
        // A clock that went back as far, and a close.
        time.setNow(1_000)
        try Self.record(store)
        #expect(try Self.verify(store, key: key).sealCount == 5)
        time.advance(by: .seconds(11))
        try store.close()
        store = try StoreFixture.open(disk, options: options)
        #expect(try Self.verify(store, key: key).sealCount == 6)
        try store.sealAuditEpoch()
        try store.sealAuditEpoch()
        let result = try Self.verify(store, key: key)
        #expect(result.isIntact && result.sealsAreProven && result.sealCount == 8 && result.entryCount == 10)
        #expect(result.matchedThrough == 10)
        #expect(try store.check().findings == [])
        // Another first key is found out at the first seal.
        let other = try Self.verify(store, key: [UInt8](repeating: 3, count: 32))
        #expect(other.firstBad == 1 && !other.isExact)
        #expect(throws: StoreError.self) { try other.requireIntact() }
        try store.close()
    }

    @Test("the first key is given out once, before its epoch is over, and a rolled-back epoch leaves the key as it was")
    func exportsOnce() throws {
        let disk = SimulatedDisk()
        var options = StoreFixture.options()
        options.auditEpochEntryLimit = 2
        let store = try StoreFixture.create(disk, options: options)
        let key = try store.exportAuditKey()
        #expect(key.count == 32)
        #expect(code { try store.exportAuditKey() } == .auditUnavailable)
        let transaction = try store.beginWrite()
        for _ in 0..<5 { try transaction.audit.record(actor: "a", action: "b", target: "c") }
        #expect(try transaction.audit.verify(initialKey: key).sealCount == 2)
        transaction.rollBack()
        try Self.record(store, 2)
        #expect(try Self.verify(store, key: key).isIntact)
        try store.close()

        let late = SimulatedDisk()
        let second = try StoreFixture.create(late, options: options)
        try Self.record(second, 2)
        #expect(code { try second.exportAuditKey() } == .auditUnavailable)
        #expect(code { _ = try Self.verify(second, key: [1, 2, 3]) } == .invalidArgument)
        try second.close()
    }

    @Test("an anchor survives JSON, is signed and verified without the store, and is held against the log")
    func anchors() throws {
        let disk = SimulatedDisk()
        var options = StoreFixture.options()
        options.auditEpochEntryLimit = 5
        let store = try StoreFixture.create(disk, options: options)
        var anchors = [try store.auditAnchor()]
        for count in 1...7 {
            try Self.record(store, count)
            anchors.append(try store.auditAnchor())
        }
        #expect(try Self.verify(store, anchors: anchors.reversed()).isIntact)
        let key = try AuditSigningKey(seed: [UInt8](repeating: 5, count: 32))
        let signed = try anchors[3].signed(with: key)
        #expect(try signed.verify(signatureWith: key.publicKey))
        #expect(!signed.verify(signatureWith: [UInt8](repeating: 0, count: 32)))
        #expect(try !anchors[3].verify(signatureWith: key.publicKey))
        #expect(try AuditAnchor(json: signed.json) == signed)
        #expect(try JSONDecoder().decode(AuditAnchor.self, from: JSONEncoder().encode(signed)) == signed)
        var forged = signed.document
        forged["size"] = .int64(7)
        #expect(try !AuditAnchor(json: forged.json()).verify(signatureWith: key.publicKey))
        for text in ["", "{}", "[1]", #"{"fileId":"00","size":1,"root":"","head":"","epoch":0,"time":0}"#] {
            #expect(code { _ = try AuditAnchor(json: text) } == .invalidArgument, "\(text)")
        }
        // An anchor that the log has not reached, one of another history, one of another file.
        forged = anchors[3].document
        forged["size"] = .int64(1000)
        #expect(try Self.verify(store, anchors: [AuditAnchor(json: forged.json())]).firstBad == 29)
        forged = anchors[3].document
        forged["root"] = .string(anchors[2].root)
        let other = try Self.verify(store, anchors: [anchors[1], try AuditAnchor(json: forged.json())])
        #expect(other.firstBad == 6 && !other.isExact && other.matchedThrough == 5)
        forged["fileId"] = .string(String(repeating: "0", count: 32))
        #expect(code { _ = try Self.verify(store, anchors: [AuditAnchor(json: forged.json())]) } == .invalidArgument)
        try store.close()

        // A store that never had a log, though an anchor of one is remembered.
        let empty = try StoreFixture.create(SimulatedDisk(), options: StoreFixture.options(seed: 5))
        #expect(try Self.verify(empty).isIntact)
        #expect(try Self.verify(empty, anchors: [empty.auditAnchor()]).isIntact)
        #expect(try Self.verify(empty, key: [UInt8](repeating: 1, count: 32)).firstBad == 1)
        try empty.close()
    }

    @Test("a proof shows an entry in an anchored log, and that one anchored log is the beginning of another")
    func proofs() throws {
        let store = try StoreFixture.create(SimulatedDisk())
        var anchors: [AuditAnchor] = []
        for count in 1...6 {
            try Self.record(store, count)
            anchors.append(try store.auditAnchor())
        }
        try store.readSync { (tx) throws in
            let entries = try tx.audit.entries()
            for anchor in anchors {
                for entry in entries where entry.sequence <= anchor.size {
                    let proof = try tx.audit.inclusionProof(of: entry.sequence, size: anchor.size)
                    #expect(proof.shows(entry, in: anchor))
                    #expect(!proof.shows(entries[Int(entry.sequence) % entries.count], in: anchor))
                }
                for older in anchors where older.size <= anchor.size {
                    let proof = try tx.audit.consistencyProof(from: older.size, size: anchor.size)
                    #expect(proof.shows(older, isBeginningOf: anchor))
                    #expect(older.size == anchor.size || !proof.shows(anchor, isBeginningOf: older))
                }
            }
            #expect(throws: StoreError.self) { try tx.audit.inclusionProof(of: 22) }
            #expect(throws: StoreError.self) { try tx.audit.inclusionProof(of: 1, size: 22) }
            #expect(throws: StoreError.self) { try tx.audit.consistencyProof(from: 3, size: 2) }
        }
        try store.close()
    }

    @Test("options of epochs have bounds")
    func bounds() throws {
        for limit in [0, -1, 1 << 25] {
            var options = StoreFixture.options()
            options.auditEpochEntryLimit = limit
            #expect(code { _ = try StoreFixture.create(SimulatedDisk(), options: options) } == .invalidArgument)
        }
        for duration in [Duration.zero, .milliseconds(999), .seconds(400 * 86_400)] {
            var options = StoreFixture.options()
            options.auditEpochDuration = duration
            #expect(code { _ = try StoreFixture.create(SimulatedDisk(), options: options) } == .invalidArgument)
        }
    }

    private func code(_ body: () throws -> Any) -> StoreError.Code? {
        do {
            _ = try body()
            return nil
        } catch { return (error as? StoreError)?.code }
    }
}

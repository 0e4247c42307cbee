import SmartStore
import StoreTestSupport
import Testing

@Suite("Audit logs of the first form")
struct AuditCarryOverTests {
    @Test("a log of the first form is carried over with its entries as they were", arguments: GoldenFile.first)
    func carriesOver(file: GoldenFile) throws {
        let disk = try file.disk()
        var store = try file.open(on: disk)
        let before = try store.readSync { try $0.audit.entries() }
        #expect(throws: StoreError.self) { try store.auditAnchor() }
        #expect(throws: StoreError.self) { try store.exportAuditKey() }
        #expect(try store.writeSync { try $0.audit.carryOver() })
        #expect(try !store.writeSync { try $0.audit.carryOver() })
        try store.writeSync { _ = try $0.audit.record(actor: "eve", action: "insert", target: "new") }
        let anchor = try store.auditAnchor()
        try store.close()
        store = try file.open(on: disk, seed: 3)
        try store.readSync { (tx) throws in
            let result = try tx.audit.verify(anchors: [anchor])
            #expect(result.isIntact && result.form == 2 && result.entryCount == UInt64(before.count) + 2)
            let after = try tx.audit.entries()
            #expect(after.prefix(before.count).map(\.leafHash) == before.map(\.leafHash))
            #expect(after.prefix(before.count).map(\.details) == before.map(\.details))
            let note = after[before.count]
            #expect(note.action == "auditCarriedOver" && note.details["head"]?.string == file.auditHead)
        }
        #expect(try store.check().findings == [])
        try store.close()
    }

    @Test("a log of the first form has no seals, and a first key or an anchor that says otherwise is not ignored")
    func removedSealing() throws {
        let store = try GoldenFile.raw.open(on: GoldenFile.raw.disk())
        try store.readSync { (tx) throws in
            let result = try tx.audit.verify(initialKey: [UInt8](repeating: 1, count: 32))
            #expect(result.firstBad == 1 && !result.isExact)
            #expect(try tx.audit.verify().isIntact)
        }
        try store.close()
    }
}

import Foundation
import SmartStore
import StoreTestSupport
import Testing

/// Limits are refused by name, one step beyond, and nothing of it is left.
@Suite("Limits")
struct LimitTests {
    private func code(_ body: () throws -> Void) -> StoreError.Code? {
        do {
            try body()
            return nil
        } catch { return (error as? StoreError)?.code }
    }

    @Test("settings are held against their ranges")
    func settings() throws {
        let changes: [(inout StoreOptions) -> Void] = [
            { $0.cacheByteLimit = Limits.pageCacheBytes.lowerBound - 1 },
            { $0.cacheByteLimit = Limits.pageCacheBytes.upperBound + 1 },
            { $0.logByteLimit = Limits.logBytes.lowerBound - 1 },
            { $0.logByteLimit = Limits.logBytes.upperBound + 1 },
            { $0.transactionByteLimit = Limits.transactionBytes.lowerBound - 1 },
            { $0.vectorByteLimit = Limits.vectorBytes.lowerBound - 1 },
            { $0.cacheSegmentByteLimit = Limits.cacheSegmentBytes.lowerBound - 1 },
            { $0.auditEpochEntryLimit = Limits.auditEpochEntries.lowerBound - 1 },
            { $0.auditEpochDuration = .milliseconds(999) },
        ]
        for (index, change) in changes.enumerated() {
            var options = StoreFixture.options()
            change(&options)
            let code = code { _ = try StoreFixture.create(SimulatedDisk(), options: options) }
            #expect(code == .invalidArgument, "setting \(index)")
        }
    }

    @Test("content beyond a limit is refused, at the limit it is taken")
    func content() throws {
        let store = try StoreFixture.create(SimulatedDisk())
        func text(_ count: Int) -> String { String(repeating: "x", count: count) }
        func write(_ body: (WriteTransaction) throws -> Void) -> StoreError.Code? {
            code { try store.writeSync { (tx) throws in try body(tx) } }
        }
        #expect(write { try $0.cache.set(text(Limits.cacheKeyBytes), [1]) } == nil)
        #expect(write { try $0.cache.set(text(Limits.cacheKeyBytes + 1), [1]) } == .limitExceeded)
        let value = [UInt8](repeating: 1, count: Limits.cacheValueBytes + 1)
        #expect(write { try $0.cache.set("v", value) } == .limitExceeded)
        let long = text(Limits.auditTextBytes)
        #expect(write { try $0.audit.record(actor: long, action: "a", target: "t") } == nil)
        #expect(write { try $0.audit.record(actor: long + "x", action: "a", target: "t") } == .limitExceeded)
        let details: Document = ["d": .string(text(Limits.auditDetailsBytes))]
        #expect(
            write { try $0.audit.record(actor: "a", action: "a", target: "t", details: details) } == .limitExceeded)
        #expect(write { try $0.createCollection(text(Limits.collectionNameBytes)) } == nil)
        #expect(write { try $0.createCollection(text(Limits.collectionNameBytes + 1)) } == .invalidName)
        let id = text(Limits.idKeyBytes + 1)
        #expect(write { try $0.collection("c").insert(["_id": .string(id)]) } != nil)
        let document: Document = ["_id": 1, "t": .string(text(Limits.documentBytes))]
        #expect(write { try $0.collection("c").insert(document) } != nil)
        #expect(
            write { try $0.createVectorIndex(on: "c", field: "v", dimension: Limits.vectorDimension.upperBound + 1) }
                != nil)
        #expect(try store.readSync { try $0.collection("c").count() } == 0)
        #expect(try store.check().isClean)
    }

    @Test("what a file can hold follows from its page size")
    func pages() {
        #expect(Limits.pageSizes.sorted().map { Limits.pages(pageSize: $0) } == Limits.pageSizes.sorted().map(cube))
        #expect(Limits.logExtents == 144)
        #expect(Limits.anchors == 1024 && Limits.documentDepth == 100 && Limits.documentBytes == 16 << 20)
    }

    /// Eight cubes of the entries of a map page, as FORMAT.md says.
    private func cube(_ pageSize: Int) -> Int {
        let entries = (pageSize - 48 - 16) / 16
        return 8 * entries * entries * entries
    }
}

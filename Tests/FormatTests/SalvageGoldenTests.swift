import SmartStore
import StoreIO
import StoreTestSupport
import Testing

@Suite("Salvage of golden files")
struct SalvageGoldenTests {
    @Test("a file of an earlier version comes back whole", arguments: GoldenFile.allCases)
    func whole(file: GoldenFile) throws {
        let disk = try file.disk()
        let report = try salvage(file, disk)
        #expect(report.isComplete, "\(report.document)")
        #expect(disk.content(of: file.rawValue) == (try file.bytes()))
        let store = try Store.open("new", in: disk, key: file.key, options: options())
        try store.readSync { (tx) throws in
            #expect(try tx.collection("notes").find() == GoldenContent.notes)
            #expect(try tx.collection("types").find() == GoldenContent.types.map { try Document(json: $0) })
            #expect(try tx.collections().first?.vectorIndexes.first?.field == "v")
            #expect(try tx.collection("papers").find() == file.papers())
            if file.hasPapers { try GoldenIndexComparison.expectIndexes(tx) }
            let entries = try tx.audit.entries()
            #expect(entries.map(\.action) == GoldenContent.acts.map(\.action))
            #expect(entries.last?.details[path: "salvaged.hash"]?.string == file.auditHead)
        }
        #expect(try store.check().findings == [])
        try store.close()
    }

    @Test("a file of an earlier version, with any one page damaged, gives what the other pages hold")
    func damaged() throws {
        let file = GoldenFile.raw
        let original = try file.bytes()
        for page in 0..<original.count / 4096 {
            var bytes = original
            for index in page * 4096..<page * 4096 + 4096 { bytes[index] ^= 0x55 }
            let disk = SimulatedDisk(files: [file.rawValue: bytes])
            let report = try salvage(file, disk)
            let store = try Store.open("new", in: disk, key: file.key, options: options())
            try store.readSync { (tx) throws in
                var found: [Document] = []
                for collection in try tx.collections() { found += try tx.collection(collection.name).find() }
                let known = try GoldenContent.notes + GoldenContent.types.map { try Document(json: $0) }
                // What was replaced or deleted may come back where the map is lost, and is counted then.
                let unknown = found.count { !known.contains($0) }
                let flagged = report.collections.reduce(0) { $0 + $1.possiblyOutdated }
                #expect(unknown <= flagged, "page \(page)")
                // One leaf may be lost with what it held, not more.
                #expect(found.count * 2 >= known.count || !report.isComplete, "page \(page): \(found.count)")
            }
            try store.close()
        }
    }

    private func options() -> StoreOptions { GoldenFile.options(seed: 7, at: GoldenContent.now) }

    private func salvage(_ file: GoldenFile, _ disk: SimulatedDisk) throws -> SalvageReport {
        var salvage = SalvageOptions()
        salvage.store = options()
        salvage.creation.keyStretching = .scrypt(logN: 10)
        return try #require(
            try Store.salvage(
                file.rawValue, in: disk, to: "new", in: disk, oldKey: file.key, newKey: file.key, options: salvage))
    }
}

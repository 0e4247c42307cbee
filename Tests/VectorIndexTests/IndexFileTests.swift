// An index in a file of its own: what comes back, and what is refused.

import Foundation
import Testing

@testable import VectorIndex

/// A folder that is removed with its owner.
final class ScratchFolder: Sendable {
    private let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("vectors-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }
    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: url.path).sorted()) ?? [] }
    func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: url.appendingPathComponent(name))) }

    @discardableResult
    func write(_ bytes: [UInt8], _ name: String) throws -> String {
        try Data(bytes).write(to: url.appendingPathComponent(name))
        return path(name)
    }
}

@Suite("An index in a file")
struct IndexFileTests {
    private func index(_ vectors: [[Float]], _ metric: Metric, _ codes: VectorCodes) throws -> HNSWIndex {
        let options = try IndexOptions(
            dimension: vectors[0].count, metric: metric, codes: codes, connectivity: 8, buildBreadth: 40, seed: 3)
        let index = try HNSWIndex(options: options, maximumRowCount: 10_000)
        for (row, vector) in vectors.enumerated() { try index.append(row: UInt32(row), vector: vector, birth: 7) }
        return index
    }

    @Test(
        "comes back with every vector, link and deleted row, and goes on growing",
        arguments: Metric.allCases, VectorCodes.allCases)
    func roundTrip(metric: Metric, codes: VectorCodes) throws {
        let folder = try ScratchFolder()
        var source = ClusteredVectors(dimension: 19, seed: 31)
        let vectors = source.next(900)
        let index = try index(vectors, metric, codes)
        try index.link(atMost: 800)
        try index.markDeleted(rows: [1, 5, 700, 899], death: 9)
        try index.save(to: folder.path("a"))
        #expect(folder.names == ["a"])
        let loaded = try HNSWIndex.load(from: folder.path("a"), maximumRowCount: 2000)
        #expect(loaded.options == index.options && loaded.rowCount == 900 && loaded.deletedCount == 4)
        #expect(loaded.unlinkedCount == 100)
        for row in 0..<900 { #expect(try loaded.vector(row: UInt32(row)) == index.vector(row: UInt32(row))) }
        for query in source.next(20) {
            #expect(try loaded.exactSearch(query, k: 30) == index.exactSearch(query, k: 30))
            #expect(try loaded.search(query, k: 10) == index.search(query, k: 10))
        }
        try FileManager.default.removeItem(atPath: folder.path("a"))
        for number in 900..<1000 {
            try loaded.append(row: UInt32(number), vector: source.next(), birth: 1)
        }
        try loaded.link(atMost: 1000)
        let report = try loaded.checkLinks()
        #expect(report.isSound && loaded.unlinkedCount == 0)
        try loaded.save(to: folder.path("b"))
        try loaded.save(to: folder.path("b"))
        let again = try HNSWIndex.load(from: folder.path("b"))
        for query in source.next(20) { #expect(try again.search(query, k: 10) == loaded.search(query, k: 10)) }
    }

    @Test("an empty index comes back empty, and one row as one row")
    func small() throws {
        let folder = try ScratchFolder()
        let options = try IndexOptions(dimension: 3, metric: .dot, storage: .float32, seed: 4)
        let index = try HNSWIndex(options: options, maximumRowCount: 10)
        try index.save(to: folder.path("a"))
        let empty = try HNSWIndex.load(from: folder.path("a"))
        #expect(empty.rowCount == 0 && empty.options == options)
        #expect(try empty.search([1, 0, 0], k: 3).isEmpty)
        try empty.append(row: 0, vector: [1, 2, 3], birth: 0)
        try empty.save(to: folder.path("a"))
        #expect(
            try HNSWIndex.load(from: folder.path("a"), maximumRowCount: 1).search([1, 0, 0], k: 3).map(\.row) == [0])
    }

    @Test("a save beside appends and linking holds a state that can be searched and linked on")
    func concurrent() async throws {
        let folder = try ScratchFolder()
        var source = ClusteredVectors(dimension: 16, seed: 33)
        let vectors = source.next(3000)
        let index = try index(Array(vectors.prefix(1000)), .cosine, .bits8)
        try index.link(atMost: 500)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for row in 1000..<3000 { try index.append(row: UInt32(row), vector: vectors[row], birth: 8) }
            }
            group.addTask { while index.rowCount < 3000 { try index.link(atMost: 64) } }
            for round in 0..<6 { group.addTask { try index.save(to: folder.path("f\(round % 2)")) } }
            try await group.waitForAll()
        }
        for name in folder.names {
            let loaded = try HNSWIndex.load(from: folder.path(name))
            #expect((1000...3000).contains(loaded.rowCount))
            for row in stride(from: 0, to: loaded.rowCount, by: 97) {
                #expect(try loaded.exactSearch(vectors[row], k: 1).map(\.row) == [UInt32(row)])
            }
            try loaded.link(atMost: 5000)
            #expect(try loaded.checkLinks().isSound)
            #expect(try recall(loaded, source.next(40), breadth: 64) >= 0.95)
        }
    }

    @Test("every cut, and a flipped bit anywhere, is refused, and nothing traps")
    func damage() throws {
        let folder = try ScratchFolder()
        var source = ClusteredVectors(dimension: 12, seed: 35)
        let index = try index(source.next(300), .euclidean, .bits8)
        try index.link(atMost: 300)
        try index.save(to: folder.path("a"))
        let whole = try folder.bytes("a")
        func refusal(_ bytes: [UInt8]) throws -> VectorError.Code? {
            try folder.write(bytes, "b")
            do { _ = try HNSWIndex.load(from: folder.path("b")) } catch { return error.code }
            return nil
        }
        func isRefused(_ bytes: [UInt8]) throws -> Bool {
            if case .corruptImage = try refusal(bytes) { true } else { false }
        }
        #expect(try refusal(whole) == nil)
        var random = SeededRandom(36)
        for count in [0, 1, 63, 64, 65, whole.count - 1] { #expect(try isRefused(Array(whole.prefix(count)))) }
        #expect(try isRefused(whole + [0]))
        let places = Array(0..<64) + (0..<150).map { _ in Int.random(in: 64..<whole.count, using: &random) }
        for place in places {
            var damaged = whole
            damaged[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
            #expect(try isRefused(damaged), "byte \(place)")
        }
        for foreign in [
            Array("HNSWFILE".utf8), [UInt8](repeating: 0xFF, count: 500), Array(repeating: 0, count: 70_000),
        ] {
            #expect(try isRefused(foreign))
        }
        do {
            _ = try HNSWIndex.load(from: folder.path("none"))
            Issue.record("a file that is not there was loaded")
        } catch {
            guard case .file = error.code else { return #expect(Bool(false), "\(error)") }
        }
    }

    @Test("a save that cannot be made leaves the file that was there, and nothing else")
    func failedSave() throws {
        let folder = try ScratchFolder()
        let index = try index([[1, 0, 0], [0, 1, 0]], .cosine, .none)
        try index.save(to: folder.path("a"))
        let before = try folder.bytes("a")
        #expect(throws: VectorError.self) { try index.save(to: folder.path("no/such/folder")) }
        try FileManager.default.createDirectory(atPath: folder.path("d"), withIntermediateDirectories: true)
        #expect(throws: VectorError.self) { try index.save(to: folder.path("d")) }
        #expect(try folder.bytes("a") == before && folder.names == ["a", "d"])
    }

    @Test("stored bytes decode to the vector that the index gives")
    func decoding() throws {
        for storage in VectorStorage.allCases {
            let options = try IndexOptions(dimension: 5, metric: .euclidean, storage: storage)
            let bytes = try HNSWIndex.encode([1, -2.5, 0, 1000, 0.25], options: options)
            #expect(try HNSWIndex.decode(bytes, options: options) == [1, -2.5, 0, 1000, 0.25])
            #expect(throws: VectorError.self) { try HNSWIndex.decode(Array(bytes.dropLast()), options: options) }
        }
    }
}

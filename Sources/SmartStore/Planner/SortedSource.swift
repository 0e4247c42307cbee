// Documents in an order that no index gives: all of them are read first; with a bound, only as many as can be in front
// are kept.

/// Sorted documents. Equal ones come in the order in which they were read.
final class SortedSource: DocumentSource {
    /// Bytes that a sort holds in memory.
    static let memoryLimit = 100 << 20

    private struct Held {
        let key: [UInt8]
        let order: Int
        let document: Document

        static func precedes(_ a: Held, _ b: Held) -> Bool {
            a.key == b.key ? a.order < b.order : a.key.lexicographicallyPrecedes(b.key)
        }
    }

    private let inner: any DocumentSource
    private let sort: SortSpec
    private let bound: Int?
    private var held: [Held] = []
    private var place = -1
    private var isRead = false

    init(_ inner: any DocumentSource, _ sort: SortSpec, bound: Int?) {
        self.inner = inner
        self.sort = sort
        // More than there can be is no bound.
        self.bound = bound.flatMap { $0 < 1 << 48 ? $0 : nil }
    }

    private func read() throws {
        isRead = true
        var order = 0
        // The greatest key that is still wanted, once there are enough.
        var last: [UInt8]?
        while try inner.advance() {
            var key: [UInt8] = []
            try inner.withCurrent { key = try sort.key(of: $0) }
            if let last, !key.lexicographicallyPrecedes(last) { continue }
            held.append(Held(key: key, order: order, document: try inner.current()))
            order += 1
            if let bound, held.count >= 2 * bound + 64 {
                held.sort(by: Held.precedes)
                held.removeLast(held.count - bound)
                last = held.last?.key
                if bound == 0 { break }
            }
        }
        held.sort(by: Held.precedes)
        if let bound, held.count > bound { held.removeLast(held.count - bound) }
    }

    func advance() throws -> Bool {
        if !isRead { try read() }
        if place < held.count { place += 1 }
        return place < held.count
    }

    func withCurrent(_ body: (BSONBytes) throws -> Void) throws {
        try held[place].document.withBytes { (bytes) throws in try body(bytes) }
    }

    func current() -> Document { held[place].document }
}

// Keys in one run of bytes: several are read at once without an array for each.

/// A list of keys.
package struct KeyBatch {
    private struct Place {
        var start: Int
        let end: Int
    }

    /// The keys one after another, with what was dropped of them.
    package private(set) var bytes: [UInt8] = []
    private var places: [Place] = []

    package init() {}

    package init(_ keys: some Sequence<[UInt8]>) {
        for key in keys { append(key) }
    }

    package var count: Int { places.count }
    package var isEmpty: Bool { places.isEmpty }

    /// Removes all keys; their memory is used again.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
    }

    /// Makes room for so many keys.
    package mutating func reserve(_ count: Int) {
        bytes.reserveCapacity(count * 24)
        places.reserveCapacity(count)
    }

    /// Adds a key.
    package mutating func append(_ key: [UInt8]) {
        let start = bytes.count
        bytes.append(contentsOf: key)
        places.append(Place(start: start, end: bytes.count))
    }

    /// Adds what the key at a slot of a node has from `start` on.
    mutating func append(_ index: Int, of node: NodeBytes, from start: Int) {
        let first = bytes.count
        node.appendKey(index, from: start, to: &bytes)
        places.append(Place(start: first, end: bytes.count))
    }

    /// Where a key stands in `bytes`.
    @inline(__always)
    package func range(_ place: Int) -> Range<Int> { places[place].start..<places[place].end }

    /// Takes off what a key has before `start`, a place in `bytes` that is within it.
    package mutating func cut(_ place: Int, at start: Int) {
        precondition(start >= places[place].start && start <= places[place].end)
        places[place].start = start
    }

    /// A copy of a key.
    package subscript(place: Int) -> [UInt8] { Array(bytes[range(place)]) }

    /// Lends a key.
    @inline(__always)
    package func withKey<R, E>(_ place: Int, _ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        let span = bytes.span.bytes
        return try body(span.extracting(range(place)))
    }
}

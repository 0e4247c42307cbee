// Keys in one run of bytes: several are read at once without an array for each.

/// A list of keys.
package struct KeyBatch {
    private var bytes: [UInt8] = []
    /// Where each key ends.
    private var ends: [Int] = []

    package init() {}

    package init(_ keys: some Sequence<[UInt8]>) {
        for key in keys { append(key) }
    }

    package var count: Int { ends.count }
    package var isEmpty: Bool { ends.isEmpty }

    /// Removes all keys; their memory is used again.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    /// Adds what a key has from `start` on.
    package mutating func append(_ key: [UInt8], from start: Int = 0) {
        if start == 0 { bytes.append(contentsOf: key) } else { bytes.append(contentsOf: key[start...]) }
        ends.append(bytes.count)
    }

    /// Adds what the key at a slot of a node has from `start` on.
    mutating func append(_ index: Int, of node: NodeBytes, from start: Int) {
        node.appendKey(index, from: start, to: &bytes)
        ends.append(bytes.count)
    }

    /// A copy of a key.
    package subscript(place: Int) -> [UInt8] { Array(bytes[range(place)]) }

    /// Lends a key.
    @inline(__always)
    package func withKey<R, E>(_ place: Int, _ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        let span = bytes.span.bytes
        return try body(span.extracting(range(place)))
    }

    @inline(__always)
    private func range(_ place: Int) -> Range<Int> { (place == 0 ? 0 : ends[place &- 1])..<ends[place] }
}

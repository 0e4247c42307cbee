// Records of a sort in one flat buffer, ordered by the first eight bytes of their keys and then by the rest: no array for
// each, and nothing moves but their places.

/// Keys with their documents. Equal keys keep the order in which they came.
struct SortBuffer {
    struct Place {
        /// The key's first eight bytes, big endian.
        let head: UInt64
        /// Where the key begins; the document follows it. It tells the order in which records came.
        let offset: Int
        let keyCount: Int32
        let documentCount: Int32
    }

    private(set) var bytes: [UInt8] = []
    private(set) var places: ContiguousArray<Place> = []

    var count: Int { places.count }
    var byteCount: Int { bytes.count + places.count * MemoryLayout<Place>.stride }

    mutating func append(key: [UInt8], document: BSONBytes) {
        let offset = bytes.count
        bytes += key
        document.append(to: &bytes)
        places.append(
            Place(
                head: SortKeys.head(of: key), offset: offset, keyCount: Int32(key.count),
                documentCount: Int32(document.count)))
    }

    mutating func sort() {
        var sorted = places
        places = []
        BSONBytes.with(bytes) { bytes in
            sorted.sort { a, b in
                if a.head != b.head { return a.head < b.head }
                let order = bytes.slice(a.offset, a.offset &+ Int(a.keyCount)).compare(
                    bytes.slice(b.offset, b.offset &+ Int(b.keyCount)))
                return order == 0 ? a.offset < b.offset : order < 0
            }
        }
        places = sorted
    }

    /// Keeps the first `bound` records of a sorted buffer, and gives the room of the others back.
    mutating func keepFirst(_ bound: Int) {
        guard count > bound else { return }
        var kept = SortBuffer()
        kept.places.reserveCapacity(places.capacity)
        kept.bytes.reserveCapacity(bytes.capacity / 2)
        for place in places.prefix(bound) {
            kept.places.append(
                Place(
                    head: place.head, offset: kept.bytes.count, keyCount: place.keyCount,
                    documentCount: place.documentCount))
            kept.bytes += bytes[place.offset..<(place.offset + Int(place.keyCount) + Int(place.documentCount))]
        }
        self = kept
    }

    mutating func removeAll(keepingCapacity: Bool) {
        bytes.removeAll(keepingCapacity: keepingCapacity)
        places.removeAll(keepingCapacity: keepingCapacity)
    }

    func key(_ index: Int) -> [UInt8] {
        let place = places[index]
        return Array(bytes[place.offset..<(place.offset + Int(place.keyCount))])
    }

    /// The bytes of a record's document.
    func document(_ index: Int) -> Range<Int> {
        let place = places[index]
        let start = place.offset + Int(place.keyCount)
        return start..<(start + Int(place.documentCount))
    }
}

/// What sorts have in common about keys.
enum SortKeys {
    /// A key's first eight bytes, big endian; missing ones are zero.
    static func head(of key: [UInt8]) -> UInt64 {
        if key.count >= 8 { return BSONBytes.with(key) { $0.uint64(at: 0).byteSwapped } }
        var head: UInt64 = 0
        for place in 0..<8 { head = head << 8 | (place < key.count ? UInt64(key[place]) : 0) }
        return head
    }
}

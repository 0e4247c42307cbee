import PageStore
import TreeStore

// Index entries in one flat buffer, sorted by their first eight bytes and then by the rest: no array for each.

/// Entries in one buffer, with what a sort looks at first.
struct EntryRun {
    private struct Place {
        /// The key's first eight bytes, big endian.
        let head: UInt64
        let offset: Int
        let indexKeyCount: UInt16
        let keyCount: UInt16
        let valueCount: UInt16
    }

    private var bytes: [UInt8] = []
    private var places: [Place] = []

    var count: Int { places.count }
    var byteCount: Int { bytes.count + places.count * MemoryLayout<Place>.stride }

    mutating func append(key: [UInt8], id: BSONBytes, forms: [UInt8], idForm: UInt8) {
        let offset = bytes.count
        bytes += key
        id.append(to: &bytes)
        let keyCount = bytes.count - offset
        bytes += forms
        bytes.append(idForm)
        var head: UInt64 = 0
        for place in 0..<8 { head = head << 8 | (place < keyCount ? UInt64(bytes[offset + place]) : 0) }
        places.append(
            Place(
                head: head, offset: offset, indexKeyCount: UInt16(key.count), keyCount: UInt16(keyCount),
                valueCount: UInt16(forms.count + 1)))
    }

    mutating func sort() {
        let text = bytes
        var sorted = places
        places = []
        sorted.sort { a, b in
            if a.head != b.head { return a.head < b.head }
            let (first, second) = (Int(a.keyCount), Int(b.keyCount))
            var place = 8
            while place < first && place < second {
                let (x, y) = (text[a.offset &+ place], text[b.offset &+ place])
                if x != y { return x < y }
                place &+= 1
            }
            return first < second
        }
        places = sorted
    }

    /// Packs the entries into an empty tree.
    func load(_ tree: Tree, in pages: PageTransaction) throws {
        var next = 0
        try tree.bulkLoad(in: pages) {
            guard next < count else { return nil }
            defer { next += 1 }
            return entry(next)
        }
    }

    /// Puts one entry into a tree.
    func put(_ place: Int, into tree: Tree, in pages: PageTransaction) throws(PageFault) {
        try pages.relieve()
        let at = places[place]
        let split = at.offset + Int(at.keyCount)
        let span = bytes.span.bytes
        try tree.put(
            span.extracting(at.offset..<split), span.extracting(split..<(split + Int(at.valueCount))), in: pages)
    }

    func entry(_ place: Int) -> (key: [UInt8], value: [UInt8]) {
        let at = places[place]
        let split = at.offset + Int(at.keyCount)
        return (Array(bytes[at.offset..<split]), Array(bytes[split..<(split + Int(at.valueCount))]))
    }

    /// The first index key that two entries share; the entries are sorted.
    var firstDuplicate: [UInt8]? {
        for place in places.indices.dropFirst() {
            let (a, b) = (places[place - 1], places[place])
            guard a.head == b.head || a.indexKeyCount < 8, a.indexKeyCount == b.indexKeyCount else { continue }
            let first = bytes[a.offset..<(a.offset + Int(a.indexKeyCount))]
            let second = bytes[b.offset..<(b.offset + Int(b.indexKeyCount))]
            if first.elementsEqual(second) { return Array(first) }
        }
        return nil
    }
}

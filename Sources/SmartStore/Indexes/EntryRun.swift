import PageStore
import TreeStore

// Index entries in one flat buffer: no array for each.

/// Entries in one buffer, and where each lies.
struct EntryRun {
    /// Where an entry lies: the index key, the `_id`'s key, the value.
    struct Place {
        /// What EntrySort compares first.
        var head: UInt64 = 0
        let offset: Int
        let indexKeyCount: UInt16
        let keyCount: UInt16
        let valueCount: UInt16

        var end: Int { offset + Int(keyCount) + Int(valueCount) }
    }

    private var bytes: [UInt8] = []
    private var places: [Place] = []

    var count: Int { places.count }
    var byteCount: Int { bytes.count + places.count * MemoryLayout<Place>.stride }

    /// Makes room for so many times the entries that there are.
    mutating func reserve(by factor: Double) {
        places.reserveCapacity(Int(Double(places.count) * factor))
        bytes.reserveCapacity(Int(Double(bytes.count) * factor))
    }

    mutating func append(key: [UInt8], id: BSONBytes, forms: [UInt8], idForm: UInt8) {
        let offset = bytes.count
        bytes.append(contentsOf: key)
        id.append(to: &bytes)
        let keyCount = bytes.count - offset
        bytes.append(contentsOf: forms)
        bytes.append(idForm)
        places.append(
            Place(
                offset: offset, indexKeyCount: UInt16(key.count), keyCount: UInt16(keyCount),
                valueCount: UInt16(forms.count + 1)))
    }

    mutating func sort() {
        BSONBytes.with(bytes) { bytes in
            var sort = EntrySort(bytes)
            sort.sort(&places)
        }
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

    /// Puts entries into a tree, where they are nearly always neighbours.
    ///
    /// In the buffer they are not, so that each would wait for memory: some are copied together first, which waits once.
    func put(_ range: Range<Int>, into tree: Tree, in pages: PageTransaction) throws(PageFault) {
        var last = TreePlace()
        var together: [UInt8] = []
        for start in stride(from: range.lowerBound, to: range.upperBound, by: 32) {
            let group = places[start..<min(start + 32, range.upperBound)]
            together.removeAll(keepingCapacity: true)
            BSONBytes.with(bytes) { bytes in
                for at in group { bytes.slice(at.offset, at.end).append(to: &together) }
            }
            let span = together.span.bytes
            var offset = 0
            for at in group {
                let split = offset + Int(at.keyCount)
                let end = split + Int(at.valueCount)
                try tree.put(span.extracting(offset..<split), span.extracting(split..<end), near: &last, in: pages)
                offset = end
            }
        }
    }

    func entry(_ place: Int) -> (key: [UInt8], value: [UInt8]) {
        let at = places[place]
        let split = at.offset + Int(at.keyCount)
        return (Array(bytes[at.offset..<split]), Array(bytes[split..<at.end]))
    }

    /// The first index key that two entries share; the entries are sorted.
    var firstDuplicate: [UInt8]? {
        BSONBytes.with(bytes) { bytes in
            var previous = BSONBytes.empty
            for (index, place) in places.enumerated() {
                let key = bytes.slice(place.offset, place.offset + Int(place.indexKeyCount))
                if index > 0, key.equals(previous) { return key.array }
                previous = key
            }
            return nil
        }
    }
}

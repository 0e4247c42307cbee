// Sorting entries by their keys, a word of eight bytes at a time.
//
// 1. Entries that agree up to some byte are one group. Of each the next eight bytes are its head, and heads compare as
//    the bytes do. Bytes beyond the key's end count as zero; only when all keys of a group have ended their lengths
//    decide.
// 2. A group is divided by the highest bits in which its heads differ, into as many parts as it has entries at most:
//    counted first, then moved. So what all keys share, such as the kind of a value, costs one look.
// 3. A small group is sorted by insertion; heads nearly always decide there.

/// Puts the places of entries in the order of their keys.
struct EntrySort {
    private struct Group {
        let range: Range<Int>
        /// The bytes that all keys share.
        let depth: Int
        /// Whether the heads are those of the depth already.
        let hasHeads: Bool
    }

    /// Groups up to this size are sorted by insertion.
    private static let smallCount = 24
    /// Bits by which a group is divided at once: the counters should stay in the processor's first cache.
    private static let mostBits = 11

    private let bytes: BSONBytes
    private var places: [EntryRun.Place] = []
    private var starts = [Int](repeating: 0, count: 1 << mostBits + 1)
    private var ends = [Int](repeating: 0, count: 1 << mostBits)

    /// - Parameter bytes: what places point into; lent for the life of the sort.
    init(_ bytes: BSONBytes) {
        self.bytes = bytes
    }

    mutating func sort(_ unsorted: inout [EntryRun.Place]) {
        let longest = unsorted.reduce(0) { max($0, Int($1.keyCount)) }
        swap(&places, &unsorted)
        defer { swap(&places, &unsorted) }
        var groups = [Group(range: 0..<places.count, depth: 0, hasHeads: false)]
        while let group = groups.popLast() {
            if !group.hasHeads { readHeads(group) }
            if group.range.count <= Self.smallCount {
                insert(group)
                continue
            }
            let differing = differingBits(group.range)
            if differing == 0 {
                if group.depth >= longest {
                    places[group.range].sort { $0.keyCount < $1.keyCount }
                } else {
                    groups.append(Group(range: group.range, depth: group.depth + 8, hasHeads: false))
                }
                continue
            }
            let top = 64 - differing.leadingZeroBitCount
            let bits = min(Self.mostBits, top, Int.bitWidth - group.range.count.leadingZeroBitCount)
            divide(group.range, shift: UInt64(top - bits), bits: bits)
            var start = group.range.lowerBound
            for end in ends[..<(1 << bits)] {
                if end - start > 1 { groups.append(Group(range: start..<end, depth: group.depth, hasHeads: true)) }
                start = end
            }
        }
    }

    private mutating func readHeads(_ group: Group) {
        for index in group.range {
            let place = places[index]
            let start = place.offset &+ group.depth
            let end = place.offset &+ Int(place.keyCount)
            if start &+ 8 <= end {
                places[index].head = bytes.uint64(at: start).byteSwapped
            } else {
                var head: UInt64 = 0
                for offset in start..<(start &+ 8) { head = head &<< 8 | (offset < end ? UInt64(bytes[offset]) : 0) }
                places[index].head = head
            }
        }
    }

    /// The bits in which not all heads are the same.
    private func differingBits(_ range: Range<Int>) -> UInt64 {
        let first = places[range.lowerBound].head
        var bits: UInt64 = 0
        for index in range { bits |= places[index].head ^ first }
        return bits
    }

    /// Moves the places of a group to the parts that some bits of their heads name, and says where each part ends.
    private mutating func divide(_ range: Range<Int>, shift: UInt64, bits: Int) {
        let mask: UInt64 = 1 &<< UInt64(bits) &- 1
        func part(_ place: EntryRun.Place) -> Int { Int(truncatingIfNeeded: place.head &>> shift & mask) }
        let partCount = 1 << bits
        for part in 0...partCount { starts[part] = 0 }
        for index in range { starts[part(places[index]) &+ 1] &+= 1 }
        starts[0] = range.lowerBound
        for part in 0..<partCount {
            starts[part &+ 1] &+= starts[part]
            ends[part] = starts[part &+ 1]
        }
        // What is not in its part changes places with what lies where it belongs, until something belongs here.
        for own in 0..<partCount {
            while starts[own] < ends[own] {
                var place = places[starts[own]]
                var target = part(place)
                while target != own {
                    swap(&place, &places[starts[target]])
                    starts[target] &+= 1
                    target = part(place)
                }
                places[starts[own]] = place
                starts[own] &+= 1
            }
        }
    }

    private mutating func insert(_ group: Group) {
        for index in group.range.dropFirst() {
            let place = places[index]
            var gap = index
            while gap > group.range.lowerBound, precedes(place, places[gap &- 1], depth: group.depth) {
                places[gap] = places[gap &- 1]
                gap &-= 1
            }
            places[gap] = place
        }
    }

    @inline(__always)
    private func precedes(_ a: EntryRun.Place, _ b: EntryRun.Place, depth: Int) -> Bool {
        a.head != b.head ? a.head < b.head : precedesBehindHead(a, b, depth: depth)
    }

    private func precedesBehindHead(_ a: EntryRun.Place, _ b: EntryRun.Place, depth: Int) -> Bool {
        func rest(_ place: EntryRun.Place) -> BSONBytes {
            let count = Int(place.keyCount)
            return bytes.slice(place.offset + min(count, depth + 8), place.offset + count)
        }
        let order = rest(a).compare(rest(b))
        return order != 0 ? order < 0 : a.keyCount < b.keyCount
    }
}

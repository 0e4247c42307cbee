// Which group a key belongs to.
//
// 1. Keys are known by their bytes as they stand in documents: the hot path encodes and allocates nothing.
// 2. Bytes that were not seen before are encoded canonically (KeyEncoding), because 1, 1.0 and decimal 1.00 are one group,
//    and with a collation "a" and "A" too. Every form of a key then leads to its group, as long as there are not too many.
// 3. Both tables are open addressing over one arena of bytes, with a random seed of the process.

/// Bytes to numbers.
struct ByteTable {
    private struct Entry {
        var hash: UInt64
        var start: Int
        var count: Int32
        var value: Int32
    }

    private var entries: ContiguousArray<Entry> = []
    /// Places of `entries`, plus one; zero: free. A power of two of them.
    private var slots: ContiguousArray<Int32> = ContiguousArray(repeating: 0, count: 64)
    private var arena: [UInt8] = []
    private static let seed = UInt64(truncatingIfNeeded: "groups".hashValue) | 1

    var count: Int { entries.count }
    /// Bytes in memory, roughly.
    var byteCount: Int { arena.count + entries.count * 40 }

    @inline(__always)
    private static func hash(_ tag: UInt8, _ bytes: BSONBytes) -> UInt64 {
        var state = seed ^ (UInt64(tag) &<< 56) ^ UInt64(truncatingIfNeeded: bytes.count)
        var offset = 0
        while offset &+ 8 <= bytes.count {
            state = mixed(state ^ bytes.uint64(at: offset))
            offset &+= 8
        }
        var rest: UInt64 = 0
        while offset < bytes.count {
            rest = rest &<< 8 | UInt64(bytes[offset])
            offset &+= 1
        }
        return mixed(state ^ rest)
    }

    @inline(__always)
    private static func mixed(_ word: UInt64) -> UInt64 {
        let (high, low) = word.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return high ^ low
    }

    /// The number of some bytes under a tag; nil: not there.
    @inline(__always)
    func find(_ tag: UInt8, _ bytes: BSONBytes) -> Int? {
        let hash = Self.hash(tag, bytes)
        let mask = slots.count &- 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while true {
            let index = Int(slots[place])
            if index == 0 { return nil }
            let entry = entries[index &- 1]
            if entry.hash == hash, Int(entry.count) == bytes.count &+ 1, arena[entry.start] == tag,
                BSONBytes.with(arena, { $0.slice(entry.start &+ 1, entry.start &+ Int(entry.count)).equals(bytes) })
            {
                return Int(entry.value)
            }
            place = (place &+ 1) & mask
        }
    }

    /// Adds bytes that are not there.
    mutating func insert(_ tag: UInt8, _ bytes: BSONBytes, _ value: Int) {
        let hash = Self.hash(tag, bytes)
        entries.append(
            Entry(hash: hash, start: arena.count, count: Int32(bytes.count + 1), value: Int32(value)))
        arena.append(tag)
        bytes.append(to: &arena)
        if entries.count * 2 > slots.count {
            slots = ContiguousArray(repeating: 0, count: slots.count * 2)
            for index in entries.indices { place(index) }
        } else {
            place(entries.count - 1)
        }
    }

    private mutating func place(_ index: Int) {
        let mask = slots.count - 1
        var place = Int(truncatingIfNeeded: entries[index].hash) & mask
        while slots[place] != 0 { place = (place + 1) & mask }
        slots[place] = Int32(index + 1)
    }
}

/// The groups of a stage.
struct GroupTable {
    /// Forms of keys that are known by their bytes; beyond, keys are encoded.
    private static let mostForms = 1 << 16
    /// A key is never longer than a document.
    private static let keyLimit = 1 << 26
    private static let missing: UInt8 = 0xF0

    private let collation: Collation?
    private var forms = ByteTable()
    private var keys = ByteTable()
    private var key: [UInt8] = []

    init(collation: Collation?) { self.collation = collation }

    /// How many groups there are.
    var count: Int { keys.count }
    var byteCount: Int { forms.byteCount + keys.byteCount }

    /// The group of a key, when its form is known.
    @inline(__always)
    func known(_ tag: UInt8, _ form: BSONBytes) -> Int? { forms.find(tag, form) }

    /// The group of an encoded key; nil: there is none.
    func group(ofKey key: [UInt8]) -> Int? { BSONBytes.with(key) { keys.find(0, $0) } }

    /// A key as it is encoded: what all forms of it have in common.
    func encoded(_ view: BSONView) throws(DocumentError) -> [UInt8] {
        var key: [UInt8] = []
        try KeyEncoding.append(view, collation: collation, to: &key, limit: Self.keyLimit)
        return key
    }

    /// The tag of a value's form.
    @inline(__always)
    static func tag(_ view: BSONView?) -> UInt8 { view?.type.rawValue ?? missing }

    /// The group of a key whose form is not known. A group that is made has the number `count` had before.
    mutating func group(_ view: BSONView, tag: UInt8, form: BSONBytes) throws(DocumentError) -> Int {
        key.removeAll(keepingCapacity: true)
        try KeyEncoding.append(view, collation: collation, to: &key, limit: Self.keyLimit)
        let group = BSONBytes.with(key) { keys.find(0, $0) } ?? keys.count
        if group == keys.count { BSONBytes.with(key) { keys.insert(0, $0, group) } }
        if forms.count < Self.mostForms { forms.insert(tag, form, group) }
        return group
    }
}

// A hash table from page numbers to values: open addressing, linear probing, deletion by backward shift.
//
// Page numbers are dense and chosen by us, so a multiplicative hash serves; the standard Dictionary's seeded hash costs
// several times the look-up itself on the path of every page access.

struct PageTable<Value> {
    private var keys: [UInt64] = []
    private var values: [Value?] = []
    private var mask = -1
    private(set) var count = 0

    private static var vacant: UInt64 { .max }

    init() {}

    /// With room for so many.
    init(capacity: Int) {
        var places = 16
        while places * 3 < capacity * 4 { places *= 2 }
        keys = [UInt64](repeating: Self.vacant, count: places)
        values = [Value?](repeating: nil, count: places)
        mask = places - 1
    }

    @inline(__always)
    private func home(of key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask
    }

    @inline(__always)
    private func index(of key: UInt64) -> Int? {
        if count == 0 { return nil }
        var index = home(of: key)
        while true {
            let found = keys[index]
            if found == key { return index }
            if found == Self.vacant { return nil }
            index = (index &+ 1) & mask
        }
    }

    subscript(key: UInt64) -> Value? {
        @inline(__always)
        get {
            guard let index = index(of: key) else { return nil }
            return values[index]
        }
        set {
            if let newValue {
                insert(key, newValue)
            } else {
                remove(key)
            }
        }
    }

    private mutating func insert(_ key: UInt64, _ value: Value) {
        precondition(key != Self.vacant)
        if (count + 1) * 4 > keys.count * 3 { grow() }
        var index = home(of: key)
        while keys[index] != Self.vacant && keys[index] != key { index = (index &+ 1) & mask }
        if keys[index] != key {
            keys[index] = key
            count += 1
        }
        values[index] = value
    }

    /// Changes the value in place, without a copy out and in; `body` may set it to nil to remove the key.
    mutating func modify<R>(_ key: UInt64, _ body: (inout Value?) -> R) -> R {
        if let index = index(of: key) {
            let result = body(&values[index])
            if values[index] == nil { removeAt(index) }
            return result
        }
        var value: Value?
        let result = body(&value)
        if let value { insert(key, value) }
        return result
    }

    @discardableResult
    mutating func remove(_ key: UInt64) -> Value? {
        guard let index = index(of: key) else { return nil }
        let value = values[index]
        removeAt(index)
        return value
    }

    private mutating func removeAt(_ position: Int) {
        var hole = position
        var index = (hole &+ 1) & mask
        while keys[index] != Self.vacant {
            let home = home(of: keys[index])
            // The entry may move back only if its home does not lie between the hole and itself.
            if ((index &- home) & mask) >= ((index &- hole) & mask) {
                keys[hole] = keys[index]
                values[hole] = values[index]
                hole = index
            }
            index = (index &+ 1) & mask
        }
        keys[hole] = Self.vacant
        values[hole] = nil
        count -= 1
    }

    private mutating func grow() {
        var old = self
        self = PageTable(capacity: max(12, old.keys.count * 3 / 2))
        // Values move: they are neither copied nor counted again.
        for index in old.keys.indices where old.keys[index] != Self.vacant {
            if let value = old.values[index].take() { insert(old.keys[index], value) }
        }
    }

    mutating func removeAll() {
        self = PageTable()
    }

    func each(_ body: (UInt64, Value) -> Void) {
        for (index, key) in keys.enumerated() where key != Self.vacant {
            if let value = values[index] { body(key, value) }
        }
    }

    var sortedKeys: [UInt64] { keys.filter { $0 != Self.vacant }.sorted() }
}

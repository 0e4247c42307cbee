// A tree beside a plain dictionary: every verb goes to both, and the answers must agree.

import PageStore
import Testing

@testable import TreeStore

/// Shapes of keys that strain different parts of a node.
enum KeyShape: CaseIterable {
    /// 0 to 3 bytes: the empty key, heads that say everything, many collisions.
    case tiny
    /// 8 to 24 random bytes.
    case short
    /// A long prefix in common, then a number.
    case prefixed
    /// One of a few prefixes of very different length, then a few bytes: prefixes come and go.
    case families
    /// Up to the longest key allowed.
    case long

    func key(_ random: inout SeededRandom) -> [UInt8] {
        switch self {
        case .tiny: return (0..<random.int(0...3)).map { _ in UInt8(random.int(0...15)) }
        case .short: return random.bytes(random.int(8...24))
        case .prefixed:
            return Array("collection/documents/by-identifier/".utf8) + orderedBytes(UInt64(random.int(0...9999)))
        case .families:
            let family = random.int(0...5)
            return [UInt8](repeating: UInt8(family), count: [0, 1, 7, 60, 300, 900][family])
                + random.bytes(random.int(0...4))
        case .long:
            let length = random.int(0...TreeLimits.maximumKeyByteCount)
            return Array(random.bytes(2) + [UInt8](repeating: 7, count: length)).prefix(length).map { $0 }
        }
    }
}

final class TreeModel {
    let fixture: TreeFixture
    let tree: Tree
    private(set) var rows: [ByteKey: [UInt8]] = [:]
    /// The keys of `rows` in order, so that what is picked depends on the seed alone.
    private(set) var sortedKeys: [ByteKey] = []
    var random: SeededRandom
    private var place = TreePlace()
    /// The transaction that `place` belongs to.
    private var placeOwner: PageTransaction?
    private let shape: KeyShape
    private let largestValue: Int

    var tx: PageTransaction { fixture.transaction }

    init(seed: UInt64, shape: KeyShape, pageByteCount: Int, largestValue: Int, spillAfter: Int = 0) throws {
        fixture = TreeFixture(pageByteCount: pageByteCount, spillAfter: spillAfter)
        tree = try Tree.create(in: fixture.transaction)
        random = SeededRandom(seed: seed)
        self.shape = shape
        self.largestValue = largestValue
    }

    func newKey() -> [UInt8] { shape.key(&random) }

    /// Mostly a key that is there.
    func likelyKey() -> [UInt8] {
        if random.int(0...3) == 0 { return newKey() }
        return rows.isEmpty ? newKey() : sortedKeys[pick(rows.count)].bytes
    }

    /// Mostly small; sometimes around the inline limit; sometimes large, compressible or not.
    func newValue() -> [UInt8] {
        switch random.int(0...19) {
        case 0: return random.bytes(random.int(0...min(largestValue, 5000)))
        case 1: return random.bytes(random.int(0...largestValue))
        case 2:
            return Array(
                repeatElement(Array("text that repeats ".utf8), count: random.int(0...(largestValue / 18))).joined())
        case 3: return []
        default: return random.bytes(random.int(0...120))
        }
    }

    private func set(_ key: [UInt8], _ value: [UInt8]) {
        if rows.updateValue(value, forKey: ByteKey(key)) == nil { sortedKeys.insert(ByteKey(key), at: place(of: key)) }
    }

    private func place(of key: [UInt8]) -> Int {
        var low = 0
        var high = sortedKeys.count
        while low < high {
            let middle = (low + high) / 2
            if sortedKeys[middle] < ByteKey(key) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func pick(_ count: Int) -> Int { random.int(0...(count - 1)) }

    func putOne() throws {
        let key = random.int(0...4) == 0 ? likelyKey() : newKey()
        let value = newValue()
        let mode: Tree.PutMode = [.upsert, .upsert, .upsert, .insertOnly, .replaceOnly][random.int(0...4)]
        let existed = rows[ByteKey(key)] != nil
        #expect(try put(key, value, mode) == existed)
        switch mode {
        case .upsert: set(key, value)
        case .insertOnly: if !existed { set(key, value) }
        case .replaceOnly: if existed { set(key, value) }
        }
    }

    func removeOne() throws {
        let key = likelyKey()
        let existed = rows.removeValue(forKey: ByteKey(key)) != nil
        if existed { sortedKeys.remove(at: place(of: key)) }
        #expect(try remove(key) == existed)
    }

    /// Half of the changes look for their leaf where the last one was, whatever the others did to the tree since.
    private func put(_ key: [UInt8], _ value: [UInt8], _ mode: Tree.PutMode) throws -> Bool {
        guard random.int(0...1) == 0 else { return try tree.put(key, value, mode: mode, in: tx) }
        renewPlace()
        return try tree.put(key.span.bytes, value.span.bytes, mode: mode, near: &place, in: tx)
    }

    private func remove(_ key: [UInt8]) throws -> Bool {
        // What is expected need not be there.
        let isExpected = random.int(0...1) == 0
        guard random.int(0...1) == 0 else {
            return try tree.remove(key.span.bytes, isExpected: isExpected, in: tx)
        }
        renewPlace()
        return try tree.remove(key.span.bytes, near: &place, isExpected: isExpected, in: tx)
    }

    private func renewPlace() {
        if placeOwner !== tx { place = TreePlace() }
        placeOwner = tx
    }

    /// Takes neighbouring rows out, in order, and puts most of them in again: what places are for.
    func churnNeighbours(atMost: Int) throws {
        guard !sortedKeys.isEmpty else { return }
        renewPlace()
        let start = pick(sortedKeys.count)
        let keys = Array(sortedKeys[start..<min(sortedKeys.count, start + random.int(1...atMost))])
        for key in keys {
            let value = rows[key]
            let mayGo = random.int(0...3) > 0
            let wasThere = try tree.remove(key.bytes.span.bytes, near: &place, in: tx) { seen in
                #expect(seen.withUnsafeBytes { [UInt8]($0) } == value)
                return mayGo
            }
            #expect(wasThere)
            guard mayGo else { continue }
            rows[key] = nil
            sortedKeys.remove(at: place(of: key.bytes))
        }
        for key in keys where random.int(0...3) > 0 {
            let value = newValue()
            let existed = rows[key] != nil
            #expect(try tree.put(key.bytes.span.bytes, value.span.bytes, near: &place, in: tx) == existed)
            set(key.bytes, value)
        }
    }

    /// Adds rows behind the last one, in order.
    func appendRows(_ count: Int) throws {
        renewPlace()
        let last = sortedKeys.last?.bytes ?? []
        guard last.count + 8 <= TreeLimits.maximumKeyByteCount else { return }
        for number in 0..<count {
            let key = last + orderedBytes(UInt64(number))
            let value = newValue()
            #expect(try !tree.put(key.span.bytes, value.span.bytes, mode: .insertOnly, near: &place, in: tx))
            set(key, value)
        }
    }

    /// Removes a range that holds at most `atMost` rows, or whatever lies between two new keys.
    func removeRange(atMost: Int) throws {
        let keys = sortedKeys
        var from: [UInt8]?
        var to: [UInt8]?
        if keys.isEmpty || random.int(0...3) == 0 {
            from = newKey()
            to = from.map { $0 + [0, 1] }
        } else {
            let start = pick(keys.count)
            let end = min(keys.count - 1, start + random.int(0...atMost))
            from = random.int(0...9) == 0 && start <= atMost ? nil : keys[start].bytes
            to = random.int(0...9) == 0 && keys.count - start <= atMost ? nil : keys[end].bytes
        }
        let doomed = keys.filter { key in
            (from.map { !key.bytes.lexicographicallyPrecedes($0) } ?? true)
                && (to.map { key.bytes.lexicographicallyPrecedes($0) } ?? true)
        }
        for key in doomed { rows[key] = nil }
        sortedKeys.removeAll { rows[$0] == nil }
        #expect(try tree.removeRange(from: from, to: to, in: tx) == doomed.count)
    }

    func getOne() throws {
        let key = likelyKey()
        let value = rows[ByteKey(key)]
        #expect(try tree.get(key, in: tx) == value)
        #expect(try tree.contains(key, in: tx) == (value != nil))
        let lent = try tree.withValue(key.span.bytes, in: tx) { span in span.withUnsafeBytes { [UInt8]($0) } }
        #expect(lent == value)
    }

    /// A few steps in either direction from a random place.
    func scanSome() throws {
        let keys = sortedKeys
        let start = likelyKey()
        let cursor = tree.cursor(in: tx)
        var place: Int
        if random.int(0...1) == 0 {
            try cursor.seek(to: start.span.bytes)
            place = keys.firstIndex { !$0.bytes.lexicographicallyPrecedes(start) } ?? keys.count
        } else {
            try cursor.seek(before: start.span.bytes)
            place = (keys.lastIndex { $0.bytes.lexicographicallyPrecedes(start) } ?? -1)
        }
        for _ in 0..<random.int(0...30) {
            guard keys.indices.contains(place) else { break }
            #expect(cursor.isValid)
            #expect(try cursor.key == keys[place].bytes)
            #expect(try cursor.value == rows[keys[place]])
            if random.int(0...2) == 0 {
                try cursor.previous()
                place -= 1
            } else {
                try cursor.next()
                place += 1
            }
        }
        #expect(cursor.isValid == keys.indices.contains(place))
    }

    /// Every row both ways, the count, the structure and the pages.
    func expectAgreement() throws {
        let keys = sortedKeys
        let cursor = tree.cursor(in: tx)
        var isValid = try cursor.seekToFirst()
        var found: [ByteKey] = []
        while isValid {
            let key = ByteKey(try cursor.withKey { span in span.withUnsafeBytes { [UInt8]($0) } })
            let isRight = try cursor.withValue { span in span.withUnsafeBytes { [UInt8]($0) } == rows[key] }
            #expect(isRight)
            found.append(key)
            isValid = try cursor.next()
        }
        #expect(found == keys)
        found = []
        isValid = try cursor.seekToLast()
        while isValid {
            found.append(ByteKey(try cursor.key))
            isValid = try cursor.previous()
        }
        #expect(found == keys.reversed())
        #expect(try tree.count(in: tx) == keys.count)
        #expect(try tree.isEmpty(in: tx) == keys.isEmpty)
        expectSound([tree], fixture)
    }
}

// Where a component of a key ends: what an index needs to split a compound key, or to find what stands behind it.

extension KeyEncoding {
    /// The offset after the component that begins at `from`; nil when the bytes are no component.
    package static func componentEnd(in key: [UInt8], from: Int, descending: Bool = false) -> Int? {
        guard from >= 0 else { return nil }
        return componentEnd(key, from, mask: descending ? 0xFF : 0, depth: 0)
    }

    private static func componentEnd(_ key: [UInt8], _ from: Int, mask: UInt8, depth: Int) -> Int? {
        guard from < key.count, depth <= BSONLimits.deepest else { return nil }
        let tag = key[from] ^ mask
        let start = from + 1
        if (OrderClass.number.rawValue..<OrderClass.string.rawValue).contains(tag) {
            return numberEnd(key, kind: tag, from: start, mask: mask)
        }
        switch OrderClass(rawValue: tag) {
        case .minKey, .undefined, .null, .maxKey: return start
        case .string, .code: return textEnd(key, start, mask: mask)
        case .document: return fieldsEnd(key, start, mask: mask, depth: depth)
        case .array:
            var offset = start
            while offset < key.count {
                if key[offset] == mask { return offset + 1 }
                guard let next = componentEnd(key, offset, mask: mask, depth: depth + 1) else { return nil }
                offset = next
            }
            return nil
        case .binary: return lengthEnd(key, start, extra: 1, mask: mask)
        case .dbPointer: return lengthEnd(key, start, extra: 0, mask: mask)
        case .objectID: return fixedEnd(key, start, 12)
        case .bool: return fixedEnd(key, start, 1)
        case .date, .timestamp: return fixedEnd(key, start, 8)
        case .regex:
            guard let middle = key[start...].firstIndex(of: mask) else { return nil }
            return key[(middle + 1)...].firstIndex(of: mask).map { $0 + 1 }
        case .codeWithScope:
            return textEnd(key, start, mask: mask).flatMap { fieldsEnd(key, $0, mask: mask, depth: depth) }
        case .number, nil: return nil
        }
    }

    private static func fixedEnd(_ key: [UInt8], _ start: Int, _ byteCount: Int) -> Int? {
        start + byteCount <= key.count ? start + byteCount : nil
    }

    private static func textEnd(_ key: [UInt8], _ start: Int, mask: UInt8) -> Int? {
        var offset = start
        while let zero = key[offset...].firstIndex(of: mask), zero + 1 < key.count {
            offset = zero + 2
            if key[zero + 1] == mask { return offset }
        }
        return nil
    }

    private static func lengthEnd(_ key: [UInt8], _ start: Int, extra: Int, mask: UInt8) -> Int? {
        guard start + 4 <= key.count else { return nil }
        let length = key[start..<(start + 4)].reduce(0) { $0 << 8 | Int($1 ^ mask) }
        return fixedEnd(key, start + 4, length + extra)
    }

    private static func fieldsEnd(_ key: [UInt8], _ start: Int, mask: UInt8, depth: Int) -> Int? {
        var offset = start
        while offset < key.count {
            if key[offset] == mask { return offset + 1 }
            guard let nameEnd = key[(offset + 1)...].firstIndex(of: mask),
                let next = componentEnd(key, nameEnd + 1, mask: mask, depth: depth + 1)
            else { return nil }
            offset = next
        }
        return nil
    }
}

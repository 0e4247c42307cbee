// The operators that conditions on a path are written with, told apart by their bytes.

/// An operator of a condition.
enum FilterOperator: String, CaseIterable {
    // The commonest first: this is the order in which a name is compared with them.
    case equal = "$eq"
    case oneOf = "$in"
    case greaterOrEqual = "$gte"
    case less = "$lt"
    case greater = "$gt"
    case lessOrEqual = "$lte"
    case notEqual = "$ne"
    case exists = "$exists"
    case noneOf = "$nin"
    case elementMatch = "$elemMatch"
    case regex = "$regex"
    case options = "$options"
    case every = "$all"
    case size = "$size"
    case type = "$type"
    case not = "$not"
    case remainder = "$mod"
    case bitsAllSet = "$bitsAllSet"
    case bitsAllClear = "$bitsAllClear"
    case bitsAnySet = "$bitsAnySet"
    case bitsAnyClear = "$bitsAnyClear"

    /// The names of up to eight bytes, as one number each.
    private static let short: [(word: UInt64, meaning: FilterOperator)] = allCases.compactMap { meaning in
        let name = Array(meaning.rawValue.utf8)
        guard name.count <= 8 else { return nil }
        return BSONBytes.with(name) { (word(of: $0), meaning) }
    }

    /// Up to eight bytes as a number. No name has a zero byte, so different names are different numbers.
    private static func word(of name: BSONBytes) -> UInt64 {
        var word: UInt64 = 0
        for place in 0..<name.count { word = word &<< 8 | UInt64(name[place]) }
        return word
    }

    /// The operator of this name.
    init?(_ name: BSONBytes) {
        guard name.count <= 8 else {
            self.init(rawValue: name.text)
            return
        }
        let word = Self.word(of: name)
        for known in Self.short where known.word == word {
            self = known.meaning
            return
        }
        return nil
    }
}

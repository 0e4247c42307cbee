// A compiled filter: nodes, paths and operands in flat arrays, everything trivial to copy.
//
// Matching walks indexes and views into the filter's own bytes; it allocates nothing, and retains and releases nothing.
// A new operator family adds a case to FilterTest (or FilterNode), a file that parses it, and a line where it is tested.

/// One node of the condition tree. Ranges and indexes point into FilterProgram.
enum FilterNode: Sendable {
    /// All of the children (in `children`) match.
    case and(Range<Int>)
    /// One of the children matches.
    case or(Range<Int>)
    /// None of the children matches.
    case nor(Range<Int>)
    /// The node does not match.
    case not(Int)
    /// The expression (in `expressions`) is true of the document.
    case expression(Int)
    /// A value at the path passes the test. A path without steps is the value itself (within `$elemMatch`).
    case leaf(FilterPath, FilterTest)
}

/// The steps of a path, and whether an array at its end is looked into.
struct FilterPath: Sendable {
    let steps: Range<Int>
    let looksIntoArray: Bool
}

/// What a value must be.
enum FilterTest: Sendable {
    case compare(Comparison, BSONView)
    /// Compared with a value (in `values`) by the collation.
    case collated(Comparison, Int)
    /// Equal to one of the values (in `values`) by the collation.
    case collatedOneOf(Range<Int>, matchesMissing: Bool)
    /// A text that one of the expressions (in `patterns`) matches, or a regular expression like it.
    case pattern(Int)
    /// A number or binary of which the bits at the positions are such.
    case bits(BitTest, Int)
    /// Equal to one of the operands, which are sorted; `matchesMissing` when null is among them.
    case oneOf(Range<Int>, matchesMissing: Bool)
    case exists
    /// Of a type whose bit is set (see `TypeSet`).
    case type(TypeSet)
    /// An array of so many elements.
    case size(Int)
    /// A number that leaves this remainder.
    case remainder(divisor: Int64, remainder: Int64)
    /// An array with an element that is a document (or array) which the node matches.
    case elementDocument(Int)
    /// An array with an element that, taken as the value itself, all of the children (in `children`) match.
    case elementValue(Range<Int>)
}

/// What bits must be.
enum BitTest: Sendable {
    case allSet
    case allClear
    case anySet
    case anyClear
}

/// The comparisons with one operand.
enum Comparison: Sendable {
    case equal
    case less
    case lessOrEqual
    case greater
    case greaterOrEqual
}

/// A set of BSON types.
struct TypeSet: Sendable, Hashable {
    private var bits: UInt32 = 0

    mutating func insert(_ type: BSONType) { bits |= Self.bit(type) }

    func contains(_ type: BSONType) -> Bool { bits & Self.bit(type) != 0 }

    private static func bit(_ type: BSONType) -> UInt32 {
        switch type {
        case .minKey: 1 << 30
        case .maxKey: 1 << 31
        default: 1 << UInt32(type.rawValue)
        }
    }
}

/// Everything the nodes point to.
struct FilterProgram: Sendable {
    /// One step of a path: the name, and the array index it could also mean (-1: none).
    struct Step: Sendable {
        let name: BSONBytes
        let index: Int
    }

    var nodes: [FilterNode] = []
    var children: [Int] = []
    var steps: [Step] = []
    var operands: [BSONView] = []
    /// Operands of comparisons by the collation, folded.
    var values: [BSONValue] = []
    var collation: Collation?
    var patterns: [RegularExpression] = []
    var expressions: [AggregationExpression] = []
    /// Bit positions, ascending.
    var bits: [[Int]] = []
}

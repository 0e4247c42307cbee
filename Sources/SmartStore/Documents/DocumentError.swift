// The one error of documents, values and the query language.
//
// Every refusal carries MongoDB's numeric code and code name, where MongoDB has one, so that a client sees the
// numbers it knows. The store maps this error into its own public error in one place.

/// Why a document, a value, a filter, an update or a projection was refused.
public struct DocumentError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of fault it is.
    public var code: Code
    /// The fault in words, with the offending name or value.
    public var message: String
    /// The dotted path of the field at fault, where one is known.
    public var path: String?
    /// The byte offset of the fault in the input, for parsers and validators.
    public var offset: Int?

    /// Makes an error.
    public init(_ code: Code, _ message: String, path: String? = nil, offset: Int? = nil) {
        self.code = code
        self.message = message
        self.path = path
        self.offset = offset
    }

    /// The code name, the message, and where the fault is.
    public var description: String {
        var text = "\(code.name) (\(code.number)): \(message)"
        if let path, !path.isEmpty { text += " at \(path)" }
        if let offset { text += " (byte \(offset))" }
        return text
    }

    /// The kinds of fault, named as MongoDB names them.
    public enum Code: Sendable, Hashable {
        /// An operand of the wrong kind or out of range, or an unknown operator.
        case badValue
        /// A specification that cannot be parsed.
        case failedToParse
        /// A value of the wrong type.
        case typeMismatch
        /// A number too large for its type.
        case overflow
        /// A length that may not be.
        case invalidLength
        /// Bytes that are not BSON.
        case invalidBSON
        /// Bytes that are not UTF-8.
        case invalidUTF8
        /// Nesting beyond the limit.
        case tooDeep
        /// More bytes than the limit.
        case tooLarge
        /// A path that leads through a value that is neither document nor array.
        case pathNotViable
        /// Two update operators touch the same path.
        case conflictingUpdateOperators
        /// A field name that begins with `$` where none may.
        case dollarPrefixedFieldName
        /// A value that may not be an `_id`.
        case invalidIdField
        /// A path with an empty part.
        case emptyFieldName
        /// Two equalities of an upsert's filter on one path.
        case notSingleValueField
        /// An array index too far behind the end to fill the gap with nulls.
        case cannotBackfillArray
        /// A change of `_id` or of another field that may not change.
        case immutableField
        /// An index or a sort over two arrays at once.
        case cannotIndexParallelArrays
        /// An index pattern or sort pattern that may not be.
        case cannotCreateIndex
        /// A sort direction that is neither 1 nor -1.
        case badSortOrder
        /// A sort specification that is empty or senseless.
        case badSortSpecification
        /// An encoded key beyond the limit.
        case keyTooLong
        /// An exclusion within an inclusion projection.
        case exclusionInInclusion
        /// An inclusion within an exclusion projection.
        case inclusionInExclusion
        /// A projected path that holds one projected before it.
        case pathCollision
        /// A projected path that lies within one projected before it.
        case pathCollisionWithin
        /// An embedded projection without fields.
        case emptyProjection
        /// A number in an indexed path that is an index and a name at once.
        case ambiguousFieldName
        /// An expression that is not known.
        case invalidPipelineOperator
        /// A bad projection specification of another kind.
        case badProjection
        /// A Swift value that has no BSON form, or a BSON value that does not fit the Swift type.
        case coding
        /// A fault that MongoDB numbers and does not name.
        case location(Int)

        /// MongoDB's number for the fault; 0 where it has none.
        public var number: Int { facts.number }

        /// MongoDB's name for the fault.
        public var name: String { facts.name }

        /// Numbers that have a name and no case of their own.
        private static let names = [
            72: "InvalidOptions", 146: "ExceededMemoryLimit", 238: "NotImplemented", 241: "ConversionFailure",
            292: "QueryExceededMemoryLimitNoDiskUseAllowed",
        ]

        private var facts: (number: Int, name: String) {
            switch self {
            case .badValue: (2, "BadValue")
            case .failedToParse: (9, "FailedToParse")
            case .typeMismatch: (14, "TypeMismatch")
            case .overflow: (15, "Overflow")
            case .invalidLength: (16, "InvalidLength")
            case .invalidBSON: (22, "InvalidBSON")
            case .invalidUTF8: (22, "InvalidBSON")
            case .tooDeep: (15, "Overflow")
            case .tooLarge: (10334, "BSONObjectTooLarge")
            case .pathNotViable: (28, "PathNotViable")
            case .conflictingUpdateOperators: (40, "ConflictingUpdateOperators")
            case .dollarPrefixedFieldName: (52, "DollarPrefixedFieldName")
            case .invalidIdField: (53, "InvalidIdField")
            case .emptyFieldName: (56, "EmptyFieldName")
            case .notSingleValueField: (54, "NotSingleValueField")
            case .cannotBackfillArray: (15891, "CannotBackfillArray")
            case .immutableField: (66, "ImmutableField")
            case .cannotIndexParallelArrays: (171, "CannotIndexParallelArrays")
            case .cannotCreateIndex: (67, "CannotCreateIndex")
            case .badSortOrder: (15975, "Location15975")
            case .badSortSpecification: (15976, "Location15976")
            case .keyTooLong: (17280, "KeyTooLong")
            case .exclusionInInclusion: (31254, "Location31254")
            case .inclusionInExclusion: (31253, "Location31253")
            case .pathCollision: (31250, "Location31250")
            case .pathCollisionWithin: (31249, "Location31249")
            case .emptyProjection: (51270, "Location51270")
            case .ambiguousFieldName: (16746, "Location16746")
            case .invalidPipelineOperator: (168, "InvalidPipelineOperator")
            case .badProjection: (31325, "Location31325")
            case .coding: (0, "CodingFailed")
            case .location(let number): (number, Self.names[number] ?? "Location\(number)")
            }
        }
    }
}

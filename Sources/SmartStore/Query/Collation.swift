import Foundation

// Rules for comparing strings other than by their bytes: without case, or without case and accents.
//
// A string is folded, and the folded texts are compared by their bytes. So the order is that of the base letters' code
// points, not of a language's dictionary; equality is what these strengths are for.

/// How strings compare.
public struct Collation: Sendable, Hashable {
    /// What differences count.
    public enum Strength: Int, Sendable, Hashable {
        /// Base letters only: case and accents do not count.
        case primary = 1
        /// Base letters and accents: case does not count.
        case secondary = 2
        /// Base letters, accents and case; texts that mean the same letters are equal, however they are composed.
        case tertiary = 3
    }

    /// The language, such as `en`. It is kept and has no influence.
    public var locale: String
    /// What differences count.
    public var strength: Strength
    /// Whether case counts although the strength says that it does not.
    public var caseLevel: Bool

    /// Makes a collation.
    public init(locale: String = "en", strength: Strength, caseLevel: Bool = false) {
        self.locale = locale
        self.strength = strength
        self.caseLevel = caseLevel
    }
}

extension Collation {
    /// The collation as commands write it.
    public var document: Document {
        var document: Document = ["locale": .string(locale), "strength": BSONValue(strength.rawValue)]
        if caseLevel { document.append("caseLevel", true) }
        return document
    }

    /// Reads a collation as commands write it; nil for the simple one.
    /// - Throws: `failedToParse`, `badValue` for what is not supported, `invalidPipelineOperator` never.
    public init?(_ document: Document) throws(DocumentError) {
        var strength = Strength.tertiary
        var caseLevel = false
        guard let locale = document["locale"] else {
            throw DocumentError(
                .location(40414), "BSON field 'collation.locale' is missing but a required field", path: "locale")
        }
        guard let name = locale.string, !name.isEmpty else {
            throw DocumentError(.typeMismatch, "BSON field 'collation.locale' must be a string", path: "locale")
        }
        for (field, value) in document where field != "locale" {
            switch field {
            case "strength":
                guard let number = value.int, let known = Strength(rawValue: number) else {
                    throw DocumentError(
                        .badValue, "collation.strength must be 1, 2 or 3; 4 and 5 are not supported", path: field)
                }
                strength = known
            case "caseLevel":
                guard let flag = value.bool else {
                    throw DocumentError(
                        .typeMismatch,
                        "BSON field 'collation.caseLevel' is the wrong type '\(value.type.name)', "
                            + "expected type 'bool'", path: field)
                }
                caseLevel = flag
            case "version": break
            case "caseFirst" where value.string == "off", "alternate" where value.string == "non-ignorable",
                "numericOrdering" where value.bool == false, "backwards" where value.bool == false,
                "normalization" where value.bool == false, "maxVariable" where value.string == "punct":
                break
            case "caseFirst", "alternate", "numericOrdering", "backwards", "normalization", "maxVariable":
                throw DocumentError(
                    .badValue, "collation.\(field): \(ExtendedJSON.string(value)) is not supported", path: field)
            default:
                throw DocumentError(
                    .failedToParse, "BSON field 'collation.\(field)' is an unknown field.", path: field)
            }
        }
        if name == "simple" {
            guard document.count == 1 else {
                throw DocumentError(.badValue, "the simple collation takes no other fields", path: "locale")
            }
            return nil
        }
        self.init(locale: name, strength: strength, caseLevel: caseLevel)
    }

    // MARK: Folding

    /// Whether a value may compare otherwise than by its bytes.
    func concerns(_ view: BSONView) -> Bool {
        switch view.type {
        case .string, .symbol: true
        case .document, .array: true
        default: false
        }
    }

    /// Lends a value with its strings folded, those inside of documents and arrays too.
    func folding<R>(
        _ view: BSONView, _ body: (BSONView) throws(DocumentError) -> R
    ) throws(DocumentError) -> R {
        guard let value = BSONValue(view) else { return try body(view) }
        return try folded(value).withView { view throws(DocumentError) in try body(view) }
    }

    /// Compares two values: -1, 0 or 1.
    func compare(_ a: BSONValue, _ b: BSONValue) -> Int { ValueOrder.compare(folded(a), folded(b)) }

    /// The value with its strings folded.
    func folded(_ value: BSONValue) -> BSONValue {
        switch value {
        case .string(let text): .string(fold(text))
        case .symbol(let text): .symbol(fold(text))
        case .array(let elements): .array(elements.map { folded($0) })
        case .document(let document): .document(Document(fields: document.map { ($0, folded($1)) }))
        default: value
        }
    }

    /// The text that stands for all that compare equal.
    func fold(_ text: String) -> String {
        let ignoresCase = strength.rawValue < 3 && !caseLevel
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return ignoresCase ? text.lowercased() : text }
        var options: String.CompareOptions = []
        if ignoresCase { options.insert(.caseInsensitive) }
        if strength == .primary { options.insert(.diacriticInsensitive) }
        let folded = options.isEmpty ? text : text.folding(options: options, locale: nil)
        return folded.precomposedStringWithCanonicalMapping
    }
}

// Rules for comparing strings other than by their bytes.

/// How strings compare.
public struct Collation: Sendable, Hashable {
    /// What differences count.
    public enum Strength: Int, Sendable, Hashable {
        /// Base letters only: case and accents do not count.
        case primary = 1
        /// Base letters and accents: case does not count.
        case secondary = 2
        /// Base letters, accents and case.
        case tertiary = 3
    }

    /// What differences count.
    public var strength: Strength

    /// Makes a collation.
    public init(strength: Strength) { self.strength = strength }
}

extension Collation {
    /// The collation as commands write it.
    public var document: Document { ["locale": "en", "strength": BSONValue(strength.rawValue)] }

    /// Reads a collation as commands write it; nil for the simple one.
    /// - Throws: `badValue` for what is not supported.
    public init?(_ document: Document) throws(DocumentError) {
        guard document["locale"]?.string != "simple" else { return nil }
        guard let strength = Strength(rawValue: document["strength"]?.int ?? 3) else {
            throw DocumentError(.badValue, "a collation's strength is 1, 2 or 3", path: "strength")
        }
        self.init(strength: strength)
    }
}

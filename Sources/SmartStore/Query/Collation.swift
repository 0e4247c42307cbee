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

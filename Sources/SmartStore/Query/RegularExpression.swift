import CPCRE2
import Synchronization

// Regular expressions, by PCRE2, in bounded time: unsafe calls of that library stand here and nowhere else.
//
// 1. A compiled expression never changes; each match has data of its own, taken from a small stock.
// 2. Steps, nesting and heap of a match are limited. An expression that exceeds them is an error, not a hang.
// 3. Texts are UTF-8 by construction of documents. Damaged ones are not matched.

/// A compiled regular expression. Thread safe.
package final class RegularExpression: Sendable {
    /// Where an expression matched, in bytes.
    package struct Match: Sendable {
        package let whole: Range<Int>
        /// The groups; nil for those that took no part.
        package let captures: [Range<Int>?]
    }

    /// Bytes of the longest pattern.
    static let longestPattern = 32764
    /// Steps of one match.
    private static let stepLimit: UInt32 = 1_000_000
    private static let depthLimit: UInt32 = 10_000
    /// In kibibytes.
    private static let heapLimit: UInt32 = 16 << 10

    package let pattern: String
    package let options: String
    // Not Sendable for the compiler; the library allows matching with one code on many threads.
    private nonisolated(unsafe) let code: OpaquePointer
    private nonisolated(unsafe) let context: OpaquePointer?
    private let stock = Mutex<[Scratch]>([])

    /// Match data of one thread.
    private struct Scratch: @unchecked Sendable {
        let data: OpaquePointer
    }

    /// Compiles an expression.
    /// - Parameter options: any of `i` (no case), `m` (^ and $ at lines), `x` (white space and comments ignored), `s` (a
    ///   dot matches line ends, too), `u` (accepted, always on).
    /// - Throws: code 51091 for an expression that is none, 51108 for other options.
    package init(pattern: String, options: String) throws(DocumentError) {
        guard !pattern.utf8.contains(0) else {
            throw DocumentError(.badValue, "Regular expression cannot contain an embedded null byte")
        }
        guard pattern.utf8.count <= Self.longestPattern else {
            throw DocumentError(.location(51091), "Regular expression is invalid: regular expression is too large")
        }
        var flags = UInt32(PCRE2_UTF) | UInt32(PCRE2_NEVER_BACKSLASH_C)
        for option in options {
            switch option {
            case "i": flags |= UInt32(PCRE2_CASELESS)
            case "m": flags |= UInt32(PCRE2_MULTILINE)
            case "x": flags |= UInt32(PCRE2_EXTENDED)
            case "s": flags |= UInt32(PCRE2_DOTALL)
            case "u": break
            default:
                throw DocumentError(.location(51108), "invalid flag in regex options: \(option)")
            }
        }
        var error: Int32 = 0
        var offset = 0
        var text = Array(pattern.utf8)
        let count = text.count
        text.append(0)
        let code = text.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.flatMap { smartstore_regex_compile($0, count, flags, &error, &offset) }
        }
        guard let code else {
            throw DocumentError(
                .location(51091), "Regular expression is invalid: \(Self.message(error))", offset: offset)
        }
        self.code = code
        context = smartstore_regex_context(Self.stepLimit, Self.depthLimit, Self.heapLimit)
        self.pattern = pattern
        self.options = options
    }

    deinit {
        for scratch in stock.withLock({ $0 }) { smartstore_regex_match_data_free(scratch.data) }
        smartstore_regex_context_free(context)
        smartstore_regex_free(code)
    }

    private static func message(_ error: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        _ = smartstore_regex_message(error, &buffer, buffer.count)
        return String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
    }

    // MARK: Matching

    /// Whether a text in place matches anywhere.
    func matches(_ text: BSONBytes) throws(DocumentError) -> Bool {
        var result: Int32 = 0
        let scratch = try take()
        text.withUnsafePointer { pointer, count in
            result = smartstore_regex_run(code, pointer, count, 0, scratch.data, context)
        }
        give(scratch)
        return try Self.isMatch(result)
    }

    /// The first match from an offset in bytes on.
    package func firstMatch(in text: String, from start: Int) throws(DocumentError) -> Match? {
        let scratch = try take()
        defer { give(scratch) }
        var bytes = Array(text.utf8)
        let count = bytes.count
        guard start <= count else { return nil }
        bytes.append(0)
        let result = bytes.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { smartstore_regex_run(code, $0, count, start, scratch.data, context) } ?? -1
        }
        guard try Self.isMatch(result) else { return nil }
        let places = smartstore_regex_places(scratch.data)
        let groups = Int(smartstore_regex_place_count(scratch.data))
        func range(_ group: Int) -> Range<Int>? {
            let (from, to) = (places[2 * group], places[2 * group + 1])
            // A group that took no part has both places at -1.
            guard from >= 0, from <= to, to <= count else { return nil }
            return from..<to
        }
        guard let whole = range(0) else { return nil }
        return Match(whole: whole, captures: (1..<max(1, groups)).map { range($0) })
    }

    private static func isMatch(_ result: Int32) throws(DocumentError) -> Bool {
        if result >= 0 { return true }
        if result == PCRE2_ERROR_NOMATCH { return false }
        throw DocumentError(
            .location(51156),
            "Error occurred while executing the regular expression. Result code: \(result) "
                + "(\(message(result)))")
    }

    private func take() throws(DocumentError) -> Scratch {
        if let known = stock.withLock({ $0.popLast() }) { return known }
        guard let data = smartstore_regex_match_data(code) else {
            throw DocumentError(.location(51156), "no memory for a regular expression")
        }
        return Scratch(data: data)
    }

    private func give(_ scratch: Scratch) { stock.withLock { $0.append(scratch) } }

    // MARK: For the planner

    /// The text with which every match begins, when the expression says so: `^abc`; nil otherwise.
    var literalPrefix: (text: String, isWhole: Bool)? {
        guard !options.contains(where: { "imx".contains($0) }), pattern.hasPrefix("^"), !pattern.contains("|") else {
            return nil
        }
        // By code points: a mark that stands behind a special character does not make it another one.
        var text = String.UnicodeScalarView()
        var rest = pattern.unicodeScalars.dropFirst()
        let special: Set<Unicode.Scalar> = [".", "*", "+", "?", "(", ")", "[", "]", "{", "}", "^", "$", "\\"]
        while let next = rest.first, !special.contains(next) {
            text.append(next)
            rest.removeFirst()
        }
        // A repeated last character may be missing. Comments and stray \E may stand before the repetition.
        let mayRepeat = rest.first.map { ["*", "?", "{", "\\"].contains($0) } ?? false
        if mayRepeat || String(rest).hasPrefix("(?#"), !text.isEmpty { text.removeLast() }
        return text.isEmpty ? nil : (String(text), rest.isEmpty)
    }
}

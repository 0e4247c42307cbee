// What the tables of expression and stage semantics are made of: rows of text, short enough to be read one below the
// other.
//
// Values are Extended JSON with apostrophes for quotation marks and these shorthands: `L(5)` is an int64, `D(1.5)` a
// decimal, `T(2024-01-31)` or `T(2024-01-31T10:20:30.456Z)` a date, `N(NaN)` a double that JSON cannot write, `O(…)` an
// ObjectId, `S(7,3)` a timestamp, `R(a+,i)` a regular expression. Whole numbers are int32, numbers with a point doubles.
// Results are compared with their types, and in their order of fields.

import Foundation
import Testing

@testable import SmartStore

/// Text of a table to values.
enum TableText {
    private static let shorthands: [(NSRegularExpression, String)] = [
        (#"L\((-?[0-9]+)\)"#, #"{"\$numberLong":"$1"}"#),
        (#"D\(([-+0-9.A-Za-z]+)\)"#, #"{"\$numberDecimal":"$1"}"#),
        (#"N\((-?[A-Za-z]+)\)"#, #"{"\$numberDouble":"$1"}"#),
        (#"T\(([0-9]{4}-[0-9]{2}-[0-9]{2})\)"#, #"{"\$date":"$1T00:00:00Z"}"#),
        (#"T\(([0-9]{4}-[-0-9T:.]+Z)\)"#, #"{"\$date":"$1"}"#), (#"O\(([0-9a-f]{24})\)"#, #"{"\$oid":"$1"}"#),
        (#"S\(([0-9]+),([0-9]+)\)"#, #"{"\$timestamp":{"t":$1,"i":$2}}"#),
        (#"R\(([^,]*),([a-z]*)\)"#, #"{"\$regularExpression":{"pattern":"$1","options":"$2"}}"#),
    ].map { pattern, replacement in
        guard let expression = try? NSRegularExpression(pattern: pattern) else {
            preconditionFailure("no regular expression: \(pattern)")
        }
        return (expression, replacement)
    }

    static func json(_ text: String) -> String {
        var result = text.replacingOccurrences(of: "'", with: "\"")
        guard result.contains("(") else { return result }
        for (expression, replacement) in shorthands {
            result = expression.stringByReplacingMatches(
                in: result, range: NSRange(result.startIndex..., in: result), withTemplate: replacement)
        }
        return result
    }

    static func value(_ text: String) throws -> BSONValue {
        try #require(try Document(json: json("{'v':\(text)}"))["v"])
    }

    static func document(_ text: String) throws -> Document { try Document(json: json(text)) }

    static func documents(_ text: String) throws -> [Document] {
        try (value("[" + text + "]").array ?? []).map { try #require($0.document) }
    }

    /// The one text of a value, by which results are compared.
    static func canonical(_ value: BSONValue?) -> String {
        guard let value else { return "missing" }
        return Document(fields: [("v", value)]).json(.canonical)
    }
}

/// One expression with what becomes of it.
struct ExpressionCase: Sendable, CustomTestStringConvertible {
    let expression: String
    let document: String
    let expected: String?
    let code: Int?
    let reason: String
    var collation: Collation?

    var testDescription: String { "\(expression) on \(document): \(reason)" }

    func check() throws {
        let document = try TableText.document(document)
        let options = QueryOptions(
            collation: collation, variables: ["given": 5], now: BSONDate(millisecondsSince1970: 1_700_000_000_000))
        do {
            let parsed = try AggregationExpression(TableText.value(expression), options: options)
            let result = try parsed.evaluate(document)
            guard let expected else {
                Issue.record("\(testDescription): gives \(TableText.canonical(result)), not error \(code ?? 0)")
                return
            }
            let wanted = expected == "missing" ? expected : TableText.canonical(try TableText.value(expected))
            #expect(TableText.canonical(result) == wanted, "\(testDescription)")
        } catch let error as DocumentError {
            #expect(error.code.number == code, "\(testDescription): \(error)")
        }
    }
}

/// A row whose expression has a value; `missing`: it has none.
func gives(
    _ expression: String, _ expected: String, on document: String = "{}", _ reason: String, by: Collation? = nil
) -> ExpressionCase {
    ExpressionCase(
        expression: expression, document: document, expected: expected, code: nil, reason: reason, collation: by)
}

/// A row whose expression is refused, when it is parsed or when it is evaluated.
func fails(_ expression: String, _ code: Int, on document: String = "{}", _ reason: String) -> ExpressionCase {
    ExpressionCase(expression: expression, document: document, expected: nil, code: code, reason: reason)
}

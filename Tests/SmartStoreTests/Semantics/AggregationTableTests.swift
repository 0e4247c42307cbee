// Documentation/EXPRESSIONS.md against the engine: every name that is listed as done is accepted, every other gives the
// error that is listed, and no name is missing.

import Foundation
import Testing

@testable import SmartStore

@Suite("The table of stages, accumulators and expressions")
struct AggregationTableTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let section: String
        let name: String
        let isDone: Bool
        let note: String
        var testDescription: String { "\(section): \(name)" }
    }

    static let rows: [Row] = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let file = root.appendingPathComponent("Documentation/EXPRESSIONS.md")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        var section = ""
        var rows: [Row] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("## ") { section = String(line.dropFirst(3)) }
            guard line.hasPrefix("| `$") else { continue }
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
                .map { $0.trimmingCharacters(in: .whitespaces) }
            rows.append(
                Row(
                    section: section, name: cells[0].filter { $0 != "`" }, isDone: cells[1] == "done", note: cells[2]))
        }
        return rows
    }()

    private func names(_ section: String, done: Bool) -> Set<String> {
        Set(Self.rows.filter { $0.section == section && $0.isDone == done }.map(\.name))
    }

    @Test("the table lists what the engine's tables list, each once")
    func isComplete() {
        #expect(names("Stages", done: true) == AggregationNames.stages)
        #expect(names("Stages", done: false) == AggregationNames.unbuiltStages)
        #expect(names("Accumulators", done: true) == AggregationNames.accumulators)
        #expect(names("Accumulators", done: false) == AggregationNames.unbuiltAccumulators)
        #expect(names("Expressions", done: true) == AggregationNames.expressions)
        #expect(names("Expressions", done: false) == AggregationNames.unbuiltExpressions)
        #expect(Set(Self.rows.map(\.testDescription)).count == Self.rows.count)
    }

    /// What the engine says of a name with an operand that few take.
    private func refusal(of row: Row) -> (code: Int, name: String)? {
        let operand: BSONValue = ["no such field": 1]
        do {
            switch row.section {
            case "Stages":
                _ = try PipelineStage.parse(.document(Document(fields: [(row.name, operand)])), options: .standard)
            case "Accumulators":
                let field = BSONValue.document(Document(fields: [(row.name, operand)]))
                _ = try GroupStage(["_id": .null, "x": field], options: .standard)
            default: _ = try AggregationExpression(.document(Document(fields: [(row.name, operand)])))
            }
            return nil
        } catch {
            let error = CommandError(any: error)
            return (error.code, error.name)
        }
    }

    @Test("each name is accepted, or refused as the table says", arguments: rows)
    func isTrue(_ row: Row) {
        let refusal = refusal(of: row)
        if row.isDone {
            #expect(![238, 168, 40324, 15952].contains(refusal?.code ?? 0), "\(row.name): \(refusal.debugDescription)")
        } else {
            #expect(row.note == refusal.map { "\($0.code) \($0.name)" }, "\(row.name)")
        }
    }

    @Test("a name that is nobody's is refused as a slip")
    func unknownNames() {
        let codes = ["Stages", "Accumulators", "Expressions"].map { section in
            refusal(of: Row(section: section, name: "$nope", isDone: false, note: ""))?.code
        }
        #expect(codes == [40324, 15952, 168])
    }
}

// The answer of explain for people: the stages as a tree, the last one at the top, and what running it looked at.

import SmartStore

enum PlanText {
    /// Prints a plan as a tree, or all of it as JSON.
    static func print(_ plan: Document, to output: StandardOutput, asJSON: Bool) throws {
        guard !asJSON else { return try output.document(plan) }
        for line in lines(of: plan) { try output.line(line) }
    }

    /// The plan of a query, or of a pipeline with its stages.
    static func lines(of plan: Document) -> [String] {
        guard let stages = plan["stages"]?.array else { return query(plan, indent: 0) }
        return stages.compactMap(\.document).flatMap { stage in
            if let inner = stage["$cursor"]?.document { return query(inner, indent: 0) }
            return [stage.json()]
        }
    }

    private static func query(_ plan: Document, indent: Int) -> [String] {
        let executed = plan[path: "executionStats.executionStages"]?.document
        let winner = executed ?? plan[path: "queryPlanner.winningPlan"]?.document ?? Document()
        var lines = stage(winner, indent: indent)
        if let rejected = plan[path: "queryPlanner.rejectedPlans"]?.array, !rejected.isEmpty {
            for plan in rejected.compactMap(\.document) {
                lines += ["rejected:"] + stage(plan, indent: 1)
            }
        }
        if let statistics = plan["executionStats"]?.document {
            func number(_ name: String) -> String { Format.grouped(statistics[name]?.int ?? 0) }
            lines.append(
                "\(number("nReturned")) documents from \(number("totalKeysExamined")) keys and "
                    + "\(number("totalDocsExamined")) documents in \(number("executionTimeMillis")) ms")
        }
        return lines
    }

    /// What is worth a word of a stage, in this order.
    private static let shown = [
        "indexName", "direction", "keys", "filter", "sortPattern", "skipAmount", "limitAmount", "transformBy",
        "nWouldDelete", "nWouldModify",
    ]

    private static func stage(_ stage: Document, indent: Int) -> [String] {
        var line = String(repeating: "  ", count: indent) + (stage["stage"]?.string ?? "?")
        for name in shown {
            guard let value = stage[name] else { continue }
            line += name == "indexName" || name == "direction" ? " " : " \(name) "
            line += value.string ?? ExtendedJSON.string(value, .relaxed)
        }
        if let bounds = stage["indexBounds"]?.document {
            for (path, intervals) in bounds {
                line += " \(path): " + (intervals.array ?? []).compactMap(\.string).joined(separator: ", ")
            }
        }
        var lines = [line]
        let inputs = (stage["inputStage"].map { [$0] } ?? []) + (stage["inputStages"]?.array ?? [])
        for input in inputs.compactMap(\.document) { lines += self.stage(input, indent: indent + 1) }
        return lines
    }
}

/// Lines in columns.
enum Columns {
    /// The first row is the heading.
    static func lines(_ rows: [[String]]) -> [String] {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { column, text in
                column == row.count - 1 ? text : text + String(repeating: " ", count: widths[column] - text.count)
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}

// Tables in Markdown: readable on a terminal, and to be pasted into a report.

import Foundation

struct Table {
    let title: String
    let head: [String]
    private(set) var rows: [[String]] = []

    init(_ title: String, _ head: [String]) { (self.title, self.head) = (title, head) }

    mutating func add(_ cells: [String]) { rows.append(cells) }

    func show() {
        let widths = head.indices.map { column in
            ([head] + rows).map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        func line(_ cells: [String]) -> String {
            let padded = head.indices.map { column in
                let cell = column < cells.count ? cells[column] : ""
                let fill = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + fill : fill + cell
            }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        print("\n## \(title)\n")
        print(line(head))
        print("|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|")
        for row in rows { print(line(row)) }
    }
}

/// Figures as text.
enum Show {
    /// With thousands separated, and `digits` behind the point.
    static func number(_ value: Double?, _ digits: Int = 0) -> String {
        guard let value, value.isFinite else { return "-" }
        let text = String(format: "%.\(digits)f", abs(value))
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        var whole = ""
        for (place, digit) in parts[0].reversed().enumerated() {
            if place > 0, place % 3 == 0 { whole.append(",") }
            whole.append(digit)
        }
        let sign = value < 0 ? "-" : ""
        return sign + String(whole.reversed()) + (parts.count > 1 ? "." + parts[1] : "")
    }

    static func number(_ value: Int) -> String { number(Double(value)) }

    static func mebibytes(_ byteCount: Int) -> String { number(Double(byteCount) / 1_048_576, 1) + " MiB" }
}

// The ratios as bars on a log scale: ours over SQLite, and encrypted over plain, with a mark where each is to be.

import Foundation

struct RatioPlot {
    private let report: ComparisonReport

    private static let left = 250.0
    private static let width = 900.0
    private static let barHeight = 11.0
    private static let rowHeight = 30.0
    private static let series = [
        (name: "SmartStore / SQLite", colour: "#d62728"), (name: "encrypted / plain", colour: "#4477aa"),
    ]

    init(_ report: ComparisonReport) { self.report = report }

    var svg: String {
        let rows = Row.allCases.filter { row in report.comparisons.contains { $0.row == row.rawValue } }
        let shown = report.comparisons.filter { comparison in Self.series.contains { $0.name == comparison.name } }
        let low = min(0.25, shown.map(\.ratio).min() ?? 1)
        let high = max(4, shown.map(\.ratio).max() ?? 1)
        let bottom = 40 + Double(rows.count) * Self.rowHeight
        func x(_ ratio: Double) -> Double {
            Self.left + log(ratio / low) / log(high / low) * (Self.width - Self.left - 60)
        }
        var out = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(Self.width)) \(Int(bottom + 40))\" "
                + "font-family=\"sans-serif\" font-size=\"12\">",
            "<rect width=\"\(Int(Self.width))\" height=\"\(Int(bottom + 40))\" fill=\"white\"/>",
        ]
        for tick in [0.1, 0.25, 0.5, 1, 1.5, 3, 10, 30, 100, 1000, 10_000, 100_000] where tick >= low && tick <= high {
            let colour = tick == 1 ? "#888888" : "#dddddd"
            out.append("<path d=\"M\(Self.short(x(tick))) 36V\(Self.short(bottom))\" stroke=\"\(colour)\"/>")
            out.append(
                Self.text(tick < 1 ? "\(tick)" : "\(tick)".replacing(".0", with: ""), x(tick), bottom + 16, "middle"))
        }
        for (number, series) in Self.series.enumerated() {
            let place = Self.left + Double(number) * 220
            out.append("<rect x=\"\(place)\" y=\"12\" width=\"14\" height=\"10\" fill=\"\(series.colour)\"/>")
            out.append(Self.text(series.name + ", | wanted", place + 20, 21, "start"))
        }
        for (number, row) in rows.enumerated() {
            let top = 40 + Double(number) * Self.rowHeight
            out.append(Self.text(row.rawValue, Self.left - 10, top + 16, "end"))
            for (place, series) in Self.series.enumerated() {
                guard let found = shown.first(where: { $0.row == row.rawValue && $0.name == series.name }) else {
                    continue
                }
                let y = top + 2 + Double(place) * (Self.barHeight + 1)
                let (from, to) = (min(x(1), x(found.ratio)), max(x(1), x(found.ratio)))
                out.append(
                    "<rect x=\"\(Self.short(from))\" y=\"\(y)\" width=\"\(Self.short(max(1, to - from)))\" "
                        + "height=\"\(Self.barHeight)\" fill=\"\(series.colour)\"/>")
                out.append(Self.text(ComparisonReport.short(found.ratio), to + 5, y + 10, "start", size: 10))
                if let wanted = found.wanted {
                    out.append(
                        "<path d=\"M\(Self.short(x(wanted))) \(y - 1)v\(Self.barHeight + 2)\" stroke=\"black\" "
                            + "stroke-width=\"1.5\"/>")
                }
            }
        }
        return (out + ["</svg>", ""]).joined(separator: "\n")
    }

    func write(to path: String) throws {
        try Data(svg.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    private static func short(_ value: Double) -> String { String(format: "%.1f", value) }

    private static func text(_ text: String, _ x: Double, _ y: Double, _ anchor: String, size: Int = 12) -> String {
        let safe = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
        return
            "<text x=\"\(short(x))\" y=\"\(short(y))\" text-anchor=\"\(anchor)\" font-size=\"\(size)\">\(safe)</text>"
    }
}

// Recall against queries a second, drawn as an SVG: rates on a log scale, recall stretched towards 1, where indexes
// differ.

import Foundation

struct RecallPlot {
    struct Line {
        let title: String
        let points: [(recall: Double, rate: Double)]
    }

    private static let recalls = [0.80, 0.90, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999]
    private static let colours = ["#d62728", "#4477aa", "#228833", "#ccbb44", "#aa3377", "#777777", "#66ccee"]
    private static let size = (width: 860.0, height: 520.0)
    private static let frame = (left: 78.0, right: 640.0, top: 24.0, bottom: 464.0)

    let title: String
    let lines: [Line]

    /// The drawing; empty when no point is above the least recall that is drawn.
    var svg: String {
        let rates = lines.flatMap { $0.points.filter { $0.recall >= Self.recalls[0] }.map(\.rate) }
        guard let least = rates.min(), let most = rates.max(), least > 0 else { return "" }
        let low = pow(10, floor(log10(least)))
        let high = pow(10, ceil(log10(most * 1.01)))
        var out = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(Self.size.width)) \(Int(Self.size.height))\" "
                + "font-family=\"sans-serif\" font-size=\"12\">",
            "<rect width=\"\(Int(Self.size.width))\" height=\"\(Int(Self.size.height))\" fill=\"white\"/>",
            text(title, x: (Self.frame.left + Self.frame.right) / 2, y: 16, anchor: "middle"),
            text("recall", x: (Self.frame.left + Self.frame.right) / 2, y: Self.frame.bottom + 42, anchor: "middle"),
        ]
        for recall in Self.recalls {
            let place = x(recall)
            out.append(stroke("M\(short(place)) \(short(Self.frame.top))V\(short(Self.frame.bottom))", "#dddddd", 1))
            out.append(text("\(recall)", x: place, y: Self.frame.bottom + 18, anchor: "middle"))
        }
        var decade = low
        while decade <= high {
            for step in decade < high ? [1.0, 2, 5] : [1.0] {
                let place = y(decade * step, low, high)
                out.append(
                    stroke("M\(short(Self.frame.left)) \(short(place))H\(short(Self.frame.right))", "#dddddd", 1))
                out.append(text(Show.number(decade * step), x: Self.frame.left - 6, y: place + 4, anchor: "end"))
            }
            decade *= 10
        }
        let middle = short((Self.frame.top + Self.frame.bottom) / 2)
        out.append(
            "<text x=\"16\" y=\"\(middle)\" text-anchor=\"middle\" transform=\"rotate(-90 16 \(middle))\">"
                + "queries a second</text>")
        for (number, line) in lines.enumerated() {
            let colour = Self.colours[number % Self.colours.count]
            let places = line.points.filter { $0.recall >= Self.recalls[0] }.sorted { $0.recall < $1.recall }
                .map { (x: short(x($0.recall)), y: short(y($0.rate, low, high))) }
            if !places.isEmpty {
                out.append(stroke("M" + places.map { "\($0.x) \($0.y)" }.joined(separator: "L"), colour, 2))
                out += places.map { "<circle cx=\"\($0.x)\" cy=\"\($0.y)\" r=\"2.5\" fill=\"\(colour)\"/>" }
            }
            let row = Self.frame.top + 14 + Double(number) * 19
            out.append(stroke("M\(short(Self.frame.right + 14)) \(short(row - 4))h18", colour, 2))
            out.append(text(line.title, x: Self.frame.right + 38, y: row, anchor: "start"))
        }
        return (out + ["</svg>", ""]).joined(separator: "\n")
    }

    func write(to path: String) throws {
        try Data(svg.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    private func x(_ recall: Double) -> Double {
        func stretched(_ recall: Double) -> Double { -log10(1 - min(recall, 0.9992) + 0.0005) }
        let (first, last) = (stretched(Self.recalls[0]), stretched(Self.recalls[Self.recalls.count - 1]))
        return Self.frame.left + (stretched(recall) - first) / (last - first) * (Self.frame.right - Self.frame.left)
    }

    private func y(_ rate: Double, _ low: Double, _ high: Double) -> Double {
        Self.frame.bottom - log10(rate / low) / log10(high / low) * (Self.frame.bottom - Self.frame.top)
    }

    private func short(_ value: Double) -> String { String(format: "%.1f", value) }

    private func stroke(_ path: String, _ colour: String, _ width: Int) -> String {
        "<path d=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"\(width)\"/>"
    }

    private func text(_ text: String, x: Double, y: Double, anchor: String) -> String {
        let safe = text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
        return "<text x=\"\(short(x))\" y=\"\(short(y))\" text-anchor=\"\(anchor)\">\(safe)</text>"
    }
}

// Progress on standard error: a bar on a terminal, a plain line every few seconds elsewhere.

import Synchronization

final class ProgressMeter: Sendable {
    private static let width = 30
    private let unit: String
    private let isShown: Bool
    private let drawsBar: Bool
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private let last: Mutex<(time: ContinuousClock.Instant, hasDrawn: Bool)>

    /// - Parameters:
    ///   - isShown: whether anything is written at all.
    ///   - drawsBar: a bar that is drawn over; otherwise lines.
    init(unit: String, isShown: Bool, drawsBar: Bool = Terminal.showsProgress) {
        self.unit = unit
        self.isShown = isShown
        self.drawsBar = drawsBar
        start = clock.now
        last = Mutex((start, false))
    }

    /// Shows how far the work is, unless it was shown just before.
    /// - Parameters:
    ///   - share: of the whole, 0 to 1.
    ///   - count: pieces done by this run; nil: not shown.
    func update(share: Double, count: Int? = nil) {
        guard isShown else { return }
        let now = clock.now
        let pause: Duration = drawsBar ? .milliseconds(100) : .seconds(3)
        let isDue = last.withLock { last in
            guard now - last.time >= pause else { return false }
            last = (now, true)
            return true
        }
        if isDue { draw(share: share, count: count, elapsed: now - start) }
    }

    /// Ends the bar, so that what follows begins on a line of its own.
    func finish() {
        if isShown, drawsBar, last.withLock({ $0.hasDrawn }) { Terminal.message("\r\u{1B}[K") }
    }

    private func draw(share: Double, count: Int?, elapsed: Duration) {
        let seconds = elapsed / .seconds(1)
        let share = min(1, max(0, share))
        var text = "\(Int(share * 100)) %"
        if let count {
            text += "  \(Format.grouped(count)) \(unit)"
            if seconds > 0 { text += "  \(Format.grouped(Int(Double(count) / seconds)))/s" }
        }
        if share > 0.01, share < 1 { text += "  \(Format.clock(seconds * (1 - share) / share)) left" }
        guard drawsBar else { return Terminal.message(text + "\n") }
        let filled = Int(share * Double(Self.width))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: Self.width - filled)
        Terminal.message("\r[\(bar)] \(text)\u{1B}[K")
    }
}

/// Numbers for people.
enum Format {
    /// 12345 as 12,345.
    static func grouped(_ number: Int) -> String {
        let digits = Array(String(number.magnitude))
        var text = number < 0 ? "-" : ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// Seconds as 1:05 or 2:00:00.
    static func clock(_ seconds: Double) -> String {
        let whole = Int(max(0, min(seconds, 1e7)).rounded())
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let (hours, minutes) = (whole / 3600, whole / 60 % 60)
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(whole % 60))" : "\(minutes):\(two(whole % 60))"
    }

    /// A duration in milliseconds, with two decimals.
    static func milliseconds(_ duration: Duration) -> String {
        let hundredths = Int((duration / .microseconds(10)).rounded())
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}

// Dates: milliseconds since 1970-01-01 UTC, and their ISO 8601 text.

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// A BSON date: any signed 64-bit count of milliseconds.
public struct BSONDate: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public var millisecondsSince1970: Int64

    /// The date so many milliseconds after 1970 began.
    public init(millisecondsSince1970: Int64) {
        self.millisecondsSince1970 = millisecondsSince1970
    }

    /// The date, rounded to the nearest millisecond; clamped to the range, which no calendar reaches.
    public init(_ date: Date) {
        let milliseconds = (date.timeIntervalSince1970 * 1000).rounded(.toNearestOrAwayFromZero)
        if milliseconds.isNaN {
            millisecondsSince1970 = 0
        } else if milliseconds >= 0x1p63 {
            millisecondsSince1970 = .max
        } else if milliseconds < -0x1p63 {
            millisecondsSince1970 = .min
        } else {
            millisecondsSince1970 = Int64(milliseconds)
        }
    }

    /// As Foundation's date.
    public var date: Date { Date(timeIntervalSince1970: Double(millisecondsSince1970) / 1000) }

    /// The earlier one first.
    public static func < (a: BSONDate, b: BSONDate) -> Bool { a.millisecondsSince1970 < b.millisecondsSince1970 }

    /// Whether the year is one of 1970...9999, which relaxed Extended JSON prints as ISO 8601.
    package var hasReadableYear: Bool { (0...253_402_300_799_999).contains(millisecondsSince1970) }

    /// `2020-05-17T08:09:10.123Z`; without the fraction when it is zero. Years outside 0...9999 have more digits
    /// and a sign.
    public var iso8601: String {
        let (days, time) = millisecondsSince1970.flooredDivision(by: 86_400_000)
        let (year, month, day) = CivilDate.date(daysSince1970: days)
        let (seconds, fraction) = time.quotientAndRemainder(dividingBy: 1000)
        let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { Self.padded($0, 2) }.joined(separator: ":")
        let tail = fraction == 0 ? "Z" : "." + Self.padded(fraction, 3) + "Z"
        return "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))T\(clock)\(tail)"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number.magnitude)
        return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// The date of `YYYY-MM-DDTHH:MM[:SS[.fraction]](Z|±HH[:]MM)`; nil for any other text or a date no calendar has.
    ///
    /// A fraction finer than a millisecond is cut off.
    public init?(iso8601 text: String) {
        var scanner = DigitScanner(Array(text.utf8))
        guard let year = scanner.number(4), scanner.skip("-"), let month = scanner.number(2), scanner.skip("-"),
            let day = scanner.number(2), scanner.skip("T"),
            let hour = scanner.number(2), scanner.skip(":"), let minute = scanner.number(2)
        else { return nil }
        var second: Int64 = 0
        var fraction: Int64 = 0
        if scanner.skip(":") {
            guard let value = scanner.number(2) else { return nil }
            second = value
            if scanner.skip(".") {
                guard let value = scanner.milliseconds() else { return nil }
                fraction = value
            }
        }
        guard (1...12).contains(month), (1...CivilDate.dayCount(year: year, month: month)).contains(day),
            hour < 24, minute < 60, second < 60, let offset = scanner.zoneMinutes(), scanner.isAtEnd
        else { return nil }
        let days = CivilDate.days(year: year, month: month, day: day)
        let seconds = ((days * 24 + hour) * 60 + minute - offset) * 60 + second
        self.init(millisecondsSince1970: seconds * 1000 + fraction)
    }
}

/// Reads fixed-width digits from the front of some bytes.
private struct DigitScanner {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }

    private var digit: Int64? {
        guard offset < bytes.count, (0x30...0x39).contains(bytes[offset]) else { return nil }
        return Int64(bytes[offset] - 0x30)
    }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    mutating func number(_ width: Int) -> Int64? {
        var number: Int64 = 0
        for _ in 0..<width {
            guard let digit else { return nil }
            number = number * 10 + digit
            offset += 1
        }
        return number
    }

    mutating func milliseconds() -> Int64? {
        var number: Int64 = 0
        var count = 0
        while let digit {
            if count < 3 { number = number * 10 + digit }
            count += 1
            offset += 1
        }
        guard (1...9).contains(count) else { return nil }
        return count == 1 ? number * 100 : count == 2 ? number * 10 : number
    }

    mutating func zoneMinutes() -> Int64? {
        if skip("Z") { return 0 }
        let sign: Int64
        if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
        guard let hours = number(2) else { return nil }
        _ = skip(":")
        guard let minutes = number(2), hours < 24, minutes < 60 else { return nil }
        return sign * (hours * 60 + minutes)
    }
}

/// The proleptic Gregorian calendar, counted in days from 1970-01-01.
///
/// Years are taken to begin in March, so that the leap day is the last of its year and month lengths follow one
/// linear rule; 400 years have 146,097 days.
package enum CivilDate {
    /// The days of a month.
    package static func dayCount(year: Int64, month: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The day number of a date.
    package static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month > 2 ? year : year - 1
        let (cycle, yearOfCycle) = marchYear.flooredDivision(by: 400)
        let monthFromMarch = (month + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return cycle * 146_097 + yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear - 719_468
    }

    /// The date of a day number.
    package static func date(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (cycle, dayOfCycle) = (days + 719_468).flooredDivision(by: 146_097)
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = cycle * 400 + yearOfCycle + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}

extension Int64 {
    /// Quotient rounded down, and a remainder that is never negative.
    fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

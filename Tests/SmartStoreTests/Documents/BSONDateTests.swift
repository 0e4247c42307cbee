// Dates and their ISO 8601 text, through the whole range.

import Foundation
import Testing

@testable import SmartStore

@Suite("Dates")
struct BSONDateTests {
    @Test(
        "known instants have their known text",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (-62_135_596_800_000, "0001-01-01T00:00:00Z"),
            (4_107_542_399_001, "2100-02-28T23:59:59.001Z"), (1_709_164_800_000, "2024-02-29T00:00:00Z"),
        ] as [(Int64, String)])
    func formats(milliseconds: Int64, text: String) {
        let date = BSONDate(millisecondsSince1970: milliseconds)
        #expect(date.iso8601 == text)
        #expect(BSONDate(iso8601: text) == date)
    }

    @Test("every day of 800 years comes back")
    func roundTripsDays() {
        var day = CivilDate.days(year: 1600, month: 1, day: 1)
        let last = CivilDate.days(year: 2400, month: 1, day: 1)
        var previous = CivilDate.date(daysSince1970: day - 1)
        while day < last {
            let date = CivilDate.date(daysSince1970: day)
            #expect(CivilDate.days(year: date.year, month: date.month, day: date.day) == day)
            let isNext =
                date.day == previous.day + 1
                || (date.day == 1 && previous.day == CivilDate.dayCount(year: previous.year, month: previous.month))
            #expect(isNext)
            previous = date
            day += 1
        }
    }

    @Test("the ends of the range have a text and do not trap")
    func survivesExtremes() {
        for milliseconds in [Int64.min, .min + 1, .max, .max - 1] {
            #expect(!BSONDate(millisecondsSince1970: milliseconds).iso8601.isEmpty)
        }
        #expect(BSONDate(Date(timeIntervalSince1970: .infinity)).millisecondsSince1970 == .max)
        #expect(BSONDate(Date(timeIntervalSince1970: -.infinity)).millisecondsSince1970 == .min)
        #expect(BSONDate(Date(timeIntervalSince1970: .nan)).millisecondsSince1970 == 0)
    }

    @Test(
        "text that is no date is refused",
        arguments: [
            "", "2020", "2020-01-01", "2020-1-1T00:00:00Z", "2020-01-01 00:00:00Z", "2020-01-01T00:00:00",
            "2020-00-01T00:00:00Z",
            "2020-01-00T00:00:00Z", "2020-01-32T00:00:00Z", "2020-01-01T00:60:00Z", "2020-01-01T00:00:60Z",
            "2020-01-01T00:00:00.Z",
            "2020-01-01T00:00:00.0123456789Z", "2020-01-01T00:00:00+24:00", "2020-01-01T00:00:00Zx",
            "1900-02-29T00:00:00Z",
        ])
    func refuses(text: String) {
        #expect(BSONDate(iso8601: text) == nil)
    }
}

// Dates from their parts or from text, into their parts, and the week numbers of the calendar.
//
// ISO 8601: a week begins on Monday and belongs to the year that has its Thursday. The other week number counts from the
// first Sunday of the year; days before it are in week 0.

extension ExpressionFunctions.DateParts {
    /// Monday is 1, Sunday 7.
    var isoWeekday: Int { weekday == 1 ? 7 : weekday - 1 }

    /// Weeks since the first Sunday of the year.
    var week: Int { (dayOfYear - 1 + 7 - (weekday - 1)) / 7 }

    var isoWeek: Int { isoWeekAndYear.week }
    var isoWeekYear: Int { isoWeekAndYear.year }

    private var isoWeekAndYear: (week: Int, year: Int) {
        let week = (dayOfYear - isoWeekday + 10) / 7
        if week < 1 { return (Self.weekCount(of: year - 1), year - 1) }
        return week > Self.weekCount(of: year) ? (1, year + 1) : (week, year)
    }

    /// 53 where the year begins or ends on a Thursday.
    private static func weekCount(of year: Int) -> Int {
        func weekday(_ month: Int64, _ day: Int64) -> Int {
            let days = CivilDate.days(year: Int64(year), month: month, day: day)
            return Int(((days + 3) % 7 + 7) % 7) + 1
        }
        return weekday(1, 1) == 4 || weekday(12, 31) == 4 ? 53 : 52
    }
}

extension ExpressionFunctions {
    static let namedCalendar: [String: Named] = [
        "$isoDayOfWeek": part("$isoDayOfWeek") { $0.isoWeekday }, "$isoWeek": part("$isoWeek") { $0.isoWeek },
        "$week": part("$week") { $0.week },
        "$isoWeekYear": Named(
            names: ["date", "timezone"], required: 1, short: 0,
            codes: .init(operand: 40536, unknown: 40535, missing: [40539])
        ) { values throws(DocumentError) in
            guard let date = try date(values[0], "$isoWeekYear"), let zone = try offset(values[1], at: date) else {
                return .null
            }
            return .int64(Int64(DateParts(date, offset: zone).isoWeekYear))
        },
        "$dateToParts": Named(
            names: ["date", "timezone", "iso8601"], required: 1,
            codes: .init(operand: 40524, unknown: 40520, missing: [40522])
        ) { values throws(DocumentError) in
            guard let date = try date(values[0], "$dateToParts"), let zone = try offset(values[1], at: date) else {
                return .null
            }
            var isISO = false
            if let flag = values[2] {
                if flag.isNullish { return .null }
                guard let given = flag.bool else {
                    throw DocumentError(
                        .location(40521), "iso8601 must evaluate to a bool, found \(flag.type.name)")
                }
                isISO = given
            }
            return .document(described(DateParts(date, offset: zone), isISO: isISO))
        },
        "$dateFromParts": Named(
            names: [
                "year", "isoWeekYear", "month", "isoWeek", "day", "isoDayOfWeek", "hour", "minute", "second",
                "millisecond", "timezone",
            ], required: 0, codes: .init(operand: 40519, unknown: 40518, missing: [])
        ) { values throws(DocumentError) in try composed(values) },
        "$dateFromString": Named(
            names: ["dateString", "format", "timezone", "onError", "onNull"], required: 1,
            codes: .init(operand: 40540, unknown: 40541, missing: [40542])
        ) { values throws(DocumentError) in
            guard let input = values[0], !input.isNullish else { return values[4] ?? .null }
            for value in [values[1], values[2]] { if value?.isNullish ?? false { return .null } }
            do throws(DocumentError) { return .date(try read(input, format: values[1], zone: values[2])) } catch {
                if case .location(241) = error.code, let value = values[3] { return value }
                throw error
            }
        },
    ]

    private static func described(_ parts: DateParts, isISO: Bool) -> Document {
        let days: [(String, Int)] =
            isISO
            ? [
                ("isoWeekYear", parts.isoWeekYear), ("isoWeek", parts.isoWeek), ("isoDayOfWeek", parts.isoWeekday),
            ] : [("year", parts.year), ("month", parts.month), ("day", parts.day)]
        let times = [
            ("hour", parts.hour), ("minute", parts.minute), ("second", parts.second),
            ("millisecond", parts.millisecond),
        ]
        return Document(fields: (days + times).map { ($0, .int32(Int32(clamping: $1))) })
    }

    // MARK: From parts

    private static func composed(_ values: [BSONValue?]) throws(DocumentError) -> BSONValue? {
        let isISO = values[1] != nil
        guard values[0] != nil || isISO else {
            throw DocumentError(
                .location(40516), "$dateFromParts requires either 'year' or 'isoWeekYear' to be present")
        }
        guard !(isISO ? [values[0], values[2], values[4]] : [values[3], values[5]]).contains(where: { $0 != nil })
        else {
            throw DocumentError(
                .location(40489), "$dateFromParts does not allow mixing natural dates with ISO dates")
        }
        for case let value? in values where value.isNullish { return .null }
        func part(_ place: Int, _ usual: Int64) throws(DocumentError) -> Int64 {
            guard let value = values[place] else { return usual }
            guard let number = value.int else {
                throw DocumentError(
                    .location(40515), "a part of $dateFromParts must evaluate to an integer, found \(value.type.name)")
            }
            guard (-32768...32767).contains(number) || place > 6 && number.magnitude < 1 << 40 else {
                throw DocumentError(
                    .location(31034), "a part of $dateFromParts must be in the range [-32768, 32767], found \(number)")
            }
            return Int64(number)
        }
        let year = try part(isISO ? 1 : 0, 1970)
        guard (1...9999).contains(year) else {
            throw DocumentError(
                .location(isISO ? 31095 : 40523), "the year of $dateFromParts must be in the range 1 to 9999")
        }
        var days: Int64
        if isISO {
            // The Monday of week 1 is the one of the week with January 4th.
            let fourth = CivilDate.days(year: year, month: 1, day: 4)
            days = fourth - ((fourth + 3) % 7 + 7) % 7
            days += (try part(3, 1) - 1) * 7 + (try part(5, 1)) - 1
        } else {
            // Months beyond the year, and days beyond the month, carry on.
            let months = year * 12 + (try part(2, 1)) - 1
            let first = floored(months, by: 12)
            days = CivilDate.days(year: first, month: months - first * 12 + 1, day: 1) + (try part(4, 1)) - 1
        }
        let hours = days * 24 + (try part(6, 0))
        let seconds = (hours * 60 + (try part(7, 0))) * 60 + (try part(8, 0))
        return try utc(seconds * 1000 + (try part(9, 0)), zone: values[10]).map { .date($0) } ?? .null
    }

    /// The moment at which the clocks of a zone show a local time; nil for a zone that is null.
    private static func utc(_ local: Int64, zone: BSONValue?) throws(DocumentError) -> BSONDate? {
        guard let guess = try offset(zone, at: BSONDate(millisecondsSince1970: local)) else { return nil }
        let first = BSONDate(millisecondsSince1970: local - Int64(guess) * 1000)
        let exact = try offset(zone, at: first) ?? guess
        return BSONDate(millisecondsSince1970: local - Int64(exact) * 1000)
    }

    // MARK: From text

    private static func read(
        _ input: BSONValue, format: BSONValue?, zone: BSONValue?
    ) throws(DocumentError) -> BSONDate {
        func fail(_ why: String) -> DocumentError {
            DocumentError(.location(241), "Error parsing date string \(ExtendedJSON.string(input)); \(why)")
        }
        guard let text = input.string else {
            throw DocumentError(
                .location(241), "$dateFromString requires that 'dateString' be a string, found: \(input.type.name)")
        }
        guard let format else {
            for end in ["Z", "T00:00:00Z"] {
                // Without a zone of its own, the text is a local time.
                guard let local = BSONDate(iso8601: text + end) else { continue }
                return try utc(local.millisecondsSince1970, zone: zone) ?? local
            }
            guard let date = BSONDate(iso8601: text) else { throw fail("no ISO 8601 date") }
            guard zone == nil || zone?.string == "UTC" || zone?.string == "GMT" else {
                throw fail("you cannot pass in a date/time string with GMT offset together with a timezone argument")
            }
            return date
        }
        guard let pattern = format.string else {
            throw DocumentError(
                .location(40684), "$dateFromString requires that 'format' be a string, found: \(format.type.name)")
        }
        var reader = DateTextReader(text)
        guard try reader.read(pattern) else { throw fail("it does not fit the format") }
        guard let local = reader.local else { throw fail("a part is missing or out of range") }
        if let minutes = reader.zoneMinutes {
            return BSONDate(millisecondsSince1970: local - Int64(minutes) * 60_000)
        }
        return try utc(local, zone: zone) ?? BSONDate(millisecondsSince1970: local)
    }
}

/// Text read by a format, part by part.
private struct DateTextReader {
    private var rest: Substring
    private var year: Int64?
    private var month: Int64?
    private var day: Int64?
    private var dayOfYear: Int64?
    private var time: Int64 = 0
    private(set) var zoneMinutes: Int?

    init(_ text: String) { rest = text[...] }

    /// Milliseconds of the local time since 1970; nil when the parts make no date.
    var local: Int64? {
        guard let year else { return nil }
        var days = CivilDate.days(year: year, month: 1, day: 1)
        if let dayOfYear {
            days += dayOfYear - 1
        } else {
            let (month, day) = (self.month ?? 1, self.day ?? 1)
            guard (1...12).contains(month), (1...CivilDate.dayCount(year: year, month: month)).contains(day) else {
                return nil
            }
            days = CivilDate.days(year: year, month: month, day: day)
        }
        return days * 86_400_000 + time
    }

    /// Whether the whole text fits a format.
    mutating func read(_ format: String) throws(DocumentError) -> Bool {
        var characters = format.makeIterator()
        while let character = characters.next() {
            guard character == "%" else {
                guard rest.popFirst() == character else { return false }
                continue
            }
            guard let kind = characters.next() else {
                throw DocumentError(.location(18535), "Unmatched '%' at end of format string")
            }
            guard try part(kind) else { return false }
        }
        return rest.isEmpty
    }

    private mutating func part(_ kind: Character) throws(DocumentError) -> Bool {
        switch kind {
        case "Y":
            year = number(4...4, 0...9999)
            return year != nil
        case "m":
            month = number(1...2, 1...12)
            return month != nil
        case "d":
            day = number(1...2, 1...31)
            return day != nil
        case "j":
            dayOfYear = number(1...3, 1...366)
            return dayOfYear != nil
        case "H": return add(number(1...2, 0...24), 3_600_000)
        case "M": return add(number(1...2, 0...59), 60_000)
        case "S": return add(number(1...2, 0...60), 1000)
        case "L": return add(number(1...3, 0...999), 1)
        case "b", "B":
            let names = ExpressionFunctions.monthNames.map { kind == "b" ? String($0.prefix(3)) : $0 }
            guard let place = names.firstIndex(where: { rest.lowercased().hasPrefix($0.lowercased()) }) else {
                return false
            }
            rest = rest.dropFirst(names[place].count)
            month = Int64(place + 1)
            return true
        case "z":
            if rest.first == "Z" {
                rest.removeFirst()
                zoneMinutes = 0
                return true
            }
            guard let sign = rest.popFirst(), sign == "+" || sign == "-", let hours = number(2...2, 0...23) else {
                return false
            }
            if rest.first == ":" { rest.removeFirst() }
            let minutes = Int(hours) * 60 + Int(number(2...2, 0...59) ?? 0)
            zoneMinutes = sign == "-" ? -minutes : minutes
            return true
        case "%": return rest.popFirst() == "%"
        default:
            throw DocumentError(.location(18536), "Invalid format character '%\(kind)' in format string")
        }
    }

    private mutating func add(_ number: Int64?, _ unit: Int64) -> Bool {
        guard let number else { return false }
        time += number * unit
        return true
    }

    private mutating func number(_ widths: ClosedRange<Int>, _ range: ClosedRange<Int64>) -> Int64? {
        let digits = rest.prefix(widths.upperBound).prefix { $0.isASCII && $0.isNumber }
        guard digits.count >= widths.lowerBound, let value = Int64(digits), range.contains(value) else { return nil }
        rest = rest.dropFirst(digits.count)
        return value
    }
}

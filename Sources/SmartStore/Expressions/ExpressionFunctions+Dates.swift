import Foundation

// Dates: parts, text and distances. Time zones by offset (`+02:00`) or by name where the system knows it.

extension ExpressionFunctions {
    static let namedDates: [String: Named] = [
        "$year": part("$year") { $0.year }, "$month": part("$month") { $0.month },
        "$dayOfMonth": part("$dayOfMonth") { $0.day }, "$hour": part("$hour") { $0.hour },
        "$minute": part("$minute") { $0.minute }, "$second": part("$second") { $0.second },
        "$millisecond": part("$millisecond") { $0.millisecond },
        "$dayOfWeek": part("$dayOfWeek") { $0.weekday }, "$dayOfYear": part("$dayOfYear") { $0.dayOfYear },
        "$dateToString": Named(names: ["date", "format", "timezone", "onNull"], required: 1) {
            values throws(DocumentError) in
            guard let date = try date(values[0], "$dateToString") else { return values[3] ?? .null }
            let zone = try offset(values[2], at: date)
            guard let zone else { return .null }
            guard let given = values[1] else {
                // Only UTC is written with its letter.
                let format = "%Y-%m-%dT%H:%M:%S.%L" + (zone == 0 ? "Z" : "")
                return .string(try formatted(DateParts(date, offset: zone), format, zone))
            }
            if given.isNullish { return .null }
            guard let format = given.string else {
                throw DocumentError(
                    .location(18533), "$dateToString requires that 'format' be a string, found: \(given.type.name)")
            }
            return .string(try formatted(DateParts(date, offset: zone), format, zone))
        },
        "$dateTrunc": Named(names: ["date", "unit", "binSize", "timezone", "startOfWeek"], required: 2) {
            values throws(DocumentError) in
            guard let date = try date(values[0], "$dateTrunc") else { return .null }
            for case let value? in values where value.isNullish { return .null }
            let (unit, size) = (try unit(values[1], "$dateTrunc"), values[2]?.int ?? 1)
            guard values[2] == nil || values[2]?.int != nil else {
                throw DocumentError(
                    .location(5_439_017), "$dateTrunc requires 'binSize' to be a 64-bit integer")
            }
            guard size > 0 else {
                throw DocumentError(.location(5_439_018), "$dateTrunc requires 'binSize' value to be greater than 0")
            }
            guard let zone = try offset(values[3], at: date) else { return .null }
            guard size < 1_000_000_000 else {
                throw DocumentError(.location(5_439_018), "$dateTrunc: the bins of 'binSize' \(size) are too long")
            }
            let weekStart = try unit == .week ? firstDay(values[4], "$dateTrunc") : 0
            return .date(try truncated(date, unit, size, zone, weekStart))
        },
        "$dateAdd": shifter("$dateAdd", sign: 1), "$dateSubtract": shifter("$dateSubtract", sign: -1),
        "$dateDiff": Named(names: ["startDate", "endDate", "unit", "timezone", "startOfWeek"], required: 3) {
            values throws(DocumentError) in
            guard let start = try date(values[0], "$dateDiff"), let end = try date(values[1], "$dateDiff"),
                let zone = try offset(values[3], at: start)
            else { return .null }
            for case let value? in values where value.isNullish { return .null }
            let unit = try unit(values[2], "$dateDiff")
            let (a, b) = (DateParts(start, offset: zone), DateParts(end, offset: zone))
            let months = (b.year - a.year) * 12 + b.month - a.month
            switch unit {
            case .year: return .int64(Int64(b.year - a.year))
            case .quarter: return .int64(Int64((b.year * 4 + (b.month - 1) / 3) - (a.year * 4 + (a.month - 1) / 3)))
            case .month: return .int64(Int64(months))
            default:
                let length = unit.milliseconds
                // 1970 began on a Thursday, the fifth day of a week that begins on Sunday.
                let shift = try unit == .week ? (4 - firstDay(values[4], "$dateDiff")) * 86_400_000 : 0
                func bin(_ date: BSONDate, _ zone: Int) -> Int64 {
                    floored(date.millisecondsSince1970 &+ Int64(zone * 1000) &+ Int64(shift), by: length)
                }
                // Days and weeks begin at the clock of the zone, which may have been set in between.
                let endZone = try [.day, .week].contains(unit) ? offset(values[3], at: end) ?? zone : zone
                return .int64(try exact(Int128(bin(end, endZone)) - Int128(bin(start, zone))))
            }
        },
    ]

    // MARK: Parts

    struct DateParts {
        var year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, millisecond = 0, weekday = 0, dayOfYear = 0

        init(_ date: BSONDate, offset: Int) {
            let local = date.millisecondsSince1970.addingReportingOverflow(Int64(offset) * 1000).partialValue
            let days = ExpressionFunctions.floored(local, by: 86_400_000)
            // The first day of all begins before the first millisecond.
            let rest = Int(local &- days &* 86_400_000)
            let civil = CivilDate.date(daysSince1970: days)
            (year, month, day) = (Int(civil.year), Int(civil.month), Int(civil.day))
            (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60)
            (second, millisecond) = (rest / 1000 % 60, rest % 1000)
            weekday = Int(((days + 4) % 7 + 7) % 7) + 1
            dayOfYear = Int(days - CivilDate.days(year: civil.year, month: 1, day: 1)) + 1
        }
    }

    static func floored(_ value: Int64, by divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }

    static func part(_ name: String, _ body: @escaping @Sendable (DateParts) -> Int) -> Named {
        Named(
            names: ["date", "timezone"], required: 1, short: 0,
            codes: .init(operand: 40536, unknown: 40535, missing: [40539])
        ) { values throws(DocumentError) in
            guard let date = try date(values[0], name), let zone = try offset(values[1], at: date) else { return .null }
            return .int32(Int32(clamping: body(DateParts(date, offset: zone))))
        }
    }

    static func date(_ value: BSONValue?, _ name: String) throws(DocumentError) -> BSONDate? {
        switch value {
        case nil, .null?, .undefined?: return nil
        case .date(let date)?: return date
        case .objectID(let id)?: return BSONDate(millisecondsSince1970: Int64(id.secondsSince1970) * 1000)
        case .timestamp(let stamp)?: return BSONDate(millisecondsSince1970: Int64(stamp.seconds) * 1000)
        case let value?:
            throw DocumentError(.location(16006), "can't convert from BSON type \(value.type.name) to Date")
        }
    }

    /// Seconds east of Greenwich; nil for a zone that is null. A missing one is UTC.
    static func offset(_ value: BSONValue?, at date: BSONDate) throws(DocumentError) -> Int? {
        guard let value else { return 0 }
        if value.isNullish { return nil }
        guard let name = value.string else {
            throw DocumentError(.location(40517), "timezone must evaluate to a string, found \(value.type.name)")
        }
        if name == "UTC" || name == "GMT" || name == "Z" || name.isEmpty { return 0 }
        if let sign = name.first, sign == "+" || sign == "-" {
            let digits = name.dropFirst().filter { $0 != ":" }
            guard digits.count == 2 || digits.count == 4, let number = Int(digits) else {
                throw DocumentError(.location(40485), "unrecognized time zone identifier: \"\(name)\"")
            }
            let seconds = digits.count == 2 ? number * 3600 : number / 100 * 3600 + number % 100 * 60
            return sign == "-" ? -seconds : seconds
        }
        guard let zone = TimeZone(identifier: name) else {
            throw DocumentError(.location(40485), "unrecognized time zone identifier: \"\(name)\"")
        }
        return zone.secondsFromGMT(for: date.date)
    }

    static let monthNames = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    private static func formatted(
        _ parts: DateParts, _ format: String, _ zone: Int
    ) throws(DocumentError) -> String {
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number.magnitude)
            return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        var result = ""
        var characters = format.makeIterator()
        while let character = characters.next() {
            guard character == "%" else {
                result.append(character)
                continue
            }
            switch characters.next() {
            case "Y": result += padded(parts.year, 4)
            case "m": result += padded(parts.month, 2)
            case "d": result += padded(parts.day, 2)
            case "H": result += padded(parts.hour, 2)
            case "M": result += padded(parts.minute, 2)
            case "S": result += padded(parts.second, 2)
            case "L": result += padded(parts.millisecond, 3)
            case "j": result += padded(parts.dayOfYear, 3)
            case "w": result += String(parts.weekday)
            case "G": result += padded(parts.isoWeekYear, 4)
            case "V": result += padded(parts.isoWeek, 2)
            case "U": result += padded(parts.week, 2)
            case "b": result += String(monthNames[parts.month - 1].prefix(3))
            case "B": result += monthNames[parts.month - 1]
            case "u": result += String(parts.weekday == 1 ? 7 : parts.weekday - 1)
            case "z":
                result += (zone < 0 ? "-" : "+") + padded(abs(zone) / 3600, 2) + padded(abs(zone) / 60 % 60, 2)
            case "Z": result += String(zone / 60)
            case "%": result += "%"
            case let other:
                throw DocumentError(
                    .location(other == nil ? 18535 : 18536),
                    other.map { "Invalid format character '%\($0)' in format string" }
                        ?? "Unmatched '%' at end of format string")
            }
        }
        return result
    }

    // MARK: Units

    private enum Unit: String {
        case year, quarter, month, week, day, hour, minute, second, millisecond

        var milliseconds: Int64 {
            switch self {
            case .week: 7 * 86_400_000
            case .day: 86_400_000
            case .hour: 3_600_000
            case .minute: 60_000
            case .second: 1000
            default: 1
            }
        }
    }

    private static func unit(_ value: BSONValue?, _ name: String) throws(DocumentError) -> Unit {
        guard let text = value?.string else {
            throw DocumentError(.location(5_439_013), "\(name) requires 'unit' to be a string")
        }
        guard let unit = Unit(rawValue: text) else {
            throw DocumentError(
                .failedToParse, "\(name) parameter 'unit' value cannot be recognized as a time unit: \(text)")
        }
        return unit
    }

    /// How many days after Sunday a week begins.
    private static func firstDay(_ value: BSONValue?, _ name: String) throws(DocumentError) -> Int {
        guard let value else { return 0 }
        guard let text = value.string else {
            throw DocumentError(
                .location(5_439_015), "\(name) requires 'startOfWeek' to be a string, but got \(value.type.name)")
        }
        let names = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
        let short = text.lowercased()
        guard let day = names.firstIndex(where: { $0 == short || $0.prefix(3) == short }) else {
            throw DocumentError(
                .failedToParse, "\(name) parameter 'startOfWeek' value cannot be recognized as a day of a week: \(text)"
            )
        }
        return day
    }

    private static func truncated(
        _ date: BSONDate, _ unit: Unit, _ size: Int, _ zone: Int, _ weekStart: Int
    ) throws(DocumentError) -> BSONDate {
        let shift = Int64(zone) * 1000
        switch unit {
        case .year, .quarter, .month:
            let parts = DateParts(date, offset: zone)
            let months = (parts.year - 2000) * 12 + parts.month - 1
            let bin = (unit == .year ? 12 : unit == .quarter ? 3 : 1) * size
            let start = Int(floored(Int64(months), by: Int64(bin))) * bin
            let (year, month) = (
                2000 + Int(floored(Int64(start), by: 12)), start - Int(floored(Int64(start), by: 12)) * 12
            )
            let days = CivilDate.days(year: Int64(year), month: Int64(month + 1), day: 1)
            return BSONDate(millisecondsSince1970: try exact(Int128(days) * 86_400_000 - Int128(shift)))
        default:
            // Bins are counted from 2000-01-01, weeks from their first beginning after it.
            // 2000 began on a Saturday.
            let origin: Int64 = 946_684_800_000 + (unit == .week ? Int64(1 + weekStart) * 86_400_000 : 0)
            let length = Int128(unit.milliseconds) * Int128(size)
            let distance = Int128(date.millisecondsSince1970) + Int128(shift) - Int128(origin)
            let rest = distance % length
            let start = distance - (rest < 0 ? rest + length : rest)
            return BSONDate(millisecondsSince1970: try exact(start + Int128(origin) - Int128(shift)))
        }
    }

    /// Milliseconds that fit a date.
    private static func exact(_ milliseconds: Int128) throws(DocumentError) -> Int64 {
        guard let exact = Int64(exactly: milliseconds) else { throw DocumentError(.overflow, "date overflow") }
        return exact
    }

    private static func shifter(_ name: String, sign: Int) -> Named {
        Named(names: ["startDate", "unit", "amount", "timezone"], required: 3) { values throws(DocumentError) in
            guard let date = try date(values[0], name), let amount = values[2], !amount.isNullish,
                let zone = try offset(values[3], at: date)
            else { return .null }
            if values[1]?.isNullish ?? true { return .null }
            let unit = try unit(values[1], name)
            guard let count = amount.int.map({ $0.multipliedReportingOverflow(by: sign).partialValue }),
                count.magnitude < 1 << 40
            else {
                throw DocumentError(.location(5_166_405), "\(name) expects integer amount of time units")
            }
            let months = unit == .year ? 12 * count : unit == .quarter ? 3 * count : unit == .month ? count : 0
            guard [.year, .quarter, .month].contains(unit) else {
                let moved = Int128(date.millisecondsSince1970) + Int128(count) * Int128(unit.milliseconds)
                return .date(BSONDate(millisecondsSince1970: try exact(moved)))
            }
            let parts = DateParts(date, offset: zone)
            let isOff = date.millisecondsSince1970.addingReportingOverflow(Int64(zone) * 1000).overflow
            guard !isOff, abs(months) < 4_000_000_000 else {
                throw DocumentError(.overflow, "date overflow")
            }
            let total = parts.year * 12 + parts.month - 1 + months
            let (year, month) = (
                Int64(floored(Int64(total), by: 12)), Int64(total) - floored(Int64(total), by: 12) * 12
            )
            let last = CivilDate.dayCount(year: year, month: month + 1)
            let days = CivilDate.days(year: year, month: month + 1, day: min(Int64(parts.day), last))
            let local = Int128(date.millisecondsSince1970) + Int128(zone) * 1000
            let rest = (local % 86_400_000 + 86_400_000) % 86_400_000
            return .date(
                BSONDate(millisecondsSince1970: try exact(Int128(days) * 86_400_000 + rest - Int128(zone) * 1000)))
        }
    }
}

// Text. Lengths and indexes are in bytes of UTF-8 or in code points, as the operators' names say.

extension ExpressionFunctions {
    static let strings: [String: Function] = [
        "$concat": Function(arity: 0...Int.max) { values throws(DocumentError) in
            var result = ""
            for value in values {
                guard let value, !value.isNullish else { return .null }
                guard let text = value.string else {
                    throw DocumentError(.location(16702), "$concat only supports strings, not \(value.type.name)")
                }
                result += text
            }
            return .string(result)
        },
        "$toLower": one { value throws(DocumentError) in .string(try coerced("$toLower", value).lowercasedASCII) },
        "$toUpper": one { value throws(DocumentError) in .string(try coerced("$toUpper", value).uppercasedASCII) },
        "$strLenBytes": one { value throws(DocumentError) in
            .int32(Int32(clamping: try demanded("$strLenBytes", value, 34473).utf8.count))
        },
        "$strLenCP": one { value throws(DocumentError) in
            .int32(Int32(clamping: try demanded("$strLenCP", value, 34471).unicodeScalars.count))
        },
        "$strcasecmp": two { a, b throws(DocumentError) in
            let (x, y) = (try coerced("$strcasecmp", a).uppercasedASCII, try coerced("$strcasecmp", b).uppercasedASCII)
            return .int32(Int32(ValueOrder.compare(.string(x), .string(y))))
        },
        "$substr": Function(arity: 3...3) { values throws(DocumentError) in try bytes("$substr", values) },
        "$substrBytes": Function(arity: 3...3) { values throws(DocumentError) in try bytes("$substrBytes", values) },
        "$substrCP": Function(arity: 3...3) { values throws(DocumentError) in try codePoints(values) },
        "$split": two { a, b throws(DocumentError) in
            guard let a, let b, !a.isNullish, !b.isNullish else { return .null }
            guard let text = a.string else {
                throw DocumentError(
                    .location(40085),
                    "$split requires an expression that evaluates to a string as a first argument, "
                        + "found: \(a.type.name)")
            }
            guard let separator = b.string else {
                throw DocumentError(
                    .location(40086),
                    "$split requires an expression that evaluates to a string as a second argument, "
                        + "found: \(b.type.name)")
            }
            guard !separator.isEmpty else {
                throw DocumentError(.location(40087), "$split requires a non-empty separator")
            }
            return .array(pieces(of: text, at: separator).map { .string($0) })
        },
        "$indexOfBytes": Function(arity: 2...4) { values throws(DocumentError) in
            try index("$indexOfBytes", values, 40091) { Array($0.utf8) }
        },
        "$indexOfCP": Function(arity: 2...4) { values throws(DocumentError) in
            try index("$indexOfCP", values, 40093) { Array($0.unicodeScalars.map(\.value)) }
        },
    ]

    static let namedStrings: [String: Named] = [
        "$trim": trimmer("$trim", left: true, right: true), "$ltrim": trimmer("$ltrim", left: true, right: false),
        "$rtrim": trimmer("$rtrim", left: false, right: true),
        "$replaceOne": replacer("$replaceOne", all: false), "$replaceAll": replacer("$replaceAll", all: true),
        "$regexMatch": Named(names: ["input", "regex", "options"], required: 2, codes: regexCodes) {
            values throws(DocumentError) in
            guard let (text, regex) = try regexInput("$regexMatch", values) else { return .bool(false) }
            return .bool(try regex.firstMatch(in: text, from: 0) != nil)
        },
        "$regexFind": Named(names: ["input", "regex", "options"], required: 2, codes: regexCodes) {
            values throws(DocumentError) in
            guard let (text, regex) = try regexInput("$regexFind", values) else { return .null }
            return try regex.firstMatch(in: text, from: 0).map { .document(described($0, in: text)) } ?? .null
        },
        "$regexFindAll": Named(names: ["input", "regex", "options"], required: 2, codes: regexCodes) {
            values throws(DocumentError) in
            guard let (text, regex) = try regexInput("$regexFindAll", values) else { return .array([]) }
            let bytes = Array(text.utf8)
            var found: [BSONValue] = []
            var start = 0
            repeat {
                guard let match = try regex.firstMatch(in: text, from: start) else { break }
                found.append(.document(described(match, in: text)))
                start = match.whole.upperBound
                guard match.whole.isEmpty else { continue }
                // An empty match goes on at the next character.
                start += 1
                while start < bytes.count, bytes[start] & 0xC0 == 0x80 { start += 1 }
            } while start < bytes.count
            return .array(found)
        },
    ]

    // MARK: Pieces

    /// A string, or what is written as one; null is the empty text.
    private static func coerced(_ name: String, _ value: BSONValue?) throws(DocumentError) -> String {
        switch value {
        case nil, .null?, .undefined?: return ""
        case .string(let text)?, .symbol(let text)?, .code(let text)?: return text
        case .date(let date)?: return date.iso8601
        case let value? where value.isNumeric: return ExpressionFunctions.text(of: value)
        case let value?:
            throw DocumentError(
                .location(16007), "can't convert from BSON type \(value.type.name) to String in \(name)")
        }
    }

    private static func demanded(_ name: String, _ value: BSONValue?, _ code: Int) throws(DocumentError) -> String {
        guard let text = value?.string else {
            throw DocumentError(
                .location(code), "\(name) requires a string argument, found: \(value?.type.name ?? "missing")")
        }
        return text
    }

    static func pieces(of text: String, at separator: String) -> [String] {
        let (bytes, mark) = (Array(text.utf8), Array(separator.utf8))
        var found: [String] = []
        var start = 0
        while let place = place(of: mark, in: bytes, from: start, to: bytes.count) {
            found.append(String(decoding: bytes[start..<place], as: UTF8.self))
            start = place + mark.count
        }
        found.append(String(decoding: bytes[start...], as: UTF8.self))
        return found
    }

    private static func place<T: Equatable>(of mark: [T], in text: [T], from start: Int, to end: Int) -> Int? {
        guard start >= 0, start <= end else { return nil }
        guard !mark.isEmpty else { return start }
        var place = start
        while place + mark.count <= end {
            if text[place] == mark[0], text[place..<(place + mark.count)].elementsEqual(mark) { return place }
            place += 1
        }
        return nil
    }

    private static func whole(_ name: String, _ value: BSONValue?, _ code: Int) throws(DocumentError) -> Int {
        guard let value, value.isNumeric, let double = value.double else {
            throw DocumentError(
                .location(code),
                "\(name): \(code == 16034 ? "starting index" : "length") must be a numeric type (is BSON type "
                    + "\(value?.type.name ?? "missing"))")
        }
        return value.int ?? Int(exactly: double.rounded(.towardZero)) ?? (double < 0 ? -1 : .max)
    }

    private static func bytes(_ name: String, _ values: [BSONValue?]) throws(DocumentError) -> BSONValue? {
        let text = Array(try coerced(name, values[0]).utf8)
        let (start, length) = (try whole(name, values[1], 16034), try whole(name, values[2], 16035))
        guard start >= 0 else {
            throw DocumentError(.location(50752), "\(name): starting index must be non-negative")
        }
        guard start < text.count else { return .string("") }
        let end = length < 0 ? text.count : min(text.count, start.addingReportingOverflow(length).partialValue)
        let stop = end < start ? text.count : end
        guard text[start] & 0xC0 != 0x80 else {
            throw DocumentError(
                .location(28656), "\(name):  Invalid range, starting index is a UTF-8 continuation byte.")
        }
        guard stop == text.count || text[stop] & 0xC0 != 0x80 else {
            throw DocumentError(
                .location(28657), "\(name):  Invalid range, ending index is in the middle of a UTF-8 character.")
        }
        return .string(String(decoding: text[start..<stop], as: UTF8.self))
    }

    private static func codePoints(_ values: [BSONValue?]) throws(DocumentError) -> BSONValue? {
        let text = try coerced("$substrCP", values[0]).unicodeScalars
        func count(_ value: BSONValue?, _ what: String, _ code: Int) throws(DocumentError) -> Int {
            guard let value, value.isNumeric else {
                throw DocumentError(
                    .location(code),
                    "$substrCP: \(what) must be a numeric type (is BSON type \(value?.type.name ?? "missing"))")
            }
            guard let number = value.int, Int32(exactly: number) != nil else {
                throw DocumentError(
                    .location(code + 1), "$substrCP: \(what) cannot be represented as a 32-bit integral value")
            }
            return number
        }
        let start = try count(values[1], "starting index", 34450)
        let length = try count(values[2], "length", 34452)
        guard length >= 0 else {
            throw DocumentError(.location(34454), "$substrCP: length must be a nonnegative integer.")
        }
        guard start >= 0 else {
            throw DocumentError(.location(34455), "$substrCP: the starting index must be nonnegative integer.")
        }
        return .string(String(String.UnicodeScalarView(text.dropFirst(start).prefix(length))))
    }

    private static func index<T: Equatable>(
        _ name: String, _ values: [BSONValue?], _ code: Int, _ units: (String) -> [T]
    ) throws(DocumentError) -> BSONValue? {
        guard let value = values[0], !value.isNullish else { return .null }
        guard let text = value.string else {
            throw DocumentError(
                .location(code), "\(name) requires a string as the first argument, found: \(value.type.name)")
        }
        guard let mark = values[1]?.string else {
            throw DocumentError(
                .location(code + 1),
                "\(name) requires a string as the second argument, found: \(values[1]?.type.name ?? "missing")")
        }
        let all = units(text)
        func bound(_ place: Int, _ usual: Int) throws(DocumentError) -> Int {
            guard place < values.count, let value = values[place] else { return usual }
            guard let number = value.int else {
                throw DocumentError(.location(40096), "\(name) requires an integral index")
            }
            guard number >= 0 else {
                throw DocumentError(.location(40097), "\(name) requires a nonnegative index, found: \(number)")
            }
            return number
        }
        let start = try bound(2, 0)
        let end = min(try bound(3, all.count), all.count)
        return .int32(Int32(clamping: place(of: units(mark), in: all, from: start, to: end) ?? -1))
    }

    private static func trimmer(_ name: String, left: Bool, right: Bool) -> Named {
        Named(
            names: ["input", "chars"], required: 1, codes: .init(operand: 50696, unknown: 50694, missing: [50695])
        ) { values throws(DocumentError) in
            guard let value = values[0], !value.isNullish else { return .null }
            guard let text = value.string else {
                throw DocumentError(
                    .location(50699), "\(name) requires its input to be a string, got \(value.type.name) instead.")
            }
            var set: Set<Unicode.Scalar> = [
                "\0", " ", "\t", "\n", "\u{B}", "\u{C}", "\r", "\u{A0}", "\u{1680}", "\u{2000}", "\u{2001}", "\u{2002}",
                "\u{2003}", "\u{2004}", "\u{2005}", "\u{2006}", "\u{2007}", "\u{2008}", "\u{2009}", "\u{200A}",
            ]
            if let given = values[1] {
                if given.isNullish { return .null }
                guard let characters = given.string else {
                    throw DocumentError(
                        .location(50700),
                        "\(name) requires 'chars' to be a string, got \(given.type.name) instead.")
                }
                set = Set(characters.unicodeScalars)
            }
            var rest = text.unicodeScalars[...]
            while left, let first = rest.first, set.contains(first) { rest.removeFirst() }
            while right, let last = rest.last, set.contains(last) { rest.removeLast() }
            return .string(String(String.UnicodeScalarView(rest)))
        }
    }

    private static func replacer(_ name: String, all: Bool) -> Named {
        Named(
            names: ["input", "find", "replacement"], required: 3,
            codes: .init(operand: 51751, unknown: 51750, missing: [51749, 51748, 51747])
        ) { values throws(DocumentError) in
            for (value, (part, code)) in zip(values, [("input", 51746), ("find", 51745), ("replacement", 51744)]) {
                guard let value, !value.isNullish, value.string == nil else { continue }
                throw DocumentError(
                    .location(code), "\(name) requires that '\(part)' be a string, found: \(ExtendedJSON.string(value))"
                )
            }
            guard let text = values[0]?.string, let mark = values[1]?.string, let replacement = values[2]?.string
            else { return .null }
            guard !mark.isEmpty else {
                return .string(
                    all
                        ? text.unicodeScalars.reduce(replacement) { $0 + String($1) + replacement }
                        : replacement + text)
            }
            let found = pieces(of: text, at: mark)
            guard !all, found.count > 1 else { return .string(found.joined(separator: replacement)) }
            return .string(found[0] + replacement + found[1...].joined(separator: mark))
        }
    }

    // MARK: Regular expressions

    private static let regexCodes = Named.Codes(operand: 51103, unknown: 31024, missing: [31022, 31023])

    private static func regexInput(
        _ name: String, _ values: [BSONValue?]
    ) throws(DocumentError) -> (String, RegularExpression)? {
        if let input = values[0], !input.isNullish, input.string == nil {
            throw DocumentError(.location(51104), "\(name) needs 'input' to be of type string")
        }
        var (pattern, options) = ("", "")
        switch values[1] {
        case .regex(let regex)?: (pattern, options) = (regex.pattern, regex.options)
        case .string(let text)?: pattern = text
        case nil, .null?, .undefined?: return nil
        default: throw DocumentError(.location(51105), "\(name) needs 'regex' to be of type string or regex")
        }
        if let given = values[2], !given.isNullish {
            guard let text = given.string else {
                throw DocumentError(.location(51106), "\(name) needs 'options' to be of type string")
            }
            guard options.isEmpty else {
                throw DocumentError(
                    .location(51107), "\(name): found regex option(s) specified in both 'regex' and 'option' fields")
            }
            options = text
        }
        guard let text = values[0]?.string else { return nil }
        do throws(DocumentError) { return (text, try RegularExpression(pattern: pattern, options: options)) } catch {
            // Options that are none, or a pattern that is none.
            let isOption = options.contains { !"imsxu".contains($0) }
            throw DocumentError(.location(isOption ? 51108 : 51111), "\(name): \(error.message)")
        }
    }

    private static func described(_ match: RegularExpression.Match, in text: String) -> Document {
        let bytes = Array(text.utf8)
        func part(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        let index = String(decoding: bytes[..<match.whole.lowerBound], as: UTF8.self).unicodeScalars.count
        return [
            "match": .string(part(match.whole)), "idx": .int32(Int32(clamping: index)),
            "captures": .array(match.captures.map { $0.map { .string(part($0)) } ?? .null }),
        ]
    }
}

extension String {
    /// Only the letters of ASCII change, as in MongoDB.
    fileprivate var lowercasedASCII: String {
        String(decoding: utf8.map { (0x41...0x5A).contains($0) ? $0 + 32 : $0 }, as: UTF8.self)
    }

    fileprivate var uppercasedASCII: String {
        String(decoding: utf8.map { (0x61...0x7A).contains($0) ? $0 - 32 : $0 }, as: UTF8.self)
    }
}

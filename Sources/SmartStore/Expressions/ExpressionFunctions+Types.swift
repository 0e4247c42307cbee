// Types and conversions, and the operators on documents.

extension ExpressionFunctions {
    static let types: [String: Function] = [
        "$type": one { value in .string(value?.type.name ?? "missing") },
        "$isNumber": one { value in .bool(value?.isNumeric ?? false) },
        "$toString": one { value throws(DocumentError) in try converted(value, to: .string) },
        "$toInt": one { value throws(DocumentError) in try converted(value, to: .int32) },
        "$toLong": one { value throws(DocumentError) in try converted(value, to: .int64) },
        "$toDouble": one { value throws(DocumentError) in try converted(value, to: .double) },
        "$toDecimal": one { value throws(DocumentError) in try converted(value, to: .decimal128) },
        "$toBool": one { value throws(DocumentError) in try converted(value, to: .bool) },
        "$toDate": one { value throws(DocumentError) in try converted(value, to: .date) },
        "$toObjectId": one { value throws(DocumentError) in try converted(value, to: .objectID) },
        "$tsSecond": one { value throws(DocumentError) in
            try stamped("$tsSecond", 5_687_301, value) { .int64(Int64($0.seconds)) }
        },
        "$tsIncrement": one { value throws(DocumentError) in
            try stamped("$tsIncrement", 5_687_302, value) { .int64(Int64($0.increment)) }
        },
        "$binarySize": one { value throws(DocumentError) in
            switch value {
            case nil, .null?, .undefined?: return .null
            case .string(let text)?: return .int32(Int32(clamping: text.utf8.count))
            case .binary(let binary)?: return .int32(Int32(clamping: binary.bytes.count))
            case let value?:
                throw DocumentError(
                    .location(51276), "$binarySize requires a string or BinData argument, found: \(value.type.name)")
            }
        },
        "$bsonSize": one { value throws(DocumentError) in
            guard let value, !value.isNullish else { return .null }
            guard let document = value.document else {
                throw DocumentError(
                    .location(31393), "$bsonSize requires a document input, found: \(value.type.name)")
            }
            return .int32(Int32(clamping: document.bson.count))
        },
    ]

    static let namedTypes: [String: Named] = [
        "$convert": Named(names: ["input", "to", "onError", "onNull"], required: 2) { values throws(DocumentError) in
            guard let target = values[1], !target.isNullish else { return .null }
            guard let input = values[0], !input.isNullish else { return values[3] ?? .null }
            let type: BSONType?
            if let name = target.string {
                type = BSONType.allCases.first { $0.name == name }
            } else {
                type = target.int.flatMap { Int8(exactly: $0) }.flatMap { BSONType(rawValue: UInt8(bitPattern: $0)) }
            }
            guard let type else {
                guard target.string != nil || target.int != nil else {
                    throw DocumentError(
                        .failedToParse,
                        "$convert's 'to' argument must be a string or number, but is \(target.type.name)")
                }
                throw DocumentError(.badValue, "Unknown type name: \(ExtendedJSON.string(target))")
            }
            do throws(DocumentError) { return try converted(input, to: type) } catch {
                if let value = values[2] { return value }
                throw error
            }
        }
    ]

    static let objects: [String: Function] = [
        "$mergeObjects": Function(arity: 0...Int.max) { values throws(DocumentError) in
            var result = Document()
            var parts = values
            if values.count == 1, case .array(let elements)?? = values.first { parts = elements.map { $0 } }
            for case let value? in parts where !value.isNullish {
                guard let document = value.document else {
                    throw DocumentError(
                        .location(40400),
                        "$mergeObjects requires object inputs, but input "
                            + "\(ExtendedJSON.string(value)) is of type \(value.type.name)")
                }
                for (name, inner) in document { result[name] = inner }
            }
            return .document(result)
        }
    ]

    static let namedObjects: [String: Named] = [
        "$getField": Named(names: ["field", "input"], required: 1, short: 0) { values throws(DocumentError) in
            guard let name = values[0]?.string else {
                throw DocumentError(.location(3_041_704), "$getField requires 'field' to evaluate to type String")
            }
            guard let input = values[1] else { return nil }
            if input.isNullish { return .null }
            return input.document?[name]
        },
        "$unsetField": Named(names: ["field", "input"], required: 2) { values throws(DocumentError) in
            guard let name = values[0]?.string, let input = values[1], !input.isNullish else { return .null }
            guard var document = input.document else {
                throw DocumentError(.location(4_161_105), "$unsetField requires 'input' to evaluate to type Object")
            }
            document[name] = nil
            return .document(document)
        },
        "$setField": Named(names: ["field", "input", "value"], required: 2) { values throws(DocumentError) in
            guard let name = values[0]?.string else {
                throw DocumentError(.location(4_161_107), "$setField requires 'field' to evaluate to type String")
            }
            guard let input = values[1], !input.isNullish else { return .null }
            guard var document = input.document else {
                throw DocumentError(.location(4_161_105), "$setField requires 'input' to evaluate to type Object")
            }
            document[name] = values[2]
            return .document(document)
        },
    ]

    private static func stamped(
        _ name: String, _ code: Int, _ value: BSONValue?, _ body: (BSONTimestamp) -> BSONValue
    ) throws(DocumentError) -> BSONValue? {
        switch value {
        case nil, .null?, .undefined?: return .null
        case .timestamp(let stamp)?: return body(stamp)
        case let value?:
            throw DocumentError(
                .location(code), "\(name) requires a timestamp argument, found: \(value.type.name)")
        }
    }

    // MARK: Conversions

    /// A number as text, as `$toString` has it.
    static func text(of value: BSONValue) -> String {
        switch value {
        case .int32(let number): String(number)
        case .int64(let number): String(number)
        case .decimal128(let number): number.description
        case .double(let number) where number.isNaN: "NaN"
        case .double(let number) where number.isInfinite: number < 0 ? "-Infinity" : "Infinity"
        case .double(let number):
            Int64(exactly: number).map { number.magnitude < 1e15 ? String($0) : "\(number)" } ?? "\(number)"
        default: ExtendedJSON.string(value)
        }
    }

    static func converted(_ value: BSONValue?, to type: BSONType) throws(DocumentError) -> BSONValue? {
        guard let value, !value.isNullish else { return .null }
        func refuse() -> DocumentError {
            DocumentError(
                .location(241),
                "Unsupported conversion from \(value.type.name) to \(type.name) in $convert with no onError value")
        }
        func fail(_ why: String) -> DocumentError {
            DocumentError(.location(241), "Failed to convert \(ExtendedJSON.string(value)) to \(type.name): \(why)")
        }
        switch type {
        case .string:
            switch value {
            case .string: return value
            case .bool(let flag): return .string(flag ? "true" : "false")
            case .objectID(let id): return .string(id.description)
            case .date(let date): return .string(date.iso8601)
            case _ where value.isNumeric: return .string(text(of: value))
            default: throw refuse()
            }
        case .bool:
            if value.type == .bool { return value }
            return .bool(ExpressionValues.isTrue(value))
        case .int32, .int64:
            guard let number = try whole(value, refuse: refuse, fail: fail, isDateAllowed: type == .int64) else {
                throw fail("out of range")
            }
            if type == .int64 { return .int64(number) }
            guard let small = Int32(exactly: number) else { throw fail("Conversion would overflow target type") }
            return .int32(small)
        case .double:
            switch value {
            case .bool(let flag): return .double(flag ? 1 : 0)
            case .date(let date): return .double(Double(date.millisecondsSince1970))
            case .string(let text):
                guard let number = number(in: text) else { throw fail("Failed to parse number '\(text)' in $convert") }
                return .double(number)
            default:
                guard value.isNumeric, let number = value.double else { throw refuse() }
                return .double(number)
            }
        case .decimal128:
            switch value {
            case .bool(let flag): return .decimal128(Decimal128(flag ? 1 : 0))
            case .date(let date): return .decimal128(Decimal128(date.millisecondsSince1970))
            case .string(let text):
                guard let number = Decimal128(text) else { throw fail("Failed to parse number '\(text)' in $convert") }
                return .decimal128(number)
            default:
                guard let number = Decimal128(number: value) else { throw refuse() }
                return .decimal128(number)
            }
        case .date:
            switch value {
            case .date: return value
            case .int64(let number): return .date(BSONDate(millisecondsSince1970: number))
            case .double(let number):
                guard let whole = Int64(exactly: number.rounded(.towardZero)) else { throw fail("out of range") }
                return .date(BSONDate(millisecondsSince1970: whole))
            case .decimal128(let number):
                guard let whole = number.rounded(places: 0, .towardZero).int64 else { throw fail("out of range") }
                return .date(BSONDate(millisecondsSince1970: whole))
            case .objectID(let id):
                return .date(BSONDate(millisecondsSince1970: Int64(id.secondsSince1970) * 1000))
            case .timestamp(let stamp): return .date(BSONDate(millisecondsSince1970: Int64(stamp.seconds) * 1000))
            case .string(let text):
                guard let date = BSONDate(iso8601: text) ?? BSONDate(iso8601: text + "T00:00:00Z") else {
                    throw fail("Error parsing date string '\(text)'")
                }
                return .date(date)
            default: throw refuse()
            }
        case .objectID:
            switch value {
            case .objectID: return value
            case .string(let text):
                guard let id = ObjectID(text) else {
                    throw fail(
                        "Failed to parse objectId '\(text)' in $convert: Invalid string length for parsing to OID")
                }
                return .objectID(id)
            default: throw refuse()
            }
        default:
            if value.type == type { return value }
            throw refuse()
        }
    }

    private static func whole(
        _ value: BSONValue, refuse: () -> DocumentError, fail: (String) -> DocumentError, isDateAllowed: Bool
    ) throws(DocumentError) -> Int64? {
        switch value {
        case .bool(let flag): return flag ? 1 : 0
        case .int32(let number): return Int64(number)
        case .int64(let number): return number
        case .double(let number):
            guard number.isFinite else {
                throw fail("Attempt to convert \(number.isNaN ? "NaN" : "infinity") value to integer type in $convert")
            }
            return Int64(exactly: number.rounded(.towardZero))
        case .decimal128(let number):
            guard number.isFinite else {
                throw fail("Attempt to convert \(number.isNaN ? "NaN" : "infinity") value to integer type in $convert")
            }
            return number.rounded(places: 0, .towardZero).int64
        case .date(let date) where isDateAllowed: return date.millisecondsSince1970
        case .string(let text):
            guard let number = Int64(text), !text.hasPrefix("+") else {
                throw fail("Failed to parse number '\(text)' in $convert with no onError value")
            }
            return number
        default: throw refuse()
        }
    }

    private static func number(in text: String) -> Double? {
        switch text {
        case "NaN": .nan
        case "Infinity", "inf": .infinity
        case "-Infinity", "-inf": -.infinity
        default: text.utf8.contains { $0 == 0x20 } || text.hasPrefix("0x") ? nil : Double(text)
        }
    }
}

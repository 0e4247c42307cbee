// Arrays and sets.

extension ExpressionFunctions {
    static let arrays: [String: Function] = [
        "$arrayElemAt": two { a, b throws(DocumentError) in
            guard let a, let b, !a.isNullish, !b.isNullish else { return .null }
            guard let elements = a.array else {
                throw DocumentError(
                    .location(28689), "$arrayElemAt's first argument must be an array, but is \(a.type.name)")
            }
            guard b.isNumeric else {
                throw DocumentError(
                    .location(28690), "$arrayElemAt's second argument must be a numeric value, but is \(b.type.name)")
            }
            guard let place = b.int, Int32(exactly: place) != nil else {
                throw DocumentError(
                    .location(28691),
                    "$arrayElemAt's second argument must be representable as a 32-bit integer: "
                        + ExtendedJSON.string(b))
            }
            return element(of: elements, at: place)
        },
        "$first": one { value throws(DocumentError) in try end("$first", value, at: 0) },
        "$last": one { value throws(DocumentError) in try end("$last", value, at: -1) },
        "$size": one { value throws(DocumentError) in
            guard let elements = value?.array else {
                throw DocumentError(
                    .location(17124),
                    "The argument to $size must be an array, but was of type: \(value?.type.name ?? "missing")")
            }
            return .int32(Int32(clamping: elements.count))
        },
        "$isArray": one { value in .bool(value?.array != nil) },
        "$concatArrays": Function(arity: 0...Int.max) { values throws(DocumentError) in
            var all: [BSONValue] = []
            for value in values {
                guard let value, !value.isNullish else { return .null }
                guard let elements = value.array else {
                    throw DocumentError(.location(28664), "$concatArrays only supports arrays, not \(value.type.name)")
                }
                all += elements
            }
            return .array(all)
        },
        "$in": two { value, list throws(DocumentError) in
            guard let elements = list?.array else {
                throw DocumentError(
                    .location(40081),
                    "$in requires an array as a second argument, found: \(list?.type.name ?? "missing")")
            }
            return .bool(elements.contains { ExpressionValues.compare($0, value) == 0 })
        },
        "$indexOfArray": Function(arity: 2...4) { values throws(DocumentError) in
            guard let list = values[0], !list.isNullish else { return .null }
            guard let elements = list.array else {
                throw DocumentError(
                    .location(40090), "$indexOfArray requires an array as a first argument, found: \(list.type.name)")
            }
            func bound(_ place: Int, _ usual: Int) throws(DocumentError) -> Int {
                guard place < values.count, let value = values[place] else { return usual }
                guard let number = value.int else {
                    throw DocumentError(.location(40096), "$indexOfArray requires an integral index")
                }
                guard number >= 0 else {
                    throw DocumentError(
                        .location(40097), "$indexOfArray requires a nonnegative index, found: \(number)")
                }
                return number
            }
            let (start, end) = (try bound(2, 0), min(try bound(3, elements.count), elements.count))
            guard start < end else { return .int32(-1) }
            let found = (start..<end).first { ExpressionValues.compare(elements[$0], values[1]) == 0 }
            return .int32(Int32(clamping: found ?? -1))
        },
        "$range": Function(arity: 2...3) { values throws(DocumentError) in
            func whole(_ place: Int, _ code: Int) throws(DocumentError) -> Int {
                guard let value = values[place], value.isNumeric else {
                    throw DocumentError(
                        .location(code), "$range requires numbers, found: \(values[place]?.type.name ?? "missing")")
                }
                guard let number = value.int, Int32(exactly: number) != nil else {
                    throw DocumentError(.location(code + 1), "$range requires numbers that fit 32 bits")
                }
                return number
            }
            let (start, end) = (try whole(0, 34443), try whole(1, 34445))
            let step = values.count > 2 ? try whole(2, 34447) : 1
            guard step != 0 else { throw DocumentError(.location(34449), "$range requires a non-zero step value") }
            guard (end - start) / step <= 4_000_000 else {
                throw DocumentError(.location(146), "$range would use too much memory")
            }
            return .array(stride(from: start, to: end, by: step).map { .int32(Int32($0)) })
        },
        "$reverseArray": one { value throws(DocumentError) in
            guard let value, !value.isNullish else { return .null }
            guard let elements = value.array else {
                throw DocumentError(
                    .location(34435),
                    "The argument to $reverseArray must be an array, but was of type: \(value.type.name)")
            }
            return .array(elements.reversed())
        },
        "$slice": Function(arity: 2...3) { values throws(DocumentError) in try slice(values) },
        "$arrayToObject": one { value throws(DocumentError) in try object(from: value) },
        "$objectToArray": one { value throws(DocumentError) in
            guard let value, !value.isNullish else { return .null }
            guard let document = value.document else {
                throw DocumentError(
                    .location(40390), "$objectToArray requires a document input, found: \(value.type.name)")
            }
            return .array(document.map { ["k": .string($0), "v": $1] })
        },
    ]

    static let sets: [String: Function] = [
        "$setUnion": Function(arity: 0...Int.max) { values throws(DocumentError) in
            var all: [BSONValue] = []
            for value in values {
                if value?.isNullish ?? true { return .null }
                all += try members("$setUnion", value, 17043)
            }
            return .array(unique(all))
        },
        "$setIntersection": Function(arity: 0...Int.max) { values throws(DocumentError) in
            var result: [BSONValue]?
            for value in values {
                if value?.isNullish ?? true { return .null }
                let elements = unique(try members("$setIntersection", value, 17047))
                result = result.map { $0.filter { contains(elements, $0) } } ?? elements
            }
            return .array(result ?? [])
        },
        "$setDifference": two { a, b throws(DocumentError) in
            guard let a, let b, !a.isNullish, !b.isNullish else { return .null }
            let (first, second) = (
                try members("$setDifference", a, 17048), unique(try members("$setDifference", b, 17049))
            )
            var kept: [BSONValue] = []
            for value in first
            where !contains(second, value)
                && !kept.contains(where: {
                    ValueOrder.compare($0, value) == 0
                })
            { kept.append(value) }
            return .array(kept)
        },
        "$setEquals": Function(arity: 2...Int.max) { values throws(DocumentError) in
            let first = unique(try members("$setEquals", values[0], 17044))
            for value in values.dropFirst() {
                let other = unique(try members("$setEquals", value, 17044))
                guard first.count == other.count, first.allSatisfy({ contains(other, $0) }) else { return .bool(false) }
            }
            return .bool(true)
        },
        "$setIsSubset": two { a, b throws(DocumentError) in
            let (first, second) = (
                try members("$setIsSubset", a, 17046), unique(try members("$setIsSubset", b, 17042))
            )
            return .bool(first.allSatisfy { contains(second, $0) })
        },
        "$anyElementTrue": one { value throws(DocumentError) in
            .bool(try members("$anyElementTrue", value, 17041).contains { ExpressionValues.isTrue($0) })
        },
        "$allElementsTrue": one { value throws(DocumentError) in
            .bool(try members("$allElementsTrue", value, 17040).allSatisfy { ExpressionValues.isTrue($0) })
        },
    ]

    static let namedArrays: [String: Named] = [
        "$sortArray": Named(
            names: ["input", "sortBy"], required: 2,
            codes: .init(operand: 2_942_500, unknown: 2_942_501, missing: [2_942_502, 2_942_503])
        ) { values throws(DocumentError) in
            guard let value = values[0], !value.isNullish else { return .null }
            guard let elements = value.array else {
                throw DocumentError(
                    .location(2_942_504),
                    "The input argument to $sortArray must be an array, but was of type: \(value.type.name)")
            }
            return .array(try sorted(elements, by: values[1] ?? .int32(1)))
        },
        "$zip": Named(
            names: ["inputs", "useLongestLength", "defaults"], required: 1,
            codes: .init(operand: 34460, unknown: 34464, missing: [34465])
        ) { values throws(DocumentError) in
            try zipped(values)
        },
        "$firstN": several("$firstN") { elements, count in Array(elements.prefix(count)) },
        "$lastN": several("$lastN") { elements, count in Array(elements.suffix(count)) },
        "$maxN": several("$maxN") { elements, count in
            Array(elements.filter { !$0.isNullish }.sorted { ValueOrder.compare($0, $1) > 0 }.prefix(count))
        },
        "$minN": several("$minN") { elements, count in
            Array(elements.filter { !$0.isNullish }.sorted { ValueOrder.compare($0, $1) < 0 }.prefix(count))
        },
    ]

    // MARK: Pieces

    private static func element(of elements: [BSONValue], at place: Int) -> BSONValue? {
        let index = place < 0 ? elements.count + place : place
        // Not a conditional expression: its nil would be the null that values have for a literal.
        guard elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    private static func end(_ name: String, _ value: BSONValue?, at place: Int) throws(DocumentError) -> BSONValue? {
        guard let value, !value.isNullish else { return .null }
        guard let elements = value.array else {
            throw DocumentError(.location(28689), "\(name)'s argument must be an array, but is \(value.type.name)")
        }
        return element(of: elements, at: place)
    }

    private static func slice(_ values: [BSONValue?]) throws(DocumentError) -> BSONValue? {
        guard !ExpressionValues.hasNull(values), let first = values[0] else { return .null }
        guard let elements = first.array else {
            throw DocumentError(
                .location(28724), "First argument to $slice must be an array, but is of type: \(first.type.name)")
        }
        func whole(_ place: Int, _ code: Int) throws(DocumentError) -> Int {
            guard let value = values[place], value.isNumeric else {
                throw DocumentError(
                    .location(code),
                    "arguments of $slice must be numbers, but one is of type: \(values[place]?.type.name ?? "missing")")
            }
            guard let number = value.int, Int32(exactly: number) != nil else {
                throw DocumentError(.location(code + 1), "arguments of $slice must be integers of 32 bits")
            }
            return number
        }
        let second = try whole(1, 28725)
        guard values.count == 3 else {
            return .array(Array(second >= 0 ? elements.prefix(second) : elements.suffix(-second)))
        }
        let count = try whole(2, 28727)
        guard count > 0 else {
            throw DocumentError(.location(28729), "Third argument to $slice must be positive: \(count)")
        }
        let start = second < 0 ? max(0, elements.count + second) : min(second, elements.count)
        return .array(Array(elements[start...].prefix(count)))
    }

    private static func object(from value: BSONValue?) throws(DocumentError) -> BSONValue? {
        guard let value, !value.isNullish else { return .null }
        guard let elements = value.array else {
            throw DocumentError(.location(40386), "$arrayToObject requires an array input, found: \(value.type.name)")
        }
        var document = Document()
        for element in elements {
            let (key, inner) = try pair(element, isFirstAnArray: elements[0].array != nil)
            guard !key.utf8.contains(0) else {
                throw DocumentError(.location(4_940_400), "Key field cannot contain an embedded null byte")
            }
            document[key] = inner
        }
        return .document(document)
    }

    /// A pair that becomes a field: `[name, value]` or `{k: name, v: value}`, all of one kind.
    private static func pair(
        _ element: BSONValue, isFirstAnArray: Bool
    ) throws(DocumentError) -> (key: String, value: BSONValue) {
        switch element {
        case .array(let parts):
            guard isFirstAnArray else { throw mixed(40391, "objects with fields 'k' and 'v'", "array") }
            guard parts.count == 2 else {
                throw DocumentError(
                    .location(40397), "$arrayToObject requires pairs of size 2, found array of size: \(parts.count)")
            }
            guard let key = parts[0].string else {
                throw DocumentError(
                    .location(40395),
                    "$arrayToObject requires an array of key-value pairs, where the key must be of type string. "
                        + "Found key type: \(parts[0].type.name)")
            }
            return (key, parts[1])
        case .document(let parts):
            guard !isFirstAnArray else { throw mixed(40396, "arrays of size 2", "object") }
            guard parts.count == 2 else {
                throw DocumentError(
                    .location(40392),
                    "$arrayToObject requires an object keys of 'k' and 'v'. Found incorrect number of keys:"
                        + "\(parts.count)")
            }
            guard let key = parts["k"], let value = parts["v"] else {
                throw DocumentError(
                    .location(40393), "$arrayToObject requires an object with keys 'k' and 'v'. Missing either or both")
            }
            guard let name = key.string else {
                throw DocumentError(
                    .location(40394),
                    "$arrayToObject requires an object with keys 'k' and 'v', where the value of 'k' must be of type "
                        + "string. Found type: \(key.type.name)")
            }
            return (name, value)
        default:
            throw DocumentError(
                .location(40398), "Unrecognised input type format for $arrayToObject: \(element.type.name)")
        }
    }

    private static func mixed(_ code: Int, _ wanted: String, _ found: String) -> DocumentError {
        DocumentError(
            .location(code), "$arrayToObject requires a consistent input format: wanted \(wanted), found: \(found)")
    }

    private static func members(
        _ name: String, _ value: BSONValue?, _ code: Int
    ) throws(DocumentError) -> [BSONValue] {
        guard let elements = value?.array else {
            throw DocumentError(
                .location(code),
                "All operands of \(name) must be arrays. One argument is of type: "
                    + (value?.type.name ?? "missing"))
        }
        return elements
    }

    /// Ascending, each once.
    private static func unique(_ values: [BSONValue]) -> [BSONValue] {
        var result: [BSONValue] = []
        for value in values.sorted(by: { ValueOrder.compare($0, $1) < 0 })
        where result.last.map({ ValueOrder.compare($0, value) != 0 }) ?? true { result.append(value) }
        return result
    }

    /// Whether an ascending list has a value.
    private static func contains(_ sorted: [BSONValue], _ value: BSONValue) -> Bool {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            let order = ValueOrder.compare(sorted[middle], value)
            if order == 0 { return true }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return false
    }

    private static func sorted(_ elements: [BSONValue], by order: BSONValue) throws(DocumentError) -> [BSONValue] {
        if let direction = order.int {
            guard direction == 1 || direction == -1 else {
                throw DocumentError(.location(2_942_505), "The $sort element value must be either 1 or -1")
            }
            return elements.enumerated().sorted { a, b in
                let order = ValueOrder.compare(a.element, b.element) * direction
                return order == 0 ? a.offset < b.offset : order < 0
            }.map(\.element)
        }
        guard let document = order.document, !document.isEmpty else {
            throw DocumentError(.location(2_942_507), "sortBy must be 1, -1 or a document")
        }
        let sort = try SortSpec(document)
        var keyed: [(key: [UInt8], place: Int)] = []
        for (place, element) in elements.enumerated() {
            keyed.append((try sort.key(of: element.document ?? Document()), place))
        }
        keyed.sort { a, b in a.key == b.key ? a.place < b.place : a.key.lexicographicallyPrecedes(b.key) }
        return keyed.map { elements[$0.place] }
    }

    private static func zipped(_ values: [BSONValue?]) throws(DocumentError) -> BSONValue? {
        guard let lists = values[0]?.array else {
            throw DocumentError(.location(34461), "inputs must be an array of expressions")
        }
        guard !lists.contains(where: \.isNullish) else { return .null }
        var inputs: [[BSONValue]] = []
        for list in lists {
            guard let elements = list.array else {
                throw DocumentError(.location(34468), "$zip found a non-array expression in input: \(list)")
            }
            inputs.append(elements)
        }
        guard !lists.isEmpty else { throw DocumentError(.location(34465), "$zip requires at least one input array") }
        let usesLongest = values[1]?.bool ?? false
        guard values[1].map({ $0.bool != nil }) ?? true else {
            throw DocumentError(
                .location(34463), "useLongestLength must be a bool, found \(values[1]?.type.name ?? "")")
        }
        let defaults = values[2]?.array ?? []
        guard values[2].map({ $0.array != nil }) ?? true else {
            throw DocumentError(
                .location(34462), "defaults must be an array of expressions, found \(values[2]?.type.name ?? "")")
        }
        guard usesLongest || defaults.isEmpty else {
            throw DocumentError(.location(34466), "cannot specify defaults unless useLongestLength is true")
        }
        guard defaults.isEmpty || defaults.count == inputs.count else {
            throw DocumentError(.location(34467), "defaults and inputs must have the same length")
        }
        let counts = inputs.map(\.count)
        let count = (usesLongest ? counts.max() : counts.min()) ?? 0
        return .array(
            (0..<count).map { place in
                .array(
                    inputs.enumerated().map { input, elements in
                        place < elements.count ? elements[place] : input < defaults.count ? defaults[input] : .null
                    })
            })
    }

    private static func several(
        _ name: String, _ body: @escaping @Sendable ([BSONValue], Int) -> [BSONValue]
    ) -> Named {
        Named(names: ["n", "input"], required: 2) { values throws(DocumentError) in
            guard let count = values[0]?.int else {
                throw DocumentError(.location(5_787_902), "'n' must be a whole number in \(name)")
            }
            guard count > 0 else {
                throw DocumentError(.location(5_787_908), "'n' must be greater than 0 in \(name)")
            }
            guard let elements = values[1]?.array else {
                throw DocumentError(.location(5_788_200), "Input must be an array in \(name)")
            }
            return .array(body(elements, count))
        }
    }
}

// Arrays. Sets, and what orders elements, are in ExpressionFunctions+Ordered.swift.

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

    static let namedArrays: [String: Named] = [
        "$zip": Named(
            names: ["inputs", "useLongestLength", "defaults"], required: 1,
            codes: .init(operand: 34460, unknown: 34464, missing: [34465])
        ) { values throws(DocumentError) in
            try zipped(values)
        },
        "$firstN": several("$firstN") { elements, count in Array(elements.prefix(count)) },
        "$lastN": several("$lastN") { elements, count in Array(elements.suffix(count)) },
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
            let (elements, count) = try some(name, values)
            return .array(body(elements, count))
        }
    }

    /// The elements that `$firstN` and its like choose from, and how many they take.
    static func some(
        _ name: String, _ values: [BSONValue?]
    ) throws(DocumentError) -> (elements: [BSONValue], count: Int) {
        guard let count = values[0]?.int else {
            throw DocumentError(.location(5_787_902), "'n' must be a whole number in \(name)")
        }
        guard count > 0 else {
            throw DocumentError(.location(5_787_908), "'n' must be greater than 0 in \(name)")
        }
        guard let elements = values[1]?.array else {
            throw DocumentError(.location(5_788_200), "Input must be an array in \(name)")
        }
        return (elements, count)
    }
}

// Filters that are refused, limits, the facts a planner is told, and laws that hold of random filters.

import Testing

@testable import SmartStore

@Suite("Filter parsing and laws")
struct FilterParsingTests {
    @Test(
        "what MongoDB refuses is refused with its code and words",
        arguments: [
            (#"{"a":{"$foo":1}}"#, "unknown operator: $foo"),
            (#"{"a":{"$gt":1,"b":2}}"#, "unknown operator: b"),
            (
                #"{"$foo":1}"#,
                "unknown top level operator: $foo. If you have a field name that starts with a '$' symbol, consider using $getField or $setField."
            ),
            (
                #"{"$gt":1}"#,
                "unknown top level operator: $gt. If you have a field name that starts with a '$' symbol, consider using $getField or $setField."
            ),
            (#"{"$and":1}"#, "$and must be an array"),
            (#"{"$or":[]}"#, "$and/$or/$nor must be a nonempty array"),
            (#"{"$nor":[1]}"#, "$or/$and/$nor entries need to be full objects"),
            (#"{"a":{"$in":1}}"#, "$in needs an array"),
            (#"{"a":{"$nin":{"b":1}}}"#, "$nin needs an array"),
            (#"{"a":{"$in":[{"$gt":1}]}}"#, "cannot nest $ under $in"),
            (#"{"a":{"$not":1}}"#, "$not needs a regex or a document"),
            (#"{"a":{"$not":{}}}"#, "$not cannot be empty"),
            (#"{"a":{"$not":{"b":1}}}"#, "unknown operator: b"),
            (#"{"a":{"$gt":{"$undefined":true}}}"#, "cannot compare to undefined"),
            (
                #"{"a":{"$gt":{"$regularExpression":{"pattern":"x","options":""}}}}"#,
                "Can't have RegEx as arg to predicate over field 'a'."
            ),
            (#"{"a":{"$ne":{"$regularExpression":{"pattern":"x","options":""}}}}"#, "Can't have regex as arg to $ne."),
            (#"{"a":{"$regex":1}}"#, "$regex has to be a string"),
            (#"{"a":{"$options":"i"}}"#, "$options needs a $regex"),
            (#"{"a":{"$comment":"x"}}"#, "unknown operator: $comment"),
            (#"{"a":{"$size":"x"}}"#, "Failed to parse $size. Expected a number in: $size: \"x\""),
            (#"{"a":{"$size":-1}}"#, "Failed to parse $size. Expected a non-negative number in: $size: -1"),
            (#"{"a":{"$size":1.5}}"#, "Failed to parse $size. Expected an integer: $size: 1.5"),
            (#"{"a":{"$mod":1}}"#, "malformed mod, needs to be an array"),
            (#"{"a":{"$mod":[1]}}"#, "malformed mod, not enough elements"),
            (#"{"a":{"$mod":[1,2,3]}}"#, "malformed mod, too many elements"),
            (#"{"a":{"$mod":[0,1]}}"#, "divisor cannot be 0"),
            (#"{"a":{"$mod":["x",1]}}"#, "malformed mod, divisor not a number"),
            (#"{"a":{"$mod":[{"$numberDouble":"NaN"},1]}}"#, "malformed mod, divisor value is invalid"),
            (#"{"a":{"$all":1}}"#, "$all needs an array"),
            (#"{"a":{"$all":[{"$gt":1}]}}"#, "no $ expressions in $all"),
            (#"{"a":{"$all":[1,{"$elemMatch":{"b":1}}]}}"#, "$all/$elemMatch has to be consistent"),
            (#"{"a":{"$elemMatch":1}}"#, "$elemMatch needs an Object"),
            (#"{"a":{"$type":"foo"}}"#, "Unknown type name alias: foo"),
            (#"{"a":{"$type":99}}"#, "Invalid numerical type code: 99"),
        ])
    func refusals(filter: String, message: String) throws {
        let document = try bsonDocument(filter)
        let error = documentError { () throws(DocumentError) in _ = try Filter(document) }
        #expect(error?.message == message)
        #expect(error?.code == .badValue)
    }

    @Test("filters that nest too deep are refused, and those at the limit are matched")
    func limitsNesting() throws {
        func nested(_ depth: Int) -> Document {
            (0..<depth).reduce(["a": 1] as Document) { inner, _ in ["$and": [.document(inner)]] }
        }
        #expect(try Filter(nested(99)).matches(["a": 1]))
        let deep = nested(100)
        #expect(errorCode { () throws(DocumentError) in _ = try Filter(deep) } == .overflow)
        let path = Document(fields: [((0..<201).map { _ in "a" }.joined(separator: "."), 1)])
        #expect(errorCode { () throws(DocumentError) in _ = try Filter(path) } == .overflow)
    }

    @Test("facts for a planner are those every match fulfils")
    func exposesConstraints() throws {
        let filter = try Filter(
            bsonDocument(
                #"{"_id":5,"a":{"$gt":1,"$lte":9},"$and":[{"b":{"$in":[1,2]}},{"c":{"$exists":true}}],"$or":[{"d":1}],"e":{"$ne":2},"f":{"$not":{"$gt":1}}}"#
            ))
        let expected: [FilterConstraint] = [
            .init(path: "_id", kind: .equal(5)),
            .init(path: "a", kind: .range(lower: .init(value: 1, isInclusive: false), upper: nil)),
            .init(path: "a", kind: .range(lower: nil, upper: .init(value: 9, isInclusive: true))),
            .init(path: "b", kind: .oneOf([1, 2])),
            .init(path: "c", kind: .exists(true)),
            .init(path: "d", kind: .equal(1)),
        ]
        #expect(filter.constraints == expected)
        #expect(filter.identifier == 5)
        #expect(try Filter([:]).isTrivial)
        #expect(try Filter([:]).constraints.isEmpty)
    }

    @Test("a negation and its positive never agree, whatever the document", arguments: [1, 2, 3] as [UInt64])
    func negationsDisagree(seed: UInt64) throws {
        var values = RandomValues(seed: seed)
        let paths = ["a", "a.b", "a.0", "b.0.a", "x"]
        for _ in 0..<rounds(20_000) {
            let operand = values.value()
            switch operand {
            case .undefined, .regex: continue
            default: break
            }
            let path = values.random.pick(paths)
            let operation = values.random.pick(["$eq", "$gt", "$gte", "$lt", "$lte"])
            let document = values.document()
            let condition: BSONValue = .document(Document(fields: [(operation, operand)]))
            let positive = try Filter(Document(fields: [(path, condition)])).matches(document)
            let negative = try Filter(Document(fields: [(path, ["$not": condition])])).matches(document)
            #expect(positive != negative)
            let member = try Filter(Document(fields: [(path, ["$in": [operand, 17]])])).matches(document)
            let either = try Filter(
                [
                    "$or": [
                        .document(Document(fields: [(path, ["$eq": operand])])),
                        .document(Document(fields: [(path, 17)])),
                    ]
                ]
            ).matches(document)
            if !FilterBuilder.isOperatorDocument(operand) { #expect(member == either) }
        }
    }

    @Test(
        "one pass over the fields answers as the conditions one by one do, on damaged bytes too",
        arguments: [1, 2, 3] as [UInt64])
    func passAgrees(seed: UInt64) throws {
        var values = RandomValues(seed: seed)
        let paths = ["a", "b", "c", "a.b", "a.0", "b.0.a", "x", "_id", "a name of more than eight bytes"]
        var matched = 0
        for _ in 0..<rounds(20_000) {
            var document = values.document()
            if values.random.chance(3) { document[paths[8]] = values.value() }
            var filter = Document()
            for _ in 0...values.random.below(4) {
                let path = values.random.pick(paths)
                let operand =
                    values.random.chance(2) ? document[path: path] ?? .null : values.value()
                switch operand {
                case .undefined, .regex: continue
                default: break
                }
                let condition: Document =
                    switch values.random.below(6) {
                    case 0: ["$eq": operand]
                    case 1: ["$gte": operand]
                    case 2: ["$ne": operand]
                    case 3: ["$exists": .bool(values.random.chance(2))]
                    case 4: ["$not": ["$lt": operand]]
                    default: ["$type": ["number", "string", "null"]]
                    }
                filter.append(path, .document(condition))
            }
            let parsed = try Filter(filter)
            var bytes = document.bson
            if values.random.chance(2) {
                bytes[values.random.below(bytes.count)] = UInt8(truncatingIfNeeded: values.random.next())
            }
            try BSONBytes.with(bytes) { bytes throws(DocumentError) in
                let byPass = try parsed.matches(bytes)
                let byNodes = try parsed.matcher.matches(parsed.root, bytes)
                #expect(byPass == byNodes, "\(filter) on \(bytes.array)")
                if byPass { matched += 1 }
            }
        }
        #expect(matched > rounds(2_000))
    }
}

extension FilterBuilder {
    fileprivate static func isOperatorDocument(_ value: BSONValue) -> Bool {
        value.withView { isOperatorDocument($0) }
    }
}

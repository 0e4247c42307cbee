// Filters that are refused: MongoDB's code for each kind of fault, and nothing is found.

import Testing

@testable import SmartStore

@Suite("Semantics of refused filters")
struct FilterRefusals {
    @Test("refusals", arguments: Self.refusals)
    func refusalsCase(test: RefusalCase) throws { try test.checkFilter() }

    static let refusals: [RefusalCase] = [
        RefusalCase(#"{"$foo":1}"#, 2, "an unknown operator at the top"),
        RefusalCase(#"{"a":{"$foo":1}}"#, 2, "an unknown operator on a field"),
        RefusalCase(#"{"$gt":1}"#, 2, "an operator of fields at the top"),
        RefusalCase(#"{"a":{"$and":[{"b":1}]}}"#, 2, "an operator of the top on a field"),
        RefusalCase(#"{"a":{"$gt":1,"b":2}}"#, 2, "operators and names in one document"),
        RefusalCase(#"{"a":{"$comment":"x","$gt":1}}"#, 2, "a comment stands at the top"),
        RefusalCase(#"{"$not":{"a":1}}"#, 2, "$not stands on a field"),
        RefusalCase(#"{"a":{"$not":1}}"#, 2, "$not wants operators or an expression"),
        RefusalCase(#"{"a":{"$not":{}}}"#, 2, "$not of nothing"),
        RefusalCase(#"{"a":{"$not":{"b":1}}}"#, 2, "$not of a document without operators"),
        RefusalCase(#"{"$and":{}}"#, 2, "$and wants an array"),
        RefusalCase(#"{"$and":[]}"#, 2, "$and wants at least one filter"),
        RefusalCase(#"{"$or":[]}"#, 2, "$or wants at least one filter"),
        RefusalCase(#"{"$nor":[]}"#, 2, "$nor wants at least one filter"),
        RefusalCase(#"{"$or":[1]}"#, 2, "its elements are documents"),
        RefusalCase(#"{"$or":[{"a":1},[]]}"#, 2, "every one of them"),
        RefusalCase(#"{"$or":[{"$foo":1}]}"#, 2, "faults within branches count"),
        RefusalCase(#"{"a":{"$in":1}}"#, 2, "$in wants an array"),
        RefusalCase(#"{"a":{"$in":{"b":1}}}"#, 2, "a document is none"),
        RefusalCase(#"{"a":{"$in":[{"$gt":1}]}}"#, 2, "no operators within $in"),
        RefusalCase(#"{"a":{"$nin":null}}"#, 2, "$nin wants an array"),
        RefusalCase(#"{"a":{"$nin":[{"$exists":true}]}}"#, 2, "no operators within $nin"),
        RefusalCase(#"{"a":{"$all":1}}"#, 2, "$all wants an array"),
        RefusalCase(#"{"a":{"$all":[{"$gt":1}]}}"#, 2, "no operators within $all but $elemMatch"),
        RefusalCase(#"{"a":{"$all":[1,{"$elemMatch":{"b":1}}]}}"#, 2, "values and $elemMatch do not mix in $all"),
        RefusalCase(#"{"a":{"$all":[{"$elemMatch":{"b":1}},1]}}"#, 2, "in either order"),
        RefusalCase(#"{"a":{"$elemMatch":1}}"#, 2, "$elemMatch wants a document"),
        RefusalCase(#"{"a":{"$elemMatch":[{"b":1}]}}"#, 2, "an array is none"),
        RefusalCase(#"{"a":{"$elemMatch":{"$foo":1}}}"#, 2, "unknown operators within $elemMatch"),
        RefusalCase(#"{"a":{"$elemMatch":{"$or":[{"$gt":1}]}}}"#, 2, "within it, $or joins filters on documents"),
        RefusalCase(#"{"a":{"$elemMatch":{"$expr":true}}}"#, 2, "$expr stands at the top"),
        RefusalCase(#"{"a":{"$size":"1"}}"#, 2, "$size wants a number"),
        RefusalCase(#"{"a":{"$size":-1}}"#, 2, "not a negative one"),
        RefusalCase(#"{"a":{"$size":1.5}}"#, 2, "not a broken one"),
        RefusalCase(#"{"a":{"$size":{"$gt":1}}}"#, 2, "and no range"),
        RefusalCase(#"{"a":{"$size":{"$numberLong":"4294967296"}}}"#, 2, "of 32 bits"),
        RefusalCase(#"{"a":{"$type":"foo"}}"#, 2, "an unknown name of a type"),
        RefusalCase(#"{"a":{"$type":0}}"#, 2, "0 is no type"),
        RefusalCase(#"{"a":{"$type":99}}"#, 2, "an unknown number of a type"),
        RefusalCase(#"{"a":{"$type":1.5}}"#, 2, "a broken number"),
        RefusalCase(#"{"a":{"$type":{"b":1}}}"#, 14, "a type is said by a number or a string"),
        RefusalCase(#"{"a":{"$type":true}}"#, 14, "not by a boolean"),
        RefusalCase(#"{"a":{"$type":[]}}"#, 9, "at least one type"),
        RefusalCase(#"{"a":{"$type":["int","foo"]}}"#, 2, "every one of them known"),
        RefusalCase(#"{"a":{"$mod":1}}"#, 2, "$mod wants an array"),
        RefusalCase(#"{"a":{"$mod":[]}}"#, 2, "of two numbers"),
        RefusalCase(#"{"a":{"$mod":[4]}}"#, 2, "not of one"),
        RefusalCase(#"{"a":{"$mod":[4,0,0]}}"#, 2, "nor of three"),
        RefusalCase(#"{"a":{"$mod":["4",0]}}"#, 2, "the divisor is a number"),
        RefusalCase(#"{"a":{"$mod":[4,"0"]}}"#, 2, "the remainder, too"),
        RefusalCase(#"{"a":{"$mod":[0,1]}}"#, 2, "the divisor is not zero"),
        RefusalCase(#"{"a":{"$mod":[0.5,1]}}"#, 2, "also when it is cut off"),
        RefusalCase(#"{"a":{"$mod":[{"$numberDouble":"NaN"},1]}}"#, 2, "and not NaN"),
        RefusalCase(#"{"a":{"$mod":[2,{"$numberDouble":"Infinity"}]}}"#, 2, "and the remainder is finite"),
        RefusalCase(#"{"a":{"$bitsAllSet":"x"}}"#, 2, "bits are a number, a list or a binary"),
        RefusalCase(#"{"a":{"$bitsAllSet":-1}}"#, 9, "a mask is not negative"),
        RefusalCase(#"{"a":{"$bitsAnySet":1.5}}"#, 9, "nor broken"),
        RefusalCase(#"{"a":{"$bitsAllClear":[-1]}}"#, 2, "a position is not negative"),
        RefusalCase(#"{"a":{"$bitsAnyClear":["x"]}}"#, 2, "but a number"),
        RefusalCase(#"{"a":{"$bitsAnyClear":[0.5]}}"#, 2, "and whole"),
        RefusalCase(#"{"a":{"$bitsAllSet":[{"$numberLong":"4294967296"}]}}"#, 2, "of 32 bits"),
        RefusalCase(#"{"a":{"$regex":1}}"#, 2, "$regex is a string or an expression"),
        RefusalCase(#"{"a":{"$regex":"x","$options":1}}"#, 2, "$options is a string"),
        RefusalCase(#"{"a":{"$options":"i"}}"#, 2, "$options needs a $regex"),
        RefusalCase(#"{"a":{"$regex":"x","$options":"q"}}"#, 51108, "an unknown option"),
        RefusalCase(#"{"a":{"$regex":"("}}"#, 51091, "an expression that is none"),
        RefusalCase(#"{"a":{"$regex":"*a"}}"#, 51091, "a repetition of nothing"),
        RefusalCase(#"{"a":{"$regex":"a\u0000b"}}"#, 2, "a zero byte in an expression"),
        RefusalCase(
            #"{"a":{"$regex":{"$regularExpression":{"pattern":"x","options":"i"}},"$options":"m"}}"#, 51075,
            "options in two places"),
        RefusalCase(#"{"a":{"$in":[{"$regularExpression":{"pattern":"(","options":""}}]}}"#, 51091, "also within $in"),
        RefusalCase(
            #"{"a":{"$gt":{"$regularExpression":{"pattern":"x","options":""}}}}"#, 2, "no order of expressions"),
        RefusalCase(
            #"{"a":{"$ne":{"$regularExpression":{"pattern":"x","options":""}}}}"#, 2, "$ne takes no expression"),
        RefusalCase(#"{"a":{"$gt":{"$undefined":true}}}"#, 2, "nothing compares to undefined"),
        RefusalCase(#"{"a":{"$eq":{"$undefined":true}}}"#, 2, "not even for equality"),
        RefusalCase(#"{"a":{"$in":[{"$undefined":true}]}}"#, 2, "nor within $in"),
        RefusalCase(#"{"$expr":{"$foo":1}}"#, 168, "an unknown operator in an expression"),
        RefusalCase(#"{"$expr":"$$nope"}"#, 17276, "an unknown variable"),
        RefusalCase(#"{"$where":"true"}"#, 2, "$where is not done"),
        RefusalCase(#"{"$text":{"$search":"x"}}"#, 2, "$text is not done"),
        RefusalCase(#"{"$jsonSchema":{}}"#, 2, "$jsonSchema is not done"),
        RefusalCase(#"{"a":{"$near":[0,0]}}"#, 2, "$near is not done"),
        RefusalCase(#"{"a":{"$geoWithin":{}}}"#, 2, "$geoWithin is not done"),
    ]

    @Test("a filter nested too deep, a path too long and an expression too long are refused")
    func limits() throws {
        let deep = (0..<150).reduce(["a": 1] as Document) { inner, _ in ["$and": [.document(inner)]] }
        #expect(serverCode { _ = try Filter(deep) } == 15)
        let nested = (0..<150).reduce(["$gt": 1] as Document) { inner, _ in ["$not": .document(inner)] }
        #expect(serverCode { _ = try Filter(["a": .document(nested)]) } == 15)
        let elements = (0..<150).reduce(["$gt": 1] as Document) { inner, _ in ["$elemMatch": .document(inner)] }
        #expect(serverCode { _ = try Filter(["a": .document(elements)]) } == 15)
        let path = [String](repeating: "a", count: 201).joined(separator: ".")
        #expect(serverCode { _ = try Filter(Document(fields: [(path, 1)])) } == 15)
        let pattern = String(repeating: "a", count: 32765)
        #expect(serverCode { _ = try Filter(["a": ["$regex": .string(pattern)]]) } == 51091)
        let long = BSONValue.string(String(repeating: "x", count: 17 << 20))
        #expect(serverCode { _ = try Filter(["a": long]) } == 10334)
    }

    @Test("many operands are looked up, and all of them count")
    func manyOperands() throws {
        let operands = (0..<20_000).map { BSONValue($0 * 2) }
        let filter = try Filter(["a": ["$in": .array(operands)]])
        #expect(try filter.matches(["a": 39_998]) && filter.matches(["a": [1, 3, 8]]))
        #expect(try !filter.matches(["a": 39_999]) && !filter.matches(["a": 40_000]))
    }
}

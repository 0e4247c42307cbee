package import SmartStore

// Documents from decisions: operators, paths and values of the query language in every combination.

/// Builds documents out of a fuzz input.
package struct FuzzDocuments {
    private var input: FuzzInput
    /// Values left to make: bounds the size, whatever the input says.
    private var budget = 96

    package init(_ input: FuzzInput) { self.input = input }

    package var isEmpty: Bool { input.isEmpty }

    static let queryOperators = [
        "$all", "$and", "$comment", "$elemMatch", "$eq", "$exists", "$gt", "$gte", "$in", "$lt", "$lte", "$mod", "$ne",
        "$nin", "$nor", "$not", "$or", "$size", "$type", "$regex", "$options", "$where", "$expr",
        "$bitsAllSet", "$bitsAnySet", "$bitsAllClear", "$bitsAnyClear",
    ]
    static let expressionOperators = [
        "$add", "$and", "$arrayElemAt", "$arrayToObject", "$cond", "$concat", "$concatArrays", "$convert",
        "$dateToString",
        "$divide", "$eq", "$filter", "$getField", "$gt", "$ifNull", "$in", "$indexOfArray", "$isArray", "$let",
        "$literal",
        "$map", "$max", "$mergeObjects", "$mod", "$multiply", "$not", "$objectToArray", "$pow", "$range", "$reduce",
        "$regexMatch", "$reverseArray", "$round", "$setUnion", "$size", "$slice", "$split", "$strLenCP", "$substrCP",
        "$subtract", "$sum", "$switch", "$toInt", "$toString", "$toUpper", "$type", "$year", "$zip", "input", "as",
        "cond",
        "initialValue", "branches", "default", "if", "then", "else", "vars", "to", "onError", "$a", "$$ROOT", "$$x",
    ]
    static let updateOperators = [
        "$addToSet", "$inc", "$max", "$min", "$mul", "$pop", "$pull", "$pullAll", "$push", "$rename", "$set",
        "$setOnInsert", "$unset", "$currentDate", "$bit", "$each", "$position", "$slice", "$sort",
    ]
    static let stages = [
        "$match", "$sort", "$limit", "$skip", "$project", "$count", "$group", "$unwind", "$addFields", "$set", "$unset",
        "$replaceRoot", "$replaceWith", "$sortByCount", "$documents", "$vectorSearch", "$out", "$merge",
    ]
    static let stageFields = [
        "_id", "n", "$sum", "$avg", "$min", "$max", "$first", "$last", "$push", "$addToSet", "$count", "path",
        "includeArrayIndex", "preserveNullAndEmptyArrays", "newRoot", "into", "on", "whenMatched", "whenNotMatched",
        "coll", "db", "queryVector", "numCandidates", "limit", "filter", "$a", "$b",
    ]
    static let names = [
        "_id", "a", "b", "v", "x", "a.b", "a.0", "a.b.c", "a.0.b", "b.1.c", "x.y", "0", "1", "", ".", "a.", ".a",
        "a..b", "$", "$a", "a.$", "a.$[]", "a.-1", "a.99999999999999999999", "a.2000000", "n",
    ]
    static let commandFields = [
        "filter", "sort", "skip", "limit", "projection", "documents", "ordered", "updates", "deletes", "q", "u",
        "multi",
        "upsert", "pipeline", "cursor", "query", "key", "update", "new", "remove", "fields", "indexes", "dimension",
        "metric", "m", "field", "vector", "k", "exact", "index", "value", "ttlSeconds", "as", "by", "from", "actor",
        "details", "nameOnly", "breadth", "efConstruction", "storage", "full", "name", "target", "action",
        "ttlMilliseconds", "batchSize", "arrayFilters", "c", "collation", "hint", "let", "maxTimeMS", "singleBatch",
        "allowDiskUse", "explain", "verbosity", "ops", "nsInfo", "ns", "errorsOnly", "updateMods", "constants",
        "insert",
        "delete", "document", "collection", "cursors", "to", "dropTarget", "keyPattern", "hidden", "expireAfterSeconds",
        "unique", "sparse", "partialFilterExpression", "scale", "recommend", "mmr", "groupBy", "vectors",
    ]
    package static let commands = [
        "insert", "find", "update", "delete", "aggregate", "count", "distinct", "findAndModify", "createIndexes",
        "vectorSearch", "dropIndexes", "create", "drop", "begin", "commit", "abort", "listCollections", "listIndexes",
        "cacheSet", "cacheGet", "cacheIncrement", "cacheDelete", "cacheKeys", "cacheTTL", "cacheExpire", "cacheClear",
        "cacheInfo", "auditRecord", "auditList", "auditVerify", "collStats", "dbStats", "validate", "ping", "hello",
        "buildInfo", "bulkWrite", "getMore", "killCursors", "explain", "collMod", "renameCollection",
    ]

    /// Any document; names come from `vocabulary` and the plain names.
    package mutating func document(_ vocabulary: [String], depth: Int = 0) -> Document {
        var fields: [(String, BSONValue)] = []
        for _ in 0..<input.below(depth == 0 ? 5 : 4) {
            let name = input.below(3) == 0 ? input.pick(Self.names) : input.pick(vocabulary)
            // Duplicate names never come through the gate, so they are not made here.
            if fields.contains(where: { $0.0 == name }) { continue }
            fields.append((name, value(vocabulary, depth: depth + 1)))
        }
        return Document(fields: fields)
    }

    /// Any value.
    package mutating func value(_ vocabulary: [String], depth: Int) -> BSONValue {
        budget -= 1
        guard budget > 0, !input.isEmpty else { return .int32(1) }
        let choice = input.below(depth > 6 ? 20 : 32)
        switch choice {
        case 0: return .null
        case 1: return .bool(input.byte() & 1 == 1)
        case 2, 3: return .int32(Int32(truncatingIfNeeded: Int(input.byte()) - 3))
        case 4: return .int64(Int64(bitPattern: input.pick(FuzzInput.boundaries)))
        case 5: return .int32(Int32(truncatingIfNeeded: input.pick(FuzzInput.boundaries)))
        case 6:
            return .double(
                input.pick([
                    0, -0.0, 0.5, -1.5, 1e300, 1e19, -9.3e18, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, 2.5,
                ]))
        case 7: return .double(Double(bitPattern: input.number(8)))
        case 8: return .string(input.pick(Self.names + vocabulary))
        case 9: return .string(String(decoding: input.take(input.below(24)), as: UTF8.self))
        case 10: return .decimal128(Decimal128(high: input.number(8), low: input.number(8)))
        case 11: return .date(BSONDate(millisecondsSince1970: Int64(bitPattern: input.pick(FuzzInput.boundaries))))
        case 12: return .objectID(ObjectID(head: input.number(8), tail: UInt32(input.number(4))))
        case 13:
            // Subtypes 2 and 9 have a form of their own, which the gate checks; what is made here has passed it.
            let subtype = input.byte()
            return .binary(
                BSONBinary(subtype: [2, 9].contains(subtype) ? 0 : subtype, bytes: input.take(input.below(20))))
        case 14: return .timestamp(BSONTimestamp(seconds: UInt32(input.byte()), increment: UInt32(input.number(4))))
        case 15: return input.pick([.minKey, .maxKey, .undefined])
        case 16: return .symbol(input.pick(Self.names))
        case 17: return Vector((0..<input.below(5)).map { _ in Float(Int8(bitPattern: input.byte())) }).value
        case 18: return .code("c")
        case 19:
            return (try? BSONRegex(pattern: input.pick(["a", "^a", "(", "a*", "\u{0}"]), options: "i")).map {
                .regex($0)
            } ?? .null
        case 20..<25: return .array((0..<input.below(5)).map { _ in value(vocabulary, depth: depth + 1) })
        default: return .document(document(vocabulary, depth: depth + 1))
        }
    }

    /// A command: one of the known names, the fields that it usually has, and now and then those of others.
    package mutating func command() -> Document {
        let name = input.pick(Self.commands)
        var fields: [(String, BSONValue)] = [(name, input.below(12) == 0 ? value(Self.names, depth: 1) : subject(name))]
        for field in Self.usual[name] ?? Self.questions[name] ?? [] where input.below(6) > 0 {
            fields.append((field, argument(field)))
        }
        for _ in 0..<(input.below(4) == 0 ? input.below(4) : 0) {
            let field = input.pick(Self.commandFields)
            if fields.contains(where: { $0.0 == field }) { continue }
            fields.append((field, argument(field)))
        }
        let command = Document(fields: fields)
        guard name == "explain", input.below(4) > 0 else { return command }
        // The same kinds of argument, with a command inside.
        let inner = input.pick(["find", "count", "distinct", "aggregate", "update", "delete", "findAndModify"])
        var asked: [(String, BSONValue)] = [(inner, "a")]
        for field in Self.questions[inner] ?? [] where input.below(3) > 0 { asked.append((field, argument(field))) }
        return ["explain": .document(Document(fields: asked)), "verbosity": argument("verbosity")]
    }

    /// What a command's own field says.
    private mutating func subject(_ name: String) -> BSONValue {
        switch name {
        case "getMore": .int64(Int64(1 + input.below(2)))
        case "aggregate" where input.below(4) == 0: 1
        case "explain": ["find": "a"]
        default: input.pick(["a", "a", "a", "b"])
        }
    }

    /// Arguments that other commands usually have.
    private static let usual: [String: [String]] = [
        "insert": ["documents"], "bulkWrite": ["ops", "nsInfo"], "createIndexes": ["indexes"], "dropIndexes": ["index"],
        "getMore": ["collection"], "killCursors": ["cursors"], "vectorSearch": ["field", "vector", "k"],
        "renameCollection": ["to", "dropTarget"], "cacheSet": ["value"],
    ]

    /// Arguments of the commands that can be explained.
    private static let questions: [String: [String]] = [
        "find": ["filter", "sort", "batchSize", "limit", "projection", "hint"], "count": ["query", "hint"],
        "distinct": ["key", "query"], "aggregate": ["pipeline", "hint"], "update": ["updates"], "delete": ["deletes"],
        "findAndModify": ["query", "update", "remove", "sort"],
    ]

    /// An argument that is of the right shape more often than not.
    private mutating func argument(_ field: String) -> BSONValue {
        if input.below(6) == 0 { return value(Self.commandFields, depth: 2) }
        switch field {
        case "filter", "query", "q", "partialFilterExpression":
            return .document(document(Self.queryOperators, depth: 1))
        case "u", "update", "updateMods":
            return input.below(4) == 0 ? pipeline() : .document(document(Self.updateOperators, depth: 1))
        case "sort": return .document(pattern())
        case "projection", "fields":
            return .document(document(input.below(2) == 0 ? Self.names : Self.expressionOperators, depth: 2))
        case "pipeline": return pipeline()
        case "updates":
            return .array(
                (0..<input.below(3)).map { _ in
                    .document(
                        statement(
                            ["multi", "upsert", "arrayFilters", "hint", "collation", "sort"].filter { _ in
                                input.below(4) == 0
                            }, first: [("q", argument("filter")), ("u", argument("update"))]))
                })
        case "deletes":
            return .array(
                (0..<input.below(3)).map { _ in
                    .document(
                        statement(["hint"], first: [("q", argument("filter")), ("limit", input.pick([0, 1, 2]))]))
                })
        case "batchSize": return .int32(Int32(input.below(3)))
        case "field": return input.pick(["v", "w"])
        case "ops": return .array((0..<input.below(4)).map { _ in .document(operation()) })
        case "nsInfo": return [["ns": "a"], ["ns": "b"]]
        case "indexes": return .array((0..<input.below(3)).map { _ in .document(index()) })
        case "arrayFilters":
            return .array((0..<input.below(3)).map { _ in .document(document(["x", "e.a"], depth: 2)) })
        case "hint": return input.below(2) == 0 ? .document(pattern()) : input.pick(["a_1", "_id_", "b_-1", "x"])
        case "collation": return ["locale": "en", "strength": .int32(Int32(input.byte() % 5))]
        case "let", "c", "constants": return .document(document(["x", "y"], depth: 3))
        case "cursor": return ["batchSize": .int32(Int32(input.byte() % 4))]
        case "collection": return input.pick(["a", "a", "b"])
        case "to": return input.pick(["a", "b", "c"])
        case "cursors": return .array((0..<input.below(3)).map { .int64(Int64($0)) })
        case "verbosity": return input.pick(["queryPlanner", "executionStats", "allPlansExecution"])
        case "documents":
            return .array(
                (0..<input.below(4)).map { _ in .document(document(Self.commandFields + Self.names, depth: 1)) })
        case "skip", "limit", "k", "dimension", "m", "by", "from", "breadth", "efConstruction",
            "maxTimeMS", "expireAfterSeconds", "scale":
            return .int32(Int32(input.byte()))
        case "multi", "upsert", "ordered", "new", "remove", "exact", "full", "hidden", "unique", "sparse",
            "singleBatch", "errorsOnly", "dropTarget", "allowDiskUse":
            return .bool(input.byte() & 1 == 1)
        case "index": return input.pick(["*", "a_1", "x", .document(pattern())])
        case "vector":
            if input.below(2) == 0 { return [1, 0.5] }
            return Vector((0..<input.below(4)).map { _ in Float(Int8(bitPattern: input.byte())) }).value
        default: return .string(input.pick(Self.names))
        }
    }

    /// A statement: what it begins with, and most of the other fields.
    private mutating func statement(_ fields: [String], first: [(String, BSONValue)] = []) -> Document {
        var made = first
        for field in fields where !made.contains(where: { $0.0 == field }) && input.below(8) > 2 {
            made.append((field, argument(field)))
        }
        return Document(fields: made)
    }

    /// An operation of a bulk write.
    private mutating func operation() -> Document {
        let place: BSONValue = .int32(Int32(input.below(2)))
        switch input.below(3) {
        case 0:
            return statement([], first: [("insert", place), ("document", .document(document(Self.names, depth: 1)))])
        case 1:
            return statement(
                ["updateMods", "multi", "upsert", "arrayFilters", "hint"],
                first: [("update", place), ("filter", argument("filter"))])
        default: return statement(["multi", "hint"], first: [("delete", place), ("filter", argument("filter"))])
        }
    }

    /// The keys of an index or an order.
    private mutating func pattern() -> Document {
        var fields: [(String, BSONValue)] = []
        for _ in 0...input.below(2) {
            let name = input.pick(["a", "b", "a.b", "_id", "n", "$**", "a.$**"])
            if fields.contains(where: { $0.0 == name }) { continue }
            fields.append((name, input.below(2) == 0 ? 1 : -1))
        }
        return Document(fields: fields)
    }

    private mutating func index() -> Document {
        if input.below(4) == 0 { return ["key": ["v": "vector"], "dimension": 2] }
        return statement(
            ["unique", "sparse", "partialFilterExpression", "expireAfterSeconds", "hidden", "collation"].filter { _ in
                input.below(3) == 0
            }, first: [("key", .document(pattern()))])
    }

    /// The stages of a pipeline, each with an operand of the right shape now and then.
    private mutating func pipeline() -> BSONValue {
        .array(
            (0..<input.below(5)).map { _ in
                let stage = input.pick(Self.stages)
                let operand: BSONValue
                switch stage {
                case "$match": operand = .document(document(Self.queryOperators, depth: 2))
                case "$sort": operand = .document(pattern())
                case "$limit", "$skip": operand = .int32(Int32(input.byte() % 8))
                case "$project", "$addFields", "$set", "$replaceWith":
                    operand = .document(document(Self.expressionOperators, depth: 2))
                case "$unwind", "$sortByCount": operand = input.pick(["$a", "$b", "$a.b", "a"])
                case "$out", "$count": operand = input.pick(["b", "c", "n"])
                case "$unset": operand = input.pick(["a", "b", "a.b"])
                default: operand = .document(document(Self.stageFields, depth: 2))
                }
                return .document(Document(fields: [(stage, operand)]))
            })
    }
}

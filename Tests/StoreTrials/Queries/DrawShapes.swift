import SmartStore

// Drawn orders, projections, indexes, updates and pipelines.

extension Draw {
    func sort() -> Document? {
        guard chance(65) else { return nil }
        var sort = Document()
        for path in some(["a", "b", "c", "d", "d.x", "d.y", "_id"], pick([1, 1, 1, 2, 2, 3])) {
            sort.append(path, .int32(chance(60) ? 1 : -1))
        }
        return sort
    }

    func projection() -> Document? {
        var projection = Document()
        switch below(8) {
        case 0, 1, 2: return nil
        case 3, 4:
            for path in some(["a", "b", "c", "d"], 1 + below(3)) { projection.append(path, chance(70) ? 1 : true) }
            if chance(40) { projection.append("_id", chance(80) ? 0 : 1) }
        case 5:
            for path in some(chance(50) ? ["a", "b", "d.x"] : ["c", "d.y", "d.x"], 1 + below(3)) {
                projection.append(path, 1)
            }
            if chance(40) { projection.append("_id", 0) }
        case 6:
            for path in some(["a", "b", "d.x", "d.y"], 1 + below(3)) { projection.append(path, 0) }
            if chance(30) { projection.append("_id", 0) }
        default:
            if chance(40) {
                let slice: BSONValue =
                    chance(50)
                    ? .int32(Int32(below(5) - 2)) : [.int32(Int32(below(5) - 2)), .int32(Int32(1 + below(2)))]
                projection.append(pick(["a", "c", "d"]), ["$slice": slice])
            } else if chance(50) {
                projection.append("d", ["$elemMatch": ["x": operand()]])
                if chance(50) { projection.append("b", 1) }
            } else {
                projection.append("b", 1)
                let value = expression()
                // A number or a truth would include or exclude the field.
                let isLiteral = value.document == nil && value.string == nil
                projection.append("e", isLiteral ? ["$literal": value] : value)
            }
        }
        return projection
    }

    /// Indexes of one collection.
    func indexes(isPlain: Bool) -> [IndexSpecification] {
        (0..<(1 + below(6))).map { number in
            if chance(10) {
                let name = pick(["$**", "d.$**", "a.$**"])
                return IndexSpecification(Document(fields: [(name, 1)]), name: "i\(number)")
            }
            var keys = Document()
            let paths = isPlain ? ["a", "b", "c", "d", "_id"] : ["a", "b", "c", "d", "d.x", "d.y", "a.x", "_id"]
            for path in some(paths, pick([1, 1, 2, 2, 3])) { keys.append(path, .int32(chance(65) ? 1 : -1)) }
            if keys.count == 1, keys.contains("_id") { keys.append("b", 1) }
            var index = IndexSpecification(keys, name: "i\(number)")
            index.isUnique = chance(isPlain ? 35 : 8)
            index.isSparse = chance(20)
            if !index.isSparse, chance(20) {
                index.partialFilter = pick([
                    ["b": ["$gt": 1]], ["a": ["$exists": true]], ["b": ["$gte": 0], "c": ["$exists": true]], ["b": 2],
                    ["d.x": ["$exists": true]], ["a": ["$in": [1, 2]]],
                ])
            }
            index.collation = collation(12)
            return index
        }
    }

    // MARK: Updates

    /// An update with what it needs.
    func update(isMulti: Bool) -> (update: BSONValue, arrayFilters: [Document]) {
        switch below(12) {
        case 0 where !isMulti: return (.document(Document(fields: fields(isPlain: chance(50)))), [])
        case 1:
            return (
                .array(
                    (0..<(1 + below(2))).map { _ in
                        pick([
                            ["$set": .document(Document(fields: [(pick(["a", "b", "e"]), expression())]))],
                            ["$unset": .string(pick(["a", "c", "d.x"]))],
                            ["$addFields": ["e": expression()]],
                        ])
                    }), []
            )
        case 2:
            return (["$set": ["d.$[e].x": operand()]], [["e.y": condition(depth: 3)]])
        case 3:
            return (["$inc": ["a.$[e]": 1]], [["e": ["$gte": .int32(Int32(below(3)))]]])
        case 4:
            return (
                pick([
                    ["$set": ["c.$[]": text()]], ["$unset": ["d.$[].x": 1]], ["$set": ["d.$[].y": operand()]],
                    ["$inc": ["a.$[]": 1]],
                ]), []
            )
        default: break
        }
        var update = Document()
        var left = ["a", "b", "c", "d", "d.x", "d.y", "e", "a.0", "e.f.g", "d.1.x", "c.3"]
        for _ in 0..<pick([1, 1, 1, 2, 3]) {
            let (name, operands) = modifier(&left)
            if !update.contains(name) { update.append(name, .document(operands)) }
        }
        return (.document(update), [])
    }

    private func modifier(_ left: inout [String]) -> (String, Document) {
        let path = left.remove(at: below(left.count))
        func on(_ value: BSONValue) -> Document { Document(fields: [(path, value)]) }
        switch below(22) {
        case 0, 1, 2, 3, 4: return ("$set", on(chance(80) ? operand() : value()))
        case 5, 6: return ("$unset", on(1))
        case 7, 8: return ("$inc", on(chance(90) ? wholeOrHalf() : number()))
        case 9: return ("$mul", on(wholeOrHalf()))
        case 10: return ("$min", on(operand()))
        case 11: return ("$max", on(operand()))
        case 12: return ("$rename", on(.string(pick(["e", "a", "z", "d.y", "e.f"]))))
        case 13: return ("$setOnInsert", on(operand()))
        case 14: return ("$currentDate", on(true))
        case 15, 16:
            var clauses: Document = ["$each": .array((0..<below(3)).map { _ in operand() })]
            if chance(30) { clauses.append("$position", .int32(Int32(below(5) - 2))) }
            if chance(30) { clauses.append("$sort", chance(70) ? (chance(50) ? 1 : -1) : ["x": 1]) }
            if chance(30) { clauses.append("$slice", .int32(Int32(below(6) - 3))) }
            return ("$push", on(chance(40) ? operand() : .document(clauses)))
        case 17:
            return (
                "$addToSet", on(chance(60) ? operand() : ["$each": .array((0..<below(3)).map { _ in operand() })])
            )
        case 18: return ("$pop", on(chance(50) ? 1 : -1))
        case 19:
            return ("$pull", on(chance(40) ? operand() : chance(50) ? ["$gte": number()] : ["x": operand()]))
        case 20: return ("$pullAll", on(.array((0..<below(3)).map { _ in operand() })))
        default:
            return (
                "$bit",
                on(.document(Document(fields: [(pick(["and", "or", "xor"]), chance(70) ? .int32(5) : .int64(6))])))
            )
        }
    }

    private func wholeOrHalf() -> BSONValue {
        pick([.int32(1), .int32(-2), .int64(3), .double(0.5), .int32(.max), .int64(.max), .double(2)])
    }

    /// An update of one element, by the element that the filter finds.
    func positional() -> (filter: Document, update: Document) {
        let conditions: [(Document, String)] = [
            (["a": operand()], "a.$"), (["c": text()], "c.$"), (["d.x": operand()], "d.$.y"),
            (["d.x": ["$gte": number()]], "d.$.x"), (["a": ["$elemMatch": ["$gte": number()]]], "a.$"),
            (["d": ["$elemMatch": ["x": operand()]]], "d.$.z"), (["c": ["$in": [text(), text()]]], "c.$"),
        ]
        let (filter, path) = pick(conditions)
        let update = pick([
            ["$set": operand()], ["$unset": BSONValue.int32(1)], ["$inc": .int32(1)], ["$max": operand()],
        ])
        let (name, value) = update.first ?? ("$set", .null)
        return (filter, Document(fields: [(name, .document(Document(fields: [(path, value)])))]))
    }

    /// A filter of which an upsert takes equalities.
    func upsertFilter() -> Document {
        pick([
            ["a": operand(), "b": ["$gt": 100]], ["_id": .int32(Int32(100 + below(5)))],
            ["$and": [["a": ["$eq": operand()]], ["b": .int32(Int32(90 + below(3)))]]],
            ["b": .int32(Int32(90 + below(3))), "d.x": operand()],
            ["_id": .int32(Int32(below(16))), "b": ["$gt": 100]],
        ])
    }

    // MARK: Pipelines

    /// Stages of which the outcome is certain: what depends on the order of documents comes behind a sort by `_id`.
    func pipeline() -> (stages: [Document], isOrdered: Bool) {
        var stages: [Document] = []
        var isOrdered = false
        /// Whether every document has an `_id` of its own.
        var hasID = true
        func order() {
            guard hasID, !isOrdered else { return }
            stages.append(["$sort": ["_id": 1]])
            isOrdered = true
        }
        if chance(60) { stages.append(["$match": .document(filter())]) }
        for _ in 0..<(1 + below(4)) {
            switch below(15) {
            case 0: stages.append(["$match": .document(filter(depth: 1))])
            case 1:
                let projection = self.projection().map { Document(fields: $0.filter { $0.value.document == nil }) }
                guard let projection, !projection.isEmpty else { continue }
                if projection["_id"]?.int == 0 || projection["_id"]?.bool == false { hasID = false }
                stages.append(["$project": .document(projection)])
            case 2: stages.append(["$addFields": .document(Document(fields: [(pick(["e", "b"]), expression())]))])
            case 3: stages.append(["$set": ["e": expression(), "f": expression()]])
            case 4: stages.append(["$unset": chance(50) ? .string("a") : ["b", "d.x"]])
            case 5: order()
            case 6:
                order()
                if isOrdered { stages.append(["$limit": .int32(Int32(1 + below(6)))]) }
            case 7:
                order()
                if isOrdered { stages.append(["$skip": .int32(Int32(below(4)))]) }
            case 8, 9:
                var unwind: Document = ["path": .string("$" + pick(["a", "c", "d"]))]
                if chance(40) { unwind.append("preserveNullAndEmptyArrays", .bool(chance(70))) }
                if chance(30) { unwind.append("includeArrayIndex", "place") }
                stages.append(["$unwind": chance(40) ? unwind["path"] ?? .null : .document(unwind)])
                hasID = false
            case 10, 11, 12:
                if hasID { order() }
                stages.append(["$group": .document(group(isOrdered: isOrdered))])
                (isOrdered, hasID) = (false, true)
            case 13:
                stages.append(["$replaceWith": ["_id": "$_id", "a": "$b", "d": "$d", "q": ["r": expression()]]])
            default:
                guard chance(50) else { continue }
                stages.append(chance(50) ? ["$count": "n"] : ["$sortByCount": .string("$" + pick(["a", "b", "c"]))])
                (isOrdered, hasID) = (false, false)
            }
        }
        return (stages, isOrdered)
    }

    private func group(isOrdered: Bool) -> Document {
        let key: BSONValue = pick([
            .null, "$a", "$b", "$c", "$d.x", ["x": "$b"], ["x": "$b", "y": "$c"], ["$type": "$a"],
        ])
        var group: Document = ["_id": key]
        var names = ["$sum", "$avg", "$min", "$max", "$addToSet", "$count"]
        if isOrdered { names += ["$first", "$last", "$push"] }
        for (place, name) in some(names, 1 + below(3)).enumerated() {
            let operand: BSONValue =
                name == "$count" ? [:] : name == "$sum" && chance(40) ? 1 : .string("$" + pick(["a", "b", "c", "d.x"]))
            group.append("r\(place)", .document(Document(fields: [(name, operand)])))
        }
        return group
    }
}

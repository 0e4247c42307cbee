import SmartStore

// The oracle's pipelines: every stage takes all documents and gives all documents.

struct OraclePipeline {
    private let expressions = OracleExpression()
    private let order = OracleOrder()

    func run(_ stages: [Document], _ documents: [[OracleField]]) throws -> [[OracleField]] {
        try stages.reduce(documents) { try apply($1, $0) }
    }

    func apply(_ stage: Document, _ documents: [[OracleField]]) throws -> [[OracleField]] {
        guard let name = stage.keys.first, let operand = stage[name] else { throw OracleRefusal("an empty stage") }
        let fields = operand.document ?? Document()
        switch name {
        case "$match": return try documents.filter { try OracleFilter().matches(fields, $0) }
        case "$project": return try documents.map { try OracleProjection(fields).apply($0) }
        case "$addFields", "$set":
            return try documents.map { document in
                // All of them see the document as it came.
                var result = document
                for (name, value) in fields { result.set(name, try expressions.evaluate(value, document)) }
                return result
            }
        case "$unset":
            let names = operand.array?.compactMap(\.string) ?? [operand.string ?? ""]
            let projection = OracleProjection(Document(fields: names.map { ($0, .int32(0)) }))
            return try documents.map { try projection.apply($0) }
        case "$sort":
            let keys = OracleKeys(fields)
            let placed = try documents.map { (try keys.place($0), $0) }
            return placed.enumerated().sorted { a, b in
                let order = keys.compare(a.element.0, b.element.0)
                return order == 0 ? a.offset < b.offset : order < 0
            }.map(\.element.1)
        case "$limit": return Array(documents.prefix(operand.int ?? 0))
        case "$skip": return Array(documents.dropFirst(operand.int ?? 0))
        case "$unwind": return documents.flatMap { unwind($0, operand) }
        case "$group": return try group(documents, fields)
        case "$sortByCount":
            let grouped = try group(documents, ["_id": operand, "count": ["$sum": 1]])
            return try apply(["$sort": ["count": -1]], grouped)
        case "$count":
            guard !documents.isEmpty else { return [] }
            return [[OracleField(name: operand.string ?? "", value: .plain(BSONValue(documents.count)))]]
        case "$replaceRoot", "$replaceWith":
            let expression = name == "$replaceRoot" ? fields["newRoot"] ?? .null : operand
            return try documents.map { document in
                guard let root = try expressions.evaluate(expression, document)?.fields else {
                    throw OracleRefusal("the new root is no document")
                }
                return root
            }
        default: throw OracleUnsure("the stage \(name)")
        }
    }

    private func unwind(_ document: [OracleField], _ operand: BSONValue) -> [[OracleField]] {
        let options = operand.document
        let name = String((options?["path"] ?? operand).string?.dropFirst() ?? "")
        let keepsEmpty = options?["preserveNullAndEmptyArrays"]?.bool ?? false
        let indexName = options?["includeArrayIndex"]?.string
        func made(_ value: OracleValue?, _ index: Int?) -> [OracleField] {
            var result = document
            result.set(name, value)
            if let indexName {
                result.set(indexName, .plain(index.map { .int64(Int64($0)) } ?? .null))
            }
            return result
        }
        guard let value = document[name] else { return keepsEmpty ? [made(nil, nil)] : [] }
        guard let elements = value.elements else {
            if value.isNothing { return keepsEmpty ? [made(value, nil)] : [] }
            return [made(value, nil)]
        }
        if elements.isEmpty { return keepsEmpty ? [made(nil, nil)] : [] }
        return elements.enumerated().map { made($0.element, $0.offset) }
    }

    // MARK: Groups

    private func group(_ documents: [[OracleField]], _ fields: Document) throws -> [[OracleField]] {
        var groups: [(key: OracleValue, members: [[OracleField]])] = []
        for document in documents {
            let key = try expressions.evaluate(fields["_id"] ?? .null, document) ?? .plain(.null)
            if let place = groups.firstIndex(where: { order.isEqual($0.key, key) }) {
                groups[place].members.append(document)
            } else {
                groups.append((key, [document]))
            }
        }
        return try groups.map { group in
            var result = [OracleField(name: "_id", value: group.key)]
            for (name, accumulator) in fields where name != "_id" {
                guard let operation = accumulator.document?.keys.first, let operand = accumulator.document?[operation]
                else { throw OracleRefusal("no accumulator") }
                let values = try group.members.map { try expressions.evaluate(operand, $0) }
                result.append(OracleField(name: name, value: try accumulate(operation, values)))
            }
            return result
        }
    }

    private func accumulate(_ name: String, _ values: [OracleValue?]) throws -> OracleValue {
        let present = values.compactMap { $0 }
        let numbers = present.filter(\.isNumber)
        func sum() throws -> OracleValue {
            try numbers.reduce(.plain(.int32(0))) {
                try OracleArithmetic.apply(true, $0, $1, overflowsToDouble: true)
            }
        }
        switch name {
        case "$sum": return try sum()
        case "$count": return .plain(BSONValue(values.count))
        case "$avg":
            guard !numbers.isEmpty else { return .plain(.null) }
            guard case .plain(let total) = try sum(), let total = total.double else { throw OracleUnsure("an average") }
            return .plain(.double(total / Double(numbers.count)))
        case "$min", "$max":
            let wanted = name == "$min" ? -1 : 1
            var best: OracleValue?
            for value in present where !value.isNothing {
                if best.map({ order.compare(value, $0) == wanted }) ?? true { best = value }
            }
            return best ?? .plain(.null)
        case "$first": return (values.first ?? nil) ?? .plain(.null)
        case "$last": return (values.last ?? nil) ?? .plain(.null)
        case "$push": return .array(present)
        case "$addToSet":
            var once: [OracleValue] = []
            for value in present where !once.contains(where: { order.isEqual($0, value) }) { once.append(value) }
            return .array(once)
        default: throw OracleUnsure("the accumulator \(name)")
        }
    }
}

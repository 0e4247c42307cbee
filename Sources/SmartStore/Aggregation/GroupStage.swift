// $group: documents with equal keys become one, with what accumulators made of them. The parsed stage; GroupSource runs
// it, GroupTable finds the groups, GroupColumn keeps what the accumulators gather.

struct GroupStage: Sendable {
    let identifier: AggregationExpression
    let fields: [(name: String, kind: AccumulatorKind, argument: AggregationExpression)]
    let collation: Collation?

    init(_ operand: BSONValue, options: QueryOptions) throws(DocumentError) {
        guard let document = operand.document else {
            throw DocumentError(.location(15947), "a group's fields must be specified in an object")
        }
        guard let key = document["_id"] else {
            throw DocumentError(.location(15955), "a group specification must include an _id")
        }
        identifier = try AggregationExpression(key, options: options)
        collation = options.collation
        var fields: [(name: String, kind: AccumulatorKind, argument: AggregationExpression)] = []
        for (name, value) in document where name != "_id" {
            guard !name.contains(".") else {
                throw DocumentError(
                    .location(40235), "The field name '\(name)' cannot contain '.'", path: name)
            }
            guard !name.hasPrefix("$") else {
                throw DocumentError(
                    .location(40236), "The field name '\(name)' cannot be an operator name", path: name)
            }
            guard let accumulator = value.document else {
                throw DocumentError(
                    .location(40234), "The field '\(name)' must be an accumulator object", path: name)
            }
            guard accumulator.count == 1, let (operation, argument) = accumulator.first(where: { _ in true }) else {
                throw DocumentError(
                    .location(40238), "The field '\(name)' must specify one accumulator", path: name)
            }
            guard let kind = AccumulatorKind(rawValue: operation) else {
                if AggregationNames.unbuiltAccumulators.contains(operation) {
                    throw .notBuilt("the accumulator '\(operation)'", path: name)
                }
                throw DocumentError(.location(15952), "unknown group operator '\(operation)'", path: name)
            }
            guard argument.array == nil else {
                throw DocumentError(
                    .location(40237), "The \(operation) accumulator is a unary operator", path: name)
            }
            if kind == .count {
                guard argument.document?.isEmpty == true else {
                    throw DocumentError(
                        .typeMismatch, "$count takes no arguments, i.e. $count:{}", path: name)
                }
                fields.append((name, .sum, try AggregationExpression(.int32(1), options: options)))
            } else {
                fields.append((name, kind, try AggregationExpression(argument, options: options)))
            }
        }
        self.fields = fields
    }

    /// The fields at the top of documents that the stage reads; nil when they are not all known.
    var neededFields: Set<String>? {
        var names: Set<String> = []
        for expression in [identifier] + fields.map(\.argument) {
            if expression.constant != nil { continue }
            guard let path = expression.field?.text else { return nil }
            names.insert(path)
        }
        return names
    }
}

/// What an accumulator does.
enum AccumulatorKind: String, Sendable, CaseIterable {
    case sum = "$sum"
    case average = "$avg"
    case minimum = "$min"
    case maximum = "$max"
    case first = "$first"
    case last = "$last"
    case push = "$push"
    case addToSet = "$addToSet"
    case count = "$count"
    case mergeObjects = "$mergeObjects"
}

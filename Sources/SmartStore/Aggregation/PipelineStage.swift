// The stages of a pipeline: names, and what each is made of. A new stage is a line in `parse` and a source of its own.

/// A parsed stage.
enum PipelineStage {
    case match(Filter)
    case sort(SortSpec)
    case skip(Int)
    case limit(Int)
    case document(DocumentStage)
    case unwind(UnwindStage)
    case group(GroupStage)
    case count(String)
    case documents([Document])
    case vectorSearch(VectorSearchStage)
    case out(String)
    case merge(MergeStage)

    static let names: Set<String> = [
        "$match", "$sort", "$skip", "$limit", "$project", "$addFields", "$set", "$unset", "$unwind", "$group", "$count",
        "$replaceRoot", "$replaceWith", "$sortByCount", "$documents", "$vectorSearch", "$out", "$merge",
    ]

    static func isKnown(_ name: String) -> Bool { names.contains(name) }

    /// The stages of one element of a pipeline: one, or what a stage is short for.
    static func parse(_ element: BSONValue, options: QueryOptions) throws -> [PipelineStage] {
        guard let stage = element.document else {
            throw CommandError.typeMismatch("Each element of the 'pipeline' array must be an object")
        }
        guard stage.count == 1, let (name, value) = stage.first(where: { _ in true }) else {
            throw CommandError(
                location: 40323, "A pipeline stage specification object must contain exactly one field.")
        }
        if let stage = try DocumentStage(name, value, options: options) { return [.document(stage)] }
        switch name {
        case "$match":
            guard let filter = value.document else {
                throw CommandError(location: 15959, "the match filter must be an expression in an object")
            }
            return [.match(try Filter(filter, options: options))]
        case "$sort":
            guard let order = value.document else {
                throw CommandError(location: 15973, "the $sort key specification must be an object")
            }
            guard !order.isEmpty else {
                throw CommandError(location: 15976, "$sort stage must have at least one sort key")
            }
            return [.sort(try SortSpec(order, collation: options.collation))]
        case "$skip": return [.skip(try number(value, of: name, location: 5_107_200))]
        case "$limit":
            let count = try number(value, of: name, location: 5_107_201)
            guard count > 0 else { throw CommandError(location: 15958, "the limit must be positive") }
            return [.limit(count)]
        case "$count": return [.count(try countField(value))]
        case "$unwind": return [.unwind(try UnwindStage(value))]
        case "$group": return [.group(try GroupStage(value, options: options))]
        case "$sortByCount":
            guard value.string != nil || value.document != nil else {
                throw CommandError(
                    location: 40149, "the sortByCount field must be specified as a string or as an object")
            }
            guard value.string?.hasPrefix("$") == true || value.document?.keys.first?.hasPrefix("$") == true else {
                throw CommandError(
                    location: value.string == nil ? 40147 : 40148,
                    "the sortByCount field must be defined as a $-prefixed path or an expression inside "
                        + "an object")
            }
            let group: BSONValue = ["_id": value, "count": ["$sum": 1]]
            return [.group(try GroupStage(group, options: options)), .sort(try SortSpec(["count": -1]))]
        case "$documents":
            let found = try AggregationExpression(value, options: options).evaluate(Document())
            guard let elements = found?.array else {
                throw CommandError(location: 5_858_203, "error during aggregation :: $documents needs an array")
            }
            return [
                .documents(
                    try elements.map {
                        guard let document = $0.document else {
                            throw CommandError(location: 40228, "an element of $documents is not an object")
                        }
                        return document
                    })
            ]
        case "$vectorSearch": return [.vectorSearch(try VectorSearchStage(value))]
        case "$out":
            if let name = value.string { return [.out(name)] }
            guard let target = value.document?["coll"]?.string else {
                throw CommandError(
                    location: 16990, "$out only supports a string or object argument, but found \(value.type.name)")
            }
            return [.out(target)]
        case "$merge": return [.merge(try MergeStage(value, options: options))]
        default:
            if AggregationNames.unbuiltStages.contains(name) { throw CommandError.notBuilt("the stage '\(name)'") }
            throw CommandError(location: 40324, "Unrecognized pipeline stage name: '\(name)'")
        }
    }

    private static func number(_ value: BSONValue, of stage: String, location: Int) throws(CommandError) -> Int {
        func refusal(_ expected: String) -> CommandError {
            CommandError(
                location: location,
                "invalid argument to \(stage) stage: Expected \(expected) in: \(stage): \(ShellText.value(value))")
        }
        guard value.type.isNumber else { throw refusal("a number") }
        guard let number = value.int else { throw refusal("an integer") }
        guard number >= 0 else { throw refusal("a non-negative number") }
        return number
    }

    private static func countField(_ value: BSONValue) throws(CommandError) -> String {
        guard let name = value.string else {
            throw CommandError(location: 40156, "the count field must be a non-empty string")
        }
        guard !name.isEmpty else {
            throw CommandError(location: 40157, "the count field must be a non-empty string")
        }
        guard !name.hasPrefix("$") else {
            throw CommandError(location: 40158, "the count field cannot be a $-prefixed path")
        }
        guard !name.utf8.contains(0) else {
            throw CommandError(location: 40159, "the count field cannot contain a null byte")
        }
        guard !name.contains(".") else {
            throw CommandError(location: 40160, "the count field cannot contain '.'")
        }
        return name
    }
}

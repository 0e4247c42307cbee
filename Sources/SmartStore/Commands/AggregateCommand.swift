// The stages of an aggregation that are built: $match $sort $skip $limit $project $count. Any other is unrecognised.

extension CommandRunner {
    func aggregate(_ arguments: CommandArguments) throws -> Document {
        let name = try arguments.collection()
        let elements = try arguments.required("pipeline", arguments.array("pipeline"))
        if let options = try arguments.document("cursor") {
            _ = try CommandArguments(options, name: "cursor", known: ["batchSize"]).count("batchSize")
        }
        let stages = try elements.map { try Self.stage($0) }
        let batch = try reading { try Pipeline.run(stages, over: $0.reader(name)) }
        return Reply.cursor(batch, namespace: name)
    }

    private static func stage(_ element: BSONValue) throws -> Pipeline.Stage {
        guard let stage = element.document else {
            throw CommandError.typeMismatch("Each element of the 'pipeline' array must be an object")
        }
        guard stage.count == 1, let (name, value) = stage.first(where: { _ in true }) else {
            throw CommandError(
                location: 40323, "A pipeline stage specification object must contain exactly one field.")
        }
        switch name {
        case "$match":
            guard let filter = value.document else {
                throw CommandError(location: 15959, "the match filter must be an expression in an object")
            }
            return .match(try Filter(filter))
        case "$sort":
            guard let order = value.document else {
                throw CommandError(location: 15973, "the $sort key specification must be an object")
            }
            guard !order.isEmpty else {
                throw CommandError(location: 15976, "$sort stage must have at least one sort key")
            }
            return .sort(try SortSpec(order))
        case "$skip": return .skip(try number(value, of: name, location: 5_107_200))
        case "$limit":
            let count = try number(value, of: name, location: 5_107_201)
            guard count > 0 else { throw CommandError(location: 15958, "the limit must be positive") }
            return .limit(count)
        case "$project": return .project(try projection(value))
        case "$count": return .count(try countField(value))
        default: throw CommandError(location: 40324, "Unrecognized pipeline stage name: '\(name)'")
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

    private static func projection(_ value: BSONValue) throws -> Projection {
        guard let document = value.document else {
            throw CommandError(location: 15969, "$project specification must be an object")
        }
        guard !document.isEmpty else {
            throw CommandError(
                location: 51272,
                "Invalid $project :: caused by :: projection specification must have at least one field")
        }
        do { return try Projection(document) } catch {
            throw CommandError(
                error.code.number, error.code.name, "Invalid $project :: caused by :: \(error.message)")
        }
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

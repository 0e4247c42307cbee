// $group: documents with equal keys become one, with what accumulators made of them.
//
// The hot path reads fields in place: the key is encoded into bytes that are used again, groups are looked up by them, and
// each accumulator keeps one plain state a group in an array of its own.

struct GroupStage: Sendable {
    /// Bytes that groups may hold: keys, and what $push and $addToSet gather.
    static let memoryLimit = 100 << 20

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
                throw DocumentError(.location(15952), "unknown group operator '\(operation)'", path: name)
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
enum AccumulatorKind: String, Sendable {
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

/// One accumulator's states, one for each group.
private protocol AccumulatorColumn: AnyObject {
    /// Makes room for one more group.
    func grow()
    /// Takes a value in; nil: missing.
    func add(_ view: BSONView?, to group: Int) throws(DocumentError)
    /// What has become of a group's values.
    func result(of group: Int) -> BSONValue?
    /// Bytes that were gathered since the last question.
    func gathered() -> Int
}

extension AccumulatorColumn {
    func gathered() -> Int { 0 }
}

private final class SumColumn: AccumulatorColumn {
    private var states: [SumAccumulator] = []
    func grow() { states.append(SumAccumulator()) }
    func add(_ view: BSONView?, to group: Int) { if let view { states[group].add(view) } }
    func result(of group: Int) -> BSONValue? { states[group].result }
}

private final class AverageColumn: AccumulatorColumn {
    private var states: [AverageAccumulator] = []
    func grow() { states.append(AverageAccumulator()) }
    func add(_ view: BSONView?, to group: Int) { if let view { states[group].add(view) } }
    func result(of group: Int) -> BSONValue? { states[group].result }
}

private final class ExtremeColumn: AccumulatorColumn {
    private let sign: Int
    private let collation: Collation?
    private var states: [BSONValue?] = []
    private var doubles: [Double] = []

    init(sign: Int, collation: Collation?) {
        self.sign = sign
        self.collation = collation
    }

    func grow() { states.append(nil) }

    func add(_ view: BSONView?, to group: Int) {
        guard let view, view.type != .null, view.type != .undefined else { return }
        if let present = states[group] {
            let order = present.withView { ValueOrder.compare(view, $0) }
            guard order * sign > 0 else { return }
        }
        states[group] = BSONValue(view)
    }

    func result(of group: Int) -> BSONValue? { states[group] ?? .null }
}

private final class EdgeColumn: AccumulatorColumn {
    private let keepsLast: Bool
    private var states: [BSONValue?] = []
    private var isSet: [Bool] = []

    init(keepsLast: Bool) { self.keepsLast = keepsLast }

    func grow() {
        states.append(nil)
        isSet.append(false)
    }

    func add(_ view: BSONView?, to group: Int) {
        guard keepsLast || !isSet[group] else { return }
        isSet[group] = true
        states[group] = view.flatMap { BSONValue($0) }
    }

    func result(of group: Int) -> BSONValue? { states[group] ?? .null }
}

private final class ListColumn: AccumulatorColumn {
    private let isSet: Bool
    private var lists: [[BSONValue]] = []
    private var keys: [Set<[UInt8]>] = []
    private var bytes = 0

    init(isSet: Bool) { self.isSet = isSet }

    func grow() {
        lists.append([])
        if isSet { keys.append([]) }
    }

    func add(_ view: BSONView?, to group: Int) throws(DocumentError) {
        guard let view, let value = BSONValue(view) else { return }
        if isSet {
            var key: [UInt8] = []
            try KeyEncoding.append(view, to: &key, limit: GroupStage.memoryLimit)
            guard keys[group].insert(key).inserted else { return }
            bytes += key.count
        }
        lists[group].append(value)
        bytes += view.bytes.count + 32
    }

    func result(of group: Int) -> BSONValue? { .array(lists[group]) }

    func gathered() -> Int {
        defer { bytes = 0 }
        return bytes
    }
}

private final class MergeColumn: AccumulatorColumn {
    private var states: [Document] = []

    func grow() { states.append(Document()) }

    func add(_ view: BSONView?, to group: Int) throws(DocumentError) {
        guard let view, view.type != .null, view.type != .undefined else { return }
        guard let document = BSONValue(view)?.document else {
            throw DocumentError(
                .location(40400), "$mergeObjects requires object inputs, but input is of type \(view.type.name)")
        }
        for (name, value) in document { states[group][name] = value }
    }

    func result(of group: Int) -> BSONValue? { .document(states[group]) }
}

/// The groups of a stage, and the documents that become of them.
final class GroupSource: DocumentSource {
    private let stage: GroupStage
    private let input: any DocumentSource
    private let columns: [any AccumulatorColumn]
    private var groups: [[UInt8]: Int] = [:]
    private var identifiers: [BSONValue] = []
    private var place = -1
    private var isRead = false
    private var document = Document()
    private var byteCount = 0

    init(_ stage: GroupStage, _ input: any DocumentSource) {
        self.stage = stage
        self.input = input
        columns = stage.fields.map { field -> any AccumulatorColumn in
            switch field.kind {
            case .sum, .count: SumColumn()
            case .average: AverageColumn()
            case .minimum: ExtremeColumn(sign: -1, collation: stage.collation)
            case .maximum: ExtremeColumn(sign: 1, collation: stage.collation)
            case .first: EdgeColumn(keepsLast: false)
            case .last: EdgeColumn(keepsLast: true)
            case .push: ListColumn(isSet: false)
            case .addToSet: ListColumn(isSet: true)
            case .mergeObjects: MergeColumn()
            }
        }
    }

    private func read() throws {
        isRead = true
        var key: [UInt8] = []
        var count = 0
        while try input.advance() {
            try input.withCurrent { root in
                key.removeAll(keepingCapacity: true)
                let group = try self.group(of: root, key: &key)
                for (place, field) in stage.fields.enumerated() {
                    try Self.withArgument(field.argument, root) { view throws(DocumentError) in
                        try columns[place].add(view, to: group)
                    }
                }
            }
            count &+= 1
            if count & 0x3FF == 0 { try checkMemory() }
        }
        try checkMemory()
    }

    private func checkMemory() throws(DocumentError) {
        for column in columns { byteCount += column.gathered() }
        guard byteCount <= GroupStage.memoryLimit else {
            throw DocumentError(
                .location(292), "PlanExecutor error during aggregation :: caused by :: Exceeded memory limit for $group"
            )
        }
    }

    private func group(of root: BSONBytes, key: inout [UInt8]) throws(DocumentError) -> Int {
        try Self.withArgument(stage.identifier, root) { view throws(DocumentError) in
            try KeyEncoding.append(
                view ?? .null, collation: stage.collation, to: &key, limit: GroupStage.memoryLimit)
            if let known = groups[key] { return known }
            let group = identifiers.count
            groups[key] = group
            identifiers.append(view.flatMap { BSONValue($0) } ?? .null)
            byteCount += key.count + 96
            for column in columns { column.grow() }
            return group
        }
    }

    /// Lends the value of an expression; in place for plain paths.
    @inline(__always)
    private static func withArgument<R>(
        _ expression: AggregationExpression, _ root: BSONBytes, _ body: (BSONView?) throws(DocumentError) -> R
    ) throws(DocumentError) -> R {
        if let path = expression.field {
            var isMapped = false
            let view = path.view(in: root, isMapped: &isMapped)
            if !isMapped { return try body(view) }
        }
        guard let value = try expression.evaluate(root) else { return try body(nil) }
        return try value.withView { view throws(DocumentError) in try body(view) }
    }

    func advance() throws -> Bool {
        if !isRead { try read() }
        if place < identifiers.count { place += 1 }
        guard place < identifiers.count else { return false }
        var made = Document()
        made.append("_id", identifiers[place])
        for (field, column) in zip(stage.fields, columns) {
            if let value = column.result(of: place) { made.append(field.name, value) }
        }
        document = made
        return true
    }

    func withCurrent(_ body: (BSONBytes) throws -> Void) throws {
        try document.withBytes { (bytes) throws in try body(bytes) }
    }

    func current() -> Document { document }
}

// One accumulator's states, one for each group, in flat arrays.

struct GroupColumn {
    let kind: AccumulatorKind
    private let collation: Collation?
    /// Of $sum and $avg.
    private var sums: ContiguousArray<SumAccumulator> = []
    /// How many numbers $avg has seen; whether $first has a value.
    private var counts: ContiguousArray<Int> = []
    /// Of $min, $max, $first and $last.
    private var values: ContiguousArray<BSONValue?> = []
    /// Of $push and $addToSet.
    private var lists: ContiguousArray<[BSONValue]> = []
    private var keys: ContiguousArray<Set<[UInt8]>> = []
    /// Of $mergeObjects.
    private var documents: ContiguousArray<Document> = []
    /// Bytes that were gathered, roughly.
    private(set) var byteCount = 0

    private static let keyLimit = 1 << 26

    init(_ kind: AccumulatorKind, collation: Collation?) {
        self.kind = kind
        self.collation = collation
    }

    /// Makes room for one more group.
    mutating func grow() {
        byteCount += 64
        switch kind {
        case .sum, .count: sums.append(SumAccumulator())
        case .average:
            sums.append(SumAccumulator())
            counts.append(0)
        case .minimum, .maximum, .last: values.append(nil)
        case .first:
            values.append(nil)
            counts.append(0)
        case .push: lists.append([])
        case .addToSet:
            lists.append([])
            keys.append([])
        case .mergeObjects: documents.append(Document())
        }
    }

    /// Takes a value in; nil: missing.
    @inline(__always)
    mutating func add(_ view: BSONView?, to group: Int) throws(DocumentError) {
        switch kind {
        case .sum, .count: if let view { sums[group].add(view) }
        case .average:
            guard let view, view.type.isNumber else { return }
            counts[group] &+= 1
            sums[group].add(view)
        default: try keep(view, in: group)
        }
    }

    private mutating func keep(_ view: BSONView?, in group: Int) throws(DocumentError) {
        switch kind {
        case .minimum: replace(view, in: group, sign: -1)
        case .maximum: replace(view, in: group, sign: 1)
        case .first:
            guard counts[group] == 0 else { return }
            counts[group] = 1
            values[group] = view.flatMap { BSONValue($0) }
            byteCount += view?.bytes.count ?? 0
        case .last: values[group] = view.flatMap { BSONValue($0) }
        case .push, .addToSet: try append(view, to: group)
        case .mergeObjects: try merge(view, into: group)
        case .sum, .count, .average: break
        }
    }

    private mutating func replace(_ view: BSONView?, in group: Int, sign: Int) {
        guard let view, view.type != .null, view.type != .undefined else { return }
        if let present = values[group] {
            let order =
                if let collation, collation.concerns(view), let value = BSONValue(view) {
                    ValueOrder.compare(collation.folded(value), collation.folded(present))
                } else {
                    present.withView { ValueOrder.compare(view, $0) }
                }
            guard order * sign > 0 else { return }
        }
        values[group] = BSONValue(view)
    }

    private mutating func append(_ view: BSONView?, to group: Int) throws(DocumentError) {
        guard let view, let value = BSONValue(view) else { return }
        if kind == .addToSet {
            var key: [UInt8] = []
            try KeyEncoding.append(view, collation: collation, to: &key, limit: Self.keyLimit)
            guard keys[group].insert(key).inserted else { return }
            byteCount += key.count
        }
        lists[group].append(value)
        byteCount += view.bytes.count + 32
    }

    private mutating func merge(_ view: BSONView?, into group: Int) throws(DocumentError) {
        guard let view, view.type != .null, view.type != .undefined else { return }
        guard let document = BSONValue(view)?.document else {
            throw DocumentError(
                .location(40400), "$mergeObjects requires object inputs, but input is of type \(view.type.name)")
        }
        for (name, value) in document { documents[group][name] = value }
        byteCount += view.bytes.count
    }

    /// Gives back what a group has gathered; its result is not asked for again.
    mutating func release(_ group: Int) {
        if values.indices.contains(group) { values[group] = nil }
        if lists.indices.contains(group) { lists[group] = [] }
        if keys.indices.contains(group) { keys[group] = [] }
        if documents.indices.contains(group) { documents[group] = Document() }
    }

    /// What has become of a group's values.
    func result(of group: Int) -> BSONValue {
        switch kind {
        case .sum, .count: sums[group].result
        case .average: sums[group].mean(of: counts[group])
        case .minimum, .maximum, .first, .last: values[group] ?? .null
        case .push, .addToSet: .array(lists[group])
        case .mergeObjects: .document(documents[group])
        }
    }
}

// A $group stage at work: reads its input to the end, then hands out a document for each group.
//
// 1. Fields are read in place; no document is decoded, and nothing is allocated for a document whose group is known.
// 2. Groups, and what accumulators gather, are bounded by StoreOptions.groupByteLimit. From half of it on documents wait
//    on the disk (SpilledGroups); without the disk, and for one group beyond it, the pipeline fails with MongoDB's code
//    292, and nothing of it is kept.

/// The groups of a stage, and the documents that become of them.
package final class GroupSource: DocumentSource {
    private let stage: GroupStage
    private let input: any DocumentSource
    private let byteLimit: Int
    private let resources: SortResources?
    private var groups: GroupStates?
    private var spilled: SpilledGroups?
    private var isRead = false
    private var failure: (any Error)?
    private var place = -1
    private var document = Document()

    /// - Parameter resources: what the sort of documents that must wait may use; nil: none waits.
    init(_ stage: GroupStage, _ input: any DocumentSource, byteLimit: Int, _ resources: SortResources? = nil) {
        self.stage = stage
        self.input = input
        self.byteLimit = byteLimit
        self.resources = resources.flatMap { $0.mayUseDisk ? $0 : nil }
    }

    private func read() throws {
        var groups = GroupStates(stage)
        var count = 0
        // With the disk at hand, half is left for what comes back from it.
        let most = resources == nil ? byteLimit : byteLimit / 2
        while try input.advance() {
            try input.withCurrent { root in try groups.add(root) }
            count &+= 1
            guard count & 0xF == 0, groups.byteCount > most else { continue }
            guard let resources, groups.byteCount < byteLimit else { throw GroupStates.refusal(byteLimit) }
            let spilled = SpilledGroups(stage, groups, budget: byteLimit - groups.byteCount, byteLimit, resources)
            groups = GroupStates(stage)
            while try input.advance() { try input.withCurrent { root in try spilled.add(root) } }
            try spilled.finish()
            self.spilled = spilled
            return
        }
        guard groups.byteCount <= byteLimit else { throw GroupStates.refusal(byteLimit) }
        self.groups = groups
    }

    package func advance() throws -> Bool {
        if let failure { throw failure }
        do {
            if !isRead {
                isRead = true
                try read()
            }
            if let spilled {
                guard let next = try spilled.next() else { return false }
                document = next
                return true
            }
        } catch {
            failure = error
            spilled = nil
            throw error
        }
        guard let groups else { return false }
        if place < groups.count { place += 1 }
        guard place < groups.count else { return false }
        document = groups.document(place)
        return true
    }

    package func withCurrent(_ body: (BSONBytes) throws -> Void) throws {
        try document.withBytes { (bytes) throws in try body(bytes) }
    }

    package func current() -> Document { document }
}

/// The groups while they grow.
struct GroupStates {
    /// How the key of a document is found.
    private enum Key {
        case single(GatheredArgument)
        /// A document of fields and constants, with the whole expression for keys that are new.
        case compound([GatheredArgument], AggregationExpression)
    }

    private let names: [String]
    private var gather = FieldGather()
    private let key: Key
    private let arguments: [GatheredArgument]
    /// The short ways to the arguments and to the key.
    private let steps: ContiguousArray<GatheredArgument.Step>
    private let keyStep: GatheredArgument.Step
    private var columns: ContiguousArray<GroupColumn>
    private var table: GroupTable
    private var identifiers: ContiguousArray<BSONValue> = []
    private var identifierBytes = 0
    private var form: [UInt8] = []

    init(_ stage: GroupStage) {
        var gather = FieldGather()
        if let parts = stage.identifier.parts {
            key = .compound(parts.map { GatheredArgument($0, &gather) }, stage.identifier)
        } else {
            key = .single(GatheredArgument(stage.identifier, &gather))
        }
        arguments = stage.fields.map { GatheredArgument($0.argument, &gather) }
        steps = ContiguousArray(arguments.map(\.step))
        keyStep = if case .single(let argument) = key { argument.step } else { .other }
        names = stage.fields.map(\.name)
        columns = ContiguousArray(stage.fields.map { GroupColumn($0.kind, collation: stage.collation) })
        table = GroupTable(collation: stage.collation)
        self.gather = gather
    }

    var count: Int { identifiers.count }

    mutating func add(_ root: BSONBytes) throws(DocumentError) {
        gather.gather(in: root)
        let group = try self.group(of: root)
        for place in columns.indices {
            switch steps[place] {
            case .field(let slot):
                try columns[place].add(gather.view(slot, in: root), to: group)
                continue
            case .constant(let view):
                try columns[place].add(view, to: group)
                continue
            case .other: break
            }
            var isMade = false
            let view = arguments[place].view(gather, in: root, isMade: &isMade)
            if !isMade {
                try columns[place].add(view, to: group)
            } else if let value = try arguments[place].value(gather, in: root) {
                var bytes: [UInt8] = []
                BSONWriter.append(value, to: &bytes)
                let owned = OwnedBytes(bytes)
                try columns[place].add(BSONView(type: value.type, bytes: owned.bytes), to: group)
                withExtendedLifetime(owned) {}
            } else {
                try columns[place].add(nil, to: group)
            }
        }
    }

    private mutating func group(of root: BSONBytes) throws(DocumentError) -> Int {
        if case .field(let slot) = keyStep { return try self.group(gather.view(slot, in: root)) }
        switch key {
        case .single(let argument):
            var isMade = false
            let view = argument.view(gather, in: root, isMade: &isMade)
            guard isMade else { return try group(view) }
            guard let value = try argument.value(gather, in: root) else { return try group(nil) }
            return try value.withView { view throws(DocumentError) in try group(view) }
        case .compound(let parts, let expression):
            var form: [UInt8] = []
            swap(&form, &self.form)
            defer { swap(&form, &self.form) }
            form.removeAll(keepingCapacity: true)
            for part in parts {
                var isMade = false
                let view = part.view(gather, in: root, isMade: &isMade)
                if isMade, let value = try part.value(gather, in: root) {
                    form.append(value.type.rawValue)
                    BSONWriter.append(value, to: &form)
                } else {
                    form.append(GroupTable.tag(view))
                    // Numbers say their length by their type; what has a length of its own begins with it.
                    view?.bytes.append(to: &form)
                }
            }
            let tag = BSONType.document.rawValue
            if let known = BSONBytes.with(form, { table.known(tag, $0) }) { return known }
            let value = try expression.evaluate(root) ?? .null
            return try value.withView { view throws(DocumentError) in
                try BSONBytes.with(form) { bytes throws(DocumentError) in try make(view, tag: tag, form: bytes) }
            }
        }
    }

    @inline(__always)
    private mutating func group(_ view: BSONView?) throws(DocumentError) -> Int {
        let (tag, bytes) = (GroupTable.tag(view), view?.bytes ?? .empty)
        if let known = table.known(tag, bytes) { return known }
        return try make(view ?? .null, tag: tag, form: bytes)
    }

    private mutating func make(_ view: BSONView, tag: UInt8, form: BSONBytes) throws(DocumentError) -> Int {
        let group = try table.group(view, tag: tag, form: form)
        guard group == identifiers.count else { return group }
        identifiers.append(BSONValue(view) ?? .null)
        identifierBytes += view.bytes.count + 32
        for place in columns.indices { columns[place].grow() }
        return group
    }

    /// Bytes in memory, roughly.
    var byteCount: Int { columns.reduce(table.byteCount + identifierBytes) { $0 + $1.byteCount } }

    static func refusal(_ limit: Int) -> DocumentError {
        DocumentError(
            .location(292),
            "Exceeded memory limit for $group: more than \(limit) bytes of groups that must be in memory at a time")
    }

    /// The group of an encoded key; nil: there is none.
    func group(ofKey key: [UInt8]) -> Int? { table.group(ofKey: key) }

    /// The encoded key of a document's group.
    mutating func encodedKey(of root: BSONBytes) throws(DocumentError) -> [UInt8] {
        gather.gather(in: root)
        switch key {
        case .single(let argument):
            var isMade = false
            let view = argument.view(gather, in: root, isMade: &isMade)
            guard isMade else { return try table.encoded(view ?? .null) }
            guard let value = try argument.value(gather, in: root) else { return try table.encoded(.null) }
            return try value.withView { view throws(DocumentError) in try table.encoded(view) }
        case .compound(_, let expression):
            let value = try expression.evaluate(root) ?? .null
            return try value.withView { view throws(DocumentError) in try table.encoded(view) }
        }
    }

    /// Gives back what a group has gathered.
    mutating func release(_ group: Int) {
        identifiers[group] = .null
        for place in columns.indices { columns[place].release(group) }
    }

    func document(_ group: Int) -> Document {
        var made = Document()
        made.append("_id", identifiers[group])
        for (name, column) in zip(names, columns) { made.append(name, column.result(of: group)) }
        return made
    }
}

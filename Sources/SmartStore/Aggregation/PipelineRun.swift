// A pipeline at work: its leading stages become a query of the collection, the rest a chain of sources.

/// A parsed pipeline.
struct AggregationPipeline {
    let stages: [PipelineStage]
    let options: QueryOptions
    let hint: BSONValue?
    let maxTimeMS: Int?
    /// Whether stages beyond their memory limits may use temporary files.
    let allowsDiskUse: Bool

    init(
        _ pipeline: [BSONValue], options: QueryOptions, hint: BSONValue? = nil, maxTimeMS: Int? = nil,
        allowsDiskUse: Bool = true
    ) throws {
        guard pipeline.count <= 1000 else {
            throw CommandError(location: 7_749_501, "Pipeline length must be no longer than 1000 stages")
        }
        var stages: [PipelineStage] = []
        for (place, element) in pipeline.enumerated() {
            for stage in try PipelineStage.parse(element, options: options) {
                switch stage {
                case .documents where place > 0:
                    throw CommandError(location: 40602, "$documents is only valid as the first stage in a pipeline.")
                case .vectorSearch where place > 0:
                    throw CommandError(location: 40602, "$vectorSearch is only valid as the first stage in a pipeline.")
                case .out where place < pipeline.count - 1:
                    throw CommandError(location: 40601, "$out can only be the final stage in the pipeline")
                case .merge where place < pipeline.count - 1:
                    throw CommandError(location: 40601, "$merge can only be the final stage in the pipeline")
                default: break
                }
                stages.append(stage)
            }
        }
        self.stages = stages
        self.options = options
        self.hint = hint
        self.maxTimeMS = maxTimeMS
        self.allowsDiskUse = allowsDiskUse
    }

    /// Whether it writes.
    var writes: Bool {
        switch stages.last {
        case .out?, .merge?: true
        default: false
        }
    }

    /// The query of the leading stages, and the stages that are left.
    func split() -> (query: FindQuery, rest: ArraySlice<PipelineStage>) {
        var query = FindQuery(
            hint: hint, options: options, maxTimeMS: maxTimeMS, allowsDiskUse: allowsDiskUse)
        var rest = stages[...]
        var filters: [BSONValue] = []
        var sort: SortSpec?
        loop: while let stage = rest.first {
            switch stage {
            case .match(let filter): filters.append(.document(filter.document))
            // What matches is the same before and after.
            case .sort(let order): sort = order
            default: break loop
            }
            rest.removeFirst()
        }
        if filters.count == 1, case .document(let filter) = filters[0] {
            query.filter = filter
        } else if filters.count > 1 {
            query.filter = ["$and": .array(filters)]
        }
        query.sort = sort?.pattern.document
        if case .skip(let count)? = rest.first {
            query.skip = count
            rest.removeFirst()
        }
        if case .limit(let count)? = rest.first {
            query.limit = count
            rest.removeFirst()
        }
        if case .group(let group)? = rest.first, query.skip == 0, query.limit == nil, query.sort == nil,
            let needed = group.neededFields, needed.allSatisfy({ !$0.contains(".") })
        {
            // An index that has these fields spares the documents.
            var projection = Document(fields: needed.sorted().map { ($0, .int32(1)) })
            if !needed.contains("_id") { projection.append("_id", .int32(0)) }
            if !needed.isEmpty { query.projection = projection }
        }
        return (query, rest)
    }

    /// The documents that come out of it, up to a stage that writes.
    func source(over reader: some CollectionReading) throws -> any DocumentSource {
        var rest: ArraySlice<PipelineStage>
        var source: any DocumentSource
        switch stages.first {
        case .documents(let documents)?:
            source = ListedDocuments(documents)
            rest = stages.dropFirst()
        case .vectorSearch(let search)?:
            source = ListedDocuments(try search.documents(of: reader))
            rest = stages.dropFirst()
        default:
            let (query, behind) = split()
            rest = behind
            if case .count(let name)? = rest.first {
                // Counted by the plan, which need not read documents.
                let count = try reader.count(query)
                source = ListedDocuments(count > 0 ? [[name: BSONValue(count)]] : [])
                rest.removeFirst()
            } else {
                source = try reader.source(query, projectsOnlyWhenCovered: true)
            }
        }
        while let stage = rest.popFirst() {
            var bound: Int?
            if case .sort = stage { bound = Self.bound(of: rest) }
            source = try chained(stage, source, bound: bound, reader)
        }
        if case .vectorSearch? = stages.first { source = ScoreFreeSource(source) }
        return source
    }

    /// How many documents behind a sort are wanted: it keeps no more than these.
    private static func bound(of rest: ArraySlice<PipelineStage>) -> Int? {
        switch rest.first {
        case .limit(let count)?: return count
        case .skip(let skipped)?:
            guard case .limit(let count)? = rest.dropFirst().first else { return nil }
            let (sum, overflow) = skipped.addingReportingOverflow(count)
            return overflow ? nil : sum
        default: return nil
        }
    }

    private func chained(
        _ stage: PipelineStage, _ source: any DocumentSource, bound: Int?, _ reader: some CollectionReading
    ) throws -> any DocumentSource {
        switch stage {
        case .match(let filter): MatchSource(source, filter)
        case .sort(let sort): try reader.sorted(source, by: sort, bound: bound, allowsDiskUse: allowsDiskUse)
        case .skip(let count): SlicedSource(source, skip: count, limit: nil)
        case .limit(let count): SlicedSource(source, skip: 0, limit: count)
        case .document(let stage): DocumentStageSource(source, stage)
        case .unwind(let stage): UnwindSource(stage, source)
        case .group(let stage):
            GroupSource(
                stage, source, byteLimit: reader.transaction.store.options.groupByteLimit,
                reader.transaction.store.groupResources(allowsDiskUse: allowsDiskUse))
        case .count(let name): CountSource(source, name)
        case .documents, .vectorSearch, .out, .merge: source
        }
    }
}

/// Documents that match.
private final class MatchSource: DocumentSource {
    private let inner: any DocumentSource
    private let filter: Filter

    init(_ inner: any DocumentSource, _ filter: Filter) {
        self.inner = inner
        self.filter = filter
    }

    func advance() throws -> Bool {
        while try inner.advance() {
            var matches = false
            try inner.withCurrent { matches = try filter.matches($0) }
            if matches { return true }
        }
        return false
    }

    func withCurrent(_ body: (BSONBytes) throws -> Void) throws { try inner.withCurrent(body) }
    func current() throws -> Document { try inner.current() }
}

/// Documents after a stage that makes one of one.
private final class DocumentStageSource: DocumentSource {
    private let inner: any DocumentSource
    private let stage: DocumentStage
    private var document = Document()

    init(_ inner: any DocumentSource, _ stage: DocumentStage) {
        self.inner = inner
        self.stage = stage
    }

    func advance() throws -> Bool {
        guard try inner.advance() else { return false }
        document = try stage.apply(to: try inner.current())
        return true
    }

    func withCurrent(_ body: (BSONBytes) throws -> Void) throws {
        try document.withBytes { (bytes) throws in try body(bytes) }
    }

    func current() -> Document { document }
}

/// One document with the number of documents; none when there were none.
private final class CountSource: DocumentSource {
    private let inner: any DocumentSource
    private let name: String
    private var document: Document?
    private var isDone = false

    init(_ inner: any DocumentSource, _ name: String) {
        self.inner = inner
        self.name = name
    }

    func advance() throws -> Bool {
        guard !isDone else { return false }
        isDone = true
        var count = 0
        while try inner.advance() { count += 1 }
        guard count > 0 else { return false }
        document = [name: BSONValue(count)]
        return true
    }

    func withCurrent(_ body: (BSONBytes) throws -> Void) throws {
        try current().withBytes { (bytes) throws in try body(bytes) }
    }

    func current() -> Document { document ?? Document() }
}

/// Takes the score of a vector search out at the end.
private final class ScoreFreeSource: DocumentSource {
    private let inner: any DocumentSource

    init(_ inner: any DocumentSource) { self.inner = inner }

    func advance() throws -> Bool { try inner.advance() }

    func withCurrent(_ body: (BSONBytes) throws -> Void) throws {
        try current().withBytes { (bytes) throws in try body(bytes) }
    }

    func current() throws -> Document {
        var document = try inner.current()
        document[VectorScore.field] = nil
        return document
    }
}

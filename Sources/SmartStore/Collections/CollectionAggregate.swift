// Pipelines over a collection.

extension CollectionReading {
    /// Runs an aggregation pipeline and returns its documents.
    /// - Parameter allowsDiskUse: whether stages beyond their memory limits may use temporary files.
    /// - Throws: what its stages refuse, with MongoDB's codes; `invalidArgument` for `$out` and `$merge` in a reader.
    public func aggregate(
        _ pipeline: [Document], options: QueryOptions = .standard, allowsDiskUse: Bool = true
    ) throws(StoreError) -> [Document] {
        try converting { try aggregation(pipeline, options: options, allowsDiskUse: allowsDiskUse).rest() }
    }

    /// The documents of a pipeline, one after another.
    package func aggregation(
        _ pipeline: [Document], options: QueryOptions = .standard, allowsDiskUse: Bool = true
    ) throws -> any DocumentSource {
        let parsed = try AggregationPipeline(
            pipeline.map { .document($0) }, options: options, allowsDiskUse: allowsDiskUse)
        guard !parsed.writes else {
            throw StoreError(
                .invalidArgument, "A pipeline with $out or $merge writes.",
                remedy: "Run it on a collection of a write transaction.", server: .illegalOperation)
        }
        return try parsed.source(over: self)
    }
}

extension CollectionWriter {
    /// Runs an aggregation pipeline, which may end in `$out` or `$merge`. Returns its documents; none when it writes.
    @discardableResult
    public func aggregate(
        _ pipeline: [Document], options: QueryOptions = .standard, allowsDiskUse: Bool = true
    ) throws(StoreError) -> [Document] {
        try writer.changing {
            let parsed = try AggregationPipeline(
                pipeline.map { .document($0) }, options: options, allowsDiskUse: allowsDiskUse)
            guard parsed.writes else { return try parsed.source(over: self).rest() }
            try write(parsed)
            return []
        }
    }

    /// Runs a pipeline that writes. Its documents are all made before the first is written: a stage may read what another
    /// part of the pipeline changes.
    func write(_ pipeline: AggregationPipeline) throws {
        let documents = try pipeline.source(over: self).rest()
        switch pipeline.stages.last {
        case .out(let name)?:
            try CollectionNames.validate(name)
            let indexes = try writer.entry(name)?.secondary.map(\.definition.specification) ?? []
            try writer.dropCollection(name)
            try writer.createCollection(name)
            for index in indexes { try writer.createIndex(on: name, index) }
            let target: CollectionWriter = writer.collection(name)
            for document in documents { try target.insert(document) }
        case .merge(let stage)?:
            try CollectionNames.validate(stage.target)
            try checkUnique(stage)
            let target: CollectionWriter = writer.collection(stage.target)
            for document in documents { try stage.put(document, into: target) }
        default: break
        }
    }

    private func checkUnique(_ stage: MergeStage) throws {
        guard stage.on != ["_id"] else { return }
        let indexes = try writer.entry(stage.target)?.secondary ?? []
        let isUnique = indexes.contains { index in
            let specification = index.definition.specification
            return specification.isUnique && specification.partialFilter == nil
                && Set(specification.keys.keys) == Set(stage.on)
        }
        guard isUnique else {
            throw CommandError(
                location: 51183, "Cannot find index to verify that join fields will be unique")
        }
    }
}

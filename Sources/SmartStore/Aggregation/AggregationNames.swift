// The names of MongoDB's query language that pipelines know: those that are built, and those that are refused as not
// built (238), so that nobody mistakes them for a slip of the pen. Documentation/EXPRESSIONS.md lists them all; a test
// holds it against these tables.

/// Names of stages, accumulators and expressions.
package enum AggregationNames {
    /// Stages that are built.
    package static let stages: Set<String> = PipelineStage.names

    /// Stages that MongoDB has and this engine does not.
    package static let unbuiltStages: Set<String> = [
        "$bucket", "$bucketAuto", "$changeStream", "$changeStreamSplitLargeEvent", "$collStats", "$currentOp",
        "$densify", "$facet", "$fill", "$geoNear", "$graphLookup", "$indexStats", "$listLocalSessions",
        "$listSampledQueries", "$listSearchIndexes", "$listSessions", "$lookup", "$planCacheStats", "$querySettings",
        "$queryStats", "$rankFusion", "$redact", "$sample", "$score", "$scoreFusion", "$search", "$searchMeta",
        "$setWindowFields", "$shardedDataDistribution", "$unionWith",
    ]

    /// Accumulators that are built.
    package static let accumulators = Set(AccumulatorKind.allCases.map(\.rawValue))

    /// Accumulators that MongoDB has and this engine does not.
    package static let unbuiltAccumulators: Set<String> = [
        "$accumulator", "$bottom", "$bottomN", "$concatArrays", "$firstN", "$lastN", "$maxN", "$median", "$minN",
        "$percentile", "$setUnion", "$stdDevPop", "$stdDevSamp", "$top", "$topN",
    ]

    /// Expressions that are built.
    package static let expressions: Set<String> = ExpressionParser.names
        .union(ExpressionFunctions.table.keys).union(ExpressionFunctions.named.keys)

    /// Expressions that MongoDB has and this engine does not.
    package static let unbuiltExpressions: Set<String> = [
        "$createObjectId", "$currentDate", "$deserializeEJSON", "$encStrContains", "$encStrEndsWith",
        "$encStrNormalizedEq", "$encStrStartsWith", "$function", "$hash", "$hexHash", "$median", "$percentile",
        "$rand", "$sampleRate", "$serializeEJSON", "$similarityCosine", "$similarityDotProduct",
        "$similarityEuclidean", "$subtype", "$toArray", "$toHashedIndexKey", "$toObject", "$toUUID",
    ]
}

extension DocumentError {
    /// Refuses what MongoDB has and this engine does not.
    static func notBuilt(_ what: String, path: String? = nil) -> DocumentError {
        DocumentError(.location(238), "\(what) is not built yet", path: path)
    }
}

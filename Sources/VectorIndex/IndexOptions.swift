// The settings that shape an index. They are fixed when it is created: saved links only make sense under them.

/// The validated settings of an index.
public struct IndexOptions: Sendable, Equatable, Codable {
    /// Elements of a vector, 1...8192.
    public let dimension: Int
    /// How vectors are compared.
    public let metric: Metric
    /// How vectors are kept.
    public let storage: VectorStorage
    /// What walks and scans read instead of the vectors.
    public let codes: VectorCodes
    /// Links a row gets at each upper level, 4...128; level 0 holds twice as many. `M` in the HNSW paper.
    public let connectivity: Int
    /// Rows kept in view while a new row's neighbours are searched, 8...4096. `efConstruction` in the paper.
    public let buildBreadth: Int
    /// Decides which rows stand on upper levels. The same seed and order of rows give the same graph.
    public let seed: UInt64

    /// Elements that a vector may have.
    public static let dimensionRange = 1...8192
    /// Values of ``connectivity``.
    public static let connectivityRange = 4...128
    /// Values of ``buildBreadth``.
    public static let buildBreadthRange = 8...4096

    /// ``connectivity`` where nothing else is said: what won on text embeddings.
    public static let usualConnectivity = 24
    /// ``buildBreadth`` where nothing else is said: what won on text embeddings.
    public static let usualBuildBreadth = 200

    /// Checks the ranges given at each property. Without `codes` the dimension decides.
    public init(
        dimension: Int, metric: Metric = .cosine, storage: VectorStorage = .float16, codes: VectorCodes? = nil,
        connectivity: Int = usualConnectivity, buildBreadth: Int = usualBuildBreadth, seed: UInt64 = 0x5EED
    ) throws(VectorError) {
        func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(VectorError) {
            guard range.contains(value) else {
                let reason = "\(value) is outside \(range.lowerBound)...\(range.upperBound)"
                throw VectorError(.invalidOption(name: name, reason: reason))
            }
        }
        try check("dimension", dimension, Self.dimensionRange)
        try check("connectivity", connectivity, Self.connectivityRange)
        try check("buildBreadth", buildBreadth, Self.buildBreadthRange)
        self.dimension = dimension
        self.metric = metric
        self.storage = storage
        self.codes = codes ?? .automatic(dimension: dimension)
        self.connectivity = connectivity
        self.buildBreadth = buildBreadth
        self.seed = seed
    }

    /// Decodes and checks the ranges like ``init(dimension:metric:storage:codes:connectivity:buildBreadth:seed:)``.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(
            dimension: values.decode(Int.self, forKey: .dimension),
            metric: values.decode(Metric.self, forKey: .metric),
            storage: values.decode(VectorStorage.self, forKey: .storage),
            codes: values.decodeIfPresent(VectorCodes.self, forKey: .codes) ?? VectorCodes.none,
            connectivity: values.decode(Int.self, forKey: .connectivity),
            buildBreadth: values.decode(Int.self, forKey: .buildBreadth),
            seed: values.decode(UInt64.self, forKey: .seed))
    }

    /// Bytes of one row of the vectors array: dimension times element size, without padding.
    public var vectorStride: Int { dimension * storage.byteCount }

    /// Bytes of one row of the links array: 2 × connectivity words, filled up to whole cache lines.
    public var linkStride: Int { (connectivity * 2 * 4 + 63) / 64 * 64 }

    /// Bytes of one record of the upper array: connectivity words, filled up to whole cache lines.
    public var upperStride: Int { (connectivity * 4 + 63) / 64 * 64 }

    /// Bytes of one row of the codes array: whole units, for euclidean then the squared length as a float, filled up to
    /// whole cache lines. 0 without codes.
    public var codeStride: Int {
        guard codes != .none else { return 0 }
        return (codeUnits * codes.unit.bytes + (metric == .euclidean ? 4 : 0) + 63) / 64 * 64
    }

    /// Units of a row of codes.
    var codeUnits: Int { (dimension + codes.unit.dimensions - 1) / codes.unit.dimensions }

    /// Where in a row of codes the squared length stands; 0 when it does not.
    var codeTermOffset: Int { metric == .euclidean && codes != .none ? codeUnits * codes.unit.bytes : 0 }

    /// Links a new row gets on level 0; the rest of its list fills up with links back.
    var firstLinkCount: Int { connectivity * 2 }

    /// Links a row may have on `level`.
    func degree(level: Int) -> Int { level == 0 ? connectivity * 2 : connectivity }
}

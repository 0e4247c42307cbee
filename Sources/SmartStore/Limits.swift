import PageStore
import StoreIO
import TreeStore
import VectorIndex

// Every limit by name, in one place. What is larger is refused with `limitExceeded`, `invalidArgument` or the named error
// of its kind, and nothing of it is applied; what a file claims is held against these before time or memory is spent.
// FORMAT.md, section 13, lists the same numbers for readers of the file.

/// The limits of a store.
public enum Limits {
    // MARK: The file

    /// Bytes a page; a file has one size for its life.
    public static let pageSizes = PagerLimits.pageSizes
    /// Pages of a file of this page size: what the space map can address.
    public static func pages(pageSize: Int) -> Int { PagerLimits.pageLimit(pageSize: pageSize) }
    /// Extents of the log that a superblock can name.
    public static let logExtents = PagerLimits.logExtentLimit
    /// Seals of one writer epoch under one derived key; then a new key is derived (NIST SP 800-38D).
    public static let sealsOfAnEpoch = PagerLimits.epochSealLimit
    /// Memory that scrypt may take for a passphrase, in bytes, whatever the file asks for.
    public static let keyDerivationMemory = Int(PagerLimits.keyDerivationMemory)
    /// Rounds of PBKDF2 that a file may ask for.
    public static let keyDerivationRounds = Int(PagerLimits.keyDerivationRounds)

    // MARK: Settings

    /// ``StoreOptions/cacheByteLimit``.
    public static let pageCacheBytes = PagerLimits.cacheByteRange
    /// ``StoreOptions/logByteLimit``.
    public static let logBytes = PagerLimits.logByteRange
    /// How many times ``StoreOptions/logByteLimit`` a log may reach that a reader holds back, before writes are refused.
    public static let logOverrun = PagerLimits.logOverrunFactor
    /// ``StoreOptions/transactionByteLimit``.
    public static let transactionBytes = 1 << 18...1 << 42
    /// ``StoreOptions/vectorByteLimit``.
    public static let vectorBytes = 1 << 20...1 << 44
    /// ``StoreOptions/indexBuildByteLimit``.
    public static let indexBuildBytes = 1 << 20...1 << 40
    /// ``StoreOptions/sortByteLimit``.
    public static let sortBytes = 1 << 12...1 << 40
    /// ``StoreOptions/groupByteLimit``.
    public static let groupBytes = 1 << 16...1 << 40
    /// ``StoreOptions/cacheSegmentByteLimit``.
    public static let cacheSegmentBytes = 0...1 << 42
    /// ``StoreOptions/auditEpochEntryLimit``.
    public static let auditEpochEntries = 1...1 << 24
    /// ``StoreOptions/auditEpochDuration``.
    public static let auditEpochDuration = Duration.seconds(1)...Duration.seconds(366 * 86_400)

    // MARK: Documents

    /// Bytes of a document as BSON.
    public static let documentBytes = BSONLimits().byteCount
    /// Levels of documents and arrays within each other in a stored document.
    public static let documentDepth = BSONLimits().depth
    /// Bytes of the key made of an `_id`; also of any key of a tree.
    public static let idKeyBytes = TreeLimits.maximumKeyByteCount
    /// Bytes of any value of a tree.
    public static let valueBytes = TreeLimits.maximumValueByteCount
    /// Bytes of a collection's name.
    public static let collectionNameBytes = 200
    /// Bytes of a vector field's dotted path.
    public static let fieldPathBytes = 200
    /// Bytes of the name of a secondary index.
    public static let indexNameBytes = 127
    /// Secondary indexes of a collection.
    public static let indexesOfCollection = 64
    /// Parts of a dotted path.
    public static let fieldPathParts = FieldPath.longest
    /// The element at which an update may enlarge an array, as MongoDB.
    public static let arrayFill = PathEdit.longestFill

    // MARK: Vectors

    /// Elements of a vector.
    public static let vectorDimension = IndexOptions.dimensionRange
    /// Vectors of one document in an index that takes several.
    public static let vectorsOfDocument = 4096
    /// Links of a row on the upper levels.
    public static let vectorConnectivity = IndexOptions.connectivityRange
    /// Candidates kept in view while linking.
    public static let vectorBuildBreadth = IndexOptions.buildBreadthRange

    // MARK: Cache

    /// Bytes of a cache key.
    public static let cacheKeyBytes = 512
    /// Bytes of a cache value.
    public static let cacheValueBytes = 16 << 20

    // MARK: Audit and anchors

    /// Bytes of each text of an audit entry.
    public static let auditTextBytes = 1024
    /// Bytes of an audit entry's details as BSON.
    public static let auditDetailsBytes = 64 << 10
    /// Anchors that a file remembers; older ones cannot be verified any more.
    public static let anchors = 1024
}

import PageStore
import TreeStore
import VectorIndex

// Names to roots: one tree whose root the commit names. Keys are a kind byte and a name.
//
//   01 name                collection: root of its tree
//   02 name                collection: number of documents
//   03 collection 00 field vector index: options and roots
//   04 collection 00 field vector index: counters
//   05 collection 00 field vector index: state of the saved links
//   06 collection 00 name  secondary index: its description and roots
//   07 collection 00 name  secondary index: number of entries
//   10                     cache segment
//   11                     audit log
//   12                     store: next index number
//   13                     anchors that were handed out
//
// Definitions change seldom, counters with every commit that writes; so they are entries of their own.

enum CatalogKind: UInt8 {
    case collection = 0x01
    case collectionCounters = 0x02
    case vectorIndex = 0x03
    case vectorCounters = 0x04
    case vectorLinks = 0x05
    case index = 0x06
    case indexCounters = 0x07
    case cache = 0x10
    case audit = 0x11
    case store = 0x12
    case anchors = 0x13

    func key(_ name: String = "", _ field: String? = nil) -> [UInt8] {
        var key = [rawValue] + Array(name.utf8)
        if let field { key += [0] + Array(field.utf8) }
        return key
    }
}

extension TreeTag {
    /// The catalog: found by this when nothing leads to it any more.
    static let catalog = TreeTag(1)
    /// The entries of the audit log.
    static let auditEntries = TreeTag(2)
}

struct Catalog {
    let tree: Tree

    /// nil for a store that nothing was written to yet.
    init?(_ view: PageView) {
        guard view.state.catalogRoot != 0 else { return nil }
        tree = Tree(root: PageID(view.state.catalogRoot))
    }

    init(creatingIn transaction: PageTransaction) throws(PageFault) {
        if let present = Catalog(transaction) {
            self = present
        } else {
            tree = try Tree.create(in: transaction, tag: .catalog)
            transaction.catalogRoot = tree.root
        }
    }

    func entry(_ key: [UInt8], in view: PageView) throws(PageFault) -> Document? {
        guard let bytes = try tree.get(key.span.bytes, in: view) else { return nil }
        do { return try Document(bson: bytes) } catch {
            throw .corruptStructure(page: tree.root, reason: "catalog entry is no document")
        }
    }

    /// An entry that is there as it is, like a count that a change left as it was, is not written again: that would log a
    /// page for nothing.
    func put(_ key: [UInt8], _ entry: Document, in transaction: PageTransaction) throws(PageFault) {
        guard try tree.get(key.span.bytes, in: transaction) != entry.bson else { return }
        try tree.put(key.span.bytes, entry.bson.span.bytes, in: transaction)
    }

    func remove(_ key: [UInt8], in transaction: PageTransaction) throws(PageFault) {
        try tree.remove(key.span.bytes, in: transaction)
    }

    /// Names of a kind, in order; with `prefix` those that begin with it.
    func keys(_ kind: CatalogKind, prefix: [UInt8] = [], in view: PageView) throws(PageFault) -> [[UInt8]] {
        let start = [kind.rawValue] + prefix
        let cursor = tree.cursor(in: view)
        var found: [[UInt8]] = []
        var isThere = try cursor.seek(to: start.span.bytes)
        while isThere {
            let key = try cursor.withKey { (bytes) throws(PageFault) in bytes.withUnsafeBytes { Array($0) } }
            guard key.starts(with: start) else { break }
            found.append(Array(key.dropFirst()))
            isThere = try cursor.next()
        }
        return found
    }
}

extension Document {
    /// A page number stored in a catalog entry.
    func root(_ key: String, of page: PageID) throws(PageFault) -> PageID {
        guard let number = self[key]?.int, number > 1 else {
            throw .corruptStructure(page: page, reason: "catalog entry without \(key)")
        }
        return PageID(UInt64(number))
    }

    /// A counter: 0 when absent or negative, and small enough for arithmetic whatever stands there.
    func count(_ key: String) -> Int { Swift.min(Swift.max(0, self[key]?.int ?? 0), 1 << 60) }
}

extension BSONValue {
    static func page(_ id: PageID) -> BSONValue { .int64(Int64(id.number)) }
    static func count(_ value: Int) -> BSONValue { .int64(Int64(value)) }
}

/// A collection as a transaction knows it.
final class CollectionEntry {
    let name: String
    let tree: Tree
    var indexes: [VectorIndexEntry]
    /// Secondary indexes, in order of name.
    var secondary: [IndexEntry]
    /// nil until it is needed.
    var documentCount: Int?
    var isChanged = false
    /// Where documents were changed last. The entry belongs to one transaction.
    var latest = TreePlace()
    private var knownReader: TreeReader?
    private var indexReaders: [(tree: Tree, reader: TreeReader)] = []
    /// Memory for the key of a document that is asked for.
    var keyScratch: [UInt8] = []

    /// Reads documents by their keys. The entry belongs to one view, and so does the reader.
    func reader(in view: PageView) -> TreeReader {
        if let knownReader { return knownReader }
        let reader = TreeReader(tree, in: view)
        knownReader = reader
        return reader
    }

    /// Reads the entries of an index.
    func reader(of index: Tree, in view: PageView) -> TreeReader {
        for known in indexReaders where known.tree == index { return known.reader }
        let reader = TreeReader(index, in: view)
        indexReaders.append((index, reader))
        return reader
    }

    init(
        name: String, tree: Tree, indexes: [VectorIndexEntry], secondary: [IndexEntry] = [], documentCount: Int? = nil
    ) {
        self.secondary = secondary
        self.name = name
        self.tree = tree
        self.indexes = indexes
        self.documentCount = documentCount
    }
}

/// What never changes about a vector index.
struct VectorIndexDefinition: Sendable {
    let number: Int
    let collection: String
    let field: String
    let path: FieldPath
    let options: IndexOptions
    let arrays: VectorArrays
    /// 1: as in files of format 1 and 2. 2: may have codes, and slots of deleted rows are used again. 3: a document may
    /// have several rows.
    let form: Int

    /// Whether a document may have several vectors.
    var isMultiple: Bool { form >= 3 }

    var reusesRows: Bool { form >= 2 }
}

/// Where a vector index lives.
struct VectorArrays: Sendable {
    /// Encoded vectors, row after row.
    let vectors: PagedArray
    /// Level-0 links.
    let links: PagedArray
    /// Links of the upper levels.
    let upper: PagedArray
    /// Codes of the vectors; nil for an index without codes.
    let codes: PagedArray?
    /// One slot of 32 bytes a row: its document's `_id`.
    let ids: PagedArray
    /// Encoded `_id` → row (big-endian 32-bit), or rows of an index of form 3; rows of long `_id`s under a prefix of their own.
    let rows: Tree
    /// Rows that are deleted, big-endian; and rows that got a new vector since the links were saved, under a prefix.
    let dead: Tree

    /// The arrays that there are.
    var paged: [(name: String, array: PagedArray)] {
        [("vectors", vectors), ("links", links), ("upper", upper), ("ids", ids)] + (codes.map { [("codes", $0)] } ?? [])
    }

    var trees: [(name: String, tree: Tree)] { [("rows", rows), ("dead", dead)] }
}

extension VectorIndexDefinition {
    func encode() -> Document {
        var entry: Document = [
            "number": .count(number), "dimension": .count(options.dimension),
            "metric": .string(options.metric.rawValue), "storage": .string(options.storage.rawValue),
            "connectivity": .count(options.connectivity), "buildBreadth": .count(options.buildBreadth),
            "seed": .int64(Int64(bitPattern: options.seed)),
        ]
        if form >= 2 {
            entry["form"] = .count(form)
            entry["codes"] = .string(options.codes.rawValue)
        }
        for (name, array) in arrays.paged { entry[name == "codes" ? "codePages" : name] = .page(array.root) }
        for (name, tree) in arrays.trees { entry[name] = .page(tree.root) }
        return entry
    }

    init(collection: String, field: String, entry: Document, page: PageID) throws(PageFault) {
        do {
            guard let metric = entry["metric"]?.string.flatMap(Metric.init(rawValue:)),
                let storage = entry["storage"]?.string.flatMap(VectorStorage.init(rawValue:)),
                case .int64(let seed)? = entry["seed"],
                let codes = VectorCodes(rawValue: entry["codes"]?.string ?? VectorCodes.none.rawValue)
            else { throw PageFault.corruptStructure(page: page, reason: "vector index entry is incomplete") }
            path = try FieldPath(field)
            options = try IndexOptions(
                dimension: entry.count("dimension"), metric: metric, storage: storage, codes: codes,
                connectivity: entry.count("connectivity"), buildBreadth: entry.count("buildBreadth"),
                seed: UInt64(bitPattern: seed))
        } catch { throw .corruptStructure(page: page, reason: "vector index entry: \(error)") }
        number = entry.count("number")
        form = max(1, entry.count("form"))
        guard form <= 3 else { throw .corruptStructure(page: page, reason: "vector index entry of unknown form") }
        self.collection = collection
        self.field = field
        arrays = VectorArrays(
            vectors: PagedArray(root: try entry.root("vectors", of: page)),
            links: PagedArray(root: try entry.root("links", of: page)),
            upper: PagedArray(root: try entry.root("upper", of: page)),
            codes: options.codes == .none ? nil : PagedArray(root: try entry.root("codePages", of: page)),
            ids: PagedArray(root: try entry.root("ids", of: page)),
            rows: Tree(root: try entry.root("rows", of: page)),
            dead: Tree(root: try entry.root("dead", of: page)))
    }
}

package import PageStore
package import StoreIO
package import TreeStore

// The audit log's entry in the catalog.
//
// Form 1 (no field `form`) is what the first version of the format had: entries chained by HMAC under a key derived
// from the file's data key. Form 2 adds a hash tree over the entries and a seal for each epoch. FORMAT.md, section 12,
// names every field.

/// What the catalog says of the audit log.
package struct AuditHeader: Sendable {
    /// Sealing of a log of form 2.
    package struct Sealing: Sendable {
        /// The tree of seals.
        package var seals: Tree
        /// The epoch that entries go to now; also the number of seals.
        package var epoch: UInt64
        /// Entries when the epoch began: the size of the last seal.
        package var epochSize: UInt64
        /// When the epoch began, in milliseconds.
        package var epochTime: Int64
        /// The epoch's key as it is stored. It stands in the catalog's page in memory as it is; a key in memory of its own
        /// for each transaction would cost more than everything else an entry takes, and hide nothing.
        package var storedKey: Digest32
        /// Whether the first key has been given out, or cannot be any more.
        package var isExported: Bool
        /// The right edge of the tree of entries; nil when what is stored does not fit their number.
        package var edge: MerkleEdge?

        /// The epoch's key.
        package var key: SecretKey {
            get { SecretKey(copying: storedKey.bytes.span.bytes) }
            set { storedKey = newValue.withBytes { Digest32($0) } }
        }
    }

    /// The tree of entries.
    package var entries: Tree
    /// The newest sequence.
    package var count: UInt64
    /// Its hash.
    package var head: Digest32
    /// nil in a log of form 1.
    package var sealing: Sealing?

    /// Makes a header.
    package init(entries: Tree, count: UInt64, head: Digest32, sealing: Sealing?) {
        self.entries = entries
        self.count = count
        self.head = head
        self.sealing = sealing
    }

    /// Reads a header; `page` is where the catalog is, for errors.
    package init(_ document: Document, page: PageID) throws(PageFault) {
        func fault(_ reason: String) -> PageFault { .corruptStructure(page: page, reason: "audit log: \(reason)") }
        func digest(_ name: String) throws(PageFault) -> Digest32 {
            guard let bytes = document[name]?.binary?.bytes, bytes.count == 32 else { throw fault("no \(name)") }
            return Digest32(bytes: bytes)
        }
        func number(_ name: String) throws(PageFault) -> UInt64 {
            guard case .int64(let value)? = document[name], (0..<1 << 60).contains(value) else {
                throw fault("\(name) is missing or out of range")
            }
            return UInt64(value)
        }
        entries = Tree(root: try document.root("entries", of: page))
        count = try number("count")
        head = try digest("head")
        switch document["form"] {
        case nil: sealing = nil
        case .int64(2)?:
            guard case .int64(let time)? = document["epochTime"], case .bool(let exported)? = document["exported"],
                let nodes = document["edge"]?.binary?.bytes, nodes.count % 32 == 0
            else { throw fault("the sealing is incomplete") }
            let edge = MerkleEdge(
                size: count,
                nodes: stride(from: 0, to: nodes.count, by: 32).map { Digest32(bytes: Array(nodes[$0..<$0 + 32])) })
            sealing = Sealing(
                seals: Tree(root: try document.root("seals", of: page)), epoch: try number("epoch"),
                epochSize: try number("epochSize"), epochTime: time,
                storedKey: try digest("key"), isExported: exported, edge: edge)
        default: throw fault("a form that is not known")
        }
    }

    /// The catalog's entry.
    package var document: Document {
        var result: Document = [
            "entries": .page(entries.root), "count": .int64(Int64(count)), "head": Self.binary(head.bytes),
        ]
        guard let sealing else { return result }
        result.append("form", .int64(2))
        result.append("seals", .page(sealing.seals.root))
        result.append("epoch", .int64(Int64(sealing.epoch)))
        result.append("epochSize", .int64(Int64(sealing.epochSize)))
        result.append("epochTime", .int64(sealing.epochTime))
        result.append("exported", .bool(sealing.isExported))
        result.append("key", Self.binary(sealing.storedKey.bytes))
        result.append("edge", Self.binary(sealing.edge?.nodes.flatMap(\.bytes) ?? []))
        return result
    }

    private static func binary(_ bytes: [UInt8]) -> BSONValue { .binary(BSONBinary(subtype: 0, bytes: bytes)) }
}

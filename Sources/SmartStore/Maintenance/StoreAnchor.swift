import PageStore
import StoreIO
import TreeStore

// Anchors: what a user keeps outside the file to recognise that the whole file was put back to an older state.
//
// From within, a file that was put back as a whole cannot be told from the newest one. An anchor names one commit by the
// tag of its last log frame, which by the chain of frames stands for the whole history. The file keeps the anchors it
// has handed out; a file from before an anchor does not know it, and a copy that was written on its own knows others.

/// A commit of one file, as it is remembered outside of it. Not secret.
public struct StoreAnchor: Sendable, Hashable, Codable {
    /// The file's identity, 32 hexadecimal digits.
    public let fileID: String
    /// The commit's sequence.
    public let commit: UInt64
    /// What stands for the file's history up to this commit, 32 hexadecimal digits.
    public let root: String

    /// An anchor from its parts.
    public init(fileID: String, commit: UInt64, root: String) {
        self.fileID = fileID
        self.commit = commit
        self.root = root
    }

    init(_ anchor: CommitAnchor) {
        self.init(fileID: Hex.text(anchor.fileID), commit: anchor.sequence, root: Hex.text(anchor.root.bytes))
    }

    /// The anchor as a document.
    public var document: Document {
        ["fileID": .string(fileID), "commit": .int64(Int64(clamping: commit)), "root": .string(root)]
    }
}

extension Tag {
    fileprivate var bytes: [UInt8] { BigEndian.bytes(high) + BigEndian.bytes(low) }
}

/// The anchors a file has handed out, oldest first; the oldest are forgotten.
struct AnchorList {
    static let limit = Limits.anchors
    private static let entryByteCount = 24
    private(set) var entries: [(commit: UInt64, root: [UInt8])] = []

    init() {}

    init(_ document: Document, page: PageID) throws(PageFault) {
        guard let bytes = document["list"]?.binary?.bytes, bytes.count % Self.entryByteCount == 0,
            bytes.count <= Self.limit * Self.entryByteCount
        else { throw .corruptStructure(page: page, reason: "the list of anchors is no list") }
        for start in stride(from: 0, to: bytes.count, by: Self.entryByteCount) {
            entries.append(
                (BigEndian.load(Array(bytes[start..<start + 8])), Array(bytes[start + 8..<start + Self.entryByteCount]))
            )
        }
    }

    var document: Document {
        ["list": .binary(BSONBinary(subtype: 0, bytes: entries.flatMap { BigEndian.bytes($0.commit) + $0.root }))]
    }

    mutating func append(_ anchor: CommitAnchor) {
        if entries.count == Self.limit { entries.removeFirst() }
        entries.append((anchor.sequence, anchor.root.bytes))
    }
}

extension Store {
    /// The anchor of the newest commit, which the file remembers (so this commits, durably).
    /// Keep it outside the file and give it to ``open(at:key:expecting:options:)``.
    /// - Throws: `readOnly`, `closed`, `failed`, `diskFull`, `ioFailed`, `commitUnknown`.
    public func anchor() throws -> StoreAnchor {
        try writeSync(durability: .full) { (tx) throws in
            let anchor = tx.pages.baseAnchor
            let catalog = try tx.makeCatalog()
            var list = AnchorList()
            if let known = try catalog.entry(CatalogKind.anchors.key(), in: tx.pages) {
                list = try AnchorList(known, page: catalog.tree.root)
            }
            list.append(anchor)
            try catalog.put(CatalogKind.anchors.key(), list.document, in: tx.pages)
            return StoreAnchor(anchor)
        }
    }

    /// Whether the file's history holds the commit that `anchor` names.
    /// - Throws: `rolledBack` when it does not, or when the anchor is older than the 1,024 newest ones.
    public func verify(_ anchor: StoreAnchor) throws(StoreError) {
        try converting {
            let view = try pager.beginSnapshot()
            defer { view.close() }
            let found = StoreAnchor(fileID: Hex.text(pager.fileID), commit: view.state.sequence, root: "")
            guard anchor.fileID == found.fileID else {
                throw StoreError(
                    .rolledBack, "The anchor is of the file \(anchor.fileID); this one is \(found.fileID).",
                    remedy: "Open the file that the anchor was taken from.")
            }
            if let catalog = Catalog(view), let known = try catalog.entry(CatalogKind.anchors.key(), in: view) {
                let list = try AnchorList(known, page: catalog.tree.root)
                if list.entries.contains(where: { $0.commit == anchor.commit && Hex.text($0.root) == anchor.root }) {
                    return
                }
            }
            throw StoreError(
                .rolledBack,
                "The file's history does not hold commit \(anchor.commit) as it was remembered; it is at \(found.commit).",
                remedy: "The file was put back or is a copy that went its own way: find the newest one.")
        }
    }
}

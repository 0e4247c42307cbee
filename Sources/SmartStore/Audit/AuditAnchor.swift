import StoreIO

// Anchors: what to remember of an audit log outside of its file. Whoever holds an older anchor finds a log that was cut
// off, put back or made anew up to it, whatever keys the forger has.

/// The state of an audit log at a moment, small enough to print or to send away. Signed or not.
public struct AuditAnchor: Sendable, Hashable, Codable {
    /// The file's id, in hexadecimal.
    public let fileID: String
    /// Entries.
    public let size: UInt64
    /// The root of their tree (RFC 9162 over SHA-256), in hexadecimal.
    public let root: String
    /// The hash of the newest entry, in hexadecimal.
    public let head: String
    /// The epoch that was open; also the number of seals.
    public let epoch: UInt64
    /// When the anchor was taken, in milliseconds since 1970-01-01 UTC.
    public let time: Int64
    /// An Ed25519 signature over ``signedBytes``, in hexadecimal; nil when it was not signed.
    public internal(set) var signature: String?

    /// What a signature covers: `smartstore audit anchor 1`, then file id, size, root, head, epoch and time as 16, 8, 32,
    /// 32, 8 and 8 bytes, numbers big endian. nil for an anchor whose texts are no hexadecimal of that length.
    public var signedBytes: [UInt8]? {
        guard let id = Hex.bytes(fileID), id.count == 16, let root = Hex.bytes(root), root.count == 32,
            let head = Hex.bytes(head), head.count == 32
        else { return nil }
        return Array("smartstore audit anchor 1".utf8) + id + BigEndian.bytes(size) + root + head
            + BigEndian.bytes(epoch) + BigEndian.bytes(UInt64(bitPattern: time))
    }

    /// The same anchor with a signature.
    public func signed(with key: AuditSigningKey) throws(StoreError) -> AuditAnchor {
        guard let bytes = signedBytes else { throw Self.malformed }
        var result = self
        do { result.signature = Hex.text(try key.key.signature(of: bytes.span.bytes)) } catch {
            throw StoreError(any: error)
        }
        return result
    }

    /// Whether the holder of the key that belongs to this public key of 32 bytes signed it. Needs no secret and no store.
    public func verify(signatureWith publicKey: [UInt8]) -> Bool {
        guard let bytes = signedBytes, let signature, let raw = Hex.bytes(signature) else { return false }
        return Signature.verify(raw, of: bytes.span.bytes, publicKey: publicKey)
    }

    /// The anchor as one line of JSON.
    public var json: String { document.json() }

    /// Reads an anchor's JSON.
    /// - Throws: `invalidArgument` for anything else.
    public init(json text: String) throws(StoreError) {
        guard let document = try? Document(json: text), let anchor = AuditAnchor(document) else { throw Self.malformed }
        self = anchor
    }

    init(fileID: String, size: UInt64, root: String, head: String, epoch: UInt64, time: Int64) {
        (self.fileID, self.size, self.root, self.head, self.epoch, self.time) = (fileID, size, root, head, epoch, time)
        signature = nil
    }

    /// The anchor in a document; nil when it is none.
    init?(_ document: Document) {
        guard let fileID = document["fileId"]?.string, let size = document["size"]?.int, size >= 0,
            let root = document["root"]?.string, let head = document["head"]?.string,
            let epoch = document["epoch"]?.int, epoch >= 0, let time = document["time"]?.int
        else { return nil }
        self.init(
            fileID: fileID, size: UInt64(size), root: root, head: head, epoch: UInt64(epoch), time: Int64(time))
        signature = document["signature"]?.string
        guard signedBytes != nil else { return nil }
    }

    /// The anchor as a document.
    public var document: Document {
        var result: Document = [
            "fileId": .string(fileID), "size": .int64(Int64(clamping: size)), "root": .string(root),
            "head": .string(head), "epoch": .int64(Int64(clamping: epoch)), "time": .int64(time),
        ]
        if let signature { result.append("signature", .string(signature)) }
        return result
    }

    private static let malformed = StoreError(
        .invalidArgument, "This is no anchor of an audit log.", remedy: "Give the JSON that `audit anchor` printed.")

    private enum CodingKeys: String, CodingKey {
        case fileID = "fileId"
        case size, root, head, epoch, time, signature
    }
}

/// A key that signs anchors: Ed25519 (RFC 8032). Keep it away from the machine that holds the store.
public struct AuditSigningKey: Sendable {
    let key: Signature.Key

    /// The key of a seed of 32 secret bytes.
    public init(seed: [UInt8]) throws(StoreError) {
        guard seed.count == 32 else {
            throw StoreError(
                .invalidArgument, "A signing key has 32 bytes, not \(seed.count).", remedy: "Give 32 random bytes.")
        }
        key = Signature.Key(seed: SecretKey(copying: seed.span.bytes))
    }

    /// What verifies its signatures: 32 bytes that are no secret.
    public var publicKey: [UInt8] {
        get throws(StoreError) {
            do { return try key.publicKey() } catch { throw StoreError(any: error) }
        }
    }
}

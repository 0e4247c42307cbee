// Made-up documents like a knowledge base's, from a seed: the same in every run, and cheap beside what they measure.

import SmartStore

/// A generator of documents of a given size.
struct SampleDocuments {
    private static let words = [
        "account", "archive", "balance", "backup", "channel", "cluster", "compile", "contract", "delivery", "device",
        "document", "engine", "estimate", "fabric", "feature", "gateway", "harbour", "history", "index", "invoice",
        "journal", "kernel", "library", "machine", "measure", "network", "notebook", "operator", "package", "pattern",
        "protocol", "quality", "question", "receipt", "release", "repair", "schedule", "sensor", "signal", "station",
        "storage", "summary", "support", "surface", "table", "ticket", "traffic", "update", "vector", "window",
    ]
    private static let textByteCount = 1 << 18

    private let text: [UInt8]
    private var random: SplitMix64

    init(seed: UInt64) {
        var random = SplitMix64(state: seed)
        var text: [UInt8] = []
        while text.count < Self.textByteCount {
            text += Self.words[Int(random.next() % UInt64(Self.words.count))].utf8
            text.append(0x20)
        }
        (self.text, self.random) = (text, random)
    }

    /// A document of about `byteCount` bytes (200 at least); without an `_id` unless one is given.
    mutating func next(byteCount: Int, id: Int64? = nil) -> Document {
        var document = Document()
        if let id { document.append("_id", .int64(id)) }
        document.append("title", .string(piece(40)))
        document.append("author", .string(piece(12)))
        document.append("created", .date(BSONDate(millisecondsSince1970: Int64(random.next() % 1_700_000_000_000))))
        document.append("views", .int32(Int32(random.next() % 100_000)))
        document.append("rating", .double(Double(random.next() % 50) / 10))
        document.append("tags", .array([.string(piece(8)), .string(piece(8))]))
        document.append("body", .string(piece(max(0, byteCount - 200))))
        return document
    }

    private mutating func piece(_ count: Int) -> String {
        let count = min(count, text.count - 1)
        let start = Int(random.next() % UInt64(text.count - count))
        return String(decoding: text[start..<start + count], as: UTF8.self)
    }
}

/// Steele, Lea and Flood 2014: 64 bits of state, for samples that can be repeated.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

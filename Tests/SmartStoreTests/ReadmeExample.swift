// The example of README.md, word for word: a tidy test compares the two, ReadmeExampleTests runs it.

import SmartStore

/// Stores two notes with their vectors, and returns the texts nearest to a third vector.
func nearestNotes(path: String, passphrase: String) async throws -> [String] {
    let store = try Store.create(at: path, key: .passphrase(passphrase))
    try await store.write { tx in
        try tx.createVectorIndex(on: "notes", field: "embedding", dimension: 3)
        let notes = tx.collection("notes")
        try notes.insert(["_id": 1, "text": "Cats purr", "legs": 4, "embedding": [0.9, 0.1, 0.0]])
        try notes.insert(["_id": 2, "text": "Birds sing", "legs": 2, "embedding": [0.1, 0.9, 0.0]])
        try tx.cache.set("greeting", Array("hello".utf8), ttl: .seconds(3600))
        try tx.audit.record(actor: "ada", action: "insert", target: "notes")
    }  // All of it is on the disk now, or none of it.
    let hits = try await store.read { tx in
        try tx.collection("notes").search(
            field: "embedding", vector: [1, 0, 0], k: 2, filter: ["legs": ["$gte": 2]])
    }
    try store.close()
    return hits.compactMap { $0.document?["text"]?.string }
}

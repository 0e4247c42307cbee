// The example of README.md's section "Typed Swift", word for word: ReadmeTypedTests runs it and compares the two.

import SmartStore

struct Entry: Codable, Sendable {
    var id: Int
    var title: String
    var year: Int
    var tags: [String] = []

    enum CodingKeys: String, CodingKey {
        case id = "_id"
        case title, year, tags
    }
    static let year = Field<Int>(CodingKeys.year)
    static let tags = Field<[String]>(CodingKeys.tags)
}

/// Writes, changes and reads entries, then follows those of a query until there are two.
func recentTitles(in store: Store) async throws -> [String] {
    let entries = store.collection("entries", of: Entry.self)
    try await entries.insert(contentsOf: [
        Entry(id: 1, title: "Cats purr", year: 2019, tags: ["cats"]), Entry(id: 2, title: "Birds sing", year: 2018),
    ])
    try await entries.updateMany(Entry.tags.contains("cats"), .set(Entry.year, to: 2024), .push(Entry.tags, "new"))
    for try await entry in entries.stream(Entry.year < 2020 || "title" == "none") {  // One snapshot, batch by batch.
        print(entry.title)
    }
    // The results at once, then again after each commit that changed them.
    for try await found in entries.observe(Entry.year >= 2020, sort: [.descending(Entry.year)]) {
        if found.count == 2 { return found.map(\.title) }
        try await entries.insert(Entry(id: 3, title: "Dogs bark", year: 2020))
    }
    return []
}

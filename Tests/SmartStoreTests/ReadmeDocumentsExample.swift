// The example of README.md's section "Documents", word for word: ReadmeDocumentsTests runs it and compares the two.

import SmartStore

/// Finds books by an index, counts them by year, and says how the index was used.
func recentBooks(in store: Store) throws -> (titles: [String], perYear: [Document], plan: Document) {
    try store.createIndex(on: "books", IndexSpecification(["tags": 1, "year": -1]))
    try store.writeSync { tx in
        let books = tx.collection("books")
        try books.insert(["_id": 1, "title": "Persuasion", "year": 1817, "tags": ["novel", "sea"]])
        try books.insert(["_id": 2, "title": "The Overstory", "year": 2018, "tags": ["novel", "trees"]])
        try books.insert(["_id": 3, "title": "Piranesi", "year": 2020, "tags": ["novel"]])
    }
    return try store.readSync { tx in
        let books = tx.collection("books")
        let recent = FindQuery(["tags": "novel", "year": ["$gte": 2000]], limit: 10)
        let titles = try books.find(recent).compactMap { $0["title"]?.string }
        let perYear = try books.aggregate([
            ["$match": ["tags": "novel"]],
            ["$group": ["_id": "$year", "books": ["$sum": 1]]],
            ["$sort": ["_id": 1]],
        ])
        return (titles, perYear, try books.explain(recent, verbosity: .executionStats))  // IXSCAN tags_1_year_-1
    }
}

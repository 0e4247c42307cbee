// What SQLite reads: in one read transaction, whole results copied out, each query by the index that is meant.

extension SQLitePeer {
    func read(_ connection: SQLiteConnection, _ findings: inout Findings) throws {
        let shape = SQLiteShape(hasJSON: !isEncrypted)
        try checkPlans(connection, shape)
        try connection.execute("BEGIN")
        var random = QueryNumbers(seed: settings.seed &+ 7)
        func query(_ row: Row, _ sql: String, _ body: (SQLiteStatement) throws -> Void) throws {
            let statement = try connection.prepare(sql)
            defer { statement.close() }
            findings.add(row, try settings.rate { try body(statement) })
        }
        func total(_ statement: SQLiteStatement) throws -> Int64 {
            guard try statement.step() else { throw PeerError("a count has no row") }
            defer { statement.reset() }
            return statement.integer(0)
        }
        findings.answersChecksum = try answers(connection, shape)
        // A pass over everything, so that what fits the cache is there.
        try connection.execute("SELECT count(*) FROM notes NOT INDEXED WHERE length(json) < 0")
        try query(.get, shape.get) { get in
            get.bind(1, Int64(random.next(below: corpus.count)))
            guard try shape.rows(get).count == 1 else { throw PeerError("a document is not there") }
        }
        try query(.equality, shape.equality) { equality in
            equality.bind(1, Int64(random.next(below: corpus.users)))
            _ = try shape.rows(equality)
        }
        try query(.range, shape.range) { range in
            let score = random.unit() * (CorpusFile.scoreLimit - 1)
            range.bind(1, score)
            range.bind(2, score + 1)
            _ = try shape.rows(range)
        }
        let categories = (0..<CorpusFile.categories).map { Array(CorpusFile.categoryName($0).utf8) }
        try query(.compound, shape.compound) { compound in
            try categories[random.next(below: 100)].withUnsafeBufferPointer { category in
                let score = random.unit() * 900
                compound.bind(1, category)
                compound.bind(2, score)
                compound.bind(3, score + 100)
                _ = try shape.rows(compound)
            }
        }
        try query(.countByIndex, shape.countByIndex) { count in
            try categories[random.next(below: 100)].withUnsafeBufferPointer { category in
                count.bind(1, category)
                _ = try total(count)
            }
        }
        try query(.countAll, shape.countAll) { count in
            guard try total(count) == Int64(corpus.count) else { throw PeerError("documents are missing") }
        }
        settings.step("queries")
        let filter = try connection.prepare(shape.filter)
        findings.add(.filter, try settings.time { _ = try total(filter) })
        filter.close()
        // By the index of categories, or by a scan and a sort: the better of the two counts.
        let groups = try [true, false].map { isScan in
            let group = try connection.prepare(shape.group(isScan: isScan))
            defer { group.close() }
            return try settings.time {
                var groups: [(category: [UInt8], count: Int64, total: Int64, mean: Double)] = []
                while try group.step() {
                    groups.append((group.bytes(0), group.integer(1), group.integer(2), group.double(3)))
                }
                group.reset()
                guard groups.count == CorpusFile.categories else { throw PeerError("groups are missing") }
            }
        }
        findings.add(.group, groups.min() ?? 0)
        try connection.execute("COMMIT")
        settings.step("scans")
    }

    /// The checksum over the answers to some queries that `smartstore-bench documents` takes too.
    private func answers(_ connection: SQLiteConnection, _ shape: SQLiteShape) throws -> String {
        var random = QueryNumbers(seed: settings.seed &+ 9)
        var sum = Checksum()
        func add(_ sql: String, _ bind: (SQLiteStatement) -> Void) throws {
            let statement = try connection.prepare(sql)
            defer { statement.close() }
            bind(statement)
            let rows = try shape.rows(statement)
            sum.add(UInt64(rows.count))
            sum.add(rows.reduce(0) { $0 &+ UInt64($1.id) })
        }
        func addCount(_ sql: String, _ category: [UInt8]? = nil) throws {
            let statement = try connection.prepare(sql)
            defer { statement.close() }
            try (category ?? []).withUnsafeBufferPointer { text in
                if category != nil { statement.bind(1, text) }
                guard try statement.step() else { throw PeerError("a count has no row") }
                sum.add(UInt64(statement.integer(0)))
            }
        }
        for _ in 0..<100 {
            try add(shape.equality) { $0.bind(1, Int64(random.next(below: corpus.users))) }
            try add(shape.range) { range in
                let score = random.unit() * (CorpusFile.scoreLimit - 1)
                range.bind(1, score)
                range.bind(2, score + 1)
            }
            let category = Array(CorpusFile.categoryName(random.next(below: 100)).utf8)
            let score = random.unit() * 900
            try category.withUnsafeBufferPointer { text in
                try add(shape.compound) { compound in
                    compound.bind(1, text)
                    compound.bind(2, score)
                    compound.bind(3, score + 100)
                }
            }
            try addCount(shape.countByIndex, Array(CorpusFile.categoryName(random.next(below: 100)).utf8))
        }
        try addCount(shape.filter)
        return sum.text
    }

    private func checkPlans(_ connection: SQLiteConnection, _ shape: SQLiteShape) throws {
        let plans: [(sql: String, wanted: String)] = [
            (shape.get, "INTEGER PRIMARY KEY"), (shape.equality, "by_user"), (shape.range, "by_score"),
            (shape.compound, "by_category_score"), (shape.countByIndex, "by_category_score"), (shape.filter, "SCAN"),
        ]
        for (sql, wanted) in plans {
            let explanation = try connection.prepare("EXPLAIN QUERY PLAN " + sql)
            defer { explanation.close() }
            var text = ""
            while try explanation.step() { text += String(decoding: explanation.bytes(3), as: UTF8.self) + "; " }
            guard text.contains(wanted), !text.contains("TEMP B-TREE") else {
                throw PeerError("not answered by \(wanted): \(sql): \(text)")
            }
        }
    }
}

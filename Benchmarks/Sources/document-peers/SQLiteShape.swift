// How documents lie in a table, and the SQL of the rows.
//
// SQLite: the document is JSON text without white space; indexes are on json_extract. Debian's sqlcipher has no JSON
// functions, so there the five fields that queries use are columns, and the rest of the document is JSON text: what
// people did before JSON1, and less work than parsing.

struct SQLiteShape {
    let hasJSON: Bool

    /// Fields that are columns where there is no JSON1.
    private static let columns = ["user", "category", "score", "year", "amount"]

    private func field(_ name: String) -> String { hasJSON ? "json_extract(json,'$.\(name)')" : name }

    private var everything: String { hasJSON ? "id, json" : "id, json, user, category, score, year, amount" }

    var create: String {
        hasJSON
            ? "CREATE TABLE notes(id INTEGER PRIMARY KEY, json TEXT)"
            : """
            CREATE TABLE notes(id INTEGER PRIMARY KEY, json TEXT, user INTEGER, category TEXT, score REAL, \
            year INTEGER, amount INTEGER)
            """
    }

    var insert: String {
        hasJSON ? "INSERT INTO notes VALUES(?1, ?2)" : "INSERT INTO notes VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"
    }

    var indexes: [(row: Row, sql: String)] {
        [
            (.indexUser, "CREATE INDEX by_user ON notes(\(field("user")))"),
            (.indexScore, "CREATE INDEX by_score ON notes(\(field("score")))"),
            (.indexCompound, "CREATE INDEX by_category_score ON notes(\(field("category")), \(field("score")) DESC)"),
        ]
    }

    var get: String { "SELECT \(everything) FROM notes WHERE id = ?1" }
    var equality: String { "SELECT \(everything) FROM notes WHERE \(field("user")) = ?1" }

    var range: String {
        let score = field("score")
        return "SELECT \(everything) FROM notes WHERE \(score) >= ?1 AND \(score) < ?2 ORDER BY \(score) LIMIT 20"
    }

    var compound: String {
        let score = field("score")
        return """
            SELECT \(everything) FROM notes WHERE \(field("category")) = ?1 AND \(score) >= ?2 AND \(score) < ?3 \
            ORDER BY \(score) DESC LIMIT 20
            """
    }

    var countByIndex: String { "SELECT count(*) FROM notes WHERE \(field("category")) = ?1" }
    var countAll: String { "SELECT count(*) FROM notes" }
    var filter: String { "SELECT count(*) FROM notes WHERE \(field("amount")) >= 9990 AND \(field("year")) < 2000" }

    /// - Parameter isScan: read the table and sort; otherwise SQLite walks the index of categories.
    func group(isScan: Bool) -> String {
        """
        SELECT \(field("category")), count(*), sum(\(field("amount"))), avg(\(field("score"))) \
        FROM notes \(isScan ? "NOT INDEXED " : "")GROUP BY 1
        """
    }

    var update: String {
        hasJSON
            ? "UPDATE notes SET json = json_set(json, '$.amount', json_extract(json,'$.amount') + 1) WHERE id = ?1"
            : "UPDATE notes SET amount = amount + 1 WHERE id = ?1"
    }

    var delete: String { "DELETE FROM notes WHERE id = ?1" }
    var deleteFrom: String { "DELETE FROM notes WHERE id >= ?1" }

    /// A document made ready outside the measured time.
    struct Prepared: Sendable {
        let id: Int64
        let json: [UInt8]
        var user: Int64 = 0
        var category: [UInt8] = []
        var score = 0.0
        var year: Int64 = 0
        var amount: Int64 = 0
    }

    func prepare(_ document: PeerDocument) throws -> Prepared {
        if hasJSON {
            return Prepared(id: document.id, json: BSONField.json(document.bson, omitting: ["_id"]))
        }
        let json = BSONField.json(document.bson, omitting: ["_id", "user", "category", "score", "year", "amount"])
        guard let user = BSONField.find("user", in: document.bson)?.integer,
            let category = BSONField.find("category", in: document.bson)?.text,
            let score = BSONField.find("score", in: document.bson)?.double,
            let year = BSONField.find("year", in: document.bson)?.integer,
            let amount = BSONField.find("amount", in: document.bson)?.integer
        else { throw PeerError("document \(document.id) lacks a field") }
        return Prepared(
            id: document.id, json: json, user: user, category: category, score: score, year: year, amount: amount)
    }

    /// Binds the document to an insert and runs it.
    func insert(_ document: Prepared, _ statement: SQLiteStatement, id: Int64? = nil) throws {
        try document.json.withUnsafeBufferPointer { json in
            try document.category.withUnsafeBufferPointer { category in
                statement.bind(1, id ?? document.id)
                statement.bind(2, json)
                if !hasJSON {
                    statement.bind(3, document.user)
                    statement.bind(4, category)
                    statement.bind(5, document.score)
                    statement.bind(6, document.year)
                    statement.bind(7, document.amount)
                }
                try statement.run()
            }
        }
    }

    /// The whole result, copied out.
    func rows(_ statement: SQLiteStatement) throws -> [Prepared] {
        var found: [Prepared] = []
        while try statement.step() {
            var row = Prepared(id: statement.integer(0), json: statement.bytes(1))
            if !hasJSON {
                row.user = statement.integer(2)
                row.category = statement.bytes(3)
                row.score = statement.double(4)
                row.year = statement.integer(5)
                row.amount = statement.integer(6)
            }
            found.append(row)
        }
        statement.reset()
        return found
    }
}

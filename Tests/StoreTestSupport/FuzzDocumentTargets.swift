import SmartStore

// Documents from outside, as BSON and as Extended JSON.
//
// Beyond "no trap": what passes the gate comes back the same from reading and writing; keys order as values do; and
// bytes that never passed the gate (a page of an edited file) can be read by everything that reads documents.

enum FuzzDocumentTargets {
    static func bson(_ bytes: [UInt8]) -> [String] {
        var found = FuzzFindings()
        // Bytes beyond the limit are refused at once; nothing more to learn from them.
        guard bytes.count <= 1 << 20 else { return [] }
        do throws(DocumentError) {
            let document = try Document(bson: bytes)
            valid(document, into: &found)
        } catch { found.expect(!error.message.isEmpty, "an error without a message") }
        let relaxed = BSONLimits(byteCount: 1 << 20, depth: 200, allowsDuplicateFields: true)
        _ = try? Document(bson: bytes, limits: relaxed)
        unchecked(Document(trusted: bytes))
        return found.reasons
    }

    static func json(_ bytes: [UInt8]) -> [String] {
        var found = FuzzFindings()
        guard bytes.count <= 1 << 20 else { return [] }
        do throws(DocumentError) {
            let document = try ExtendedJSON.document(from: bytes)
            do throws(DocumentError) { try BSONValidator.validate(document.bson) } catch {
                found.note("parsed text is not valid BSON: \(error)")
            }
            valid(document, into: &found)
        } catch { found.expect(!error.message.isEmpty, "an error without a message") }
        _ = try? ExtendedJSON.value(from: String(decoding: bytes, as: UTF8.self))
        return found.reasons
    }

    /// What holds for every document that passed the gate.
    private static func valid(_ document: Document, into found: inout FuzzFindings) {
        var fields: [(String, BSONValue)] = []
        for field in document { fields.append((field.key, field.value)) }
        found.expect(fields.count == document.count, "iteration ends early")
        let again = Document(fields: fields)
        do throws(DocumentError) { try BSONValidator.validate(again.bson) } catch {
            found.note("what was read and written again is not valid: \(error)")
        }
        for format in [ExtendedJSON.Format.canonical, .relaxed] {
            let text = ExtendedJSON.utf8(again, format)
            // Names like $oid may stand in a document, and mean something else in text: then it may be refused.
            guard let parsed = try? ExtendedJSON.document(from: text) else { continue }
            guard format == .canonical, !hasDollar(again) else { continue }
            // A NaN loses its payload in text, and the options of a regular expression are sorted; once.
            let second = ExtendedJSON.utf8(parsed, format)
            let third = (try? ExtendedJSON.document(from: second)).map { ExtendedJSON.utf8($0, format) }
            found.expect(third == second, "canonical text gives another document: \(parsed.json(.canonical))")
        }
        order(fields.map(\.1), into: &found)
        _ = try? KeyEncoding.id(of: document)
        everything(document)
    }

    private static func hasDollar(_ document: Document) -> Bool { document.bson.contains(UInt8(ascii: "$")) }

    /// Keys of values order as the values do, and end where they say.
    private static func order(_ values: [BSONValue], into found: inout FuzzFindings) {
        var keys: [(value: BSONValue, key: [UInt8])] = []
        for value in values.prefix(8) {
            var key: [UInt8] = []
            guard (try? KeyEncoding.append(value, to: &key, limit: 1 << 16)) != nil else { continue }
            found.expect(KeyEncoding.componentEnd(in: key, from: 0) == key.count, "a key ends elsewhere: \(value)")
            var down: [UInt8] = []
            if (try? KeyEncoding.append(value, descending: true, to: &down, limit: 1 << 16)) != nil {
                found.expect(
                    KeyEncoding.componentEnd(in: down, from: 0, descending: true) == down.count,
                    "a descending key ends elsewhere: \(value)")
            }
            keys.append((value, key))
        }
        for left in keys {
            for right in keys {
                let expected = ValueOrder.compare(left.value, right.value)
                let order =
                    left.key == right.key ? 0 : left.key.lexicographicallyPrecedes(right.key) ? -1 : 1
                found.expect(order == expected, "keys order as \(order), values as \(expected): \(left), \(right)")
            }
        }
    }

    /// Everything that reads a document, on bytes that nobody has checked.
    private static func unchecked(_ document: Document) {
        everything(document)
        _ = try? KeyEncoding.id(of: document)
        for field in document {
            var key: [UInt8] = []
            try? KeyEncoding.append(field.value, to: &key, limit: 1 << 12)
        }
    }

    private static func everything(_ document: Document) {
        _ = document.keys
        _ = document.isEmpty
        _ = document["a"]
        _ = document["_id"]
        _ = document[path: "a.0.b"]
        _ = document.json(.canonical)
        _ = document.json(.relaxed)
        for reader in FuzzReaders.shared.filters { _ = try? reader.matches(document) }
        for shape in FuzzReaders.shared.projections { _ = try? shape.apply(document) }
        for order in FuzzReaders.shared.sorts { _ = try? order.key(of: document) }
        for update in FuzzReaders.shared.updates { _ = try? update.apply(to: document) }
        for field in document.prefix(16) { _ = try? VectorValue(field.value) }
    }
}

/// Fixed readers, to be let loose on any document.
private struct FuzzReaders {
    let filters: [Filter]
    let projections: [Projection]
    let sorts: [SortSpec]
    let updates: [UpdateSpec]

    static let shared = FuzzReaders()

    private init() {
        func documents(_ texts: [String]) -> [Document] { texts.compactMap { try? Document(json: $0) } }
        filters = documents([
            #"{"a":1}"#, #"{"a.b":{"$gt":1,"$lt":"z"}}"#, #"{"a":{"$elemMatch":{"b":{"$exists":true}}}}"#,
            #"{"$or":[{"a":{"$in":[1,null,"x"]}},{"n":{"$size":1}},{"n":{"$type":"number"}}]}"#,
            #"{"a":{"$all":[1,2]},"n":{"$not":{"$mod":[2,0]}}}"#,
        ]).compactMap { try? Filter($0) }
        projections = documents([#"{"a":1}"#, #"{"a.b":0,"n":0}"#]).compactMap { try? Projection($0) }
        sorts = documents([#"{"a":1,"n":-1}"#, #"{"a.b":1}"#]).compactMap { try? SortSpec($0) }
        updates = documents([
            #"{"$set":{"a.b":1,"n.3":2}}"#, #"{"$push":{"a":{"$each":[1],"$slice":-2,"$sort":1}}}"#,
            #"{"$inc":{"a":1},"$unset":{"n":1}}"#, #"{"$rename":{"a":"q"},"$addToSet":{"n":1}}"#,
            #"{"$pull":{"a":{"b":1}},"$max":{"n":3}}"#,
        ]).compactMap { try? UpdateSpec($0) }
    }
}

import SmartStore
import StoreIO

// Workloads with secondary indexes: kept by every kind of write, made inside a transaction and beside writers, stopped,
// refused, dropped, renamed with their collection, changed, and emptied by expiry. After every crash the indexes that are
// there are the oracle's, and hold what its documents say.

extension StoreWorkload {
    static let indexes: [StoreWorkload] = [
        StoreWorkload(name: "indexes kept") { session in
            try session.create()
            try session.commit { try session.makeIndexes($0, &$1, "notes", StoreModel.specifications) }
            for step in 0..<8 {
                try session.commit { try session.changeIndexed(4, $0, &$1, "notes") }
                if step % 3 == 2 { try session.checkpoint() }
            }
            try session.expectShown()
            try session.close()
        },
        StoreWorkload(name: "indexes made, dropped, rolled back") { session in
            try session.create()
            session.drawsTaken = false
            try session.commit { try session.changeIndexed(20, $0, &$1, "notes") }
            session.drawsTaken = true
            for specification in StoreModel.specifications.prefix(5) {
                try session.rollBack { try session.makeIndexes($0, &$1, "notes", [specification]) }
                try session.commit { try session.makeIndexes($0, &$1, "notes", [specification]) }
                try session.commit { try session.changeIndexed(2, $0, &$1, "notes") }
            }
            try session.checkpoint()
            for name in ["compound", "many"] {
                try session.commit { tx, model in
                    try session.dropIndex(tx, &model, "notes", name)
                    try session.changeIndexed(2, tx, &model, "notes")
                }
            }
            try session.expectShown()
            try session.commit { try session.drop($0, &$1, "notes") }
            try session.close()
        },
        StoreWorkload(name: "indexes built beside writers", indexBuildPortion: 7) { session in
            try session.create()
            try session.commit { try session.changeIndexed(30, $0, &$1, "notes") }
            try session.build("notes", StoreModel.specifications[1], writes: 5)
            try session.commit { try session.changeIndexed(3, $0, &$1, "notes") }
            try session.checkpoint()
            try session.build("notes", StoreModel.specifications[2], writes: 7)
            try session.expectShown()
            try session.close()
        },
        StoreWorkload(name: "more indexes built beside writers", indexBuildPortion: 4) { session in
            try session.create()
            session.drawsTaken = false
            try session.commit { try session.changeIndexed(25, $0, &$1, "notes") }
            for place in [0, 3, 4, 5] {
                try session.build("notes", StoreModel.specifications[place], writes: 3)
                session.drawsTaken = true
                if place == 3 { try session.reopen() }
            }
            try session.commit { try session.changeIndexed(4, $0, &$1, "notes") }
            try session.expectShown()
        },
        StoreWorkload(name: "index builds stopped and refused", indexBuildPortion: 5) { session in
            try session.create()
            try session.commit { tx, model in
                for id in 0..<24 { try session.putIndexed(tx, &model, "notes", Int32(id)) }
            }
            try session.build("notes", StoreModel.specifications[2], writes: 2, stopsAfter: 3)
            var refused = StoreModel.specifications[0]
            refused = IndexSpecification(["b": 1], name: "refused", isUnique: true)
            try session.build("notes", refused, writes: 1, isRefused: true)
            try session.commit { try session.changeIndexed(4, $0, &$1, "notes") }
            try session.build("notes", StoreModel.specifications[1], writes: 2)
            try session.expectShown()
            try session.close()
        },
        StoreWorkload(name: "expiry") { session in
            try session.create()
            try session.commit { tx, model in
                try session.makeIndexes(tx, &model, "notes", Array(StoreModel.specifications.suffix(3)))
                for id in 0..<24 { try session.putIndexed(tx, &model, "notes", Int32(id)) }
            }
            for step in 0..<3 {
                session.clock.advance(by: .seconds(20))
                try session.expire("notes", 3)
                try session.expire("notes", 2)
                try session.commit { try session.changeIndexed(2, $0, &$1, "notes") }
                if step == 1 {
                    try session.commit { try session.changeExpiry($0, &$1, "notes", seconds: 5) }
                    try session.checkpoint()
                }
            }
            try session.expectShown()
            try session.close()
        },
        StoreWorkload(name: "collections with indexes renamed") { session in
            try session.create()
            try session.commit { tx, model in
                try session.makeIndexes(tx, &model, "notes", Array(StoreModel.specifications.prefix(4)))
                for id in 0..<15 { try session.putIndexed(tx, &model, "notes", Int32(id)) }
                try session.makeIndexes(tx, &model, "other", [StoreModel.specifications[1]])
                for id in 0..<8 { try session.putIndexed(tx, &model, "other", Int32(id)) }
            }
            try session.commit { tx, model in
                try session.rename(tx, &model, "notes", "moved")
                try session.changeIndexed(3, tx, &model, "moved")
            }
            try session.rollBack { try session.rename($0, &$1, "moved", "back") }
            try session.checkpoint()
            try session.commit { try session.rename($0, &$1, "moved", "other") }
            try session.commit { try session.changeIndexed(4, $0, &$1, "other") }
            try session.expectShown()
            try session.close()
        },
        StoreWorkload(name: "indexes, compacted and reopened", transactionByteLimit: 1 << 18) { session in
            try session.create()
            try session.commit { tx, model in
                try session.makeIndexes(tx, &model, "notes", StoreModel.specifications)
                for id in 0..<60 { try session.putIndexed(tx, &model, "notes", Int32(id), byteCount: 700) }
            }
            try session.commit { tx, model in
                for id in 0..<45 where id % 5 != 0 { try session.delete(tx, &model, "notes", Int32(id)) }
            }
            _ = try session.current().compact()
            try session.commit(.relaxed) { try session.changeIndexed(4, $0, &$1, "notes") }
            try session.compactClosed()
            try session.commit { try session.changeIndexed(4, $0, &$1, "notes") }
            try session.reopen()
            try session.expectShown()
            try session.close()
        },
    ]
}

extension StoreModel {
    /// One index of each kind.
    static let specifications: [IndexSpecification] = [
        IndexSpecification(["u": 1], name: "unique", isUnique: true),
        IndexSpecification(["a": 1, "b": -1], name: "compound"),
        IndexSpecification(["tags": 1, "a": 1], name: "many"),
        IndexSpecification(["s": -1], name: "sparse", isSparse: true),
        IndexSpecification(["b": 1], name: "partial", partialFilter: ["a": ["$gte": 2]]),
        IndexSpecification(["w.$**": 1], name: "wildcard"),
        IndexSpecification(["t": 1], name: "ttl", expireAfterSeconds: 30),
        IndexSpecification(["text": 1], name: "folded", collation: Collation(strength: .secondary)),
    ]

    /// What an index must show: that it is there, ready, and has as many entries as its documents make.
    func indexDifference(_ info: CollectionInfo, _ model: Collection, _ reader: some CollectionReading) throws
        -> String?
    {
        let ready = info.indexes.filter(\.isReady)
        for index in ready where model.indexes[index.name] != index.specification {
            guard model.building[index.name] == index.specification else {
                return "\(info.name): an index \(index.name) that nobody made, or another"
            }
        }
        for name in model.indexes.keys.sorted() where !ready.contains(where: { $0.name == name }) {
            return "\(info.name): the index \(name) is gone"
        }
        for index in info.indexes where !index.isReady && model.building[index.name] == nil {
            return "\(info.name): an index \(index.name) half made"
        }
        guard !ready.isEmpty else { return nil }
        let documents = try model.documents.values.map { OracleValue.fields(try Document(bson: $0)) }
        for index in ready {
            let oracle = OracleIndex(index.specification)
            if !oracle.isWildcard {
                let wanted = try documents.reduce(0) { try $0 + oracle.entries($1).count }
                guard index.entryCount == wanted else {
                    return "\(info.name): \(index.name) has \(index.entryCount) entries instead of \(wanted)"
                }
            }
            guard !index.specification.isSparse, index.specification.partialFilter == nil, !oracle.isWildcard else {
                continue
            }
            let found = try reader.find(FindQuery(hint: .string(index.name))).compactMap { $0["_id"]?.int }
            guard Set(found) == Set(model.documents.keys.map(Int.init)), found.count == model.documents.count else {
                return "\(info.name): by \(index.name) \(found.count) documents are found"
            }
        }
        return nil
    }
}

// MARK: Verbs

extension StoreSession {
    func makeIndexes(
        _ tx: WriteTransaction, _ model: inout StoreModel, _ name: String, _ specifications: [IndexSpecification]
    ) throws {
        for specification in specifications {
            guard try tx.createIndex(on: name, specification) else {
                throw TrialError("there was an index \(specification.effectiveName) already")
            }
            model.collections[name, default: .init()].indexes[specification.effectiveName] = specification
        }
    }

    func dropIndex(_ tx: WriteTransaction, _ model: inout StoreModel, _ name: String, _ index: String) throws {
        let was = try tx.dropIndex(on: name, name: index)
        guard was == (model.collections[name]?.indexes[index] != nil) else {
            throw TrialError("dropping index \(index) answered \(was)")
        }
        model.collections[name]?.indexes[index] = nil
    }

    func rename(_ tx: WriteTransaction, _ model: inout StoreModel, _ name: String, _ target: String) throws {
        try tx.renameCollection(name, to: target, dropTarget: true)
        model.collections[target] = model.collections[name]
        model.collections[name] = nil
    }

    func changeExpiry(_ tx: WriteTransaction, _ model: inout StoreModel, _ name: String, seconds: Int) throws {
        try tx.setExpiry(on: name, index: "ttl", afterSeconds: seconds)
        model.collections[name]?.indexes["ttl"]?.expireAfterSeconds = seconds
    }

    /// Puts a document with the fields that the indexes are about. A value that is taken is refused, and nothing changes.
    func putIndexed(
        _ tx: WriteTransaction, _ model: inout StoreModel, _ name: String, _ id: Int32, byteCount: Int = 20
    ) throws {
        var fields: [(String, BSONValue)] = [("_id", .int32(id))]
        fields.append(("u", .int32(drawsTaken && random.next() % 12 == 0 ? Int32(random.next() % 30) : id)))
        fields.append(("a", random.next() % 8 == 0 ? .null : .int32(Int32(random.next() % 5))))
        if random.next() % 5 != 0 { fields.append(("b", .double(Double(random.next() % 4) / 2))) }
        let tags = (0..<random.next() % 4).map { _ in BSONValue.string("t\(random.next() % 5)") }
        fields.append(("tags", random.next() % 4 == 0 ? .string("t1") : .array(tags)))
        if random.next() % 2 == 0 { fields.append(("s", .string(text(Int(random.next() % 6))))) }
        let inner: BSONValue = ["x": .int32(Int32(random.next() % 3)), "y": ["z": [1, ["q": .int32(id)]]]]
        if random.next() % 3 != 0 { fields.append(("w", inner)) }
        if random.next() % 3 != 0 {
            let age = Int64(random.next() % 60) * 1000
            fields.append(("t", .date(BSONDate(millisecondsSince1970: clock.now() - age))))
        }
        fields.append(("text", .string(text(byteCount))))
        let document = Document(fields: fields)
        var documents = model.collections[name, default: .init()].documents
        documents[id] = document.bson
        let all = try documents.values.map { OracleValue.fields(try Document(bson: $0)) }
        let isTaken =
            try model.collections[name]?.indexes.values.contains { try !OracleIndex($0).accepts(all) } ?? false
        do { try tx.collection(name).replace(.int32(id), with: document, upsert: true) } catch {
            guard isTaken, error.code == .duplicateKey else { throw error }
            return
        }
        guard !isTaken else { throw TrialError("a value that is taken was not refused") }
        model.collections[name, default: .init()].documents = documents
    }

    /// Changes every field of some documents by one statement.
    private func updateIndexed(_ tx: WriteTransaction, _ model: inout StoreModel, _ name: String) throws {
        let wanted = Int32(random.next() % 5)
        let update: Document = [
            "$inc": ["b": 0.5], "$push": ["tags": .string("t\(random.next() % 5)")], "$unset": ["s": 1],
        ]
        let filter: Document = ["a": .int32(wanted), "tags": ["$type": "array"], "b": ["$type": "number"]]
        let result = try tx.collection(name).update(filter, update, multi: true)
        var changed = 0
        let oracle = OracleUpdate(.document(update), now: clock.now())
        for (id, bytes) in model.collections[name]?.documents ?? [:] {
            let fields = OracleValue.fields(try Document(bson: bytes))
            guard try OracleFilter().matches(filter, fields), fields["tags"]?.elements != nil else { continue }
            changed += 1
            let after = try oracle.apply(to: fields, foundBy: filter)
            model.collections[name]?.documents[id] = OracleValue.document(after).bson
        }
        guard result.modified == changed else { throw TrialError("\(result.modified) modified instead of \(changed)") }
    }

    func changeIndexed(_ count: Int, _ tx: WriteTransaction, _ model: inout StoreModel, _ name: String) throws {
        for _ in 0..<count {
            switch random.next() % 10 {
            case 0, 1: try delete(tx, &model, name, id(30))
            case 2 where model.collections[name] != nil: try updateIndexed(tx, &model, name)
            default: try putIndexed(tx, &model, name, id(30))
            }
        }
    }
}

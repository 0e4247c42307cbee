import SmartStore
import StoreIO

// Small workloads of the whole store. Each leads through one part of it; all are short, since every one of their I/O
// steps is crashed several times.

struct StoreWorkload: Sendable {
    let name: String
    var transactionByteLimit: Int?
    var cacheSegmentByteLimit = 1 << 20
    var mayEvict = false
    /// Only an encrypted file will do.
    var needsKey = false
    /// Vectors that are linked between two saves of links, at least.
    var linkSaveStep = 1024
    /// Every vector is searched for, instead of a few, and again when linking has gone on after a crash.
    var searchesAll = false
    /// Documents up to which an index is built in one transaction, entries of one transaction of a build, and noted
    /// documents that its last one takes; nil: the usual ones.
    var indexBuildPortion: Int?
    let run: @Sendable (StoreSession) throws -> Void

    static let all = general + vectors

    private static let general: [StoreWorkload] = [
        StoreWorkload(name: "insert") { session in
            try session.create()
            for step in 0..<10 {
                try session.commit { tx, model in
                    for offset in 0..<4 {
                        try session.put(tx, &model, "notes", Int32(step * 4 + offset), byteCount: 60)
                    }
                }
            }
            try session.close()
        },
        StoreWorkload(name: "update") { session in
            try session.create()
            try session.commit { tx, model in
                for id in 0..<30 { try session.put(tx, &model, "notes", Int32(id), byteCount: 100) }
            }
            for _ in 0..<10 {
                try session.commit { tx, model in
                    for _ in 0..<3 { try session.put(tx, &model, "notes", session.id(30), byteCount: session.size()) }
                }
            }
            try session.checkpoint()
        },
        StoreWorkload(name: "delete") { session in
            try session.create()
            try session.commit { tx, model in
                for id in 0..<60 { try session.put(tx, &model, "notes", Int32(id), byteCount: 200) }
            }
            for step in 0..<8 {
                try session.commit { tx, model in
                    for _ in 0..<9 { try session.delete(tx, &model, "notes", session.id(60)) }
                }
                if step == 4 { try session.checkpoint() }
            }
            try session.close()
        },
        StoreWorkload(name: "spill", transactionByteLimit: 1 << 18) { session in
            try session.create()
            try session.commit { tx, model in
                for id in 0..<90 { try session.put(tx, &model, "notes", Int32(id), byteCount: 3000) }
            }
            try session.rollBack { tx, model in
                for id in 100..<190 { try session.put(tx, &model, "notes", Int32(id), byteCount: 3000) }
            }
            try session.commit { try session.put($0, &$1, "notes", 1, byteCount: 50) }
            try session.checkpoint()
            try session.commit { try session.delete($0, &$1, "notes", 2) }
        },
        StoreWorkload(name: "checkpoint") { session in
            try session.create()
            for _ in 0..<6 {
                try session.commit { try session.change(5, $0, &$1) }
                try session.checkpoint()
            }
        },
        StoreWorkload(name: "vector churn") { session in
            try session.create()
            try session.commit { try session.index($0, &$1, "notes") }
            for step in 0..<10 {
                try session.commit { tx, model in
                    for _ in 0..<3 { try session.putVector(tx, &model, "notes", session.id(12)) }
                    try session.delete(tx, &model, "notes", session.id(12))
                }
                if step % 3 == 2 { try session.current().linkVectors() }
                if step == 6 { try session.checkpoint() }
            }
        },
        StoreWorkload(name: "vector links saved") { session in
            try session.create()
            try session.commit { tx, model in
                for id in 0..<20 { try session.putVector(tx, &model, "notes", Int32(id)) }
                try session.index(tx, &model, "notes")
            }
            try session.current().linkVectors()
            try session.reopen()
            try session.expectShown()
            try session.commit { tx, model in
                for id in 20..<30 { try session.putVector(tx, &model, "notes", Int32(id)) }
            }
            try session.current().linkVectors()
            try session.close()
        },
        StoreWorkload(name: "cache with lifetimes") { session in
            try session.create()
            for step in 0..<12 {
                try session.commit { tx, model in
                    for _ in 0..<3 {
                        try session.cache(tx, &model, "k\(session.id(15))", lifetime: step % 2 == 0 ? 40 : nil)
                    }
                    if step % 4 == 3 { try session.uncache(tx, &model, "k\(session.id(15))") }
                }
                session.clock.advance(by: .milliseconds(10))
            }
            try session.checkpoint()
        },
        StoreWorkload(name: "cache that evicts", cacheSegmentByteLimit: 1 << 12, mayEvict: true) { session in
            try session.create()
            for _ in 0..<10 {
                try session.commit { tx, model in
                    for _ in 0..<5 { try session.cache(tx, &model, "k\(session.id(40))", lifetime: nil) }
                }
            }
            try session.close()
        },
        StoreWorkload(name: "audit") { session in
            try session.create()
            for step in 0..<12 {
                try session.commit { tx, model in
                    try session.put(tx, &model, "notes", Int32(step), byteCount: 40)
                    for _ in 0..<3 { try session.record(tx, &model) }
                }
                if step == 6 { try session.checkpoint() }
            }
            try session.close()
        },
        StoreWorkload(name: "drop collection") { session in
            try session.create()
            for round in 0..<3 {
                try session.commit { tx, model in
                    for id in 0..<25 { try session.put(tx, &model, "gone", Int32(id), byteCount: 300) }
                    try session.put(tx, &model, "stays", Int32(round), byteCount: 50)
                }
                if round == 1 { try session.commit { try session.index($0, &$1, "gone") } }
                try session.commit { try session.drop($0, &$1, "gone") }
                try session.checkpoint()
            }
        },
        StoreWorkload(name: "large documents") { session in
            try session.create()
            for step in 0..<6 {
                try session.commit { try session.put($0, &$1, "notes", session.id(3), byteCount: 9000 + step * 4000) }
                try session.commit { try session.delete($0, &$1, "notes", session.id(3)) }
            }
            try session.checkpoint()
        },
        StoreWorkload(name: "reopen") { session in
            try session.create()
            for _ in 0..<4 {
                try session.commit { try session.change(4, $0, &$1) }
                try session.reopen()
                try session.commit { try session.change(2, $0, &$1) }
            }
            try session.close()
        },
        StoreWorkload(name: "relaxed") { session in
            try session.create()
            for step in 0..<12 {
                try session.commit(step % 4 == 3 ? .full : .relaxed) { try session.change(3, $0, &$1) }
                if step == 7 { try session.checkpoint() }
            }
        },
        StoreWorkload(name: "reader held over checkpoint") { session in
            try session.create()
            try session.commit { try session.change(8, $0, &$1) }
            for _ in 0..<3 {
                let seen = session.model
                let reader = try session.current().beginRead()
                defer { reader.close() }
                try session.commit { try session.change(4, $0, &$1) }
                try session.checkpoint()
                try session.commit { try session.change(4, $0, &$1) }
                try session.checkpoint()
                try session.expectShown(seen, in: reader)
            }
        },
        StoreWorkload(name: "growth") { session in
            try session.create()
            for step in 0..<4 {
                try session.commit { tx, model in
                    for id in 0..<30 {
                        try session.put(tx, &model, "notes", Int32(step * 30 + id), byteCount: 2500)
                    }
                }
            }
            try session.close()
        },
        StoreWorkload(name: "create and close") { session in
            try session.create()
            try session.reopen()
            try session.commit { try session.change(1, $0, &$1) }
            try session.close()
        },
        StoreWorkload(name: "every segment in one commit") { session in
            try session.create()
            try session.commit { try session.index($0, &$1, "notes") }
            for step in 0..<8 {
                try session.commit { tx, model in
                    try session.putVector(tx, &model, "notes", session.id(10))
                    try session.put(tx, &model, "other", session.id(10), byteCount: session.size())
                    try session.cache(tx, &model, "k\(session.id(6))", lifetime: nil)
                    try session.record(tx, &model)
                }
                if step % 3 == 1 { try session.current().linkVectors() }
                if step % 3 == 2 { try session.checkpoint() }
            }
            try session.close()
        },
        StoreWorkload(name: "rolled back") { session in
            try session.create()
            for step in 0..<7 {
                try session.commit { try session.change(3, $0, &$1) }
                try session.rollBack { try session.change(6, $0, &$1) }
                if step == 4 { try session.checkpoint() }
            }
            try session.expectShown()
        },
        StoreWorkload(name: "change of key", needsKey: true) { session in
            try session.create()
            for _ in 0..<3 {
                try session.commit { try session.change(3, $0, &$1) }
                try session.changeKey()
                try session.commit { try session.change(3, $0, &$1) }
            }
            try session.reopen()
            try session.expectShown()
        },
        StoreWorkload(name: "rotation of the data key", needsKey: true) { session in
            try session.create()
            for round in 0..<2 {
                try session.commit { try session.change(12, $0, &$1) }
                let report = try session.current().rotateKey()
                guard report.isFinished else { throw TrialError("the rotation did not finish") }
                try session.commit { try session.change(3, $0, &$1) }
                if round == 0 { try session.reopen() }
            }
            try session.expectShown()
        },
        StoreWorkload(name: "compaction") { session in
            try session.create()
            try session.commit { tx, model in
                for id in 0..<60 { try session.put(tx, &model, "notes", Int32(id), byteCount: 900) }
            }
            try session.commit { tx, model in
                for id in 0..<45 { try session.delete(tx, &model, "notes", Int32(id)) }
                for id in 100..<110 { try session.putVector(tx, &model, "notes", Int32(id)) }
            }
            _ = try session.current().compact()
            try session.commit { try session.change(4, $0, &$1) }
            try session.compactClosed()
            try session.expectShown()
            try session.commit { try session.change(4, $0, &$1) }
            try session.close()
        },
        StoreWorkload(name: "backup") { session in
            try session.create()
            for round in 0..<2 {
                try session.commit { try session.change(8, $0, &$1) }
                try session.backup(round)
                try session.commit { try session.change(3, $0, &$1) }
                try session.checkpoint()
            }
            try session.close()
        },
        StoreWorkload(name: "mixed", transactionByteLimit: 1 << 18) { session in
            try session.create()
            try session.commit { try session.index($0, &$1, "notes") }
            for step in 0..<10 {
                try session.commit(step % 5 == 2 ? .relaxed : .grouped) { try session.change(6, $0, &$1) }
                if step % 4 == 3 { try session.checkpoint() }
                if step == 6 { try session.reopen() }
            }
            try session.close()
        },
    ]
}

// MARK: Changes, made to the store and to its model

extension StoreSession {
    func id(_ count: Int32) -> Int32 { Int32(random.next() % UInt64(count)) }

    func size() -> Int { random.next() % 10 == 0 ? 2500 : Int(random.next() % 200) }

    func checkpoint() throws { try current().checkpoint() }

    func text(_ byteCount: Int) -> String {
        // Letters that do not compress well, so that long values need their pages.
        String(decoding: (0..<byteCount).map { _ in UInt8(97 + random.next() % 26) }, as: UTF8.self)
    }

    func put(
        _ tx: WriteTransaction, _ model: inout StoreModel, _ name: String, _ id: Int32, byteCount: Int
    ) throws {
        let document: Document = ["_id": .int32(id), "text": .string(text(byteCount))]
        try tx.collection(name).replace(.int32(id), with: document, upsert: true)
        model.collections[name, default: .init()].documents[id] = document.bson
        model.collections[name]?.vectors[id] = nil
    }

    func putVector(_ tx: WriteTransaction, _ model: inout StoreModel, _ name: String, _ id: Int32) throws {
        let vector = (0..<StoreModel.dimension).map { _ in Float(Int(random.next() % 2001)) / 1000 - 1 + 0.0003 }
        let document: Document = [
            "_id": .int32(id), "text": .string(text(20)), StoreModel.field: Vector(vector).value,
        ]
        try tx.collection(name).replace(.int32(id), with: document, upsert: true)
        model.collections[name, default: .init()].documents[id] = document.bson
        model.collections[name]?.vectors[id] = vector
    }

    func delete(_ tx: WriteTransaction, _ model: inout StoreModel, _ name: String, _ id: Int32) throws {
        let was = try tx.collection(name).delete(.int32(id))
        guard was == (model.collections[name]?.documents[id] != nil) else {
            throw TrialError("deleting \(id) of \(name) answered \(was)")
        }
        model.collections[name]?.documents[id] = nil
        model.collections[name]?.vectors[id] = nil
    }

    func index(_ tx: WriteTransaction, _ model: inout StoreModel, _ name: String) throws {
        try tx.createVectorIndex(
            on: name, field: StoreModel.field, dimension: StoreModel.dimension, connectivity: 4, buildBreadth: 16)
        model.collections[name, default: .init()].isIndexed = true
    }

    func drop(_ tx: WriteTransaction, _ model: inout StoreModel, _ name: String) throws {
        let was = try tx.dropCollection(name)
        guard was == (model.collections[name] != nil) else { throw TrialError("dropping \(name) answered \(was)") }
        model.collections[name] = nil
    }

    func cache(_ tx: WriteTransaction, _ model: inout StoreModel, _ key: String, lifetime: Int64?) throws {
        let value = [UInt8](repeating: UInt8(truncatingIfNeeded: random.next()), count: Int(random.next() % 300))
        try tx.cache.set(key, value, ttl: lifetime.map { .milliseconds($0) })
        model.cache[key] = StoreModel.CacheEntry(value: value, expiry: lifetime.map { clock.now() + $0 } ?? 0)
    }

    func uncache(_ tx: WriteTransaction, _ model: inout StoreModel, _ key: String) throws {
        try tx.cache.delete(key)
        model.cache[key] = nil
    }

    func record(_ tx: WriteTransaction, _ model: inout StoreModel) throws {
        let target = "t\(random.next() % 1000)"
        try tx.audit.record(actor: "trial", action: "step", target: target)
        model.audit.append(target)
    }

    /// Any change of any segment, `count` times.
    func change(_ count: Int, _ tx: WriteTransaction, _ model: inout StoreModel) throws {
        for _ in 0..<count {
            switch random.next() % 12 {
            case 0, 1, 2, 3: try put(tx, &model, "notes", id(30), byteCount: size())
            case 4, 5: try putVector(tx, &model, "notes", id(30))
            case 6: try delete(tx, &model, "notes", id(30))
            case 7: try put(tx, &model, "other", id(20), byteCount: size())
            case 8, 9: try cache(tx, &model, "k\(id(12))", lifetime: nil)
            case 10: try uncache(tx, &model, "k\(id(12))")
            default: try record(tx, &model)
            }
        }
    }
}

import SmartStore

// Workloads that lead a vector index through training, saves of links and codes, repair, and slots used again. After
// every crash each vector must be found by search, also once linking has gone on, and when what it made is saved.

extension StoreWorkload {
    static let vectors: [StoreWorkload] = [
        StoreWorkload(name: "vectors with codes", linkSaveStep: 64, searchesAll: true) { session in
            try session.create()
            try session.commit { try session.index($0, &$1, "notes") }
            for part in 0..<2 {
                try session.commit { try session.putVectors($0, &$1, part * 150..<part * 150 + 150) }
            }
            try session.current().linkVectors()
            // Links, codes and their book are saved for the first time.
            try session.checkpoint()
            try session.commit { try session.deleteAll($0, &$1, 20..<100) }
            try session.current().linkVectors()
            try session.commit { try session.putVectors($0, &$1, 400..<440) }
            try session.checkpoint()
            try session.commit { try session.putVectors($0, &$1, 440..<500) }
            try session.current().linkVectors()
            try session.close()
        },
        StoreWorkload(name: "vector slots used again", linkSaveStep: 64, searchesAll: true) { session in
            try session.create()
            try session.commit { tx, model in
                try session.index(tx, &model, "notes")
                try session.putVectors(tx, &model, 0..<260)
            }
            try session.current().linkVectors()
            try session.commit { try session.putVectors($0, &$1, 260..<340) }
            // Saved: the links of the first, the codes of all.
            try session.checkpoint()
            try session.current().linkVectors()
            for round in 0..<2 {
                try session.commit { try session.deleteAll($0, &$1, 250 + round * 1000..<330 + round * 1000) }
                try session.current().linkVectors()
                // All free slots and some more, of which the first are the next to go.
                try session.commit { try session.putVectors($0, &$1, 1250 + round * 1000..<1340 + round * 1000) }
                if round == 0 { try session.checkpoint() }
            }
            try session.reopen()
            try session.commit { tx, model in
                for _ in 0..<4 { try session.putVector(tx, &model, "notes", session.id(200)) }
            }
            try session.current().linkVectors()
            try session.close()
        },
        StoreWorkload(name: "all vectors deleted", linkSaveStep: 64, searchesAll: true) { session in
            try session.create()
            try session.commit { tx, model in
                try session.index(tx, &model, "notes")
                try session.putVectors(tx, &model, 0..<260)
            }
            try session.current().linkVectors()
            try session.commit { try session.deleteAll($0, &$1, 0..<260) }
            try session.current().linkVectors()
            try session.reopen()
            try session.commit { try session.putVectors($0, &$1, 100..<130) }
            try session.current().linkVectors()
            try session.commit { try session.putVectors($0, &$1, 125..<140) }
            try session.close()
        },
    ]
}

extension StoreSession {
    func putVectors(_ tx: WriteTransaction, _ model: inout StoreModel, _ ids: Range<Int>) throws {
        for id in ids { try putVector(tx, &model, "notes", Int32(id)) }
    }

    func deleteAll(_ tx: WriteTransaction, _ model: inout StoreModel, _ ids: Range<Int>) throws {
        for id in ids { try delete(tx, &model, "notes", Int32(id)) }
    }
}

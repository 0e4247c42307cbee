import PageStore
import Synchronization
import TreeStore

// Definitions of collections as the newest schema has them, so that a transaction does not read the catalog each time.
//
// A definition changes only in commits that create or drop something. `changed(at:)` is called with such a commit's
// sequence before anybody can see it; views older than that read the catalog themselves.

final class SchemaCache: Sendable {
    private struct Known {
        let tree: Tree
        let vectors: [(VectorIndexDefinition, VectorSegment)]
        let secondary: [IndexDefinition]
    }

    private struct State {
        var validFrom: CommitSequence = 0
        var entries: [String: Known] = [:]
    }

    private let state = Mutex(State())

    func entry(_ name: String, at sequence: CommitSequence) -> CollectionEntry? {
        state.withLock { state in
            guard sequence >= state.validFrom, let known = state.entries[name] else { return nil }
            return CollectionEntry(
                name: name, tree: known.tree,
                indexes: known.vectors.map { VectorIndexEntry(definition: $0.0, segment: $0.1) },
                secondary: known.secondary.map { IndexEntry($0) })
        }
    }

    func remember(_ entry: CollectionEntry, at sequence: CommitSequence) {
        state.withLock { state in
            guard sequence >= state.validFrom else { return }
            state.entries[entry.name] = Known(
                tree: entry.tree, vectors: entry.indexes.map { ($0.definition, $0.segment) },
                secondary: entry.secondary.map(\.definition))
        }
    }

    func changed(at sequence: CommitSequence) {
        state.withLock { state in
            state.validFrom = max(state.validFrom, sequence)
            state.entries = [:]
        }
    }
}

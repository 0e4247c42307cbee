import PageStore
import Synchronization
import TreeStore

// Definitions of collections as the newest schema has them, so that a transaction does not read the catalog each time.
//
// A definition changes only in commits that create or drop something. `changed(at:)` is called with such a commit's
// sequence before anybody can see it; views older than that read the catalog themselves.

final class SchemaCache: Sendable {
    private struct State {
        var validFrom: CommitSequence = 0
        var entries: [String: (tree: Tree, indexes: [(VectorIndexDefinition, VectorSegment)])] = [:]
    }

    private let state = Mutex(State())

    func entry(_ name: String, at sequence: CommitSequence) -> CollectionEntry? {
        state.withLock { state in
            guard sequence >= state.validFrom, let known = state.entries[name] else { return nil }
            return CollectionEntry(
                name: name, tree: known.tree,
                indexes: known.indexes.map { VectorIndexEntry(definition: $0.0, segment: $0.1) })
        }
    }

    func remember(_ entry: CollectionEntry, at sequence: CommitSequence) {
        state.withLock { state in
            guard sequence >= state.validFrom else { return }
            state.entries[entry.name] = (
                entry.tree, entry.indexes.map { ($0.definition, $0.segment) }
            )
        }
    }

    func changed(at sequence: CommitSequence) {
        state.withLock { state in
            state.validFrom = max(state.validFrom, sequence)
            state.entries = [:]
        }
    }
}

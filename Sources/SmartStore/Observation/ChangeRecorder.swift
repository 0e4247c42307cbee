// What a write transaction changes, noted for those who observe. Without observers there is no recorder, and a change
// costs one test of a pointer.

/// Who wants to be told what, at a moment.
final class ChangeInterests: Sendable {
    /// What is wanted of a collection.
    struct Interest: Sendable {
        /// Changes of one commit that at least one observer could hold.
        var limit = 0
        var wantsDocuments = false

        mutating func add(_ other: Interest) {
            limit = max(limit, other.limit)
            wantsDocuments = wantsDocuments || other.wantsDocuments
        }
    }

    /// Observers with lower numbers are served by recorders of these interests.
    let number: UInt64
    private let collections: [String: Interest]
    private let everything: Interest?

    init(_ queues: [ChangeQueue], number: UInt64) {
        self.number = number
        var (collections, everything): ([String: Interest], Interest?) = ([:], nil)
        for queue in queues where queue.keepsChanges {
            let interest = Interest(limit: queue.limit, wantsDocuments: queue.wantsDocuments)
            if let name = queue.collection {
                collections[name, default: Interest()].add(interest)
            } else {
                everything = everything ?? Interest()
                everything?.add(interest)
            }
        }
        if let everything { for name in collections.keys { collections[name]?.add(everything) } }
        (self.collections, self.everything) = (collections, everything)
    }

    var isEmpty: Bool { collections.isEmpty && everything == nil }

    func interest(in name: String) -> Interest? { collections[name] ?? everything }
}

/// The changes of one open transaction. Used by its thread only.
final class ChangeRecorder {
    /// The same for all observers; the sequence comes with the commit.
    struct Change: Sendable {
        let collection: String
        let kind: CollectionChange.Kind
        let id: BSONValue?
        let document: Document?
    }

    let interests: ChangeInterests
    private(set) var changes: [Change] = []
    /// Collections of which more was changed than anybody could hold: their observers lag.
    private(set) var overflown: Set<String> = []
    private var counts: [String: (changes: Int, bytes: Int)] = [:]

    init(_ interests: ChangeInterests) { self.interests = interests }

    /// Whether a collection's changes are wanted.
    func wants(_ name: String) -> Bool { interests.interest(in: name) != nil && !overflown.contains(name) }

    func note(_ kind: CollectionChange.Kind, in name: String, id: BSONValue? = nil, document: Document? = nil) {
        guard let interest = interests.interest(in: name), !overflown.contains(name) else { return }
        var (count, bytes) = counts[name] ?? (0, 0)
        count += 1
        if interest.wantsDocuments { bytes += document?.bson.count ?? 0 }
        guard count <= interest.limit, bytes <= ChangeQueue.byteLimit else { return overflow(name) }
        counts[name] = (count, bytes)
        changes.append(
            Change(collection: name, kind: kind, id: id, document: interest.wantsDocuments ? document : nil))
    }

    /// Notes that a collection changed in a way that is not told document by document.
    func overflow(_ name: String) {
        guard interests.interest(in: name) != nil else { return }
        overflown.insert(name)
        changes.removeAll { $0.collection == name }
    }
}

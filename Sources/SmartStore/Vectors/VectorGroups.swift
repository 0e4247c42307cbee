import PageStore
import TreeStore
import VectorIndex

// Grouped searches: the best documents of each value of a field.
//
// Most searches find their groups among the nearest few hundred. What these leave open - a value with few documents
// nearby, fewer values than are wanted - would need every document in order of nearness; instead the rows are listed by
// value, once for a content of the index, and the best of each list is asked for. A grouping that was asked before is
// listed at once, and then no document need be read.

extension VectorSearch {
    struct Group {
        let key: [UInt8]
        let value: BSONValue
        var hits: [Hit]
    }

    /// How often more of the nearest are asked for before rows are listed by value.
    private static let roundLimit = 3

    /// The first `count` groups, in order of their best hit.
    func grouped(by path: FieldPath, count: Int) throws -> [Group] {
        var values: [UInt32: (key: [UInt8], value: BSONValue)?] = [:]
        let listed = try knownRowsByValue(path)
        func value(of row: UInt32) throws -> (key: [UInt8], value: BSONValue)? {
            if let listed { return listed.group(of: row).map { ($0.key, $0.value) } }
            if let known = values[row] { return known }
            let read = try self.value(of: row, at: path)
            values[row] = .some(read)
            return read
        }
        var fetch = min(VectorQuery.hitLimit, max(32, count * query.groupSize * 2))
        var groups: [Group] = []
        for _ in 0..<(listed == nil ? Self.roundLimit : 1) {
            let (hits, isAll) = try nearest(fetch)
            groups = []
            var places: [[UInt8]: Int] = [:]
            for hit in hits {
                guard let (key, value) = try value(of: hit.row) else { continue }
                if let place = places[key] {
                    if groups[place].hits.count < query.groupSize { groups[place].hits.append(hit) }
                } else {
                    places[key] = groups.count
                    groups.append(Group(key: key, value: value, hits: [hit]))
                }
            }
            let chosen = groups.prefix(count)
            if isAll || (chosen.count == count && chosen.allSatisfy { $0.hits.count == query.groupSize }) {
                return Array(chosen)
            }
            guard fetch < VectorQuery.hitLimit else { break }
            fetch = min(VectorQuery.hitLimit, fetch * 4)
        }
        return try filled(Array(groups.prefix(count)), from: listed ?? rowsByValue(path), count: count)
    }

    /// Brings groups to their size, and finds those that are missing, from the rows of each value.
    private func filled(_ found: [Group], from listed: RowGroups, count: Int) throws -> [Group] {
        func best(_ group: Group, _ rows: [UInt32]) throws -> Group {
            var group = group
            group.hits = try nearest(query.groupSize, of: .ids(rows)).hits
            return group
        }
        if found.count == count {
            return try found.map { group in
                group.hits.count == query.groupSize ? group : try best(group, listed.rows(of: group.key))
            }
        }
        let all = try listed.groups.map { try best(Group(key: $0.key, value: $0.value, hits: []), $0.rows) }
        let ordered = all.filter { !$0.hits.isEmpty }.sorted { left, right in
            let (a, b) = (left.hits[0], right.hits[0])
            return a.distance != b.distance ? a.distance < b.distance : a.row < b.row
        }
        return Array(ordered.prefix(count))
    }

    /// The rows of every value when they are listed already, or were asked for before.
    private func knownRowsByValue(_ path: FieldPath) throws -> RowGroups? {
        guard !index.isChanged else { return nil }
        return switch index.segment.filters.find(groupsKey(path), at: transaction.sequence) {
        case .known(.groups(let groups)): groups
        case .comesAgain: try rowsByValue(path)
        case .known, .new: nil
        }
    }

    /// The rows of every value, of documents that match the filter.
    private func rowsByValue(_ path: FieldPath) throws -> RowGroups {
        // What passes is known already where the filter is a set.
        var passing: RowSet?
        if case .rows(let set)? = self.filter.rows { passing = set }
        let filter = try query.filter.flatMap { $0.isEmpty || passing != nil ? nil : try Filter($0) }
        var groups = RowGroups()
        try VectorFilter.forEachRow(of: entry, index, in: transaction.view) { rows, bytes in
            if let passing, !rows.contains(where: { passing.contains($0) }) { return }
            if let filter, try !filter.matches(bytes) { return }
            guard let (key, value) = try Self.value(in: bytes, at: path) else { return }
            for row in rows { groups.add(row, key: key, value: value) }
        }
        if !index.isChanged {
            index.segment.filters.keep(.groups(groups), for: groupsKey(path), at: transaction.sequence)
        }
        return groups
    }

    private func groupsKey(_ path: FieldPath) -> [UInt8] {
        [2] + Array(path.text.utf8) + [0] + (query.filter?.bson ?? [])
    }

    /// What the row's document is grouped by; nil when it lacks the field.
    private func value(of row: UInt32, at path: FieldPath) throws -> (key: [UInt8], value: BSONValue)? {
        let key = try KeyEncoding.id(index.id(of: row, in: transaction.view))
        guard let bytes = try entry.tree.get(key.span.bytes, in: transaction.view) else { return nil }
        return try BSONBytes.with(bytes) { try Self.value(in: $0, at: path) }
    }

    /// Values that compare equal have one key, whatever their types.
    private static func value(in bytes: BSONBytes, at path: FieldPath) throws -> (key: [UInt8], value: BSONValue)? {
        guard let view = path.value(in: bytes), let value = BSONValue(view) else { return nil }
        var key: [UInt8] = []
        try KeyEncoding.append(view, to: &key, limit: BSONLimits.standard.byteCount)
        return (key, value)
    }
}

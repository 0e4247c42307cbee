// A chain of stages that documents run through one at a time: what `find` and `aggregate` are made of.
//
// Only a sort holds documents back, and only as many as a limit behind it can let through. A stage that wants no more
// says so, and the scan ends.

struct Pipeline {
    enum Stage {
        case match(Filter)
        case sort(SortSpec)
        case skip(Int)
        case limit(Int)
        case project(Projection)
        /// One document with the number of documents, under this name; none when there were none.
        case count(String)
    }

    private let stages: [Stage]
    /// How many documents have passed, or were counted, at each stage.
    private var passed: [Int]
    /// What each sort holds.
    private var held: [[Held]]

    private struct Held {
        let key: [UInt8]
        let order: Int
        let document: Document

        static func precedes(_ a: Held, _ b: Held) -> Bool {
            a.key == b.key ? a.order < b.order : a.key.lexicographicallyPrecedes(b.key)
        }
    }

    init(_ stages: [Stage]) {
        self.stages = stages
        passed = Array(repeating: 0, count: stages.count)
        held = Array(repeating: [], count: stages.count)
    }

    /// Runs every document of the collection that matches the first stage, if that is a match, through the rest.
    static func run(_ stages: [Stage], over reader: some CollectionReading) throws -> ReplyBatch {
        var filter = Document()
        var rest = stages[...]
        if case .match(let first)? = rest.first {
            filter = first.document
            rest.removeFirst()
        }
        var pipeline = Pipeline(Array(rest))
        var batch = ReplyBatch()
        if !pipeline.wantsNothing {
            try reader.forEach(filter) { try pipeline.push($0, to: 0, into: &batch) }
        }
        try pipeline.finish(into: &batch)
        return batch
    }

    /// Whether a limit of zero lets nothing through.
    private var wantsNothing: Bool {
        stages.contains { if case .limit(0) = $0 { true } else { false } }
    }

    /// Sends a document into the stages from `start` on; false when no further one is wanted there.
    private mutating func push(
        _ document: Document, to start: Int, into batch: inout ReplyBatch
    ) throws -> Bool {
        var document = document
        var wantsMore = true
        for index in start..<stages.count {
            switch stages[index] {
            case .match(let filter):
                if try !filter.matches(document) { return wantsMore }
            case .skip(let count):
                if passed[index] < count {
                    passed[index] += 1
                    return wantsMore
                }
            case .limit(let count):
                if passed[index] >= count { return false }
                passed[index] += 1
                wantsMore = wantsMore && passed[index] < count
            case .project(let projection): document = projection.apply(document)
            case .sort(let order):
                try hold(document, under: order, at: index)
                return wantsMore
            case .count:
                passed[index] += 1
                return wantsMore
            }
        }
        try batch.append(document)
        return wantsMore
    }

    /// Lets go what sorts and counts held back, the first stage first.
    private mutating func finish(into batch: inout ReplyBatch) throws {
        for index in stages.indices {
            switch stages[index] {
            case .sort:
                let documents = held[index].sorted(by: Held.precedes)
                held[index] = []
                for entry in documents {
                    if try !push(entry.document, to: index + 1, into: &batch) { break }
                }
            case .count(let name) where passed[index] > 0:
                _ = try push([name: BSONValue(passed[index])], to: index + 1, into: &batch)
            default: break
            }
        }
    }

    // MARK: Sorting

    private mutating func hold(_ document: Document, under order: SortSpec, at index: Int) throws {
        let key = try document.withBytes { try order.key(of: $0) }
        passed[index] += 1
        held[index].append(Held(key: key, order: passed[index], document: document))
        if let bound = bound(after: index), held[index].count >= 2 * bound + 1024 {
            held[index].sort(by: Held.precedes)
            held[index].removeLast(held[index].count - bound)
        }
    }

    /// How many of the sorted documents the stages behind a sort can let through; nil: any number.
    private func bound(after index: Int) -> Int? {
        var skipped = 0
        for stage in stages[(index + 1)...] {
            switch stage {
            case .skip(let count):
                let (sum, overflow) = skipped.addingReportingOverflow(count)
                if overflow { return nil }
                skipped = sum
            case .limit(let count):
                let (sum, overflow) = skipped.addingReportingOverflow(count)
                return overflow || sum > 1 << 40 ? nil : sum
            case .project: continue
            case .match, .sort, .count: return nil
            }
        }
        return nil
    }
}

extension Pipeline {
    /// What the leading stages of a pipeline ask of the collection.
    static func leadingQuery(_ pipeline: [Document], hint: BSONValue?, options: QueryOptions) throws -> FindQuery {
        var query = FindQuery(hint: hint, options: options)
        var rest = pipeline[...]
        if let filter = rest.first?["$match"]?.document {
            query.filter = filter
            rest.removeFirst()
        }
        if let sort = rest.first?["$sort"]?.document {
            query.sort = sort
            rest.removeFirst()
        }
        if let skip = rest.first?["$skip"]?.int {
            query.skip = max(0, skip)
            rest.removeFirst()
        }
        if let limit = rest.first?["$limit"]?.int { query.limit = limit }
        return query
    }
}

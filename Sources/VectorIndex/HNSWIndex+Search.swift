// A search: plan, walk the graph by codes, scan what is not linked, score the nearest again from the vectors, and make
// sure that nobody gets fewer hits than there are.

import Synchronization

/// A row found by a search.
public struct Hit: Sendable, Equatable {
    /// The row.
    public let row: UInt32
    /// Lower is nearer: cosine `1 - similarity`, dot `-product`, euclidean the squared distance. Computed from the
    /// stored vector, so exact up to the storage's rounding.
    public let distance: Float
    /// Higher is better: cosine similarity, inner product, or the negative squared distance.
    public let score: Float

    /// The same nearness under another row's number.
    package func with(row: UInt32) -> Hit { Hit(row: row, distance: distance, score: score) }

    private init(row: UInt32, distance: Float, score: Float) {
        self.row = row
        self.distance = distance
        self.score = score
    }

    init(key: UInt64, metric: Metric) {
        row = UInt32(truncatingIfNeeded: Candidate.row(key))
        distance = Candidate.distance(key)
        score = metric == .cosine ? 1 - distance : -distance
    }
}

/// How a search goes about it; `automatic` outside of tests and measurements.
package enum SearchPlan: Sendable {
    case automatic
    case walk
    /// Scores every row by its codes, and the nearest again.
    case scan
    /// Scores every row from its vector.
    case exact
}

extension HNSWIndex {
    /// The nearest rows a snapshot sees, best first; equal distances in row order.
    ///
    /// Always `k` rows when so many match, all matching rows otherwise. Rows in the graph are found approximately. Small
    /// indexes, strict filters and damaged links are scanned. Distances of hits are always those of the vectors.
    ///
    /// - Parameters:
    ///   - query: `dimension` finite elements; for cosine not all zero. Any length.
    ///   - k: hits wanted; 0 or less gives none.
    ///   - breadth: candidates kept in view (`ef` in the paper): higher finds more and takes longer. Rounded up to a
    ///     multiple of 8; at least `rerank` is used.
    ///   - rerank: how many of the nearest by codes are scored again from their vectors, `k` at least. nil: what suits
    ///     the codes. Without codes it has no effect.
    ///   - sequence: the snapshot: rows born later or dead by then are not returned.
    ///   - including: rows that may be returned; nil: all.
    /// - Throws: `wrongDimension`, `notFinite`, `zeroVector`, `source` when vectors cannot be read.
    public func search(
        _ query: [Float], k: Int, breadth: Int = 64, rerank: Int? = nil, at sequence: UInt64 = .max,
        including: RowFilter? = nil
    ) throws(VectorError) -> [Hit] {
        try search(
            query, k: k, breadth: breadth, rerank: rerank, at: sequence, including: including, plan: .automatic)
    }

    /// The nearest rows that pass a test. See ``search(_:k:breadth:rerank:at:including:)-(_,_,_,_,_,RowFilter?)``.
    public func search(
        _ query: [Float], k: Int, breadth: Int = 64, rerank: Int? = nil, at sequence: UInt64 = .max,
        including predicate: @escaping (UInt32) -> Bool
    ) throws(VectorError) -> [Hit] {
        try search(
            query, k: k, breadth: breadth, rerank: rerank, at: sequence, including: .predicate(predicate),
            plan: .automatic)
    }

    /// The nearest rows a snapshot sees, found by scoring every vector. Parameters and errors as for `search`.
    /// O(rows × dimension).
    public func exactSearch(
        _ query: [Float], k: Int, at sequence: UInt64 = .max, including: RowFilter? = nil
    ) throws(VectorError) -> [Hit] {
        try search(query, k: k, breadth: 0, rerank: nil, at: sequence, including: including, plan: .exact)
    }

    /// The nearest rows that pass a test, found by scoring every vector.
    public func exactSearch(
        _ query: [Float], k: Int, at sequence: UInt64 = .max, including predicate: @escaping (UInt32) -> Bool
    ) throws(VectorError) -> [Hit] {
        try exactSearch(query, k: k, at: sequence, including: .predicate(predicate))
    }

    /// As `search`, with the plan imposed.
    package func search(
        _ query: [Float], k: Int, breadth: Int, rerank: Int? = nil, at sequence: UInt64, including: RowFilter?,
        plan: SearchPlan
    ) throws(VectorError) -> [Hit] {
        let scratch = scratches.take()
        defer { scratches.giveBack(scratch) }
        try VectorCoding.prepare(query, options, into: scratch.query)
        guard k > 0 else { return [] }
        defer { keepWithinLimit() }  // runs after the lock was left
        lock.share()
        defer { lock.leave() }
        let most = min(k, Candidate.maximumRowCount)
        let request = SearchRequest(
            k: most, breadth: min(breadth, Candidate.maximumRowCount),
            rerank: max(most, min(rerank ?? options.codes.usualRerank(k: most), Candidate.maximumRowCount)),
            sequence: sequence, plan: plan)
        while true {
            scratch.isStale = false
            if let hits = try attempt(request, including, scratch) { return hits }
        }
    }

    // MARK: One attempt

    /// Nil when the codes were made anew, or the snapshot ceased to be the newest, while it ran.
    private func attempt(
        _ wanted: SearchRequest, _ filter: RowFilter?, _ scratch: SearchScratch
    ) throws(VectorError) -> [Hit]? {
        // Its own: what an attempt finds out of the index holds for that one only.
        var request = wanted
        scratch.generation = generation.load(ordering: .relaxed)
        var filter = filter
        // A long list is searched faster as a set: a walk can ask it.
        if case .ids(let ids)? = filter, ids.count > 256 + rowCount / 16 {
            let bound = rowCount
            var set = RowSet(rowCount: bound)
            for id in ids where Int(id) < bound { set.insert(id) }
            filter = .rows(set)
        }
        if let book = codebook.value { scratch.makeCodeQuery(book, options) }
        // The order matters: a row below the linked count, read first, has links when the walk begins.
        request.linked = linkedCounter.load(ordering: .acquiring)
        request.waiting = waitingCounter.load(ordering: .acquiring) > 0 ? queue.withLock { $0.waiting } : []
        request.rowBound = rowCount
        if case .predicate? = filter { request.asks = true }
        request.wanted = min(request.k, request.rowBound)
        guard request.wanted > 0 else { return [] }
        request.rerank = min(max(request.wanted, request.rerank), request.rowBound)
        let sequence = request.sequence
        let isCurrent = rows.isCurrent(at: sequence)
        if isCurrent {
            try withAdmission(&request, filter, scratch)
            // What changed meanwhile this snapshot must not see: start again, row by row.
            if !rows.isCurrent(at: sequence) || scratch.isStale { return nil }
        } else {
            let rows = rows
            let visible: (Int) -> Bool = { rows.isVisible($0, at: sequence) }
            switch filter {
            case nil: try collect(&request, .test(visible), share: nil, scratch)
            case .rows(let set)?:
                try collect(&request, .test { visible($0) && set.contains(UInt32($0)) }, share: nil, scratch)
            case .ids(let ids)?: try collect(ids, request, .test(visible), scratch)
            case .predicate(let test)?:
                try collect(&request, .test { visible($0) && test(UInt32($0)) }, share: nil, scratch)
            }
            if scratch.isStale { return nil }
        }
        var hits: [Hit] = []
        hits.reserveCapacity(request.wanted)
        var last = KeyBuffer.unused
        for i in 0..<scratch.final.capacity {
            let key = scratch.final.base[i]
            if key == KeyBuffer.unused || hits.count == request.wanted { break }
            // A row met in two ways has the same key both times.
            if key != last { hits.append(Hit(key: key, metric: options.metric)) }
            last = key
        }
        return hits
    }

    /// The newest state: what may be returned are the living rows, which have a bit each.
    private func withAdmission(
        _ request: inout SearchRequest, _ filter: RowFilter?, _ scratch: SearchScratch
    ) throws(VectorError) {
        let isWhole = rows.deletedCount == 0
        let living = rows.livingBits
        switch filter {
        case nil:
            let share = 1 - Double(rows.deletedCount) / Double(request.rowBound)
            // No list leads to free rows, so a walk meets living ones only; a scan meets all. Should a list be wrong
            // about that, the search begins again and asks of each row.
            request.walksLiving = unrepairedCount == 0
            let admission = isWhole ? Admission.all : .bits(living, nil)
            try collect(&request, admission, share: share, scratch)
            if request.walksLiving && !isWhole && scratch.final.holds({ !rows.isLiving($0) }) {
                request.walksLiving = false
                try collect(&request, admission, share: share, scratch)
            }
        case .rows(var set)?:
            set.cover(rowCount: request.rowBound)
            let share = Double(set.count) / Double(request.rowBound)
            var failure: VectorError?
            set.words.withUnsafeBufferPointer { words in
                guard let bits = words.baseAddress else { return }
                do throws(VectorError) {
                    try collect(&request, .bits(bits, isWhole ? nil : living), share: share, scratch)
                } catch { failure = error }
            }
            if let failure { throw failure }
        case .ids(let ids)?:
            try collect(ids, request, isWhole ? .all : .bits(living, nil), scratch)
        case .predicate(let test)?:
            let rows = rows
            try collect(
                &request, isWhole ? .test { test(UInt32($0)) } : .test { rows.isLiving($0) && test(UInt32($0)) },
                share: nil, scratch)
        }
    }

    /// The nearest of the listed rows.
    private func collect(
        _ ids: [UInt32], _ request: SearchRequest, _ admission: Admission, _ scratch: SearchScratch
    ) throws(VectorError) {
        let list = distinct(ids, below: request.rowBound)
        let guide = guide(scratch)
        let coded = coded.load(ordering: .acquiring)
        scratch.pool.reset(request.scanRerank)
        scratch.final.reset(request.finalRoom)
        // A few are scored at once; of many the nearest by codes come first.
        let waits = request.waiting.isEmpty ? nil : Set(request.waiting)
        if request.plan == .exact || coded == 0 || list.count <= request.scanRerank * 2 || waits != nil {
            return try scan(list, .final, admission, scratch)
        }
        try scan(list.filter { Int($0) < coded }, .pool(guide), admission, scratch)
        try scan(list.filter { Int($0) >= coded }, .final, admission, scratch)
        try rerank(scratch.pool, scratch.pool.capacity, scratch)
    }

    /// The listed rows that exist, each once: one that came twice would take another row's place.
    private func distinct(_ ids: [UInt32], below bound: Int) -> [UInt32] {
        var isAscending = true
        for i in 1..<max(1, ids.count) where ids[i] <= ids[i - 1] {
            isAscending = false
            break
        }
        if isAscending { return ids.filter { Int($0) < bound } }
        var met = RowSet(rowCount: bound)
        return ids.filter { Int($0) < bound && met.insert($0) }
    }

    /// Fills the final keys with the nearest admitted rows.
    private func collect(
        _ request: inout SearchRequest, _ admission: Admission, share known: Double?, _ scratch: SearchScratch
    ) throws(VectorError) {
        scratch.final.reset(request.finalRoom)
        if request.plan == .exact { return try scan(0..<request.rowBound, .final, admission, scratch) }
        let share = known ?? estimatedShare(request, admission)
        let guide = guide(scratch)
        let coded = !codebook.isTrained ? 0 : min(coded.load(ordering: .acquiring), request.rowBound)
        request.coded = coded
        let met = request.walksLiving ? .all : admission
        if request.plan != .scan, try walkGraph(request, guide, met, share, scratch) {
            let hasTail = request.linked < request.rowBound || !request.waiting.isEmpty
            if hasTail {
                if met.isAll { try pool(fromBeamFor: request, scratch) }
                try scan(request.linked..<max(request.linked, coded), .pool(guide), admission, scratch)
                try scan(max(request.linked, coded)..<request.rowBound, .final, admission, scratch)
                try scan(request.waiting, .final, admission, scratch)
            }
            let buffer = met.isAll && !hasTail ? scratch.beam : scratch.pool
            try rerank(buffer, request.rerank, scratch)
            if scratch.isStale || distinctCount(scratch.final) >= request.wanted { return }
        }
        scratch.final.reset(request.finalRoom)
        // Few rows are scored from their vectors at once; so are rows whose codes may be of an earlier vector.
        if coded == 0 || share * Double(coded) <= Double(request.scanRerank * 4) {
            return try scan(0..<request.rowBound, .final, admission, scratch)
        }
        scratch.pool.reset(request.scanRerank)
        let start = Clock.now()
        try scan(0..<coded, .pool(guide), admission, scratch)
        costs.noteScan(rows: Double(coded) * share, start)
        try scan(coded..<request.rowBound, .final, admission, scratch)
        try scan(request.waiting, .final, admission, scratch)
        try rerank(scratch.pool, scratch.pool.capacity, scratch)
    }

    private func pool(fromBeamFor request: SearchRequest, _ scratch: SearchScratch) throws(VectorError) {
        scratch.pool.reset(request.rerank)
        for i in 0..<min(scratch.pool.capacity, scratch.beam.capacity) where scratch.beam.base[i] != KeyBuffer.unused {
            scratch.pool.base[i] = scratch.beam.base[i] & ~Candidate.expanded
        }
    }

    /// Scores the first `count` keys of a buffer again from their vectors. Without codes their keys are final already.
    private func rerank(_ buffer: KeyBuffer, _ count: Int, _ scratch: SearchScratch) throws(VectorError) {
        let isExact = !codebook.isTrained
        var found = 0
        var last = KeyBuffer.unused
        for i in 0..<min(count, buffer.capacity) {
            let key = buffer.base[i]
            if key == KeyBuffer.unused { break }
            let plain = key & ~Candidate.expanded
            if plain == last { continue }
            last = plain
            if isExact {
                scratch.final.insert(plain)
                continue
            }
            if found == SearchScratch.batch {
                try score(scratch.ids, found, .final, scratch)
                found = 0
            }
            let row = Candidate.row(key)
            scratch.ids[found] = UInt32(truncatingIfNeeded: row)
            found += 1
            if found <= 16 && vectors.isComplete {
                let start = scorer.base + row * scorer.stride
                for line in 0..<min(16, (scorer.stride + 63) / 64) { VectorCoding.prefetch(start + line * 64) }
            }
        }
        try score(scratch.ids, found, .final, scratch)
    }

    private func distinctCount(_ buffer: KeyBuffer) -> Int {
        var count = 0
        var last = KeyBuffer.unused
        for i in 0..<buffer.capacity where buffer.base[i] != KeyBuffer.unused && buffer.base[i] != last {
            last = buffer.base[i]
            count += 1
        }
        return count
    }

    // MARK: Walking

    /// Collects the nearest linked rows by walking the graph: in the beam when all rows are admitted, else in the pool.
    /// False when that is not worth while or did not succeed, so that all rows must be scanned.
    ///
    /// Rows that may not be returned are walked through. The beam is widened by their share; if fewer than `wanted` of
    /// it may be returned after all (a filter that excludes what is near), it is widened again while that pays.
    private func walkGraph(
        _ request: SearchRequest, _ guide: Guide, _ admission: Admission, _ share: Double, _ scratch: SearchScratch
    ) throws(VectorError) -> Bool {
        var width = min(request.rowBound, max(request.rerank, request.breadth))
        if !admission.isAll && share < 0.95 {
            width = min(request.rowBound, Int(Double(width) / max(share, 1 / Double(request.rowBound + 1))) + 1)
        }
        while !isDamaged && (request.plan == .walk || costs.walkPays(width: width, share: share, request, self)) {
            if !admission.isAll { scratch.pool.reset(request.rerank) }
            guard try walkOnce(request, guide, admission, width, scratch) else { return false }
            if admission.isAll { return true }
            let found = scratch.pool.count
            // All rows nearer than the beam's last have been met, so the hits among them are the nearest there are.
            if found >= request.wanted
                && (scratch.beam.worst == KeyBuffer.unused
                    || scratch.pool.base[request.wanted - 1] <= scratch.beam.worst)
            {
                return true
            }
            guard width < request.rowBound else { return false }
            width = min(request.rowBound, width * 4)
        }
        return false
    }

    /// Walks down from the entry and along level 0. False when nothing is linked or the links turned out damaged.
    private func walkOnce(
        _ request: SearchRequest, _ guide: Guide, _ admission: Admission, _ width: Int, _ scratch: SearchScratch
    ) throws(VectorError) -> Bool {
        var end = WalkEnd.interrupted
        do throws(VectorError) {
            guard let start = try descend(to: 0, guide, scratch, rowBound: request.rowBound) else { return false }
            end = start.end
            if case .finished = end {
                scratch.beginWalk(rowCount: request.rowBound, breadth: width)
                defer { scratch.endWalk(rowCount: request.rowBound) }
                scratch.seed(start.row, key: start.key)
                if !admission.isAll && admission.admits(start.row) { scratch.pool.insert(start.key) }
                let walk = Walk(
                    level: 0, rowBound: request.rowBound, mayPause: true, guide: guide, admission: admission)
                let begin = Clock.now()
                end = try run(walk, scratch)
                costs.noteWalk(rows: scratch.metCount, width: width, begin)
            }
        } catch {
            // Links or codes that cannot be read are damage, which scanning and a rebuild get over; vectors are not.
            guard case .corruptImage = error.code else { throw error }
            end = .damaged
        }
        switch end {
        case .finished: return true
        case .damaged: damaged.store(true, ordering: .releasing)
        case .interrupted: scratch.isStale = true
        }
        return false
    }

    /// The share of rows that are admitted, from a sample spread evenly, with half a sample added, so that it is never 0.
    private func estimatedShare(_ request: SearchRequest, _ admission: Admission) -> Double {
        let count = request.rowBound
        let tried = min(64, count)
        var passed = 0
        for i in 0..<tried {
            // Steps of the golden ratio: even, and in no rhythm with filters like "every fourth row".
            let place = Double(i) * 0.618_033_988_749_895
            let row = tried == count ? i : Int((place - place.rounded(.down)) * Double(count))
            passed += admission.admits(min(row, count - 1)) ? 1 : 0
        }
        return (Double(passed) + 0.5) / (Double(tried) + 0.5)
    }
}

/// What a search wants, and what it found the index to be.
struct SearchRequest {
    let k: Int
    let breadth: Int
    var rerank: Int
    let sequence: UInt64
    let plan: SearchPlan
    var linked = 0
    var waiting: [UInt32] = []
    var rowBound = 0
    var wanted = 0
    var coded = 0
    /// Whether all rows that a walk can meet may be returned, though not all rows may.
    var walksLiving = false
    /// Whether rows are admitted by asking the caller.
    var asks = false

    init(k: Int, breadth: Int, rerank: Int, sequence: UInt64, plan: SearchPlan) {
        self.k = k
        self.breadth = breadth
        self.rerank = rerank
        self.sequence = sequence
        self.plan = plan
    }

    /// Places for final keys. A row that is linked while the search runs, or waits to be linked again, is met twice.
    var finalRoom: Int { linked == rowBound && waiting.isEmpty ? wanted + 8 : wanted * 2 + 8 }

    /// A scan by codes meets every row that is nearly as near as the nearest, a walk only those on its way: it needs a
    /// few more second looks.
    var scanRerank: Int { max(rerank, wanted * 2 + 4) }
}

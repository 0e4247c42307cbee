import PageStore
import SmartStore
import StoreIO
import StoreTestSupport

// Trial: a forger with the file's key and today's audit key changes the audit log; verification finds each change and
// names the first bad entry, or the first one behind the last seal or anchor where nothing tells more.
//
// A round makes a log with epochs that ended by count, by time and by hand, and forges it again and again: mostly inside a
// transaction that is rolled back, now and then through a commit, a close and a reopening.

/// The trial of promise A1.
public struct AuditTamperTrial: Trial {
    /// Cases of a round.
    public static let roundCases: UInt64 = 100

    /// The trial; nothing to choose.
    public init() {}

    /// Rounds from `seed` on until so many cases were tried or one failed.
    public func run(seed: UInt64, cases: UInt64) -> TrialOutcome {
        var outcome = TrialOutcome()
        var next = seed
        while outcome.cases < cases, outcome.failures.isEmpty {
            let round = round(seed: next, cases: min(Self.roundCases, cases - outcome.cases))
            outcome.cases += round.cases
            outcome.failures += round.failures
            next &+= 1
        }
        return outcome
    }

    /// Its row.
    public var row: TrialRow {
        TrialRow(
            name: "audit-tamper", title: "audit log edited, dropped, inserted, swapped, truncated, sealed anew",
            unit: "forgeries", everyChange: 1_000, release: 100_000, weight: 1)
    }

    /// One round, decided by its seed.
    public func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        round(seed: seed, cases: min(Self.roundCases, budget.cases))
    }

    /// So many forgeries of the round of a seed.
    public func round(seed: UInt64, cases: UInt64) -> TrialOutcome {
        var outcome = TrialOutcome()
        do {
            let round = try AuditRound(seed: seed)
            for step in 0..<cases {
                let failure = try round.forge(step: step)
                outcome.cases += 1
                if let failure { outcome.failures.append("seed \(seed), step \(step): \(failure)") }
            }
            try round.store.close()
        } catch {
            outcome.failures.append("seed \(seed): \(error)")
        }
        return outcome
    }
}

/// A log and what is remembered of it.
private final class AuditRound {
    let store: Store
    private let disk = SimulatedDisk()
    private let random: SeededRandomSource
    private let key: EncryptionKey
    private let options: StoreOptions
    private let initialKey: [UInt8]
    private var anchors: [AuditAnchor] = []
    private var olderHeaders: [AuditHeader] = []
    private let truth: LogContent
    private let fileID: [UInt8]

    init(seed: UInt64) throws {
        let random = SeededRandomSource(seed: seed)
        self.random = random
        let time = ManualTimeSource(milliseconds: 1_700_000_000_000)
        disk.stopRecording()
        key = seed % 2 == 0 ? .raw([UInt8](repeating: 7, count: 32)) : .none
        var options = StoreOptions()
        options.runsBackgroundWork = false
        options.cacheByteLimit = 4 << 20
        options.logByteLimit = 1 << 20
        options.time = time
        options.random = random
        options.auditEpochEntryLimit = 3 + Int(random.next() % 10)
        options.auditEpochDuration = .seconds(60)
        self.options = options
        var creation = CreationOptions()
        creation.pageSize = 4096
        store = try Store.create("s", in: disk, key: key, creation: creation, options: options)
        initialKey = try store.exportAuditKey()
        for commit in 0..<Int(12 + random.next() % 20) {
            try store.writeSync { (tx) throws in
                for part in 0..<random.next() % 4 {
                    try tx.audit.record(
                        actor: "a\(commit % 3)", action: "act", target: "\(commit).\(part)",
                        details: ["n": .int64(Int64(bitPattern: random.next()))])
                }
            }
            if random.next() % 6 == 0 { time.advance(by: .seconds(Int64(random.next() % 100))) }
            if random.next() % 12 == 0 { try store.sealAuditEpoch() }
            if random.next() % 3 == 0 { anchors.append(try store.auditAnchor()) }
            let transaction = try store.beginRead()
            defer { transaction.close() }
            olderHeaders.append(try LogContent(transaction.pageView, page: Self.catalog(transaction.pageView)).header)
        }
        // At least two entries, the least that can be swapped.
        try store.writeSync { (tx) throws in
            for part in 0..<2 { try tx.audit.record(actor: "z", action: "last", target: "\(part)") }
        }
        anchors.append(try store.auditAnchor())
        let transaction = try store.beginRead()
        defer { transaction.close() }
        truth = try LogContent(transaction.pageView, page: Self.catalog(transaction.pageView))
        fileID = Hex.bytes(anchors[0].fileID) ?? []
        let sound = try transaction.audit.verify(initialKey: initialKey, anchors: anchors)
        guard sound.isIntact, sound.sealsAreProven else {
            throw StoreError.auditBroken(sequence: sound.firstBad ?? 0, reason: "sound log: \(sound.reason ?? "")")
        }
    }

    private static func catalog(_ view: PageView) -> PageID { PageID(view.state.catalogRoot) }

    private var count: UInt64 { UInt64(truth.entries.count) }
    private func draw(_ range: ClosedRange<UInt64>) -> UInt64 {
        range.lowerBound + random.next() % (range.upperBound - range.lowerBound + 1)
    }

    /// Forges once; nil when the answer was right.
    func forge(step: UInt64) throws -> String? {
        let kinds = Forgery.allCases
        let kind = kinds[Int(random.next() % UInt64(kinds.count))]
        var known: [AuditAnchor] = []
        if kind.takesAnchors, random.next() % 2 == 0 { known = anchors.filter { _ in random.next() % 2 == 0 } }
        var forged = truth
        guard let right = try apply(kind, to: &forged, known: &known) else { return nil }
        let found: AuditVerification
        if step % 64 == 63 {
            found = try throughDisk(forged, known)
        } else {
            let transaction = try store.beginWrite()
            defer { transaction.rollBack() }
            try forged.write(over: truth, page: Self.catalog(transaction.pages), in: transaction.pages)
            found = try transaction.audit.verify(initialKey: initialKey, anchors: known)
        }
        let isRight =
            switch right {
            case .exactly(let sequence): found.firstBad == sequence && found.isExact && found.matchedThrough < sequence
            case .behind(let size):
                found.firstBad == size + 1 && !found.isExact && found.matchedThrough == size
            }
        return isRight
            ? nil
            : "\(kind) with \(known.count) anchors: expected \(right), found \(found.firstBad.map(String.init) ?? "nothing") "
                + "(exact \(found.isExact), matched \(found.matchedThrough), \(found.reason ?? ""))"
    }

    /// Commits the forgery to a copy of the file, closes and opens it again.
    private func throughDisk(_ forged: LogContent, _ known: [AuditAnchor]) throws -> AuditVerification {
        try store.checkpoint()
        let copy = SimulatedDisk(files: ["s": disk.content(of: "s") ?? []])
        copy.stopRecording()
        var victim = try Store.open("s", in: copy, key: key, options: options)
        let transaction = try victim.beginWrite()
        try forged.write(over: truth, page: Self.catalog(transaction.pages), in: transaction.pages)
        try transaction.commit()
        try victim.close()
        victim = try Store.open("s", in: copy, key: key, options: options)
        defer { try? victim.close() }
        return try victim.readSync { try $0.audit.verify(initialKey: initialKey, anchors: known) }
    }

    /// The last size below `sequence` that a true seal or a known anchor names.
    private func lastMatch(before sequence: UInt64, _ known: [AuditAnchor]) -> UInt64 {
        let sizes = truth.seals.indices.map { truth.size(ofSeal: $0) } + known.map(\.size)
        return sizes.filter { $0 < sequence }.max() ?? 0
    }

    /// Whether a true seal names this size.
    private func isSealed(at size: UInt64) -> Bool { truth.seals.indices.contains { truth.size(ofSeal: $0) == size } }

    private func apply(
        _ kind: Forgery, to log: inout LogContent, known: inout [AuditAnchor]
    ) throws -> RightAnswer? {
        let place = draw(1...count)
        let index = Int(place - 1)
        let lastSealSize = truth.size(ofSeal: truth.seals.count - 1)
        if kind.needsAnchorBehindLastSeal, place > lastSealSize, let whole = anchors.last { known.append(whole) }
        switch kind {
        case .editContent, .editHash, .editBoth:
            edit(&log.entries[index].value, content: kind != .editHash, hash: kind != .editContent)
            guard kind == .editBoth else { return .exactly(place) }
            // Its own hash must fit its content, so that only the next link is broken.
            let before = index == 0 ? AuditLog.start(fileID: fileID).bytes : Array(log.entries[index - 1].value[..<32])
            let content = Array(log.entries[index].value[32...])
            let leaf = AuditLog.leaf(sequence: place, entry: content)
            log.entries[index].value = AuditLog.hash(after: Digest32(bytes: before), leaf: leaf).bytes + content
            let isNamed = isSealed(at: place) || known.contains { $0.size == place }
            return isNamed || place == count ? .behind(lastMatch(before: place, known)) : .exactly(place + 1)
        case .garble:
            log.entries[index].value = Array(log.entries[index].value.prefix(Int(draw(0...32))))
            return .exactly(place)
        case .drop:
            log.entries.remove(at: index)
            return .exactly(place)
        case .insert:
            let copied = log.entries[Int(draw(1...count) - 1)]
            // Behind the last entry as well.
            let at = draw(1...count + 1)
            log.entries.insert(copied, at: Int(at - 1))
            // A copy put before its like leaves the same order; the entry that is one too many is then the next one.
            let isSame = at <= count && copied.key == truth.entries[Int(at - 1)].key
            log.renumber()
            if random.next() % 2 == 0 { log.header.count += 1 } else if at == count + 1 { return .exactly(at) }
            return .exactly(isSame ? at + 1 : at)
        case .swap:
            let other = draw(1...count)
            guard other != place else { return nil }
            let value = log.entries[index].value
            log.entries[index].value = log.entries[Int(other - 1)].value
            log.entries[Int(other - 1)].value = value
            return .exactly(min(place, other))
        case .truncate:
            log.entries.removeLast(Int(count - place + 1))
            return .exactly(place)
        case .truncateHeader:
            log.entries.removeLast(Int(count - place + 1))
            log.rechain(fileID: fileID)
            return .exactly(place)
        case .truncateSeals:
            log.entries.removeLast(Int(count - place + 1))
            log.rechain(fileID: fileID)
            log.seals.removeAll { AuditSeal(epoch: 0, stored: $0.value).map { $0.size >= place } ?? true }
            log.header.sealing?.epoch = UInt64(log.seals.count)
            let size = log.size(ofSeal: log.seals.count - 1)
            log.header.sealing?.epochSize = size
            return known.contains { $0.size >= place } ? .exactly(place) : .behind(lastMatch(before: place, known))
        default: return try applyToSeals(kind, to: &log, place: place, known: known)
        }
    }

    private func applyToSeals(
        _ kind: Forgery, to log: inout LogContent, place: UInt64, known: [AuditAnchor]
    ) throws -> RightAnswer? {
        let sealCount = truth.seals.count
        guard let sealing = truth.header.sealing else { return nil }
        switch kind {
        case .rechain, .reseal:
            edit(&log.entries[Int(place - 1)].value, content: true, hash: false)
            log.rechain(fileID: fileID)
            if kind == .reseal { log.reseal(from: place, key: sealing.key, fileID: fileID) }
            return .behind(lastMatch(before: place, known))
        case .skipEpoch, .renumberEpochs:
            guard sealCount > 0 else { return nil }
            let epoch = Int(draw(0...UInt64(sealCount - 1)))
            log.seals.remove(at: epoch)
            if kind == .renumberEpochs {
                for index in log.seals.indices { log.seals[index].key = BigEndian.bytes(UInt64(index)) }
                log.header.sealing?.epoch -= 1
                let size = log.size(ofSeal: log.seals.count - 1)
                log.header.sealing?.epochSize = size
            }
            return .behind(truth.size(ofSeal: epoch - 1))
        case .extraSeal:
            let seal = AuditSeal(
                epoch: UInt64(sealCount), size: count, root: sealing.edge?.root ?? .zero, head: truth.header.head,
                time: 0, key: sealing.key, fileID: fileID)
            log.seals.append((BigEndian.bytes(seal.epoch), seal.stored))
            return .behind(truth.size(ofSeal: sealCount - 1))
        case .wrongSeal:
            guard sealCount > 0 else { return nil }
            let epoch = Int(draw(0...UInt64(sealCount - 1)))
            // Any byte but those of its size, which would only move where it is looked at.
            log.seals[epoch].value[Int(draw(8...111))] ^= UInt8(1 << (random.next() % 8))
            return .behind(lastMatchBeforeSeal(epoch))
        case .removeSealing:
            var previous = Digest32.zero
            for index in log.entries.indices {
                let content = Array(log.entries[index].value[32...])
                previous = AuditLog.keyedHash(
                    after: previous, sequence: UInt64(index + 1), entry: content, key: store.auditSettings.chainKey)
                log.entries[index].value = previous.bytes + content
            }
            log.header.head = previous
            log.header.sealing = nil
            return .behind(0)
        case .olderHeader:
            let older = olderHeaders[Int(draw(0...UInt64(olderHeaders.count - 1)))]
            guard let was = older.sealing, older.count < count || was.epoch < sealing.epoch else { return nil }
            log.header = older
            return was.epoch < sealing.epoch
                ? .behind(truth.size(ofSeal: Int(was.epoch) - 1)) : .exactly(older.count + 1)
        case .otherKey:
            log.header.sealing?.key = try AuditRatchet.next(after: sealing.key, fileID: fileID)
            return .behind(truth.size(ofSeal: sealCount - 1))
        default:
            let head = AuditLog.start(fileID: log.header.head.bytes)
            log.header.head = head
            return .behind(truth.size(ofSeal: sealCount - 1))
        }
    }

    /// Seals of one size are met one after the other, each of which matches all entries so far.
    private func lastMatchBeforeSeal(_ epoch: Int) -> UInt64 { truth.size(ofSeal: epoch - 1) }

    private func edit(_ value: inout [UInt8], content: Bool, hash: Bool) {
        if content { value[Int(draw(32...UInt64(value.count - 1)))] ^= UInt8(1 << (random.next() % 8)) }
        if hash { value[Int(draw(0...31))] ^= UInt8(1 << (random.next() % 8)) }
    }
}

extension Forgery {
    /// Whether anchors leave the right answer as it is: where a seal is the only thing wrong, they would add matches of
    /// their own.
    fileprivate var takesAnchors: Bool {
        switch self {
        case .skipEpoch, .renumberEpochs, .extraSeal, .wrongSeal, .olderHeader, .otherKey, .otherHead: false
        default: true
        }
    }
}

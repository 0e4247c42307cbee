import PageStore
import SmartStore
import StoreIO
import StoreTestSupport
import TreeStore

// Trial: salvage of randomly damaged stores, against an oracle.
//
// 1. Every document all of whose pages still authenticate is in the new file, as it was; so is every such audit entry.
// 2. Nothing is in the new file that the old one never held; what is not the newest is reported as possibly outdated.
// 3. The damaged file stays as it is, byte for byte.
//
// Which bytes a document's pages have is asked of the undamaged file, before anything is damaged.

/// The trial of `salvage`.
public struct SalvageTrial: Trial {
    /// Damaged copies of each store.
    public static let roundCases: UInt64 = 20

    /// The trial; nothing to choose.
    public init() {}

    /// Its row.
    public var row: TrialRow {
        TrialRow(
            name: "salvage", title: "salvage of randomly damaged stores against the oracle", unit: "damaged stores",
            everyChange: 100, release: 1_000, weight: 1)
    }

    /// One round, decided by its seed.
    public func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        var outcome = TrialOutcome()
        do {
            let round = try SalvageRound(seed: seed)
            for step in 0..<min(Self.roundCases, budget.cases) {
                let problems = try round.damageAndSalvage(step: step)
                outcome.cases += 1
                outcome.failures += problems.prefix(3).map { "seed \(seed), step \(step): \($0); \(replay(seed))" }
            }
        } catch {
            outcome.failures.append("seed \(seed): \(error); \(replay(seed))")
        }
        return outcome
    }
}

/// A store, what it held, and where.
private final class SalvageRound {
    private let original: SalvageOriginal
    private let random: SeededRandomSource
    private let places: ImagePlaces

    init(seed: UInt64) throws {
        random = SeededRandomSource(seed: seed)
        original = try SalvageOriginal(random: random)
        places = try ImagePlaces(original)
    }

    /// Damages a copy, salvages it, and says what is wrong with the result.
    func damageAndSalvage(step: UInt64) throws -> [String] {
        var damage = FileDamage(original.bytes, pageSize: original.pageSize)
        damage.draw(random, places: places)
        let disk = SimulatedDisk(files: ["old": damage.bytes])
        disk.stopRecording()
        var options = SalvageOptions()
        options.creation.pageSize = 4096
        options.store = original.options
        let report: SalvageReport?
        do {
            report = try Store.salvage(
                "old", in: disk, to: "new", in: disk, oldKey: original.key, newKey: original.key, options: options)
        } catch {
            // Without the plain part of either slot there is no way to the keys.
            let isExcused = damage.touches(0..<256) && damage.touches(original.pageSize..<original.pageSize + 256)
            return isExcused ? [] : ["\(damage): \(error)"]
        }
        guard let report else { return ["stopped by nobody"] }
        var problems: [String] = []
        if disk.content(of: "old") != damage.bytes { problems.append("the old file was changed") }
        let store = try Store.open("new", in: disk, key: original.key, options: original.options)
        defer { try? store.close() }
        try store.readSync { (tx) throws in
            problems += try compareDocuments(tx, report, damage)
            problems += try compareAudit(tx, damage)
        }
        if step % 8 == 0 { problems += try store.check().findings.map { "\($0)" } }
        return problems.map { "\(damage): \($0)" }
    }

    private func compareDocuments(
        _ tx: ReadTransaction, _ report: SalvageReport, _ damage: FileDamage
    ) throws -> [String] {
        var problems: [String] = []
        // The same `_id` may come from a collection of today and from one that was dropped, when nothing tells any more.
        var found: [String: [Document]] = [:]
        for collection in try tx.collections() {
            for document in try tx.collection(collection.name).find() {
                guard let id = document["_id"]?.string else { return ["a document without its _id"] }
                found[id, default: []].append(document)
            }
        }
        var notNewest = 0
        for (id, documents) in found {
            guard let versions = original.history[id] else {
                problems.append("\(id) was never there")
                continue
            }
            for document in documents {
                if original.documents[id] != document { notNewest += 1 }
                if !versions.contains(document) { problems.append("\(id) was never like this") }
            }
        }
        let flagged = report.collections.reduce(0) { $0 + $1.possiblyOutdated }
        // A log that lost its end looks like one that was torn there: then an older state is all there is.
        if notNewest > flagged, !places.log.contains(where: { damage.touches($0) }) {
            problems.append("\(notNewest) documents are not the newest, but only \(flagged) reported")
        }
        for (id, document) in original.documents {
            guard let ranges = places.documents[id] else {
                problems.append("no place known of \(id)")
                continue
            }
            let isWhole = !ranges.contains { damage.touches($0.range) }
            let isCertain = !ranges.contains { $0.isLogged } || !places.log.contains { damage.touches($0) }
            if isWhole, isCertain, found[id]?.contains(document) != true {
                problems.append("\(id) is whole in the old file and \(found[id] == nil ? "missing" : "older")")
            }
        }
        return problems
    }

    private func compareAudit(_ tx: ReadTransaction, _ damage: FileDamage) throws -> [String] {
        var problems: [String] = []
        var found: Set<UInt64> = []
        var last: UInt64 = 0
        for entry in try tx.audit.entries(limit: .max) where entry.action != "auditGap" {
            guard let number = entry.details[path: "salvaged.sequence"]?.int, let sequence = UInt64(exactly: number),
                let was = original.audit[sequence]
            else {
                problems.append("an audit entry that was never there")
                continue
            }
            if sequence <= last { problems.append("audit entry \(sequence) out of order") }
            last = sequence
            found.insert(sequence)
            let isSame =
                entry.actor == was.actor && entry.target == was.target
                && entry.details["details"]?.document == was.details
                && entry.details[path: "salvaged.hash"]?.string == was.hash
            if !isSame { problems.append("audit entry \(sequence) was never like this") }
        }
        for (sequence, ranges) in places.audit where !found.contains(sequence) {
            let isCertain = !ranges.contains { $0.isLogged } || !places.log.contains { damage.touches($0) }
            if isCertain, !ranges.contains(where: { damage.touches($0.range) }) {
                problems.append("audit entry \(sequence) is whole in the old file and missing")
            }
        }
        if !(try tx.audit.verify().isIntact) { problems.append("the new audit log does not hold") }
        return problems
    }
}

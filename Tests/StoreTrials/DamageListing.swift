import PageStore
import SmartStore
import StoreIO
import StoreTestSupport

// Promise C2: other pages stay readable, and the check lists every bad one.
//
// Several pages are damaged at once. Each must be named by the check; every other page opens; and a document is either
// as it was or answers with an error of a damaged page. A page of the map hides what it tells of, so it must be named
// itself, and is damaged alone.

/// Damages several pages and wants all of them listed.
package struct DamageListTrial: Trial {
    package init() {}

    package var row: TrialRow {
        TrialRow(
            name: "damage-list", title: "several bad pages: all listed, all others readable", unit: "stores",
            everyChange: 500, release: 50_000)
    }

    package func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        var outcome = TrialOutcome()
        do {
            let kind: FuzzBase.Kind = seed & 1 == 0 ? .sealedClosed : .plainClosed
            let oracle = try DamageOracle(DiskContent(FuzzBase.file(kind)), key: kind.key)
            let carrying = try oracle.carryingPages().sorted()
            let random = SeededRandomSource(seed: mixedSeed(seed, 5))
            for step in 0..<200 where !budget.isUsedUp(outcome.cases) {
                outcome.cases += 1
                var bad: Set<Int> = []
                if step % 20 == 0 {
                    bad = [2 + step / 20 % 3]
                } else {
                    while bad.count < 1 + step % 6 {
                        let page = carrying[Int(random.next() % UInt64(carrying.count))]
                        if page > 4 { bad.insert(page) }
                    }
                }
                if let failure = try Self.damage(bad, of: oracle, carrying, random) {
                    outcome.failures.append("step \(step), pages \(bad.sorted()): \(failure); \(replay(seed))")
                    if outcome.failures.count > 8 { break }
                }
            }
        } catch { outcome.failures.append("seed \(seed): \(error)") }
        return outcome
    }

    private static func damage(
        _ bad: Set<Int>, of oracle: DamageOracle, _ carrying: [Int], _ random: SeededRandomSource
    ) throws -> String? {
        var damaged = oracle.content
        for page in bad {
            let place = page * DamageOracle.pageSize + Int(random.next() % UInt64(DamageOracle.pageSize))
            damaged.write([damaged[place..<place + 1][0] ^ UInt8(1 + random.next() % 255)], at: place)
        }
        let pager = try oracle.openPager(damaged)
        let view = try pager.beginSnapshot()
        let hidesAll = bad.contains { $0 <= 4 }
        for page in carrying {
            let isBad = bad.contains(page)
            do throws(PageFault) {
                _ = try view.page(PageID(UInt64(page)))
                if isBad { return "page \(page) opens" }
            } catch {
                if !isBad, !hidesAll { return "page \(page) is sound and does not open: \(error)" }
            }
        }
        view.close()
        guard let findings = DamageContent.check(damaged, key: oracle.key) else {
            // The catalog is needed to open; its damage is named there.
            let (seen, complaint) = DamageContent.read(damaged, key: oracle.key)
            if let complaint { return complaint }
            return seen.parts["open"] == .text("") ? "the check fails, reading does not" : nil
        }
        let text = findings.map { "\($0.place) \($0.reason)" }.joined(separator: "\n")
        for page in bad where text.firstMatch(of: try Regex("page \(page)\\b")) == nil {
            return "the check does not list page \(page): \(findings)"
        }
        let (seen, complaint) = DamageContent.read(damaged, key: oracle.key)
        if let complaint { return complaint }
        for (name, part) in seen.parts {
            if case .text = part, name != "open", part != oracle.shown.parts[name] { return "'\(name)' differs" }
        }
        return nil
    }
}

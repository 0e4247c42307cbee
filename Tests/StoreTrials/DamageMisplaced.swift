import SmartStore
import StoreIO
import StoreTestSupport

// Authentic images in the wrong place or time: lost, misdirected, swapped, stale, foreign pages; slots put back; log
// frames of another time; pages, slots and frames of a clone. Also zeros, garbage and halves.
//
// Each case ends harmless (everything is shown as before, the check is clean) or with a name. A format that names no
// tags (version 1) cannot tell a clone's page of equal version; from version 2 on it must.

/// Puts images where they do not belong.
package struct MisplacedImageTrial: Trial {
    package init() {}

    package var row: TrialRow {
        TrialRow(
            name: "misplaced",
            title: "lost, misdirected, swapped, stale, foreign page or slot; from a clone and an older copy",
            unit: "cases", everyChange: 10_000, release: 1_000_000, weight: 3)
    }

    package func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        var outcome = TrialOutcome()
        do {
            let history = try DamageHistory(isSealed: seed & 1 == 0, seed: seed)
            var damage = Misplacement(history: history, seed: seed)
            for step in 0..<1000 where !budget.isUsedUp(outcome.cases) {
                let (what, verdict) = damage.next()
                outcome.cases += 1
                if case .wrong(let reason) = verdict {
                    outcome.failures.append("step \(step), \(what): \(reason); \(replay(seed))")
                    if outcome.failures.count > 8 { break }
                }
            }
        } catch { outcome.failures.append("seed \(seed): \(error)") }
        return outcome
    }
}

/// Draws misplacements.
private struct Misplacement {
    let history: DamageHistory
    private let random: SeededRandomSource
    private let size = DamageOracle.pageSize

    init(history: DamageHistory, seed: UInt64) {
        self.history = history
        random = SeededRandomSource(seed: mixedSeed(seed, 77))
    }

    private func below(_ bound: Int) -> Int { Int(random.next() % UInt64(max(1, bound))) }

    private func image(_ page: Int, of content: DiskContent) -> [UInt8]? {
        (page + 1) * size <= content.count ? content[page * size..<(page + 1) * size] : nil
    }

    mutating func next() -> (what: String, verdict: DamageVerdict) {
        switch below(8) {
        case 0: return slot()
        case 1, 2: return log()
        default: return page()
        }
    }

    // MARK: Home pages

    private func page() -> (String, DamageVerdict) {
        // The crashed file has homes too: older ones, behind its log.
        let oracle = below(4) == 0 ? history.crashed : history.closed
        let pages = oracle.pageCount
        let page = 2 + below(min(pages, 70) - 2)
        var damaged = oracle.content
        func put(_ image: [UInt8]?, _ what: String) -> (String, DamageVerdict) {
            guard let image, image != oracle.image(page) else { return (what, .harmless) }
            damaged.write(image, at: page * size)
            return ("\(what), page \(page)", oracle.judge(damaged, page: page))
        }
        switch below(9) {
        case 0: return put(image(page, of: history.older), "lost write: the older image")
        case 1: return put(image(page, of: history.olderCrashed), "the image before the older close")
        case 2:
            let other = 2 + below(min(pages, 70) - 2)
            return put(oracle.image(other), "misdirected write of page \(other)")
        case 3:
            let other = 2 + below(min(pages, 70) - 2)
            let mine = oracle.image(page)
            guard mine != oracle.image(other) else { return ("swap", .harmless) }
            damaged.write(oracle.image(other), at: page * size)
            damaged.write(mine, at: other * size)
            return ("swapped pages \(page) and \(other)", oracle.judge(damaged))
        case 4: return put(image(page, of: history.foreign), "a foreign store's page")
        case 5, 6:
            guard history.formatVersion >= 2 else { return ("a clone's page", .harmless) }
            return put(image(page, of: below(2) == 0 ? history.clone : history.cloneCrashed), "a clone's page")
        case 7:
            guard var torn = image(page, of: history.older) else { return ("torn", .harmless) }
            let cut = 512 * (1 + below(7))
            torn.replaceSubrange(cut..., with: oracle.image(page)[cut...])
            return put(torn, "torn at \(cut)")
        default:
            let fill = UInt8(truncatingIfNeeded: random.next())
            return put([UInt8](repeating: below(2) == 0 ? 0 : fill, count: size), "filled with one byte")
        }
    }

    // MARK: Slots

    private func slot() -> (String, DamageVerdict) {
        let oracle = below(3) == 0 ? history.crashed : history.closed
        let index = below(2)
        var damaged = oracle.content
        let sources = [
            ("older", history.older), ("older, crashed", history.olderCrashed), ("foreign", history.foreign),
            ("clone's", history.clone), ("clone's, crashed", history.cloneCrashed),
        ]
        if below(6) == 0 {
            let mine = oracle.image(0)
            damaged.write(oracle.image(1), at: 0)
            damaged.write(mine, at: size)
            return ("slots swapped", oracle.judge(damaged))
        }
        let (name, source) = sources[below(sources.count)]
        guard let image = image(below(2), of: source) else { return ("slot", .harmless) }
        damaged.write(image, at: index * size)
        let verdict = oracle.judge(damaged)
        // One slot of this file's own past must not even be noticed.
        if name == "older", verdict != .harmless {
            return ("slot \(index) put back", .wrong("an older slot is not harmless: \(verdict)"))
        }
        return ("slot \(index) replaced by the \(name) one", verdict)
    }

    // MARK: The log

    /// Whole frames of the crashed file replaced: by older ones, by a clone's, by others of its own, by zeros.
    private func log() -> (String, DamageVerdict) {
        let oracle = history.crashed
        let frames = oracle.frameOffsets
        guard !frames.isEmpty else { return ("log", .wrong("the crashed file has no log")) }
        let index = below(frames.count)
        let offset = frames[index]
        let count = size + 192
        var damaged = oracle.content
        func block(_ content: DiskContent, _ offset: Int) -> [UInt8] {
            let bytes = content[offset..<offset + count]
            return bytes + [UInt8](repeating: 0, count: count - bytes.count)
        }
        let what: String
        switch below(6) {
        case 0: (what, _) = ("older", damaged.write(block(history.older, offset), at: offset))
        case 1: (what, _) = ("older, crashed", damaged.write(block(history.olderCrashed, offset), at: offset))
        case 2, 3: (what, _) = ("clone's", damaged.write(block(history.cloneCrashed, offset), at: offset))
        case 4:
            let other = frames[below(frames.count)]
            (what, _) = ("own, from \(other)", damaged.write(block(oracle.content, other), at: offset))
        default: (what, _) = ("zeroed", damaged.write([UInt8](repeating: 0, count: count), at: offset))
        }
        return ("frame at \(offset), the \(index). of \(frames.count): \(what)", oracle.judge(damaged))
    }
}

extension DamageOracle {
    /// Where frames stand whose magic and kind can be read, replayed or not.
    var frameOffsets: [Int] {
        let bytes = content.bytes
        var found: [Int] = []
        var offset = 2 * Self.pageSize
        while offset + 192 <= bytes.count {
            if bytes[offset] == 0x53, bytes[offset + 1] == 0x53, bytes[offset + 2] == 0x4C, bytes[offset + 3] == 0x46,
                (1...3).contains(bytes[offset + 4]), bytes[offset + 6] == 0, bytes[offset + 7] == 0
            {
                found.append(offset)
            }
            offset += 64
        }
        return found
    }
}

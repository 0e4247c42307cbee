import PageStore
import SmartStore
import StoreIO
import StoreTestSupport

// Bit rot: every bit of a 256-KiB store, one at a time.
//
// How a flip is judged, and why that is enough:
// - In a home page that carries something: the page itself is read through the page layer, by its number, on a pager
//   that does not keep it. It must answer with an error that names it. Whoever needs it then gets that error, and
//   nobody else reads these bytes.
// - In a byte that the full reading and the deep check of the sound file never read: harmless, since every step of
//   both is decided by what was read before.
// - Anywhere else (the slots, the map, the log): everything is read and compared, and the check is run.

/// Flips bits of a small closed store.
package struct BitRotTrial: Trial {
    /// Sealed with a key, or with checksums only.
    package let isSealed: Bool
    /// Every bit in order, or bits drawn from the seed.
    package let isExhaustive: Bool

    package init(sealed: Bool, exhaustive: Bool = false) {
        isSealed = sealed
        isExhaustive = exhaustive
    }

    package var row: TrialRow {
        TrialRow(
            name: isSealed ? "bit-rot-sealed" : "bit-rot-plain",
            title: isSealed ? "every bit flipped, sealed" : "every bit flipped, plain", unit: "flips",
            everyChange: 5_000, release: 1_050_000, weight: 2,
            remark: "Pages by themselves, slots and map by the whole content and the check.")
    }

    package func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        var outcome = TrialOutcome()
        do {
            let rot = try BitRot(isSealed: isSealed)
            let bits = rot.oracle.content.count * 8
            let random = SeededRandomSource(seed: mixedSeed(seed, isSealed ? 1 : 2))
            var next = 0
            // All bits are gone through in 64 rounds of seeds one after another.
            while !budget.isUsedUp(outcome.cases), isExhaustive ? next * 64 < bits : next < 20_000 {
                let bit = isExhaustive ? min(bits - 1, next * 64 + Int(seed % 64)) : Int(random.next() % UInt64(bits))
                next += 1
                outcome.cases += 1
                if case .wrong(let reason) = try rot.flip(bit) {
                    outcome.failures.append("bit \(bit) (page \(bit / 8 / 4096)): \(reason); \(replay(seed))")
                    if outcome.failures.count > 8 { break }
                }
            }
        } catch { outcome.failures.append("seed \(seed): \(error)") }
        return outcome
    }
}

/// A sound store, and one bit of it at a time.
private struct BitRot {
    let oracle: DamageOracle
    private let data: Set<Int>
    private let read: Set<UInt64>
    private let liveDisk: SimulatedDisk
    private let liveView: Snapshot
    /// Keeps the view's pager.
    private let livePager: Pager

    init(isSealed: Bool) throws {
        let kind: FuzzBase.Kind = isSealed ? .sealedClosed : .plainClosed
        oracle = try DamageOracle(DiskContent(FuzzBase.file(kind)), key: kind.key)
        data = try oracle.carryingPages().subtracting([2, 3, 4])
        let disk = SimulatedDisk(contents: [FuzzBase.name: oracle.content])
        disk.stopRecording()
        let recorder = ReadRecorder(disk)
        guard DamageContent.read(recorder, key: oracle.key).content == oracle.shown,
            DamageContent.check(recorder, key: oracle.key) == []
        else { throw DamageOracle.Unsound(description: "a second reading differs") }
        read = recorder.log.all
        guard data.isSubset(of: Set(read.map { Int($0) })) else {
            throw DamageOracle.Unsound(description: "the check does not read every page in use")
        }
        liveDisk = SimulatedDisk(contents: [FuzzBase.name: oracle.content])
        liveDisk.stopRecording()
        livePager = try oracle.openPager(liveDisk)
        liveView = try livePager.beginSnapshot()
    }

    func flip(_ bit: Int) throws -> DamageVerdict {
        let page = bit / 8 / DamageOracle.pageSize
        guard read.contains(UInt64(page)) else { return .harmless }
        var damaged = oracle.content
        var byte = damaged[bit / 8..<bit / 8 + 1]
        byte[0] ^= 1 << UInt8(bit % 8)
        damaged.write(byte, at: bit / 8)
        guard data.contains(page) else { return oracle.judge(damaged, page: page) }
        liveDisk.replaceContent(of: FuzzBase.name, with: damaged)
        defer { liveDisk.replaceContent(of: FuzzBase.name, with: oracle.content) }
        let id = PageID(UInt64(page))
        do throws(PageFault) { _ = try liveView.pageUncached(id) } catch {
            if error == .corruptPage(id) || error == .stalePage(id) { return .named }
            return .wrong("\(error) does not name \(id)")
        }
        // It opened: then it must be that nothing of it counts.
        return oracle.judge(damaged)
    }
}

import PageStore
import StoreIO
import StoreTestSupport

// A frame whose header is new and whose image is old. A commit is lost because its first frame was torn; the frames
// behind it are left, whole and authentic. The next opening commits other content of the same pages, as the same version,
// at the same places, and crashes with a piece of that write missing: where the piece is an image, the one of the lost
// commit shows through. Only the tag that a frame names of its image tells them apart.

/// Holes in a commit that was written over a lost one.
package struct TornFrameTrial: Trial {
    package init() {}

    package var row: TrialRow {
        TrialRow(
            name: "torn-frames", title: "holes in a commit over the frames of a lost one", unit: "images",
            everyChange: 1_000, release: 100_000, weight: 0.3)
    }

    private static let pages = 20

    package func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        var outcome = TrialOutcome()
        do {
            // The lost commit: its first page frame is torn, what follows is whole.
            let start = try Self.base(seed)
            let lost = SimulatedDisk(contents: start.files)
            _ = try Self.commit(on: lost, start.ids, value: 1_000, seed: mixedSeed(seed, 1))
            let afterLoss = try Self.crash(lost, base: start.files, hole: 1..<2)
            // The commit over it, of all pages but the first: each of its frames stands on one of the same page.
            let ids = Array(start.ids.dropFirst())
            let next = SimulatedDisk(contents: afterLoss)
            let before = try Self.commit(on: next, ids, value: 2_000, seed: mixedSeed(seed, 2))
            var border = 0
            while border < (Self.pages + 1) * 4288 / 512, !budget.isUsedUp(outcome.cases) {
                let image = try Self.crash(next, base: afterLoss, hole: border..<border + 8)
                outcome.cases += 1
                if let problem = try Self.verify(image, start.ids, from: before, seed: seed) {
                    outcome.failures.append("hole at sector \(border): \(problem); \(replay(seed))")
                    break
                }
                border += 1
            }
        } catch { outcome.failures.append("\(error); \(replay(seed))") }
        return outcome
    }

    private static func options(_ seed: UInt64) -> PagerOptions {
        var options = PagerOptions()
        options.checkpointsInBackground = false
        options.random = SeededRandomSource(seed: seed)
        return options
    }

    /// A closed file of so many pages.
    private static func base(_ seed: UInt64) throws -> (files: [String: DiskContent], ids: [PageID]) {
        let disk = SimulatedDisk()
        var creation = CreateOptions()
        creation.pageSize = 4096
        let pager = try Pager.create("a", in: disk, key: .none, creation: creation, options: options(seed))
        let transaction = try pager.beginTransaction()
        // More on some seeds, so that frames fall on other sectors.
        var ids: [PageID] = []
        for _ in 0..<pages {
            let frame = try transaction.allocate()
            PageModel.write(1, to: frame)
            ids.append(frame.id)
        }
        _ = try transaction.commit()
        for _ in 0..<seed % 8 {
            let more = try pager.beginTransaction()
            PageModel.write(1, to: try more.mutablePage(ids[0]))
            _ = try more.commit()
        }
        return (disk.contents, ids)
    }

    /// Opens, and changes the pages in one commit. Returns the sequence before it.
    private static func commit(
        on disk: SimulatedDisk, _ ids: [PageID], value: UInt64, seed: UInt64
    ) throws -> UInt64 {
        let pager = try Pager.open("a", in: disk, key: .none, options: options(seed))
        let transaction = try pager.beginTransaction()
        for id in ids { PageModel.write(value, to: try transaction.mutablePage(id)) }
        _ = try transaction.commit()
        return transaction.base.sequence
    }

    /// What a crash before the commit's sync leaves when its write has lost the sectors of a range.
    private static func crash(
        _ disk: SimulatedDisk, base: [String: DiskContent], hole: Range<Int>
    ) throws -> [String: DiskContent] {
        var images = CrashImages(base: base)
        let operations = disk.operations
        guard let end = operations.lastIndex(where: { if case .sync = $0 { true } else { false } }) else { return base }
        for operation in operations[..<end] { images.advance(operation) }
        var draw = images.draw(.kept, seed: 0)
        guard let last = draw.indices.last else { return base }
        draw[last].form = .hole(border: hole.lowerBound, byteCount: hole.count * 512)
        return images.image(draw).files
    }

    private static func verify(
        _ files: [String: DiskContent], _ ids: [PageID], from before: UInt64, seed: UInt64
    ) throws -> String? {
        let pager = try Pager.open(
            "a", in: SimulatedDisk(contents: files), key: .none, options: options(mixedSeed(seed, 3)))
        let view = try pager.beginSnapshot()
        defer { view.close() }
        let isIn = view.state.sequence > before
        for (index, id) in ids.enumerated() {
            let expected: UInt64 = isIn && index > 0 ? 2_000 : 1
            let found = try PageModel.read(view.page(id))
            if found != expected { return "\(id) holds \(found.map { "\($0)" } ?? "a mixture"), not \(expected)" }
        }
        return nil
    }
}

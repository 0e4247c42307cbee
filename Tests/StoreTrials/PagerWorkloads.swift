import PageStore
import StoreIO
import StoreTestSupport

// Small workloads of the page layer. Each leads through one part of it; all are short, since every one of their I/O
// steps is crashed several times.

struct PagerWorkload: Sendable {
    let name: String
    /// Changed pages a transaction keeps before it spills; nil: the engine's default.
    var transactionPageLimit: Int?
    /// Only an encrypted file will do.
    var needsKey = false
    let run: @Sendable (PagerSession) throws -> Void

    static let all: [PagerWorkload] = [
        PagerWorkload(name: "update") { session in
            try session.create()
            try session.commit { try session.allocate(12, $0, &$1) }
            for _ in 0..<12 { try session.commit { try session.update(4, $0, &$1) } }
            try session.close()
        },
        PagerWorkload(name: "churn") { session in
            try session.create()
            for step in 0..<18 {
                try session.commit { try session.change(6, $0, &$1) }
                if step % 6 == 5 { try session.checkpoint() }
            }
            try session.close()
        },
        PagerWorkload(name: "rollback") { session in
            try session.create()
            for step in 0..<10 {
                try session.commit { try session.change(4, $0, &$1) }
                try session.rollBack { try session.change(5, $0, &$1) }
                if step == 6 { try session.checkpoint() }
            }
            try session.close()
        },
        PagerWorkload(name: "spill", transactionPageLimit: 8) { session in
            try session.create()
            for step in 0..<4 {
                try session.commit { try session.change(40, $0, &$1) }
                try session.rollBack { try session.change(20, $0, &$1) }
                try session.commit { try session.change(3, $0, &$1) }
                if step % 2 == 1 { try session.checkpoint() }
            }
        },
        PagerWorkload(name: "checkpoint") { session in
            try session.create()
            for _ in 0..<8 {
                try session.commit { try session.change(5, $0, &$1) }
                try session.checkpoint()
            }
        },
        PagerWorkload(name: "log round") { session in
            // Enough frames to fill extents, pass them and use them again.
            try session.create()
            for step in 0..<14 {
                try session.commit { try session.update(1, $0, &$1) }
                try session.commit { try session.change(20, $0, &$1) }
                if step % 2 == 1 { try session.checkpoint() }
            }
        },
        PagerWorkload(name: "growth") { session in
            try session.create()
            for step in 0..<6 {
                try session.commit { try session.allocate(30, $0, &$1) }
                if step == 3 { try session.checkpoint() }
            }
            try session.close()
        },
        PagerWorkload(name: "free and use again") { session in
            try session.create()
            try session.commit { try session.allocate(24, $0, &$1) }
            for step in 0..<8 {
                try session.commit { try session.free(8, $0, &$1) }
                try session.commit { try session.allocate(8, $0, &$1) }
                if step % 3 == 2 { try session.checkpoint() }
            }
            try session.close()
        },
        PagerWorkload(name: "reader held") { session in
            try session.create()
            try session.commit { try session.allocate(10, $0, &$1) }
            for _ in 0..<4 {
                let seen = session.model
                let view = try session.current().beginSnapshot()
                defer { view.close() }
                try session.commit { try session.change(5, $0, &$1) }
                try session.checkpoint()
                try session.commit { try session.change(5, $0, &$1) }
                try session.checkpoint()
                if let difference = try seen.difference(in: view) { throw TrialError("a reader saw: \(difference)") }
            }
        },
        PagerWorkload(name: "reopen") { session in
            try session.create()
            for step in 0..<5 {
                try session.commit { try session.change(6, $0, &$1) }
                if step % 2 == 0 { try session.checkpoint() }
                try session.commit { try session.change(3, $0, &$1) }
                try session.close()
                try session.open()
            }
        },
        PagerWorkload(name: "relaxed") { session in
            try session.create()
            for step in 0..<16 {
                try session.commit(step % 4 == 3 ? .full : .relaxed) { try session.change(4, $0, &$1) }
                if step == 9 { try session.checkpoint() }
            }
            try session.current().flush()
        },
        PagerWorkload(name: "create and close") { session in
            try session.create()
            try session.close()
            try session.open()
            try session.commit { try session.allocate(2, $0, &$1) }
            try session.close()
        },
        PagerWorkload(name: "rotate", needsKey: true) { session in
            try session.create()
            for _ in 0..<3 {
                try session.commit { try session.change(8, $0, &$1) }
                try session.commit { try session.free(2, $0, &$1) }
                let result = try session.current().rotateDataKey()
                guard result.isFinished else { throw TrialError("the rotation did not finish") }
                try session.expectNothingUnderOldKeys()
            }
            try session.commit { try session.change(3, $0, &$1) }
            try session.close()
        },
        PagerWorkload(name: "huge transaction", transactionPageLimit: 40) { session in
            try session.create()
            try session.commit { try session.allocate(8, $0, &$1) }
            try session.commit { try session.change(160, $0, &$1) }
            try session.checkpoint()
            try session.commit { try session.update(90, $0, &$1) }
            try session.commit { try session.change(4, $0, &$1) }
            try session.close()
        },
    ]
}

/// What a workload itself found wrong.
struct TrialError: Error, CustomStringConvertible {
    let description: String
    init(_ text: String) { description = text }
}

extension PagerSession {
    /// After a rotation: no prefix that sealed under an older key stands anywhere in the file.
    func expectNothingUnderOldKeys() throws {
        var ledger = SealLedger()
        ledger.read(disk.operations)
        let newest = ledger.seals.map(\.keyNumber).max() ?? 0
        let old = Set(ledger.seals.filter { $0.keyNumber < newest }.map(\.prefix))
        let bytes = disk.content(of: Self.file) ?? []
        for place in stride(from: 0, to: bytes.count - 16, by: 8) where old.contains(Array(bytes[place..<place + 16])) {
            throw TrialError("after the rotation byte \(place) still names a seal under the old key")
        }
    }

    func allocate(_ count: Int, _ transaction: PageTransaction, _ model: inout PageModel) throws {
        for _ in 0..<count {
            try transaction.relieve()
            let value = random.next() >> 8
            let frame = try transaction.allocate()
            PageModel.write(value, to: frame)
            model.values[frame.id.number] = value
        }
    }

    func update(_ count: Int, _ transaction: PageTransaction, _ model: inout PageModel) throws {
        for _ in 0..<count {
            try transaction.relieve()
            guard let page = pick(model) else { continue }
            let value = random.next() >> 8
            PageModel.write(value, to: try transaction.mutablePage(PageID(page)))
            model.values[page] = value
        }
    }

    func free(_ count: Int, _ transaction: PageTransaction, _ model: inout PageModel) throws {
        for _ in 0..<count {
            guard let page = pick(model) else { continue }
            try transaction.free(PageID(page))
            model.values[page] = nil
        }
    }

    /// Any of the three, `count` times.
    func change(_ count: Int, _ transaction: PageTransaction, _ model: inout PageModel) throws {
        for _ in 0..<count {
            switch random.next() % 5 {
            case 0, 1: try allocate(1, transaction, &model)
            case 2, 3: try update(1, transaction, &model)
            default: try free(1, transaction, &model)
            }
        }
    }

    private func pick(_ model: PageModel) -> UInt64? {
        guard !model.values.isEmpty else { return nil }
        let known = model.values.keys.sorted()
        return known[Int(random.next() % UInt64(known.count))]
    }
}

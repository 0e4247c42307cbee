import StoreIO

// What can go wrong on a running disk.

/// Which calls a fault counts.
package enum DiskCallKind: Int, Sendable, CaseIterable {
    /// Writes, resizes and syncs of files.
    case changes
    /// Reads of files.
    case reads
    /// Writes of files alone.
    case writes
    /// Syncs of files alone.
    case syncs
    /// Every call: files, names and folders.
    case all
}

/// Makes one call, or every call from one on, go wrong.
package struct DiskFault: Sendable {
    package enum Effect: Sendable, Equatable {
        /// The call fails and did nothing. A failed sync leaves what it should have synced to chance.
        case fail(errno: Int32)
        /// ENOSPC, in a call that may need room; a call that needs none succeeds.
        case diskFull
        /// A write stores its first part and then fails; a read fills a part and then fails.
        case short(errno: Int32)
        /// A sync fails; what it should have synced is gone at once, also for readers.
        case syncDropsData
        /// A sync fails; readers see the data until the machine restarts, later syncs succeed without it.
        case syncHidesLoss
        /// A read returns one wrong bit.
        case bitFlip
        /// A write goes to another place of the file (so many bytes further on) and reports success.
        case misdirectedWrite(distance: Int)
        /// A write reports success and does nothing.
        case lostWrite
        /// A write is done at its place and again at another.
        case duplicatedWrite(distance: Int)
    }

    /// What a fault means for a store that goes on running.
    package enum Severity: Int, Sendable, Comparable {
        /// Nothing that was written can be lost: the store must go on.
        case passing
        /// No room where room had been promised: the store may go on or end.
        case unclear
        /// Something written may be lost: nothing may be acknowledged any more.
        case lasting

        package static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
    }

    func severity(of call: DiskCallKind) -> Severity {
        switch call {
        case .reads, .all: return .passing
        case .syncs: return .lasting
        case .writes, .changes:
            switch effect {
            case .diskFull: return .passing
            case .fail(let errno), .short(let errno):
                return FileFault(.write, errno: errno) == .diskFull ? .unclear : .lasting
            default: return .lasting
            }
        }
    }

    /// Ordinal of the first call that goes wrong, among the calls of `kind`.
    package var operation: Int
    package var effect: Effect
    /// Only that call, or every one from then on.
    package var once: Bool
    package var kind: DiskCallKind

    package init(operation: Int, effect: Effect, once: Bool, kind: DiskCallKind = .changes) {
        self.operation = operation
        self.effect = effect
        self.once = once
        self.kind = kind
    }
}

/// Calls so far, by kind.
package struct DiskCallCounts: Sendable {
    var counts = [Int](repeating: 0, count: DiskCallKind.allCases.count)

    package subscript(kind: DiskCallKind) -> Int { counts[kind.rawValue] }
}

import StoreIO

// Group commit: who syncs, who waits, and what becomes visible when.
//
// 1. `appended` counts what has been written to the log; `durable` what a sync has covered.
// 2. One thread syncs at a time, without holding the lock; every commit appended before its sync began is served by it.
// 3. A commit is published to readers when it is durable (relaxed ones when they are appended), in order.
// 4. A failed sync latches: the data may be gone from the kernel, so nothing is ever acknowledged again.

final class LogSync: @unchecked Sendable {
    // Unchecked: every stored property below is read and written inside `monitor` only.
    private let monitor = Monitor()
    private let file: any StoreFile
    private let publish: @Sendable (CommitState) -> Void
    /// Whether somebody is writing a transaction right now, whose commit the next sync could serve too.
    private let othersWrite: @Sendable () -> Bool
    private var appended: LogPosition
    private var durable: LogPosition
    private var waiting: [(position: LogPosition, state: CommitState)] = []
    private var isSyncing = false
    private var hasFailed = false
    private(set) var syncCount: UInt64 = 0

    /// How often a leader gives way to writers before it syncs.
    private static let patience = 16

    /// `publish` is called in commit order, inside this object's lock.
    init(
        file: any StoreFile, end: LogPosition, othersWrite: @escaping @Sendable () -> Bool,
        publish: @escaping @Sendable (CommitState) -> Void
    ) {
        self.file = file
        self.othersWrite = othersWrite
        self.publish = publish
        appended = end
        durable = end
    }

    var durableThrough: LogPosition { monitor.withLock { durable } }

    var failed: Bool { monitor.withLock { hasFailed } }

    var syncs: UInt64 { monitor.withLock { syncCount } }

    /// Latches the store as failed.
    func fail() {
        monitor.withLock {
            hasFailed = true
            monitor.wakeAll()
        }
    }

    /// Frames up to `position` are written; `commit` is the state they leave, nil for spilled frames.
    func appended(to position: LogPosition, commit: CommitState?, isRelaxed: Bool) {
        monitor.withLock {
            appended = position
            guard let commit else { return }
            waiting.append((position, commit))
            if isRelaxed { publishWaiting(through: position) }
        }
    }

    /// Returns when everything before `position` is durable and published.
    func sync(through position: LogPosition) throws(PageFault) {
        var unknown = false
        monitor.withLock {
            while !unknown && durable < position {
                if hasFailed {
                    unknown = true
                } else if isSyncing {
                    monitor.wait()
                } else {
                    lead()
                }
            }
        }
        if unknown { throw .commitUnknown }
    }

    /// A sync of one's own, whoever else syncs: for `Durability.full`.
    func syncAlone(through position: LogPosition) throws(PageFault) {
        var unknown = false
        monitor.withLock {
            while isSyncing && !hasFailed { monitor.wait() }
            if hasFailed {
                unknown = true
            } else if durable < position {
                lead()
                unknown = hasFailed
            }
        }
        if unknown { throw .commitUnknown }
    }

    /// Syncs what is appended now; called and left inside the lock, which is given up meanwhile.
    private func lead() {
        isSyncing = true
        // A moment for writers that are under way, so that this sync serves them too. Alone, nobody waits.
        monitor.unlocked {
            var patience = Self.patience
            while patience > 0, othersWrite() {
                yieldThread()
                patience -= 1
            }
        }
        let target = appended
        let succeeded = monitor.unlocked {
            do throws(FileFault) {
                if Defence.syncBeforeAcknowledge.isOn { try file.sync() }
                return true
            } catch { return false }
        }
        isSyncing = false
        syncCount += 1
        if succeeded {
            durable = max(durable, target)
            publishWaiting(through: durable)
        } else if Defence.latchOnFailedSync.isOn {
            hasFailed = true
        }
        monitor.wakeAll()
    }

    private func publishWaiting(through position: LogPosition) {
        var count = 0
        while count < waiting.count, waiting[count].position <= position { count += 1 }
        guard count > 0 else { return }
        publish(waiting[count - 1].state)
        waiting.removeFirst(count)
    }
}

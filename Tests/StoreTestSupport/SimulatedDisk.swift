package import StoreIO
import Synchronization

// A disk in memory that records every operation, so that a crash after any of them can be replayed.
//
// The running program sees the newest content. What a crash leaves is decided later, by `CrashImages`, from the recorded
// operations: everything synced, plus any subset of the rest, in any order, whole or torn. Names are operations too, and
// last only after a sync of the folder.

/// What was done to the disk, in order.
package enum DiskOperation: Sendable {
    case write(file: Int, offset: UInt64, bytes: [UInt8])
    case resize(file: Int, byteCount: UInt64)
    case sync(file: Int)
    /// A sync that failed: what it should have synced is left to chance, and no later sync makes it certain.
    case failedSync(file: Int)
    case create(name: String, file: Int)
    case rename(from: String, to: String)
    case remove(name: String)
    case syncNames
    /// Written by the workload: a commit was acknowledged.
    case note(Int)
    /// Written by the workload: a commit is about to be tried.
    case attempt(Int)
    /// Written by the workload: something else that its oracle has to know of this moment.
    case mark(Int)
}

package final class SimulatedDisk: StoreDirectory {
    struct State {
        var contents: [DiskContent] = []
        /// What a file would show had every sync that failed lost its data; kept only while such a fault may come.
        var synced: [Int: DiskContent] = [:]
        var names: [String: Int] = [:]
        var locks: [Int: Int] = [:]
        var operations: [DiskOperation] = []
        var isRecording = true
        var counts = DiskCallCounts()
        var fault: DiskFault?
        var faultsMet = 0
        var severity = DiskFault.Severity.passing
        var byteLimit: UInt64 = .max
        var pause: (@Sendable (DiskCallKind) -> Void)?

        mutating func record(_ operation: @autoclosure () -> DiskOperation) {
            if isRecording { operations.append(operation()) }
        }
    }

    let state = Mutex(State())
    /// Each disk is one run of the machine: what a crash left is read by another.
    let bootIdentity: [UInt8]? = {
        let number = runs.wrappingAdd(1, ordering: .relaxed).newValue
        return (0..<16).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0 % 8))) | ($0 == 15 ? 1 : 0) }
    }()
    private static let runs = Atomic<UInt64>(0)

    package init() {}

    /// A disk that holds `files` and nothing unsynced.
    package convenience init(files: [String: [UInt8]]) {
        self.init(contents: files.mapValues { DiskContent($0) })
    }

    /// A disk that holds `contents` and nothing unsynced.
    package init(contents: [String: DiskContent]) {
        state.withLock { state in
            for (name, content) in contents.sorted(by: { $0.key < $1.key }) {
                state.names[name] = state.contents.count
                state.contents.append(content)
            }
        }
    }

    package var operations: [DiskOperation] { state.withLock { $0.operations } }
    /// Writes, resizes and syncs so far.
    package var changeCount: Int { state.withLock { $0.counts[.changes] } }
    package var callCounts: DiskCallCounts { state.withLock { $0.counts } }
    /// Calls that the fault has spoilt so far.
    package var faultsMet: Int { state.withLock { $0.faultsMet } }

    /// The worst that the fault has done so far.
    package var faultSeverity: DiskFault.Severity { state.withLock { $0.severity } }

    package func note(_ value: Int) { state.withLock { $0.record(.note(value)) } }

    package func attempt(_ value: Int) { state.withLock { $0.record(.attempt(value)) } }

    package func mark(_ value: Int) { state.withLock { $0.record(.mark(value)) } }

    package func stopRecording() {
        state.withLock {
            $0.isRecording = false
            $0.operations = []
        }
    }

    package func setFault(_ fault: DiskFault?) {
        state.withLock { state in
            state.fault = fault
            if fault?.effect == .syncDropsData {
                for file in state.contents.indices { state.synced[file] = state.contents[file] }
            }
        }
    }

    package func setByteLimit(_ limit: UInt64) { state.withLock { $0.byteLimit = limit } }

    /// Called before every call on files and folders, outside every lock: where a scheduler takes over.
    package func setPause(_ pause: (@Sendable (DiskCallKind) -> Void)?) { state.withLock { $0.pause = pause } }

    package func content(of name: String) -> [UInt8]? { diskContent(of: name)?.bytes }

    package func diskContent(of name: String) -> DiskContent? {
        state.withLock { state in state.names[name].map { state.contents[$0] } }
    }

    /// Every file as a running program sees it: what a copy of the disk holds.
    package var contents: [String: DiskContent] {
        state.withLock { state in state.names.mapValues { state.contents[$0] } }
    }

    package func replaceContent(of name: String, with bytes: [UInt8]) {
        state.withLock { state in
            if let file = state.names[name] {
                state.contents[file] = DiskContent(bytes)
            } else {
                state.names[name] = state.contents.count
                state.contents.append(DiskContent(bytes))
            }
        }
    }

    /// Forgets locks of handles that nobody closed: the process that held them is gone.
    package func breakLocks() { state.withLock { $0.locks = [:] } }

    // MARK: Calls

    /// Counts a call, lets a scheduler in, and says what the fault does to it.
    /// - Parameter file: the file that is called; the first one made is the store, others are copies of it.
    func begin(_ kind: DiskCallKind, file: Int = 0) -> DiskFault.Effect? {
        let pause = state.withLock { $0.pause }
        pause?(kind)
        return state.withLock { state in
            var effect: DiskFault.Effect?
            let isChange = kind == .writes || kind == .syncs
            for counted in DiskCallKind.allCases
            where counted == .all || counted == kind || isChange && counted == .changes {
                let ordinal = state.counts[counted]
                state.counts.counts[counted.rawValue] = ordinal + 1
                if let fault = state.fault, fault.kind == counted,
                    fault.once ? ordinal == fault.operation : ordinal >= fault.operation
                {
                    effect = fault.effect
                    state.faultsMet += 1
                    if file == 0 { state.severity = max(state.severity, fault.severity(of: kind)) }
                }
            }
            return effect
        }
    }

    private func name<R>(
        _ operation: FileOperation, _ body: (inout State) throws(FileFault) -> R
    ) throws(FileFault) -> R {
        switch begin(.all) {
        case .fail(let errno), .short(let errno): throw FileFault(operation, errno: errno)
        case .diskFull where operation == .open || operation == .rename: throw .diskFull
        default: break
        }
        return try state.withLock { state throws(FileFault) in try body(&state) }
    }

    // MARK: StoreDirectory

    package func open(_ name: String, access: FileAccess, lockWait: Duration) throws(FileFault) -> any StoreFile {
        try self.name(.open) { state throws(FileFault) in
            guard let file = state.names[name] else { throw .notFound }
            if Defence.fileLock.isOn {
                let holders = state.locks[file] ?? 0
                if access == .readWrite ? holders != 0 : holders < 0 { throw .locked }
                state.locks[file] = access == .readWrite ? -1 : holders + 1
            }
            return SimulatedFile(disk: self, file: file, access: access)
        }
    }

    package func create(_ name: String) throws(FileFault) -> any StoreFile {
        try self.name(.open) { state throws(FileFault) in
            if state.names[name] != nil { throw .alreadyExists }
            let file = state.contents.count
            state.contents.append(DiskContent())
            state.names[name] = file
            state.locks[file] = -1
            state.record(.create(name: name, file: file))
            return SimulatedFile(disk: self, file: file, access: .readWrite)
        }
    }

    package func rename(_ old: String, to new: String, replacing: Bool) throws(FileFault) {
        try name(.rename) { state throws(FileFault) in
            guard let file = state.names[old] else { throw .notFound }
            if !replacing, state.names[new] != nil { throw .alreadyExists }
            state.names[old] = nil
            state.names[new] = file
            state.record(.rename(from: old, to: new))
        }
    }

    package func remove(_ name: String) throws(FileFault) {
        try self.name(.unlink) { state throws(FileFault) in
            guard state.names.removeValue(forKey: name) != nil else { throw .notFound }
            state.record(.remove(name: name))
        }
    }

    package func exists(_ name: String) throws(FileFault) -> Bool {
        try self.name(.open) { state throws(FileFault) in state.names[name] != nil }
    }

    package func names() throws(FileFault) -> [String] {
        try name(.list) { state throws(FileFault) in state.names.keys.sorted() }
    }

    package func sync() throws(FileFault) {
        try name(.syncDirectory) { state throws(FileFault) in state.record(.syncNames) }
    }
}

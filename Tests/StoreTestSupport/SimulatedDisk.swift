package import StoreIO
import Synchronization

// A disk in memory that records every operation, so that a crash after any of them can be replayed.
//
// The running program sees the newest content. What a crash leaves is decided later, by `CrashImages`, from the recorded
// operations: everything synced, plus any subset of the rest, in any order, whole or torn.

/// What was done to the disk, in order.
package enum DiskOperation: Sendable {
    case write(file: Int, offset: UInt64, bytes: [UInt8])
    case resize(file: Int, byteCount: UInt64)
    case sync(file: Int)
    case create(name: String, file: Int)
    case rename(from: String, to: String)
    case remove(name: String)
    case syncNames
    /// Written by the workload: what it knows at this point (a commit acknowledged, say).
    case note(Int)
}

/// Makes an operation fail.
package struct DiskFault: Sendable {
    package enum Effect: Sendable, Equatable {
        case fail(errno: Int32)
        case diskFull
    }

    /// Ordinal of the first operation that fails, counting writes, resizes and syncs.
    package var operation: Int
    package var effect: Effect
    /// Only that operation, or every one from then on.
    package var once: Bool

    package init(operation: Int, effect: Effect, once: Bool) {
        self.operation = operation
        self.effect = effect
        self.once = once
    }
}

package final class SimulatedDisk: StoreDirectory {
    struct State {
        var contents: [[UInt8]] = []
        var names: [String: Int] = [:]
        var locks: [Int: Int] = [:]
        var operations: [DiskOperation] = []
        var isRecording = true
        var changes = 0
        var fault: DiskFault?
        var byteLimit: UInt64 = .max
    }

    let state = Mutex(State())

    package init() {}

    /// A disk that holds `files` and nothing unsynced.
    package init(files: [String: [UInt8]]) {
        state.withLock { state in
            for (name, bytes) in files.sorted(by: { $0.key < $1.key }) {
                state.names[name] = state.contents.count
                state.contents.append(bytes)
            }
        }
    }

    package var operations: [DiskOperation] { state.withLock { $0.operations } }
    /// Writes, resizes and syncs so far.
    package var changeCount: Int { state.withLock { $0.changes } }

    package func note(_ value: Int) { state.withLock { if $0.isRecording { $0.operations.append(.note(value)) } } }

    package func stopRecording() {
        state.withLock {
            $0.isRecording = false
            $0.operations = []
        }
    }

    package func setFault(_ fault: DiskFault?) { state.withLock { $0.fault = fault } }

    package func setByteLimit(_ limit: UInt64) { state.withLock { $0.byteLimit = limit } }

    package func content(of name: String) -> [UInt8]? {
        state.withLock { state in state.names[name].map { state.contents[$0] } }
    }

    package func replaceContent(of name: String, with bytes: [UInt8]) {
        state.withLock { state in
            if let file = state.names[name] {
                state.contents[file] = bytes
            } else {
                state.names[name] = state.contents.count
                state.contents.append(bytes)
            }
        }
    }

    // MARK: StoreDirectory

    package func open(_ name: String, access: FileAccess, lockWait: Duration) throws(FileFault) -> any StoreFile {
        try state.withLock { state throws(FileFault) in
            guard let file = state.names[name] else { throw .notFound }
            let holders = state.locks[file] ?? 0
            if access == .readWrite ? holders != 0 : holders < 0 { throw .locked }
            state.locks[file] = access == .readWrite ? -1 : holders + 1
            return SimulatedFile(disk: self, file: file, access: access)
        }
    }

    package func create(_ name: String) throws(FileFault) -> any StoreFile {
        try state.withLock { state throws(FileFault) in
            if state.names[name] != nil { throw .alreadyExists }
            let file = state.contents.count
            state.contents.append([])
            state.names[name] = file
            state.locks[file] = -1
            if state.isRecording { state.operations.append(.create(name: name, file: file)) }
            return SimulatedFile(disk: self, file: file, access: .readWrite)
        }
    }

    package func rename(_ old: String, to new: String, replacing: Bool) throws(FileFault) {
        try state.withLock { state throws(FileFault) in
            guard let file = state.names[old] else { throw .notFound }
            if !replacing, state.names[new] != nil { throw .alreadyExists }
            state.names[old] = nil
            state.names[new] = file
            if state.isRecording { state.operations.append(.rename(from: old, to: new)) }
        }
    }

    package func remove(_ name: String) throws(FileFault) {
        try state.withLock { state throws(FileFault) in
            guard state.names.removeValue(forKey: name) != nil else { throw .notFound }
            if state.isRecording { state.operations.append(.remove(name: name)) }
        }
    }

    package func exists(_ name: String) throws(FileFault) -> Bool { state.withLock { $0.names[name] != nil } }

    package func names() throws(FileFault) -> [String] { state.withLock { $0.names.keys.sorted() } }

    package func sync() throws(FileFault) {
        state.withLock { if $0.isRecording { $0.operations.append(.syncNames) } }
    }
}

/// One open handle.
final class SimulatedFile: StoreFile {
    private let disk: SimulatedDisk
    private let file: Int
    private let access: FileAccess
    private let isClosed = Mutex(false)

    init(disk: SimulatedDisk, file: Int, access: FileAccess) {
        self.disk = disk
        self.file = file
        self.access = access
    }

    private func checkOpen() throws(FileFault) {
        if isClosed.withLock({ $0 }) { throw .closed }
    }

    func read(into bytes: inout MutableRawSpan, at offset: UInt64) throws(FileFault) {
        try checkOpen()
        let count = bytes.byteCount
        let found: [UInt8] = disk.state.withLock { state in
            let content = state.contents[file]
            guard offset < UInt64(content.count) else { return [] }
            return Array(content[Int(offset)..<min(content.count, Int(offset) + count)])
        }
        guard found.count == count else { throw .endOfFile(expected: count, found: found.count) }
        for index in 0..<count { bytes.storeBytes(of: found[index], toByteOffset: index, as: UInt8.self) }
    }

    func write(_ bytes: RawSpan, at offset: UInt64) throws(FileFault) {
        try checkOpen()
        guard access == .readWrite else { throw .readOnly }
        let copy = bytes.withUnsafeBytes { [UInt8]($0) }
        try change { state throws(FileFault) in
            let end = Int(offset) + copy.count
            if state.contents[file].count < end {
                if UInt64(end) > state.byteLimit { throw .diskFull }
                state.contents[file] += [UInt8](repeating: 0, count: end - state.contents[file].count)
            }
            state.contents[file].replaceSubrange(Int(offset)..<end, with: copy)
            return .write(file: file, offset: offset, bytes: copy)
        }
    }

    func size() throws(FileFault) -> UInt64 {
        try checkOpen()
        return disk.state.withLock { UInt64($0.contents[file].count) }
    }

    func resize(to byteCount: UInt64) throws(FileFault) {
        try checkOpen()
        guard access == .readWrite else { throw .readOnly }
        try change { state throws(FileFault) in
            if byteCount > state.byteLimit { throw .diskFull }
            Self.resize(&state.contents[file], to: Int(byteCount))
            return .resize(file: file, byteCount: byteCount)
        }
    }

    func sync() throws(FileFault) {
        try checkOpen()
        try change { _ throws(FileFault) in .sync(file: file) }
    }

    func close() {
        let first = isClosed.withLock { closed in
            defer { closed = true }
            return !closed
        }
        guard first else { return }
        disk.state.withLock { state in
            let holders = state.locks[file] ?? 0
            state.locks[file] = access == .readWrite ? 0 : max(0, holders - 1)
        }
    }

    private func change(
        _ body: (inout SimulatedDisk.State) throws(FileFault) -> DiskOperation
    ) throws(FileFault) {
        try disk.state.withLock { state throws(FileFault) in
            let ordinal = state.changes
            state.changes += 1
            if let fault = state.fault, fault.once ? ordinal == fault.operation : ordinal >= fault.operation {
                switch fault.effect {
                case .fail(let errno): throw .failed(.write, errno: errno)
                case .diskFull: throw .diskFull
                }
            }
            let operation = try body(&state)
            if state.isRecording { state.operations.append(operation) }
        }
    }

    static func resize(_ content: inout [UInt8], to byteCount: Int) {
        if content.count > byteCount {
            content.removeLast(content.count - byteCount)
        } else {
            content += [UInt8](repeating: 0, count: byteCount - content.count)
        }
    }
}

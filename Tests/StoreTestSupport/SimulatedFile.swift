import StoreIO
import Synchronization

// One open handle of a simulated disk, with every fault that a running device may show.

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
        let effect = disk.begin(.reads, file: file)
        if case .fail(let errno) = effect { throw FileFault(.read, errno: errno) }
        let content = disk.state.withLock { $0.contents[file] }
        let count = bytes.byteCount
        let found = offset < UInt64(content.count) ? content.read(into: &bytes, at: Int(offset)) : 0
        if case .short(let errno) = effect { throw FileFault(.read, errno: errno) }
        guard found == count else { throw .endOfFile(expected: count, found: found) }
        if effect == .bitFlip, count > 0 {
            // Which bit: fixed by the place, so that a replay flips the same one.
            let place = Int((offset &* 0x9E37_79B9_7F4A_7C15) >> 40) % (count * 8)
            let old = bytes.unsafeLoad(fromByteOffset: place / 8, as: UInt8.self)
            bytes.storeBytes(of: old ^ (1 << UInt8(place % 8)), toByteOffset: place / 8, as: UInt8.self)
        }
    }

    func write(_ bytes: RawSpan, at offset: UInt64) throws(FileFault) {
        try checkOpen()
        guard access == .readWrite else { throw .readOnly }
        let effect = disk.begin(.writes, file: file)
        let copy = bytes.copied
        if case .fail(let errno) = effect { throw FileFault(.write, errno: errno) }
        try disk.state.withLock { state throws(FileFault) in
            func store(_ bytes: [UInt8], at offset: UInt64) throws(FileFault) {
                let end = Int(offset) + bytes.count
                if state.contents[file].count < end {
                    if UInt64(end) > state.byteLimit || effect == .diskFull { throw .diskFull }
                }
                state.contents[file].write(bytes, at: Int(offset))
                state.record(.write(file: file, offset: offset, bytes: bytes))
            }
            switch effect {
            case .short(let errno):
                try store(Array(copy.prefix(copy.count / 2)), at: offset)
                throw FileFault(.write, errno: errno)
            case .lostWrite: break
            case .misdirectedWrite(let distance): try store(copy, at: elsewhere(offset, distance, state))
            case .duplicatedWrite(let distance):
                try store(copy, at: offset)
                try store(copy, at: elsewhere(offset, distance, state))
            default: try store(copy, at: offset)
            }
        }
    }

    private func elsewhere(_ offset: UInt64, _ distance: Int, _ state: SimulatedDisk.State) -> UInt64 {
        let target = Int(offset) + distance
        return target < 0 || target >= state.contents[file].count ? offset + UInt64(abs(distance)) : UInt64(target)
    }

    func size() throws(FileFault) -> UInt64 {
        try checkOpen()
        if case .fail(let errno) = disk.begin(.all, file: file) { throw FileFault(.size, errno: errno) }
        return disk.state.withLock { UInt64($0.contents[file].count) }
    }

    func resize(to byteCount: UInt64) throws(FileFault) {
        try checkOpen()
        guard access == .readWrite else { throw .readOnly }
        let effect = disk.begin(.changes, file: file)
        switch effect {
        case .fail(let errno), .short(let errno): throw FileFault(.resize, errno: errno)
        default: break
        }
        try disk.state.withLock { state throws(FileFault) in
            let grows = byteCount > UInt64(state.contents[file].count)
            if byteCount > state.byteLimit || (effect == .diskFull && grows) { throw .diskFull }
            state.contents[file].resize(to: Int(byteCount))
            state.record(.resize(file: file, byteCount: byteCount))
        }
    }

    func sync() throws(FileFault) {
        try checkOpen()
        let effect = disk.begin(.syncs, file: file)
        try disk.state.withLock { state throws(FileFault) in
            switch effect {
            case .fail(let errno), .short(let errno):
                state.record(.failedSync(file: file))
                throw FileFault(.sync, errno: errno)
            case .syncHidesLoss:
                state.record(.failedSync(file: file))
                throw FileFault(.sync, errno: 5)
            case .syncDropsData:
                state.record(.failedSync(file: file))
                if var synced = state.synced[file] {
                    synced.resize(to: state.contents[file].count)
                    state.contents[file] = synced
                }
                throw FileFault(.sync, errno: 5)
            case .diskFull:
                state.record(.failedSync(file: file))
                throw .diskFull
            default:
                state.record(.sync(file: file))
                if state.fault?.effect == .syncDropsData { state.synced[file] = state.contents[file] }
            }
        }
    }

    var bootIdentity: [UInt8]? { disk.bootIdentity }

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
}

package import StoreIO
import Synchronization

// Where queries put aside what does not fit into memory: temporary files beside the store, or for a store that is only
// read, in a folder for such files.
//
// 1. A file has no name: it is made, and its name removed at once, so that it ends with its handle however that ends.
// 2. A crash between the two leaves the name. Beside a store it is always the same one; the next opening for writing, and
//    the next file, remove it.
// 3. A spill is no part of the store. What goes wrong with it never latches the pager.
// 4. Closing the store closes every file; who still reads one is told `closed`.

/// What can go wrong with a spill.
package enum SpillFault: Error, Equatable, Sendable {
    case file(FileFault)
    case crypto(CryptoFault)
    /// A block does not authenticate, or is not all there.
    case damaged(block: UInt64)
    /// There is no folder that may be written.
    case noPlace
    /// The store was closed.
    case closed
}

/// Makes the spill files of one open store.
package final class SpillSpace: Sendable {
    package static let suffix = ".smartstore-spill"

    private struct State {
        var files: [UInt64: any StoreFile] = [:]
        var next: UInt64 = 0
        var isClosed = false
        /// The name could not be removed when the file was made.
        var isNameLeft = false
    }

    private let folder: @Sendable () throws(FileFault) -> any StoreDirectory
    private let name: String
    private let isShared: Bool
    private let mode: PageCipher.Mode
    private let random: any RandomSource
    private let state = Mutex(State())

    /// - Parameters:
    ///   - isShared: others make files in the folder too, so that each needs a name of its own.
    ///   - isEncrypted: whether blocks are encrypted; otherwise they have a checksum.
    package init(
        name: String, isShared: Bool, isEncrypted: Bool, random: any RandomSource,
        folder: @escaping @Sendable () throws(FileFault) -> any StoreDirectory
    ) {
        self.name = name + Self.suffix
        self.isShared = isShared
        mode = isEncrypted ? .sealing : .checksumOnly
        self.random = random
        self.folder = folder
    }

    /// Removes what a crash left. That it cannot be removed is no reason not to open the store.
    package func removeLeftover() {
        guard !isShared else { return }
        do throws(FileFault) {
            let folder = try folder()
            if try folder.exists(name) { try folder.remove(name) }
        } catch {}
    }

    /// Makes an empty file under a key of its own, which is nowhere but in memory.
    package func makeFile(blockByteCount: Int) throws(SpillFault) -> SpillFile {
        let cipher: PageCipher
        var name = name
        do throws(CryptoFault) {
            cipher = try PageCipher(key: try SecretKey(random: random), mode: mode)
            if isShared { name += "-" + (try random.bytes(8)).map { Self.hex($0) }.joined() }
        } catch { throw .crypto(error) }
        let (folder, isShared) = (folder, isShared)
        let (number, file) = try state.withLock { state throws(SpillFault) in
            guard !state.isClosed else { throw .closed }
            do throws(FileFault) {
                let folder = try folder()
                if !isShared, try folder.exists(name) { try folder.remove(name) }
                let file = try folder.create(name)
                do throws(FileFault) {
                    try folder.remove(name)
                    state.isNameLeft = false
                } catch {
                    // It serves all the same; another attempt follows when it is closed.
                    state.isNameLeft = !isShared
                }
                state.next += 1
                state.files[state.next] = file
                return (state.next, file)
            } catch {
                switch error {
                case .readOnly, .notFound: throw .noPlace
                default: throw .file(error)
                }
            }
        }
        return SpillFile(file: file, cipher: cipher, blockByteCount: blockByteCount, space: self, number: number)
    }

    /// Ends a file.
    func release(_ number: UInt64) {
        let (file, isNameLeft) = state.withLock { state in
            defer { state.isNameLeft = false }
            return (state.files.removeValue(forKey: number), state.isNameLeft)
        }
        file?.close()
        if isNameLeft { removeLeftover() }
    }

    /// Ends every file; no other can be made.
    package func close() {
        let numbers = state.withLock { state in
            state.isClosed = true
            return Array(state.files.keys)
        }
        for number in numbers { release(number) }
    }

    /// Files that are open now.
    package var fileCount: Int { state.withLock { $0.files.count } }

    private static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}

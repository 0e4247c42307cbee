// Reads a file of any length in chunks, decompressing it when it begins like gzip (RFC 1952).
//
// A gzip file may hold several members, one after another, whose contents follow each other; zero bytes after the last
// are padding, anything else is damage. Memory is bounded: one input buffer, and what the caller asks for.

import CZlib

/// A stream over the plain content of a file. For one thread at a time.
package final class GzipReader {
    private let descriptor: Int32
    private var fileOffset: Int64 = 0
    private let input: UnsafeMutableBufferPointer<UInt8>
    private var inputStart = 0
    private var inputEnd = 0
    private var state = State.plain
    private let stream: UnsafeMutablePointer<z_stream>  // zlib remembers its address: it must not move

    private enum State {
        case plain
        case betweenMembers
        case inMember
        case ended
        case unusable
    }

    /// The size of the file on disk in bytes.
    package let compressedSize: UInt64

    /// Whether the content is decompressed.
    package let isCompressed: Bool

    /// How many of the file's own bytes have been used up; compared with `compressedSize` it shows progress.
    package var compressedOffset: UInt64 { UInt64(fileOffset) - UInt64(inputEnd - inputStart) }

    /// Opens the file at `path` and looks at its first bytes.
    package init(path: String) throws(FileFault) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        input = .allocate(capacity: 128 << 10)
        input.initialize(repeating: 0)
        do throws(SystemError) {
            guard !path.utf8.contains(0) else { throw SystemError.invalidArgument }
            descriptor = try Platform.open(path, in: Platform.currentDirectory, .read)
        } catch {
            stream.deallocate()
            input.deallocate()
            throw FileFault(.open, error)
        }
        do throws(SystemError) {
            let status = try Platform.status(descriptor)
            guard status.isRegular else { throw SystemError.invalidArgument }
            compressedSize = UInt64(status.size)
            inputEnd = try Platform.read(descriptor, into: UnsafeMutableRawBufferPointer(input), at: 0)
            fileOffset = Int64(inputEnd)
        } catch {
            Platform.close(descriptor)
            stream.deallocate()
            input.deallocate()
            throw FileFault(.read, error)
        }
        isCompressed = inputEnd >= 2 && input[0] == 0x1F && input[1] == 0x8B
        if isCompressed { state = storeio_inflate_begin_gzip(stream) == Z_OK ? .inMember : .unusable }
    }

    deinit {
        if isCompressed { inflateEnd(stream) }
        stream.deallocate()
        input.deallocate()
        Platform.close(descriptor)
    }

    /// The next bytes, `count` of them unless the content ends before; empty at the end.
    ///
    /// Throws a `FileFault`, or `CryptoFault.inflateFailed` when the file is damaged or cut off.
    package func read(upTo count: Int) throws -> [UInt8] {
        precondition(count > 0, "ask for at least one byte")
        return try [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            done = 0
            while done < count {
                let rest = UnsafeMutableBufferPointer(rebasing: buffer[done...])
                switch state {
                case .plain: done += try copyPlain(into: rest)
                case .betweenMembers: try beginMember()
                case .inMember: done += try inflate(into: rest)
                case .ended: return
                case .unusable: throw CryptoFault.failed("inflateInit2")
                }
            }
        }
    }

    // MARK: States

    private func copyPlain(into output: UnsafeMutableBufferPointer<UInt8>) throws(FileFault) -> Int {
        guard try refill() else {
            state = .ended
            return 0
        }
        let count = min(output.count, inputEnd - inputStart)
        _ = output.update(fromContentsOf: input[inputStart..<inputStart + count])
        inputStart += count
        return count
    }

    private func inflate(into output: UnsafeMutableBufferPointer<UInt8>) throws -> Int {
        guard try refill() else { throw CryptoFault.inflateFailed }  // the file ends inside a member
        let room = min(output.count, 1 << 30)
        let available = inputEnd - inputStart
        stream.pointee.next_in = input.baseAddress.map { $0 + inputStart }
        stream.pointee.avail_in = UInt32(available)
        stream.pointee.next_out = output.baseAddress
        stream.pointee.avail_out = UInt32(room)
        let result = CZlib.inflate(stream, Z_NO_FLUSH)
        inputStart = inputEnd - Int(stream.pointee.avail_in)
        let written = room - Int(stream.pointee.avail_out)
        switch result {
        case Z_OK: break
        case Z_BUF_ERROR where inputStart == inputEnd || written > 0: break  // wants more of either
        case Z_STREAM_END: state = .betweenMembers
        default: throw CryptoFault.inflateFailed
        }
        return written
    }

    /// Looks for another member after one that ended.
    private func beginMember() throws {
        guard try refill() else {
            state = .ended
            return
        }
        if input[inputStart] == 0x1F {
            guard inflateReset(stream) == Z_OK else { throw CryptoFault.inflateFailed }
            state = .inMember
            return
        }
        while try refill() {
            guard input[inputStart..<inputEnd].allSatisfy({ $0 == 0 }) else { throw CryptoFault.inflateFailed }
            inputStart = inputEnd
        }
        state = .ended
    }

    /// Makes sure that there is input; false at the end of the file.
    private func refill() throws(FileFault) -> Bool {
        if inputStart < inputEnd { return true }
        do throws(SystemError) {
            inputEnd = try Platform.read(descriptor, into: UnsafeMutableRawBufferPointer(input), at: fileOffset)
        } catch {
            inputEnd = 0
            inputStart = 0
            throw FileFault(.read, error)
        }
        inputStart = 0
        fileOffset += Int64(inputEnd)
        return inputEnd > 0
    }
}

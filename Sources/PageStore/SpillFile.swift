import StoreIO

// One spill file: blocks of one size, each written once, in order, and read in any.
//
// 1. Block n stands at n × (block + 16): the sealed bytes, then the tag. Its nonce and its associated data are n, so a
//    block serves at its own place only.
// 2. The key is drawn for the file, and no block is written twice: no nonce serves twice.
// 3. Nothing is synced: after a crash nobody wants it.

/// A temporary file of sealed blocks; for one thread. It ends with the object.
package final class SpillFile {
    /// Bytes that a block carries.
    package let blockByteCount: Int
    /// Blocks written so far.
    package private(set) var blockCount: UInt64 = 0

    private let file: any StoreFile
    private let cipher: PageCipher
    private let space: SpillSpace
    private let number: UInt64
    private var image: [UInt8]
    private static let tagByteCount = 16

    init(file: any StoreFile, cipher: PageCipher, blockByteCount: Int, space: SpillSpace, number: UInt64) {
        self.file = file
        self.cipher = cipher
        self.blockByteCount = blockByteCount
        self.space = space
        self.number = number
        image = [UInt8](repeating: 0, count: blockByteCount + Self.tagByteCount)
    }

    deinit { close() }

    /// Ends the file; the system takes its room back.
    package func close() { space.release(number) }

    private func offset(of block: UInt64) -> UInt64 { block * UInt64(blockByteCount + Self.tagByteCount) }

    /// Writes the next block. `payload` has exactly the bytes of a block.
    package func append(_ payload: [UInt8]) throws(SpillFault) {
        precondition(payload.count == blockByteCount, "a block is written whole")
        let block = blockCount
        var image = takeImage()
        defer { self.image = image }
        let tag: Tag
        do throws(CryptoFault) {
            var span = image.mutableSpan
            var bytes = span.mutableBytes
            var body = bytes._mutatingExtracting(0..<blockByteCount)
            tag = try cipher.seal(
                nonce: Nonce(high: block, low: 0), authenticating: withLittleEndian(block).span.bytes,
                payload.span.bytes, into: &body)
        } catch { throw .crypto(error) }
        image.store(tag.low, at: blockByteCount)
        image.store(tag.high, at: blockByteCount + 8)
        do throws(FileFault) { try file.write(image.span.bytes, at: offset(of: block)) } catch {
            throw error == .closed ? .closed : .file(error)
        }
        blockCount += 1
    }

    /// Reads a block into `payload`, which then has exactly the bytes of a block.
    package func read(_ block: UInt64, into payload: inout [UInt8]) throws(SpillFault) {
        if payload.count != blockByteCount { payload = [UInt8](repeating: 0, count: blockByteCount) }
        var image = takeImage()
        defer { self.image = image }
        do throws(FileFault) {
            var span = image.mutableSpan
            var bytes = span.mutableBytes
            try file.read(into: &bytes, at: offset(of: block))
        } catch {
            switch error {
            case .closed: throw .closed
            case .endOfFile: throw .damaged(block: block)
            default: throw .file(error)
            }
        }
        let tag = Tag(low: image.loadUInt64(at: blockByteCount), high: image.loadUInt64(at: blockByteCount + 8))
        do throws(CryptoFault) {
            var span = payload.mutableSpan
            var bytes = span.mutableBytes
            try cipher.open(
                nonce: Nonce(high: block, low: 0), authenticating: withLittleEndian(block).span.bytes,
                image.span.bytes.extracting(0..<blockByteCount), tag: tag, into: &bytes)
        } catch {
            throw error == .authenticationFailed ? .damaged(block: block) : .crypto(error)
        }
    }

    private func takeImage() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &image)
        return taken
    }
}

import StoreIO

// The bytes of a simulated file, in shared pieces.
//
// 1. A copy shares every piece with its original until one of them writes to it, so that the thousands of images of a
//    crash trial cost what they change and not what they hold.
// 2. Bytes behind the end, in the last piece, are zero: growing shows zeros.
//
// The only file of the trials that touches raw memory: it moves whole ranges that were checked against the pieces.

/// A file's content; cheap to copy.
package struct DiskContent: Sendable, Equatable {
    private static let pieceByteCount = 4096
    private static let zeroPiece = [UInt8](repeating: 0, count: pieceByteCount)

    private var pieces: [[UInt8]] = []
    /// Bytes of the file.
    package private(set) var count = 0

    package init() {}

    package init(_ bytes: [UInt8]) {
        write(bytes, at: 0)
    }

    package var bytes: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count)
        for piece in pieces { result += piece.prefix(count - result.count) }
        return result
    }

    /// Bytes of a range; what lies behind the end is left out.
    package subscript(range: Range<Int>) -> [UInt8] {
        let end = min(count, range.upperBound)
        guard range.lowerBound < end else { return [] }
        var result = [UInt8](repeating: 0, count: end - range.lowerBound)
        result.withUnsafeMutableBytes { copy(range.lowerBound, into: $0) }
        return result
    }

    /// Fills `target` from `offset`. Returns how many bytes there were; fewer than asked for leave the rest alone.
    package func read(into target: inout MutableRawSpan, at offset: Int) -> Int {
        let found = max(0, min(target.byteCount, count - offset))
        guard found > 0 else { return 0 }
        target.withUnsafeMutableBytes { copy(offset, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<found])) }
        return found
    }

    /// Copies from `offset` on; the range lies within the file.
    private func copy(_ offset: Int, into target: UnsafeMutableRawBufferPointer) {
        var done = 0
        while done < target.count {
            let (index, start) = (offset + done).quotientAndRemainder(dividingBy: Self.pieceByteCount)
            let length = min(target.count - done, Self.pieceByteCount - start)
            pieces[index].withUnsafeBytes { piece in
                UnsafeMutableRawBufferPointer(rebasing: target[done..<done + length])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: piece[start..<start + length]))
            }
            done += length
        }
    }

    /// Puts bytes at `offset`; the file grows when they reach beyond its end.
    package mutating func write(_ bytes: [UInt8], at offset: Int) {
        write(bytes, 0..<bytes.count, at: offset)
    }

    /// Puts `bytes[range]` at `offset`.
    package mutating func write(_ bytes: [UInt8], _ range: Range<Int>, at offset: Int) {
        guard !range.isEmpty else { return }
        if offset + range.count > count { resize(to: offset + range.count) }
        bytes.withUnsafeBytes { source in
            var done = 0
            while done < range.count {
                let (index, start) = (offset + done).quotientAndRemainder(dividingBy: Self.pieceByteCount)
                let length = min(range.count - done, Self.pieceByteCount - start)
                let from = range.lowerBound + done
                pieces[index].withUnsafeMutableBytes { piece in
                    UnsafeMutableRawBufferPointer(rebasing: piece[start..<start + length])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[from..<from + length]))
                }
                done += length
            }
        }
    }

    /// Makes the file `byteCount` long; what is new reads as zeros.
    package mutating func resize(to byteCount: Int) {
        let needed = (byteCount + Self.pieceByteCount - 1) / Self.pieceByteCount
        if byteCount < count {
            pieces.removeLast(pieces.count - needed)
            let used = byteCount % Self.pieceByteCount
            if used > 0, let last = pieces.indices.last {
                pieces[last].replaceSubrange(used..., with: Self.zeroPiece[used...])
            }
        } else {
            pieces.reserveCapacity(needed)
            while pieces.count < needed { pieces.append(Self.zeroPiece) }
        }
        count = byteCount
    }
}

extension RawSpan {
    /// A copy of the bytes.
    package var copied: [UInt8] { withUnsafeBytes { [UInt8]($0) } }
}

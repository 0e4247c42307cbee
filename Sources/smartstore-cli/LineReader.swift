// The lines of a file, plain or gzip, numbered from 1.

import SmartStore
import StoreIO

struct LineReader {
    /// The longest line that is taken.
    static let lineByteLimit = StandardInput.lineByteLimit

    private let reader: GzipReader
    private let path: String
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false
    /// The number of the line that `next` returned last; 0 before the first.
    private(set) var lineNumber = 0

    init(path: String) throws {
        self.path = path
        reader = try GzipReader(path: path)
    }

    /// The share of the file that was read, 0 to 1.
    var share: Double {
        reader.compressedSize == 0 ? 1 : Double(reader.compressedOffset) / Double(reader.compressedSize)
    }

    /// The next line without its line feed (and carriage return); nil at the end.
    mutating func next() throws -> [UInt8]? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0A) {
                defer { start = end + 1 }
                return line(to: end)
            }
            if isAtEnd {
                defer { start = buffer.count }
                return start < buffer.count ? line(to: buffer.count) : nil
            }
            guard buffer.count - start <= Self.lineByteLimit else {
                throw StoreError.input(
                    path, "Line \(lineNumber + 1) has more than \(Self.lineByteLimit) bytes.",
                    remedy: "Give one document a line.")
            }
            buffer.removeSubrange(..<start)
            start = 0
            searched = buffer.count
            let more = try reader.read(upTo: 1 << 18)
            if more.isEmpty { isAtEnd = true }
            buffer += more
        }
    }

    private mutating func line(to end: Int) -> [UInt8] {
        lineNumber += 1
        var line = buffer[start..<end]
        if line.last == 0x0D { line.removeLast() }
        if lineNumber == 1, line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        return Array(line)
    }
}

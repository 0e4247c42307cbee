// Standard output in lines of JSON, and standard input in lines of bytes.

import SmartStore

/// Standard output, or a file in its place, buffered. A reader that has gone away is an error of the write.
final class StandardOutput {
    private static let bufferByteCount = 1 << 16
    private var buffer: [UInt8] = []
    private let format: ExtendedJSON.Format
    private var descriptor: Int32 = 1
    private let name: String

    init(_ format: ExtendedJSON.Format = .relaxed) {
        self.format = format
        name = "standard output"
    }

    /// Writes to a file, which takes the place of one that is there.
    init(_ format: ExtendedJSON.Format, path: String) throws {
        self.format = format
        name = path
        descriptor = Terminal.openToWrite(path)
        if descriptor < 0 { throw failed(Terminal.lastFailure) }
    }

    func document(_ document: Document) throws {
        buffer += ExtendedJSON.utf8(document, format)
        try endLine()
    }

    func line(_ text: String) throws {
        buffer += Array(text.utf8)
        try endLine()
    }

    func bytes(_ bytes: [UInt8]) throws {
        buffer += bytes
        try flush()
    }

    /// Bytes of a stream: written when there are enough of them, at the latest by `flush`.
    func piece(_ bytes: [UInt8]) throws {
        buffer += bytes
        if buffer.count >= Self.bufferByteCount { try flush() }
    }

    func flush() throws {
        defer { buffer.removeAll(keepingCapacity: true) }
        if let number = Terminal.writeAll(buffer, to: descriptor) {
            throw failed(Terminal.SystemFailure(number: number))
        }
    }

    /// Writes what is left, and closes the file if it is one.
    func close() throws {
        try flush()
        if descriptor > 2 { Terminal.closeFile(descriptor) }
        descriptor = -1
    }

    private func endLine() throws {
        buffer.append(0x0A)
        if buffer.count >= Self.bufferByteCount { try flush() }
    }

    private func failed(_ failure: Terminal.SystemFailure) -> StoreError {
        StoreError(
            .ioFailed, "Cannot write to \(name): \(failure.words).",
            remedy: descriptor == 1 ? "Keep its reader running." : "Check the path, its permissions and the disk.")
    }
}

/// Standard input, line by line.
final class StandardInput {
    /// The longest line that is taken: a document of 16 MiB in its widest JSON form, and room for a command.
    static let lineByteLimit = 96 << 20

    enum Line {
        case bytes([UInt8])
        /// A line over the limit; its bytes are gone, the next line comes next.
        case tooLong
    }

    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false

    /// The next line without its end; nil at the end of the input. The last line may lack its line feed.
    func next() throws -> Line? {
        var searched = start
        var isTooLong = false
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0A) {
                defer { start = end + 1 }
                if isTooLong { return .tooLong }
                return .bytes(Array(buffer[start..<end]))
            }
            if isAtEnd {
                defer { start = buffer.count }
                if isTooLong { return .tooLong }
                return start < buffer.count ? .bytes(Array(buffer[start...])) : nil
            }
            if buffer.count - start > Self.lineByteLimit {
                isTooLong = true
                buffer.removeAll()
                start = 0
            }
            buffer.removeSubrange(..<start)
            start = 0
            searched = buffer.count
            guard let more = Terminal.read(from: 0, upTo: 1 << 16) else {
                throw StoreError(.ioFailed, "Cannot read standard input.", remedy: "Check where it comes from.")
            }
            if more.isEmpty { isAtEnd = true }
            buffer += more
        }
    }
}

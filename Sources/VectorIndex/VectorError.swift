// The one error of this target: what was wrong with a vector, an option, a row number or saved bytes.

/// Why the index refused an input or could not use its saved bytes.
public struct VectorError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Code: Sendable, Equatable {
        /// The vector has another number of elements than the index.
        case wrongDimension(expected: Int, found: Int)
        /// Element `at` is NaN or infinite.
        case notFinite(at: Int)
        /// Element `at` is beyond what the storage can hold (float16: ±65504).
        case outOfStorageRange(at: Int)
        /// The zero vector has no direction, so cosine cannot compare it.
        case zeroVector
        /// An option is outside its range.
        case invalidOption(name: String, reason: String)
        /// The row is neither the next new one nor a deleted one that may be reused, or does not exist.
        case rowOutOfRange(row: UInt32, rowCount: Int)
        /// The index holds as many rows as memory was reserved for.
        case full(maximumRowCount: Int)
        /// The encoded row or state has the wrong size or content.
        case corruptImage(reason: String)
        /// The block source failed.
        case source(String)
        /// A file cannot be read or written, or is not what it should be.
        case file(path: String, reason: String)
        /// The system refused to reserve memory.
        case outOfMemory(byteCount: Int)
    }

    /// What happened.
    public let code: Code
    /// What the block source threw, when that is why.
    public let cause: (any Error)?

    /// An error of that kind.
    public init(_ code: Code, cause: (any Error)? = nil) {
        self.code = code
        self.cause = cause
    }

    /// Errors of one kind are equal, whatever caused them.
    public static func == (left: VectorError, right: VectorError) -> Bool { left.code == right.code }

    /// A sentence for people.
    public var message: String {
        switch code {
        case .wrongDimension(let expected, let found):
            "the vector has \(found) dimensions, the index has \(expected)"
        case .notFinite(let at): "element \(at) of the vector is not a finite number"
        case .outOfStorageRange(let at): "element \(at) of the vector is too large for float16 (65504 at most)"
        case .zeroVector: "the zero vector has no direction and cannot be compared by cosine"
        case .invalidOption(let name, let reason): "option \(name): \(reason)"
        case .rowOutOfRange(let row, let rowCount):
            "row \(row) cannot be used here: the index has \(rowCount) rows, and only deleted rows are reused"
        case .full(let maximum): "the index is full: memory was reserved for \(maximum) rows"
        case .corruptImage(let reason): "saved index bytes are damaged: \(reason)"
        case .source(let reason): "reading saved index blocks failed: \(reason)"
        case .file(let path, let reason): "\(path): \(reason)"
        case .outOfMemory(let byteCount): "the system refused to reserve \(byteCount) bytes of address space"
        }
    }

    /// The same as ``message``.
    public var description: String { message }
}

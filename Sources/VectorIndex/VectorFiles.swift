// Matrices of vectors in the two formats that others read and write: npy (numpy's, versions 1 to 3; little-endian float16
// or float32, two dimensions, C order) and fvecs (of the TEXMEX corpora: for each row its dimension as a little-endian
// 32-bit integer, then that many float32).
//
// Both are read and written by rows; the whole is never in memory. What a header claims is held against the file's size
// before anything is done with it.
// Unsafe code: rows lie inside a piece that was read, and its size was checked.

import CVectorKernels

/// Reading and writing matrices of vectors.
public enum VectorFiles {
    /// Elements that a row may have.
    public static let dimensionRange = 1...65536

    /// Opens a matrix: an npy file by its first bytes, anything else as fvecs.
    ///
    /// - Throws: `file`.
    public static func read(_ path: String) throws(VectorError) -> VectorFileReader {
        let file = try PlainFile(reading: path)
        let start = try file.read(at: 0, count: min(file.byteCount, VectorFileReader.npyMagic.count))
        return start == VectorFileReader.npyMagic ? try VectorFileReader(npy: file) : try VectorFileReader(fvecs: file)
    }

    /// Opens an npy file.
    ///
    /// - Throws: `file` when it cannot be read, is no npy file, or holds anything but a matrix of float16 or float32.
    public static func readNpy(_ path: String) throws(VectorError) -> VectorFileReader {
        try VectorFileReader(npy: PlainFile(reading: path))
    }

    /// Opens an fvecs file.
    ///
    /// - Throws: `file` when it cannot be read or its size is not a whole number of rows like the first.
    public static func readFvecs(_ path: String) throws(VectorError) -> VectorFileReader {
        try VectorFileReader(fvecs: PlainFile(reading: path))
    }

    /// Begins an npy file of version 1. It appears under its name when it is finished.
    ///
    /// - Throws: `file`; `invalidOption` for a dimension out of ``dimensionRange``.
    public static func writeNpy(
        _ path: String, dimension: Int, storage: VectorStorage = .float32
    ) throws(VectorError) -> VectorFileWriter {
        try VectorFileWriter(path, dimension: dimension, form: .npy(storage))
    }

    /// Begins an fvecs file. It appears under its name when it is finished.
    ///
    /// - Throws: as ``writeNpy(_:dimension:storage:)``.
    public static func writeFvecs(_ path: String, dimension: Int) throws(VectorError) -> VectorFileWriter {
        try VectorFileWriter(path, dimension: dimension, form: .fvecs)
    }
}

/// A matrix in a file, read by rows. For one thread at a time.
public final class VectorFileReader {
    static let npyMagic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// Rows.
    public let rowCount: Int
    /// Elements of a row.
    public let dimension: Int
    /// How the file keeps elements.
    public let storage: VectorStorage
    /// The file.
    public var path: String { file.path }

    private let file: PlainFile
    private let dataOffset: Int
    /// Bytes of a row before its elements.
    private let prefix: Int
    private var piece: [UInt8] = []
    private var pieceRows = 0..<0

    private static let pieceByteCount = 1 << 20
    private static let longestHeader = 1 << 16

    private var stride: Int { prefix + dimension * storage.byteCount }

    init(npy file: PlainFile) throws(VectorError) {
        func require(_ condition: Bool, _ reason: String) throws(VectorError) {
            guard condition else { throw VectorError(.file(path: file.path, reason: reason)) }
        }
        try require(file.byteCount >= 10, "it is no npy file")
        let start = try file.read(at: 0, count: min(12, file.byteCount))
        try require(Array(start.prefix(6)) == Self.npyMagic, "it is no npy file")
        try require((1...3).contains(start[6]), "its npy version is unknown")
        let isLong = start[6] > 1
        try require(!isLong || start.count == 12, "it ends too early")
        let headerOffset = isLong ? 12 : 10
        let headerByteCount =
            Int(start[8]) | Int(start[9]) << 8 | (isLong ? Int(start[10]) << 16 | Int(start[11]) << 24 : 0)
        try require(headerByteCount <= Self.longestHeader, "its npy header is too long")
        let header = NpyHeader(try file.read(at: headerOffset, count: headerByteCount))
        switch header.value("descr")?.dropFirst().prefix(3) {
        case "<f2": storage = .float16
        case "<f4": storage = .float32
        default:
            throw VectorError(
                .file(path: file.path, reason: "its elements are not little-endian float16 or float32"))
        }
        try require(header.value("fortran_order")?.hasPrefix("False") == true, "it is not in C order")
        guard let shape = header.shape, shape.count == 2, shape[0] >= 0, VectorFiles.dimensionRange.contains(shape[1])
        else { throw VectorError(.file(path: file.path, reason: "it has not two dimensions of a usable size")) }
        dataOffset = headerOffset + headerByteCount
        let rowByteCount = shape[1] * storage.byteCount
        try require(shape[0] <= (file.byteCount - dataOffset) / rowByteCount, "it is shorter than its shape says")
        (rowCount, dimension, prefix) = (shape[0], shape[1], 0)
        self.file = file
    }

    init(fvecs file: PlainFile) throws(VectorError) {
        func require(_ condition: Bool, _ reason: String) throws(VectorError) {
            guard condition else { throw VectorError(.file(path: file.path, reason: reason)) }
        }
        try require(file.byteCount >= 4, "it is neither an npy nor an fvecs file")
        dimension = Self.integer(try file.read(at: 0, count: 4), 0)
        try require(VectorFiles.dimensionRange.contains(dimension), "its first row has an impossible dimension")
        storage = .float32
        (prefix, dataOffset) = (4, 0)
        let rowByteCount = 4 + dimension * 4
        try require(file.byteCount % rowByteCount == 0, "its size is not a whole number of rows like the first")
        rowCount = file.byteCount / rowByteCount
        self.file = file
    }

    /// The elements of a row. Reading in order reads the file in pieces of a megabyte.
    ///
    /// - Throws: `file` when there is no such row, it cannot be read, or has another dimension than the first.
    public func row(_ index: Int) throws(VectorError) -> [Float] {
        guard (0..<rowCount).contains(index) else {
            throw VectorError(.file(path: path, reason: "there is no row \(index); it has \(rowCount)"))
        }
        if !pieceRows.contains(index) {
            let count = min(rowCount - index, max(1, Self.pieceByteCount / stride))
            pieceRows = 0..<0
            piece = try file.read(at: dataOffset + index * stride, count: count * stride)
            pieceRows = index..<index + count
        }
        let start = (index - pieceRows.lowerBound) * stride
        if prefix > 0, Self.integer(piece, start) != dimension {
            throw VectorError(.file(path: path, reason: "row \(index) has another dimension than the first"))
        }
        return [Float](unsafeUninitializedCapacity: dimension) { floats, count in
            piece.withUnsafeBytes { bytes in
                let first = bytes.baseAddress! + start + prefix
                switch storage {
                case .float16: vk_kernels().pointee.f16_to_f32(first, floats.baseAddress!, dimension)
                case .float32:
                    for place in 0..<dimension {
                        let word = first.loadUnaligned(fromByteOffset: place * 4, as: UInt32.self)
                        floats[place] = Float(bitPattern: UInt32(littleEndian: word))
                    }
                }
            }
            count = dimension
        }
    }

    private static func integer(_ bytes: [UInt8], _ at: Int) -> Int {
        let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32($1 * 8) }
        return Int(Int32(bitPattern: word))
    }
}

/// A matrix that is written by rows. Without ``finish()`` nothing is left of it. For one thread at a time.
public final class VectorFileWriter {
    enum Form {
        case npy(VectorStorage)
        case fvecs
    }

    /// Elements of a row.
    public let dimension: Int
    /// Rows written so far.
    public private(set) var rowCount = 0
    private let form: Form
    private let file: NewFile

    private static let npyHeaderByteCount = 128

    init(_ path: String, dimension: Int, form: Form) throws(VectorError) {
        guard VectorFiles.dimensionRange.contains(dimension) else {
            throw VectorError(.invalidOption(name: "dimension", reason: "\(dimension) is outside 1...65536"))
        }
        self.dimension = dimension
        self.form = form
        file = try NewFile(path)
        if case .npy = form { try file.append([UInt8](repeating: 0, count: Self.npyHeaderByteCount)) }
    }

    /// Writes the next row.
    ///
    /// - Throws: `wrongDimension`, `outOfStorageRange` for float16, `file`.
    public func append(_ row: [Float]) throws(VectorError) {
        guard row.count == dimension else {
            throw VectorError(.wrongDimension(expected: dimension, found: row.count))
        }
        var bytes: [UInt8] = []
        switch form {
        case .npy(.float16):
            if let at = row.firstIndex(where: { $0.isFinite && abs($0) >= 65520 }) {
                throw VectorError(.outOfStorageRange(at: at))
            }
            bytes = [UInt8](unsafeUninitializedCapacity: dimension * 2) { room, count in
                vk_kernels().pointee.f32_to_f16(row, room.baseAddress!, dimension)
                count = dimension * 2
            }
        case .npy(.float32): Self.append(row, to: &bytes)
        case .fvecs:
            bytes = IndexFile.bytes(UInt32(dimension))
            Self.append(row, to: &bytes)
        }
        try file.append(bytes)
        rowCount += 1
    }

    /// Completes the header, makes the file durable and gives it its name. Nothing may be written afterwards.
    public func finish() throws(VectorError) {
        if case .npy(let storage) = form {
            let description =
                "{'descr': '<f\(storage.byteCount)', 'fortran_order': False, 'shape': (\(rowCount), \(dimension)), }"
            var header = VectorFileReader.npyMagic + [1, 0]
            header += IndexFile.bytes(UInt16(Self.npyHeaderByteCount - 10))
            header += Array(description.utf8)
            header += [UInt8](repeating: 0x20, count: Self.npyHeaderByteCount - 1 - header.count) + [0x0A]
            try file.replace(at: 0, with: header)
        }
        try file.finish()
    }

    private static func append(_ row: [Float], to bytes: inout [UInt8]) {
        bytes.reserveCapacity(bytes.count + row.count * 4)
        for element in row { bytes += IndexFile.bytes(element.bitPattern) }
    }
}

/// What an npy header says: `{'descr': '<f2', 'fortran_order': False, 'shape': (54000, 384), }`.
private struct NpyHeader {
    private let text: String

    init(_ bytes: [UInt8]) { text = String(decoding: bytes, as: UTF8.self) }

    /// What stands behind a key, up to the header's end.
    func value(_ key: String) -> Substring? {
        var rest = text[...]
        let quoted = "'\(key)'"
        while !rest.isEmpty, !rest.hasPrefix(quoted) { rest.removeFirst() }
        guard !rest.isEmpty else { return nil }
        return rest.dropFirst(quoted.count).drop { $0 == ":" || $0 == " " }
    }

    /// The numbers of the shape; nil when it is none.
    var shape: [Int]? {
        guard let shape = value("shape"), shape.hasPrefix("("), let end = shape.firstIndex(of: ")") else { return nil }
        var numbers: [Int] = []
        for part in shape[shape.index(after: shape.startIndex)..<end].split(separator: ",") {
            guard let number = Int(part.filter { $0 != " " }) else { return nil }
            numbers.append(number)
        }
        return numbers
    }
}

// A matrix in an npy file (numpy's format, versions 1 to 3): little-endian float16 or float32, two dimensions, in C
// order. Rows are read when they are asked for, a piece of the file at a time; the whole is never in memory.

import SmartStore
import StoreIO

final class NumpyMatrix {
    /// Rows.
    let rowCount: Int
    /// Elements of a row.
    let columnCount: Int
    /// The file's name, without its folder.
    let name: String

    private let path: String
    private let file: any StoreFile
    private let elementByteCount: Int
    private let dataOffset: UInt64
    private var piece: [UInt8] = []
    private var pieceRows = 0..<0

    private static let pieceByteCount = 1 << 20
    private static let longestHeader = 1 << 16

    init(path: String) throws {
        self.path = path
        let (folder, name) = PosixDirectory.split(path: path)
        self.name = name
        file = try PosixDirectory(path: folder).open(name, access: .readOnly, lockWait: .zero)
        let start = try Self.read(file, at: 0, count: 12, path)
        guard start[0..<6].elementsEqual([0x93] + Array("NUMPY".utf8)) else {
            throw Self.fault(path, "it is no npy file")
        }
        let isLong = start[6] > 1
        let headerOffset = isLong ? 12 : 10
        let headerByteCount =
            Int(start[8]) | Int(start[9]) << 8 | (isLong ? Int(start[10]) << 16 | Int(start[11]) << 24 : 0)
        guard (1...3).contains(start[6]), headerByteCount <= Self.longestHeader else {
            throw Self.fault(path, "its npy header has an unknown version or is too long")
        }
        let header = try Self.read(file, at: UInt64(headerOffset), count: headerByteCount, path)
        let description = try NumpyHeader(header, path)
        (rowCount, columnCount) = (description.rowCount, description.columnCount)
        elementByteCount = description.elementByteCount
        dataOffset = UInt64(headerOffset + headerByteCount)
        let (elements, overflow) = rowCount.multipliedReportingOverflow(by: columnCount)
        guard !overflow, elements <= 1 << 50 else { throw Self.fault(path, "its shape is too large") }
        guard try file.size() >= dataOffset + UInt64(elements * elementByteCount) else {
            throw Self.fault(path, "it is shorter than its shape says")
        }
    }

    deinit { file.close() }

    /// The elements of a row.
    func row(_ index: Int) throws -> [Float] {
        guard (0..<rowCount).contains(index) else {
            throw Self.fault(path, "there is no row \(index); it has \(rowCount)")
        }
        if !pieceRows.contains(index) { try load(from: index) }
        let stride = columnCount * elementByteCount
        let start = (index - pieceRows.lowerBound) * stride
        return [Float](unsafeUninitializedCapacity: columnCount) { floats, count in
            piece.withUnsafeBytes { bytes in
                for column in 0..<columnCount {
                    let offset = start + column * elementByteCount
                    floats[column] =
                        elementByteCount == 4
                        ? Float(
                            bitPattern: UInt32(
                                littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
                        : HalfFloat.float(
                            UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
                }
            }
            count = columnCount
        }
    }

    private func load(from row: Int) throws {
        let stride = columnCount * elementByteCount
        let count = min(rowCount - row, max(1, Self.pieceByteCount / max(1, stride)))
        piece = try Self.read(file, at: dataOffset + UInt64(row * stride), count: count * stride, path)
        pieceRows = row..<(row + count)
    }

    private static func read(
        _ file: any StoreFile, at offset: UInt64, count: Int, _ path: String
    ) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        do throws(FileFault) {
            var span = bytes.mutableSpan
            var raw = span.mutableBytes
            try file.read(into: &raw, at: offset)
        } catch {
            if case .endOfFile = error { throw fault(path, "it ends too early") }
            throw error
        }
        return bytes
    }

    fileprivate static func fault(_ path: String, _ reason: String) -> StoreError {
        .input(path, "\(reason).", remedy: "Give a matrix of float16 or float32 as numpy.save writes it.")
    }
}

/// What the header says: `{'descr': '<f2', 'fortran_order': False, 'shape': (54000, 384), }`.
private struct NumpyHeader {
    let rowCount: Int
    let columnCount: Int
    let elementByteCount: Int

    init(_ bytes: [UInt8], _ path: String) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        switch Self.value("descr", in: text)?.dropFirst().prefix(3) {
        case "<f2": elementByteCount = 2
        case "<f4": elementByteCount = 4
        default: throw NumpyMatrix.fault(path, "its elements are not little-endian float16 or float32")
        }
        guard Self.value("fortran_order", in: text)?.hasPrefix("False") == true else {
            throw NumpyMatrix.fault(path, "it is not in C order")
        }
        guard let shape = Self.value("shape", in: text), shape.hasPrefix("("), let end = shape.firstIndex(of: ")")
        else { throw NumpyMatrix.fault(path, "its header has no shape") }
        let parts = shape[shape.index(after: shape.startIndex)..<end].split(separator: ",").map {
            Int($0.filter { $0 != " " })
        }
        guard parts.count == 2, let rows = parts[0], let columns = parts[1], rows >= 0, columns > 0,
            columns <= 1 << 16
        else { throw NumpyMatrix.fault(path, "it has not two dimensions of a usable size") }
        (rowCount, columnCount) = (rows, columns)
    }

    /// What stands behind a key, up to the header's end.
    private static func value(_ key: String, in text: String) -> Substring? {
        var rest = text[...]
        let quoted = "'\(key)'"
        while !rest.isEmpty, !rest.hasPrefix(quoted) { rest.removeFirst() }
        guard !rest.isEmpty else { return nil }
        return rest.dropFirst(quoted.count).drop { $0 == ":" || $0 == " " }
    }
}

/// IEEE binary16, converted by hand: the type itself does not exist on every platform.
enum HalfFloat {
    static func float(_ bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 0x1F
        let fraction = UInt32(bits & 0x3FF)
        switch exponent {
        case 0:
            // Zero and the subnormal numbers: a fraction of 2⁻²⁴ each.
            let magnitude = Float(fraction) * 0x1p-24
            return Float(bitPattern: magnitude.bitPattern | sign)
        case 0x1F: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }
}

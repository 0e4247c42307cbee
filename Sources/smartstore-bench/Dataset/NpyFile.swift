// Reads a two-dimensional matrix from a file in numpy's .npy format (versions 1 to 3), some rows at a time, so that the
// whole matrix need not be in memory.
//
// Elements are little-endian float16, float32 or int32, in C order.

import Foundation

/// A matrix in a file. For one thread at a time.
final class NpyFile {
    enum Element: String {
        case float16 = "<f2"
        case float32 = "<f4"
        case int32 = "<i4"

        var byteCount: Int { self == .float16 ? 2 : 4 }
    }

    let path: String
    let element: Element
    let rowCount: Int
    let columnCount: Int
    private let handle: FileHandle
    private let dataOffset: Int

    /// Opens the file and checks its header and its size.
    init(path: String) throws {
        self.path = path
        guard let handle = FileHandle(forReadingAtPath: path) else { throw BenchError("cannot open \(path)") }
        self.handle = handle
        let start = [UInt8](try handle.read(upToCount: 12) ?? Data())
        guard start.count == 12, start.starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]), (1...3).contains(start[6])
        else { throw BenchError("\(path) is not an .npy file of version 1 to 3") }
        let (headerStart, headerCount): (Int, Int) =
            start[6] == 1
            ? (10, Int(start[8]) | Int(start[9]) << 8)
            : (12, Int(start[8]) | Int(start[9]) << 8 | Int(start[10]) << 16 | Int(start[11]) << 24)
        guard headerCount <= 1 << 20 else { throw BenchError("\(path): a header of \(headerCount) bytes") }
        try handle.seek(toOffset: UInt64(headerStart))
        let header = String(decoding: try handle.read(upToCount: headerCount) ?? Data(), as: UTF8.self)
        guard let descr = header.firstMatch(of: /'descr': *'([^']*)'/), let element = Element(rawValue: String(descr.1))
        else { throw BenchError("\(path): elements must be float16, float32 or int32, little-endian") }
        guard header.contains(/'fortran_order': *False/) else { throw BenchError("\(path) is not in C order") }
        guard let shape = header.firstMatch(of: /'shape': *\( *(\d+) *, *(\d+) *,? *\)/),
            let rows = Int(shape.1), let columns = Int(shape.2), columns > 0
        else { throw BenchError("\(path) is not a matrix") }
        let (rowBytes, wide) = columns.multipliedReportingOverflow(by: element.byteCount)
        let (byteCount, long) = rows.multipliedReportingOverflow(by: rowBytes)
        dataOffset = headerStart + headerCount
        let size = try handle.seekToEnd()
        guard !wide, !long, byteCount <= Int.max - dataOffset, size == UInt64(dataOffset + byteCount) else {
            throw BenchError("\(path) has \(size) bytes, which is not what its header says")
        }
        (self.element, rowCount, columnCount) = (element, rows, columns)
    }

    /// Some rows of floats.
    func floats(_ rows: Range<Int>) throws -> [[Float]] {
        let columns = columnCount
        let bytes = try read(rows)
        switch element {
        case .float16:
            return rows.indices.map { row in
                let start = (row - rows.lowerBound) * columns * 2
                return (0..<columns).map { column in
                    let at = start + column * 2
                    return HalfFloat.table[Int(bytes[at]) | Int(bytes[at + 1]) << 8]
                }
            }
        case .float32:
            return rows.indices.map { row in
                let start = (row - rows.lowerBound) * columns
                return (0..<columns).map { Float(bitPattern: Self.word(bytes, start + $0)) }
            }
        case .int32: throw BenchError("\(path) holds int32, not floats")
        }
    }

    /// Some rows of 32-bit integers.
    func integers(_ rows: Range<Int>) throws -> [[Int32]] {
        guard element == .int32 else { throw BenchError("\(path) does not hold int32") }
        let bytes = try read(rows)
        return rows.indices.map { row in
            let start = (row - rows.lowerBound) * columnCount
            return (0..<columnCount).map { Int32(bitPattern: Self.word(bytes, start + $0)) }
        }
    }

    private static func word(_ bytes: [UInt8], _ index: Int) -> UInt32 {
        let at = index * 4
        return UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3])
            << 24
    }

    private func read(_ rows: Range<Int>) throws -> [UInt8] {
        precondition(rows.lowerBound >= 0 && rows.upperBound <= rowCount, "rows outside the matrix")
        let rowBytes = columnCount * element.byteCount
        try handle.seek(toOffset: UInt64(dataOffset + rows.lowerBound * rowBytes))
        let wanted = rows.count * rowBytes
        let bytes = [UInt8](try handle.read(upToCount: wanted) ?? Data())
        guard bytes.count == wanted else { throw BenchError("\(path) ends too early") }
        return bytes
    }
}

/// IEEE binary16 by table; Swift's own `Float16` is not there on every platform.
enum HalfFloat {
    /// The value of each of the 65,536 patterns.
    static let table: [Float] = (0..<65536).map { value(UInt16($0)) }

    private static func value(_ bits: UInt16) -> Float {
        let sign: Float = bits & 0x8000 == 0 ? 1 : -1
        let exponent = Int(bits >> 10 & 0x1F)
        let fraction = Float(bits & 0x3FF)
        switch exponent {
        case 0: return sign * Float(sign: .plus, exponent: -24, significand: fraction)
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * Float(sign: .plus, exponent: exponent - 25, significand: 1024 + fraction)
        }
    }
}

// Writes npy files for tests, as numpy.save does.

import Foundation

enum NumpyFile {
    static func write(rows: [[Float]], halves: Bool, to path: String) throws {
        let columns = rows.first?.count ?? 0
        var data = header(
            "{'descr': '<f\(halves ? 2 : 4)', 'fortran_order': False, 'shape': (\(rows.count), \(columns)), }")
        for value in rows.joined() {
            if halves {
                withUnsafeBytes(of: half(value).littleEndian) { data.append(contentsOf: $0) }
            } else {
                withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
            }
        }
        try data.write(to: URL(fileURLWithPath: path))
    }

    static func header(_ text: String, version: UInt8 = 1) -> Data {
        let lengthBytes = version == 1 ? 2 : 4
        var padded = text
        while (6 + 2 + lengthBytes + padded.utf8.count + 1) % 64 != 0 { padded += " " }
        padded += "\n"
        var data = Data([0x93]) + Data("NUMPY".utf8) + Data([version, 0])
        for byte in 0..<lengthBytes { data.append(UInt8(truncatingIfNeeded: padded.utf8.count >> (8 * byte))) }
        return data + Data(padded.utf8)
    }

    /// Binary16 of a number within its normal range, cut off.
    static func half(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        let sign = UInt16(bits >> 16 & 0x8000)
        let exponent = Int(bits >> 23 & 0xFF) - 112
        guard exponent > 0 else { return sign }
        return sign | UInt16(min(exponent, 30)) << 10 | UInt16(bits >> 13 & 0x3FF)
    }
}

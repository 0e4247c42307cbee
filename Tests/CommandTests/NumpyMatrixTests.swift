import Foundation
import SmartStore
import Testing

@testable import smartstore_cli

@Suite("Reading npy matrices")
struct NumpyMatrixTests {
    private func write(_ data: Data, in folder: TemporaryFolder) throws -> String {
        let path = folder.file("m.npy")
        try data.write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test("rows come out as they went in, in any order, for both element types", arguments: [true, false])
    func rows(halves: Bool) throws {
        let folder = try TemporaryFolder()
        let rows: [[Float]] = (0..<3000).map { row in
            let base = Float(row % 64) * 0.5
            return (0..<400).map { column -> Float in base + Float(column % 8) * 0.25 }
        }
        try NumpyFile.write(rows: rows, halves: halves, to: folder.file("m.npy"))
        let matrix = try NumpyMatrix(path: folder.file("m.npy"))
        #expect(matrix.rowCount == 3000 && matrix.columnCount == 400)
        for row in [0, 1, 2999, 1500, 1499, 700, 0] { #expect(try matrix.row(row) == rows[row]) }
        #expect(throws: StoreError.self) { try matrix.row(3000) }
        #expect(throws: StoreError.self) { try matrix.row(-1) }
    }

    @Test("versions 2 and 3 of the format are read")
    func versions() throws {
        let folder = try TemporaryFolder()
        for version: UInt8 in [2, 3] {
            let header = NumpyFile.header("{'shape': (1, 1), 'fortran_order': False, 'descr': '<f4'}", version: version)
            let matrix = try NumpyMatrix(path: try write(header + Data([0, 0, 0x80, 0x3F]), in: folder))
            #expect(try matrix.row(0) == [1])
        }
    }

    @Test(
        "a header that says anything else is refused",
        arguments: [
            "{'descr': '>f4', 'fortran_order': False, 'shape': (1, 1)}",
            "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1)}",
            "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 1)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 0)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 2)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 2)}",
            "{'descr': '<f4', 'fortran_order': False}", "{'descr': ", "",
        ])
    func refused(header: String) throws {
        let folder = try TemporaryFolder()
        let path = try write(NumpyFile.header(header) + Data([0, 0, 0x80, 0x3F]), in: folder)
        #expect(throws: StoreError.self) { try NumpyMatrix(path: path) }
    }

    @Test("every cut of a file, and every flipped byte of its header, is refused or read, and never traps")
    func damage() throws {
        let folder = try TemporaryFolder()
        let whole =
            NumpyFile.header("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1)}") + Data([0, 0, 0x80, 0x3F])
        for count in 0..<whole.count {
            let path = try write(whole.prefix(count), in: folder)
            #expect(throws: (any Error).self) { try NumpyMatrix(path: path).row(0) }
        }
        for place in 0..<whole.count - 4 {
            for bit in 0..<8 {
                var damaged = whole
                damaged[place] ^= 1 << UInt8(bit)
                _ = try? NumpyMatrix(path: try write(damaged, in: folder)).row(0)
            }
        }
    }

    @Test("half floats become the floats they are")
    func halves() {
        let known: [(UInt16, Float)] = [
            (0x0000, 0), (0x3C00, 1), (0xBC00, -1), (0x7BFF, 65504), (0x0001, 0x1p-24), (0x03FF, 0x3FFp-24),
            (0x0400, 0x1p-14), (0x3555, 0.33325195), (0x7C00, .infinity), (0xFC00, -.infinity),
        ]
        for (bits, value) in known { #expect(HalfFloat.float(bits) == value) }
        #expect(HalfFloat.float(0x8000).sign == .minus && HalfFloat.float(0x8000) == 0)
        #expect(HalfFloat.float(0x7E00).isNaN)
    }
}

@Suite("Lines and numbers of the shell")
struct LineTests {
    @Test("lines end with a line feed or the file, carriage returns and the byte order mark are not of them")
    func lines() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("\u{FEFF}a\r\n\nb", to: "l")
        var reader = try LineReader(path: path)
        var lines: [String] = []
        while let line = try reader.next() { lines.append(String(decoding: line, as: UTF8.self)) }
        #expect(lines == ["a", "", "b"] && reader.lineNumber == 3)
        var empty = try LineReader(path: try folder.write("", to: "e"))
        #expect(try empty.next() == nil)
    }

    @Test("lines longer than a piece of the file stay whole")
    func longLines() throws {
        let folder = try TemporaryFolder()
        let texts = [700_000, 1, 262_144, 0, 300_000].map { String(repeating: "x", count: $0) }
        var reader = try LineReader(path: try folder.write(texts.joined(separator: "\n") + "\n", to: "l"))
        for text in texts { #expect(try reader.next()?.count == text.utf8.count) }
        #expect(try reader.next() == nil)
    }

    @Test("numbers are written for people")
    func numbers() {
        #expect([0, 999, 1000, 1_234_567, -1000].map(Format.grouped) == ["0", "999", "1,000", "1,234,567", "-1,000"])
        #expect([0, 65, 3600, 7265.4].map(Format.clock) == ["0:00", "1:05", "1:00:00", "2:01:05"])
        #expect(Format.milliseconds(.microseconds(1234)) == "1.23")
        #expect(Format.milliseconds(.milliseconds(50)) == "50.00")
    }

    @Test("an identifier on the command line is tried as JSON, as text and as an ObjectId")
    func identifiers() {
        #expect(JSONArgument.identifiers("7") == [7, "7"])
        #expect(JSONArgument.identifiers("\"7\"") == ["7"])
        #expect(JSONArgument.identifiers("a b") == ["a b"])
        #expect(JSONArgument.identifiers("[1]") == ["[1]"])
        let hex = "507f1f77bcf86cd799439011"
        #expect(JSONArgument.identifiers(hex).contains { $0.objectID?.description == hex })
    }
}

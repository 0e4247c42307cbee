import Foundation
import SmartStore
import Testing

@testable import smartstore_cli

@Suite("Matrices of vectors in the shell")
struct NumpyMatrixTests {
    @Test("a matrix names its file, its size and its rows, and says in the shell's words what is wrong")
    func rows() throws {
        let folder = try TemporaryFolder()
        try NumpyFile.write(rows: [[1, 2], [3, 4.5]], halves: true, to: folder.file("m.npy"))
        let matrix = try VectorMatrix(path: folder.file("m.npy"))
        #expect(matrix.rowCount == 2 && matrix.columnCount == 2 && matrix.name == "m.npy")
        #expect(try matrix.row(1) == [3, 4.5])
        #expect(throws: StoreError.self) { try matrix.row(2) }
        #expect(throws: StoreError.self) { try VectorMatrix(path: folder.file("none.npy")) }
        #expect(throws: StoreError.self) { try VectorMatrix(path: folder.write("nonsense", to: "m.fvecs")) }
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

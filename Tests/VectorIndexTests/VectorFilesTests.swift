// npy and fvecs: what is written comes back, and headers that say anything else are refused.

import Foundation
import Testing

@testable import VectorIndex

@Suite("Matrices in files")
struct VectorFilesTests {
    private func header(_ text: String, version: UInt8 = 1) -> [UInt8] {
        let lengthBytes = version == 1 ? 2 : 4
        var padded = text
        while (8 + lengthBytes + padded.utf8.count + 1) % 64 != 0 { padded += " " }
        padded += "\n"
        var bytes = VectorFileReader.npyMagic + [version, 0]
        for place in 0..<lengthBytes { bytes.append(UInt8(truncatingIfNeeded: padded.utf8.count >> (8 * place))) }
        return bytes + Array(padded.utf8)
    }

    private func rows(_ count: Int, _ dimension: Int) -> [[Float]] {
        (0..<count).map { row in (0..<dimension).map { Float(row % 64) * 0.5 - Float($0 % 8) * 0.25 } }
    }

    @Test("rows come back as they were written, in any order, in every form", arguments: [0, 1, 2, 3])
    func roundTrip(form: Int) throws {
        let folder = try ScratchFolder()
        let rows = rows(3000, 400)
        let path = folder.path("m")
        let writer =
            switch form {
            case 0: try VectorFiles.writeNpy(path, dimension: 400)
            case 1: try VectorFiles.writeNpy(path, dimension: 400, storage: .float16)
            default: try VectorFiles.writeFvecs(path, dimension: 400)
            }
        for row in rows { try writer.append(row) }
        #expect(folder.names.count == 1 && folder.names != ["m"], "not there before it is finished")
        try writer.finish()
        #expect(folder.names == ["m"] && writer.rowCount == 3000)
        let reader =
            switch form {
            case 0, 1: try VectorFiles.readNpy(path)
            case 2: try VectorFiles.readFvecs(path)
            default: try VectorFiles.read(path)
            }
        #expect(reader.rowCount == 3000 && reader.dimension == 400)
        #expect(reader.storage == (form == 1 ? .float16 : .float32))
        for row in [0, 1, 2999, 1500, 1499, 700, 0] { #expect(try reader.row(row) == rows[row]) }
        #expect(throws: VectorError.self) { try reader.row(3000) }
        #expect(throws: VectorError.self) { try reader.row(-1) }
    }

    @Test("an npy file is what numpy writes, byte by byte")
    func npyBytes() throws {
        let folder = try ScratchFolder()
        let writer = try VectorFiles.writeNpy(folder.path("m.npy"), dimension: 2)
        try writer.append([1, -2])
        try writer.finish()
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }"
        let expected =
            [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(text.utf8)
            + [UInt8](repeating: 0x20, count: 117 - text.utf8.count) + [0x0A] + [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0]
        #expect(try folder.bytes("m.npy") == expected)
        #expect(expected.count == 128 + 8)
    }

    @Test("versions 2 and 3 of npy are read, a matrix without rows too, and bytes behind it are passed over")
    func versions() throws {
        let folder = try ScratchFolder()
        for version: UInt8 in [1, 2, 3] {
            let head = header("{'shape': (1, 1), 'fortran_order': False, 'descr': '<f4'}", version: version)
            let reader = try VectorFiles.read(folder.write(head + [0, 0, 0x80, 0x3F, 9], "m"))
            #expect(try reader.row(0) == [1] && reader.rowCount == 1)
        }
        let empty = header("{'descr': '<f2', 'fortran_order': False, 'shape': (0, 7)}")
        #expect(try VectorFiles.readNpy(folder.write(empty, "e")).rowCount == 0)
    }

    @Test(
        "an npy header that says anything else is refused",
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
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 65537)}",
            "{'descr': '<f4', 'fortran_order': False}", "{'descr': ", "",
        ])
    func refused(text: String) throws {
        let folder = try ScratchFolder()
        let path = try folder.write(header(text) + [0, 0, 0x80, 0x3F], "m")
        #expect(throws: VectorError.self) { try VectorFiles.read(path) }
    }

    @Test("every cut of a file, and every flipped bit of its header, is refused or read, and never traps")
    func damage() throws {
        let folder = try ScratchFolder()
        let npy = header("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1)}") + [0, 0, 0x80, 0x3F]
        let fvecs: [UInt8] = [2, 0, 0, 0, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40]
        for whole in [npy, fvecs] {
            for count in 0..<whole.count {
                let path = try folder.write(Array(whole.prefix(count)), "m")
                #expect(throws: VectorError.self, "\(count) bytes") { try VectorFiles.read(path).row(0) }
            }
            for place in 0..<whole.count - 4 {
                for bit: UInt8 in 0..<8 {
                    var damaged = whole
                    damaged[place] ^= 1 << bit
                    _ = try? VectorFiles.read(folder.write(damaged, "m")).row(0)
                }
            }
        }
    }

    @Test("fvecs whose rows differ, with impossible dimensions or sizes, are refused")
    func fvecs() throws {
        let folder = try ScratchFolder()
        func row(_ dimension: Int32, _ count: Int) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: dimension >> ($0 * 8)) } + [UInt8](repeating: 0, count: count * 4)
        }
        #expect(try VectorFiles.readFvecs(folder.write(row(2, 2) + row(2, 2), "m")).rowCount == 2)
        for bytes in [row(0, 0), row(-1, 3), row(65537, 65537), row(.max, 1), row(2, 2) + [0], row(3, 2)] {
            let path = try folder.write(bytes, "m")
            #expect(throws: VectorError.self) { try VectorFiles.readFvecs(path) }
        }
        let mixed = try VectorFiles.readFvecs(folder.write(row(3, 3) + row(1, 3), "m"))
        #expect(try mixed.row(0) == [0, 0, 0])
        #expect(throws: VectorError.self) { try mixed.row(1) }
        #expect(throws: VectorError.self) { try VectorFiles.readNpy(folder.path("m")) }
    }

    @Test("rows that do not fit are refused, and a file that is not finished leaves nothing")
    func wrongRows() throws {
        let folder = try ScratchFolder()
        for dimension in [0, -1, 65537] {
            #expect(throws: VectorError.self) { try VectorFiles.writeFvecs(folder.path("m"), dimension: dimension) }
        }
        do {
            let writer = try VectorFiles.writeNpy(folder.path("m"), dimension: 2, storage: .float16)
            #expect(throws: VectorError.self) { try writer.append([1]) }
            #expect(throws: VectorError.self) { try writer.append([1, 70_000]) }
            try writer.append([1, 65_504])
            #expect(writer.rowCount == 1)
        }
        #expect(folder.names.isEmpty)
    }

    @Test("half floats become the floats they are")
    func halves() throws {
        let folder = try ScratchFolder()
        let known: [(UInt16, Float)] = [
            (0x0000, 0), (0x3C00, 1), (0xBC00, -1), (0x7BFF, 65504), (0x0001, 0x1p-24), (0x03FF, 0x3FFp-24),
            (0x0400, 0x1p-14), (0x3555, 0.33325195), (0x7C00, .infinity), (0xFC00, -.infinity),
        ]
        let head = header("{'descr': '<f2', 'fortran_order': False, 'shape': (1, \(known.count))}")
        let data = known.flatMap { [UInt8(truncatingIfNeeded: $0.0), UInt8($0.0 >> 8)] }
        #expect(try VectorFiles.read(folder.write(head + data, "m")).row(0) == known.map(\.1))
    }
}

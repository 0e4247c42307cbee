// A real file in a temporary folder: whole reads and writes, sizes, and what happens after closing.

import Foundation
import StoreIO
import Testing

@Suite("File")
struct PosixFileTests {
    private let folder: TemporaryFolder
    private let file: any StoreFile

    init() throws {
        folder = try TemporaryFolder()
        file = try folder.directory.create("store")
    }

    @Test("what was written at an offset is read back there, and the rest stays")
    func readsBack() throws {
        let random = SeededRandomSource(seed: 4)
        var model = [UInt8](repeating: 0, count: 100_000)
        try file.resize(to: UInt64(model.count))
        for _ in 0..<200 {
            let offset = Int(random.next() % 90_000)
            let bytes = try random.bytes(Int(random.next() % 10_000))
            try file.put(bytes, at: UInt64(offset))
            model.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        }
        try file.writeBack(0..<50_000)
        // Also where there is nothing to write.
        try file.writeBack(200_000..<200_001)
        try file.sync()
        #expect(try file.bytes(at: 0, count: model.count) == model)
        #expect(try file.bytes(at: 12_345, count: 6_789) == Array(model[12_345..<12_345 + 6_789]))
        #expect(try file.size() == 100_000)
    }

    @Test("a read past the end says how much there was")
    func shortRead() throws {
        try file.put([UInt8](0..<10), at: 0)
        #expect(throws: FileFault.endOfFile(expected: 8, found: 3)) { try file.bytes(at: 7, count: 8) }
        #expect(throws: FileFault.endOfFile(expected: 1, found: 0)) { try file.bytes(at: 10, count: 1) }
        #expect(throws: FileFault.endOfFile(expected: 4, found: 0)) { try file.bytes(at: 1 << 40, count: 4) }
        #expect(try file.bytes(at: 10, count: 0) == [])
    }

    @Test("offsets that no file can have are refused", arguments: [UInt64(Int64.max), 1 << 63, .max])
    func impossibleOffsets(offset: UInt64) {
        #expect(throws: FileFault.failed(.read, errno: EINVAL)) { try file.bytes(at: offset, count: 1) }
        #expect(throws: FileFault.failed(.write, errno: EINVAL)) { try file.put([1], at: offset) }
    }

    @Test("growing reads as zeros, keeps what is there and allocates the blocks; shrinking drops the rest")
    func resizing() throws {
        try file.put([UInt8](repeating: 7, count: 100), at: 0)
        try file.resize(to: 1 << 20)
        #expect(try file.size() == 1 << 20)
        let bytes = try file.bytes(at: 0, count: 1 << 20)
        #expect(bytes[..<100].allSatisfy { $0 == 7 } && bytes[100...].allSatisfy { $0 == 0 })
        var info = stat()
        #expect(stat(folder.path(of: "store"), &info) == 0)
        #expect(Int(info.st_blocks) * 512 >= 1 << 20)
        try file.resize(to: 50)
        #expect(try file.size() == 50)
        try file.resize(to: 200)
        let regrown = try file.bytes(at: 0, count: 200)
        #expect(regrown == [UInt8](repeating: 7, count: 50) + [UInt8](repeating: 0, count: 150))
        try file.resize(to: 200)
        try file.resize(to: 0)
        #expect(try file.size() == 0)
    }

    @Test("a growth that cannot be had throws and leaves the size", arguments: [UInt64(1) << 62, .max])
    func impossibleGrowth(byteCount: UInt64) throws {
        try file.put([1, 2, 3], at: 0)
        #expect(throws: FileFault.self) { try file.resize(to: byteCount) }
        #expect(try file.size() == 3)
        #expect(try file.bytes(at: 0, count: 3) == [1, 2, 3])
    }

    @Test("an error number becomes the case a caller acts upon, or keeps its number")
    func errorNumbers() {
        for (number, fault) in [
            (ENOSPC, FileFault.diskFull), (EDQUOT, .diskFull), (EROFS, .readOnly), (ENOENT, .notFound),
            (EEXIST, .alreadyExists), (EIO, .failed(.write, errno: EIO)), (EFBIG, .failed(.write, errno: EFBIG)),
        ] {
            #expect(FileFault(.write, errno: number) == fault)
        }
    }

    @Test("a handle to read refuses to write and to resize")
    func readOnlyHandle() throws {
        try file.put([1, 2, 3], at: 0)
        file.close()
        let reader = try folder.directory.open("store", access: .readOnly, lockWait: .zero)
        #expect(throws: FileFault.readOnly) { try reader.put([9], at: 0) }
        #expect(throws: FileFault.readOnly) { try reader.resize(to: 10) }
        #expect(try reader.bytes(at: 0, count: 3) == [1, 2, 3])
        try reader.sync()
    }

    @Test("after closing, every call says so, and closing again does nothing")
    func closed() {
        file.close()
        file.close()
        #expect(throws: FileFault.closed) { try file.bytes(at: 0, count: 1) }
        #expect(throws: FileFault.closed) { try file.put([1], at: 0) }
        #expect(throws: FileFault.closed) { try file.size() }
        #expect(throws: FileFault.closed) { try file.resize(to: 1) }
        #expect(throws: FileFault.closed) { try file.sync() }
        #expect(throws: FileFault.closed) { try file.writeBack(0..<1) }
    }

    @Test("closing under load ends every thread with `closed` and touches no other file")
    func closingUnderLoad() throws {
        let victim = folder.path(of: "victim")
        for round in 0..<50 {
            let file = try folder.directory.create("load-\(round)")
            try file.put([UInt8](repeating: 1, count: 512), at: 0)
            onThreads(4) { thread in
                if thread == 0 {
                    file.close()
                    // The number just given back is the first the system hands out again.
                    _ = FileManager.default.createFile(atPath: victim, contents: Data([5]))
                } else {
                    do {
                        while true { try file.put([UInt8](repeating: 1, count: 512), at: 0) }
                    } catch {
                        #expect(error as? FileFault == .closed)
                    }
                }
            }
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: victim)) == Data([5]))
    }

    @Test("threads may write different pages at once")
    func concurrentWrites() throws {
        let file = file
        onThreads(64) { page in
            let bytes = [UInt8](repeating: UInt8(page), count: 4_096)
            #expect(throws: Never.self) { try file.put(bytes, at: UInt64(page * 4_096)) }
        }
        for page in 0..<64 {
            #expect(try file.bytes(at: UInt64(page * 4_096), count: 4_096).allSatisfy { $0 == UInt8(page) })
        }
    }
}

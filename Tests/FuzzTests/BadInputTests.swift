// The table of bad inputs, as far as it concerns files: each has its own name, and the file stays as it was.

import SmartStore
import StoreIO
import StoreTestSupport
import Testing

@Suite("Bad files")
struct BadInputTests {
    /// The name under which opening fails, to read and to write; the file must stay untouched.
    private func code(
        _ file: [UInt8], _ key: EncryptionKey, location: SourceLocation = #_sourceLocation
    ) -> StoreError.Code? {
        var codes: [StoreError.Code?] = []
        for isReadOnly in [true, false] {
            let disk = SimulatedDisk(files: ["s": file])
            disk.stopRecording()
            do throws(StoreError) {
                let store = try Store.open("s", in: disk, key: key, options: FuzzBase.options(isReadOnly: isReadOnly))
                try store.close()
                codes.append(nil)
            } catch {
                codes.append(error.code)
                #expect(!error.message.isEmpty && !error.remedy.isEmpty, sourceLocation: location)
                #expect(disk.content(of: "s") == file, "the file was changed", sourceLocation: location)
            }
        }
        #expect(codes[0] == codes[1], sourceLocation: location)
        return codes[0]
    }

    @Test("an empty file, a text, a SQLite file and noise are no stores")
    func notAStore() throws {
        let sqlite = Array("SQLite format 3\u{0}".utf8) + [UInt8](repeating: 0, count: 8176)
        let text = Array(String(repeating: "Dear reader,\n", count: 1000).utf8)
        let noise = try SeededRandomSource(seed: 1).bytes(100_000)
        for file in [[], [0x53], Array("SMARTST\n".utf8), sqlite, text, noise, [UInt8](repeating: 0, count: 65_536)] {
            #expect(code(file, .none) == .notAStore, "\(file.count) bytes")
        }
    }

    @Test("a newer format is named with both versions", arguments: [6, 7, 999, UInt64(UInt32.max)])
    func newerFormat(version: UInt64) throws {
        let file = FuzzForge.plainParts(try FuzzBase.file(.plainClosed)) { FuzzForge.store(version, 4, at: 8, in: &$0) }
        #expect(code(file, .none) == .newerFormat)
        let disk = SimulatedDisk(files: ["s": file])
        do throws(StoreError) { _ = try Store.open("s", in: disk, key: .none) } catch {
            #expect(error.message.contains("\(version)"))
        }
    }

    @Test(
        "odd page sizes, ciphers and derivations are not supported",
        arguments: [
            (12, 4, 0), (12, 4, 1), (12, 4, 4095), (12, 4, 12288), (12, 4, 131_072), (12, 4, 0x8000_0000), (32, 1, 2),
            (32, 1, 255), (33, 1, 3), (33, 1, 200), (8, 4, 0),
        ] as [(Int, Int, UInt64)])
    func unsupported(offset: Int, count: Int, value: UInt64) throws {
        let file = FuzzForge.plainParts(try FuzzBase.file(.plainClosed)) {
            FuzzForge.store(value, count, at: offset, in: &$0)
        }
        #expect(code(file, .none) == .unsupportedParameters)
    }

    @Test(
        "costs of key derivation over their ceilings are refused before anything is derived",
        arguments: [
            (1, 31, 8, 1), (1, 63, 8, 1), (1, 0xFFFF_FFFF, 8, 1), (1, 0, 8, 1), (1, 20, 64, 1), (1, 17, 0, 1),
            (1, 17, 65, 1), (1, 17, 0xFFFF_FFFF, 1), (1, 17, 8, 0), (1, 17, 8, 17), (1, 17, 8, 0xFFFF_FFFF),
            (2, 0, 0, 0), (2, 10_000_001, 0, 0), (2, 0xFFFF_FFFF, 0, 0),
        ] as [(UInt8, UInt64, UInt64, UInt64)])
    func hugeCosts(derivation: UInt8, first: UInt64, second: UInt64, third: UInt64) throws {
        let file = FuzzForge.plainParts(try FuzzBase.file(.sealedClosed)) { slot in
            slot[33] = derivation
            FuzzForge.store(first, 4, at: 36, in: &slot)
            FuzzForge.store(second, 4, at: 40, in: &slot)
            FuzzForge.store(third, 4, at: 44, in: &slot)
        }
        #expect(code(file, .passphrase("correct horse")) == .unsupportedParameters)
    }

    @Test("no key, a key too many and the wrong key are three errors")
    func keys() throws {
        #expect(code(try FuzzBase.file(.sealedClosed), .none) == .keyRequired)
        #expect(code(try FuzzBase.file(.plainClosed), FuzzBase.key) == .notEncrypted)
        #expect(code(try FuzzBase.file(.sealedClosed), .raw([UInt8](repeating: 8, count: 32))) == .wrongKey)
    }

    @Test("with both slots damaged the superblock is corrupt; with one, nothing happens")
    func slots() throws {
        for kind in [FuzzBase.Kind.plainClosed, .sealedClosed] {
            var file = try FuzzBase.file(kind)
            for offset in [100, 4096 + 300] {
                file[offset] ^= 1
                let expected: StoreError.Code? = offset == 100 ? nil : .corruptSuperblock
                let disk = SimulatedDisk(files: ["s": file])
                var found: StoreError.Code?
                do throws(StoreError) {
                    try Store.open("s", in: disk, key: kind.key, options: FuzzBase.options(isReadOnly: true)).close()
                } catch { found = error.code }
                #expect(found == expected)
            }
        }
    }

    @Test("a file that is shorter than its superblock says is truncated, whatever it claims")
    func truncated() throws {
        for kind in [FuzzBase.Kind.plainClosed, .sealedClosed] {
            let file = try FuzzBase.file(kind)
            for count in [8192, 12_288, file.count - 4096, file.count - 1] {
                #expect(code(Array(file.prefix(count)), kind.key) == .truncated, "\(count)")
            }
            for claim in [1 << 24, 1 << 46, 1 << 47, (1 << 48) - 1] as [UInt64] {
                let claiming = try FuzzForge.bodies(file, isSealed: kind.isSealed) {
                    FuzzForge.store(claim, 8, at: 256 + 8, in: &$0)
                }
                #expect(code(claiming, kind.key) == .truncated, "\(claim) pages")
            }
        }
    }

    @Test("a synced frame that is gone is a corrupt log at its position")
    func corruptLog() throws {
        for kind in [FuzzBase.Kind.plainCrashed, .sealedCrashed] {
            let oracle = try FuzzBase.file(kind)
            let magic: [UInt8] = [0x53, 0x53, 0x4C, 0x46]
            let first = try #require(
                stride(from: 8192, to: oracle.count - 4, by: 64).first { offset in
                    Array(oracle[offset..<offset + 4]) == magic && code(Self.zeroed(oracle, offset), kind.key) != nil
                })
            #expect(code(Self.zeroed(oracle, first), kind.key) == .corruptLog)
        }
    }

    private static func zeroed(_ file: [UInt8], _ offset: Int) -> [UInt8] {
        var file = file
        for index in offset..<offset + 192 { file[index] = 0 }
        return file
    }

    @Test("a store opened to read refuses to write")
    func readOnly() throws {
        let disk = SimulatedDisk(files: ["s": try FuzzBase.file(.plainClosed)])
        let store = try Store.open("s", in: disk, key: .none, options: FuzzBase.options(isReadOnly: true))
        #expect { _ = try store.beginWrite() } throws: { ($0 as? StoreError)?.code == .readOnly }
        try store.close()
    }

    @Test("a file that is open is locked to others")
    func locked() throws {
        let disk = SimulatedDisk(files: ["s": try FuzzBase.file(.plainClosed)])
        let store = try Store.open("s", in: disk, key: .none, options: FuzzBase.options())
        #expect { _ = try Store.open("s", in: disk, key: .none) } throws: { ($0 as? StoreError)?.code == .locked }
        try store.close()
    }
}

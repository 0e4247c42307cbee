import SmartStore
import StoreIO
import StoreTestSupport
import Testing

/// Passphrase change, key rotation and anchors: promises K3 and K4.
@Suite("Changing keys")
struct KeyChangeTests {
    private static let old = EncryptionKey.raw([UInt8](repeating: 1, count: 32))
    private static let new = EncryptionKey.raw([UInt8](repeating: 2, count: 32))

    private static func options(_ seed: UInt64 = 1) -> StoreOptions {
        var options = StoreOptions()
        options.runsBackgroundWork = false
        options.cacheByteLimit = 1 << 20
        options.logByteLimit = 1 << 20
        options.random = SeededRandomSource(seed: seed)
        return options
    }

    private static func makeStore(on disk: SimulatedDisk, documents: Int = 60) throws -> Store {
        var creation = CreationOptions()
        creation.pageSize = 4096
        let store = try Store.create("s", in: disk, key: old, creation: creation, options: options())
        for start in stride(from: 0, to: documents, by: 20) {
            try store.writeSync { (tx) throws in
                for id in start..<start + 20 {
                    try tx.collection("c").insert([
                        "_id": .int32(Int32(id)), "t": .string(String(repeating: "x", count: 300)),
                    ])
                }
                try tx.audit.record(actor: "a", action: "insert", target: "\(start)")
            }
        }
        // Some free pages.
        try store.writeSync { (tx) throws in for id in 0..<20 { try tx.collection("c").delete(.int32(Int32(id))) } }
        try store.checkpoint()
        return store
    }

    private static func count(_ store: Store) throws -> Int { try store.readSync { try $0.collection("c").count() } }

    private static func code(_ body: () throws -> Void) -> StoreError.Code? {
        do {
            try body()
            return nil
        } catch { return (error as? StoreError)?.code }
    }

    private static func openCode(_ files: [String: [UInt8]], _ key: EncryptionKey) -> StoreError.Code? {
        code { try Store.open("s", in: SimulatedDisk(files: files), key: key, options: options(5)).close() }
    }

    @Test("after a change of key only the new one opens, on each slot alone")
    func change() throws {
        let disk = SimulatedDisk()
        let store = try Self.makeStore(on: disk)
        try store.changeKey(to: Self.new)
        try store.writeSync { (tx) throws in try tx.collection("c").insert(["_id": 1000]) }
        try store.close()
        let bytes = try #require(disk.content(of: "s"))
        for slot in [nil, 0, 1] {
            var left = bytes
            if let slot { for index in 0..<4096 { left[slot * 4096 + index] = 0 } }
            #expect(Self.openCode(["s": left], Self.old) == .wrongKey)
            #expect(Self.openCode(["s": left], Self.new) == nil)
        }
    }

    @Test("a plain store has no key to change, and none is no key")
    func refusals() throws {
        let plain = try Store.create("p", in: SimulatedDisk(), key: .none, options: Self.options())
        #expect(Self.code { try plain.changeKey(to: Self.new) } == .notEncrypted)
        #expect(Self.code { try plain.rotateKey() } == .notEncrypted)
        let sealed = try Self.makeStore(on: SimulatedDisk())
        #expect(Self.code { try sealed.changeKey(to: .none) } == .keyRequired)
    }

    @Test("a rotation leaves nothing under the old data key, neither pages nor free pages nor log")
    func rotation() throws {
        let disk = SimulatedDisk()
        let store = try Self.makeStore(on: disk)
        let documents = try Self.count(store)
        let report = try store.rotateKey()
        #expect(report.isFinished && report.resealedPages > 10)
        #expect(!store.rotationIsPending)
        #expect(try Self.count(store) == documents)
        #expect(try store.check().isClean)
        let live = try #require(disk.content(of: "s"))
        #expect(Self.imagesUnder(key: 1, in: live) == 0)
        #expect(Self.imagesUnder(key: 2, in: live) > 10)
        try store.close()
        let again = try Store.open("s", in: disk, key: Self.old, options: Self.options(9))
        #expect(try Self.count(again) == documents)
        #expect(try again.rotateKey().isFinished)
        #expect(try again.check().isClean)
        try again.close()
        #expect(Self.imagesUnder(key: 2, in: try #require(disk.content(of: "s"))) == 0)
    }

    /// Page-aligned or log-aligned images that name the key: any place where the counter's upper half is the key's
    /// number, its lower half small, and a prefix stands before it.
    private static func imagesUnder(key: UInt32, in bytes: [UInt8]) -> Int {
        var found = 0
        for offset in stride(from: 8192, to: bytes.count - 48, by: 64) {
            func word(_ at: Int) -> UInt64 {
                (0..<8).reversed().reduce(0) { $0 << 8 | UInt64(bytes[offset + at + $1]) }
            }
            let (version, counter) = (word(0), word(24))
            if version > 0, version < 1 << 20, counter >> 32 == UInt64(key), counter & 0xFFFF_FFFF < 1 << 20,
                word(8) > 1 << 32
            {
                found += 1
            }
        }
        return found
    }

    @Test("an open view holds the old key; when it has ended the rotation ends")
    func rotationWaits() throws {
        let disk = SimulatedDisk()
        let store = try Self.makeStore(on: disk)
        let view = try store.beginRead()
        #expect(try !store.rotateKey().isFinished)
        #expect(store.rotationIsPending)
        #expect(try view.collection("c").count() == 40)
        view.close()
        #expect(try store.rotateKey().isFinished)
        #expect(Self.imagesUnder(key: 1, in: try #require(disk.content(of: "s"))) == 0)
    }

    @Test("a change of key that crashes anywhere leaves a file that the old or the new key opens, and no third state")
    func changeCrashes() throws {
        let disk = SimulatedDisk()
        let store = try Self.makeStore(on: disk)
        let before = try #require(disk.content(of: "s"))
        let mark = disk.operations.count
        try store.changeKey(to: Self.new)
        let tried = try everyCrash(disk.operations[mark...], from: before) { files in
            let codes = [Self.openCode(files, Self.old), Self.openCode(files, Self.new)]
            #expect(codes.contains(nil), "\(codes)")
            #expect(codes.allSatisfy { $0 == nil || $0 == .wrongKey }, "\(codes)")
            // Whichever key opens it makes the other slot like its own.
            for (key, otherKey) in [(Self.old, Self.new), (Self.new, Self.old)] where Self.openCode(files, key) == nil {
                let opened = SimulatedDisk(files: files)
                let store = try Store.open("s", in: opened, key: key, options: Self.options(6))
                #expect(try Self.count(store) == 40)
                try store.close()
                let other = Self.openCode(["s": try #require(opened.content(of: "s"))], otherKey)
                #expect(other == .wrongKey)
            }
        }
        #expect(tried >= 20)
    }

    @Test("a rotation that crashes anywhere leaves every document, and is finished by the next call")
    func rotationCrashes() throws {
        let disk = SimulatedDisk()
        let store = try Self.makeStore(on: disk)
        let before = try #require(disk.content(of: "s"))
        let mark = disk.operations.count
        #expect(try store.rotateKey().isFinished)
        let tried = try everyCrash(disk.operations[mark...], from: before) { files in
            let opened = SimulatedDisk(files: files)
            let store = try Store.open("s", in: opened, key: Self.old, options: Self.options(6))
            #expect(try Self.count(store) == 40)
            #expect(try store.check().isClean)
            if store.rotationIsPending {
                #expect(try store.rotateKey().isFinished)
                #expect(try Self.count(store) == 40)
                try store.close()
                #expect(Self.imagesUnder(key: 1, in: try #require(opened.content(of: "s"))) == 0)
            }
        }
        #expect(tried > 100)
    }

    private func everyCrash(
        _ operations: ArraySlice<DiskOperation>, from base: [UInt8], _ body: ([String: [UInt8]]) throws -> Void
    ) throws -> Int {
        var images = CrashImages(base: ["s": DiskContent(base)])
        var tried = 0
        for operation in operations {
            images.advance(operation)
            for damage in CrashDamage.allCases {
                try body(images.image(images.draw(damage, seed: UInt64(tried))).files.mapValues(\.bytes))
                tried += 1
            }
        }
        return tried
    }

    @Test(
        "an anchor is found in the file's later history, and missed in an older file and in a copy that went its own way"
    )
    func anchors() throws {
        let disk = SimulatedDisk()
        let store = try Self.makeStore(on: disk)
        let old = try #require(disk.content(of: "s"))
        let anchor = try store.anchor()
        try store.writeSync { (tx) throws in try tx.collection("c").insert(["_id": 2000]) }
        try store.verify(anchor)
        try store.close()
        let later = try Store.open("s", in: disk, key: Self.old, expecting: anchor, options: Self.options(7))
        try later.close()

        let back = SimulatedDisk(files: ["s": old])
        #expect(
            Self.code { _ = try Store.open("s", in: back, key: Self.old, expecting: anchor, options: Self.options(8)) }
                == .rolledBack)
        // The copy grows past the anchored commit, and hands out anchors of its own.
        let copy = try Store.open("s", in: back, key: Self.old, options: Self.options(8))
        for id in 0..<5 {
            try copy.writeSync { (tx) throws in try tx.collection("c").insert(["_id": .int32(Int32(3000 + id))]) }
            _ = try copy.anchor()
        }
        #expect(Self.code { try copy.verify(anchor) } == .rolledBack)
        let other = try Store.create("o", in: SimulatedDisk(), key: .none, options: Self.options(4))
        #expect(Self.code { try other.verify(anchor) } == .rolledBack)
    }
}

import SmartStore
import StoreIO
import StoreTestSupport

enum StoreFixture {
    static let key = EncryptionKey.raw([UInt8](repeating: 9, count: 32))

    static func options(seed: UInt64 = 1, time: ManualTimeSource? = nil) -> StoreOptions {
        var options = StoreOptions()
        options.runsBackgroundWork = false
        options.cacheByteLimit = 4 << 20
        options.logByteLimit = 1 << 20
        options.time = time ?? ManualTimeSource(milliseconds: 1_700_000_000_000)
        options.random = SeededRandomSource(seed: seed)
        return options
    }

    static func vector(_ seed: UInt64, dimension: Int = 8) -> [Float] {
        let random = SeededRandomSource(seed: seed)
        return (0..<dimension).map { _ in Float(Int(random.next() % 2001) - 1000) / 1000 + 0.0005 }
    }

    static func create(_ disk: SimulatedDisk, options: StoreOptions? = nil, encrypted: Bool = true) throws -> Store {
        var creation = CreationOptions()
        creation.pageSize = 4096
        return try Store.create(
            "s", in: disk, key: encrypted ? key : .none, creation: creation, options: options ?? self.options())
    }

    static func open(_ disk: SimulatedDisk, options: StoreOptions? = nil, encrypted: Bool = true) throws -> Store {
        try Store.open("s", in: disk, key: encrypted ? key : .none, options: options ?? self.options(seed: 77))
    }
}

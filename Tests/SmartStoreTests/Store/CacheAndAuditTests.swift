import SmartStore
import StoreIO
import StoreTestSupport
import Testing

@Suite("Cache segment")
struct CacheTests {
    @Test("entries live as long as they should")
    func lifetimes() throws {
        let time = ManualTimeSource(milliseconds: 1_000_000)
        let disk = SimulatedDisk()
        let store = try StoreFixture.create(disk, options: StoreFixture.options(time: time))
        try store.writeSync { (tx) throws in
            try tx.cache.set("short", [1], ttl: .seconds(10))
            try tx.cache.set("long", [2])
            #expect(try tx.cache.timeToLive("short") == .milliseconds(10_000))
            #expect(try tx.cache.timeToLive("long") == .unlimited)
            #expect(try tx.cache.timeToLive("none") == .missing)
        }
        time.advance(by: .seconds(9))
        #expect(try store.readSync { try $0.cache.get("short") } == [1])
        time.advance(by: .seconds(1))
        #expect(try store.readSync { try $0.cache.get("short") } == nil)
        #expect(try store.readSync { try $0.cache.keys() } == ["long"])
        try store.writeSync { (tx) throws in
            #expect(try !tx.cache.delete("short"))
            #expect(try tx.cache.expire("long", after: .milliseconds(5)))
        }
        time.advance(by: .milliseconds(5))
        try store.writeSync { try $0.cache.set("other", [3]) }
        #expect(try store.readSync { try $0.cache.info() }.entryCount == 1)
        #expect(try store.check().findings == [])
        try store.close()
    }

    @Test("counters count, keep their lifetime and refuse what is no integer")
    func counters() throws {
        let disk = SimulatedDisk()
        let store = try StoreFixture.create(disk)
        try store.writeSync { (tx) throws in
            #expect(try tx.cache.increment("n") == 1)
            #expect(try tx.cache.increment("n", by: -5) == -4)
            try tx.cache.set("text", Array("abc".utf8))
            #expect(throws: StoreError.self) { try tx.cache.increment("text") }
            try tx.cache.set("max", Array("\(Int64.max)".utf8))
            #expect(throws: StoreError.self) { try tx.cache.increment("max") }
            #expect(try tx.cache.get("max") == Array("\(Int64.max)".utf8))
        }
        try store.close()
    }

    @Test("over its limit the segment evicts what was used longest ago, in memory and after reopening")
    func evicts() throws {
        let disk = SimulatedDisk()
        var options = StoreFixture.options()
        options.cacheSegmentByteLimit = 20 * (100 + 3 + 48)
        var store = try StoreFixture.create(disk, options: options)
        let value = [UInt8](repeating: 7, count: 100)
        try store.writeSync { (tx) throws in for index in 10..<30 { try tx.cache.set("k\(index)", value) } }
        #expect(try store.readSync { try $0.cache.get("k10") } == value)
        try store.writeSync { (tx) throws in for index in 30..<35 { try tx.cache.set("k\(index)", value) } }
        let kept = try store.readSync { try $0.cache.keys() }
        #expect(kept == ["k10"] + (16..<35).map { "k\($0)" })
        try store.close()
        store = try StoreFixture.open(disk, options: options)
        try store.writeSync { try $0.cache.set("k40", value) }
        #expect(try store.readSync { try $0.cache.keys() } == ["k10"] + (17..<35).map { "k\($0)" } + ["k40"])
        #expect(try store.check().findings == [])
        #expect(try store.writeSync { try $0.cache.removeAll(prefix: "k1") } == 4)
        #expect(try store.check().findings == [])
        try store.close()
    }

    @Test("random cache work agrees with a model", arguments: 1...4 as ClosedRange<UInt64>)
    func model(seed: UInt64) throws {
        let random = SeededRandomSource(seed: seed)
        let time = ManualTimeSource(milliseconds: 5_000_000)
        let disk = SimulatedDisk()
        disk.stopRecording()
        let options = StoreFixture.options(seed: seed, time: time)
        var store = try StoreFixture.create(disk, options: options)
        var model: [String: (value: [UInt8], expiry: Int64)] = [:]
        for _ in 0..<300 {
            try store.writeSync { (tx) throws in
                for _ in 0..<Int(random.next() % 6) {
                    let key = "key\(random.next() % 40)"
                    let now = time.now()
                    if let entry = model[key], entry.expiry != 0, entry.expiry <= now { model[key] = nil }
                    switch random.next() % 5 {
                    case 0, 1:
                        let value = [UInt8](repeating: UInt8(random.next() % 256), count: Int(random.next() % 3000))
                        let ttl = random.next() % 3 == 0 ? Int64(random.next() % 5000 + 1) : 0
                        try tx.cache.set(key, value, ttl: ttl == 0 ? nil : .milliseconds(ttl))
                        model[key] = (value, ttl == 0 ? 0 : now + ttl)
                    case 2: #expect(try tx.cache.delete(key) == (model.removeValue(forKey: key) != nil))
                    case 3: #expect(try tx.cache.get(key) == model[key]?.value)
                    default:
                        let there = model[key] != nil
                        #expect(try tx.cache.expire(key, after: .seconds(2)) == there)
                        if there { model[key]!.expiry = now + 2000 }
                    }
                }
            }
            if random.next() % 4 == 0 { time.advance(by: .milliseconds(Int64(random.next() % 3000))) }
            if random.next() % 30 == 0 {
                try store.close()
                store = try StoreFixture.open(disk, options: options)
            }
        }
        let now = time.now()
        let alive = model.filter { $0.value.expiry == 0 || $0.value.expiry > now }
        #expect(try store.readSync { try $0.cache.keys() } == alive.keys.sorted())
        for (key, entry) in alive { #expect(try store.readSync { try $0.cache.get(key) } == entry.value) }
        #expect(try store.check().findings == [])
        try store.close()
    }
}

@Suite("Audit log")
struct AuditTests {
    @Test("entries chain, filter and verify, over many commits and a reopening")
    func chain() throws {
        let disk = SimulatedDisk()
        var store = try StoreFixture.create(disk)
        for index in 1...40 {
            try store.writeSync { (tx) throws in
                let sequence = try tx.audit.record(
                    actor: index % 2 == 0 ? "ada" : "bob", action: "act", target: "t\(index)",
                    details: ["i": .int32(Int32(index))])
                #expect(sequence == UInt64(index))
            }
        }
        try store.close()
        store = try StoreFixture.open(disk)
        try store.readSync { (tx) throws in
            let result = try tx.audit.verify()
            #expect(result.isIntact)
            #expect(result.entryCount == 40)
            #expect(try tx.audit.entries(actor: "ada").count == 20)
            #expect(try tx.audit.entries(from: 39).map(\.sequence) == [39, 40])
            #expect(try tx.audit.entries(limit: 3).count == 3)
            let hashes = try tx.audit.entries().map(\.hash)
            #expect(Set(hashes).count == 40)
            #expect(hashes.last == result.head)
        }
        try store.close()
    }
}

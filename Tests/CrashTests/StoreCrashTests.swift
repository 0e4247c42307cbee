import SmartStore
import StoreIO
import StoreTestSupport
import Testing

/// The whole store, crashed after every write, resize and sync of a seeded workload, with unsynced operations dropped,
/// kept, reordered and torn. Promises D1, D2, D3 and the full meaning of "nothing lost".
@Suite("Store crashes")
struct StoreCrashTests {
    @Test(
        "a crash anywhere loses nothing acknowledged, shows one commit in every segment and leaves a sound file",
        arguments: [(21 as UInt64, true), (22, false), (23, true), (24, true)])
    func everyPoint(seed: UInt64, encrypted: Bool) throws {
        var workload = StoreWorkload(seed: seed, encrypted: encrypted)
        try workload.run(seed: seed, steps: 72)
        var images = CrashImages(seed: seed)
        var acknowledged: UInt64 = 0
        var tried = 0
        for (index, operation) in workload.disk.operations.enumerated() {
            images.advance(operation)
            if case .note(let sequence) = operation {
                acknowledged = UInt64(sequence)
                continue
            }
            for damage in [CrashDamage.dropped, .kept, .newestOnly, .reordered, .torn, .torn] {
                let files = images.image(damage)
                guard files["s"] != nil else {
                    #expect(acknowledged == 0)
                    continue
                }
                tried += 1
                do {
                    if let difference = try workload.verify(files, acknowledged: acknowledged) {
                        Issue.record("seed \(seed), operation \(index), \(damage): \(difference)")
                        return
                    }
                } catch {
                    Issue.record("seed \(seed), operation \(index), \(damage): \(error)")
                    return
                }
            }
        }
        #expect(tried >= 1500)
        print("crash images of the store, seed \(seed): \(tried), 0 lost")
    }
}

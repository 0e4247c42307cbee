import Dispatch
import StoreIO
import StoreTestSupport
import Testing

@testable import PageStore

@Suite("Checkpoints")
struct CheckpointTests {
    @Test("a writer at the log's bound waits for the checkpoint that is under way, and makes no second one")
    func boundWhileCheckpointing() throws {
        let disk = SimulatedDisk()
        disk.stopRecording()
        let pager = try Pager.create("a", in: disk, key: .none, options: PagerFixture.options(seed: 5))
        let first = try pager.beginTransaction()
        for index in 0..<200 { PageModel.write(UInt64(index), to: try first.allocate()) }
        _ = try first.commit()
        #expect(pager.logByteCount > 1 << 20)
        let gate = SyncGate(disk)
        gate.close()
        let threads = DispatchGroup()
        DispatchQueue.global().async(group: threads) { #expect(throws: Never.self) { try pager.checkpoint() } }
        gate.awaitSync()
        // Something that a second checkpoint could take home.
        let second = try pager.beginTransaction(holdsLogBound: false)
        PageModel.write(1, to: try second.allocate())
        _ = try second.commit(.relaxed)
        DispatchQueue.global().async(group: threads) {
            #expect(throws: Never.self) { try pager.beginTransaction().rollBack() }
        }
        while pager.checkpointTurn.waiterCount == 0 { yieldThread() }
        gate.open()
        threads.wait()
        #expect(pager.statistics.checkpoints.count == 1)
        #expect(pager.logByteCount < 1 << 20)
        try pager.close()
    }
}

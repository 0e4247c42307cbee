// What the disk itself can do: small overwrites of blocks that are there already, each followed by a sync. No store can
// commit faster on one thread.

import Foundation
import StoreIO

enum DiskProbe {
    private static let blockByteCount = 4096
    private static let fileByteCount = 16 << 20

    /// Overwrites with sync (fdatasync, or the strongest the system has) a second, through the engine's own file.
    static func syncsPerSecond(in folder: URL, seconds: Double) throws -> (rate: Double, latency: Latency) {
        let directory = try PosixDirectory(path: folder.path)
        let name = "probe"
        let file = try directory.create(name)
        defer {
            file.close()
            try? directory.remove(name)
        }
        // Written once, so that the measured writes change no metadata of the file.
        try file.resize(to: UInt64(fileByteCount))
        let filling = [UInt8](repeating: 1, count: 1 << 20)
        for offset in stride(from: 0, to: fileByteCount, by: filling.count) {
            try file.write(filling.span.bytes, at: UInt64(offset))
        }
        try file.sync()
        let block = [UInt8](repeating: 2, count: blockByteCount)
        var latency = Latency()
        var offset = 0
        let clock = Stopwatch()
        while clock.seconds < seconds {
            let start = Stopwatch.nanoseconds
            try file.write(block.span.bytes, at: UInt64(offset))
            try file.sync()
            latency.add(Stopwatch.nanoseconds - start)
            offset = (offset + blockByteCount) % fileByteCount
        }
        return (Double(latency.count) / clock.seconds, latency)
    }
}

// Time by the wall, peak memory of this process, sizes of files: as in `smartstore-bench`.

import Dispatch
import Foundation

struct Stopwatch {
    private let start = DispatchTime.now().uptimeNanoseconds

    private let processorStart = clock()

    var seconds: Double { Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9 }

    /// Processor time of all threads.
    var processorSeconds: Double { Double(max(1, clock() - processorStart)) / Double(CLOCKS_PER_SEC) }
}

enum Measure {
    /// Calls a second of eight threads that each run `body(writer, number)` until the time is over.
    static func rateOfEight(
        _ seconds: Double, _ body: @escaping @Sendable (_ writer: Int, _ number: Int) throws -> Void
    ) throws -> Double {
        let results = Results()
        let group = DispatchGroup()
        let watch = Stopwatch()
        for writer in 0..<8 {
            group.enter()
            Thread.detachNewThread {
                defer { group.leave() }
                var count = 0
                do {
                    while watch.seconds < seconds {
                        try body(writer, count)
                        count += 1
                    }
                    results.add(count, nil)
                } catch {
                    results.add(count, error)
                }
            }
        }
        group.wait()
        return Double(try results.total()) / watch.seconds
    }

    /// What threads counted; the lock guards both fields.
    private final class Results: @unchecked Sendable {
        private let lock = NSLock()
        private var count = 0
        private var error: (any Error)?

        func add(_ count: Int, _ error: (any Error)?) {
            lock.lock()
            defer { lock.unlock() }
            self.count += count
            self.error = self.error ?? error
        }

        func total() throws -> Int {
            lock.lock()
            defer { lock.unlock() }
            if let error { throw error }
            return count
        }
    }

    /// The most memory that this process has held, in MiB: VmHWM.
    static func peakMemory() throws -> Double {
        let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        for line in text.split(separator: "\n") where line.hasPrefix("VmHWM:") {
            if let kibibytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({
                Double($0)
            }) {
                return kibibytes / 1024
            }
        }
        throw PeerError("the system does not say how much memory the process has held")
    }

    /// What the files of a folder occupy, in MiB: blocks on the disk, for a file may be larger than what it holds.
    static func size(ofFolder folder: String) throws -> Double {
        var total = 0
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
            var status = stat()
            guard lstat(folder + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            total += min(Int(status.st_size), Int(status.st_blocks) * 512)
        }
        return Double(total) / 1_048_576
    }
}

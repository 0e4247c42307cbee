// Time: of the wall, and of the processor for the whole process.

import Dispatch

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

struct Stopwatch {
    private let start = Stopwatch.nanoseconds
    private let processorStart = clock()

    /// A clock that only goes forward.
    static var nanoseconds: UInt64 { DispatchTime.now().uptimeNanoseconds }

    var elapsedNanoseconds: UInt64 { Self.nanoseconds - start }
    var seconds: Double { Double(elapsedNanoseconds) / 1e9 }
    var milliseconds: Double { Double(elapsedNanoseconds) / 1e6 }

    /// Processor time of all threads since the start; at least a microsecond.
    var processorSeconds: Double { Double(max(1, clock() - processorStart)) / Double(CLOCKS_PER_SEC) }
}

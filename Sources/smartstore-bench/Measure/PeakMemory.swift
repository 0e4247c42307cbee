// The most memory the process has held: VmHWM on Linux, which can be set back between phases; getrusage elsewhere.

import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

enum PeakMemory {
    /// Peak resident bytes since the start or the last `reset`.
    static var byteCount: Int { procStatus("VmHWM:") ?? usage }

    /// Starts a new peak. Does nothing where the system offers no way; then the peak is that of the whole run.
    static func reset() {
        guard let handle = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
        try? handle.write(contentsOf: Data("5".utf8))
        try? handle.close()
    }

    private static func procStatus(_ field: String) -> Int? {
        guard let handle = FileHandle(forReadingAtPath: "/proc/self/status"), let data = try? handle.readToEnd()
        else { return nil }
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") where line.hasPrefix(field) {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            if words.count >= 2, let kibibytes = Int(words[1]) { return kibibytes << 10 }
        }
        return nil
    }

    private static var usage: Int {
        var info = rusage()
        #if canImport(Darwin)
        guard getrusage(RUSAGE_SELF, &info) == 0 else { return 0 }
        return Int(info.ru_maxrss)
        #else
        guard getrusage(__rusage_who_t(0), &info) == 0 else { return 0 }
        return Int(info.ru_maxrss) << 10
        #endif
    }
}

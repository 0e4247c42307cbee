// Lines for the person who waits, on standard error.

import Foundation

enum Progress {
    private static let start = Stopwatch()

    static func step(_ text: String) {
        FileHandle.standardError.write(Data((String(format: "[%7.1f s] ", start.seconds) + text + "\n").utf8))
    }
}

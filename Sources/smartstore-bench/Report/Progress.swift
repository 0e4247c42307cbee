// Progress for the person who waits, on standard error.

import Foundation

struct Progress: Sendable {
    private let start = Stopwatch()

    /// A line that says what begins now.
    func step(_ text: String) {
        let line = String(format: "[%7.1f s] ", start.seconds) + text + "\n"
        FileHandle.standardError.write(Data(line.utf8))
    }
}

import Foundation
import SmartStore
import StoreIO
import StoreTestSupport

// Failing system calls under a real process: strace answers the n-th call of a thread with an error. The worker makes a
// store, commits batches over every segment, checkpoints, links, and closes; it must end by itself, with an error that
// has a name, and what it acknowledged must be in the file.

/// Injects errors into system calls.
package struct SyscallTrial: Trial {
    package init() {}

    package var row: TrialRow {
        TrialRow(
            name: "syscalls", title: "strace injects an error into the n-th call of a thread", unit: "injections",
            everyChange: 500, release: 0, weight: 3,
            remark: "every call, errno and n up to the number of calls; needs strace")
    }

    package var isPossible: Bool { Self.isPossible }

    /// Whether strace is there and may trace.
    package static let isPossible: Bool = {
        (try? run(["strace", "-o", "/dev/null", "-e", "trace=none", "true"]).status) == 0
    }()

    private struct Fault {
        var call: String
        var errno: String
    }

    private static let faults: [Fault] = [
        ("pwrite64", ["EIO", "ENOSPC", "EDQUOT", "EFBIG", "EPERM", "EINTR"]),
        ("fdatasync", ["EIO", "ENOSPC", "EDQUOT", "EROFS"]),
        ("fsync", ["EIO", "ENOSPC"]),
        ("pread64", ["EIO", "EINTR", "EBADF"]),
        ("ftruncate", ["EIO", "ENOSPC", "EINTR", "EPERM"]),
        ("fallocate", ["ENOSPC", "EIO", "EOPNOTSUPP", "EINTR"]),
        ("fcntl", ["EAGAIN", "ENOLCK", "EINTR"]),
        ("openat", ["EACCES", "EMFILE", "EIO", "EROFS"]),
        ("renameat2", ["EIO", "EACCES", "ENOSPC", "ENOSYS"]),
        ("renameat", ["EIO", "ENOSPC"]),
        ("mlock", ["ENOMEM", "EPERM"]),
        ("madvise", ["EINVAL"]),
        ("getrandom", ["EINTR"]),
    ].flatMap { call, errors in errors.map { Fault(call: call, errno: $0) } }

    private static let injectionsInRound = 8

    /// Round `seed` injects the next eight n of one pair of call and error; all pairs come in turn.
    package func round(seed: UInt64, budget: TrialBudget) -> TrialOutcome {
        var outcome = TrialOutcome()
        let fault = Self.faults[Int(seed % UInt64(Self.faults.count))]
        let start = Int(seed / UInt64(Self.faults.count)) * Self.injectionsInRound
        for n in start + 1...start + Self.injectionsInRound where !budget.isUsedUp(outcome.cases) {
            do {
                guard let problem = try inject(fault, n: n, seed: seed) else { break }
                outcome.cases += 1
                if problem.isEmpty { continue }
                outcome.failures.append("\(fault.call) \(fault.errno) n=\(n): \(problem); \(replay(seed))")
            } catch { outcome.failures.append("\(fault.call) \(fault.errno) n=\(n): \(error); \(replay(seed))") }
            break
        }
        return outcome
    }

    /// Returns what is wrong, empty for nothing; nil when there were not so many calls.
    private func inject(_ fault: Fault, n: Int, seed: UInt64) throws -> String? {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("syscall-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appendingPathComponent("s").path
        let log = folder.appendingPathComponent("trace").path
        let worker = try BuiltProducts.executable("smartstore-prove").path
        let result = try Self.run([
            "strace", "-f", "-qq", "-o", log, "-e", "trace=\(fault.call)",
            "-e", "inject=\(fault.call):error=\(fault.errno):when=\(n)", worker, "worker", path, "--seed",
            "\(seed % 2)",
            "--batches", "8", "--create",
        ])
        let trace = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        guard trace.contains("(INJECTED)") else {
            return result.status == 0 ? nil : "ended with \(result.status) without an injection: \(result.errors)"
        }
        if result.isSignal { return "ended by signal \(result.status): \(result.errors.suffix(300))" }
        let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        let acknowledged = lines.compactMap { UInt64($0) }.last
        if result.status != 0, acknowledged != nil, !Self.namesAnError(result.errors) {
            return "an error without a name: \(result.errors.suffix(300))"
        }
        guard FileManager.default.fileExists(atPath: path) else {
            return acknowledged == nil ? "" : "the file is gone after \(acknowledged ?? 0) batches"
        }
        do {
            // Before the first line nothing was promised but a sound file.
            guard acknowledged != nil else {
                return try KillJob(seed: seed % 2, path: path).isSound() ? "" : "not sound"
            }
            return try KillJob(seed: seed % 2, path: path).verify(acknowledged: acknowledged ?? 0) ?? ""
        } catch { return "the file does not open: \(error)" }
    }

    private static func namesAnError(_ text: String) -> Bool {
        [
            "ioFailed", "diskFull", "commitUnknown", "failed", "readOnly", "locked", "closed", "fileReplaced",
            "corruptPage",
        ]
        .contains { text.contains("\($0): ") }
    }

    private struct Ended {
        var status: Int32
        var isSignal: Bool
        var output: String
        var errors: String
    }

    private static func run(_ command: [String]) throws -> Ended {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["SWIFT_BACKTRACE": "enable=no"], uniquingKeysWith: { $1 })
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // What a worker says fits the pipes' buffers, so reading one after the other does not block it.
        let said = output.fileHandleForReading.readDataToEndOfFile()
        let complained = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Ended(
            status: process.terminationStatus, isSignal: process.terminationReason == .uncaughtSignal,
            output: String(decoding: said, as: UTF8.self), errors: String(decoding: complained, as: UTF8.self))
    }
}

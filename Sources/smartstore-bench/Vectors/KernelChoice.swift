// `--kernels`: the engine chooses its kernels once, when the process starts, by an environment variable. So the bench
// starts itself again with that variable, and hands its output through.

import ArgumentParser
import Foundation

enum KernelChoice {
    static let variable = "SMARTSTORE_KERNELS"

    /// Runs the same command with the kernels named. False when this process has them already.
    ///
    /// - Throws: the child's exit code when it fails, and when the processor lacks these kernels.
    static func handOver(_ name: String) throws -> Bool {
        if ProcessInfo.processInfo.environment[variable] == name {
            let used = Machine().kernels
            guard used == name else { throw BenchError("kernels '\(name)' are not to be had here; there is '\(used)'") }
            return false
        }
        guard let program = Bundle.main.executableURL else { throw BenchError("cannot find the program's own file") }
        let process = Process()
        process.executableURL = program
        process.arguments = Array(CommandLine.arguments.dropFirst())
        process.environment = ProcessInfo.processInfo.environment.merging([variable: name]) { _, new in new }
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw ExitCode(process.terminationStatus) }
        return true
    }
}

import ArgumentParser
import Foundation
import StoreTestSupport

/// Replays fuzz inputs without a fuzzer: by seed and number, or from files.
@main
struct FuzzRun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "smartstore-fuzz", abstract: "Replays fuzz inputs: by seed and number, or from files.")

    @Argument(help: "The target: \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")).")
    var target: String
    @Argument(help: "Files to run; none: mutations of the seeds.")
    var files: [String] = []
    @Option(help: "Seed of the mutations.")
    var seed: UInt64 = 1
    @Option(help: "Number of the first input.")
    var from = 0
    @Option(help: "How many inputs.")
    var count = 10_000
    @Option(help: "Tell the number of every so many inputs.")
    var every = 1000
    @Option(help: "Write the seeds of the target to this folder, and stop.")
    var writeSeeds: String?

    func run() throws {
        guard let target = FuzzTarget(rawValue: target) else { throw ValidationError("no target '\(target)'") }
        if let writeSeeds {
            try FileManager.default.createDirectory(atPath: writeSeeds, withIntermediateDirectories: true)
            for (index, seed) in try target.seeds().enumerated() {
                try Data(seed).write(to: URL(filePath: "\(writeSeeds)/seed-\(index)"))
            }
            return
        }
        var failures: [String] = []
        for path in files {
            FileHandle.standardError.write(Data("\(path)\n".utf8))
            failures += target.run([UInt8](try Data(contentsOf: URL(filePath: path)))).map { "\(path): \($0)" }
        }
        if files.isEmpty {
            let replay = try FuzzReplay(target, seed: seed)
            let start = Date()
            failures = replay.run(from..<from + count) { index in
                if index % every == 0 { FileHandle.standardError.write(Data("\(target.rawValue) \(index)\n".utf8)) }
            }
            let seconds = Date().timeIntervalSince(start)
            print("\(target.rawValue): \(count) inputs in \(seconds) s")
        }
        for failure in failures { print(failure) }
        if !failures.isEmpty { throw ExitCode.failure }
    }
}

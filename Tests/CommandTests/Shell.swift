// The built shell as a process: what the operating system and the person at it see.

import Foundation
import Testing

struct Shell {
    let folder: TemporaryFolder
    var environment: [String: String] = [:]

    init() throws { folder = try TemporaryFolder() }

    struct Result {
        let status: Int32
        let output: String
        let errors: String

        var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    /// The shell's binary, beside the tests' own.
    static let binary: URL = {
        #if canImport(Darwin)
        for bundle in Bundle.allBundles where bundle.bundlePath.hasSuffix(".xctest") {
            return bundle.bundleURL.deletingLastPathComponent().appendingPathComponent("smartstore-cli")
        }
        #endif
        return URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("smartstore-cli")
    }()

    /// A process that was not started yet. It has no terminal, and of the environment only what the test says.
    func process(_ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = Self.binary
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        var variables = ["SWIFT_BACKTRACE": "enable=no"]
        for name in ["PATH", "HOME", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE"] {
            variables[name] = ProcessInfo.processInfo.environment[name]
        }
        process.environment = variables.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        return process
    }

    /// Runs the shell to its end.
    func run(_ arguments: String..., input: String? = nil) throws -> Result { try run(arguments, input: input) }

    /// Runs the shell to its end.
    func run(_ arguments: [String], input: String? = nil) throws -> Result {
        let process = process(arguments)
        // Files instead of pipes: nothing to read while it runs, and no limit to what fits.
        let name = UUID().uuidString
        let output = try #require(makeFile(name + ".out"))
        let errors = try #require(makeFile(name + ".err"))
        process.standardOutput = output
        process.standardError = errors
        if let input {
            process.standardInput = try FileHandle(
                forReadingFrom: URL(fileURLWithPath: try folder.write(input, to: name + ".in")))
        }
        try process.run()
        process.waitUntilExit()
        return Result(
            status: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
            output: try text(name + ".out"), errors: try text(name + ".err"))
    }

    private func makeFile(_ name: String) -> FileHandle? {
        FileManager.default.createFile(atPath: folder.file(name), contents: nil)
        return FileHandle(forWritingAtPath: folder.file(name))
    }

    private func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: folder.file(name))), as: UTF8.self)
    }
}

// What was measured where: the machine, the command and the commit, for every report.

import CVectorKernels
import Foundation

struct Machine: Encodable {
    let cpu: String
    let cores: Int
    /// The set of vector kernels in use.
    let kernels: String
    let system: String
    /// The load average over a minute when the run began; figures of a busy machine say little.
    let load: Double?

    init() {
        cpu = Self.processorName() ?? "unknown"
        cores = ProcessInfo.processInfo.activeProcessorCount
        kernels = String(cString: vk_kernels().pointee.name)
        system = ProcessInfo.processInfo.operatingSystemVersionString
        load = Self.text(of: "/proc/loadavg")?.split(separator: " ").first.flatMap { Double($0) }
    }

    private static func processorName() -> String? {
        if let text = text(of: "/proc/cpuinfo") {
            for line in text.split(separator: "\n") where line.hasPrefix("model name") {
                if let colon = line.firstIndex(of: ":") {
                    return line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
                }
            }
            return nil
        }
        return Subprocess.output("/usr/sbin/sysctl", ["-n", "machdep.cpu.brand_string"])
    }

    private static func text(of path: String) -> String? {
        guard let data = try? FileHandle(forReadingAtPath: path)?.readToEnd() else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}

/// What every report begins with.
struct RunInfo: Encodable {
    let machine: Machine
    let command: String
    let commit: String
    let date: String

    init() {
        machine = Machine()
        command = (["smartstore-bench"] + CommandLine.arguments.dropFirst()).joined(separator: " ")
        commit =
            Subprocess.output("/usr/bin/env", ["git", "describe", "--always", "--dirty", "--abbrev=12"]) ?? "unknown"
        date = ISO8601DateFormatter().string(from: Date())
    }

    func show() {
        print("\(machine.cpu), \(machine.cores) cores, kernels \(machine.kernels), load \(machine.load ?? 0)")
        print("\(command) (commit \(commit), \(date))")
    }
}

enum Subprocess {
    /// What a program writes to its standard output; nil when it fails or is not there.
    static func output(_ program: String, _ arguments: [String]) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let data = (try? pipe.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? nil : text
    }
}

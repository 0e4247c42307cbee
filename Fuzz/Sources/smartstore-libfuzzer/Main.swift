import CFuzzDriver
import Foundation
import FuzzTargets

// smartstore-libfuzzer TARGET [arguments and folders of libFuzzer]
// smartstore-libfuzzer --list

/// The target of this process. Set once, before libFuzzer starts; the callback of C cannot carry it.
nonisolated(unsafe) private var target = ""

@main
enum Main {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count > 1, arguments[1] != "--list" else {
            for name in fuzzTargetNames { print(name) }
            return
        }
        target = arguments[1]
        guard fuzzTargetNames.contains(target) else { fuzz_driver_fail("there is no target '\(target)'") }
        var rest = ([arguments[0]] + arguments.dropFirst(2)).map { strdup($0) }
        rest.append(nil)
        let code = fuzz_driver_run(Int32(rest.count - 1), &rest) { bytes, count in
            let input = [UInt8](UnsafeRawBufferPointer(start: bytes, count: count))
            let failures = runFuzzTarget(target, input)
            if !failures.isEmpty { fuzz_driver_fail(failures.joined(separator: "\n")) }
            return 0
        }
        exit(code)
    }
}

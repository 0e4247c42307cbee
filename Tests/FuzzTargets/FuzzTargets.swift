import StoreTestSupport

// What a fuzzer outside this package may call.

/// The names of the targets.
public let fuzzTargetNames: [String] = FuzzTarget.allCases.map(\.rawValue)

/// Runs one input of a target; what did not hold, in words. A trap is the other way to fail.
public func runFuzzTarget(_ name: String, _ bytes: [UInt8]) -> [String] {
    FuzzTarget(rawValue: name)?.run(bytes) ?? ["there is no target '\(name)'"]
}

/// Inputs to begin with.
public func fuzzSeeds(_ name: String) throws -> [[UInt8]] { try FuzzTarget(rawValue: name)?.seeds() ?? [] }

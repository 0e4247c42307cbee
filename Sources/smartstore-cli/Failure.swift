// How the shell ends when something goes wrong: one sentence, one remedy, one exit status.
//
// Status 1 is for an operation that failed, 2 for a call that makes no sense. With --json the error is a document.

import ArgumentParser
import SmartStore
import StoreIO

enum Failure {
    static let operationFailed: Int32 = 1
    static let badUsage: Int32 = 2

    /// Reports the error, unless it has been, and ends the process.
    static func end(with error: any Error) -> Never {
        let asJSON = CommandLine.arguments.contains("--json")
        if let error = described(error) {
            report(error, asJSON: asJSON)
            Terminal.exit(operationFailed)
        }
        let status = SmartStoreCLI.exitCode(for: error)
        let message = SmartStoreCLI.fullMessage(for: error)
        if status.isSuccess {
            _ = Terminal.writeAll(Array((message + "\n").utf8), to: 1)
            Terminal.exit(0)
        }
        if let code = error as? ExitCode { Terminal.exit(code.rawValue) }
        if asJSON {
            let text = SmartStoreCLI.message(for: error)
            report(StoreError(.init(rawValue: "usage"), text, remedy: "See --help."), asJSON: true)
        } else {
            Terminal.message(message + "\n")
        }
        Terminal.exit(badUsage)
    }

    /// The error of an operation in public words; nil for one of the argument parser's.
    private static func described(_ error: any Error) -> StoreError? {
        switch error {
        case let error as StoreError: error
        case let error as DocumentError:
            StoreError(.invalidDocument, error.description, remedy: "Correct the document, filter or projection.")
        case let error as FileFault: fileError(error)
        case let error as CryptoFault: StoreError(.ioFailed, "\(error)", remedy: "The file is damaged or cut off.")
        default:
            SmartStoreCLI.exitCode(for: error) == .failure && !(error is ExitCode)
                ? StoreError(.ioFailed, String(describing: error), remedy: "See the message.") : nil
        }
    }

    private static func fileError(_ fault: FileFault) -> StoreError {
        switch fault {
        case .notFound: StoreError(.notFound, "There is no such file.", remedy: "Check the path.")
        case .failed(let operation, let number):
            StoreError(
                .ioFailed, "Cannot \(operation.rawValue): \(Terminal.SystemFailure(number: number).words).",
                remedy: "Check the path and its permissions.")
        default: StoreError(.ioFailed, "The file cannot be read (\(fault)).", remedy: "Check the path.")
        }
    }

    private static func report(_ error: StoreError, asJSON: Bool) {
        guard asJSON else {
            Terminal.message("error: \(error.message)\nremedy: \(error.remedy)\n")
            return
        }
        let document: Document = [
            "error": [
                "code": .string(error.code.rawValue), "message": .string(error.message),
                "remedy": .string(error.remedy),
            ]
        ]
        Terminal.message(document.json() + "\n")
    }
}

extension StoreError {
    /// An error of the shell, about a place in a file that it reads.
    static func input(_ path: String, _ message: String, remedy: String) -> StoreError {
        StoreError(.invalidArgument, "\(path): \(message)", remedy: remedy)
    }
}

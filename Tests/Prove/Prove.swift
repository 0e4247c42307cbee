import ArgumentParser
import StoreTrials

/// Runs the trials for as long as they are given and writes the report.
@main
struct Prove: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "smartstore-prove", abstract: "Runs the trials.")

    func run() throws {
        print("0 trials")
    }
}

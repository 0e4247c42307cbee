// Salvage: what a damaged file still holds goes into a new one.

import ArgumentParser
import SmartStore

struct SalvageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "salvage", abstract: "Copies what still authenticates in a damaged store into a new one.",
        discussion: """
            The damaged file is read only. Documents, vectors and audit entries are salvaged, cache entries are not. \\
            Prints a report; the exit status is 1 when something is missing or may be outdated.
            """)

    @Argument(help: "The damaged store.", completion: .file())
    var old: String

    @Argument(help: "The file to make.", completion: .file())
    var new: String

    @OptionGroup var key: KeyArguments

    @Option(help: "A file with the new store's key; by default it is opened by what opens the old one.")
    var newKeyFile: String?

    @Option(help: "A file with the new store's passphrase.", completion: .file())
    var newPassphraseFile: String?

    @Flag(help: "Also takes documents known to be outdated, where the newer ones are lost.")
    var includeStale = false

    @Flag(help: "Errors are JSON, too.")
    var json = false

    @OptionGroup var format: OutputArguments

    func validate() throws {
        if newKeyFile != nil, newPassphraseFile != nil {
            throw ValidationError("Give --new-key-file or --new-passphrase-file, not both.")
        }
    }

    func run() throws {
        let meter = ProgressMeter(unit: "pages", isShown: Terminal.showsProgress)
        let report = try salvage { share in
            meter.update(share: share)
            return true
        }
        meter.finish()
        guard let report else { return }
        let output = format.output
        try output.document(report.document)
        try output.flush()
        guard report.isComplete else {
            throw StoreError(
                .corruptStructure, "Something is missing, or may be outdated: see the report.",
                remedy: "Compare the new file with a backup.")
        }
    }

    private func salvage(_ progress: @escaping @Sendable (Double) -> Bool) throws -> SalvageReport? {
        var options = SalvageOptions()
        options.includesStale = includeStale
        func attempt(_ oldKey: EncryptionKey) throws -> SalvageReport? {
            try Store.salvage(
                from: old, to: new, oldKey: oldKey, newKey: newKey() ?? oldKey, options: options, progress: progress)
        }
        if let given = try key.given() { return try attempt(given) }
        do { return try attempt(.none) } catch let error as StoreError where error.code == .keyRequired {
            guard let typed = try KeyArguments.typed(prompt: "Passphrase for \(old): ") else {
                throw KeyArguments.missing
            }
            return try attempt(typed)
        }
    }

    private func newKey() throws -> EncryptionKey? {
        if let newKeyFile { return .raw(try KeyArguments.key32(newKeyFile)) }
        if let newPassphraseFile { return .passphrase(try KeyArguments.passphrase(newPassphraseFile)) }
        return nil
    }
}

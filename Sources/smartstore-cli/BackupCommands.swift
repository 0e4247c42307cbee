// Copies of a store, and making it small: backup, restore, compact.

import ArgumentParser
import SmartStore

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copies the newest commit into a new file, and reads the copy back.",
        discussion: """
            Other programs may not have the file open for writing meanwhile; in a program, Store.backup copies beside \
            readers and writers. A full backup opens with the store's key. With --since it is a delta: what those files \
            do not hold already; restore takes them in the same order.
            """)

    @OptionGroup var store: StoreArguments

    @Argument(help: "The file to make.", completion: .file())
    var target: String

    @Option(
        parsing: .upToNextOption, help: "A full backup and its deltas so far, oldest first.", completion: .file())
    var since: [String] = []

    @Option(help: "Writes at most this many MiB a second.")
    var rate: Double?

    @OptionGroup var format: OutputArguments

    func validate() throws {
        if let rate, !(rate > 0 && rate < 1e6) { throw ValidationError("--rate must be a number of MiB above 0.") }
    }

    func run() throws {
        let meter = ProgressMeter(unit: "pages", isShown: Terminal.showsProgress)
        let report = try store.withStore(readOnly: true) { store in
            try store.backup(to: target, since: since, bytesPerSecond: rate.map { Int($0 * 1_048_576) }) { share in
                meter.update(share: share)
                return true
            }
        }
        meter.finish()
        let output = format.output
        try output.document(report.document)
        try output.flush()
    }
}

struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Makes a store of a full backup and its deltas.",
        discussion: "Every page is compared with the map before the file gets its name.")

    @Argument(help: "The file to make.", completion: .file())
    var file: String

    @Argument(help: "A full backup, then its deltas in order.", completion: .file())
    var backups: [String]

    @OptionGroup var key: KeyArguments

    @Flag(help: "Errors are JSON, too.")
    var json = false

    @OptionGroup var format: OutputArguments

    func run() throws {
        let meter = ProgressMeter(unit: "pages", isShown: Terminal.showsProgress)
        func restore(_ key: EncryptionKey) throws -> BackupReport {
            try Store.restore(from: backups, to: file, key: key) { share in
                meter.update(share: share)
                return true
            }
        }
        let report: BackupReport
        do { report = try restore(try key.given() ?? .none) } catch let error as StoreError {
            guard error.code == .keyRequired else { throw error }
            guard let typed = try KeyArguments.typed(prompt: "Passphrase for \(file): ") else {
                throw KeyArguments.missing
            }
            report = try restore(typed)
        }
        meter.finish()
        let output = format.output
        try output.document(report.document)
        try output.flush()
    }
}

struct CompactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact", abstract: "Makes the file as small as its content.",
        discussion: """
            Pages move to free places at the file's beginning, in small transactions, and the end is cut off. A crash \
            loses nothing, and no room for a second copy is needed. Nobody else may have the file open.
            """)

    @OptionGroup var store: StoreArguments

    @OptionGroup var format: OutputArguments

    func run() throws {
        // Opening asks for the key where none was given, and says what is wrong before anything moves.
        let (key, pages) = try store.openedKey()
        let meter = ProgressMeter(unit: "pages", isShown: Terminal.showsProgress)
        var options = StoreOptions()
        options.lockWait = .seconds(store.wait)
        let report = try Store.compact(at: store.file, key: key, options: options) { moved in
            meter.update(share: min(0.99, Double(moved) / Double(max(1, pages))), count: moved)
            return true
        }
        meter.finish()
        let output = format.output
        try output.document(report.document)
        try output.flush()
    }
}

import ArgumentParser
import SmartStore

/// Makes a file. No other command does.
struct CreateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Makes a new, encrypted store.",
        discussion: "Without a key file, a passphrase file or SMARTSTORE_PASSPHRASE it asks for a passphrase twice.")

    @Argument(help: "The file to make.", completion: .file())
    var file: String

    @OptionGroup var key: KeyArguments

    @Option(help: "Bytes a page: a power of two from 4096 to 65536.")
    var pageSize = 8192

    @Flag(help: "Leaves the file unencrypted; damage is still found by checksums.")
    var noEncryption = false

    @Flag(help: "Errors are JSON, too.")
    var json = false

    func validate() throws {
        if noEncryption, key.isExplicit { throw ValidationError("--no-encryption takes no key.") }
        guard (4096...65536).contains(pageSize), pageSize & (pageSize - 1) == 0 else {
            throw ValidationError("--page-size must be a power of two from 4096 to 65536.")
        }
    }

    func run() throws {
        var creation = CreationOptions()
        creation.pageSize = pageSize
        let store = try Store.create(at: file, key: chosenKey(), creation: creation)
        let statistics = try store.statistics()
        try store.close()
        let output = StandardOutput()
        try output.document([
            "created": .string(file), "encrypted": .bool(statistics.isEncrypted),
            "pageBytes": BSONValue(statistics.pageByteCount), "fileId": .string(statistics.fileID),
        ])
        try output.flush()
    }

    private func chosenKey() throws -> EncryptionKey {
        if noEncryption { return .none }
        if let given = try key.given() { return given }
        guard let typed = try KeyArguments.typedTwice() else {
            throw StoreError(
                .keyRequired, "No key was given for the new file.",
                remedy: "Use --key-file, --passphrase-file or SMARTSTORE_PASSPHRASE, or --no-encryption.")
        }
        return typed
    }
}

// The arguments that every command shares: the file, and where its key comes from. A key is never an argument itself,
// since arguments are seen by every process of the machine.
//
// Order: --key-file or --passphrase-file, else SMARTSTORE_PASSPHRASE, else none; a file that then turns out to be
// encrypted asks at the terminal.

import ArgumentParser
import SmartStore

struct StoreArguments: ParsableArguments {
    @Argument(help: "The store's file.", completion: .file())
    var file: String

    @OptionGroup var key: KeyArguments

    @Option(help: "Seconds to wait for a file that another process has open.")
    var wait: Double = 0

    @Flag(help: "Errors are JSON, too.")
    var json = false

    func validate() throws {
        guard wait >= 0, wait <= 1e6 else { throw ValidationError("--wait must be a number of seconds from 0.") }
    }

    /// Opens the store.
    func open(readOnly: Bool = false) throws -> Store { try openWithKey(readOnly: readOnly).store }

    /// The key that opens the store, asked for if need be, and how many pages there are.
    func openedKey() throws -> (key: EncryptionKey, pages: UInt64) {
        let (store, key) = try openWithKey(readOnly: true)
        let pages = try store.statistics().pageCount
        try store.close()
        return (key, pages)
    }

    private func openWithKey(readOnly: Bool) throws -> (store: Store, key: EncryptionKey) {
        var options = StoreOptions()
        options.isReadOnly = readOnly
        options.lockWait = .seconds(wait)
        if let key = try key.given() { return (try Store.open(at: file, key: key, options: options), key) }
        do { return (try Store.open(at: file, key: .none, options: options), .none) } catch {
            guard error.code == .keyRequired else { throw error }
            guard let typed = try KeyArguments.typed(prompt: "Passphrase for \(file): ") else {
                throw KeyArguments.missing
            }
            return (try Store.open(at: file, key: typed, options: options), typed)
        }
    }

    /// Opens the store for `body` and closes it afterwards, also when `body` throws.
    func withStore<R>(readOnly: Bool = false, _ body: (Store) throws -> R) throws -> R {
        let store = try open(readOnly: readOnly)
        let result: R
        do { result = try body(store) } catch {
            try? store.close()
            throw error
        }
        try store.close()
        return result
    }

    /// Reads one view of the store.
    func reading<R>(_ body: (ReadTransaction) throws -> R) throws -> R {
        try withStore(readOnly: true) { try $0.readSync(body) }
    }
}

struct KeyArguments: ParsableArguments {
    @Option(help: "A file with the key: 32 bytes, or 64 hexadecimal digits.", completion: .file())
    var keyFile: String?

    @Option(help: "A file with the passphrase; a line feed at its end does not count.", completion: .file())
    var passphraseFile: String?

    private static let longestFile = 4096
    private static let variable = "SMARTSTORE_PASSPHRASE"

    func validate() throws {
        if keyFile != nil, passphraseFile != nil {
            throw ValidationError("Give --key-file or --passphrase-file, not both.")
        }
    }

    /// Whether a file was named.
    var isExplicit: Bool { keyFile != nil || passphraseFile != nil }

    /// The key from a file or from the environment; nil when neither says.
    func given() throws -> EncryptionKey? {
        if let named = try Self.named(keyFile: keyFile, passphraseFile: passphraseFile) { return named }
        return Terminal.environment(Self.variable).map { .passphrase($0) }
    }

    /// The key that a file holds; nil when none is named.
    static func named(keyFile: String?, passphraseFile: String?) throws -> EncryptionKey? {
        if let keyFile { return try rawKey(keyFile) }
        if let passphraseFile { return .passphrase(try passphrase(passphraseFile)) }
        return nil
    }

    /// The passphrase a person types; nil without a terminal, or when they give up.
    static func typed(prompt: String) throws -> EncryptionKey? {
        guard let bytes = Terminal.secret(prompt: prompt) else { return nil }
        return .passphrase(try text(bytes, "The passphrase"))
    }

    /// A new passphrase, typed twice.
    static func typedTwice() throws -> EncryptionKey? {
        guard let first = Terminal.secret(prompt: "New passphrase: ") else { return nil }
        guard let second = Terminal.secret(prompt: "Again: ") else { return nil }
        guard first == second else {
            throw StoreError(.invalidArgument, "The two passphrases differ.", remedy: "Try again.")
        }
        return .passphrase(try text(first, "The passphrase"))
    }

    static let missing = StoreError(
        .keyRequired, "The file is encrypted, and no key was given.",
        remedy: "Use --key-file, --passphrase-file or \(variable), or type the passphrase at a terminal.")

    private static func rawKey(_ path: String) throws -> EncryptionKey { .raw(try key32(path)) }

    /// The 32 bytes of a key file, as they are or in hexadecimal.
    static func key32(_ path: String) throws -> [UInt8] {
        let bytes = try content(path)
        if bytes.count == 32 { return bytes }
        let digits = bytes.last == 0x0A ? bytes.dropLast() : bytes[...]
        if digits.count == 64, let key = Hex.bytes(String(decoding: digits, as: UTF8.self)) { return key }
        throw StoreError.input(
            path, "\(bytes.count) bytes are no key.", remedy: "A key file has 32 bytes, or 64 hexadecimal digits.")
    }

    /// The passphrase that a file holds.
    static func passphrase(_ path: String) throws -> String {
        var bytes = try content(path)
        if bytes.last == 0x0A { bytes.removeLast() }
        if bytes.last == 0x0D { bytes.removeLast() }
        return try text(bytes, path)
    }

    private static func text(_ bytes: [UInt8], _ origin: String) throws -> String {
        guard let text = String(validating: bytes, as: UTF8.self), !text.isEmpty else {
            throw StoreError(
                .invalidArgument, "\(origin) is empty or not UTF-8.", remedy: "Give at least one character.")
        }
        return text
    }

    private static func content(_ path: String) throws -> [UInt8] {
        switch Terminal.contents(of: path, limit: longestFile) {
        case .success(let bytes): return bytes
        case .failure(let failure):
            throw StoreError.input(path, "\(failure.words).", remedy: "Check the path and its permissions.")
        }
    }
}

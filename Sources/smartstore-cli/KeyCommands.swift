// What opens a store, and what names it from outside: rekey, rotate, anchor.

import ArgumentParser
import SmartStore

struct RekeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rekey", abstract: "Changes the passphrase or key that opens the file.",
        discussion: """
            Without a new key file or passphrase file it asks for a new passphrase twice. Older copies of the file keep \
            the key of their time.
            """)

    @OptionGroup var store: StoreArguments

    @Option(help: "A file with the new key: 32 bytes, or 64 hexadecimal digits.", completion: .file())
    var newKeyFile: String?

    @Option(help: "A file with the new passphrase; a line feed at its end does not count.", completion: .file())
    var newPassphraseFile: String?

    @OptionGroup var format: OutputArguments

    func validate() throws {
        if newKeyFile != nil, newPassphraseFile != nil {
            throw ValidationError("Give --new-key-file or --new-passphrase-file, not both.")
        }
    }

    func run() throws {
        try store.withStore { store in
            guard
                let key = try KeyArguments.named(keyFile: newKeyFile, passphraseFile: newPassphraseFile)
                    ?? KeyArguments.typedTwice()
            else {
                throw StoreError(
                    .keyRequired, "No new key was given.", remedy: "Use --new-key-file or --new-passphrase-file.")
            }
            try store.changeKey(to: key)
        }
        let output = format.output
        try output.document(["rekeyed": .string(store.file)])
        try output.flush()
    }
}

struct RotateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Gives the file a new data key and seals every page under it.",
        discussion: "The passphrase stays. A rotation that was cut off goes on where pages are left.")

    @OptionGroup var store: StoreArguments

    @OptionGroup var format: OutputArguments

    func run() throws {
        let meter = ProgressMeter(unit: "pages", isShown: Terminal.showsProgress)
        let report = try store.withStore { store in
            try store.rotateKey { share in
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

struct AnchorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "anchor", abstract: "Prints the newest commit's anchor, to be kept outside the file.",
        discussion: """
            With --verify FILE, says whether the store's history holds an anchor printed before: a file that was put \
            back as a whole does not. The exit status is 1 when it does not.
            """)

    @OptionGroup var store: StoreArguments

    @Option(help: "A file with an anchor, as this command prints it.", completion: .file())
    var verify: String?

    @OptionGroup var format: OutputArguments

    func run() throws {
        let output = format.output
        if let verify {
            let anchor = try Self.anchor(from: verify)
            try store.withStore(readOnly: true) { try $0.verify(anchor) }
            try output.document(["held": true, "anchor": .document(anchor.document)])
        } else {
            try output.document(try store.withStore { try $0.anchor() }.document)
        }
        try output.flush()
    }

    private static func anchor(from path: String) throws -> StoreAnchor {
        let bytes: [UInt8]
        switch Terminal.contents(of: path, limit: 4096) {
        case .success(let found): bytes = found
        case .failure(let failure):
            throw StoreError.input(path, "\(failure.words).", remedy: "Check the path and its permissions.")
        }
        guard let text = String(validating: bytes, as: UTF8.self), let document = try? Document(json: text),
            let fileID = document["fileID"]?.string, let commit = document["commit"]?.int, commit >= 0,
            let root = document["root"]?.string
        else {
            throw StoreError.input(path, "This is no anchor.", remedy: "Give what `smartstore-cli anchor` printed.")
        }
        return StoreAnchor(fileID: fileID, commit: UInt64(commit), root: root)
    }
}

// The audit log: list, verify, anchors, and its first key.
//
// A key or a signing key is read from a file and never an argument, like every other secret.

import ArgumentParser
import SmartStore

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Shows and verifies the audit log.",
        subcommands: [
            AuditListCommand.self, AuditVerifyCommand.self, AuditAnchorCommand.self, AuditExportKeyCommand.self,
        ])
}

struct AuditListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Prints entries, one a line.")

    @OptionGroup var store: StoreArguments

    @Option(help: "The sequence to begin with.")
    var from: UInt64 = 1

    @Option(help: "How many to print at most.")
    var limit = 1000

    @Option(help: "Only what this actor did.")
    var actor: String?

    @Option(help: "Only this action.")
    var action: String?

    @OptionGroup var format: OutputArguments

    func validate() throws {
        guard limit >= 0 else { throw ValidationError("--limit must not be negative.") }
    }

    func run() throws {
        let output = format.output
        let entries = try store.reading {
            try $0.audit.entries(from: from, limit: limit, actor: actor, action: action)
        }
        for entry in entries { try output.document(entry.document) }
        try output.flush()
    }
}

struct AuditVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Recomputes the log and names the first entry that does not hold.",
        discussion: """
            Without options this finds what does not fit together. Against a forger who has the file's key, give what \
            was kept elsewhere: the first audit key, or anchors. The exit status is 1 when the log does not hold.
            """)

    @OptionGroup var store: StoreArguments

    @Option(
        help: "A file with the first audit key, as `audit export-key` printed it: 32 bytes, or 64 hexadecimal digits.",
        completion: .file())
    var initialKey: String?

    @Option(
        name: .customLong("anchor"), help: "A file with anchors, one a line, as `audit anchor` printed them.",
        completion: .file())
    var anchorFiles: [String] = []

    @Option(
        help: "A file with a public key, 32 bytes or 64 hexadecimal digits: its owner must have signed every anchor.",
        completion: .file())
    var signedBy: String?

    @OptionGroup var format: OutputArguments

    func validate() throws {
        if signedBy != nil, anchorFiles.isEmpty { throw ValidationError("--signed-by needs --anchor.") }
    }

    func run() throws {
        let key = try initialKey.map { try KeyArguments.key32($0) }
        let owner = try signedBy.map { try KeyArguments.key32($0) }
        let anchors = try anchorFiles.flatMap { try Self.anchors(in: $0, signedBy: owner) }
        let result = try store.reading { try $0.audit.verify(initialKey: key, anchors: anchors) }
        let output = format.output
        try output.document(result.document)
        try output.flush()
        try result.requireIntact()
    }

    private static let longestFile = 1 << 24

    private static func anchors(in path: String, signedBy owner: [UInt8]?) throws -> [AuditAnchor] {
        let bytes: [UInt8]
        switch Terminal.contents(of: path, limit: longestFile) {
        case .success(let content): bytes = content
        case .failure(let failure):
            throw StoreError.input(path, "\(failure.words).", remedy: "Check the path and its permissions.")
        }
        let anchors = try String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).map {
            try AuditAnchor(json: String($0))
        }
        guard !anchors.isEmpty else { throw StoreError.input(path, "no anchor.", remedy: "Give one on each line.") }
        if let owner {
            for anchor in anchors where !anchor.verify(signatureWith: owner) {
                throw StoreError(
                    .auditBroken, "\(path): the anchor of \(anchor.size) entries is not signed by that key.",
                    remedy: "Get the anchor from where it was kept, and the key from its owner.")
            }
        }
        return anchors
    }
}

struct AuditAnchorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "anchor", abstract: "Prints what to remember of the log outside of the file.",
        discussion: "Kept elsewhere, it finds a log that was cut off or made anew, whatever keys the forger has.")

    @OptionGroup var store: StoreArguments

    @Option(
        help: "A file with an Ed25519 seed, 32 bytes or 64 hexadecimal digits, that signs the anchor.",
        completion: .file())
    var signKey: String?

    @Flag(help: "Prints the public key of --sign-key instead, which verifies its signatures.")
    var publicKey = false

    @OptionGroup var format: OutputArguments

    func validate() throws {
        if publicKey, signKey == nil { throw ValidationError("--public-key needs --sign-key.") }
    }

    func run() throws {
        let output = format.output
        let key = try signKey.map { try AuditSigningKey(seed: try KeyArguments.key32($0)) }
        if publicKey, let key {
            try output.line(Hex.text(try key.publicKey))
        } else {
            let anchor = try store.reading { try $0.audit.anchor() }
            try output.document(try key.map { try anchor.signed(with: $0) }?.document ?? anchor.document)
        }
        try output.flush()
    }
}

struct AuditExportKeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export-key", abstract: "Prints the log's first key in hexadecimal, once.",
        discussion: """
            Keep it away from the machine: with it every seal can be verified, and could be made. It can be had right \
            after a store was made, before the first epoch is over, and only once.
            """)

    @OptionGroup var store: StoreArguments

    @OptionGroup var format: OutputArguments

    func run() throws {
        let key = try store.withStore { try $0.exportAuditKey() }
        let output = format.output
        try output.line(Hex.text(key))
        try output.flush()
    }
}

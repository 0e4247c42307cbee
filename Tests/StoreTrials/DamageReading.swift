import PageStore
import SmartStore
import StoreIO
import StoreTestSupport

// What a damaged store shows, part by part, held against what the sound one showed.
//
// Every part is the same as before or an error with a name of damage. When no part fails, the check must be clean, or
// else it has found the damage; when one fails, the check must find something too.

/// The parts of a store's content, each as text, or the name of the error instead.
struct DamageContent: Equatable {
    enum Part: Equatable {
        case text(String)
        case error(String)
    }

    var parts: [String: Part] = [:]

    /// Errors that name damage.
    static let namesOfDamage: Set<StoreError.Code> = [
        .corruptPage, .stalePage, .corruptStructure, .corruptLog, .corruptSuperblock, .truncated, .auditBroken,
    ]

    /// Reads everything a reader can see.
    static func read(_ content: DiskContent, key: EncryptionKey) -> (content: DamageContent, complaint: String?) {
        let disk = SimulatedDisk(contents: [FuzzBase.name: content])
        disk.stopRecording()
        return read(disk, key: key)
    }

    static func read(_ disk: any StoreDirectory, key: EncryptionKey) -> (content: DamageContent, complaint: String?) {
        var result = DamageContent()
        var complaint: String?
        func part(_ name: String, _ body: () throws -> String) {
            do { result.parts[name] = .text(try body()) } catch let error as StoreError {
                result.parts[name] = .error(error.code.rawValue)
                if !namesOfDamage.contains(error.code) { complaint = complaint ?? "\(name): \(error)" }
            } catch {
                result.parts[name] = .error("\(error)")
                complaint = complaint ?? "\(name): an error without a name: \(error)"
            }
        }
        part("open") {
            let store = try Store.open(FuzzBase.name, in: disk, key: key, options: FuzzBase.options(isReadOnly: true))
            defer { try? store.close() }
            let view = try store.beginRead()
            defer { view.close() }
            part("collections") { "\(try view.collections().map { "\($0.name) \($0.documentCount)" })" }
            for name in ["n", "t"] {
                part("documents of \(name)") {
                    var text = ""
                    try view.collection(name).forEach([:]) { document in
                        text += document.json(.canonical)
                        return true
                    }
                    return text
                }
                for id in [BSONValue.int32(0), .int32(7), .int32(30), "chain", "deflated"] {
                    part("\(name) \(id)") { try view.collection(name).get(id)?.json(.canonical) ?? "none" }
                }
            }
            part("search") {
                let hits = try view.collection("n").search(field: "v", vector: [1, 0.5, -1, 2], k: 6, exact: true)
                return "\(hits.map(\.id)) \(hits.map(\.score))"
            }
            part("cache") {
                try view.cache.keys().map { "\($0) \(try view.cache.get($0) ?? [])" }.joined(separator: ",")
            }
            part("audit") {
                let result = try view.audit.verify()
                guard result.isIntact else { throw StoreError(.auditBroken, result.reason ?? "", remedy: "") }
                return result.head
            }
            return ""
        }
        return (result, complaint)
    }

    /// Findings of a deep check by somebody who may write; nil when the store cannot be opened.
    static func check(_ content: DiskContent, key: EncryptionKey) -> [CheckFinding]? {
        let disk = SimulatedDisk(contents: [FuzzBase.name: content])
        disk.stopRecording()
        return check(disk, key: key)
    }

    static func check(_ disk: any StoreDirectory, key: EncryptionKey) -> [CheckFinding]? {
        do {
            let store = try Store.open(FuzzBase.name, in: disk, key: key, options: FuzzBase.options(seed: 99))
            defer { try? store.close() }
            return try store.check().findings
        } catch { return nil }
    }
}

/// What became of one damage.
enum DamageVerdict: Equatable {
    /// All content is as before and the check is clean.
    case harmless
    /// An error, or the check, says that something is damaged.
    case named
    /// Wrong data, or silence.
    case wrong(String)
}

/// A sound store and what it shows.
struct DamageOracle {
    let content: DiskContent
    let key: EncryptionKey
    let shown: DamageContent
    /// Contents that are right too: the state before a commit whose log was torn.
    var alternatives: [DamageContent] = []

    struct Unsound: Error, CustomStringConvertible { let description: String }

    init(_ content: DiskContent, key: EncryptionKey) throws {
        self.content = content
        self.key = key
        let (shown, complaint) = DamageContent.read(content, key: key)
        for part in shown.parts { if case .error(let name) = part.value { throw Unsound(description: name) } }
        if let complaint { throw Unsound(description: complaint) }
        guard DamageContent.check(content, key: key) == [] else { throw Unsound(description: "the check finds damage") }
        self.shown = shown
    }

    /// Judges a damaged copy by all it shows.
    func judge(_ damaged: DiskContent) -> DamageVerdict {
        let (seen, complaint) = DamageContent.read(damaged, key: key)
        if let complaint { return .wrong(complaint) }
        if case .error = seen.parts["open"] { return .named }
        var fails = false
        var differs: String?
        for (name, expected) in shown.parts where seen.parts[name] != expected {
            if case .error = seen.parts[name] {
                fails = true
            } else {
                differs = differs ?? name
            }
        }
        if let differs {
            if !fails, alternatives.contains(seen) { return .harmless }
            return .wrong("'\(differs)' shows something else")
        }
        let findings = DamageContent.check(damaged, key: key)
        if fails { return findings?.isEmpty == true ? .wrong("reading fails and the check is clean") : .named }
        return findings?.isEmpty == true ? .harmless : .named
    }
}

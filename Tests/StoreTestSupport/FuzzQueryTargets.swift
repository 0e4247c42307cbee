import SmartStore
import StoreIO
import Synchronization

// The query language: whatever a client can say about documents.

enum FuzzQueryTargets {
    /// Text that begins with a brace is Extended JSON; anything else is a string of decisions.
    static func query(_ bytes: [UInt8]) -> [String] {
        guard bytes.count <= 1 << 16 else { return [] }
        var found = FuzzFindings()
        var source = FuzzDocuments(FuzzInput(bytes))
        let documents = (0..<2).map { _ in source.document(FuzzDocuments.names) }
        let question = source.document(FuzzDocuments.queryOperators)
        let change = source.document(FuzzDocuments.updateOperators)
        let order = source.document(FuzzDocuments.names)
        let filter = checked { () throws(DocumentError) in try Filter(question) }
        let update = checked { () throws(DocumentError) in try UpdateSpec(change) }
        let shape = checked { () throws(DocumentError) in try Projection(order) }
        let sort = checked { () throws(DocumentError) in try SortSpec(order) }
        let pattern = checked { () throws(DocumentError) in try KeyPattern(order) }
        for document in documents {
            _ = try? filter?.matches(document)
            if let result = try? shape?.apply(document) { wellFormed(result, "projection", into: &found) }
            _ = checked { () throws(DocumentError) in try sort?.key(of: document) }
            _ = checked { () throws(DocumentError) in try pattern?.keys(of: document) }
            if let result = checked({ () throws(DocumentError) in try update?.apply(to: document) }), let result {
                wellFormed(result, "update", into: &found)
            }
        }
        _ = checked { () throws(DocumentError) in try sort?.sorted(documents) }
        if let filter, let update {
            let made = checked { () throws(DocumentError) in
                try update.upsertDocument(for: filter) { ObjectID(head: 1, tail: 1) }
            }
            if let made { wellFormed(made, "upsert", into: &found) }
        }
        return found.reasons
    }

    private static func checked<R>(_ body: () throws(DocumentError) -> R) -> R? {
        do throws(DocumentError) { return try body() } catch { return nil }
    }

    private static func wellFormed(_ document: Document, _ what: String, into found: inout FuzzFindings) {
        do throws(DocumentError) { try BSONValidator.validate(document.bson) } catch {
            // Too much of what is allowed is refused where it is stored.
            guard error.code != .tooDeep, error.code != .tooLarge else { return }
            found.note("\(what) makes a document that is not valid: \(error) \(document)")
        }
    }

    // MARK: Commands

    /// Up to eight commands, one after another, on a store that many inputs share; it is made anew now and then.
    static func command(_ bytes: [UInt8]) -> [String] {
        guard bytes.count <= 1 << 16 else { return [] }
        var found = FuzzFindings()
        let (store, checks) = CommandStores.shared.next()
        let runner = CommandRunner(store: store, actor: "fuzz", recordsWrites: bytes.first.map { $0 & 1 == 1 } ?? false)
        let commands: [Document]
        if bytes.first == UInt8(ascii: "{") {
            commands = [try? ExtendedJSON.document(from: bytes)].compactMap { $0 }
        } else {
            var source = FuzzDocuments(FuzzInput(bytes))
            var made: [Document] = []
            while !source.isEmpty, made.count < 8 { made.append(source.command()) }
            commands = made
        }
        for command in commands {
            let reply = runner.run(command)
            let isFailure = reply["ok"]?.double == 0 && reply["code"]?.int != nil
            found.expect(reply["ok"]?.double == 1 || isFailure, "\(command) has no proper reply: \(reply)")
            do throws(DocumentError) {
                try BSONValidator.validate(reply.bson, limits: BSONLimits(byteCount: 1 << 30, depth: 110))
            } catch { found.note("the reply to \(command) is not valid: \(error)") }
        }
        runner.finish()
        if checks {
            do throws(StoreError) {
                let report = try store.check()
                found.expect(report.isClean, "the store is not sound after \(commands): \(report.findings)")
            } catch { found.note("the check failed after \(commands): \(error)") }
        }
        return found.reasons
    }
}

/// The store that commands run on: made anew after so many inputs, checked now and then.
private final class CommandStores: Sendable {
    static let shared = CommandStores()
    private let state = Mutex<(store: Store?, uses: Int)>((nil, 0))

    func next() -> (store: Store, checks: Bool) {
        state.withLock { state in
            if let store = state.store, state.uses < 400 {
                state.uses += 1
                return (store, state.uses % 50 == 0)
            }
            try? state.store?.close()
            let store = FuzzBase.commandStore()
            state = (store, 1)
            return (store, false)
        }
    }
}

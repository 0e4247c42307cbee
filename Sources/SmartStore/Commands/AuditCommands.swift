// Commands of our own about the audit log.

extension CommandRunner {
    static let auditCommands = [
        Command("auditRecord", fields: ["actor", "target", "outcome", "details"]) { try $0.auditRecord($1) },
        Command("auditList", fields: ["from", "limit", "actor", "action"]) { try $0.auditList($1) },
        Command("auditVerify", fields: ["initialKey", "anchors"]) { try $0.auditVerify($1) },
        Command("auditAnchor") { runner, _ in
            Reply.with([("anchor", .document(try runner.reading { try $0.auditReader.anchor() }.document))])
        },
        Command("auditExportKey") { runner, _ in
            try runner.refuseInTransaction("auditExportKey")
            return Reply.with([("key", .string(Hex.text(try runner.store.exportAuditKey())))])
        },
    ]

    private func auditRecord(_ arguments: CommandArguments) throws -> Document {
        let action = try arguments.required("auditRecord", arguments.string("auditRecord"))
        let who = try arguments.string("actor") ?? actor
        let target = try arguments.string("target") ?? ""
        let outcome = try arguments.string("outcome") ?? "ok"
        let details = try arguments.document("details") ?? Document()
        // The entry is itself the record: `writing` must not add another.
        return try writing("auditRecord") { transaction in
            let sequence = try transaction.audit.record(
                actor: who, action: action, target: target, outcome: outcome, details: details)
            return Outcome(
                reply: Reply.with([("sequence", .int64(Int64(clamping: sequence)))]), isRecorded: true)
        }
    }

    private func auditVerify(_ arguments: CommandArguments) throws -> Document {
        let key = try arguments.string("initialKey").map { text throws(StoreError) in
            guard let bytes = Hex.bytes(text) else {
                throw StoreError(
                    .invalidArgument, "The initial key is not hexadecimal.", remedy: "Give 64 hexadecimal digits.",
                    server: .badValue)
            }
            return bytes
        }
        let anchors = try (arguments.array("anchors") ?? []).map { value throws(StoreError) in
            guard let document = value.document, let anchor = AuditAnchor(document) else {
                throw StoreError(
                    .invalidArgument, "An anchor is not one.", remedy: "Give what 'auditAnchor' replied.",
                    server: .badValue)
            }
            return anchor
        }
        let result = try reading { try $0.auditReader.verify(initialKey: key, anchors: anchors) }
        return Reply.with(result.document.map { ($0.key, $0.value) })
    }

    private func auditList(_ arguments: CommandArguments) throws -> Document {
        let from = try arguments.count("from") ?? 1
        let limit = try arguments.count("limit") ?? 1000
        let (who, action) = (try arguments.string("actor"), try arguments.string("action"))
        let entries = try reading {
            try $0.auditReader.entries(from: UInt64(from), limit: limit, actor: who, action: action)
        }
        var batch = ReplyBatch()
        for entry in entries { try batch.append(entry.document) }
        return Reply.cursor(batch, namespace: "$cmd.auditList")
    }
}

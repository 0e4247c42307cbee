// Commands of our own about the audit log.

extension CommandRunner {
    static let auditCommands = [
        Command("auditRecord", fields: ["actor", "target", "outcome", "details"]) { try $0.auditRecord($1) },
        Command("auditList", fields: ["from", "limit", "actor", "action"]) { try $0.auditList($1) },
        Command("auditVerify") { runner, _ in
            let result = try runner.reading { try $0.auditReader.verify() }
            var fields: [(String, BSONValue)] = [
                ("valid", .bool(result.isIntact)), ("entries", .int64(Int64(clamping: result.entryCount))),
                ("head", .string(result.head)),
            ]
            if let first = result.firstBad { fields.append(("firstBad", .int64(Int64(clamping: first)))) }
            if let reason = result.reason { fields.append(("reason", .string(reason))) }
            return Reply.with(fields)
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

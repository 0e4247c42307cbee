// Commands of our own about the cache segment. Values go in as strings or binaries; what comes out is a string where
// the bytes are UTF-8, else a binary of subtype 0 (`as: "string"` or `as: "binary"` decides instead).

extension CommandRunner {
    static let cacheCommands = [
        Command("cacheGet", fields: ["as"]) { try $0.cacheGet($1) },
        Command("cacheSet", fields: ["value", "ttlSeconds", "ttlMilliseconds"]) { try $0.cacheSet($1) },
        Command("cacheDelete") { try $0.cacheDelete($1) },
        Command("cacheTTL") { try $0.cacheTimeToLive($1) },
        Command("cacheExpire", fields: ["ttlSeconds", "ttlMilliseconds"]) { try $0.cacheExpire($1) },
        Command("cacheIncrement", fields: ["by"]) { try $0.cacheIncrement($1) },
        Command("cacheKeys", fields: ["limit"]) { try $0.cacheKeys($1) },
        Command("cacheClear") { try $0.cacheClear($1) },
        Command("cacheInfo") { runner, _ in
            let info = try runner.reading { try $0.cacheReader.info() }
            return Reply.with([
                ("entries", BSONValue(info.entryCount)), ("bytes", .int64(Int64(info.byteCount))),
                ("byteLimit", .int64(Int64(info.byteLimit))),
            ])
        },
    ]

    private func cacheGet(_ arguments: CommandArguments) throws -> Document {
        let key = try arguments.key()
        let form = try arguments.string("as")
        guard form == nil || form == "string" || form == "binary" else {
            throw CommandError.badValue("'cacheGet.as' must be 'string' or 'binary'")
        }
        guard let bytes = try reading({ try $0.cacheReader.get(key) }) else { return Reply.with([("found", false)]) }
        let text = form == "binary" ? nil : String(validating: bytes, as: UTF8.self)
        if form == "string", text == nil { throw CommandError.badValue("the entry '\(key)' is not UTF-8") }
        return Reply.with([
            ("found", true), ("value", text.map { .string($0) } ?? .binary(BSONBinary(bytes: bytes))),
        ])
    }

    private func cacheSet(_ arguments: CommandArguments) throws -> Document {
        let key = try arguments.key()
        let bytes: [UInt8]
        switch try arguments.required("value", arguments["value"]) {
        case .string(let text): bytes = Array(text.utf8)
        case .binary(let binary): bytes = binary.bytes
        case let other:
            throw CommandError.typeMismatch(
                "BSON field 'cacheSet.value' is the wrong type '\(other.type.name)', expected types "
                    + "'[string, binData]'")
        }
        let lifetime = try arguments.lifetime()
        return try writing("cacheSet") { transaction in
            try transaction.cache.set(key, bytes, ttl: lifetime)
            return Outcome(reply: Reply.ok, target: key)
        }
    }

    private func cacheDelete(_ arguments: CommandArguments) throws -> Document {
        let keys = try arguments.keys()
        return try writing("cacheDelete") { transaction in
            var deleted = 0
            for key in keys where try transaction.cache.delete(key) { deleted += 1 }
            return Outcome(
                reply: Reply.with([("n", BSONValue(deleted))]), isChange: deleted > 0,
                target: keys.count == 1 ? keys[0] : "\(keys.count) keys")
        }
    }

    private func cacheTimeToLive(_ arguments: CommandArguments) throws -> Document {
        let key = try arguments.key()
        switch try reading({ try $0.cacheReader.timeToLive(key) }) {
        case .missing: return Reply.with([("found", false)])
        case .unlimited: return Reply.with([("found", true), ("ttlMilliseconds", .null)])
        case .milliseconds(let left): return Reply.with([("found", true), ("ttlMilliseconds", .int64(left))])
        }
    }

    private func cacheExpire(_ arguments: CommandArguments) throws -> Document {
        let key = try arguments.key()
        let lifetime = try arguments.lifetime()
        return try writing("cacheExpire") { transaction in
            let found = try transaction.cache.expire(key, after: lifetime)
            return Outcome(reply: Reply.with([("found", .bool(found))]), isChange: found, target: key)
        }
    }

    private func cacheIncrement(_ arguments: CommandArguments) throws -> Document {
        let key = try arguments.key()
        let amount = Int64(try arguments.integer("by") ?? 1)
        return try writing("cacheIncrement") { transaction in
            let value = try transaction.cache.increment(key, by: amount)
            return Outcome(reply: Reply.with([("value", .int64(value))]), target: key)
        }
    }

    private func cacheKeys(_ arguments: CommandArguments) throws -> Document {
        let prefix = try arguments.prefix()
        let limit = try arguments.count("limit") ?? 1000
        let keys = try reading { try $0.cacheReader.keys(prefix: prefix, limit: limit) }
        return Reply.with([("keys", .array(keys.map { .string($0) }))])
    }

    private func cacheClear(_ arguments: CommandArguments) throws -> Document {
        let prefix = try arguments.prefix()
        return try writing("cacheClear") { transaction in
            let removed = try transaction.cache.removeAll(prefix: prefix)
            return Outcome(
                reply: Reply.with([("n", BSONValue(removed))]), isChange: removed > 0, target: prefix + "*")
        }
    }
}

extension CommandArguments {
    /// The command's own value as a key.
    fileprivate func key() throws(CommandError) -> String { try required(name, string(name)) }

    /// The command's own value as a key or a list of keys.
    fileprivate func keys() throws(CommandError) -> [String] {
        guard case .array(let elements)? = self[name] else { return [try key()] }
        let keys = elements.compactMap(\.string)
        guard keys.count == elements.count, !keys.isEmpty else {
            throw .typeMismatch("'\(name)' must be a string or an array of strings that is not empty")
        }
        return keys
    }

    /// The command's own value as a prefix; 1 stands for every key.
    fileprivate func prefix() throws(CommandError) -> String { self[name]?.int == 1 ? "" : try key() }

    /// The lifetime that a command gives an entry; nil: without end.
    fileprivate func lifetime() throws(CommandError) -> Duration? {
        if let milliseconds = try count("ttlMilliseconds") {
            guard self["ttlSeconds"] == nil else {
                throw .badValue("give 'ttlSeconds' or 'ttlMilliseconds', not both")
            }
            return .milliseconds(milliseconds)
        }
        guard let value = self["ttlSeconds"] else { return nil }
        guard let seconds = value.double, seconds > 0, seconds < 1e12 else {
            throw .badValue("'\(name).ttlSeconds' must be a positive number")
        }
        return .seconds(seconds)
    }
}

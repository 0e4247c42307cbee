// What a command that failed says: MongoDB's number, name and words.
//
// Errors of the store and of the query language are turned into this one form here, so that every reply is made the
// same way. A fault MongoDB has no number for is an InternalError (1) whose text holds our own code and the remedy.

/// The failure of one command, or of one statement in it.
struct CommandError: Error {
    let code: Int
    let name: String
    let message: String
    /// Fields that stand beside code and message, such as `keyPattern`.
    var details = Document()

    init(_ code: Int, _ name: String, _ message: String, details: Document = [:]) {
        self.code = code
        self.name = Self.names[code] ?? name
        self.message = message
        self.details = details
    }

    /// A fault that MongoDB numbers by its place in the source, without a name.
    init(location: Int, _ message: String) { self.init(location, "Location\(location)", message) }

    /// Faults in the fields of a command or stage; wherever they are found, they have a name.
    private static let names = [40414: "IDLFailedToParse", 40415: "IDLUnknownField"]

    /// Any error an engine call can throw.
    init(any error: any Error) {
        switch error {
        case let error as CommandError: self = error
        case let error as DocumentError where error.code.number != 0:
            self.init(error.code.number, error.code.name, error.message)
        case let error as DocumentError: self.init(2, "BadValue", error.message)
        case let error as StoreError: self.init(error)
        default: self.init(1, "InternalError", String(describing: error))
        }
    }

    private init(_ error: StoreError) {
        let hasNumber = error.server.number > 1
        self.init(
            hasNumber ? error.server.number : 1, hasNumber ? error.server.name : "InternalError",
            hasNumber ? error.message : "\(error.code.rawValue): \(error.message) \(error.remedy)",
            details: error.details)
    }

    /// The reply of a command that failed as a whole.
    var reply: Document {
        var reply: Document = [
            "ok": 0, "code": BSONValue(code), "codeName": .string(name), "errmsg": .string(message),
        ]
        for (key, value) in details { reply.append(key, value) }
        return reply
    }

    /// The entry of `writeErrors` for the statement at `index`.
    func writeError(at index: Int) -> Document {
        var entry: Document = ["index": BSONValue(index), "code": BSONValue(code)]
        for (key, value) in details { entry.append(key, value) }
        entry.append("errmsg", .string(message))
        return entry
    }
}

extension CommandError {
    static func commandNotFound(_ name: String) -> CommandError {
        CommandError(59, "CommandNotFound", "no such command: '\(name)'")
    }

    static func badValue(_ message: String) -> CommandError { CommandError(2, "BadValue", message) }

    static func failedToParse(_ message: String) -> CommandError { CommandError(9, "FailedToParse", message) }

    static func typeMismatch(_ message: String) -> CommandError { CommandError(14, "TypeMismatch", message) }

    static func notBuilt(_ what: String) -> CommandError {
        CommandError(238, "NotImplemented", "\(what) is not built yet")
    }

    static func cannotCreateIndex(_ message: String) -> CommandError {
        CommandError(67, "CannotCreateIndex", message)
    }

    static func namespaceNotFound(_ message: String) -> CommandError {
        CommandError(26, "NamespaceNotFound", message)
    }

    static func noSuchTransaction(_ message: String) -> CommandError {
        CommandError(251, "NoSuchTransaction", message)
    }

    /// The refusal of an `_id` that is there already.
    static func duplicateID(_ id: BSONValue, in collection: String) -> CommandError {
        CommandError(
            11000, "DuplicateKey",
            "E11000 duplicate key error collection: \(collection) index: _id_ dup key: "
                + ShellText.document(["_id": id]),
            details: ["keyPattern": ["_id": 1], "keyValue": .document(["_id": id])])
    }
}

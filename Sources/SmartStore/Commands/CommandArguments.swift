// The fields of a command, read by name and type, with MongoDB's refusals for what does not belong.
//
// 1. A field that the command does not know is refused (40415) before anything runs, except those that MongoDB takes
//    with every command; those are accepted and have no effect here.
// 2. A field that MongoDB knows and we have not built is refused as such (238): never silently ignored.
// 3. Null counts as absent.

struct CommandArguments {
    /// The name that messages use: "find", or "update.updates" for a statement.
    let name: String
    let document: Document

    /// Fields that MongoDB accepts with every command. They speak to parts that this engine does not have.
    private static let everywhere: Set<String> = [
        "$db", "$readPreference", "$clusterTime", "comment", "lsid", "maxTimeMS", "readConcern", "writeConcern",
        "apiVersion", "apiStrict", "apiDeprecationErrors",
    ]

    /// Checks the names of the fields.
    init(_ document: Document, name: String, known: Set<String>, unbuilt: Set<String> = []) throws(CommandError) {
        self.name = name
        self.document = document
        for key in document.keys where !known.contains(key) && !Self.everywhere.contains(key) {
            if unbuilt.contains(key) { throw .notBuilt("'\(name).\(key)'") }
            throw CommandError(40415, "IDLUnknownField", "BSON field '\(name).\(key)' is an unknown field.")
        }
    }

    /// The value of a field; nil when it is absent or null.
    subscript(key: String) -> BSONValue? {
        guard let value = document[key], !value.isNull else { return nil }
        return value
    }

    /// A document, which must be there.
    func requiredDocument(_ key: String) throws(CommandError) -> Document { try required(key, document(key)) }

    /// The most milliseconds that the command may take; nil: no bound.
    func maxTimeMS() throws(CommandError) -> Int? {
        guard let value = self["maxTimeMS"] else { return nil }
        guard value.type.isNumber, let double = value.double else {
            throw .badValue("maxTimeMS must be a number")
        }
        guard double.rounded(.towardZero) == double else { throw .badValue("maxTimeMS has non-integral value") }
        guard double >= 0, double <= Double(Int32.max) else {
            throw .badValue("\(ShellText.value(value)) value for maxTimeMS is out of range [0, 2147483647]")
        }
        return double == 0 ? nil : Int(double)
    }

    /// A hint: the name of an index or its key pattern.
    func hint() throws(CommandError) -> BSONValue? {
        guard let value = self["hint"] else { return nil }
        guard value.string != nil || value.document != nil else {
            throw .failedToParse("Hint must be a string or an object")
        }
        return value == .document([:]) ? nil : value
    }

    func collation() throws -> Collation? { try document("collation").flatMap { try Collation($0) } }

    // MARK: Types

    func document(_ key: String) throws(CommandError) -> Document? {
        guard let value = self[key] else { return nil }
        guard let document = value.document else { throw wrongType(key, value, "'object'") }
        return document
    }

    func array(_ key: String) throws(CommandError) -> [BSONValue]? {
        guard let value = self[key] else { return nil }
        guard let array = value.array else { throw wrongType(key, value, "'array'") }
        return array
    }

    func string(_ key: String) throws(CommandError) -> String? {
        guard let value = self[key] else { return nil }
        guard let string = value.string else { throw wrongType(key, value, "'string'") }
        return string
    }

    /// A truth value; numbers count as true when they are not zero.
    func bool(_ key: String) throws(CommandError) -> Bool {
        guard let value = self[key] else { return false }
        guard let bool = value.bool ?? value.double.map({ $0 != 0 }) else {
            throw wrongType(key, value, "types '[bool, long, int, decimal, double]'")
        }
        return bool
    }

    /// A number.
    func number(_ key: String) throws(CommandError) -> Double? {
        guard let value = self[key] else { return nil }
        guard value.type.isNumber, let double = value.double else {
            throw wrongType(key, value, "types '[long, int, decimal, double]'")
        }
        return double
    }

    /// A whole number; fractions are cut off, and what does not fit becomes the nearest that does.
    func integer(_ key: String) throws(CommandError) -> Int? {
        guard let value = self[key] else { return nil }
        guard value.type.isNumber, let double = value.double else {
            throw wrongType(key, value, "types '[long, int, decimal, double]'")
        }
        if let int = value.int { return int }
        if double.isNaN { return 0 }
        if let int = Int(exactly: double.rounded(.towardZero)) { return int }
        return double < 0 ? .min : .max
    }

    /// A whole number that is not negative.
    func count(_ key: String) throws(CommandError) -> Int? {
        guard let value = try integer(key) else { return nil }
        guard value >= 0 else {
            throw CommandError(location: 51024, "BSON field '\(key)' value must be >= 0, actual value '\(value)'")
        }
        return value
    }

    /// A field that must be there.
    func required<T>(_ key: String, _ value: T?) throws(CommandError) -> T {
        guard let value else {
            throw CommandError(
                40414, "IDLFailedToParse", "BSON field '\(name).\(key)' is missing but a required field")
        }
        return value
    }

    /// The elements of an array of documents that must be there.
    func documents(_ key: String) throws(CommandError) -> [Document] {
        let elements = try required(key, array(key))
        var documents: [Document] = []
        documents.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            guard let document = element.document else {
                throw .typeMismatch(
                    "BSON field '\(name).\(key).\(index)' is the wrong type '\(element.type.name)', "
                        + "expected type 'object'")
            }
            documents.append(document)
        }
        return documents
    }

    /// The statements of a write: between 1 and 100,000.
    func statements(_ key: String) throws(CommandError) -> [Document] {
        let statements = try documents(key)
        guard (1...100_000).contains(statements.count) else {
            throw CommandError(
                16, "InvalidLength",
                "Write batch sizes must be between 1 and 100000. Got \(statements.count) operations.")
        }
        return statements
    }

    /// Whether a write stops at the first statement that fails.
    func isOrdered() throws(CommandError) -> Bool { self["ordered"] == nil ? true : try bool("ordered") }

    /// The collection: the value of the command's own field.
    func collection() throws(CommandError) -> String {
        guard let value = document[name] ?? document.first(where: { _ in true })?.value else {
            throw .commandNotFound("")
        }
        guard case .string(let collection) = value else {
            throw CommandError(
                73, "InvalidNamespace", "collection name has invalid type \(value.type.name)")
        }
        guard !collection.isEmpty, !collection.utf8.contains(0) else {
            throw CommandError(73, "InvalidNamespace", "Invalid namespace specified '\(collection)'")
        }
        return collection
    }

    private func wrongType(_ key: String, _ value: BSONValue, _ expected: String) -> CommandError {
        let words = expected.hasPrefix("types") ? "expected \(expected)" : "expected type \(expected)"
        return .typeMismatch("BSON field '\(name).\(key)' is the wrong type '\(value.type.name)', \(words)")
    }
}

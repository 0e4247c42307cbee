// Arguments that are JSON, and how results are printed.

import ArgumentParser
import SmartStore

struct OutputArguments: ParsableArguments {
    @Flag(help: "Prints canonical Extended JSON, in which every value shows its type.")
    var canonical = false

    var output: StandardOutput { StandardOutput(canonical ? .canonical : .relaxed) }
}

enum JSONArgument {
    /// A document given as Extended JSON; anything else is bad usage.
    static func document(_ text: String) throws -> Document {
        do { return try Document(json: text) } catch {
            throw ValidationError("'\(text)' is no JSON document: \(error.message)")
        }
    }

    /// An array of documents given as Extended JSON, such as a pipeline.
    static func documents(_ text: String) throws -> [Document] {
        let value: BSONValue
        do { value = try ExtendedJSON.value(from: text) } catch {
            throw ValidationError("'\(text)' is no JSON: \(error.message)")
        }
        if let document = value.document { return [document] }
        let documents = (value.array ?? []).compactMap(\.document)
        guard let count = value.array?.count, documents.count == count else {
            throw ValidationError("'\(text)' is no array of JSON documents.")
        }
        return documents
    }

    /// An update: a document, or an array of stages.
    static func update(_ text: String) throws -> BSONValue {
        guard text.drop(while: \.isWhitespace).hasPrefix("[") else { return .document(try document(text)) }
        return .array(try documents(text).map { .document($0) })
    }

    /// A hint: a key pattern, or a name.
    static func hint(_ text: String) throws -> BSONValue {
        guard text.drop(while: \.isWhitespace).hasPrefix("{") else { return .string(text) }
        return .document(try document(text))
    }

    /// A collation.
    static func collation(_ text: String) throws -> Collation {
        do {
            if let collation = try Collation(document(text)) { return collation }
        } catch let error as DocumentError { throw ValidationError(error.message) }
        throw ValidationError("The simple collation is what there is without one.")
    }

    /// What an identifier on the command line may mean, the likeliest first: the JSON value, the text as it stands,
    /// the ObjectId of 24 hexadecimal digits.
    static func identifiers(_ text: String) -> [BSONValue] {
        var meanings: [BSONValue] = []
        if let value = try? ExtendedJSON.value(from: text) { meanings.append(value) }
        let isQuoted = text.hasPrefix("\"") && !meanings.isEmpty
        if !isQuoted { meanings.append(.string(text)) }
        if let id = ObjectID(text) { meanings.append(.objectID(id)) }
        return meanings.filter { meaning in
            switch meaning {
            case .array, .undefined, .regex: false
            default: true
            }
        }
    }

    /// A vector given as an array of numbers or a binary of subtype 9.
    static func vector(_ text: String) throws -> [Float] {
        do {
            if let vector = try VectorValue(try ExtendedJSON.value(from: text)) { return vector.floats }
        } catch {
            throw ValidationError("The vector cannot be read: \(error.message)")
        }
        throw ValidationError("A vector is an array of numbers or a binary of subtype 9.")
    }
}

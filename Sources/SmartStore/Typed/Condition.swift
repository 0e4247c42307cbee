// A condition on documents that is put together in Swift: a filter's document, built by operators.
//
// 1. What it means is what its document means in MongoDB's query language; nothing else is evaluated.
// 2. A value that cannot be stored, or a path that cannot be, makes the condition faulty; the fault is thrown where the
//    condition is used, so that operators need no `try`.
// 3. `&&` joins into one document where the parts do not meet, so that a planner sees one conjunction.

/// What documents must fulfil: built from fields with operators, or written as a document.
///
/// ```swift
/// try await notes.find(Note.year >= 2020 && Note.tags.contains("cats"))
/// try await notes.find(["year": ["$gte": 2020], "tags": "cats"])
/// ```
public struct Condition: Sendable {
    private let content: Document
    private let fault: StoreError?

    private init(_ content: Document, _ fault: StoreError?) {
        self.content = content
        self.fault = fault
    }

    /// The condition of a filter in MongoDB's query language.
    public init(_ filter: Document) { self.init(filter, nil) }

    /// Every document.
    public static let all = Condition(Document())

    /// One operator on a field; `operand` may fail.
    init(_ path: String, _ name: String, _ operand: () throws(StoreError) -> BSONValue) {
        self.init(path) { () throws(StoreError) in Document(fields: [(name, try operand())]) }
    }

    /// Operators on a field.
    init(_ path: String, operators: () throws(StoreError) -> Document) {
        do throws(StoreError) {
            try FieldOperand.checkPath(path)
            self.init(Document(fields: [(path, .document(try operators()))]))
        } catch {
            self.init(Document(), error)
        }
    }

    /// The filter's document.
    /// - Throws: `invalidDocument` for a value that cannot be stored.
    public var document: Document {
        get throws(StoreError) {
            if let fault { throw fault }
            return content
        }
    }

    // MARK: Logic

    /// Both conditions.
    public static func && (a: Condition, b: Condition) -> Condition {
        Condition(joined(a.content, b.content), a.fault ?? b.fault)
    }

    /// Either condition, or both.
    public static func || (a: Condition, b: Condition) -> Condition {
        let isAll = a.fault == nil && b.fault == nil && (a.content.isEmpty || b.content.isEmpty)
        if isAll { return .all }
        let branches = parts(of: a.content, "$or") + parts(of: b.content, "$or")
        return Condition(["$or": .array(branches)], a.fault ?? b.fault)
    }

    /// The documents that the condition does not hold for, those without the field among them.
    public static prefix func ! (a: Condition) -> Condition {
        Condition(["$nor": [.document(a.content)]], a.fault)
    }

    /// The branches of a document that is nothing but one list of them; else the document as the only one.
    private static func parts(of document: Document, _ name: String) -> [BSONValue] {
        if document.keys == [name], let parts = document[name]?.array { return parts }
        return [.document(document)]
    }

    private static func joined(_ a: Document, _ b: Document) -> Document {
        if a.isEmpty { return b }
        var result = a
        for (name, value) in b {
            guard let present = result[name] else {
                result.append(name, value)
                continue
            }
            guard let both = joined(name, present, value) else {
                return ["$and": .array(parts(of: a, "$and") + parts(of: b, "$and"))]
            }
            result[name] = both
        }
        return result
    }

    /// Two operands of one name as one; nil when they must stay apart.
    private static func joined(_ name: String, _ a: BSONValue, _ b: BSONValue) -> BSONValue? {
        if name == "$and", case .array(let x) = a, case .array(let y) = b { return .array(x + y) }
        guard !name.hasPrefix("$"), case .document(let x) = a, case .document(let y) = b else { return nil }
        let names = x.keys + y.keys
        // A pattern and its options belong together; anything that is no operator is a value to be equal to.
        guard Set(names).count == names.count, names.allSatisfy({ $0.hasPrefix("$") }),
            !names.contains("$regex"), !names.contains("$options")
        else { return nil }
        return .document(Document(fields: x.map { ($0, $1) } + y.map { ($0, $1) }))
    }
}

extension Condition: ExpressibleByDictionaryLiteral {
    /// The condition of a filter in MongoDB's query language.
    public init(dictionaryLiteral elements: (String, BSONValue)...) { self.init(Document(fields: elements)) }
}

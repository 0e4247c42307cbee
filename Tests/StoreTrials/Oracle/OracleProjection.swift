import SmartStore

// The oracle's projections: the document is copied field by field, and what is not wanted is left out.

struct OracleProjection {
    private final class Node {
        var children: [String: Node] = [:]
    }

    private let root = Node()
    private var isInclusion: Bool?
    private var wantsID: Bool?
    private var made: [(name: String, value: BSONValue)] = []
    private let filter: OracleFilter

    /// `made`: computed fields, `$slice`, `$elemMatch`, at the top of the document.
    init(_ projection: Document, _ collation: Collation? = nil) {
        filter = OracleFilter(collation)
        for (name, value) in projection {
            guard let isWanted = value.bool ?? value.double.map({ $0 != 0 }) else {
                if value.document?.keys.first != "$slice" { isInclusion = true }
                made.append((name, value))
                continue
            }
            if name == "_id" {
                wantsID = isWanted
                continue
            }
            isInclusion = isWanted
            var node = root
            for step in name.split(separator: ".").map(String.init) {
                let next = node.children[step] ?? Node()
                node.children[step] = next
                node = next
            }
        }
        let includes = isInclusion ?? wantsID ?? false
        isInclusion = includes
        if includes {
            for field in made where ["$slice", "$elemMatch"].contains(field.value.document?.keys.first) {
                root.children[field.name] = Node()
            }
        }
        if (wantsID ?? true) == includes { root.children["_id"] = Node() }
    }

    /// The fields that are left of a document.
    func apply(_ document: [OracleField]) throws -> [OracleField] {
        var result = kept(document, root)
        for (name, value) in made {
            let operation = value.document
            switch operation?.keys.first {
            case "$slice"?:
                guard let elements = result[name]?.elements, let operand = operation?["$slice"] else { continue }
                result.set(name, .array(Self.slice(elements, operand)))
            case "$elemMatch"?:
                let condition = operation?["$elemMatch"]?.document ?? Document()
                let found = try (document[name]?.elements ?? []).first { try filter.isMatch($0, condition) }
                result.set(name, found.map { .array([$0]) })
            default:
                result.set(name, nil)
                result.set(name, try OracleExpression(filter.order).evaluate(value, document))
            }
        }
        return result
    }

    private func kept(_ fields: [OracleField], _ node: Node) -> [OracleField] {
        var result: [OracleField] = []
        for field in fields {
            if let value = kept(field.value, node.children[field.name]) {
                result.append(OracleField(name: field.name, value: value))
            }
        }
        return result
    }

    /// What stays of a value below a named field (nil: the field is not named).
    private func kept(_ value: OracleValue, _ node: Node?) -> OracleValue? {
        let includes = isInclusion ?? false
        guard let node else { return includes ? nil : value }
        guard !node.children.isEmpty else { return includes ? value : nil }
        switch value {
        case .plain: return includes ? nil : value
        case .object(let fields): return .object(kept(fields, node))
        case .array(let elements): return .array(elements.compactMap { kept($0, node) })
        }
    }

    static func slice(_ elements: [OracleValue], _ operand: BSONValue) -> [OracleValue] {
        if let pair = operand.array, let skip = pair[0].int, let count = pair[1].int {
            let from = skip < 0 ? max(0, elements.count + skip) : min(skip, elements.count)
            return Array(elements[from...].prefix(count))
        }
        let count = operand.int ?? 0
        return Array(count < 0 ? elements.suffix(-count) : elements.prefix(count))
    }
}

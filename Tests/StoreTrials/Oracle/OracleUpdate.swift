import SmartStore

// The oracle's updates: operators on trees, each at its path, in order of the paths.

struct OracleUpdate {
    let update: BSONValue
    let arrayFilters: [Document]
    let now: Int64
    private let order: OracleOrder
    private let filter: OracleFilter

    init(_ update: BSONValue, _ arrayFilters: [Document] = [], _ collation: Collation? = nil, now: Int64) {
        self.update = update
        self.arrayFilters = arrayFilters
        self.now = now
        order = OracleOrder(collation)
        filter = OracleFilter(collation)
    }

    private enum Change {
        case keep
        case set(OracleValue)
        case remove
    }

    private struct Step {
        var path: [String]
        var name: String
        var operand: BSONValue
    }

    /// The document that the update makes of another; the filter says which element `$` is.
    func apply(to document: [OracleField], foundBy query: Document, isInsert: Bool = false) throws -> [OracleField] {
        var result = document
        switch update {
        case .array(let stages):
            for stage in stages {
                guard let stage = stage.document else { throw OracleRefusal("a stage is no document") }
                guard let next = try OraclePipeline().apply(stage, [result]).first else { throw OracleRefusal("gone") }
                result = next
            }
            if result["_id"] == nil, let id = document["_id"] {
                result.insert(OracleField(name: "_id", value: id), at: 0)
            }
        case .document(let fields) where fields.keys.first?.hasPrefix("$") == true:
            var touched: [[String]] = []
            for step in Self.steps(fields) {
                for path in try places(step.path, document, query) {
                    for other in touched where zip(other, path).allSatisfy({ $0 == $1 }) {
                        throw OracleRefusal("conflict")
                    }
                    touched.append(path)
                    if step.name == "$rename" { touched.append(Self.split(step.operand.string ?? "")) }
                    var concrete = step
                    concrete.path = path
                    result = try apply(concrete, result, isInsert)
                }
            }
        case .document(let fields):
            result = OracleValue.fields(fields)
            if result["_id"] == nil, let id = document["_id"] {
                result.insert(OracleField(name: "_id", value: id), at: 0)
            }
        default: throw OracleRefusal("no update")
        }
        if let before = document["_id"] {
            guard let after = result["_id"], order.isEqual(before, after) else { throw OracleRefusal("_id changes") }
        }
        return result
    }

    /// Refuses paths of which one leads to another, whatever the documents are.
    func check() throws {
        guard let fields = update.document, fields.keys.first?.hasPrefix("$") == true else { return }
        var touched: [[String]] = []
        for step in Self.steps(fields) {
            let target = step.name == "$rename" ? [Self.split(step.operand.string ?? "")] : []
            for path in [step.path] + target {
                if touched.contains(where: { zip($0, path).allSatisfy { $0 == $1 } }) {
                    throw OracleRefusal("conflict")
                }
                touched.append(path)
            }
        }
    }

    static func split(_ path: String) -> [String] { path.split(separator: ".").map(String.init) }

    /// All operators with their paths, in the order in which they are applied.
    private static func steps(_ fields: Document) -> [Step] {
        var steps: [Step] = []
        for (name, operands) in fields {
            for (path, operand) in operands.document ?? Document() {
                steps.append(Step(path: split(path), name: name, operand: operand))
            }
        }
        // A renamed field counts where it goes to.
        func place(_ step: Step) -> [String] {
            step.name == "$rename" ? split(step.operand.string ?? "") : step.path
        }
        return steps.sorted { a, b in
            for (x, y) in zip(place(a), place(b)) where x != y {
                if let first = Int(x), let second = Int(y) { return first < second }
                return OracleOrder.order(Array(x.utf8), Array(y.utf8)) < 0
            }
            return place(a).count < place(b).count
        }
    }

    // MARK: Places

    /// The places that a path stands for in a document.
    private func places(_ path: [String], _ document: [OracleField], _ query: Document) throws -> [[String]] {
        var places: [[String]] = [[]]
        for step in path {
            guard step.hasPrefix("$") else {
                places = places.map { $0 + [step] }
                continue
            }
            places = try places.flatMap { place -> [[String]] in
                let value = Self.value(at: place[...], in: .object(document))
                if step == "$" {
                    return [place + [String(try position(place, document, query))]]
                }
                guard let elements = value?.elements else { throw OracleRefusal("no array at \(place)") }
                guard step != "$[]" else { return elements.indices.map { place + [String($0)] } }
                let name = String(step.dropFirst(2).dropLast())
                guard let condition = arrayFilters.first(where: { Self.split($0.keys[0])[0] == name }) else {
                    throw OracleRefusal("no array filter \(name)")
                }
                return try elements.indices.filter { index in
                    try filter.matches(condition, [OracleField(name: name, value: elements[index])])
                }.map { place + [String($0)] }
            }
        }
        return places
    }

    static func value(at steps: ArraySlice<String>, in value: OracleValue) -> OracleValue? {
        guard let step = steps.first else { return value }
        switch value {
        case .object(let fields): return fields[step].flatMap { self.value(at: steps.dropFirst(), in: $0) }
        case .array(let elements):
            guard let index = Int(step), index < elements.count else { return nil }
            return self.value(at: steps.dropFirst(), in: elements[index])
        case .plain: return nil
        }
    }

    /// The first element of an array of which the query's one condition on it holds.
    private func position(_ place: [String], _ document: [OracleField], _ query: Document) throws -> Int {
        let name = place.joined(separator: ".")
        let conditions = query.filter { $0.key == name || $0.key.hasPrefix(name + ".") }
        guard conditions.count == 1, let (path, condition) = conditions.first,
            let elements = Self.value(at: place[...], in: .object(document))?.elements
        else { throw OracleRefusal("no element was found") }
        for (index, element) in elements.enumerated() {
            if let inner = condition.document?["$elemMatch"]?.document {
                if try filter.isMatch(element, inner) { return index }
                continue
            }
            var alone = document
            alone.set(place[0], .array([element]))
            if try filter.matches(Document(fields: [(path, condition)]), alone) { return index }
        }
        throw OracleRefusal("no element was found")
    }

    // MARK: Operators

    private func apply(_ step: Step, _ document: [OracleField], _ isInsert: Bool) throws -> [OracleField] {
        if step.name == "$rename" { return try rename(step, document) }
        if step.name == "$setOnInsert", !isInsert { return document }
        let creates = !["$unset", "$pop", "$pull", "$pullAll"].contains(step.name)
        // What $unset and the pulls do not reach is left alone; for $pop a path must lead somewhere or end.
        let isStrict = creates || step.name == "$pop"
        let result = try edit(.object(document), step.path[...], creates: creates, isStrict: isStrict) { present in
            try change(step, present)
        }
        return result.fields ?? document
    }

    private func rename(_ step: Step, _ document: [OracleField]) throws -> [OracleField] {
        let target = Self.split(step.operand.string ?? "")
        func refuseArrays(_ path: [String]) throws {
            for count in path.indices {
                if Self.value(at: path[..<count], in: .object(document))?.elements != nil {
                    throw OracleRefusal("rename through an array")
                }
            }
        }
        try refuseArrays(step.path)
        guard let value = Self.value(at: step.path[...], in: .object(document)) else { return document }
        try refuseArrays(target)
        let without = try edit(.object(document), step.path[...], creates: false, isStrict: false) { _ in .remove }
        return try edit(without, target[...], creates: true, isStrict: true) { _ in .set(value) }.fields ?? document
    }

    /// Changes the value at a path, making the documents on the way when `creates`.
    private func edit(
        _ container: OracleValue, _ path: ArraySlice<String>, creates: Bool, isStrict: Bool,
        _ change: (OracleValue?) throws -> Change
    ) throws -> OracleValue {
        guard let step = path.first else { return container }
        let rest = path.dropFirst()
        func made() throws -> OracleValue? {
            guard creates, case .set(let leaf) = try change(nil) else { return nil }
            return rest.reversed().reduce(leaf) { .object([OracleField(name: $1, value: $0)]) }
        }
        func inside(_ value: OracleValue) throws -> OracleValue? {
            guard rest.isEmpty else { return try edit(value, rest, creates: creates, isStrict: isStrict, change) }
            switch try change(value) {
            case .keep: return value
            case .set(let new): return new
            case .remove: return nil
            }
        }
        switch container {
        case .object(var fields):
            if let value = fields[step] {
                fields.set(step, try inside(value))
            } else if let value = try made() {
                fields.append(OracleField(name: step, value: value))
            }
            return .object(fields)
        case .array(var elements):
            guard let index = Int(step), index >= 0 else {
                if isStrict { throw OracleRefusal("a name in an array") }
                return container
            }
            if index < elements.count {
                elements[index] = try inside(elements[index]) ?? .plain(.null)
            } else if let value = try made() {
                while elements.count < index { elements.append(.plain(.null)) }
                elements.append(value)
            }
            return .array(elements)
        case .plain:
            if isStrict { throw OracleRefusal("a path through a value") }
            return container
        }
    }

    private func change(_ step: Step, _ present: OracleValue?) throws -> Change {
        let operand = OracleValue(step.operand)
        func array() throws -> [OracleValue] {
            guard let present else { return [] }
            guard let elements = present.elements else { throw OracleRefusal("\(step.name) on no array") }
            return elements
        }
        switch step.name {
        case "$set", "$setOnInsert": return .set(operand)
        case "$unset": return present == nil ? .keep : .remove
        case "$currentDate": return .set(.plain(.date(BSONDate(millisecondsSince1970: now))))
        case "$min", "$max":
            guard let present else { return .set(operand) }
            return order.compare(operand, present) == (step.name == "$min" ? -1 : 1) ? .set(operand) : .keep
        case "$inc", "$mul":
            guard let present else {
                if step.name == "$inc" { return .set(operand) }
                switch step.operand {
                case .double: return .set(.plain(.double(0)))
                case .int64: return .set(.plain(.int64(0)))
                case .int32: return .set(.plain(.int32(0)))
                default: throw OracleUnsure("a decimal zero")
                }
            }
            guard present.isNumber else { throw OracleRefusal("\(step.name) of no number") }
            return .set(
                try OracleArithmetic.apply(step.name == "$inc", present, operand, overflowsToDouble: false))
        case "$bit":
            var value: BSONValue = .int32(0)
            if let present {
                guard case .plain(let number) = present else { throw OracleRefusal("$bit of no number") }
                value = number
            }
            for (name, mask) in step.operand.document ?? Document() {
                guard let (left, isSmall) = Self.bits(value), let (right, isSmallMask) = Self.bits(mask) else {
                    throw OracleRefusal("$bit of no whole number")
                }
                let result = name == "and" ? left & right : name == "or" ? left | right : left ^ right
                value = isSmall && isSmallMask ? .int32(Int32(truncatingIfNeeded: result)) : .int64(result)
            }
            return .set(.plain(value))
        case "$pop":
            guard present != nil else { return .keep }
            var elements = try array()
            if elements.isEmpty { return .keep }
            elements.remove(at: step.operand.int == -1 ? 0 : elements.count - 1)
            return .set(.array(elements))
        case "$pullAll":
            guard present != nil else { return .keep }
            let gone = operand.elements ?? []
            return .set(.array(try array().filter { element in !gone.contains { order.isEqual($0, element) } }))
        case "$pull":
            guard present != nil else { return .keep }
            return .set(.array(try array().filter { try !isPulled($0, step.operand) }))
        case "$addToSet":
            var elements = try array()
            let each = step.operand.document?["$each"]?.array?.map { OracleValue($0) }
            for value in each ?? [operand] where !elements.contains(where: { order.isEqual($0, value) }) {
                elements.append(value)
            }
            return .set(.array(elements))
        case "$push": return .set(.array(try push(step.operand, try array())))
        default: throw OracleRefusal("unknown operator \(step.name)")
        }
    }

    private static func bits(_ value: BSONValue) -> (Int64, isSmall: Bool)? {
        switch value {
        case .int32(let number): (Int64(number), true)
        case .int64(let number): (number, false)
        default: nil
        }
    }

    private func isPulled(_ element: OracleValue, _ condition: BSONValue) throws -> Bool {
        switch condition {
        case .document(let document):
            if document.keys.first?.hasPrefix("$") == true {
                // The operators are those of a field that holds the element, so arrays are looked into.
                return try filter.matches(
                    Document(fields: [("x", condition)]), [OracleField(name: "x", value: element)])
            }
            guard let fields = element.fields else { return false }
            return try filter.matches(document, fields)
        default: return order.isEqual(OracleValue(condition), element)
        }
    }

    private func push(_ operand: BSONValue, _ elements: [OracleValue]) throws -> [OracleValue] {
        guard let clauses = operand.document, let each = clauses["$each"]?.array else {
            return elements + [OracleValue(operand)]
        }
        var result = elements
        var place = clauses["$position"]?.int ?? result.count
        if place < 0 { place = max(0, result.count + place) }
        result.insert(contentsOf: each.map { OracleValue($0) }, at: min(place, result.count))
        if let sort = clauses["$sort"] {
            let keys = sort.document.map { OracleKeys($0) }
            func compare(_ a: OracleValue, _ b: OracleValue) throws -> Int {
                guard let keys else { return order.compare(a, b) * (sort.int ?? 1) }
                return keys.compare(try keys.place(a.fields ?? []), try keys.place(b.fields ?? []))
            }
            let ordered = try result.enumerated().sorted { a, b in
                let order = try compare(a.element, b.element)
                return order == 0 ? a.offset < b.offset : order < 0
            }
            result = ordered.map(\.element)
        }
        if let count = clauses["$slice"]?.int {
            result = Array(count < 0 ? result.suffix(-count) : result.prefix(count))
        }
        return result
    }

    // MARK: Upsert

    /// The document that an upsert makes of a filter's equalities and the update, without an `_id` that is made up.
    func inserted(for query: Document) throws -> [OracleField] {
        var base: [OracleField] = []
        var paths: [[String]] = []
        let isReplacement = update.document.map { $0.keys.first?.hasPrefix("$") != true } ?? false
        func take(_ query: Document) throws {
            for (name, condition) in query {
                if name == "$and" {
                    for branch in condition.array ?? [] { try take(branch.document ?? Document()) }
                    continue
                }
                guard !name.hasPrefix("$") else { continue }
                var value: BSONValue? = condition
                if condition.document?.keys.first?.hasPrefix("$") == true { value = condition.document?["$eq"] }
                if case .regex? = value { value = nil }
                guard let value, !isReplacement || name == "_id" else { continue }
                let path = Self.split(name)
                if paths.contains(where: { zip($0, path).allSatisfy { $0 == $1 } }) {
                    throw OracleRefusal("a path is matched twice")
                }
                paths.append(path)
                let made = try edit(.object(base), path[...], creates: true, isStrict: true) { _ in
                    .set(OracleValue(value))
                }
                base = made.fields ?? []
            }
        }
        try take(query)
        return try apply(to: base, foundBy: Document(), isInsert: true)
    }
}

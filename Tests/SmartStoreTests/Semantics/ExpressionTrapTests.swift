// No operand ends the process: every operator on random values of every type, corner cases first, gives a value or an
// error. About 60,000 evaluations from seeds.

import Testing

@testable import SmartStore

@Suite("Expressions: hostile operands")
struct ExpressionTrapTests {
    /// Values that an operator is likely to want, so that more than its checks of types are reached.
    private static let likely: [BSONValue] = [
        .string("day"), .string("month"), .string("week"), .string("quarter"), .string("+05:30"), .string("%Y-%m-%d"),
        .date(BSONDate(millisecondsSince1970: .max)), .date(BSONDate(millisecondsSince1970: .min)),
        .date(BSONDate(millisecondsSince1970: 1_700_000_000_000)), .int32(0), .int32(-1), .int32(3), .int64(.min),
        .int64(.max), .int32(.min), .array([]), .array([1, 2, 3]), .array(["a", "b"]), .document(["k": "x", "v": 1]),
        .array([["k": "x", "v": 1]]), .array([["x", 1]]), .string("aéb"), .string(""), .bool(true), .null,
        .decimal128(Decimal128("9.999999999999999999999999999999999E+6144") ?? .nan), .double(-0.0), .double(.nan),
    ]

    @Test("every operator answers or refuses", arguments: AggregationNames.expressions.sorted())
    func neverTraps(_ name: String) {
        var values = RandomValues(seed: UInt64(name.utf8.reduce(7) { $0 &* 31 &+ Int($1) }.magnitude))
        let fields = ExpressionFunctions.named[name]?.names
        for _ in 0..<400 {
            var document = Document()
            for field in ["a", "b", "c", "d", "e"] where !values.random.chance(8) {
                document.append(field, values.random.chance(2) ? values.random.pick(Self.likely) : values.value())
            }
            let paths = ["a", "b", "c", "d", "e"].map { BSONValue.string("$" + $0) }
            let operand: BSONValue
            if let fields {
                operand = .document(
                    Document(
                        fields: fields.enumerated().compactMap { place, field in
                            values.random.chance(4) && place > 0 ? nil : (field, paths[place % 5])
                        }))
            } else {
                operand = .array(Array(paths.prefix(values.random.below(4))))
            }
            guard let expression = try? AggregationExpression(.document(Document(fields: [(name, operand)]))) else {
                continue
            }
            _ = try? expression.evaluate(document)
        }
    }

    @Test("groups are what comparing all keys with each other makes of them", arguments: 0..<20 as Range<UInt64>)
    func groupsAreOfEqualKeys(seed: UInt64) throws {
        var values = RandomValues(seed: seed &+ 500)
        var documents: [Document] = []
        for _ in 0..<200 {
            var document = Document()
            for field in ["a", "b"] where !values.random.chance(6) {
                document.append(field, values.random.chance(3) ? values.value() : BSONValue(values.random.below(3)))
            }
            document.append("n", .int32(1))
            documents.append(document)
        }
        for key in ["'$a'", "'$a.b'", "{'x': '$a', 'y': '$b'}", "{'x': '$a.b'}", "['$a', '$b']", "{'$type': '$a'}"] {
            let stage = try GroupStage(
                TableText.value("{'_id': \(key), 'n': {'$sum': '$n'}, 'c': {'$count': {}}}"), options: .standard)
            let expression = try AggregationExpression(TableText.value(key))
            var model: [(key: BSONValue, count: Int)] = []
            for document in documents {
                let value = try expression.evaluate(document) ?? .null
                if let place = model.firstIndex(where: { ValueOrder.compare($0.key, value) == 0 }) {
                    model[place].count += 1
                } else {
                    model.append((value, 1))
                }
            }
            let found = try GroupSource(stage, ListedDocuments(documents), byteLimit: 1 << 30).rest()
            #expect(found.map { $0["n"]?.int } == model.map(\.count), "\(key), seed \(seed)")
            #expect(found.map { $0["c"]?.int } == model.map(\.count), "\(key), seed \(seed)")
            #expect(
                found.map { TableText.canonical($0["_id"]) } == model.map { TableText.canonical($0.key) },
                "\(key), seed \(seed)")
        }
    }
}

import SmartStore
import Testing

@Suite("Bad input of vector queries")
struct VectorQueryInputTests {
    /// A change to a sound query, and the error it must give.
    struct Fault: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: StoreError.Code
        let change: @Sendable (inout VectorQuery) -> Void

        init(
            _ name: String, _ code: StoreError.Code = .invalidArgument,
            _ change: @escaping @Sendable (inout VectorQuery) -> Void
        ) {
            testDescription = name
            self.code = code
            self.change = change
        }
    }

    static let faults: [Fault] = [
        Fault("k of 0") { $0.k = 0 },
        Fault("negative k") { $0.k = -1 },
        Fault("k above the limit") { $0.k = 1 << 20 + 1 },
        Fault("greatest k") { $0.k = .max },
        Fault("negative skip") { $0.skip = -1 },
        Fault("greatest skip") { $0.skip = .max },
        Fault("skip and k above the limit") { ($0.k, $0.skip) = (1 << 20, 1) },
        Fault("breadth of 0") { $0.breadth = 0 },
        Fault("greatest breadth") { $0.breadth = .max },
        Fault("rerank of 0") { $0.rerank = 0 },
        Fault("recall target of 0") { $0.recallTarget = 0 },
        Fault("recall target above 1") { $0.recallTarget = 1.01 },
        Fault("recall target that is no number") { $0.recallTarget = .nan },
        Fault("recall target and breadth") { ($0.recallTarget, $0.breadth) = (0.9, 64) },
        Fault("score limit that is no number") { $0.scoreLimit = .nan },
        Fault("group size without groups") { $0.groupSize = 2 },
        Fault("group size of 0") { ($0.groupBy, $0.groupSize) = ("g", 0) },
        Fault("greatest group size") { ($0.groupBy, $0.groupSize) = ("g", .max) },
        Fault("too many hits in groups") { ($0.groupBy, $0.groupSize, $0.k) = ("g", 1024, 1025) },
        Fault("groups and diversity") { ($0.groupBy, $0.diversity) = ("g", 0.5) },
        Fault("negative diversity") { $0.diversity = -0.1 },
        Fault("diversity above 1") { $0.diversity = 1.5 },
        Fault("diversity that is no number") { $0.diversity = .nan },
        Fault("pool without diversity") { $0.pool = 100 },
        Fault("pool below k") { ($0.diversity, $0.pool) = (0.5, 9) },
        Fault("greatest pool") { ($0.diversity, $0.pool) = (0.5, .max) },
        Fault("no vector") { $0.vectors = [] },
        Fault("too many vectors") { $0.vectors = Array(repeating: $0.vectors[0], count: 1025) },
        Fault("vectors and examples") { $0.positive = [.id(1)] },
        Fault("only negative examples") { ($0.vectors, $0.negative) = ([], [.id(1)]) },
        Fault("vector of another dimension", .invalidVector) { $0.vectors = [[1, 2, 3]] },
        Fault("vector without elements", .invalidVector) { $0.vectors = [[]] },
        Fault("NaN in a vector", .invalidVector) { $0.vectors[0][3] = .nan },
        Fault("infinity in the last vector", .invalidVector) {
            $0.vectors.append(Array(repeating: .infinity, count: 8))
        },
        Fault("zero vector under cosine", .invalidVector) { $0.vectors = [Array(repeating: 0, count: 8)] },
        Fault("unknown field", .noSuchIndex) { $0.field = "w" },
        Fault("empty field", .noSuchIndex) { $0.field = "" },
        Fault("unknown operator", .invalidDocument) { $0.filter = ["n": ["$near": 1]] },
        Fault("NUL in the group's path", .invalidDocument) { $0.groupBy = "a\0b" },
    ]

    @Test("what makes no sense is refused with a clear code, alone, in a batch and in a writer", arguments: faults)
    func refused(fault: Fault) throws {
        let fixture = try VectorFixture(count: 30)
        let sound = VectorQuery(field: "v", vector: VectorFixture.query(1), k: 10)
        var query = sound
        fault.change(&query)
        func expect(_ body: () throws -> Void) {
            do {
                try body()
                Issue.record("\(fault.testDescription) is accepted")
            } catch {
                let found = error as? StoreError
                #expect(found?.code == fault.code, "\(error)")
                #expect(found?.remedy.isEmpty == false && found?.message.isEmpty == false)
            }
        }
        expect { _ = try fixture.search(query) }
        expect { _ = try fixture.store.readSync { try $0.collection("n").search(batch: [sound, query, sound]) } }
        try fixture.store.writeSync { (tx) throws in
            expect { _ = try tx.collection("n").search(query) }
            #expect(try tx.collection("n").search(sound).count == 10, "the transaction can go on")
        }
    }

    @Test("an unknown collection is named")
    func unknownCollection() throws {
        let fixture = try VectorFixture(count: 3)
        let query = VectorQuery(field: "v", vector: VectorFixture.query(1))
        do {
            _ = try fixture.store.readSync { try $0.collection("m").search(query) }
            Issue.record("accepted")
        } catch {
            #expect((error as? StoreError)?.code == .noSuchCollection)
        }
    }
}

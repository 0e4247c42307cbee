import PageStore
import StoreIO
import StoreTestSupport

@testable import SmartStore

// Documents and stores for sorts that do not fit into memory.

enum SpillFixture {
    static let limit = 1 << 12
    /// Stands in every document; nowhere on the disk of an encrypted store.
    static let marker = "in plain words"

    /// Few keys, so that many are equal, of several types; sizes from nothing to more than the limit.
    static func documents(_ seed: UInt64, count: Int, largest: Int = 400) -> [Document] {
        let random = SeededRandomSource(seed: seed)
        func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }
        return (0..<count).map { number in
            let key: BSONValue =
                switch below(5) {
                case 0: .string("text \(below(30))")
                case 1: .double(Double(below(40)) / 2)
                case 2: .array([BSONValue(below(9)), BSONValue(below(9))])
                default: BSONValue(below(20))
                }
            let size = below(60) == 0 ? largest * 12 : below(largest)
            return [
                "_id": BSONValue(number), "k": key, "m": BSONValue(below(3)),
                "f": .string(marker + String(repeating: "x", count: size)),
            ]
        }
    }

    static func space(_ disk: SimulatedDisk, encrypted: Bool = true, seed: UInt64 = 5) -> SpillSpace {
        SpillSpace(
            name: "s", isShared: false, isEncrypted: encrypted, random: SeededRandomSource(seed: seed)
        ) { () throws(FileFault) in disk }
    }

    static func options() -> StoreOptions {
        var options = StoreFixture.options()
        options.sortByteLimit = limit
        return options
    }

    /// A store with documents in collection `c`.
    static func store(
        _ disk: SimulatedDisk, _ documents: [Document], encrypted: Bool = true, options: StoreOptions? = nil
    ) throws -> Store {
        let store = try StoreFixture.create(disk, options: options ?? self.options(), encrypted: encrypted)
        try store.writeSync { (tx) throws in
            for document in documents { try tx.collection("c").insert(document) }
        }
        return store
    }

    static let query = FindQuery(sort: ["k": 1, "m": -1])

    static func find(_ store: Store, _ query: FindQuery = query) throws -> [Document] {
        try store.readSync { (tx) throws in
            let reader: CollectionReader = tx.collection("c")
            return try reader.find(query)
        }
    }

    static func sorted(_ documents: [Document]) throws -> [Document] {
        try SortSpec(["k": 1, "m": -1]).sorted(documents)
    }
}

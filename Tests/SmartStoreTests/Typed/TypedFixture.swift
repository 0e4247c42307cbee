import SmartStore
import StoreTestSupport

struct Author: Codable, Sendable, Equatable, HasFields {
    var name: String
    var born: Int

    struct Fields: Sendable {
        let name = Field<String>(CodingKeys.name)
        let born = Field<Int>(CodingKeys.born)
    }
    static let fields = Fields()
}

enum Mood: String, Codable, Sendable { case calm, wild }

/// A type with most of what a field can be; `title` is stored under another name.
struct Note: Codable, Sendable, Equatable {
    var id: Int
    var title: String
    var year = 2000
    var rating: Double?
    var subtitle: String?
    var tags: [String] = []
    var scores: [Int]?
    var mood = Mood.calm
    var author: Author?
    var editors: [Author] = []
    var embedding: [Float]?

    enum CodingKeys: String, CodingKey {
        case id = "_id"
        case title = "t"
        case year, rating, subtitle, tags, scores, mood, author, editors, embedding
    }

    static let id = Field<Int>(CodingKeys.id)
    static let title = Field<String>(CodingKeys.title)
    static let year = Field<Int>(CodingKeys.year)
    static let rating = Field<Double?>(CodingKeys.rating)
    static let subtitle = Field<String?>(CodingKeys.subtitle)
    static let tags = Field<[String]>(CodingKeys.tags)
    static let scores = Field<[Int]?>(CodingKeys.scores)
    static let mood = Field<Mood>(CodingKeys.mood)
    static let author = Field<Author?>(CodingKeys.author)
    static let editors = Field<[Author]>(CodingKeys.editors)
    static let embedding = Field<[Float]?>(CodingKeys.embedding)
}

enum TypedFixture {
    static let ada = Author(name: "Ada", born: 1815)
    static let bob = Author(name: "Bob", born: 1950)

    static let notes = [
        Note(
            id: 1, title: "Cats purr", year: 2019, rating: 4.5, tags: ["cats", "sound"], scores: [3, 7], author: ada),
        Note(
            id: 2, title: "Birds sing", year: 2020, subtitle: "at dawn", tags: ["birds"], scores: [12],
            mood: .wild, author: bob, editors: [ada, bob]),
        Note(id: 3, title: "Cats nap", year: 2021, rating: 2, tags: ["cats", "sleep"], scores: [], editors: [bob]),
        Note(id: 4, title: "a.c (dots)", year: 2022, rating: 5, subtitle: "plain", tags: [], mood: .wild),
    ]

    static func store(_ disk: SimulatedDisk = SimulatedDisk()) throws -> Store {
        try StoreFixture.create(disk, encrypted: false)
    }

    /// A store with the four notes.
    static func filled() throws -> (Store, Collection<Note>) {
        let store = try store()
        let collection = store.collection("notes", of: Note.self)
        try collection.sync.insert(contentsOf: notes)
        return (store, collection)
    }

    /// A store with so many notes, of the years 0, 1, 2, …
    static func numbered(_ count: Int) throws -> (Store, Collection<Note>) {
        let store = try store()
        let collection = store.collection("notes", of: Note.self)
        try collection.sync.insert(contentsOf: (0..<count).map { Note(id: $0, title: "note \($0)", year: $0) })
        return (store, collection)
    }
}

/// Something that one task says and another waits for; said once.
struct Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func send() { continuation.finish() }

    func wait() async { for await _ in stream {} }
}

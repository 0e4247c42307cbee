import PageStore
import Synchronization
import VectorIndex

// What filters gave on an index, for as long as the index stays as it is.
//
// A filter is a question about documents, asked row by row: right for a filter that comes once. One that comes again is
// answered for the whole collection once, and is a set of bits from then on.
//
// A document with a vector cannot change without its row being replaced, so an answer holds from the last commit that
// changed the index (`changed(at:)`, called before anybody can see that commit) to the next one. Views older than that
// use nothing of this.

final class VectorFilterCache: Sendable {
    /// What is kept: the rows that pass a filter, or the rows by a field's value.
    enum Answer {
        case rows(RowSet)
        case groups(RowGroups)

        var byteCount: Int {
            switch self {
            case .rows(let set): set.byteCount
            case .groups(let groups): groups.byteCount
            }
        }
    }

    enum Finding {
        case known(Answer)
        /// Asked before: worth an evaluation of all documents.
        case comesAgain
        case new
    }

    private struct Entry {
        let answer: Answer
        var lastUse: Int
    }

    private struct State {
        var validFrom: CommitSequence = 0
        var entries: [[UInt8]: Entry] = [:]
        var asked: [[UInt8]] = []
        var byteCount = 0
        var uses = 0
    }

    /// Questions remembered that were asked once, and the longest that is remembered.
    private static let askedLimit = 64
    private static let longestKey = 1 << 16

    private let state = Mutex(State())
    private let byteLimit: Int

    init(byteLimit: Int) {
        self.byteLimit = byteLimit
    }

    /// Bytes held, for tests.
    var byteCount: Int { state.withLock { $0.byteCount } }

    /// A commit changed the index.
    func changed(at sequence: CommitSequence) {
        state.withLock { state in
            state.validFrom = max(state.validFrom, sequence)
            state.entries = [:]
            state.byteCount = 0
        }
    }

    func find(_ key: [UInt8], at sequence: CommitSequence) -> Finding {
        guard key.count <= Self.longestKey else { return .new }
        return state.withLock { state in
            guard sequence >= state.validFrom else { return .new }
            if let entry = state.entries[key] {
                state.uses += 1
                state.entries[key]?.lastUse = state.uses
                return .known(entry.answer)
            }
            if state.asked.contains(key) { return .comesAgain }
            if state.asked.count == Self.askedLimit { state.asked.removeFirst() }
            state.asked.append(key)
            return .new
        }
    }

    /// Keeps an answer that holds at `sequence`; those not used for the longest time make room.
    func keep(_ answer: Answer, for key: [UInt8], at sequence: CommitSequence) {
        let byteCount = answer.byteCount + key.count
        guard byteCount <= byteLimit, key.count <= Self.longestKey else { return }
        state.withLock { state in
            guard sequence >= state.validFrom, state.entries[key] == nil else { return }
            while state.byteCount + byteCount > byteLimit,
                let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.entries[oldest.key] = nil
                state.byteCount -= oldest.value.answer.byteCount + oldest.key.count
            }
            state.uses += 1
            state.entries[key] = Entry(answer: answer, lastUse: state.uses)
            state.byteCount += byteCount
        }
    }
}

/// Rows by the value that their documents have in a field. Values that compare equal are one.
struct RowGroups: Sendable {
    struct Group: Sendable {
        let key: [UInt8]
        let value: BSONValue
        var rows: [UInt32]
    }

    private(set) var groups: [Group] = []
    private var places: [[UInt8]: Int] = [:]
    /// The group of each row + 1; 0: none.
    private var groupOfRow: [UInt32] = []
    private(set) var byteCount = 0

    /// Puts a row into the group of a key, which is made when it is not there.
    mutating func add(_ row: UInt32, key: [UInt8], value: @autoclosure () -> BSONValue) {
        byteCount += 8
        let place: Int
        if let known = places[key] {
            place = known
        } else {
            place = groups.count
            places[key] = place
            groups.append(Group(key: key, value: value(), rows: []))
            byteCount += key.count * 2 + 128
        }
        groups[place].rows.append(row)
        if Int(row) >= groupOfRow.count {
            let more = max(Int(row) + 1 - groupOfRow.count, groupOfRow.count)
            groupOfRow += [UInt32](repeating: 0, count: more)
        }
        groupOfRow[Int(row)] = UInt32(place + 1)
    }

    /// The group that a row is in.
    func group(of row: UInt32) -> Group? {
        guard Int(row) < groupOfRow.count, groupOfRow[Int(row)] > 0 else { return nil }
        return groups[Int(groupOfRow[Int(row)]) - 1]
    }

    func rows(of key: [UInt8]) -> [UInt32] { places[key].map { groups[$0].rows } ?? [] }
}

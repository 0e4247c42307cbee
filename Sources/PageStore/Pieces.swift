import Dispatch

// Work on many pages that is the same for each, by as many threads as there are processors.
//
// A large commit compares thousands of pages with what they were, and each of them waits for memory: two threads wait for
// half of them each.

/// Items below which a second thread is not worth waking.
private let pieceCount = 256
/// Pieces at most. The number of pieces depends on nothing but the number of items, so that a log is the same everywhere.
private let pieceLimit = 4

/// Runs `body` on pieces of `items`, one after another where they are few, and returns its results in their order. When it
/// returns, no thread is at it any more.
func inPieces<Item: Sendable, Result>(_ items: [Item], _ body: @Sendable (ArraySlice<Item>) -> Result) -> [Result] {
    let count = min(pieceLimit, items.count / pieceCount)
    guard count > 1 else { return [body(items[...])] }
    let places = (0..<count).map { _ in PieceResult<Result>() }
    DispatchQueue.concurrentPerform(iterations: count) { piece in
        places[piece].value = body(items[items.count * piece / count..<items.count * (piece + 1) / count])
    }
    return places.compactMap(\.value)
}

// Unchecked: one piece writes it, and it is read when all of them are done.
private final class PieceResult<Value>: @unchecked Sendable {
    var value: Value?
}

// Which vectors a round of churn replaces, and by what: a seeded choice, put back in another order. So the content stays
// what it was, and with it the true neighbours, while every chosen row or document gets another vector.

struct ChurnPlan {
    private var random = SplitMix64(state: 0xC4A17)
    /// The vector, by its number in the data set, that each place (a row, or a document) holds now.
    private(set) var vectorOfPlace: [Int]

    init(count: Int) { vectorOfPlace = Array(0..<count) }

    /// Chooses places and shuffles their vectors.
    mutating func nextRound() -> [Int] {
        let shuffled = vectorOfPlace.indices.shuffled(using: &random)
        let chosen = Array(shuffled.prefix(Int(Double(shuffled.count) * ChurnFigures.share)))
        let vectors = chosen.map { vectorOfPlace[$0] }.shuffled(using: &random)
        for (place, vector) in zip(chosen, vectors) { vectorOfPlace[place] = vector }
        return chosen
    }
}

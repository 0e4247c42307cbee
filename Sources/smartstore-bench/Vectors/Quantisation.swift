// `--quantisation`: what an index keeps of a vector, and what its walks read.

import ArgumentParser
import VectorIndex

enum Quantisation: String, CaseIterable, ExpressibleByArgument {
    /// What the index chooses by the dimension.
    case auto
    /// float32 vectors, walked.
    case none
    /// float16 vectors, walked.
    case f16
    /// Codes of 8, 4 or 1 bits a dimension, walked; float16 vectors for the second pass.
    case int8
    case fourBit = "4bit"
    case oneBit = "1bit"

    var storage: VectorStorage { self == .none ? .float32 : .float16 }

    func codes(dimension: Int) -> VectorCodes {
        switch self {
        case .auto: .automatic(dimension: dimension)
        case .none, .f16: .none
        case .int8: .bits8
        case .fourBit: .bits4
        case .oneBit: .bits1
        }
    }
}

extension SweepPlan {
    /// Settings that usually span recall .8 to .999, by rising cost.
    static func usualSettings(k: Int, codes: VectorCodes) -> [SearchSetting] {
        // Rows compared exactly, in tenths of k.
        let pairs: [(breadth: Int, tenths: Int)] =
            switch codes {
            case .none: []
            case .bits8, .bits4:
                [
                    (16, 10), (16, 12), (16, 16), (24, 12), (24, 16), (32, 16), (32, 24), (48, 16), (48, 24), (64, 24),
                    (96, 24), (96, 32), (128, 32), (192, 48), (256, 48), (384, 64), (512, 64), (768, 96),
                ]
            case .bits1:
                [
                    (32, 24), (48, 48), (64, 48), (96, 64), (96, 96), (128, 96), (128, 128), (192, 128), (192, 192),
                    (256, 192), (256, 256), (384, 256), (512, 384), (768, 512),
                ]
            }
        var settings: [SearchSetting] = []
        func add(_ setting: SearchSetting) {
            // With a large k the first ones become the same.
            if !settings.contains(setting) { settings.append(setting) }
        }
        if codes == .none {
            for breadth in usualBreadths { add(SearchSetting(breadth: max(k, breadth))) }
        }
        for (breadth, tenths) in pairs {
            let rerank = max(k, k * tenths / 10)
            add(SearchSetting(breadth: max(rerank, breadth), rerank: rerank))
        }
        return settings
    }
}

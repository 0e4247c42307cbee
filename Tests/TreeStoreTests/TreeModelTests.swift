// Random histories against the plain model.

import PageStore
import Testing

@testable import TreeStore

@Suite("Trees against a model", .timeLimit(.minutes(5)))
struct TreeModelTests {
    @Test(
        "random histories agree with a sorted dictionary in every answer and every page",
        arguments: KeyShape.allCases, [4096, 8192, 65536])
    func agrees(shape: KeyShape, pageByteCount: Int) throws {
        for seed: UInt64 in [1, 7] {
            let model = try TreeModel(
                seed: seed, shape: shape, pageByteCount: pageByteCount, largestValue: 40_000,
                spillAfter: seed == 7 ? 3 : 0)
            // Growth, churn, decline: removal must meet full trees and nearly empty ones.
            for (steps, putShare) in [(900, 80), (900, 50), (900, 25)] {
                for _ in 0..<steps {
                    switch model.random.int(0...99) {
                    case 0..<putShare: try model.putOne()
                    case 95: try model.appendRows(12)
                    case 96: try model.churnNeighbours(atMost: 30)
                    case 97: try model.removeRange(atMost: 40)
                    case 98: try model.scanSome()
                    case 99: try model.getOne()
                    default: try model.removeOne()
                    }
                }
                try model.expectAgreement()
            }
            try model.tree.drop(in: model.tx)
            #expect(model.fixture.pagesInUse == [])
        }
    }

    @Test("values up to 200 KiB come back whole from every page size", arguments: [4096, 8192, 65536])
    func largeValues(pageByteCount: Int) throws {
        let model = try TreeModel(
            seed: 42, shape: .short, pageByteCount: pageByteCount, largestValue: 200 << 10, spillAfter: 20)
        for _ in 0..<400 { try model.putOne() }
        try model.expectAgreement()
        for _ in 0..<300 { try model.removeOne() }
        try model.expectAgreement()
    }
}

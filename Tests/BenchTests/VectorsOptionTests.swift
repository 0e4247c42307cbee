// The flags of `smartstore-bench vectors`: what they mean, and what is refused.

import ArgumentParser
import Testing
import VectorIndex

@testable import smartstore_bench

@Suite("Flags of the vector bench")
struct VectorsOptionTests {
    private func parse(_ flags: String...) throws -> VectorsBench {
        try VectorsBench.parse(["--data", "folder"] + flags)
    }

    @Test("breadths and reranks are combined, and end no sweep early")
    func settings() throws {
        let plan = try parse("--breadths", "32, 64", "--reranks", "12,16").sweepPlan(codes: .bits4)
        #expect(plan.settings.map(\.name) == ["32/12", "32/16", "64/12", "64/16"])
        #expect(!plan.stopsEarly)
        #expect(try parse("--breadths", "48").sweepPlan(codes: .none).settings == [SearchSetting(breadth: 48)])
    }

    @Test("usual settings ask for k rows at least, and rerank only where there are codes", arguments: [1, 10, 300])
    func usualSettings(k: Int) {
        for codes in VectorCodes.allCases {
            let settings = SweepPlan.usualSettings(k: k, codes: codes)
            #expect(!settings.isEmpty && Set(settings).count == settings.count)
            for setting in settings {
                #expect(setting.breadth ?? 0 >= k)
                #expect((setting.rerank == nil) == (codes == .none))
                #expect(setting.rerank ?? k >= k && setting.breadth ?? 0 >= setting.rerank ?? 0)
            }
        }
    }

    @Test("byte counts take units")
    func byteCounts() throws {
        #expect(try parse("--memory-limit", "256m").memoryLimit?.count == 256 << 20)
        #expect(ByteCount(argument: "1G")?.count == 1 << 30)
        #expect(ByteCount(argument: "4096")?.count == 4096)
        for bad in ["", "m", "0", "-1", "1x", "9999999999g"] { #expect(ByteCount(argument: bad) == nil, "\(bad)") }
    }

    @Test("shares of filters are hundredths above 0")
    func shares() throws {
        #expect(try parse("--filter-share", "0.1,10, 50").filterShares() == [0.1, 10, 50])
        #expect(try parse().filterShares() == [])
    }

    @Test("quantisation names storage and codes")
    func quantisation() throws {
        #expect(try parse("--quantisation", "none").quantisation.storage == .float32)
        #expect(try parse("--quantisation", "4bit").quantisation.codes(dimension: 8) == .bits4)
        #expect(try parse("--quantisation", "1bit").quantisation.codes(dimension: 8) == .bits1)
        #expect(try parse("--quantisation", "f16").quantisation.codes(dimension: 8) == .none)
    }

    @Test(
        "flags that make no sense are refused",
        arguments: [
            ["--k", "0"], ["--breadths", "a"], ["--breadths", "0"], ["--reranks", "12"], ["--filter-share", "0"],
            ["--filter-share", "101"], ["--churn", "0"], ["--churn", "2", "--durable"], ["--recall", "1"],
            ["--index-only", "--durable"], ["--index-only", "--memory-limit", "1g"], ["--quantisation", "2bit"],
            ["--filter-share", "10", "--churn", "1"], ["--limit-queries", "1"], ["--passes", "0"],
        ])
    func refused(flags: [String]) {
        #expect(throws: (any Error).self) { try VectorsBench.parse(["--data", "folder"] + flags) }
    }
}

// What `pages` reports: rate and peak memory of each phase.

import SmartStore

struct PageFigures: Encodable {
    let cacheBytes: Int
    let encrypted: Bool
    var fileBytes = 0
    /// Of the process before the store was made.
    var peakRssStartBytes = 0
    /// Of the whole run.
    var peakRssBytes = 0
    private(set) var phases: [Phase] = []

    init(cacheBytes: Int, encrypted: Bool) {
        self.cacheBytes = cacheBytes
        self.encrypted = encrypted
    }

    struct Phase: Encodable {
        let name: String
        fileprivate(set) var documents = 0
        fileprivate(set) var bytes = 0
        fileprivate(set) var seconds = 0.0
        fileprivate(set) var peakRssBytes = 0

        init(name: String) { self.name = name }

        mutating func take(_ document: Document) {
            documents += 1
            bytes += document.bson.count
        }
    }

    /// Runs a part of the measurement, with a memory peak of its own.
    mutating func phase(_ name: String, _ body: (inout Phase) throws -> Void) throws {
        PeakMemory.reset()
        var phase = Phase(name: name)
        let clock = Stopwatch()
        try body(&phase)
        phase.seconds = clock.seconds
        phase.peakRssBytes = PeakMemory.byteCount
        peakRssBytes = max(peakRssBytes, phase.peakRssBytes)
        phases.append(phase)
    }

    func show() {
        let kind = encrypted ? "encrypted" : "plain"
        var table = Table(
            "A \(kind) file of \(Show.mebibytes(fileBytes)), cache limit \(Show.mebibytes(cacheBytes))",
            ["phase", "documents", "MiB", "seconds", "documents/s", "MB/s", "peak memory"])
        for phase in phases {
            let seconds = max(phase.seconds, 1e-9)
            table.add([
                phase.name, Show.number(phase.documents), Show.number(Double(phase.bytes) / 1_048_576, 1),
                Show.number(phase.seconds, 1), Show.number(Double(phase.documents) / seconds),
                Show.number(Double(phase.bytes) / 1e6 / seconds, 1), Show.mebibytes(phase.peakRssBytes),
            ])
        }
        table.show()
        print("\nPeak memory of the run: \(Show.mebibytes(peakRssBytes))")
    }
}

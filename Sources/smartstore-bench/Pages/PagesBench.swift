// `pages`: memory stays bounded whatever the file's size. Writes a store far larger than its cache, scans it, and runs
// one transaction larger than the cache; fails when the process ever held more than the limit.

import ArgumentParser
import Foundation
import SmartStore

struct PagesBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pages", abstract: "Writes and scans a store much larger than its cache, and watches the memory.")

    private static let collection = "notes"
    private static let batchCount = 1000

    @Option(help: "Size of the store's documents.")
    var gigabytes = 2.0

    @Option(help: "The store's cache limit.")
    var cacheMegabytes = 64

    @Option(help: "Size of the documents of one giant transaction; 0: none.")
    var transactionMegabytes = 512

    @Option(help: "Bytes of a document.")
    var documentBytes = 1000

    @Option(help: "Fail when the peak of resident memory is above this.")
    var limitMegabytes = 200

    @Flag(inversion: .prefixedNo, help: "Encrypt the store.")
    var encrypted = true

    @OptionGroup var shared: SharedOptions

    func validate() throws {
        guard gigabytes > 0, gigabytes <= 1024, cacheMegabytes >= 1, transactionMegabytes >= 0, limitMegabytes >= 1,
            documentBytes >= 200
        else { throw ValidationError("Sizes must be positive, documents at least 200 bytes.") }
    }

    func run() async throws {
        let progress = Progress()
        let info = RunInfo()
        let limit = limitMegabytes << 20
        let figures = try await shared.withScratchFolder { folder in
            try measure(folder.appendingPathComponent("pages.store"), progress)
        }
        info.show()
        figures.show()
        try shared.write(info, figures)
        if figures.peakRssBytes > limit {
            print("\nFAILED: peak memory \(Show.mebibytes(figures.peakRssBytes)) is above \(Show.mebibytes(limit))")
            throw ExitCode.failure
        }
    }

    private func measure(_ url: URL, _ progress: Progress) throws -> PageFigures {
        var options = StoreOptions()
        options.cacheByteLimit = cacheMegabytes << 20
        var figures = PageFigures(cacheBytes: options.cacheByteLimit, encrypted: encrypted)
        figures.peakRssStartBytes = PeakMemory.byteCount
        var samples = SampleDocuments(seed: 11)
        var written = 0

        let store = try BenchStore.create(url, encrypted: encrypted, options: options)
        do {
            progress.step("writing \(Show.number(gigabytes, 1)) GiB of documents")
            try figures.phase("write") { phase in
                let target = Int(gigabytes * 1_073_741_824)
                while phase.bytes < target {
                    try store.writeSync { transaction in
                        let notes = transaction.collection(Self.collection)
                        for _ in 0..<Self.batchCount {
                            let document = samples.next(byteCount: documentBytes, id: Int64(written))
                            try notes.insert(document)
                            written += 1
                            phase.take(document)
                        }
                    }
                }
            }
            try scan(store, expecting: written, "scan after writing", &figures, progress)
            if transactionMegabytes > 0 {
                progress.step("one transaction of \(transactionMegabytes) MiB")
                try figures.phase("giant transaction") { phase in
                    let target = transactionMegabytes << 20
                    try store.writeSync { transaction in
                        let notes = transaction.collection(Self.collection)
                        while phase.bytes < target {
                            let document = samples.next(byteCount: documentBytes, id: Int64(written))
                            try notes.insert(document)
                            written += 1
                            phase.take(document)
                        }
                    }
                }
            }
            progress.step("closing")
            try figures.phase("close") { _ in try store.close() }
        } catch {
            try? store.close()
            throw error
        }
        figures.fileBytes = try BenchStore.byteCount(of: url)

        progress.step("opening again")
        let again = try BenchStore.open(url, encrypted: encrypted, options: options)
        do {
            try scan(again, expecting: written, "scan after opening", &figures, progress)
            try again.close()
        } catch {
            try? again.close()
            throw error
        }
        return figures
    }

    private func scan(
        _ store: Store, expecting count: Int, _ name: String, _ figures: inout PageFigures, _ progress: Progress
    ) throws {
        progress.step("scanning \(count) documents")
        try figures.phase(name) { phase in
            var expected: Int64 = 0
            try store.readSync { transaction in
                try transaction.collection(Self.collection).forEach([:]) { document in
                    guard document["_id"]?.int == Int(expected) else {
                        throw BenchError("document \(expected) is missing")
                    }
                    expected += 1
                    phase.take(document)
                    return true
                }
            }
            guard expected == Int64(count) else { throw BenchError("\(expected) of \(count) documents were scanned") }
        }
    }
}

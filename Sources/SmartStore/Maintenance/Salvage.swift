import PageStore
package import StoreIO

// Salvage: what still authenticates in a damaged file goes into a new one, and a report says what does not.
//
// 1. The old file is opened for reading and stays as it is, byte for byte.
// 2. Documents come from every leaf that authenticates, whether the nodes above it do or not; vectors are in the
//    documents, and their indexes are built anew. Audit entries are appended to the new file's log.
// 3. Cache entries are not salvaged: they may be gone at any time anyway.
// 4. Nothing is made up: a document that is not whole is left out and counted. Where the file cannot tell whether an
//    authentic document is the newest of its kind, it is taken and counted as possibly outdated.

/// How to salvage.
public struct SalvageOptions: Sendable {
    /// Also takes documents from pages that are known to be older than what the file last held, where the newer page is
    /// lost. Never in place of a newer one.
    public var includesStale = false
    /// What the new file is made with.
    public var creation = CreationOptions()
    /// Settings of the new file while it is written.
    public var store = StoreOptions()

    /// The defaults.
    public init() {}
}

/// What became of one collection.
public struct SalvagedCollection: Sendable, Equatable {
    /// Its name; `salvaged_` and a number for documents whose collection is not known.
    public internal(set) var name: String
    /// Documents that are in the new file.
    public internal(set) var found = 0
    /// Documents that the old file counted; nil when its count is lost.
    public internal(set) var expected: Int?
    /// Of those found, documents that may not be the newest of their `_id`, or may have been deleted.
    public internal(set) var possiblyOutdated = 0
    /// Rows whose document is not whole, or is none.
    public internal(set) var unreadable = 0
    /// Pages of the collection that are damaged, as far as anything leads to them.
    public internal(set) var damagedPages: [UInt64] = []
    /// Fields of the vector indexes that were made anew.
    public internal(set) var vectorIndexes: [String] = []
    /// Names of the secondary indexes that were made anew.
    public internal(set) var indexes: [String] = []
    /// Fields of vector indexes and names of others that could not be made, with the reason.
    public internal(set) var failedIndexes: [String: String] = [:]

    /// Documents that were counted and not found.
    public var missing: Int { max(0, (expected ?? 0) - found) }

    /// Everything as one document.
    public var document: Document {
        var result: Document = ["name": .string(name), "found": .int64(Int64(found))]
        if let expected {
            result.append("expected", .int64(Int64(expected)))
            result.append("missing", .int64(Int64(missing)))
        }
        result.append("possiblyOutdated", .int64(Int64(possiblyOutdated)))
        result.append("unreadable", .int64(Int64(unreadable)))
        result.append("damagedPages", .array(damagedPages.map { .int64(Int64($0)) }))
        if !indexes.isEmpty { result.append("indexes", .array(indexes.map { .string($0) })) }
        result.append("vectorIndexes", .array(vectorIndexes.map { .string($0) }))
        if !failedIndexes.isEmpty {
            result.append(
                "failedIndexes",
                .document(
                    Document(fields: failedIndexes.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })))
        }
        return result
    }
}

/// What a salvage found and what it did not.
public struct SalvageReport: Sendable {
    /// The old file's id, in hexadecimal.
    public internal(set) var fileID = ""
    /// Superblock slots of the old file that authenticated, of two.
    public internal(set) var readableSlots = 0
    /// Whether the log was whole, so that it is known which commit was the last.
    public internal(set) var logIsWhole = false
    /// Pages of the old file.
    public internal(set) var pageCount: UInt64 = 0
    /// Pages in use that do not authenticate, or not as what they must be.
    public internal(set) var damagedPages: [UInt64] = []
    /// Whether the whole catalog was read: names and indexes of all collections are known.
    public internal(set) var catalogIsWhole = false
    /// Collections, in order of name.
    public internal(set) var collections: [SalvagedCollection] = []
    /// Audit entries that are in the new file.
    public internal(set) var auditEntriesFound: UInt64 = 0
    /// Audit entries that the old file counted; nil when its count is lost.
    public internal(set) var auditEntriesExpected: UInt64?
    /// Runs of audit entries that are missing.
    public internal(set) var auditGaps: [ClosedRange<UInt64>] = []

    /// Whether all that the old file held is in the new one, cache entries excepted.
    public var isComplete: Bool {
        catalogIsWhole && auditGaps.isEmpty
            && collections.allSatisfy {
                $0.missing == 0 && $0.unreadable == 0 && $0.possiblyOutdated == 0 && $0.damagedPages.isEmpty
                    && $0.failedIndexes.isEmpty
            }
    }

    /// Everything as one document.
    public var document: Document {
        var audit: Document = ["found": .int64(Int64(clamping: auditEntriesFound))]
        if let auditEntriesExpected { audit.append("expected", .int64(Int64(clamping: auditEntriesExpected))) }
        audit.append(
            "gaps",
            .array(
                auditGaps.map {
                    .document([
                        "from": .int64(Int64(clamping: $0.lowerBound)), "to": .int64(Int64(clamping: $0.upperBound)),
                    ])
                }))
        return [
            "complete": .bool(isComplete), "fileId": .string(fileID), "readableSlots": .int32(Int32(readableSlots)),
            "logWhole": .bool(logIsWhole), "pages": .int64(Int64(clamping: pageCount)),
            "damagedPages": .array(damagedPages.map { .int64(Int64(clamping: $0)) }),
            "catalogWhole": .bool(catalogIsWhole),
            "collections": .array(collections.map { .document($0.document) }), "audit": .document(audit),
            "cacheSalvaged": .bool(false),
        ]
    }
}

extension Store {
    /// Copies what still authenticates in a damaged file into a new one.
    /// - Parameters:
    ///   - from: the damaged file. It is read only.
    ///   - to: the new file; there must be none.
    ///   - oldKey: what opened the damaged file.
    ///   - newKey: what is to open the new one.
    ///   - progress: told the share done, 0 to 1; returning false stops, and the new file is removed.
    /// - Returns: what was found and what is missing; nil when it was stopped.
    /// - Throws: `alreadyExists`, `notFound`, `notAStore`, `keyRequired`, `wrongKey`, `notEncrypted`, `newerFormat`,
    ///   `corruptSuperblock` when neither slot leads to the file's keys, `locked`, `diskFull`, `ioFailed`. The new file
    ///   is removed then.
    public static func salvage(
        from: String, to: String, oldKey: EncryptionKey, newKey: EncryptionKey,
        options: SalvageOptions = SalvageOptions(), progress: (@Sendable (Double) -> Bool)? = nil
    ) throws(StoreError) -> SalvageReport? {
        try converting {
            let (oldFolder, oldName) = PosixDirectory.split(path: from)
            let (newFolder, newName) = PosixDirectory.split(path: to)
            return try salvage(
                oldName, in: PosixDirectory(path: oldFolder), to: newName, in: PosixDirectory(path: newFolder),
                oldKey: oldKey, newKey: newKey, options: options, progress: progress)
        }
    }

    package static func salvage(
        _ oldName: String, in oldDirectory: any StoreDirectory, to newName: String,
        in newDirectory: any StoreDirectory, oldKey: EncryptionKey, newKey: EncryptionKey,
        options: SalvageOptions = SalvageOptions(), progress: (@Sendable (Double) -> Bool)? = nil
    ) throws(StoreError) -> SalvageReport? {
        try converting {
            if try newDirectory.exists(newName) { throw PageFault.alreadyExists }
            let view = try SalvageView.open(
                oldName, in: oldDirectory, key: oldKey.storeKey(), lockWait: options.store.lockWait,
                random: options.store.random
            ) { progress?($0 * SalvageRun.scanShare) ?? true }
            guard let view else { return nil }
            defer { view.close() }
            view.lendsOutdated = options.includesStale
            let store = try create(
                newName, in: newDirectory, key: newKey, creation: options.creation, options: options.store)
            var report: SalvageReport?
            do {
                var run = SalvageRun(view: view, store: store, progress: progress)
                report = try run.run()
                try store.close()
            } catch {
                try? store.close()
                try? newDirectory.remove(newName)
                throw error
            }
            if report == nil { try newDirectory.remove(newName) }
            return report
        }
    }
}

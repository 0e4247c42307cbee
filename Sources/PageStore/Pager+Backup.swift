package import StoreIO

// Backups: full ones, deltas over them, checking them, and putting them back.

/// A place for a file.
package struct FilePlace: Sendable {
    package var name: String
    package var directory: any StoreDirectory

    package init(_ name: String, in directory: any StoreDirectory) {
        self.name = name
        self.directory = directory
    }
}

/// Told (pages done, pages, bytes written since the last call); returning false cancels. Sleeping in it throttles.
package typealias CopyProgress = (UInt64, UInt64, Int) -> Bool

extension Pager {
    // MARK: Writing

    /// Copies the newest commit into a new file, beside readers and writers, and reads the copy back before it gets its
    /// name.
    /// - Parameter chain: a full backup and its deltas so far, oldest first; then only what changed since is written,
    ///   as another delta. Empty: a full backup.
    package func backup(
        to target: FilePlace, since chain: [FilePlace] = [], progress: CopyProgress = { _, _, _ in true }
    ) throws(PageFault) -> CopyReport {
        try Self.writingBeside(target) { file throws(PageFault) in
            let base = try copyBase()
            defer { base.snapshot.close() }
            if chain.isEmpty {
                var full = FullTarget(file: file, pageSize: pageSize)
                let report = try copy(
                    base, to: &full, unless: { _, _ throws(PageFault) in false }, progress: progress)
                try verifyCopy(BorrowedFile(file), report)
                return report
            }
            let past = try Self.openChain(chain, keys: openedKeys)
            defer { try? past.close() }
            guard past.fileID == fileID else { throw .wrongKey }
            let anchor = CommitAnchor(fileID: fileID, sequence: past.published.sequence, root: past.writer.latestTag)
            var delta = DeltaTarget(
                file: file, pageSize: pageSize, base: anchor, commit: base.snapshot.state.sequence)
            let report = try copy(
                base, to: &delta,
                unless: { page, image throws(PageFault) in
                    guard page.number < past.published.pageCount else { return false }
                    return try past.recordedImage(of: page) == image
                }, progress: progress)
            let files = try Self.openFiles(chain)
            try verifyCopy(try Self.overlay(files, and: BorrowedFile(file)), report)
            return report
        }
    }

    private func openedKeys(_ identity: FileIdentity) throws(PageFault) -> OpenedKeys {
        // A backup from before a rotation names a key that this file does not have any more.
        guard identity.fileID == fileID, identity.isEncrypted == isEncrypted,
            identity.keys.allSatisfy({ ring.dataKey($0.number) != nil })
        else { throw .wrongKey }
        return OpenedKeys(ring: ring, user: nil)
    }

    /// Opens what was written and compares every page with its map.
    private func verifyCopy(_ file: any StoreFile, _ report: CopyReport) throws(PageFault) {
        var options = PagerOptions()
        options.isReadOnly = true
        options.checkpointsInBackground = false
        options.cacheByteLimit = 1 << 20
        let copy = try Self.open(file, options: options, keys: openedKeys)
        defer { try? copy.close() }
        guard copy.published.sequence == report.anchor.sequence else { throw .corruptSuperblock }
        try copy.verifyPages()
    }

    /// Reads every used page; throws at the first that is not as it must be.
    private func verifyPages(progress: CopyProgress = { _, _, _ in true }) throws(PageFault) {
        let census = try PageTransaction(pager: self, base: writer.latest).censusForReading { done, all in
            progress(done, all, 0)
        }
        guard let first = census.findings.first else { return }
        throw .corruptStructure(page: first.page, reason: first.reason)
    }

    // MARK: Reading

    /// Opens a full backup with its deltas, for reading.
    private static func openChain(
        _ chain: [FilePlace], keys: (FileIdentity) throws(PageFault) -> OpenedKeys
    ) throws(PageFault) -> Pager {
        let files = try openFiles(chain)
        var options = PagerOptions()
        options.isReadOnly = true
        options.checkpointsInBackground = false
        options.cacheByteLimit = 4 << 20
        do throws(PageFault) {
            let whole = try overlay(files, and: nil)
            if files.count > 1 {
                let base = try open(BorrowedFile(files[0]), options: options, keys: keys)
                defer { try? base.close() }
                let over = try DeltaFile(files[1]).base
                let found = CommitAnchor(
                    fileID: base.fileID, sequence: base.published.sequence, root: base.writer.latestTag)
                guard over == found else {
                    throw PageFault.unsupportedParameters(
                        "a delta over commit \(over.sequence) on a backup of commit \(found.sequence)")
                }
            }
            return try open(whole, options: options, keys: keys)
        } catch {
            for file in files { file.close() }
            throw error
        }
    }

    private static func openFiles(_ chain: [FilePlace]) throws(PageFault) -> [any StoreFile] {
        var files: [any StoreFile] = []
        do throws(FileFault) {
            for place in chain {
                files.append(try place.directory.open(place.name, access: .readOnly, lockWait: .zero))
            }
        } catch {
            for file in files { file.close() }
            throw PageFault(error)
        }
        return files
    }

    /// The chain as one file. Each delta must be over exactly what stands before it.
    private static func overlay(
        _ files: [any StoreFile], and last: (any StoreFile)?
    ) throws(PageFault) -> any StoreFile {
        guard let base = files.first else { throw .notFound }
        if try DeltaFile.isDelta(base) { throw .unsupportedParameters("a delta without the full backup it is over") }
        var deltas: [DeltaFile] = []
        for file in files.dropFirst() + (last.map { [$0] } ?? []) {
            guard try DeltaFile.isDelta(file) else {
                throw .unsupportedParameters("a full backup where a delta must be")
            }
            let delta = try DeltaFile(file)
            if let before = deltas.last, delta.base.sequence != before.commit || delta.fileID != before.fileID {
                throw .unsupportedParameters(
                    "a delta over commit \(delta.base.sequence) where one over commit \(before.commit) must be")
            }
            deltas.append(delta)
        }
        return OverlayFile(base: base, deltas: deltas) ?? base
    }

    // MARK: Restoring

    /// Puts a full backup, with its deltas, into a new file. Every page is compared with the map before the file gets its
    /// name.
    package static func restore(
        _ chain: [FilePlace], to target: FilePlace, key: StoreKey, options: PagerOptions = PagerOptions(),
        progress: CopyProgress = { _, _, _ in true }
    ) throws(PageFault) -> CopyReport {
        let source = try openChain(chain) { identity throws(PageFault) in
            try identity.openKeys(with: key, random: options.random)
        }
        defer { try? source.close() }
        return try writingBeside(target) { file throws(PageFault) in
            let base = try source.copyBase()
            defer { base.snapshot.close() }
            var full = FullTarget(file: file, pageSize: source.pageSize)
            let report = try source.copy(
                base, to: &full, unless: { _, _ throws(PageFault) in false }, progress: progress)
            try source.verifyCopy(BorrowedFile(file), report)
            return report
        }
    }

    /// Makes a file beside its place, which gets its name when `body` has written all of it.
    static func writingBeside<R>(
        _ target: FilePlace, _ body: (any StoreFile) throws(PageFault) -> R
    ) throws(PageFault) -> R {
        let temporary = Defence.createBeside.isOn ? target.name + temporarySuffix : target.name
        let file: any StoreFile
        do throws(FileFault) {
            if try target.directory.exists(target.name) { throw FileFault.alreadyExists }
            try removeLeftover(temporary, in: target.directory)
            file = try target.directory.create(temporary)
        } catch { throw PageFault(error) }
        defer { file.close() }
        do throws(PageFault) {
            let result = try body(file)
            do throws(FileFault) {
                if temporary != target.name {
                    try target.directory.rename(temporary, to: target.name, replacing: false)
                }
                if Defence.syncFolder.isOn { try target.directory.sync() }
            } catch { throw PageFault(error) }
            return result
        } catch {
            do throws(FileFault) { try target.directory.remove(temporary) } catch {}
            throw error
        }
    }
}

/// A file that somebody else closes.
final class BorrowedFile: StoreFile {
    private let file: any StoreFile
    init(_ file: any StoreFile) { self.file = file }
    func read(into bytes: inout MutableRawSpan, at offset: UInt64) throws(FileFault) {
        try file.read(into: &bytes, at: offset)
    }
    func write(_ bytes: RawSpan, at offset: UInt64) throws(FileFault) { try file.write(bytes, at: offset) }
    func size() throws(FileFault) -> UInt64 { try file.size() }
    func resize(to byteCount: UInt64) throws(FileFault) { try file.resize(to: byteCount) }
    func sync() throws(FileFault) { try file.sync() }
    func close() {}
}

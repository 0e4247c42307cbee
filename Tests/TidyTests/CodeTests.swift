// Shape of the code: where raw memory may be touched, how long a file may be, what may not stand in it.

import Testing

@Suite("Code")
struct CodeTests {
    /// The files of each target that may touch raw memory. Their own top comment says what keeps it sound. What is not
    /// listed works with spans and arrays.
    private static let unsafeFiles: [String: Set<String>] = [
        // Calls of the operating system, libcrypto and zlib; secrets that must not be copied about.
        "StoreIO": [
            "Platform.swift", "PosixFile.swift", "Cipher.swift", "SecretKey.swift", "KeyDerivation.swift",
            "Hashing.swift", "Deflate.swift", "GzipReader.swift", "Signature.swift",
        ],
        // Pages' memory, and the lock with its condition variable.
        "PageStore": [
            "PageFrame.swift", "FrameIndex.swift", "FrameMemory.swift", "PageChanges.swift", "Monitor.swift",
        ],
        // Slots and cells inside a page, always below the page's size.
        "TreeStore": [
            "Node.swift", "NodeBytes.swift", "NodeEditing.swift", "NodePacking.swift", "NodeValidation.swift",
            "OverflowChain.swift", "PagedArray.swift", "Tree+Split.swift",
        ],
        // Vectors and links in memory, walked without retains or bounds checks.
        "VectorIndex": [
            "Arena.swift", "BlockSource.swift", "Guarded.swift", "HNSWIndex.swift", "HNSWIndex+Codes.swift",
            "HNSWIndex+Decode.swift",
            "HNSWIndex+File.swift", "HNSWIndex+Link.swift", "HNSWIndex+Save.swift", "HNSWIndex+Scan.swift",
            "HNSWIndex+Walk.swift", "IndexState.swift",
            "NeighborSelection.swift", "PairRows.swift", "PlainFile.swift", "ReadWriteLock.swift",
            "ReservedMemory.swift", "RowTable.swift",
            "SearchScratch.swift", "VectorCodes.swift", "VectorFiles.swift", "VectorKernels.swift",
        ],
        // Lent bytes of a document; a block handed to the vector index; a key out of a cursor; calls of PCRE2.
        "SmartStore": ["BSONBytes.swift", "VectorSegment.swift", "Catalog.swift", "RegularExpression.swift"],
        // System calls.
        "smartstore-cli": ["Terminal.swift"],
    ]

    @Test("raw memory is touched only in the files that are meant to")
    func unsafeCodeIsFenced() {
        let pattern = /\b(?:Unsafe(?:Mutable)?(?:Raw)?(?:Buffer)?Pointer|OpaquePointer|withUnsafe\w*|unsafe\w+)\b/
        for file in SourceTree.sources where Self.unsafeFiles[file.target]?.contains(file.name) != true {
            #expect(file.places(of: pattern, in: file.codeLines) == [])
        }
    }

    @Test("no entry of the list of unsafe files is left over")
    func unsafeListIsCurrent() {
        for (target, names) in Self.unsafeFiles {
            let present = Set(SourceTree.sources.filter { $0.target == target }.map(\.name))
            #expect(names.subtracting(present) == [], "\(target)")
        }
    }

    @Test("no source file is longer than 500 lines")
    func filesAreShort() {
        let long = SourceTree.code.filter { $0.lines.count > 501 }.map { "\($0.path): \($0.lines.count - 1) lines" }
        #expect(long == [])
    }

    @Test("nothing in the sources is unfinished, and nothing traps where it could throw")
    func nothingIsUnfinished() {
        // Put together here, so that a search for these words finds only real ones.
        let unfinished = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "unimple" + "mented", "not imple" + "mented"]
        for file in SourceTree.code {
            for (index, line) in file.lines.enumerated() {
                for word in unfinished {
                    #expect(!line.contains(word), "\(file.path):\(index + 1): \(line)")
                }
            }
        }
        for file in SourceTree.sources {
            #expect(file.places(of: /\btry!|\bfatalError\(/, in: file.codeLines) == [])
        }
    }

    @Test("every unchecked claim of Sendable gives its reason in the lines around it")
    func uncheckedSendableSaysWhy() {
        for file in SourceTree.sources {
            let lines = file.lines
            for (index, line) in file.codeLines.enumerated() where line.contains("@unchecked Sendable") {
                let above = lines[max(0, index - 8)...index]
                #expect(above.contains { $0.contains("//") }, "\(file.path):\(index + 1)")
            }
        }
    }
}

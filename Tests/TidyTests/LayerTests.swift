// A layer is a target, and imports only point down. The compiler refuses what Package.swift does not allow; these
// tests refuse a Package.swift that allows too much, and the arrows between the folders of one target.

import Testing

@Suite("Layers")
struct LayerTests {
    /// What each target may import beside the standard library: its own layer's neighbours below, nothing else.
    private static let allowed: [String: Set<String>] = [
        "StoreIO": ["COpenSSL", "CLinuxCalls", "CZlib", "SystemPackage"],
        "PageStore": ["StoreIO"],
        "TreeStore": ["PageStore", "StoreIO"],
        "VectorIndex": ["CVectorKernels"],
        "SmartStore": [
            "TreeStore", "PageStore", "StoreIO", "VectorIndex", "CPCRE2", "DequeModule", "Logging", "Metrics",
        ],
        "smartstore-cli": ["SmartStore", "VectorIndex", "StoreIO", "ArgumentParser", "Logging"],
        // The bench names the kernels that were chosen, and measures layers by themselves.
        "smartstore-bench": [
            "SmartStore", "VectorIndex", "CVectorKernels", "PageStore", "StoreIO", "ArgumentParser",
        ],
    ]

    /// Part of the toolchain, and without a layer.
    private static let everywhere: Set<String> = ["Swift", "Synchronization", "Dispatch"]
    /// Dates and UUIDs of the public API, and the tools. The layers below do without.
    private static let foundationTargets: Set<String> = ["SmartStore", "smartstore-cli", "smartstore-bench"]
    private static let foundation: Set<String> = ["Foundation", "FoundationEssentials"]

    /// Files that call the operating system's C library themselves; everyone else goes through StoreIO.
    private static let systemCallers: Set<String> = [
        "StoreIO/Platform.swift",  // files and memory: the one place for platform branches
        "PageStore/Monitor.swift",  // mutex with condition variable
        "PageStore/FrameMemory.swift",  // memory of the page cache, in large pages
        "VectorIndex/Guarded.swift",  // mutex of a target that may not see StoreIO
        "VectorIndex/ReadWriteLock.swift",  // likewise
        "VectorIndex/PlainFile.swift",  // files of an index by itself
        "VectorIndex/SearchCosts.swift",  // the clock, read at every search
        "VectorIndex/ReservedMemory.swift",  // address space that is filled as an index grows
        "smartstore-cli/Terminal.swift",  // prompts without echo, signals
        "smartstore-bench/PeakMemory.swift",
        "smartstore-bench/Stopwatch.swift",
    ]
    private static let systemLibraries: Set<String> = ["Glibc", "Musl", "Darwin"]

    @Test("every target imports only what lies below it")
    func importsPointDown() {
        #expect(SourceTree.targets == Set(Self.allowed.keys), "a new target needs a line in the table of this test")
        for file in SourceTree.sources {
            var permitted = Self.everywhere.union(Self.allowed[file.target] ?? [])
            if Self.foundationTargets.contains(file.target) { permitted.formUnion(Self.foundation) }
            if Self.systemCallers.contains("\(file.target)/\(file.name)") { permitted.formUnion(Self.systemLibraries) }
            let imported = Self.imports(of: file)
            #expect(imported.subtracting(permitted) == [], "\(file.path)")
        }
    }

    @Test("every target declares what it imports: SwiftPM finds a module that another target happens to build")
    func importsAreDeclared() throws {
        let manifest = try #require(SourceTree.file("Package.swift")).text
        let blocks = manifest.split(separator: /\.(?:target|executableTarget|testTarget)\(/).dropFirst()
        var declared: [String: Substring] = [:]
        for block in blocks {
            if let name = block.firstMatch(of: /name: "([^"]+)"/)?.1 { declared[String(name)] = block }
            // A target may lie in a folder of another name.
            if let folder = block.firstMatch(of: /path: "[^"]*\/([^"\/]+)"/)?.1 { declared[String(folder)] = block }
        }
        // Modules that come from the toolchain, or with a module map of another name.
        let given = Self.everywhere.union(Self.foundation).union(Self.systemLibraries).union(["Testing", "CLinuxCalls"])
        var undeclared: Set<String> = []
        for file in SourceTree.all where file.path.hasSuffix(".swift") {
            guard file.path.hasPrefix("Sources/") || file.path.hasPrefix("Tests/") else { continue }
            let block = try #require(declared[file.target], "\(file.target) is no target")
            for module in Self.imports(of: file).subtracting(given) {
                // A hyphen of a target's name is an underscore in its module's.
                let names = [module, module.replacing("_", with: "-")]
                if !names.contains(where: { block.contains("\"\($0)\"") }) {
                    undeclared.insert("\(file.target) imports \(module)")
                }
            }
        }
        #expect(undeclared.sorted() == [])
    }

    @Test("cache, audit, vectors and documents meet only in a transaction")
    func segmentsDoNotKnowEachOther() {
        let segments = ["Cache", "Audit", "Vectors"]
        func files(_ folder: String) -> [SourceFile] {
            SourceTree.sources.filter { $0.path.hasPrefix("Sources/SmartStore/\(folder)/") }
        }
        for segment in segments {
            let types = Set(files(segment).flatMap(Self.declaredTypes))
            #expect(!types.isEmpty, "\(segment) declares no type: was it renamed?")
            for other in segments + ["Documents", "Query"] where other != segment {
                for file in files(other) {
                    let words = Set(file.codeLines.flatMap { $0.matches(of: /\w+/).map { String($0.output) } })
                    #expect(words.intersection(types) == [], "\(file.path) uses \(segment)")
                }
            }
        }
    }

    /// The modules that a file imports; `import struct A.B` counts as A.
    private static func imports(of file: SourceFile) -> Set<String> {
        let pattern = /^\s*(?:@\w+(?:\(\w+\))?\s+)*(?:(?:public|package|internal|private)\s+)?import\s+(.+)$/
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
        return Set(
            file.codeLines.compactMap { line in
                guard let rest = line.firstMatch(of: pattern)?.1 else { return nil }
                let words = rest.split(separator: " ").drop { kinds.contains($0) }
                return words.first?.split(separator: ".").first.map(String.init)
            })
    }

    /// Types declared at the left edge of a file, so neither nested ones nor extensions.
    private static func declaredTypes(of file: SourceFile) -> [String] {
        let pattern = /^(?:(?:public|package|final|indirect)\s+)*(?:struct|class|enum|protocol|actor)\s+(\w+)/
        return file.codeLines.compactMap { $0.firstMatch(of: pattern).map { String($0.1) } }
    }
}

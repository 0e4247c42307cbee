// swift-tools-version: 6.2
import PackageDescription

// A layer is a target, and imports only point down: see ARCHITECTURE.md.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "SmartStore",
    products: [
        .library(name: "SmartStore", targets: ["SmartStore"]),
        .library(name: "VectorIndex", targets: ["VectorIndex"]),
        .executable(name: "smartstore-cli", targets: ["smartstore-cli"]),
        .executable(name: "smartstore-bench", targets: ["smartstore-bench"]),
        .library(name: "SmartStoreFuzzTargets", targets: ["FuzzTargets"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
        .systemLibrary(
            name: "CZlib", pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .systemLibrary(
            name: "CPCRE2", pkgConfig: "libpcre2-8",
            providers: [.apt(["libpcre2-dev"]), .brew(["pcre2"])]),
        .target(name: "CVectorKernels"),
        .target(
            name: "StoreIO",
            dependencies: ["COpenSSL", "CZlib"],
            swiftSettings: settings),
        .target(name: "PageStore", dependencies: ["StoreIO"], swiftSettings: settings),
        .target(name: "TreeStore", dependencies: ["PageStore", "StoreIO"], swiftSettings: settings),
        .target(name: "VectorIndex", dependencies: ["CVectorKernels"], swiftSettings: settings),
        .target(
            name: "SmartStore",
            dependencies: [
                "TreeStore", "PageStore", "StoreIO", "VectorIndex", "CPCRE2",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "smartstore-cli",
            dependencies: [
                "SmartStore", "StoreIO", "VectorIndex",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "smartstore-bench",
            dependencies: [
                "SmartStore", "VectorIndex", "CVectorKernels", "PageStore", "StoreIO",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .target(
            name: "StoreTestSupport",
            dependencies: ["SmartStore", "TreeStore", "PageStore", "StoreIO"],
            path: "Tests/StoreTestSupport", swiftSettings: settings),
        .target(
            name: "StoreTrials",
            dependencies: ["SmartStore", "TreeStore", "PageStore", "StoreIO", "VectorIndex", "StoreTestSupport"],
            path: "Tests/StoreTrials", swiftSettings: settings),
        .executableTarget(
            name: "smartstore-prove",
            dependencies: [
                "StoreTrials", "StoreTestSupport", "SmartStore", "PageStore", "StoreIO",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Prove", swiftSettings: settings),
        .target(
            name: "FuzzTargets", dependencies: ["StoreTestSupport"], path: "Tests/FuzzTargets",
            swiftSettings: settings),
        .executableTarget(
            name: "smartstore-fuzz",
            dependencies: ["StoreTestSupport", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            path: "Tests/smartstore-fuzz", swiftSettings: settings),
        .testTarget(name: "StoreIOTests", dependencies: ["StoreIO", "StoreTestSupport"], swiftSettings: settings),
        .testTarget(
            name: "PageStoreTests", dependencies: ["PageStore", "StoreIO", "StoreTestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "TreeStoreTests", dependencies: ["TreeStore", "PageStore", "StoreIO", "StoreTestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "VectorIndexTests", dependencies: ["VectorIndex", "CVectorKernels"], swiftSettings: settings),
        .testTarget(
            name: "SmartStoreTests",
            dependencies: ["SmartStore", "TreeStore", "PageStore", "VectorIndex", "StoreIO", "StoreTestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "CrashTests",
            dependencies: [
                "SmartStore", "TreeStore", "PageStore", "StoreIO", "StoreTestSupport", "StoreTrials", "smartstore-cli",
                "smartstore-prove",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "FormatTests",
            dependencies: ["SmartStore", "StoreIO", "PageStore", "TreeStore", "VectorIndex", "StoreTestSupport"],
            resources: [.copy("Golden")], swiftSettings: settings),
        .testTarget(
            name: "CommandTests", dependencies: ["smartstore-cli", "SmartStore", "StoreIO", "StoreTestSupport"],
            resources: [.copy("Scripts")], swiftSettings: settings),
        .testTarget(
            name: "BenchTests",
            dependencies: [
                "smartstore-bench", "SmartStore", "VectorIndex",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "SmartStore", "PageStore", "StoreIO", "StoreTestSupport", "StoreTrials", "smartstore-cli",
            ],
            swiftSettings: settings),
        .testTarget(name: "TidyTests", swiftSettings: settings),
    ],
    cLanguageStandard: .c17
)

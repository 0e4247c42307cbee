// swift-tools-version: 6.2
import PackageDescription

// What the engine is measured against. A package of its own, so that nobody who uses the engine needs these libraries;
// `setup.sh` installs them. sqlcipher has SQLite's symbols and therefore no target: see SQLiteLibrary.swift.
let package = Package(
    name: "Benchmarks",
    products: [.executable(name: "document-peers", targets: ["document-peers"])],
    dependencies: [.package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")],
    targets: [
        .systemLibrary(name: "CPeerSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CPeerLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
        .systemLibrary(name: "CPeerRocksDB", pkgConfig: "rocksdb", providers: [.apt(["librocksdb-dev"])]),
        .systemLibrary(name: "CPeerWiredTiger", pkgConfig: "wiredtiger", providers: [.apt(["libwiredtiger-dev"])]),
        .executableTarget(
            name: "document-peers",
            dependencies: [
                "CPeerSQLite", "CPeerLMDB", "CPeerRocksDB", "CPeerWiredTiger",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny")]),
    ]
)

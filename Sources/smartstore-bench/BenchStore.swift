// The stores that are measured: how they are made and opened, and how big they are.

import Foundation
import SmartStore

enum BenchStore {
    /// A raw key needs no stretching, so opening measures the store and not scrypt. It protects nothing.
    private static let rawKey: [UInt8] = (0..<32).map { UInt8($0) &* 7 &+ 3 }

    static func key(encrypted: Bool) -> EncryptionKey { encrypted ? .raw(rawKey) : .none }

    static func create(_ url: URL, encrypted: Bool, options: StoreOptions = StoreOptions()) throws -> Store {
        try checked(Store.create(at: url.path, key: key(encrypted: encrypted), options: options), encrypted)
    }

    static func open(_ url: URL, encrypted: Bool, options: StoreOptions = StoreOptions()) throws -> Store {
        try Store.open(at: url.path, key: key(encrypted: encrypted), options: options)
    }

    /// Makes sure that the right thing is measured.
    private static func checked(_ store: Store, _ encrypted: Bool) throws -> Store {
        guard try store.statistics().isEncrypted == encrypted else {
            throw BenchError("the store is of the wrong kind")
        }
        return store
    }

    static func byteCount(of url: URL) throws -> Int {
        let values = try FileManager.default.attributesOfItem(atPath: url.path)
        return (values[.size] as? Int) ?? 0
    }
}

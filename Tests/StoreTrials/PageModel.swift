package import PageStore

// The oracle of the page layer: which pages exist, and the number that fills each.

/// Numbered cells, one a page.
package struct PageModel: Sendable, Equatable {
    package var values: [UInt64: UInt64] = [:]

    package init() {}

    /// Fills a page with what follows from a number; the kind byte is none of the map's.
    package static func write(_ value: UInt64, to frame: PageFrame) {
        frame.withMutableBytes { bytes in
            bytes.storeBytes(of: UInt8(200), toByteOffset: 0, as: UInt8.self)
            for offset in stride(from: 8, to: bytes.byteCount - 8, by: 64) {
                bytes.storeBytes(of: value &+ UInt64(offset), toByteOffset: offset, as: UInt64.self)
            }
        }
    }

    /// The number of a page; nil when the page is not all of one number.
    package static func read(_ frame: PageFrame) -> UInt64? {
        frame.withBytes { bytes in
            let value = bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self) &- 8
            for offset in stride(from: 8, to: bytes.byteCount - 8, by: 64)
            where bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self) != value &+ UInt64(offset) {
                return nil
            }
            return value
        }
    }

    /// The first page that differs from the model, in words.
    package func difference(in view: PageView) throws -> String? {
        for (page, value) in values where try Self.read(view.page(PageID(page))) != value {
            return "page \(page) holds another value"
        }
        return nil
    }
}

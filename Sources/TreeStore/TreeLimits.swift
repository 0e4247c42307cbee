// The named bounds of trees, and the one place where a caller's key and value are held against them.

import PageStore

/// Bounds of what a tree stores. They hold for every page size from 4 to 64 KiB.
package enum TreeLimits {
    /// The longest key, in bytes. Three cells with keys of this length fit the smallest page.
    package static let maximumKeyByteCount = 1024
    /// The longest value, in bytes (64 MiB).
    package static let maximumValueByteCount = 1 << 26
    /// The most levels a tree may have, leaf and root included.
    package static let maximumDepth = 40

    static func checkKey(_ byteCount: Int) throws(PageFault) {
        guard byteCount <= maximumKeyByteCount else {
            throw .limitExceeded(name: "key byte count", limit: maximumKeyByteCount)
        }
    }

    static func checkValue(_ byteCount: Int) throws(PageFault) {
        guard byteCount <= maximumValueByteCount else {
            throw .limitExceeded(name: "value byte count", limit: maximumValueByteCount)
        }
    }
}

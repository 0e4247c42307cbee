// A range of address space: reserved at once, given memory by the system page by page as it is touched.
// Rows so keep one address for the index's whole life, and growing never copies.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Reserved memory, zero until written. Sendable because only the immutable address is shared; who may touch which
/// byte when is the users' rule (`Arena`, `RowTable`).
final class ReservedMemory: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int
    private static let pageByteCount = Int(sysconf(Int32(_SC_PAGESIZE)))

    init(byteCount: Int) throws(VectorError) {
        let page = Self.pageByteCount
        let rounded = max(1, (byteCount + page - 1) / page) * page
        #if os(Linux)
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        #else
        let flags = MAP_PRIVATE | MAP_ANON
        #endif
        guard let base = mmap(nil, rounded, PROT_READ | PROT_WRITE, flags, -1, 0), base != MAP_FAILED else {
            throw VectorError(.outOfMemory(byteCount: rounded))
        }
        self.base = base
        self.byteCount = rounded
    }

    /// Gives the whole system pages inside `range` back; they read as zeros afterwards. Bytes of partly covered pages
    /// stay as they are.
    func discard(_ range: Range<Int>) {
        let page = Self.pageByteCount
        let start = (range.lowerBound + page - 1) / page * page
        let end = min(range.upperBound, byteCount) / page * page
        guard start < end else { return }
        #if os(Linux)
        let failed = madvise(base + start, end - start, MADV_DONTNEED) != 0
        #else
        // Elsewhere DONTNEED is only a hint: map fresh zeros over the range.
        let flags = MAP_PRIVATE | MAP_ANON | MAP_FIXED
        let failed = mmap(base + start, end - start, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED
        #endif
        if failed { (base + start).initializeMemory(as: UInt8.self, repeating: 0, count: end - start) }
    }

    /// Bytes of a large page, where the system has them.
    static let largePageByteCount = 2 << 20

    /// Asks for large pages in a range: fewer address translations for reads all over it. A hint; with `now` also for
    /// pages that are there already, which takes about 100 µs each.
    func preferLargePages(_ range: Range<Int>, now: Bool = false) {
        #if os(Linux)
        let page = Self.pageByteCount
        let start = (range.lowerBound + page - 1) / page * page
        let end = min((range.upperBound + page - 1) / page * page, byteCount)
        guard start < end else { return }
        _ = madvise(base + start, end - start, Self.hugePageAdvice)
        if now { _ = madvise(base + start, end - start, Self.collapseAdvice) }
        #endif
    }

    #if os(Linux)
    // By number: not every C library names them. MADV_COLLAPSE came with Linux 6.1; older kernels refuse it.
    private static let hugePageAdvice: Int32 = 14
    private static let collapseAdvice: Int32 = 25
    #endif

    deinit {
        munmap(base, byteCount)
    }
}

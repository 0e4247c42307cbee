import Dispatch
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

// Memory for the payloads of pages and their heads: slots of one size cut from blocks of 2 MiB, which the system maps with
// large pages.
//
// A store that is read at random touches other pages at every step. With pages of 4 KiB the processor has to translate an
// address anew at nearly each of them, and a page cache of some hundred MiB needs more translations than it keeps. Blocks
// also end what a general heap does to a cache that is written much: holes that no other page fits.
//
// 1. One pool for each size of payload, for all stores of the process.
// 2. A block's head says how many of its slots are in use and where its free ones are. The address of a slot names its
//    block: blocks are aligned to their size.
// 3. New slots come from the block at the front of the list of those that have room. A block that runs empty goes back to
//    the system, but for a few, so that a cache that turns over does not map and unmap.
// 4. The system clears a large page when it is first touched, which takes .1 ms, and on a virtual machine that must first
//    get the memory from its host 5 ms. Once a pool has grown beyond a few blocks, the next ones are made on another
//    thread, ahead of the writer that will need them. They are touched like any memory: to ask the system for all of a
//    block at once (MADV_POPULATE_WRITE) keeps every other thread from mapping memory meanwhile.

/// A pool of slots of one size.
final class FrameMemory: Sendable {
    /// Bytes of a block; also its alignment.
    private static let blockByteCount = 2 << 20
    /// Where a block's first slot begins.
    private static let headByteCount = 128
    /// Empty blocks that are kept.
    private static let spareBlocks = 4
    /// Blocks in use from which on others are prepared, and how many of them: at most an eighth of those in use.
    private static let preparedFrom = 8
    private static let preparedBlocks = 8
    private static let queue = DispatchQueue(label: "smartstore.memory", qos: .utility)

    /// The head of a block, at its first byte.
    private struct Head {
        var used = 0
        /// The last slot that was freed; each free one names the one freed before it.
        var free: UnsafeMutableRawPointer?
        /// Where slots begin that were never used.
        var fresh: Int
        /// The neighbours in the list of blocks that have room.
        var next: UnsafeMutablePointer<Head>?
        var previous: UnsafeMutablePointer<Head>?
    }

    private struct State: @unchecked Sendable {
        // Unchecked: what the pointer leads to is touched under the pool's lock only.
        var first: UnsafeMutablePointer<Head>?
        var empty = 0
        var blocks = 0
        /// Blocks made ahead, in use by nobody.
        var prepared: [UnsafeMutableRawPointer] = []
        var isPreparing = false

        var isShortOfPrepared: Bool {
            blocks >= FrameMemory.preparedFrom
                && prepared.count < min(FrameMemory.preparedBlocks, max(2, blocks / FrameMemory.preparedFrom))
        }
    }

    private let stride: Int
    private let state = Mutex(State())

    /// One pool for each power of two up to the largest page.
    private static let pools: [FrameMemory] = (0...16).map { FrameMemory(pageByteCount: 1 << $0) }

    /// The pool for payloads of so many bytes.
    static func pool(byteCount: Int) -> FrameMemory? {
        precondition(byteCount > 0)
        let power = Int.bitWidth - (byteCount - 1).leadingZeroBitCount
        return power < pools.count ? pools[power] : nil
    }

    private init(pageByteCount: Int) {
        // An odd number of lines: equal places of slots then lie in different sets of the processor's caches.
        stride = FrameHead.byteCount + max(pageByteCount, 64)
    }

    /// A slot for a head and a payload, with whatever is in it.
    func allocate() -> UnsafeMutableRawPointer {
        let (slot, mustPrepare) = take()
        if mustPrepare { Self.queue.async { [self] in prepare() } }
        return slot
    }

    private func take() -> (slot: UnsafeMutableRawPointer, mustPrepare: Bool) {
        state.withLock { state in
            var mustPrepare = false
            let block: UnsafeMutablePointer<Head>
            if let first = state.first {
                block = first
            } else {
                block = Self.addBlock(to: &state)
                mustPrepare = !state.isPreparing && state.isShortOfPrepared
                if mustPrepare { state.isPreparing = true }
            }
            if block.pointee.used == 0 { state.empty -= 1 }
            block.pointee.used += 1
            let slot: UnsafeMutableRawPointer
            if let free = block.pointee.free {
                slot = free
                block.pointee.free = free.load(as: UnsafeMutableRawPointer?.self)
            } else {
                slot = UnsafeMutableRawPointer(block) + block.pointee.fresh
                block.pointee.fresh += stride
            }
            if block.pointee.free == nil, block.pointee.fresh + stride > Self.blockByteCount {
                Self.unlink(block, from: &state)
            }
            return (slot, mustPrepare)
        }
    }

    /// Makes blocks until enough are ready.
    private func prepare() {
        var made: UnsafeMutableRawPointer?
        while true {
            let goesOn: Bool = state.withLock { state in
                if let made { state.prepared.append(made) }
                state.isPreparing = state.isShortOfPrepared
                return state.isPreparing
            }
            guard goesOn else { return }
            let block = Self.mapBlock()
            for offset in Swift.stride(from: 0, to: Self.blockByteCount, by: 4096) {
                block.storeBytes(of: 0, toByteOffset: offset, as: UInt8.self)
            }
            made = block
        }
    }

    /// Takes a slot back.
    func deallocate(_ slot: UnsafeMutableRawPointer) {
        let address = UInt(bitPattern: slot) & ~UInt(Self.blockByteCount - 1)
        guard let block = UnsafeMutablePointer<Head>(bitPattern: address) else { return }
        let unused: Bool = state.withLock { state in
            let wasFull = block.pointee.free == nil && block.pointee.fresh + stride > Self.blockByteCount
            slot.storeBytes(of: block.pointee.free, as: UnsafeMutableRawPointer?.self)
            block.pointee.free = slot
            block.pointee.used -= 1
            if wasFull { Self.link(block, into: &state) }
            guard block.pointee.used == 0 else { return false }
            guard state.empty >= Self.spareBlocks else {
                state.empty += 1
                return false
            }
            Self.unlink(block, from: &state)
            state.blocks -= 1
            return true
        }
        if unused { munmap(block, Self.blockByteCount) }
    }

    /// Memory of so many bytes for a table that is read at random, large pages included; not cleared.
    static func table(byteCount: Int) -> UnsafeMutableRawPointer {
        guard byteCount >= blockByteCount else { return .allocate(byteCount: byteCount, alignment: 64) }
        let table = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: blockByteCount)
        #if os(Linux)
        _ = madvise(table, byteCount & ~(blockByteCount - 1), 14)
        #endif
        return table
    }

    // MARK: Blocks

    private static func link(_ block: UnsafeMutablePointer<Head>, into state: inout State) {
        block.pointee.previous = nil
        block.pointee.next = state.first
        state.first?.pointee.previous = block
        state.first = block
    }

    private static func unlink(_ block: UnsafeMutablePointer<Head>, from state: inout State) {
        block.pointee.next?.pointee.previous = block.pointee.previous
        if let previous = block.pointee.previous {
            previous.pointee.next = block.pointee.next
        } else {
            state.first = block.pointee.next
        }
        block.pointee.next = nil
        block.pointee.previous = nil
    }

    private static func addBlock(to state: inout State) -> UnsafeMutablePointer<Head> {
        let start = state.prepared.popLast() ?? mapBlock()
        let block = start.bindMemory(to: Head.self, capacity: 1)
        block.initialize(to: Head(fresh: headByteCount))
        state.empty += 1
        state.blocks += 1
        link(block, into: &state)
        return block
    }

    /// Maps a block: twice its size, and gives back what is before and behind the aligned part.
    private static func mapBlock() -> UnsafeMutableRawPointer {
        #if os(Linux)
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        #else
        let flags = MAP_PRIVATE | MAP_ANON
        #endif
        let mapped = mmap(nil, 2 * blockByteCount, PROT_READ | PROT_WRITE, flags, -1, 0)
        // A process without memory cannot go on, as with every other allocation.
        precondition(mapped != MAP_FAILED, "no memory for the page cache")
        let start = UnsafeMutableRawPointer(mapped.unsafelyUnwrapped)
        let before = Int(bitPattern: (0 &- UInt(bitPattern: start)) & UInt(blockByteCount - 1))
        if before > 0 { munmap(start, before) }
        let block = start + before
        if before < blockByteCount { munmap(block + blockByteCount, blockByteCount - before) }
        #if os(Linux)
        // MADV_HUGEPAGE, by number: not every C library names it. A hint, refused by systems without large pages.
        _ = madvise(block, blockByteCount, 14)
        #endif
        return block
    }
}

// The index's lock: many may share it, one may have it alone. Waiting for it alone comes before new sharers, so a
// steady stream of searches cannot starve an eviction.
//
// Order of locks, outermost first: `saving`, this lock, a stripe or `appending`, then one of the innermost: an arena's
// loading lock, the link queue, `promotion`, `reusedWhileSaving`, the scratch pool.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A pthread read-write lock. Sendable because the system object is made for sharing and its address never changes.
final class ReadWriteLock: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)

    init() {
        #if canImport(Glibc)
        var attributes = pthread_rwlockattr_t()
        pthread_rwlockattr_init(&attributes)
        pthread_rwlockattr_setkind_np(&attributes, Int32(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP))
        let result = pthread_rwlock_init(lock, &attributes)
        pthread_rwlockattr_destroy(&attributes)
        #else
        let result = pthread_rwlock_init(lock, nil)
        #endif
        precondition(result == 0, "a read-write lock could not be made")
    }

    /// Enters with others. Must not be nested.
    func share() {
        let result = pthread_rwlock_rdlock(lock)
        precondition(result == 0, "sharing the index lock failed")
    }

    /// Enters alone. Must not be nested.
    func claim() {
        let result = pthread_rwlock_wrlock(lock)
        precondition(result == 0, "claiming the index lock failed")
    }

    /// Leaves, whichever way it was entered.
    func leave() {
        pthread_rwlock_unlock(lock)
    }

    deinit {
        pthread_rwlock_destroy(lock)
        lock.deallocate()
    }
}

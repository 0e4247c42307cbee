// A value behind a lock. A pthread mutex instead of `Synchronization.Mutex`: it takes a third of the time, and the
// thread sanitizer sees what it orders (of a contended `Mutex` it does not). The value lies outside of the object,
// where reaching it needs no exclusivity check.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A value that only the holder of its lock can reach. Sendable for that reason.
final class Guarded<Value>: @unchecked Sendable {
    private let value = UnsafeMutablePointer<Value>.allocate(capacity: 1)
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    init(_ value: Value) {
        self.value.initialize(to: value)
        let result = pthread_mutex_init(mutex, nil)
        precondition(result == 0, "a mutex could not be made")
    }

    /// Runs the body with the lock held. Must not be nested.
    func withLock<R, Failure: Error>(_ body: (inout Value) throws(Failure) -> R) throws(Failure) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value.pointee)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
        value.deinitialize(count: 1)
        value.deallocate()
    }
}

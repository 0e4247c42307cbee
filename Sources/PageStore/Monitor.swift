#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

// A lock with a condition variable, for the few places where a thread must wait for another: the writer's turn and the
// group commit. Short state elsewhere lives in `Mutex`.

/// Mutual exclusion with waiting. Every method but `withLock` must be called inside `withLock`.
package final class Monitor: @unchecked Sendable {
    // Unchecked: the two pthread objects are made for sharing and never move.
    fileprivate let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    package init() {
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        condition.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    package func withLock<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// Gives the lock up until `wakeAll`, then takes it again. May wake without cause: call it in a loop.
    package func wait() { pthread_cond_wait(condition, mutex) }

    /// As `wait`, but at most about `milliseconds`; false when the time ran out.
    package func wait(milliseconds: Int) -> Bool {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let nanoseconds = Int(time.tv_nsec) + (milliseconds % 1000) * 1_000_000
        time.tv_sec += milliseconds / 1000 + nanoseconds / 1_000_000_000
        time.tv_nsec = nanoseconds % 1_000_000_000
        return pthread_cond_timedwait(condition, mutex, &time) == 0
    }

    /// Runs `body` with the lock given up, then takes it again.
    package func unlocked<R>(_ body: () -> R) -> R {
        pthread_mutex_unlock(mutex)
        defer { pthread_mutex_lock(mutex) }
        return body()
    }

    package func wakeAll() { pthread_cond_broadcast(condition) }
}

/// A place where one thread waits to be woken alone; used inside the lock of the monitor it waits in.
package final class WaitPoint: @unchecked Sendable {
    // Unchecked: a pthread condition is made for sharing and never moves.
    fileprivate let condition: UnsafeMutablePointer<pthread_cond_t>

    package init() {
        condition = .allocate(capacity: 1)
        condition.initialize(to: pthread_cond_t())
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        condition.deallocate()
    }
}

extension Monitor {
    /// As `wait`, but only `wake(point)` ends it (or nothing: call it in a loop).
    package func wait(at point: WaitPoint) { pthread_cond_wait(point.condition, mutex) }

    package func wake(_ point: WaitPoint) { pthread_cond_signal(point.condition) }
}

/// Gives the processor to whoever is ready.
func yieldThread() { sched_yield() }

/// An identity of the calling thread, comparable and storable.
package func currentThreadIdentity() -> UInt {
    #if canImport(Darwin)
    return UInt(bitPattern: pthread_self())
    #else
    return UInt(pthread_self())
    #endif
}

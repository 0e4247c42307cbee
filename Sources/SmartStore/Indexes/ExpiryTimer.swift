import Dispatch
import Logging
import Synchronization

// Once a minute the store removes documents that TTL indexes call too old.

/// The clockwork of TTL indexes. The time that counts is the store's; this only wakes it.
final class ExpiryTimer: Sendable {
    /// Seconds between two looks.
    private static let period = 60

    private let queue = DispatchQueue(label: "smartstore.expiry", qos: .utility)
    private let isStopped = Mutex(false)

    /// Looks once a minute, until the store goes or `stop` is called.
    func start(_ store: Store) {
        queue.asyncAfter(deadline: .now() + .seconds(Self.period)) { [weak self, weak store] in
            guard let self, let store, !self.isStopped.withLock({ $0 }) else { return }
            do { try store.removeExpired() } catch {
                store.options.logger?.warning("expired documents were not removed: \(error)")
            }
            self.start(store)
        }
    }

    /// Returns when no removal runs any more.
    func stop() {
        isStopped.withLock { $0 = true }
        queue.sync {}
    }
}

package import StoreIO

// Changing the key that the user gives: a passphrase or a raw key.
//
// The data keys stay; they are wrapped anew, under a fresh salt, and both slots are written before this returns. A crash
// between the two leaves one slot that the old key opens and one that the new key opens: both are complete, and the
// next opening for writing makes the other slot like the one it opened. Whoever has an older copy of the file opens that
// copy with the key of its time.

extension Pager {
    /// From now on only `key` opens the file.
    /// - Throws: `notEncrypted` for a file without encryption, `keyRequired` when `key` is none, `readOnly`, `closed`,
    ///   `failed`, `ioFailed`; after an I/O error either key may open the file, never neither.
    package func changeKey(
        to key: StoreKey, derivation: KeyDerivationParameters = .standard
    ) throws(PageFault) {
        guard isEncrypted else { throw .notEncrypted }
        guard !isReadOnly else { throw .readOnly }
        var identity = identity
        switch key {
        case .none: throw .keyRequired
        case .raw: identity.derivation = .none
        case .passphrase:
            try derivation.validate()
            identity.derivation = derivation
        }
        identity.salt = try Self.randomBytes(32, options.random)
        // The slow part needs no turn.
        let user = try identity.userKeys(from: key)
        try checkpointTurn.lock()
        defer { checkpointTurn.unlock() }
        guard !isClosed else { throw .closed }
        guard !logSync.failed else { throw .failed }
        try withSlots { () throws(PageFault) in
            // A rotation may have changed the data keys since the file was opened.
            identity.keys = []
            for present in slots.newest.identity.keys {
                guard let dataKey = ring.dataKey(present.number) else { throw .corruptSuperblock }
                identity.keys.append(
                    try identity.wrap(
                        dataKey, number: present.number, state: present.state, under: user, random: options.random))
            }
            slots.user = user
            for _ in 0..<(Defence.bothSlotsOnRekey.isOn ? 2 : 1) {
                try writeSlot(slots.newest.record, identity: identity)
            }
        }
    }
}

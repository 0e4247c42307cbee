#if DEFENCE_SWITCHES
package import Synchronization
#endif

// Switches for the trials that prove that each defence is needed.
//
// A normal build has no switches: `isOn` is the constant true and the compiler removes the test. A build with
// `-Xswiftc -DDEFENCE_SWITCHES` reads the names to switch off from the environment variable `SMARTSTORE_DEFENCES_OFF`
// (separated by commas), or takes them from `DefenceSwitches`; the trial that guards the defence must then fail.

/// A defence of the engine against crashes, faulty devices or edited files, by name.
package enum Defence: String, CaseIterable, Sendable {
    /// A page's seal authenticates file, page number and version (C1).
    case pageIdentity
    /// A home page must be the version and image that the map names (C1, K4).
    case mapCheck
    /// A log frame names the tag of the frame before it.
    case logChain
    /// A log frame is bound to its position.
    case logPosition
    /// A log frame names the tag of the page image that follows it.
    case imageTag
    /// Damage below a position that was known synced is an error, not a torn tail (C1, D1).
    case durableThrough
    /// Recovery rewrites what may be only in the kernel's memory before using it (D4).
    case rewriteOnRecovery
    /// A new writer begins with a frame that ends all older frames beyond it (D2).
    case epochFrame
    /// The file grows, durably, before anything refers to the new room.
    case growBeforeRefer
    /// A new extent is named in both slots before frames go into it (D5).
    case nameExtents
    /// A page's first change after a checkpoint began is logged whole.
    case wholeAfterCut
    /// The log is synced before its pages go home.
    case syncLogBeforeHome
    /// Home pages are synced before a slot moves the log's tail.
    case syncHomeBeforeSlot
    /// An extent is reused only when neither slot needs it (D5).
    case bothSlotsNeed
    /// A checkpoint stops at the oldest reader's commit (S1).
    case readersHoldCheckpoint
    /// A failed sync ends the store's acknowledgements (E2).
    case latchOnFailedSync
    /// A commit is acknowledged only after a sync that covers it (D1).
    case syncBeforeAcknowledge
    /// A transaction that failed half-way cannot commit.
    case poison
    /// The file is locked while it is open (E3).
    case fileLock
    /// A passphrase change rewrites both slots before it returns (K3).
    case bothSlotsOnRekey
    /// A rotation re-seals every page before the old key is dropped (K3).
    case rotateEveryPage
    /// A rotation wipes what free pages and the log still hold under the old key (K3).
    case rotateWipe
    /// Every opening for writing seals under a fresh random prefix (K2).
    case freshEpoch
    /// The folder is synced after a rename (D1).
    case syncFolder
    /// A new file is written beside its place and renamed when whole.
    case createBeside
    /// The audit log's chain is checked link by link (A1).
    case auditChain
    /// The audit log's epoch seals are checked (A1).
    case auditSeals
    /// Key-derivation costs, counters and lengths read from a file are bounded before use (E4).
    case boundedOpen

    #if DEFENCE_SWITCHES
    /// Whether the engine uses it.
    package var isOn: Bool { !DefenceSwitches.off.withLock { $0.contains(self) } }
    #else
    /// Whether the engine uses it.
    @inlinable package var isOn: Bool { true }
    #endif
}

#if DEFENCE_SWITCHES
/// What is switched off in this process.
package enum DefenceSwitches {
    package static let off = Mutex<Set<Defence>>(fromEnvironment())

    private static func fromEnvironment() -> Set<Defence> {
        let text = Platform.environment("SMARTSTORE_DEFENCES_OFF") ?? ""
        return Set(text.split(separator: ",").compactMap { Defence(rawValue: String($0)) })
    }
}
#endif

package import StoreIO

#if DEFENCE_SWITCHES
import Synchronization
#endif

// Which trial guards which defence: with the defence switched off the trial must fail, or it proves nothing.

/// A defence and the trial that fails without it.
public struct DefenceGuard: Sendable {
    /// The defence's name, as in `Defence`.
    public var defence: String
    /// What is run.
    public var trial: any Trial
    /// The seed of the first round.
    public var seed: UInt64
    /// Cases within which it must fail.
    public var cases: UInt64
    /// What has to be said about it.
    public var remark: String

    static let behindChain = "A second line behind logChain, whose tags cover it: alone it is not missed."
    static let behindTags = "A second line behind mapCheck and imageTag, which name each image by its tag."

    package init(_ defence: Defence, _ trial: any Trial, seed: UInt64 = 1, cases: UInt64 = 200_000, remark: String = "")
    {
        self.defence = defence.rawValue
        self.trial = trial
        self.seed = seed
        self.cases = cases
        self.remark = remark
    }
}

/// The table. Whoever writes a trial of damage or tampering adds its rows here.
public enum DefenceTable {
    /// Every defence that a trial of this target guards.
    public static var all: [DefenceGuard] {
        [
            DefenceGuard(.logChain, CrashTrial(.pages)),
            DefenceGuard(.logPosition, CrashTrial(.pages), remark: DefenceGuard.behindChain),
            DefenceGuard(.imageTag, TornFrameTrial()),
            DefenceGuard(.rewriteOnRecovery, ErrorTrial(.pages)),
            DefenceGuard(.epochFrame, RecoveryCrashTrial(.pages), remark: DefenceGuard.behindChain),
            DefenceGuard(.growBeforeRefer, CrashTrial(.pages)),
            DefenceGuard(.nameExtents, CrashTrial(.pages)),
            DefenceGuard(.wholeAfterCut, CrashTrial(.pages)),
            DefenceGuard(.syncLogBeforeHome, CrashTrial(.pages)),
            DefenceGuard(.syncHomeBeforeSlot, CrashTrial(.pages)),
            DefenceGuard(.bothSlotsNeed, CrashTrial(.pages)),
            DefenceGuard(.readersHoldCheckpoint, InterleavingTrial()),
            DefenceGuard(.latchOnFailedSync, ErrorTrial(.pages)),
            DefenceGuard(.syncBeforeAcknowledge, CrashTrial(.pages)),
            DefenceGuard(.poison, ErrorTrial(.pages), seed: 280),
            DefenceGuard(.syncFolder, CrashTrial(.pages)),
            DefenceGuard(.createBeside, CrashTrial(.pages)),
            DefenceGuard(.freshEpoch, NonceTrial()),
            DefenceGuard(.fileLock, LockTrial()),
            DefenceGuard(.bothSlotsOnRekey, CrashTrial(.store), seed: 19),
            DefenceGuard(.rotateEveryPage, CrashTrial(.store), seed: 20),
            DefenceGuard(.rotateWipe, CrashTrial(.pages), seed: 12),
            DefenceGuard(.pageIdentity, MisplacedImageTrial(), remark: DefenceGuard.behindTags),
            DefenceGuard(.mapCheck, MisplacedImageTrial()),
            DefenceGuard(.durableThrough, MisplacedImageTrial()),
            DefenceGuard(.auditChain, AuditTamperTrial()),
            DefenceGuard(.auditSeals, AuditTamperTrial()),
        ]
    }

    /// Switches one defence off, or (nil) all of them on; false in a build without switches.
    public static func switchOff(_ name: String?) -> Bool {
        #if DEFENCE_SWITCHES
        DefenceSwitches.off.withLock { $0 = Set(name.flatMap(Defence.init(rawValue:)).map { [$0] } ?? []) }
        return true
        #else
        return false
        #endif
    }
}

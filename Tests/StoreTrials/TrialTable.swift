// Every row of the table, in the order of the report. Whoever writes a trial adds it here; rows that are run by scripts
// (system calls, full disk, fuzzing, threads) leave a file of their own beside the state of smartstore-prove.

/// The trials that smartstore-prove runs.
public enum TrialTable {
    /// All of them.
    public static var all: [any Trial] {
        [
            CrashTrial(.pages), CrashTrial(.store), CrashTrial(.indexes), TornFrameTrial(),
            RecoveryCrashTrial(.pages), RecoveryCrashTrial(.store), RecoveryCrashTrial(.indexes), ErrorTrial(.pages),
            ErrorTrial(.store), ErrorTrial(.indexes), ModelTrial(), QueryTrial(), UpdateTrial(), PipelineTrial(),
            KillTrial(), InterleavingTrial(), NonceTrial(),
            LockTrial(), BitRotTrial(sealed: true, exhaustive: true), BitRotTrial(sealed: false, exhaustive: true),
            MisplacedImageTrial(), DamageListTrial(), AuditTamperTrial(), SyscallTrial(), FullDiskTrial(),
            ThreadsTrial(), SecretsTrial(), SalvageTrial(), VectorModelTrial(),
        ]
    }

    /// The trial of a row.
    public static func trial(_ name: String) -> (any Trial)? { all.first { $0.row.name == name } }
}

package import StoreIO

// Naming a commit from outside: what a user remembers, to recognise that the whole file was put back.

/// A commit's name outside the file.
package struct CommitAnchor: Hashable, Sendable {
    package var fileID: [UInt8]
    package var sequence: CommitSequence
    /// The tag of the commit's last frame. Each frame names the tag of the one before, from the file's first commit on,
    /// so it stands for the whole history and cannot be made without the file's keys.
    package var root: Tag

    package init(fileID: [UInt8], sequence: CommitSequence, root: Tag) {
        self.fileID = fileID
        self.sequence = sequence
        self.root = root
    }
}

extension PageTransaction {
    /// The anchor of the commit that this transaction stands on.
    package var baseAnchor: CommitAnchor {
        CommitAnchor(fileID: pager.fileID, sequence: base.sequence, root: pager.writer.latestTag)
    }
}

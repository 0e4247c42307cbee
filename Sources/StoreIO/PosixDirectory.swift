// A real folder, held open by descriptor: what happens to the names above it does not move it.
//
// Opening is: open, lock, then compare the file that was locked with the file the name means now. Without the last
// step, an opener that waited while another renamed a new file into place would lock the old one.

/// A folder of the operating system.
package final class PosixDirectory: StoreDirectory {
    private let descriptor: Int32

    /// Opens the folder at `path` (`notFound` when there is none).
    package init(path: String) throws(FileFault) {
        do throws(SystemError) {
            guard !path.utf8.contains(0) else { throw SystemError.invalidArgument }
            descriptor = try Platform.open(path.isEmpty ? "." : path, in: Platform.currentDirectory, .directory)
        } catch {
            throw FileFault(.open, error)
        }
    }

    deinit { Platform.close(descriptor) }

    /// Divides a path at its last slash: `a/b` is `b` in `a`, `b` is `b` in `.`, `/b` is `b` in `/`.
    package static func split(path: String) -> (directory: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
        let name = String(path[path.utf8.index(after: slash)...])
        let directory = String(path[..<slash])
        return (directory.isEmpty ? "/" : directory, name)
    }

    package func open(
        _ name: String, access: FileAccess, lockWait: Duration
    ) throws(FileFault) -> any StoreFile {
        let file = try openDescriptor(name, access)
        do throws(FileFault) {
            try lock(file, access, lockWait)
            try checkIdentity(of: file, name)
        } catch {
            Platform.close(file)
            throw error
        }
        return PosixFile(descriptor: file, access: access)
    }

    package func create(_ name: String) throws(FileFault) -> any StoreFile {
        let file: Int32
        do throws(SystemError) {
            try Self.checkName(name)
            file = try Platform.open(name, in: descriptor, .createExclusively)
        } catch {
            throw error.isAccessDenied ? .readOnly : FileFault(.open, error)
        }
        do throws(FileFault) {
            try lock(file, .readWrite, .zero)
            try checkIdentity(of: file, name)
        } catch {
            // Ours and empty, unless someone has taken it meanwhile.
            if error != .replaced && error != .locked { try? remove(name) }
            Platform.close(file)
            throw error
        }
        return PosixFile(descriptor: file, access: .readWrite)
    }

    package func rename(_ old: String, to new: String, replacing: Bool) throws(FileFault) {
        try naming(.rename, old, new) { () throws(SystemError) in
            if replacing {
                try Platform.rename(old, to: new, in: descriptor)
            } else {
                try Platform.renameWithoutReplacing(old, to: new, in: descriptor)
            }
        }
    }

    package func remove(_ name: String) throws(FileFault) {
        try naming(.unlink, name) { () throws(SystemError) in try Platform.unlink(name, in: descriptor) }
    }

    package func exists(_ name: String) throws(FileFault) -> Bool {
        do throws(SystemError) {
            try Self.checkName(name)
            _ = try Platform.status(name, in: descriptor)
            return true
        } catch {
            if error.isNotFound { return false }
            throw FileFault(.open, error)
        }
    }

    package func names() throws(FileFault) -> [String] {
        do throws(SystemError) {
            return try Platform.names(in: descriptor).sorted()
        } catch {
            throw FileFault(.list, error)
        }
    }

    package func sync() throws(FileFault) {
        do throws(SystemError) {
            try Platform.syncDirectory(descriptor)
        } catch {
            throw FileFault(.syncDirectory, error)
        }
    }

    // MARK: Details

    private func openDescriptor(_ name: String, _ access: FileAccess) throws(FileFault) -> Int32 {
        let file: Int32
        do throws(SystemError) {
            try Self.checkName(name)
            file = try Platform.open(name, in: descriptor, access == .readOnly ? .read : .readWrite)
        } catch {
            throw error.isAccessDenied && access == .readWrite ? .readOnly : FileFault(.open, error)
        }
        do throws(SystemError) {
            guard try Platform.status(file).isRegular else { throw SystemError.invalidArgument }
        } catch {
            Platform.close(file)
            throw FileFault(.open, error)
        }
        return file
    }

    /// Asks for the lock until it is granted or `wait` has passed, with growing pauses of 1 to 16 ms.
    private func lock(_ file: Int32, _ access: FileAccess, _ wait: Duration) throws(FileFault) {
        let began = Platform.monotonicNanoseconds()
        let patience = wait.nanosecondsClamped
        var pause: UInt64 = 1_000_000
        while true {
            do throws(SystemError) {
                if Defence.fileLock.isOn { try Platform.lock(file, exclusively: access == .readWrite) }
                return
            } catch {
                guard error.isLockConflict else { throw FileFault(.lock, error) }
            }
            let waited = Platform.monotonicNanoseconds() - began
            if waited >= patience { throw .locked }
            Platform.sleep(nanoseconds: min(pause, patience - waited))
            pause = min(pause * 2, 16_000_000)
        }
    }

    private func checkIdentity(of file: Int32, _ name: String) throws(FileFault) {
        let isSame: Bool
        do throws(SystemError) {
            let locked = try Platform.status(file)
            isSame = locked.isSameFile(as: try Platform.status(name, in: descriptor))
        } catch {
            throw error.isNotFound ? .replaced : FileFault(.open, error)
        }
        if !isSame { throw .replaced }
    }

    private func naming(
        _ operation: FileOperation, _ names: String..., call: () throws(SystemError) -> Void
    ) throws(FileFault) {
        do throws(SystemError) {
            for name in names { try Self.checkName(name) }
            try call()
        } catch {
            throw error.isAccessDenied ? .readOnly : FileFault(operation, error)
        }
    }

    /// A name is one component: a slash would leave the folder, a zero byte would end it early.
    private static func checkName(_ name: String) throws(SystemError) {
        if name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 }) { throw .invalidArgument }
    }
}

extension Duration {
    /// Whole nanoseconds, at least 0, at most some 290 years.
    fileprivate var nanosecondsClamped: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        guard seconds < 9_000_000_000 else { return 9_000_000_000_000_000_000 }
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}

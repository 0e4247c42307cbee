// Names and locks in a real folder, within one process and between several.

import Foundation
import StoreIO
import Testing

@Suite("Folder")
struct PosixDirectoryTests {
    private let folder: TemporaryFolder
    private var directory: PosixDirectory { folder.directory }

    init() throws { folder = try TemporaryFolder() }

    @Test("creating a name that exists fails and changes nothing")
    func exclusiveCreation() throws {
        let file = try directory.create("a")
        try file.put([1], at: 0)
        #expect(throws: FileFault.alreadyExists) { try directory.create("a") }
        #expect(try file.size() == 1)
        var info = stat()
        #expect(stat(folder.path(of: "a"), &info) == 0)
        #expect(info.st_mode & 0o077 == 0)
    }

    @Test("a name that does not exist is not found")
    func missing() {
        #expect(throws: FileFault.notFound) { try directory.open("a", access: .readOnly, lockWait: .zero) }
        #expect(throws: FileFault.notFound) { try directory.open("a", access: .readWrite, lockWait: .zero) }
        #expect(throws: FileFault.notFound) { try directory.open("", access: .readWrite, lockWait: .zero) }
        #expect(throws: FileFault.notFound) { try directory.remove("a") }
        #expect(throws: FileFault.notFound) { try directory.rename("a", to: "b", replacing: true) }
        #expect(throws: FileFault.notFound) { try directory.rename("a", to: "b", replacing: false) }
        #expect(throws: FileFault.notFound) { try PosixDirectory(path: folder.path(of: "none")) }
    }

    @Test("only plain files open, and a name is one component")
    func strangeNames() throws {
        try FileManager.default.createDirectory(atPath: folder.path(of: "sub"), withIntermediateDirectories: false)
        #expect(mkfifo(folder.path(of: "pipe"), 0o600) == 0)
        for name in ["sub", "pipe", "sub/../a", "a\0b"] {
            #expect(throws: FileFault.failed(.open, errno: EINVAL)) {
                try directory.open(name, access: .readOnly, lockWait: .zero)
            }
        }
        #expect(throws: FileFault.failed(.open, errno: EISDIR)) {
            try directory.open("sub", access: .readWrite, lockWait: .zero)
        }
        #expect(throws: FileFault.failed(.open, errno: ENOTDIR)) { try PosixDirectory(path: folder.path(of: "pipe")) }
        #expect(throws: FileFault.failed(.rename, errno: EINVAL)) {
            try directory.rename("a", to: "../a", replacing: true)
        }
    }

    @Test("names are listed in order, without the folder's own")
    func listing() throws {
        for name in ["b", "a", "ä", "c.tmp"] { try directory.create(name).close() }
        #expect(try directory.names() == ["a", "b", "c.tmp", "ä"])
        #expect(try directory.exists("a"))
        try directory.remove("a")
        #expect(try !directory.exists("a"))
        try directory.sync()
        #expect(try directory.names() == ["b", "c.tmp", "ä"])
    }

    @Test("renaming without replacing leaves an existing target alone; with it, replaces in one step")
    func renaming() throws {
        try folder.write([1], to: "one")
        try folder.write([2], to: "two")
        #expect(throws: FileFault.alreadyExists) { try directory.rename("one", to: "two", replacing: false) }
        #expect(try directory.names() == ["one", "two"])
        try directory.rename("one", to: "three", replacing: false)
        #expect(try directory.names() == ["three", "two"])
        try directory.rename("three", to: "two", replacing: true)
        #expect(try directory.names() == ["two"])
        #expect(try directory.open("two", access: .readOnly, lockWait: .zero).bytes(at: 0, count: 1) == [1])
    }

    @Test("a path is divided at its last slash")
    func splitting() {
        for (path, directory, name) in [
            ("a/b", "a", "b"), ("b", ".", "b"), ("/b", "/", "b"), ("/x/y/z.db", "/x/y", "z.db"), ("a/", "a", ""),
            ("ä/ö", "ä", "ö"),
        ] {
            let parts = PosixDirectory.split(path: path)
            #expect(parts.directory == directory && parts.name == name)
        }
    }

    @Test("a writer excludes writers and readers, readers exclude only writers")
    func lockTable() throws {
        let writer = try directory.create("store")
        #expect(throws: FileFault.locked) { try directory.open("store", access: .readWrite, lockWait: .zero) }
        #expect(throws: FileFault.locked) { try directory.open("store", access: .readOnly, lockWait: .zero) }
        writer.close()
        let first = try directory.open("store", access: .readOnly, lockWait: .zero)
        let second = try directory.open("store", access: .readOnly, lockWait: .zero)
        #expect(throws: FileFault.locked) { try directory.open("store", access: .readWrite, lockWait: .zero) }
        first.close()
        #expect(throws: FileFault.locked) { try directory.open("store", access: .readWrite, lockWait: .zero) }
        second.close()
        try directory.open("store", access: .readWrite, lockWait: .zero).close()
    }

    @Test("a lock outlives other handles of the same file, which POSIX record locks would not")
    func unrelatedClose() throws {
        let writer = try directory.create("store")
        _ = try Data(contentsOf: URL(fileURLWithPath: folder.path(of: "store")))
        #expect(throws: FileFault.locked) { try directory.open("store", access: .readWrite, lockWait: .zero) }
        writer.close()
    }

    @Test("dropping the last reference releases the lock")
    func deinitialisation() throws {
        do { _ = try directory.create("store") }
        _ = try directory.open("store", access: .readWrite, lockWait: .zero)
    }

    @Test("who waits gets the lock when it is given back, and gives up after the wait")
    func waiting() throws {
        let directory = directory
        let writer = try directory.create("store")
        #expect(throws: FileFault.locked) {
            try directory.open("store", access: .readWrite, lockWait: .milliseconds(20))
        }
        onThreads(2) { thread in
            if thread == 0 {
                writer.close()
            } else {
                #expect(throws: Never.self) {
                    try directory.open("store", access: .readWrite, lockWait: .seconds(60)).close()
                }
            }
        }
    }

    #if os(Linux)
    @Test("who waited for a file that was replaced meanwhile is told so")
    func replacedWhileWaiting() throws {
        let directory = directory
        let old = try directory.create("store")
        let next = try directory.create("next")
        let path = folder.path(of: "store")
        onThreads(2) { thread in
            if thread == 0 {
                // The waiter has the old file open once a second descriptor leads to it.
                while openDescriptors(of: path) < 2 { sched_yield() }
                #expect(throws: Never.self) { try directory.rename("next", to: "store", replacing: true) }
                old.close()
                next.close()
            } else {
                #expect(throws: FileFault.replaced) {
                    try directory.open("store", access: .readWrite, lockWait: .seconds(60))
                }
            }
        }
        try directory.open("store", access: .readWrite, lockWait: .zero).close()
        #expect(try directory.names() == ["store"])
    }
    #endif

    @Test("a handle goes on reading its own file after the name was replaced")
    func replacedAfterOpening() throws {
        try folder.write([1], to: "store")
        try folder.write([2], to: "next")
        let reader = try directory.open("store", access: .readOnly, lockWait: .zero)
        try directory.rename("next", to: "store", replacing: true)
        #expect(try reader.bytes(at: 0, count: 1) == [1])
    }
}

#if os(Linux)
/// How many descriptors of this process lead to the file at `path`.
private func openDescriptors(of path: String) -> Int {
    let files = FileManager.default
    let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let names = (try? files.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    return names.count { (try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == real }
}
#endif

@Suite("Several processes")
struct SeveralProcessesTests {
    @Test("another process cannot open what this one holds, and can once it is closed")
    func lockBetweenProcesses() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        let file = try folder.directory.create("store")
        await #expect(processExitsWith: .exitCode(7)) { [path = path as String] in
            do {
                _ = try PosixDirectory(path: path).open("store", access: .readWrite, lockWait: .milliseconds(5))
            } catch {
                exit(error as? FileFault == .locked ? 7 : 1)
            }
            exit(0)
        }
        file.close()
        await #expect(processExitsWith: .exitCode(8)) { [path = path as String] in
            let file = try PosixDirectory(path: path).open("store", access: .readWrite, lockWait: .zero)
            try file.put([42], at: 0)
            exit(8)  // without closing: the lock ends with the process
        }
        let reopened = try folder.directory.open("store", access: .readWrite, lockWait: .zero)
        #expect(try reopened.bytes(at: 0, count: 1) == [42])
    }

    #if os(Linux)
    @Test("a forked child is refused by the parent's handle, cannot give its lock away, and has none of its keys")
    func forkedChild() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            let directory = try PosixDirectory(path: path)
            let file = try directory.create("store")
            try file.put([1, 2, 3], at: 0)
            var buffer = [UInt8](repeating: 0, count: 3)
            let key = SecretKey(copying: [UInt8](repeating: 5, count: 32).span.bytes)
            typealias Fork = @convention(c) () -> Int32
            guard let symbol = dlsym(nil, "fork") else { exit(2) }
            let child = unsafeBitCast(symbol, to: Fork.self)()
            if child == 0 {
                var span = buffer.mutableSpan
                var bytes = span.mutableBytes
                do throws(FileFault) {
                    try file.read(into: &bytes, at: 0)
                } catch {
                    file.close()
                    let isWiped = key.withBytes { $0.unsafeLoad(as: UInt64.self) == 0 }
                    _exit(error == .forked && isWiped ? 9 : 1)
                }
                _exit(1)
            }
            var status: Int32 = 0
            guard waitpid(child, &status, 0) == child, status == 9 << 8 else { exit(3) }
            guard try file.bytes(at: 0, count: 3) == [1, 2, 3] else { exit(4) }
            guard key.copiedBytes == [UInt8](repeating: 5, count: 32) else { exit(10) }
            do {
                _ = try directory.open("store", access: .readWrite, lockWait: .zero)
                exit(5)
            } catch {
                exit(error as? FileFault == .locked ? 0 : 6)
            }
        }
    }
    #endif

    @Test("closed standard streams never become the store's descriptor")
    func standardStreams() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        await #expect(processExitsWith: .success) { [path = path as String] in
            for descriptor in [0, 1, 2] as [Int32] { close(descriptor) }
            let file = try PosixDirectory(path: path).create("store")
            try file.put([1], at: 0)
            for descriptor in [0, 1, 2] as [Int32] { _ = write(descriptor, "noise", 5) }
            exit(try file.size() == 1 ? 0 : 1)
        }
    }
}

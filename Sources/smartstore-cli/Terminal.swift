// The shell's own system calls: standard streams, the terminal, signals. Nothing else in this target makes any.
//
// 1. A broken pipe is an error of the write that met it, not a signal that ends the process inside a transaction.
// 2. An interrupt only sets a flag, so that work stops where it is whole; a second one ends the process.
// 3. A secret typed at the prompt is not echoed, and the terminal is put back whatever happens.

import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

enum Terminal {
    /// Whether standard error is a terminal: then progress may be drawn on it.
    static var showsProgress: Bool { isatty(2) == 1 }

    /// Turns SIGPIPE off.
    static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    /// Writes a message to standard error. A failure has no one left to tell.
    static func message(_ text: String) { _ = writeAll(Array(text.utf8), to: 2) }

    /// Ends the process.
    static func exit(_ status: Int32) -> Never {
        #if canImport(Glibc)
        Glibc.exit(status)
        #elseif canImport(Musl)
        Musl.exit(status)
        #elseif canImport(Darwin)
        Darwin.exit(status)
        #endif
    }

    /// The value of an environment variable; nil when it is not set or empty.
    static func environment(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    // MARK: Streams

    /// Writes all bytes; the error number when that fails.
    static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done) }
            if count < 0 {
                if errno == EINTR { continue }
                return errno
            }
            done += count
        }
        return nil
    }

    /// Reads up to `count` bytes; empty at the end, nil on an error.
    static func read(from descriptor: Int32, upTo count: Int) -> [UInt8]? {
        while true {
            var result = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                #if canImport(Glibc)
                result = Glibc.read(descriptor, buffer.baseAddress, count)
                #elseif canImport(Musl)
                result = Musl.read(descriptor, buffer.baseAddress, count)
                #elseif canImport(Darwin)
                result = Darwin.read(descriptor, buffer.baseAddress, count)
                #endif
                filled = max(0, result)
            }
            if result >= 0 { return bytes }
            if errno != EINTR { return nil }
        }
    }

    /// The content of a small file of any kind (a pipe included), or the error number.
    static func contents(of path: String, limit: Int) -> Result<[UInt8], SystemFailure> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return .failure(SystemFailure(number: errno)) }
        defer { close(descriptor) }
        var content: [UInt8] = []
        while content.count <= limit {
            guard let bytes = read(from: descriptor, upTo: 4096) else {
                return .failure(SystemFailure(number: errno))
            }
            if bytes.isEmpty { return .success(content) }
            content += bytes
        }
        return .failure(SystemFailure(number: EFBIG))
    }

    /// Opens a file to append to, made when it is not there; negative on an error.
    static func openToAppend(_ path: String) -> Int32 {
        open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    }

    /// Opens a file to read; negative on an error.
    static func openToRead(_ path: String) -> Int32 { open(path, O_RDONLY | O_CLOEXEC) }

    /// Opens a file to write, made when it is not there, emptied when it is; negative on an error.
    static func openToWrite(_ path: String) -> Int32 { open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666) }

    /// Closes a file.
    static func closeFile(_ descriptor: Int32) { _ = close(descriptor) }

    /// Why the last call failed.
    static var lastFailure: SystemFailure { SystemFailure(number: errno) }

    /// An error number of the system, with its words.
    struct SystemFailure: Error {
        let number: Int32
        var words: String { String(cString: strerror(number)) }
    }

    // MARK: Secrets

    /// Asks for a line on the controlling terminal without showing it. Nil when there is no terminal, or when the
    /// person gives up (Ctrl-C, Ctrl-D).
    static func secret(prompt: String) -> [UInt8]? {
        let tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard tty >= 0 else { return nil }
        defer { close(tty) }
        var before = termios()
        guard tcgetattr(tty, &before) == 0 else { return nil }
        var quiet = before
        // Byte by byte and without signals, so that Ctrl-C cannot leave the terminal without echo.
        quiet.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        guard tcsetattr(tty, TCSAFLUSH, &quiet) == 0 else { return nil }
        defer {
            _ = tcsetattr(tty, TCSAFLUSH, &before)
            _ = writeAll([0x0A], to: tty)
        }
        _ = writeAll(Array(prompt.utf8), to: tty)
        var line: [UInt8] = []
        while line.count < 4096 {
            guard let byte = read(from: tty, upTo: 1)?.first else { return nil }
            switch byte {
            case 0x0A, 0x0D: return line
            case 0x03: return nil
            case 0x04: return line.isEmpty ? nil : line
            case 0x08, 0x7F: removeLastCharacter(&line)
            case 0x15: line = []
            default: line.append(byte)
            }
        }
        return nil
    }

    private static func removeLastCharacter(_ line: inout [UInt8]) {
        while let last = line.popLast(), last & 0xC0 == 0x80 {}
    }
}

/// Whether someone asked the process to stop.
enum Interrupt {
    private static let flag = Atomic<Bool>(false)

    static var isRequested: Bool { flag.load(ordering: .relaxed) }

    /// From now on the first SIGINT or SIGTERM sets the flag, and the second ends the process.
    static func watch() {
        flag.store(false, ordering: .relaxed)
        // A parent may have started us with these blocked: threads of a thread pool often are.
        var numbers = sigset_t()
        sigemptyset(&numbers)
        sigaddset(&numbers, SIGINT)
        sigaddset(&numbers, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &numbers, nil)
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                Interrupt.flag.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
    }
}

// The system's name for the time since it was started.
//
// After a failed sync the kernel may show data that never reached the disk and call it clean, until the machine restarts.
// Whoever knows that it has restarted since knows that what it reads is on the disk.

enum BootIdentity {
    /// 16 bytes that differ after each start of the system; nil where the system does not say.
    static let bytes: [UInt8]? = {
        guard let text = Platform.bootIdentity() else { return nil }
        let digits = text.utf8.filter { $0 != UInt8(ascii: "-") && $0 != 0x0A }
        guard digits.count == 32 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: 32, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        // Zeros stand for a system that does not say.
        return bytes.allSatisfy { $0 == 0 } ? nil : bytes
    }()

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

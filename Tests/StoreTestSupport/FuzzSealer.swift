import StoreIO
import Synchronization

// Opens log frames, their images and superblock slots of a file, changes them, and seals them again: what somebody with
// the key can do. Written from FORMAT.md alone, so that it also reads what the engine's own code would refuse to make.

struct FuzzSealer {
    private(set) var file: [UInt8]
    private let pageSize: Int
    private let fileID: [UInt8]
    private let headerKey: SecretKey?
    private let ciphers: Ciphers
    /// Offsets of the authentic frames, in order of position.
    private(set) var frames: [Int] = []

    static let frameHeader = 192
    private static let clear = 112
    private static let slotClear = 256
    private static let bodyEnd = 3968

    struct Failure: Error, CustomStringConvertible { let description: String }

    /// Page keys by epoch, derived once.
    private final class Ciphers: Sendable {
        private let dataKeys: [UInt32: SecretKey]
        private let fileID: [UInt8]
        private let isSealed: Bool
        private let known = Mutex<[[UInt8]: PageCipher]>([:])

        init(dataKeys: [UInt32: SecretKey], fileID: [UInt8], isSealed: Bool) {
            self.dataKeys = dataKeys
            self.fileID = fileID
            self.isSealed = isSealed
        }

        func cipher(prefix: [UInt8], counter: [UInt8]) throws -> PageCipher? {
            let name = prefix + Array(counter[4...])
            if let found = known.withLock({ $0[name] }) { return found }
            guard let dataKey = dataKeys[UInt32(FuzzSealer.load(counter, 4, 4))] else { return nil }
            let made = try PageCipher(
                key: isSealed ? derived(from: dataKey, prefix) : dataKey, mode: isSealed ? .sealing : .checksumOnly)
            known.withLock { if $0.count < 64 { $0[name] = made } }
            return made
        }

        private func derived(from dataKey: SecretKey, _ prefix: [UInt8]) throws -> SecretKey {
            let info = Array("smartstore page".utf8) + prefix
            let salt = fileID
            return try KeyDerivation.hkdfSHA256(key: dataKey, salt: salt.span.bytes, info: info.span.bytes)
        }
    }

    private static let bases = Mutex<[FuzzBase.Kind: FuzzSealer]>([:])

    /// The sealer of a base store.
    static func base(_ kind: FuzzBase.Kind) throws -> FuzzSealer {
        try bases.withLock { bases in
            if let found = bases[kind] { return found }
            let made = try FuzzSealer(FuzzBase.file(kind), rawKey: kind.isSealed ? FuzzBase.rawKey : nil)
            bases[kind] = made
            return made
        }
    }

    init(_ file: [UInt8], rawKey: [UInt8]?, needsFrames: Bool = true) throws {
        self.file = file
        pageSize = Int(Self.load(file, 12, 4))
        fileID = Array(file[16..<32])
        if let rawKey {
            let keySalt = fileID + Array(file[48..<80])
            let (headerPurpose, wrapPurpose) = (Array("smartstore header".utf8), Array("smartstore wrap".utf8))
            let master = SecretKey(copying: rawKey.span.bytes)
            headerKey = try KeyDerivation.hkdfSHA256(
                key: master, salt: keySalt.span.bytes, info: headerPurpose.span.bytes)
            let wrapKey = try KeyDerivation.hkdfSHA256(
                key: master, salt: keySalt.span.bytes, info: wrapPurpose.span.bytes)
            let wrap = try PageCipher(key: wrapKey, mode: .sealing)
            var dataKeys: [UInt32: SecretKey] = [:]
            for entry in [88, 160] where [1, 2].contains(Self.load(file, entry + 4, 4)) {
                let number = Self.load(file, entry, 4)
                let nonce = Nonce(high: Self.load(file, entry + 8, 8), low: UInt32(Self.load(file, entry + 16, 4)))
                let data = fileID + Self.bytes(number, 8)
                let tag = Tag(low: Self.load(file, entry + 52, 8), high: Self.load(file, entry + 60, 8))
                let opened = try Self.open(
                    wrap, nonce: nonce, data: data, Array(file[entry + 20..<entry + 52]), tag: tag)
                dataKeys[UInt32(number)] = SecretKey(copying: opened.span.bytes)
            }
            ciphers = Ciphers(dataKeys: dataKeys, fileID: fileID, isSealed: true)
        } else {
            headerKey = nil
            let publicKey = SecretKey(copying: [UInt8](repeating: 0, count: 32).span.bytes)
            ciphers = Ciphers(dataKeys: [0: publicKey], fileID: fileID, isSealed: false)
        }
        guard needsFrames else { return }
        try findFrames()
        guard frames.count > 8 else { throw Failure(description: "the base store has only \(frames.count) frames") }
    }

    /// Every authentic frame, wherever it stands.
    private mutating func findFrames() throws {
        var found: [Int] = []
        var offset = 0
        while offset + Self.frameHeader <= file.count {
            if file[offset] == 0x53, file[offset + 1] == 0x53, file[offset + 2] == 0x4C, file[offset + 3] == 0x46,
                try openFrame(at: offset) != nil
            {
                found.append(offset)
            }
            offset += 8
        }
        frames = found.sorted { Self.load(file, $0 + 8, 8) < Self.load(file, $1 + 8, 8) }
    }

    // MARK: Frames

    /// Header with its record in the clear; nil when it does not open.
    private func openFrame(at offset: Int) throws -> [UInt8]? {
        var header = Array(file[offset..<offset + Self.frameHeader])
        guard let cipher = try ciphers.cipher(prefix: Array(header[48..<64]), counter: Array(header[64..<72])) else {
            return nil
        }
        let tag = Tag(low: Self.load(header, 176, 8), high: Self.load(header, 184, 8))
        let nonce = Nonce(high: Self.load(header, 64, 8), low: 2)
        guard
            let record = try? Self.open(
                cipher, nonce: nonce, data: fileID + Array(header[..<Self.clear]), Array(header[112..<176]), tag: tag)
        else { return nil }
        header.replaceSubrange(112..<176, with: record)
        return header
    }

    private mutating func sealFrame(_ header: [UInt8], at offset: Int) throws {
        var header = header
        guard let cipher = try ciphers.cipher(prefix: Array(header[48..<64]), counter: Array(header[64..<72])) else {
            return
        }
        let nonce = Nonce(high: Self.load(header, 64, 8), low: 2)
        let (sealed, tag) = try Self.seal(
            cipher, nonce: nonce, data: fileID + Array(header[..<Self.clear]), Array(header[112..<176]))
        header.replaceSubrange(112..<192, with: sealed + Self.bytes(tag.low, 8) + Self.bytes(tag.high, 8))
        file.replaceSubrange(offset..<offset + Self.frameHeader, with: header)
    }

    /// Lets every frame name the tag of the one that now stands before it, so that the chain holds.
    mutating func chainAnew() throws {
        guard frames.count > 1 else { return }
        for index in 1..<frames.count {
            guard frames[index] + Self.frameHeader <= file.count,
                var header = try openFrame(at: frames[index])
            else { continue }
            header.replaceSubrange(72..<88, with: file[frames[index - 1] + 176..<frames[index - 1] + 192])
            try sealFrame(header, at: frames[index])
        }
    }

    // MARK: Changes

    /// One change, as the input says.
    mutating func change(_ input: inout FuzzInput) throws {
        let index = input.below(frames.count)
        let offset = frames[index]
        let slotSize = pageSize + Self.frameHeader
        guard offset + slotSize <= file.count else { return }
        switch input.below(9) {
        case 0, 1: try changeHeader(at: offset, &input)
        case 2:
            let other = frames[input.below(frames.count)]
            guard other + slotSize <= file.count else { return }
            let (mine, theirs) = (Array(file[offset..<offset + slotSize]), Array(file[other..<other + slotSize]))
            file.replaceSubrange(offset..<offset + slotSize, with: theirs)
            file.replaceSubrange(other..<other + slotSize, with: mine)
        case 3:
            // Another frame's content under this position.
            let other = frames[input.below(frames.count)]
            guard other + slotSize <= file.count, var header = try openFrame(at: other) else { return }
            let position = Array(file[offset + 8..<offset + 16])
            file.replaceSubrange(offset..<offset + slotSize, with: Array(file[other..<other + slotSize]))
            header.replaceSubrange(8..<16, with: position)
            try sealFrame(header, at: offset)
        case 4: try changeImage(at: offset, &input)
        case 5, 6: try changeSlot(&input, isBody: true)
        case 7: try changeSlot(&input, isBody: false)
        default:
            // Cut off, or grown by zeros.
            if input.byte() & 1 == 0 {
                file.removeLast(min(file.count - 3 * pageSize, input.below(24) * pageSize))
            } else {
                file += [UInt8](repeating: 0, count: input.below(24) * pageSize)
            }
        }
    }

    private mutating func changeHeader(at offset: Int, _ input: inout FuzzInput) throws {
        guard var header = try openFrame(at: offset) else { return }
        let fields = [4, 5, 8, 16, 24, 32, 40, 104, 112, 120, 128, 136, 144]
        if input.below(3) != 0 {
            let field = input.pick(fields)
            let old = Self.load(header, field, field < 8 ? 1 : 8)
            let value = input.below(2) == 0 ? input.pick(FuzzInput.boundaries) : old &+ input.number(1) &- 2
            header.replaceSubrange(field..<field + (field < 8 ? 1 : 8), with: Self.bytes(value, field < 8 ? 1 : 8))
        } else {
            FuzzEdit.apply(to: &header, range: 4..<176, &input)
        }
        try sealFrame(header, at: offset)
    }

    /// Changes the payload of a frame's page image; image and header are sealed again.
    private mutating func changeImage(at offset: Int, _ input: inout FuzzInput) throws {
        guard var header = try openFrame(at: offset), header[4] == 1 else { return }
        let start = offset + Self.frameHeader
        let (prefix, counter) = (Array(file[start + 8..<start + 24]), Array(file[start + 24..<start + 32]))
        guard let cipher = try ciphers.cipher(prefix: prefix, counter: counter) else { return }
        let data = fileID + Array(header[16..<24]) + Array(file[start..<start + 24])
        let nonce = Nonce(high: Self.load(counter, 0, 8), low: 1)
        let tag = Tag(low: Self.load(file, start + 32, 8), high: Self.load(file, start + 40, 8))
        let image = Array(file[start + 48..<start + pageSize])
        guard var payload = try? Self.open(cipher, nonce: nonce, data: data, image, tag: tag) else { return }
        FuzzEdit.apply(to: &payload, range: 0..<payload.count, &input, pages: [2, 3, 4, 5, 6, 7, 8, 9, 12, 20, 40])
        let (sealed, newTag) = try Self.seal(cipher, nonce: nonce, data: data, payload)
        let tagBytes = Self.bytes(newTag.low, 8) + Self.bytes(newTag.high, 8)
        file.replaceSubrange(start + 32..<start + pageSize, with: tagBytes + sealed)
        header.replaceSubrange(88..<104, with: tagBytes)
        try sealFrame(header, at: offset)
    }

    /// Changes a slot's body or clear part, in one slot or in both, and seals it again.
    private mutating func changeSlot(_ input: inout FuzzInput, isBody: Bool) throws {
        // Both slots are changed alike, or the sound one would win.
        let which = input.below(3)
        var last = input
        for index in 0..<2 where which == 2 || which == index {
            var own = input
            try changeSlot(at: index * pageSize, &own, isBody: isBody)
            last = own
        }
        input = last
    }

    private mutating func changeSlot(at offset: Int, _ input: inout FuzzInput, isBody: Bool) throws {
        try forgeSlot(at: offset) { Self.change(&$0, &input, isBody: isBody) }
    }

    private static func change(_ slot: inout [UInt8], _ input: inout FuzzInput, isBody: Bool) {
        guard isBody else {
            // Not the key derivation: an honest key would take as long as the costs say.
            return FuzzEdit.apply(to: &slot, range: input.byte() & 1 == 0 ? 80..<88 : 8..<33, &input)
        }
        guard input.below(4) != 0 else { return FuzzEdit.apply(to: &slot, range: 256..<256 + 600, &input) }
        let fields = [0, 8, 16, 24, 64, 72, 88, 92, 96, 112, 120, 128, 240, 248, 256, 264, 272, 280, 288]
        let field = 256 + input.pick(fields)
        let width = field == 256 + 88 ? 4 : field == 256 + 92 ? 1 : 8
        let old = load(slot, field, width)
        let value = input.below(2) == 0 ? input.pick(FuzzInput.boundaries) : old &+ input.number(1) &- 3
        slot.replaceSubrange(field..<field + width, with: bytes(value, width))
    }

    /// Opens a slot, lets `edit` change it with its body in the clear, and seals, signs and hashes it again.
    mutating func forgeSlot(at offset: Int, _ edit: (inout [UInt8]) -> Void) throws {
        guard offset + 4096 <= file.count else { return }
        var slot = Array(file[offset..<offset + 4096])
        guard let cipher = try ciphers.cipher(prefix: Array(slot[232..<248]), counter: Array(slot[248..<256])) else {
            return
        }
        let nonce = Nonce(high: Self.load(slot, 248, 8), low: 3)
        let tag = Tag(low: Self.load(slot, 3968, 8), high: Self.load(slot, 3976, 8))
        guard
            let body = try? Self.open(
                cipher, nonce: nonce, data: fileID + Array(slot[..<256]), Array(slot[256..<3968]), tag: tag)
        else { return }
        slot.replaceSubrange(256..<3968, with: body)
        edit(&slot)
        let (sealed, newTag) = try Self.seal(
            cipher, nonce: nonce, data: fileID + Array(slot[..<256]), Array(slot[256..<3968]))
        slot.replaceSubrange(256..<3984, with: sealed + Self.bytes(newTag.low, 8) + Self.bytes(newTag.high, 8))
        if let headerKey {
            let covered = Array(slot[..<3984])
            slot.replaceSubrange(3984..<4016, with: Hashing.hmacSHA256(key: headerKey, covered.span.bytes).bytes)
        }
        let hashed = Array(slot[..<4064])
        slot.replaceSubrange(4064..<4096, with: Hashing.sha256(hashed.span.bytes).bytes)
        file.replaceSubrange(offset..<offset + 4096, with: slot)
    }

    // MARK: Bytes

    static func load(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
        return value
    }

    static func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    private static func open(
        _ cipher: PageCipher, nonce: Nonce, data: [UInt8], _ sealed: [UInt8], tag: Tag
    ) throws -> [UInt8] {
        var plain = [UInt8](repeating: 0, count: sealed.count)
        var span = plain.mutableSpan
        var raw = span.mutableBytes
        try cipher.open(nonce: nonce, authenticating: data.span.bytes, sealed.span.bytes, tag: tag, into: &raw)
        return plain
    }

    private static func seal(
        _ cipher: PageCipher, nonce: Nonce, data: [UInt8], _ plain: [UInt8]
    ) throws -> (sealed: [UInt8], tag: Tag) {
        var sealed = [UInt8](repeating: 0, count: plain.count)
        var span = sealed.mutableSpan
        var raw = span.mutableBytes
        let tag = try cipher.seal(nonce: nonce, authenticating: data.span.bytes, plain.span.bytes, into: &raw)
        return (sealed, tag)
    }
}

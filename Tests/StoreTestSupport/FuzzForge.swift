package import PageStore
import StoreIO

// Forged files: what somebody with the key, or none, can write into a store on purpose.

/// Makes hostile files out of the base stores.
package enum FuzzForge {
    /// Changes the plain part of both slots and gives them a right hash, as anybody can.
    package static func plainParts(_ file: [UInt8], _ edit: (inout [UInt8]) -> Void) -> [UInt8] {
        var file = file
        for offset in [0, 4096] {
            var slot = Array(file[offset..<offset + 4096])
            edit(&slot)
            let hashed = Array(slot[..<4064])
            slot.replaceSubrange(4064..<4096, with: Hashing.sha256(hashed.span.bytes).bytes)
            file.replaceSubrange(offset..<offset + 4096, with: slot)
        }
        return file
    }

    /// Changes the body of both slots and seals them again; `edit` sees the body from offset 256 on.
    package static func bodies(
        _ file: [UInt8], isSealed: Bool, _ edit: (inout [UInt8]) -> Void
    ) throws -> [UInt8] {
        var sealer = try FuzzSealer(file, rawKey: isSealed ? FuzzBase.rawKey : nil, needsFrames: false)
        for offset in [0, 4096] { try sealer.forgeSlot(at: offset, edit) }
        return sealer.file
    }

    /// Changes pages of a base store through the page layer: authentic, whatever they say.
    package static func pages(
        _ kind: FuzzBase.Kind, _ edit: (PageTransaction) throws -> Void
    ) throws -> [UInt8] {
        let disk = SimulatedDisk(files: [FuzzBase.name: try FuzzBase.file(kind)])
        disk.stopRecording()
        let pager = try Pager.open(
            FuzzBase.name, in: disk, key: FuzzBase.storeKey(kind.isSealed), options: FuzzBase.pagerOptions(seed: 6))
        let transaction = try pager.beginTransaction()
        defer { transaction.rollBack() }
        try edit(transaction)
        _ = try transaction.commit(.full)
        guard let file = disk.content(of: FuzzBase.name) else { throw FuzzBase.FuzzBaseError.notMade }
        return file
    }

    /// Stores a little-endian number.
    package static func store(_ value: UInt64, _ count: Int, at offset: Int, in bytes: inout [UInt8]) {
        bytes.replaceSubrange(offset..<offset + count, with: FuzzSealer.bytes(value, count))
    }
}

extension PageFrame {
    /// Replaces the payload from its start on; what is left becomes zero.
    package func fill(_ bytes: [UInt8]) {
        zero()
        withMutableBytes { payload in
            for (index, byte) in bytes.enumerated() {
                payload.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
            }
        }
    }
}

/// Payloads of tree nodes, written from FORMAT.md, section 7.
package enum ForgedNode {
    /// An inner node of one child.
    package static func inner(level: UInt8, child: UInt64, payloadByteCount: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: payloadByteCount)
        bytes[0] = 2
        bytes[1] = level
        FuzzForge.store(UInt64(payloadByteCount), 2, at: 6, in: &bytes)
        FuzzForge.store(child, 8, at: 16, in: &bytes)
        return bytes
    }

    /// A leaf of one row whose value part is `part`: form word, fields, inline bytes.
    package static func leaf(key: [UInt8], part: [UInt8], payloadByteCount: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: payloadByteCount)
        let cell = payloadByteCount - key.count - part.count
        bytes[0] = 1
        FuzzForge.store(1, 2, at: 2, in: &bytes)
        FuzzForge.store(UInt64(cell), 2, at: 6, in: &bytes)
        FuzzForge.store(UInt64(cell), 2, at: 16, in: &bytes)
        FuzzForge.store(UInt64(key.count), 2, at: 18, in: &bytes)
        var head: UInt64 = 0
        for index in 0..<4 { head = head << 8 | (index < key.count ? UInt64(key[index]) : 0) }
        FuzzForge.store(head, 4, at: 20, in: &bytes)
        bytes.replaceSubrange(cell..., with: key + part)
        return bytes
    }
}

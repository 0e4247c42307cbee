import PageStore
import SmartStore
import StoreIO

// Whole files from outside: raw, with pages changed by somebody who holds the key, with log and slots changed so.

enum FuzzStoreTargets {
    /// Bytes that begin as a store does are a file; anything else is a script of unsealed changes to a base file.
    static func file(_ bytes: [UInt8]) -> [String] {
        guard bytes.count <= 4 << 20 else { return [] }
        let reading = FuzzReading()
        if bytes.starts(with: Array("SMARTST\n".utf8)) {
            let isSealed = bytes.count > 32 && bytes[32] == 1
            reading.read(bytes, key: isSealed ? FuzzBase.key : .none)
            reading.write(bytes, key: isSealed ? FuzzBase.key : .none)
            return reading.found.reasons
        }
        var input = FuzzInput(bytes)
        let kind = FuzzBase.Kind.allCases[input.below(4)]
        guard var file = try? FuzzBase.file(kind) else { return ["no base store"] }
        var edits = 0
        while !input.isEmpty, edits < 16 {
            edits += 1
            switch input.below(8) {
            case 0: file.removeLast(min(file.count, Int(input.number(3)) % (file.count + 1)))
            case 1: file += [UInt8](repeating: input.byte(), count: input.below(8193))
            case 2: FuzzEdit.copyBlock(&file, &input)
            default: FuzzEdit.apply(to: &file, range: 0..<file.count, &input)
            }
        }
        reading.read(file, key: kind.key)
        if input.byte() & 3 == 3 { reading.write(file, key: kind.key) }
        return reading.found.reasons
    }

    /// Pages are changed through the page layer itself, so every tag, version and map entry is right, and only the
    /// content is not.
    static func page(_ bytes: [UInt8]) -> [String] {
        var input = FuzzInput(bytes)
        let kind = FuzzBase.Kind.allCases[input.below(4)]
        let mode = input.byte()
        do {
            guard let file = try changedPages(kind, checkpoints: mode & 1 == 1, &input) else { return [] }
            let reading = FuzzReading()
            reading.read(file, key: kind.key)
            if mode & 6 == 6 { reading.write(file, key: kind.key) }
            return reading.found.reasons
        } catch let fault as PageFault {
            // A changed map may stop the checkpoint that follows; the fault has its name.
            _ = fault
            return []
        } catch { return ["\(error)"] }
    }

    private static func changedPages(
        _ kind: FuzzBase.Kind, checkpoints: Bool, _ input: inout FuzzInput
    ) throws -> [UInt8]? {
        let disk = SimulatedDisk(files: [FuzzBase.name: try FuzzBase.file(kind)])
        disk.stopRecording()
        let pages = try FuzzBase.pages(kind)
        let pager = try Pager.open(
            FuzzBase.name, in: disk, key: FuzzBase.storeKey(kind.isSealed), options: FuzzBase.pagerOptions(seed: 5))
        let transaction = try pager.beginTransaction()
        defer { transaction.rollBack() }
        var edits = 0
        while !input.isEmpty, edits < 12 {
            edits += 1
            let frame = try transaction.mutablePage(PageID(input.pick(pages)))
            var payload = frame.withBytes { [UInt8](copying: $0) }
            if input.below(8) == 0 {
                // The content of another page, whole.
                payload = try transaction.page(PageID(input.pick(pages))).withBytes { [UInt8](copying: $0) }
            } else {
                FuzzEdit.apply(to: &payload, range: 0..<payload.count, &input, pages: pages)
            }
            frame.withMutableBytes { target in
                for (index, byte) in payload.enumerated() {
                    target.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
                }
            }
        }
        _ = try transaction.prepareCommit(.relaxed)
        if checkpoints { _ = try pager.checkpoint() }
        return disk.content(of: FuzzBase.name)
    }

    /// Frames and slots are opened, changed and sealed again.
    static func log(_ bytes: [UInt8]) -> [String] {
        var input = FuzzInput(bytes)
        let mode = input.byte()
        let kind: FuzzBase.Kind = mode & 1 == 0 ? .plainCrashed : .sealedCrashed
        do {
            var sealer = try FuzzSealer.base(kind)
            var edits = 0
            while !input.isEmpty, edits < 12 {
                edits += 1
                try sealer.change(&input)
            }
            if mode & 2 == 0 { try sealer.chainAnew() }
            let reading = FuzzReading()
            reading.read(sealer.file, key: kind.key)
            if mode & 12 == 12 { reading.write(sealer.file, key: kind.key) }
            return reading.found.reasons
        } catch { return ["\(error)"] }
    }
}

/// One change of some bytes.
enum FuzzEdit {
    static func apply(to bytes: inout [UInt8], range: Range<Int>, _ input: inout FuzzInput, pages: [UInt64] = []) {
        guard !range.isEmpty, range.upperBound <= bytes.count else { return }
        let choice = input.below(pages.isEmpty ? 10 : 16)
        if choice >= 10 { return applyToNumber(to: &bytes, range: range, &input, pages: pages, pointers: choice < 13) }
        // Structures have their heads at the front.
        let isNear = choice >= 5
        let place = range.lowerBound + input.below(isNear ? min(range.count, 96) : range.count)
        switch choice % 5 {
        case 0: bytes[place] ^= 1 << (input.byte() & 7)
        case 1: bytes[place] = input.byte()
        case 2:
            let width = 1 << input.below(4)
            let value = input.pick(FuzzInput.boundaries)
            store(value, width: width, at: place, in: &bytes, range)
        case 3:
            guard !pages.isEmpty else { return }
            store(input.pick(pages), width: 8, at: place, in: &bytes, range)
        default:
            let end = min(range.upperBound, place + 1 + input.below(64))
            let from = range.lowerBound + input.below(range.count)
            for (offset, target) in (place..<end).enumerated() where from + offset < range.upperBound {
                bytes[target] = bytes[from + offset]
            }
        }
    }

    /// Finds numbers that are there, page numbers or small counters, and puts another one in the place of one of them:
    /// so a page stays well-formed in itself and lies about something else.
    private static func applyToNumber(
        to bytes: inout [UInt8], range: Range<Int>, _ input: inout FuzzInput, pages: [UInt64], pointers: Bool
    ) {
        let known = Set(pages)
        var places: [Int] = []
        var place = range.lowerBound
        while place + 8 <= range.upperBound, places.count < 512 {
            let value = FuzzSealer.load(bytes, place, 8)
            if value != 0, pointers ? known.contains(value) : value < 1 << 20 { places.append(place) }
            place += 1
        }
        guard !places.isEmpty else { return }
        let chosen = input.pick(places)
        let value = pointers || input.below(3) == 0 ? input.pick(pages) : input.pick(FuzzInput.boundaries)
        store(value, width: 8, at: chosen, in: &bytes, range)
    }

    private static func store(_ value: UInt64, width: Int, at place: Int, in bytes: inout [UInt8], _ range: Range<Int>)
    {
        for index in 0..<width where place + index < range.upperBound {
            bytes[place + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index))
        }
    }

    /// A whole page, or any block, from one place to another.
    static func copyBlock(_ bytes: inout [UInt8], _ input: inout FuzzInput) {
        let pages = bytes.count / 4096
        guard pages > 1 else { return }
        let (from, to) = (input.below(pages) * 4096, input.below(pages) * 4096)
        bytes.replaceSubrange(to..<to + 4096, with: Array(bytes[from..<from + 4096]))
    }
}

// Documents in a row, read from files or standard input in pieces: BSON one after another, the same in hexadecimal, or
// Extended JSON.
//
// 1. Memory is bounded by one document: `Limits` says how large it may be, as BSON and as text.
// 2. A reader finds where a document ends and hands its bytes on; what is in them is judged by the parser of the
//    library alone. Where no end can be found, the bytes up to the fault are handed on, so that the parser names it.
// 3. Every document has a number, from 1, and the offset of its first byte; errors name both.

import SmartStore

/// One document as it stands in the input.
struct InputDocument {
    let bytes: [UInt8]
    /// Its place in the input, from 1.
    let number: Int
    /// Where it begins: bytes of the input, of BSON if that is in hexadecimal.
    let offset: Int
}

/// The bytes of a file or of standard input, piece by piece.
final class InputBytes {
    /// The file's name, or what stands for standard input in messages.
    let name: String
    private let descriptor: Int32
    private let isFile: Bool

    /// Opens the file; `-` is standard input.
    init(_ path: String) throws {
        isFile = path != "-"
        name = isFile ? path : "standard input"
        descriptor = isFile ? Terminal.openToRead(path) : 0
        if descriptor < 0 { throw failed(Terminal.lastFailure) }
    }

    deinit { if isFile && descriptor >= 0 { Terminal.closeFile(descriptor) } }

    /// The next bytes; empty at the end.
    func next() throws -> [UInt8] {
        guard let bytes = Terminal.read(from: descriptor, upTo: 1 << 16) else { throw failed(Terminal.lastFailure) }
        return bytes
    }

    private func failed(_ failure: Terminal.SystemFailure) -> StoreError {
        StoreError.input(name, "Cannot be read: \(failure.words).", remedy: "Check the path and its permissions.")
    }
}

/// A window on the input: bytes not used up yet, and where they stand.
struct InputWindow {
    private let input: InputBytes
    /// Turns pieces of hexadecimal text into bytes; nil for input that is bytes already.
    private var hex: HexPieces?
    private(set) var bytes: [UInt8] = []
    /// How many of `bytes` are used up.
    private(set) var start = 0
    /// The offset in the input of `bytes[start]`.
    private(set) var offset = 0
    private(set) var isAtEnd = false

    init(_ input: InputBytes, isHex: Bool) {
        self.input = input
        hex = isHex ? HexPieces() : nil
    }

    /// How many bytes are at hand.
    var count: Int { bytes.count - start }

    /// The byte at a place of the window.
    subscript(place: Int) -> UInt8 { bytes[start + place] }

    /// Reads on until there are `wanted` bytes or the input ends.
    mutating func fill(to wanted: Int) throws {
        while count < wanted, !isAtEnd {
            bytes.removeSubrange(..<start)
            start = 0
            let piece = try input.next()
            isAtEnd = piece.isEmpty
            if hex == nil {
                bytes += piece
            } else {
                let fault = isAtEnd ? hex?.end() : hex?.append(piece, to: &bytes)
                if let fault {
                    throw StoreError.input(input.name, fault, remedy: "Give two hexadecimal digits for each byte.")
                }
            }
        }
    }

    /// The first bytes, which are used up by this.
    mutating func take(_ count: Int) -> [UInt8] {
        defer { skip(count) }
        return Array(bytes[start..<(start + count)])
    }

    mutating func skip(_ count: Int) {
        start += count
        offset += count
    }
}

/// Hexadecimal text in pieces; white space may stand between digits.
struct HexPieces {
    private var high: UInt8?
    private var offset = 0

    /// Appends the bytes of a piece; what is wrong with it, or nil.
    mutating func append(_ piece: [UInt8], to bytes: inout [UInt8]) -> String? {
        for character in piece {
            offset += 1
            if character == 0x20 || (0x09...0x0D).contains(character) { continue }
            guard let nibble = Hex.nibble(character) else {
                return "Character \(offset) is no hexadecimal digit."
            }
            if let first = high {
                bytes.append(first << 4 | nibble)
                high = nil
            } else {
                high = nibble
            }
        }
        return nil
    }

    /// What is wrong when the text ends here, or nil.
    func end() -> String? { high == nil ? nil : "The number of hexadecimal digits is odd." }
}

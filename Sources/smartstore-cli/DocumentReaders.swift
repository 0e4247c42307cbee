// Where one document of a stream ends and the next begins.

import SmartStore

/// Splits a stream into documents.
protocol DocumentReader {
    /// The next document; nil at the end of the input.
    mutating func next() throws -> InputDocument?
}

/// The largest document that `convert` takes.
enum ConversionLimits {
    /// As BSON: four times what a store takes.
    static let documentBytes = 64 << 20
    /// As text.
    static let textBytes = 512 << 20
    /// Levels of documents and arrays within each other: twice what a store takes.
    static let depth = 200
}

/// BSON documents one after another: each says its length in its first four bytes.
struct BSONStreamReader: DocumentReader {
    private var window: InputWindow
    private var number = 0

    init(_ input: InputBytes, isHex: Bool) { window = InputWindow(input, isHex: isHex) }

    mutating func next() throws -> InputDocument? {
        try window.fill(to: 4)
        guard window.count > 0 else { return nil }
        number += 1
        let offset = window.offset
        guard window.count >= 4 else { return document(window.count, offset) }
        let length = Int(Int32(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(window[$1]) << UInt32($1 * 8) }))
        guard length >= 5 else { return document(4, offset) }
        // One that is too large is refused by its length, with as many of its bytes as show that.
        try window.fill(to: min(length, ConversionLimits.documentBytes + 1))
        return document(min(length, window.count), offset)
    }

    private mutating func document(_ count: Int, _ offset: Int) -> InputDocument {
        InputDocument(bytes: window.take(count), number: number, offset: offset)
    }
}

/// Extended JSON documents one after another, with or without white space between; or one array of documents.
struct JSONStreamReader: DocumentReader {
    private var window: InputWindow
    private let isArray: Bool
    private let name: String
    private var number = 0
    private var state = State.beginning

    private enum State { case beginning, afterDocument, ended }

    init(_ input: InputBytes, isArray: Bool) {
        window = InputWindow(input, isHex: false)
        self.isArray = isArray
        name = input.name
    }

    mutating func next() throws -> InputDocument? {
        guard state != .ended else { return nil }
        if state == .beginning {
            try window.fill(to: 3)
            // A byte order mark may stand before a text, and nowhere else.
            if window.count >= 3, window[0] == 0xEF, window[1] == 0xBB, window[2] == 0xBF { window.skip(3) }
        }
        var first = try skipWhiteSpace()
        if isArray {
            guard let mark = first else {
                throw fault(state == .beginning ? "expected '[', found the end" : "the array does not end")
            }
            if state == .beginning {
                guard mark == UInt8(ascii: "[") else { throw fault("the input is no array") }
                window.skip(1)
                first = try skipWhiteSpace()
                if first == UInt8(ascii: "]") { return try end() }
            } else {
                if mark == UInt8(ascii: "]") { return try end() }
                guard mark == UInt8(ascii: ",") else { throw fault("expected ',' or ']' after a document") }
                window.skip(1)
                first = try skipWhiteSpace()
            }
            guard first != nil else { throw fault("the array does not end") }
        }
        state = .afterDocument
        guard first != nil else { return nil }
        number += 1
        let offset = window.offset
        let length = try documentLength()
        return InputDocument(bytes: window.take(length), number: number, offset: offset)
    }

    /// After the closing bracket of the array only white space may follow.
    private mutating func end() throws -> InputDocument? {
        window.skip(1)
        guard try skipWhiteSpace() == nil else { throw fault("text after the end of the array") }
        state = .ended
        return nil
    }

    private func fault(_ message: String) -> StoreError {
        StoreError.input(name, "Byte \(window.offset): \(message).", remedy: "Give one JSON array of documents.")
    }

    /// Skips to the next byte that is not white space and returns it.
    private mutating func skipWhiteSpace() throws -> UInt8? {
        while true {
            var count = 0
            while count < window.count, [0x20, 0x09, 0x0A, 0x0D].contains(window[count]) { count += 1 }
            window.skip(count)
            if window.count > 0 { return window[0] }
            if window.isAtEnd { return nil }
            try window.fill(to: 1)
        }
    }

    /// The length of the document that begins here: up to the bracket that closes it. Where that cannot be, up to the
    /// byte that the parser will refuse, and a few more for its message.
    private mutating func documentLength() throws -> Int {
        var closers: [UInt8] = []
        var isInString = false
        var isEscaped = false
        var place = 0
        while true {
            if place == window.count {
                guard place <= ConversionLimits.textBytes else { return place }
                try window.fill(to: place + 1)
                guard place < window.count else { return place }
            }
            let byte = window[place]
            place += 1
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                } else if byte < 0x20 {
                    return place
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"): closers.append(UInt8(ascii: "}"))
            case UInt8(ascii: "["): closers.append(UInt8(ascii: "]"))
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard closers.popLast() == byte else { return place }
            default: break
            }
            if closers.isEmpty && !isInString && byte != UInt8(ascii: "\"") {
                // Closed; or never opened, and then the parser says what stands here instead.
                return place
            }
            if closers.count > 4 * ConversionLimits.depth { return place }
        }
    }
}

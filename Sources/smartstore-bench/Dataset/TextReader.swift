// The texts behind the base rows, read from JSON Lines one after another, so that they need not be in memory.

import Foundation
import SmartStore
import StoreIO

/// Gives the text of base rows in ascending order.
final class TextReader {
    private let reader: GzipReader
    private var buffer: [UInt8] = []
    private var position = 0
    private var pending: (row: Int, text: String)?

    /// nil when there is no such file.
    init?(path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        reader = try GzipReader(path: path)
    }

    /// The text of a row, nil when the file has none; rows must be asked for in ascending order.
    func text(row: Int) throws -> String? {
        while true {
            if let found = pending {
                if found.row == row {
                    pending = nil
                    return found.text
                }
                if found.row > row { return nil }
                pending = nil
            }
            guard let line = try nextLine() else { return nil }
            let document = try ExtendedJSON.document(from: line)
            guard document["kind"]?.string == "b", let row = document["row"]?.int else { continue }
            pending = (row, document["text"]?.string ?? "")
        }
    }

    private func nextLine() throws -> [UInt8]? {
        while true {
            if let end = buffer[position...].firstIndex(of: 0x0A) {
                defer { position = end + 1 }
                return Array(buffer[position..<end])
            }
            buffer.removeFirst(position)
            position = 0
            let more = try reader.read(upTo: 64 << 10)
            if more.isEmpty {
                defer { buffer = [] }
                return buffer.isEmpty ? nil : buffer
            }
            buffer += more
        }
    }
}

// A number of bytes on the command line: 268435456, or 256m.

import ArgumentParser

struct ByteCount: ExpressibleByArgument, Equatable {
    let count: Int

    init(count: Int) { self.count = count }

    init?(argument: String) {
        let units: [Character: Int] = ["k": 1 << 10, "m": 1 << 20, "g": 1 << 30]
        let unit = argument.last.flatMap { units[Character($0.lowercased())] }
        guard let number = Int(unit == nil ? argument : String(argument.dropLast())), number > 0 else { return nil }
        let (count, isTooLarge) = number.multipliedReportingOverflow(by: unit ?? 1)
        guard !isTooLarge else { return nil }
        self.count = count
    }
}

package import SmartStore
import StoreIO

/// What the targets begin with.
package enum FuzzSeeds {
    /// Documents of every type of value.
    package static func documents() throws -> [Document] {
        try jsonTexts.map { try Document(json: $0) } + [
            Document(), ["_id": 1, "v": Vector([1, -2, 0.5]).value, "a": [1, [2, ["b": .null]]]],
        ]
    }

    /// Extended JSON texts.
    package static func texts() throws -> [[UInt8]] { (jsonTexts + plainTexts).map { Array($0.utf8) } }

    /// Strings of decisions, from a seed.
    package static func decisions(count: Int, length: Int, seed: UInt64) -> [[UInt8]] {
        let random = SeededRandomSource(seed: seed)
        return (0..<count).map { _ in (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next() >> 24) } }
    }

    private static let jsonTexts = [
        #"{"_id":{"$oid":"0123456789abcdef01234567"},"s":"text \u0000\ud83d\ude00","n":null,"t":true,"f":false}"#,
        #"{"i":{"$numberInt":"-7"},"l":{"$numberLong":"9223372036854775807"},"d":{"$numberDouble":"-0.0"}}"#,
        #"{"x":{"$numberDouble":"NaN"},"y":{"$numberDouble":"-Infinity"},"z":{"$numberDecimal":"1.50E-3"}}"#,
        #"{"d":{"$date":"2026-02-28T23:59:59.999Z"},"e":{"$date":{"$numberLong":"-1"}},"t":{"$timestamp":{"t":1,"i":2}}}"#,
        #"{"b":{"$binary":{"base64":"JwAAAIA/","subType":"09"}},"u":{"$uuid":"c8edabc3-f738-4ca3-b68d-ab92a91478a3"}}"#,
        #"{"r":{"$regularExpression":{"pattern":"^a.*","options":"im"}},"c":{"$code":"f()","$scope":{"a":1}}}"#,
        #"{"p":{"$dbPointer":{"$ref":"c","$id":{"$oid":"0123456789abcdef01234567"}}},"s":{"$symbol":"s"}}"#,
        #"{"m":{"$minKey":1},"k":{"$maxKey":1},"u":{"$undefined":true},"j":{"$code":"g"}}"#,
        #"{"_id":1,"a":[{"b":[1,2,{"c":3}]},[[]],{}],"n":{"n":{"n":{"n":{"n":[[[[[[1]]]]]]}}}},"":{"":""}}"#,
    ]
    private static let plainTexts = [
        "{}", " { \"a\" : [ 1 , -2.5e10 , 1e400 , 0.1 ] }\n", #"{"a":123456789012345678901234567890}"#,
        #"{"a":"\"\\\/\b\f\n\r\t\u00e9"}"#, #"{"$oid":"0123456789abcdef01234567"}"#, "[1,2]", "nul", "\u{FEFF}{}",
        String(repeating: "[", count: 120) + String(repeating: "]", count: 120),
        #"{"a":{"$numberDecimal":"9.999999999999999999999999999999999E6144"}}"#, #"{"a":1,"a":2}"#,
    ]
}

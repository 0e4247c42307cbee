// Types, conversions and dates.

import Testing

@Suite("Expressions: types and dates")
struct ExpressionTypeTests {
    static let typesRows = [
        gives("{'$type': '$a'}", "'missing'", "what is missing has a type of its own"),
        gives("{'$type': '$a'}", "'null'", on: "{'a': null}", "null"),
        gives("{'$type': '$a'}", "'array'", on: "{'a': [1]}", "an array, not its elements"),
        gives("{'$type': L(1)}", "'long'", "int64"),
        gives("{'$type': 1.0}", "'double'", "double"),
        gives("{'$type': D(1)}", "'decimal'", "decimal"),
        gives("{'$type': '$a'}", "'objectId'", on: "{'a': O(507f1f77bcf86cd799439011)}", "ObjectId"),
        gives("{'$isNumber': D(1)}", "true", "a decimal is a number"),
        gives("{'$isNumber': '1'}", "false", "text is none"),
        gives("{'$isNumber': '$a'}", "false", "nor is what is missing"),
        gives("{'$toInt': '42'}", "42", "digits"),
        gives("{'$toInt': 2.9}", "2", "a fraction is cut off"),
        gives("{'$toInt': D(-2.9)}", "-2", "of a decimal too"),
        gives("{'$toInt': true}", "1", "true is one"),
        gives("{'$toInt': null}", "null", "null stays"),
        gives("{'$toInt': '$a'}", "null", "missing makes null"),
        fails("{'$toInt': '4.5'}", 241, "text of a whole number"),
        fails("{'$toInt': ' 4'}", 241, "and nothing else"),
        fails("{'$toInt': L(2147483648)}", 241, "that fits"),
        fails("{'$toInt': N(NaN)}", 241, "not-a-number fits nothing"),
        fails("{'$toInt': T(2024-01-01)}", 241, "no date to an int32"),
        fails("{'$toInt': [[1]]}", 241, "no array"),
        gives("{'$toLong': T(2024-01-01)}", "L(1704067200000)", "milliseconds of a date"),
        gives("{'$toLong': 5}", "L(5)", "int32 to int64"),
        fails("{'$toLong': 1e30}", 241, "that fits"),
        gives("{'$toDouble': '1.5e2'}", "150.0", "text"),
        gives("{'$toDouble': L(3)}", "3.0", "int64 to double"),
        fails("{'$toDouble': '1x'}", 241, "text that is a number"),
        gives("{'$toDecimal': '1.10'}", "D(1.10)", "as it is written"),
        gives("{'$toDecimal': 5}", "D(5)", "int32 to decimal"),
        gives("{'$toString': 1}", "'1'", "an integer"),
        gives("{'$toString': 2.5}", "'2.5'", "a double"),
        gives("{'$toString': D(2.50)}", "'2.50'", "a decimal keeps its zeros"),
        gives("{'$toString': true}", "'true'", "a boolean"),
        gives("{'$toString': T(2024-01-02T03:04:05.006Z)}", "'2024-01-02T03:04:05.006Z'", "a date"),
        gives("{'$toString': O(507f1f77bcf86cd799439011)}", "'507f1f77bcf86cd799439011'", "an ObjectId"),
        gives("{'$toString': '$a'}", "null", "missing makes null"),
        fails("{'$toString': [[1]]}", 241, "no array"),
        gives("{'$toBool': ''}", "true", "any text is true"),
        gives("{'$toBool': 0.0}", "false", "zero is false"),
        gives("{'$toBool': T(1970-01-01)}", "true", "any date is true"),
        gives("{'$toBool': null}", "null", "null stays null"),
        gives("{'$toDate': L(0)}", "T(1970-01-01)", "milliseconds since 1970"),
        gives("{'$toDate': '2024-01-31'}", "T(2024-01-31)", "text"),
        gives("{'$toDate': O(000000010000000000000000)}", "T(1970-01-01T00:00:01Z)", "the time in an ObjectId"),
        fails("{'$toDate': 'nonsense'}", 241, "text that is a date"),
        fails("{'$toDate': 5}", 241, "no int32"),
        gives("{'$toObjectId': '507f1f77bcf86cd799439011'}", "O(507f1f77bcf86cd799439011)", "24 digits"),
        fails("{'$toObjectId': 'abc'}", 241, "no fewer"),
        gives("{'$convert': {'input': '7', 'to': 'int'}}", "7", "by name"),
        gives("{'$convert': {'input': '7', 'to': 16}}", "7", "by number"),
        gives("{'$convert': {'input': 'x', 'to': 'int', 'onError': -1}}", "-1", "instead of the error"),
        gives("{'$convert': {'input': '$a', 'to': 'int', 'onNull': 0}}", "0", "instead of null"),
        gives("{'$convert': {'input': '$a', 'to': 'int', 'onError': -1}}", "null", "null is no error"),
        fails("{'$convert': {'input': 'x', 'to': 'int'}}", 241, "the error"),
        fails("{'$convert': {'input': 'x', 'to': 'nope'}}", 2, "a type that there is"),
        fails("{'$convert': {'input': 'x'}}", 9, "a type at all"),
        fails("{'$convert': 5}", 9, "an object"),
        gives("{'$binarySize': 'é'}", "2", "bytes of text"),
        gives("{'$bsonSize': '$$ROOT'}", "12", on: "{'a': 1}", "bytes of a document"),
        fails("{'$bsonSize': 5}", 31393, "only of documents"),
        gives("{'$tsSecond': S(7,3)}", "L(7)", "seconds of a timestamp"),
        gives("{'$tsIncrement': S(7,3)}", "L(3)", "its ordinal"),
    ]

    static let partsRows = [
        gives("{'$year': T(2024-02-29T23:59:59.999Z)}", "2024", "UTC"),
        gives("{'$month': T(2024-02-29)}", "2", "January is 1"),
        gives("{'$dayOfMonth': T(2024-02-29)}", "29", "of the month"),
        gives("{'$dayOfYear': T(2024-12-31)}", "366", "of a leap year"),
        gives("{'$dayOfWeek': T(2024-03-03)}", "1", "Sunday is 1"),
        gives("{'$hour': {'date': T(2024-02-29T23:30:00Z), 'timezone': '+02:00'}}", "1", "in a zone"),
        gives("{'$dayOfMonth': {'date': T(2024-02-29T23:30:00Z), 'timezone': 'Europe/Berlin'}}", "1", "by name"),
        gives("{'$minute': T(2024-01-01T10:20:30.456Z)}", "20", "minutes"),
        gives("{'$second': T(2024-01-01T10:20:30.456Z)}", "30", "seconds"),
        gives("{'$millisecond': T(2024-01-01T10:20:30.456Z)}", "456", "milliseconds"),
        gives("{'$year': T(1900-03-01)}", "1900", "before 1970"),
        gives("{'$year': null}", "null", "null makes null"),
        gives("{'$year': '$a'}", "null", "missing makes null"),
        gives("{'$year': ['$a']}", "2024", on: "{'a': T(2024-01-01)}", "an operand in its brackets"),
        gives("{'$year': O(000000010000000000000000)}", "1970", "an ObjectId has a time"),
        gives("{'$year': S(0,1)}", "1970", "so has a timestamp"),
        fails("{'$year': '2024'}", 16006, "text is no date"),
        fails("{'$year': {'date': T(2024-01-01), 'x': 1}}", 40535, "nothing else"),
        fails("{'$year': {'timezone': 'UTC'}}", 40539, "a date"),
        fails("{'$year': {'date': T(2024-01-01), 'timezone': 'Nowhere/Land'}}", 40485, "a zone that there is"),
        fails("{'$year': {'date': T(2024-01-01), 'timezone': 5}}", 40517, "named by a string"),
        gives("{'$year': {'date': T(2024-01-01), 'timezone': null}}", "null", "a null zone makes null"),
        gives("{'$isoWeek': T(2021-01-03)}", "53", "the week of the year before"),
        gives("{'$isoWeekYear': T(2021-01-03)}", "L(2020)", "and its year"),
        gives("{'$isoWeek': T(2024-12-30)}", "1", "the week of the year after"),
        gives("{'$isoDayOfWeek': T(2024-03-03)}", "7", "Sunday is 7"),
        gives("{'$week': T(2024-01-06)}", "0", "before the first Sunday"),
        gives("{'$week': T(2024-01-07)}", "1", "from it on"),
        gives(
            "{'$dateToParts': {'date': T(2024-01-02T03:04:05.006Z)}}",
            "{'year': 2024, 'month': 1, 'day': 2, 'hour': 3, 'minute': 4, 'second': 5, 'millisecond': 6}", "all parts"),
        gives(
            "{'$dateFromParts': {'year': 2024, 'month': 14, 'day': 0}}", "T(2025-01-31)", "what is too much carries on"),
        gives(
            "{'$dateFromParts': {'isoWeekYear': 2020, 'isoWeek': 53, 'isoDayOfWeek': 7}}", "T(2021-01-03)", "by weeks"),
        gives("{'$dateFromParts': {'year': 2024, 'hour': 1, 'timezone': '+01:00'}}", "T(2024-01-01)", "in a zone"),
        gives("{'$dateFromParts': {'year': '$a'}}", "null", on: "{'a': null}", "null makes null"),
        fails("{'$dateFromParts': {'month': 1}}", 40516, "a year"),
        fails("{'$dateFromParts': {'year': 2024, 'isoWeek': 1}}", 40489, "one calendar"),
        fails("{'$dateFromParts': {'year': 'x'}}", 40515, "whole numbers"),
        fails("{'$dateFromParts': {'year': 0}}", 40523, "a year from 1 on"),
    ]

    static let textsRows = [
        gives(
            "{'$dateToString': {'date': T(2024-01-02T03:04:05.006Z)}}", "'2024-01-02T03:04:05.006Z'", "the usual format"
        ),
        gives(
            "{'$dateToString': {'date': T(2024-01-02), 'timezone': '+01:00'}}", "'2024-01-02T01:00:00.000'",
            "no Z but in UTC"),
        gives(
            "{'$dateToString': {'date': T(2024-01-02T03:04:05Z), 'format': '%d/%m/%Y %H:%M %j %%'}}",
            "'02/01/2024 03:04 002 %'", "a format"),
        gives(
            "{'$dateToString': {'date': T(2024-01-02), 'format': '%G-W%V-%u %b %B'}}", "'2024-W01-2 Jan January'",
            "weeks and months"),
        gives(
            "{'$dateToString': {'date': T(2024-01-02), 'format': '%z %Z', 'timezone': '-03:30'}}", "'-0330 -210'",
            "the zone"),
        gives("{'$dateToString': {'date': null}}", "null", "null makes null"),
        gives("{'$dateToString': {'date': '$a', 'onNull': 'none'}}", "'none'", "or what is said"),
        fails("{'$dateToString': {'date': T(2024-01-02), 'format': 5}}", 18533, "a format in a string"),
        fails("{'$dateToString': {'date': T(2024-01-02), 'format': '%q'}}", 18536, "of known letters"),
        fails("{'$dateToString': {'date': T(2024-01-02), 'format': '%'}}", 18535, "that is whole"),
        fails("{'$dateToString': {'date': 'x'}}", 16006, "a date"),
        gives("{'$dateFromString': {'dateString': '2024-01-31'}}", "T(2024-01-31)", "a day"),
        gives(
            "{'$dateFromString': {'dateString': '2024-01-31T10:00:00', 'timezone': '+02:00'}}",
            "T(2024-01-31T08:00:00Z)", "a local time"),
        gives(
            "{'$dateFromString': {'dateString': '31.01.2024', 'format': '%d.%m.%Y'}}", "T(2024-01-31)", "in a format"),
        gives("{'$dateFromString': {'dateString': 'x', 'onError': 'bad'}}", "'bad'", "instead of the error"),
        gives("{'$dateFromString': {'dateString': null, 'onNull': 'none'}}", "'none'", "instead of null"),
        fails("{'$dateFromString': {'dateString': 'x'}}", 241, "the error"),
        fails("{'$dateFromString': {'dateString': '2024-02-30'}}", 241, "a day that there is not"),
        fails("{'$dateFromString': {'dateString': 5}}", 241, "text"),
    ]

    static let stepsRows = [
        gives(
            "{'$dateAdd': {'startDate': T(2024-01-31), 'unit': 'month', 'amount': 1}}", "T(2024-02-29)",
            "the last day of a shorter month"),
        gives("{'$dateAdd': {'startDate': T(2024-01-01), 'unit': 'day', 'amount': 31}}", "T(2024-02-01)", "days"),
        gives(
            "{'$dateSubtract': {'startDate': T(2024-03-31), 'unit': 'quarter', 'amount': 1}}", "T(2023-12-31)",
            "quarters back"),
        gives(
            "{'$dateAdd': {'startDate': T(2024-02-29), 'unit': 'year', 'amount': 1}}", "T(2025-02-28)",
            "from a leap day"),
        gives(
            "{'$dateAdd': {'startDate': T(2024-01-01), 'unit': 'hour', 'amount': -1}}", "T(2023-12-31T23:00:00Z)",
            "a negative amount"),
        gives("{'$dateAdd': {'startDate': null, 'unit': 'day', 'amount': 1}}", "null", "null makes null"),
        fails("{'$dateAdd': {'startDate': T(2024-01-01), 'unit': 'eon', 'amount': 1}}", 9, "a unit that there is"),
        fails("{'$dateAdd': {'startDate': T(2024-01-01), 'unit': 'day', 'amount': 1.5}}", 5_166_405, "a whole amount"),
        gives(
            "{'$dateDiff': {'startDate': T(2023-12-31), 'endDate': T(2024-01-01), 'unit': 'year'}}", "L(1)",
            "boundaries between, not whole years"),
        gives(
            "{'$dateDiff': {'startDate': T(2024-01-01), 'endDate': T(2023-12-01), 'unit': 'month'}}", "L(-1)",
            "backwards"),
        gives(
            "{'$dateDiff': {'startDate': T(2024-01-06), 'endDate': T(2024-01-07), 'unit': 'week'}}", "L(1)",
            "weeks begin on Sunday"),
        gives(
            "{'$dateDiff': {'startDate': T(2024-01-06), 'endDate': T(2024-01-07), 'unit': 'week', 'startOfWeek': 'monday'}}",
            "L(0)", "or on another day"),
        gives(
            "{'$dateDiff': {'startDate': '$a', 'endDate': T(2024-01-07), 'unit': 'day'}}", "null", "missing makes null"),
        gives("{'$dateTrunc': {'date': T(2024-05-17T13:45:00Z), 'unit': 'month'}}", "T(2024-05-01)", "to the month"),
        gives(
            "{'$dateTrunc': {'date': T(2024-05-17T13:45:00Z), 'unit': 'hour', 'binSize': 6}}",
            "T(2024-05-17T12:00:00Z)", "to bins"),
        gives("{'$dateTrunc': {'date': T(2024-05-17), 'unit': 'week'}}", "T(2024-05-12)", "to Sunday"),
        gives(
            "{'$dateTrunc': {'date': T(2024-05-17), 'unit': 'week', 'startOfWeek': 'Mon'}}", "T(2024-05-13)",
            "or to Monday"),
        gives("{'$dateTrunc': {'date': T(1999-05-17), 'unit': 'quarter'}}", "T(1999-04-01)", "before 2000"),
        fails(
            "{'$dateAdd': {'startDate': '$a', 'unit': 'day', 'amount': 1}}", 15,
            on: "{'a': {'$date': {'$numberLong': '9223372036854775807'}}}", "a date that does not fit"),
        fails(
            "{'$dateAdd': {'startDate': '$a', 'unit': 'month', 'amount': 1, 'timezone': '+10:00'}}", 15,
            on: "{'a': {'$date': {'$numberLong': '9223372036854775807'}}}", "nor by months"),
        fails(
            "{'$dateAdd': {'startDate': T(2024-01-01), 'unit': 'week', 'amount': L(500000000000)}}", 15,
            "nor by a great amount"),
        fails(
            "{'$dateTrunc': {'date': '$a', 'unit': 'week', 'binSize': 5}}", 15,
            on: "{'a': {'$date': {'$numberLong': '-9223372036854775808'}}}", "nor before the first"),
        fails(
            "{'$dateDiff': {'startDate': '$a', 'endDate': T(2024-01-01), 'unit': 'millisecond'}}", 15,
            on: "{'a': {'$date': {'$numberLong': '-9223372036854775808'}}}", "a distance that does not fit"),
        gives("{'$dateTrunc': {'date': null, 'unit': 'day'}}", "null", "null makes null"),
    ]

    @Test("types and conversions", arguments: typesRows)
    func types(_ row: ExpressionCase) throws { try row.check() }

    @Test("parts of dates", arguments: partsRows)
    func parts(_ row: ExpressionCase) throws { try row.check() }

    @Test("dates and text", arguments: textsRows)
    func texts(_ row: ExpressionCase) throws { try row.check() }

    @Test("distances and steps between dates", arguments: stepsRows)
    func steps(_ row: ExpressionCase) throws { try row.check() }
}

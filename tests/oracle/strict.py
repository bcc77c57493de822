# SPDX-License-Identifier: BSD-3-Clause
"""Strict readers: base64url, UTF-8, JSON, CBOR, NumericDate and RFC 3339, as protocol.md asks for
them.

None of Python's own decoders decides anything: json, base64 and datetime take more than the rules
do. Every reader raises Bad on what it refuses. A time is whole numbers (floor, ceiling), or PAST.
"""
import binascii
import re
import struct
from fractions import Fraction

LATEST = 253402300799  # 9999-12-31T23:59:59Z
PAST = (-(1 << 80), -(1 << 80))  # every time before 1970
DEPTH_MAX, MEMBERS_MAX = 8, 128
CBOR_DEPTH_MAX, CBOR_PAIRS_MAX = 4, 128


class Bad(Exception):
    """The text is none of its kind."""


# --- base64url, RFC 4648 section 5, without padding, canonical

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
VALUE = {c: i for i, c in enumerate(ALPHABET)}
TO_BASE64 = bytes.maketrans(b"-_", b"+/")
NO_BASE64URL = re.compile(rb"[^A-Za-z0-9_-]")


def base64url(text):
    """What binascii would take besides is refused before it is asked for the bits."""
    if len(text) % 4 == 1 or NO_BASE64URL.search(text):
        raise Bad("base64url")
    spare = {0: 0, 2: 4, 3: 2}[len(text) % 4]
    if spare and VALUE[text[-1]] & ((1 << spare) - 1):
        raise Bad("base64url: unused bits")
    return binascii.a2b_base64(text.translate(TO_BASE64) + b"=" * (-len(text) % 4))


# --- UTF-8: the grammar of RFC 3629 section 4

UTF8 = re.compile(
    rb"[\x00-\x7f]*(?:(?:[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|"
    rb"[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|"
    rb"\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})"
    rb"[\x00-\x7f]*)*")


def check_utf8(data):
    if UTF8.fullmatch(data) is None:
        raise Bad("UTF-8")


# --- JSON, RFC 8259; strings are the bytes of their UTF-8

class Text(bytes):
    """A string, unescaped."""


class Number(bytes):
    """A number as it was written."""


class Object(dict):
    """Names to values; `twice` where a name stood a second time, after unescaping."""
    twice = False


SPACE = re.compile(rb"[ \t\n\r]*")
NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
STRING = re.compile(rb'"([^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*)"')
ESCAPE = re.compile(rb"\\u([dD][89abAB]..)\\u([dD][c-fC-F]..)|\\u(....)|\\(.)")
SHORT = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
LITERALS = ((b"true", True), (b"false", False), (b"null", None))


def utf8_of(n):
    """RFC 3629 section 3."""
    if n < 0x80:
        return bytes([n])
    if n < 0x800:
        return bytes([0xc0 | n >> 6, 0x80 | n & 63])
    if n < 0x10000:
        return bytes([0xe0 | n >> 12, 0x80 | n >> 6 & 63, 0x80 | n & 63])
    return bytes([0xf0 | n >> 18, 0x80 | n >> 12 & 63, 0x80 | n >> 6 & 63, 0x80 | n & 63])


def unescape_one(match):
    high, low, single, short = match.groups()
    if high:
        return utf8_of(0x10000 + ((int(high, 16) & 0x3ff) << 10) + (int(low, 16) & 0x3ff))
    if short:
        return SHORT.get(short, short)
    n = int(single, 16)
    if 0xd800 <= n <= 0xdfff:
        raise Bad("a surrogate alone")
    return utf8_of(n)


class Json:
    """One document: json(data) reads it."""

    def __init__(self, data):
        self.data, self.at, self.members = data, 0, 0

    def space(self):
        self.at = SPACE.match(self.data, self.at).end()

    def peek(self):
        self.space()
        return self.data[self.at:self.at + 1]

    def take(self, what):
        if self.peek() != what:
            raise Bad(f"JSON: no {what} at {self.at}")
        self.at += 1

    def string(self):
        self.space()
        match = STRING.match(self.data, self.at)
        if match is None:
            raise Bad(f"JSON: string at {self.at}")
        self.at = match.end()
        raw = match.group(1)
        return Text(ESCAPE.sub(unescape_one, raw) if b"\\" in raw else raw)

    def object(self, depth):
        out = Object()
        self.take(b"{")
        if self.peek() != b"}":
            while True:
                name = self.string()
                self.take(b":")
                self.members += 1
                out.twice = out.twice or name in out
                out[name] = self.value(depth + 1)
                if self.peek() != b",":
                    break
                self.at += 1
        self.take(b"}")
        return out

    def array(self, depth):
        out = []
        self.take(b"[")
        if self.peek() != b"]":
            while True:
                out.append(self.value(depth + 1))
                if self.peek() != b",":
                    break
                self.at += 1
        self.take(b"]")
        return out

    def value(self, depth):
        first = self.peek()
        if first == b'"':
            return self.string()
        if first in (b"{", b"["):
            if depth > DEPTH_MAX:
                raise Bad("JSON: depth")
            return self.object(depth) if first == b"{" else self.array(depth)
        for word, value in LITERALS:
            if self.data.startswith(word, self.at):
                self.at += len(word)
                return value
        match = NUMBER.match(self.data, self.at)
        if match is None:
            raise Bad(f"JSON: value at {self.at}")
        self.at = match.end()
        return Number(match.group())


def json(data):
    """The object that data is. The depth of the outermost is 1; members count at every depth."""
    check_utf8(data)
    reader = Json(data)
    value = reader.value(1)
    if reader.peek() != b"" or not isinstance(value, Object):
        raise Bad("JSON: not one object")
    if reader.members > MEMBERS_MAX or value.twice:
        raise Bad("JSON: members")
    return value


# --- times

def time_of(value):
    """(floor, ceiling) of an exact number."""
    if value < 0:
        return PAST
    if value > LATEST:
        raise Bad("later than the year 9999")
    return value // 1, -(-value // 1)


NUMBER_PARTS = re.compile(rb"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")


def numeric_date(text):
    """2.3: at most 20 significant digits (leading zeros are none), |exponent| as written too."""
    sign, whole, fraction, exponent = NUMBER_PARTS.fullmatch(text).groups()
    digits, fraction = whole + (fraction or b""), fraction or b""
    if len(digits.lstrip(b"0")) > 20 or abs(int(exponent or 0)) > 20:
        raise Bad("NumericDate: digits or exponent")
    value = Fraction(int(digits)) * Fraction(10) ** (int(exponent or 0) - len(fraction))
    return time_of(-value if sign else value)


RFC3339 = re.compile(rb"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?"
                     rb"(?:[Zz]|([+-])(\d\d):(\d\d))")
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_leap(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def day_number(year, month, day):
    """Days since 1970-01-01 in the calendar of RFC 3339."""
    days = 365 * year + (year + 3) // 4 - (year + 99) // 100 + (year + 399) // 400 - 719528
    return days + sum(MONTH_DAYS[:month - 1]) + (month > 2 and is_leap(year)) + day - 1


def rfc3339(text):
    match = RFC3339.fullmatch(text)
    if match is None:
        raise Bad("RFC 3339")
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    fraction, sign, off_hour, off_minute = match.groups()[6:]
    if not 1 <= month <= 12 or hour > 23 or minute > 59 or second > 59:
        raise Bad("RFC 3339: month or time")
    if not 1 <= day <= MONTH_DAYS[month - 1] + (month == 2 and is_leap(year)):
        raise Bad("RFC 3339: day")
    if sign and (int(off_hour) > 23 or int(off_minute) > 59):
        raise Bad("RFC 3339: offset")
    offset = (int(off_hour) * 3600 + int(off_minute) * 60) if sign else 0
    value = day_number(year, month, day) * 86400 + hour * 3600 + minute * 60 + second
    value += offset if sign == b"-" else -offset
    if fraction:
        value += Fraction(int(fraction), 10 ** len(fraction))
    return time_of(value)


# --- CBOR, RFC 8949, with the restrictions of 2.4: definite lengths, shortest heads

class Tagged:
    def __init__(self, tag, value):
        self.tag, self.value = tag, value


class Simple:
    """A simple value, which none of the rules asks for."""


class Cbor:
    """Items of one document. Integers are int, byte strings bytes, texts Text, floats float."""

    def __init__(self, data):
        self.data, self.at, self.pairs = data, 0, 0

    def bytes(self, count):
        if count > len(self.data) - self.at:
            raise Bad("CBOR: truncated")
        self.at += count
        return self.data[self.at - count:self.at]

    def head(self):
        """(major type, low five bits, argument)."""
        first = self.bytes(1)[0]
        major, low = first >> 5, first & 31
        if low < 24:
            return major, low, low
        if low > 27:
            raise Bad("CBOR: indefinite length or reserved")
        width = 1 << (low - 24)
        argument = int.from_bytes(self.bytes(width), "big")
        shortest = 24 if width == 1 else 1 << (4 * width)
        if major != 7 and argument < shortest:
            raise Bad("CBOR: not the shortest head")
        return major, low, argument

    def other(self, low, argument):
        if low == 24 and argument < 32:
            raise Bad("CBOR: simple value")
        if low < 25:
            return Simple()
        code = {25: "e", 26: "f", 27: "d"}[low]
        return struct.unpack(">" + code, argument.to_bytes(1 << (low - 24), "big"))[0]

    def map(self, count, depth):
        out = {}
        for _ in range(count):
            self.pairs += 1
            if self.pairs > CBOR_PAIRS_MAX:
                raise Bad("CBOR: pairs")
            key = self.item(depth + 1)
            if type(key) not in (int, bytes, Text):
                raise Bad("CBOR: key")
            key = (type(key), key)
            if key in out:
                raise Bad("CBOR: a key twice")
            out[key] = self.item(depth + 1)
        return out

    def item(self, depth=1):
        major, low, argument = self.head()
        if major == 0:
            return argument
        if major == 1:
            return -1 - argument
        if major == 2:
            return self.bytes(argument)
        if major == 3:
            text = self.bytes(argument)
            check_utf8(text)
            return Text(text)
        if major == 6:
            return Tagged(argument, self.item(depth))
        if major == 7:
            return self.other(low, argument)
        if depth > CBOR_DEPTH_MAX:
            raise Bad("CBOR: depth")
        if major == 4:
            return [self.item(depth + 1) for _ in range(argument)]
        return self.map(argument, depth)

    def end(self):
        if self.at != len(self.data):
            raise Bad("CBOR: trailing bytes")


def cbor(data):
    reader = Cbor(data)
    item = reader.item()
    reader.end()
    return item

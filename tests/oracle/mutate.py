# SPDX-License-Identifier: BSD-3-Clause
"""Tokens that would pass, and what can be done to them by structure: one rule broken, or several.

A Draft is a token as lists of encoded members, so that a fault is put where it belongs and the rest
stays right. Signatures are made last, over whatever came out. `draw(rng)` gives one Asked.
"""
import base64
import dataclasses
import datetime
import hashlib
import re
import struct
from functools import lru_cache

import decide
import ed25519_ref
import world
from strict import ALPHABET
from world import AUD, AUD2, BARE, CUT, DEAD, ISS, KEYS, LISTS, NOW, OTHER, SOLO, TWO

KEY = {name.strip("!"): world.private_key(name.strip("!"))
       for kids in KEYS.values() for name in kids.values()}
LABEL = {"iss": 1, "sub": 2, "aud": 3, "exp": 4, "nbf": 5, "iat": 6, "jti": 7, "cnf": 8,
         "status": 65535,
         "alg": 1, "crit": 2, "kid": 4, "typ": 16}


@dataclasses.dataclass
class Asked:
    line: bytes
    policy: int
    mode: str  # of decide: "line" where no --fmt is given
    path: tuple  # the names of what was done


class Raw(bytes):
    """Encoded already."""


# --- encoders

def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


UNSAFE = re.compile(r'["\\\x00-\x1f]')


def json_string(text):
    return b'"' + UNSAFE.sub(lambda c: rf"\u{ord(c.group()):04x}", text).encode() + b'"'


def escaped(rng, text):
    """The same JSON string, some or all of it as escapes."""
    share = rng.choice((0.2, 1))
    out = b""
    for c in text:
        units = c.encode("utf-16-be")
        hexed = b"".join(b"\\u%02x%02X" % (units[i], units[i + 1]) for i in range(0, len(units), 2))
        out += hexed if rng.random() < share else json_string(c)[1:-1]
    return Raw(b'"' + (out.replace(b"/", b"\\/") if rng.random() < 0.3 else out) + b'"')


def to_json(value):
    if type(value) is str:
        return json_string(value)
    if type(value) is int:
        return b"%d" % value
    if isinstance(value, Raw):
        return value
    if value is None or isinstance(value, bool):
        return {None: b"null", True: b"true", False: b"false"}[value]
    if isinstance(value, bytes):
        return json_string(value.decode("latin-1"))
    if isinstance(value, list):
        return b"[" + b",".join(map(to_json, value)) + b"]"
    if isinstance(value, dict):
        return b"{" + b",".join(to_json(n) + b":" + to_json(v) for n, v in value.items()) + b"}"
    return str(value).encode()


def head(major, n, width=None):
    """width: 0 … 3 for 1, 2, 4, 8 bytes, where that is longer than needed."""
    if n < 24 and width is None:
        return bytes([major << 5 | n])
    least = 0 if n < 256 else 1 if n < 65536 else 2 if n < 1 << 32 else 3
    width = max(least, width or 0)
    return bytes([major << 5 | 24 + width]) + n.to_bytes(1 << width, "big")


def to_cbor(value):
    if type(value) is int:
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if type(value) is str:
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, Raw):
        return value
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(to_cbor, value))
    return head(5, len(value)) + b"".join(to_cbor(n) + to_cbor(v) for n, v in value.items())


def rfc3339(t):
    return (datetime.datetime(1970, 1,
                              1) + datetime.timedelta(seconds=t)).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(maxsize=4096, typed=True)
def encoded_name(binary, name):
    return to_cbor(LABEL.get(name, name)) if binary else to_json(name)


class Doc:
    """A JSON object or CBOR map: encoded names and values, then edits of its whole text."""

    def __init__(self, binary):
        self.members, self.edits, self.binary = [], [], binary
        self.encode = to_cbor if binary else to_json

    def name(self, name):
        return encoded_name(self.binary, name)

    def drop(self, name):
        self.members = [m for m in self.members if m[0] != self.name(name)]

    def get(self, name):
        return next((v for n, v in self.members if n == self.name(name)), None)

    def set(self, name, value):
        for i, member in enumerate(self.members):
            if member[0] == self.name(name):
                self.members[i] = (member[0], self.encode(value))
                return
        self.members.append((self.name(name), self.encode(value)))

    def add(self, rng, name, value):
        """A member anywhere, whether the name is there or not."""
        at = rng.randrange(len(self.members) + 1)
        self.members.insert(at, (self.encode(name), self.encode(value)))

    def render(self):
        if self.binary:
            out = head(5, len(self.members)) + b"".join(n + v for n, v in self.members)
        else:
            out = b"{" + b",".join(n + b":" + v for n, v in self.members) + b"}"
        for edit in self.edits:
            out = edit(out)
        return out


class Draft:
    def __init__(self, rng, fmt):
        self.fmt, self.binary = fmt, fmt == "cwt"
        self.header, self.unprotected, self.claims = (Doc(self.binary) for _ in range(3))
        self.key, self.has_footer, self.tags = "a", True, b"\xd2"
        self.signature_edits, self.token_edits, self.outer_edits = [], [], []
        self.path, self.policy, self.mode = [], 1, "line"
        self.prefix, self.assertion = b"v4.public.", None
        self.plain(rng)

    def plain(self, rng):
        if self.fmt == "jwt":
            self.header.set("alg", rng.choice(("EdDSA", "Ed25519")))
            self.header.set("typ", rng.choice(("JWT", "at+jwt", "application/AT+JWT")))
        if self.fmt == "cwt":
            self.header.set("alg", rng.choice((-8, -19)))
            self.header.set("typ", rng.choice((61, "application/cwt", "CWT")))
            rng.choice((self.header, self.unprotected)).set("kid", b"k1")
        else:
            self.header.set("kid", "k1")
        for name, value in (("iss", ISS), ("aud", AUD), ("sub", "user-1")):
            self.claims.set(name, value)
        self.time("exp", NOW + 300)
        self.time("iat", NOW - 60)
        if rng.random() < 0.3:
            self.time("nbf", NOW - 60)
        rng.shuffle(self.claims.members)

    def time(self, name, t):
        self.claims.set(name, rfc3339(t) if self.fmt == "paseto" else t)

    def kid_doc(self):
        label = self.unprotected.name("kid")
        return self.unprotected if any(n == label for n,
                                       _ in self.unprotected.members) else self.header

    def set_kid(self, kid):
        self.kid_doc().set("kid", kid.encode() if self.binary and isinstance(kid, str) else kid)

    def sign(self, message):
        signature = KEY[self.key].sign(message)
        for edit in self.signature_edits:
            signature = edit(signature, message, self.key)
        return signature

    def render_cwt(self):
        protected, payload = self.header.render(), self.claims.render()
        signed = b"\x84\x6aSignature1" + to_cbor(protected) + b"\x40" + to_cbor(payload)
        parts = [to_cbor(protected), self.unprotected.render(), to_cbor(payload),
                 to_cbor(self.sign(signed))]
        for edit in self.outer_edits:
            parts = edit(parts) if parts else parts
        token = self.tags + head(4, len(parts)) + b"".join(parts)
        for edit in self.token_edits:
            token = edit(token)
        return token

    def render_text(self):
        payload = self.claims.render()
        if self.fmt == "jwt":
            parts = [b64(self.header.render()), b64(payload)]
            parts.append(b64(self.sign(b".".join(parts))))
        else:
            footer = self.header.render() if self.has_footer else b""
            said = world.POLICIES[self.policy].get("implicit-assertion", "").encode()
            said = said if self.assertion is None else self.assertion
            signature = self.sign(decide.pae(b"v4.public.", payload, footer, said))
            parts = [b64(payload + signature)] + ([b64(footer)] if self.has_footer else [])
        for edit in self.outer_edits:
            parts = edit(parts) if parts else parts
        token = (self.prefix if self.fmt == "paseto" else b"") + b".".join(parts)
        for edit in self.token_edits:
            token = edit(token)
        return token

    def line(self, rng):
        if self.binary:
            token = self.render_cwt()
            raw = token and b"\n" not in token and rng.random() < 0.1
            return token if raw else token.hex().encode()
        return self.render_text()


# --- faults: each is a function (rng, draft), listed under the formats that it is for

FAULTS = {"jwt": [], "cwt": [], "paseto": []}


def fault(*formats, weight=1):
    def add(function):
        for fmt in formats or FAULTS:
            FAULTS[fmt] += [function] * weight
        return function
    return add


def some_wrong_type(rng, draft):
    values = [None, True, 7, -1, "text", "", [], ["x"], {}, {"a": 1}, [[]]]
    if draft.binary:
        values += [b"bytes", 1.5, Raw(b"\xc1\x0a"), Raw(b"\xf7"), Raw(b"\xe0"), Raw(b"\xf8\xff"),
                   b""]
    else:
        values += [Raw(b"1.5"), Raw(b"1e3"), Raw(b"-0")]
    return rng.choice(values)


NAMES = ("iss", "sub", "jti", "sid", "exp", "nbf", "iat", "aud", "cnf", "status")


@fault(weight=3)
def claim_of_wrong_type(rng, draft):
    draft.claims.set(rng.choice(NAMES), some_wrong_type(rng, draft))


@fault(weight=2)
def claim_gone(rng, draft):
    draft.claims.drop(rng.choice(("iss", "sub", "exp", "iat", "nbf", "aud")))


@fault()
def issuer_and_key(rng, draft):
    iss = rng.choice([ISS, SOLO, CUT, TWO, DEAD, BARE, OTHER])
    kid = rng.choice(list(KEYS[iss]))
    draft.claims.set("iss", iss)
    draft.key = KEYS[iss][kid].strip("!")
    if kid is not None:
        draft.set_kid(kid)
    if kid is None or rng.random() < 0.4:
        kid_gone(rng, draft)
    if rng.random() < 0.2:
        draft.claims.set("sub", "user-9")


@fault()
def kid_gone(rng, draft):
    draft.kid_doc().drop("kid")
    if draft.fmt == "paseto" and rng.random() < 0.8:
        draft.has_footer = False


@fault()
def kid_other(rng, draft):
    kid = rng.choice(("k2", "", "k\u00e9/1", "gone", "early", "late", "in time", "K1", "k1 ", "k",
                      "k1\0", "k11", "x" * 300, "\0"))
    draft.set_kid(kid)
    if rng.random() < 0.7:
        draft.key = KEYS[ISS].get(kid, "a").strip("!")


@fault("jwt", "paseto")
def kid_escaped(rng, draft):
    kid = rng.choice(("k1", "k\u00e9/1"))
    draft.set_kid(escaped(rng, kid))
    draft.key = KEYS[ISS][kid]


@fault()
def kid_of_wrong_type(rng, draft):
    draft.kid_doc().set("kid", some_wrong_type(rng, draft))


@fault()
def iss_other(rng, draft):
    draft.claims.set("iss",
                     rng.choice((ISS + "/", ISS[:-1], ISS.upper(), ISS + "\0", "", "x" * 255,
                                 "x" * 256)))


@fault("jwt", "paseto")
def escaped_value(rng, draft):
    draft.claims.set("iss", escaped(rng, ISS))
    draft.claims.set("aud", escaped(rng, AUD))


def text_of_bytes(rng, size):
    """A text of that many bytes of UTF-8."""
    c = rng.choice("x\u00e9\u20ac\U0001f511")
    wide = len(c.encode())
    return c * (size // wide) + "y" * (size % wide)


@fault(weight=2)
def string_sizes(rng, draft):
    text = text_of_bytes(rng, rng.choice((0, 1, 254, 255, 256, 257, 600)))
    name = rng.choice(("sub", "jti", "sid", "iss"))
    if draft.binary and name == "jti" and rng.random() < 0.9:
        draft.claims.set(name, text.encode())
    else:
        draft.claims.set(name, text if draft.binary or rng.random() < 0.7 else escaped(rng, text))


@fault()
def nul_in_string(rng, draft):
    name = rng.choice(("iss", "sub", "jti", "sid", "aud", "other"))
    value = rng.choice(("\0", "a\0", ISS + "\0", AUD + "\0"))
    draft.claims.set(name, [AUD, value] if name == "aud" and rng.random() < 0.5 else value)


@fault(weight=2)
def audiences(rng, draft):
    many = rng.choice((15, 16, 17))
    draft.claims.set("aud", rng.choice((
        AUD2, [AUD], [], ["x", AUD], ["x", AUD2], ["x"], [AUD, 1], [AUD, None], [[AUD]], "", [""],
        AUD + "/", ["x"] * (many - 1) + [AUD], "a" * 256, ["a" * 256, AUD], {"0": AUD})))


@fault(weight=2)
def proof_of_possession(rng, draft):
    jkt = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    values = [{"jkt": jkt}, {}, {"jkt": "x"}, {"jkt": 1}, {"jkt": ""}, {"jwk": {"kty": "OKP"}},
              {"x": [1, {"y": 2}]}]
    if not draft.binary:
        values += [{"jkt": escaped(rng, jkt)}, Raw(b'{"jkt":"x","jkt":"' + jkt.encode() + b'"}'),
                   Raw(b'{"a":1,"\\u0061":2}'), Raw(b'{"x":{"a":1,"a":2}}')]
    draft.claims.set("cnf", rng.choice(values))


@fault(weight=4)
def status_lists(rng, draft):
    uri = rng.choice([*LISTS, *LISTS, f"{ISS}/sl/9", "", "u" * 256])
    idx = rng.choice((*range(26), 1 << 31, (1 << 32) - 1, 1 << 32,
                      1 << 64 if not draft.binary else 1 << 63, -1))
    status_list = {"idx": idx, "uri": uri}
    if rng.random() < 0.25:
        status_list[rng.choice(("idx", "uri", "more"))] = some_wrong_type(rng, draft)
    if rng.random() < 0.1:
        del status_list[rng.choice(("idx", "uri"))]
    status = {"status_list": status_list}
    if rng.random() < 0.15:
        status = rng.choice(({}, {"identifier_list": status},
                             {"status_list": rng.choice((None, [], 1, ""))},
                             {**status, "other": {"status_list": 1}}))
    draft.claims.set("status", status)


@fault("jwt", "paseto")
def status_text(rng, draft):
    uri = f'"uri":"{ISS}/sl/1"'
    draft.claims.set("status", Raw(rng.choice((
        '{"status_list":{"idx":0.0,%s}}', '{"status_list":{"idx":1e0,%s}}',
        '{"status_list":{"idx":-0,%s}}',
        '{"status_list":{"idx":01,%s}}', '{"status_list":{"idx":4294967295,%s}}',
        '{"status_list":{"idx":4294967296,%s}}', '{"status_list":{"idx":18446744073709551617,%s}}',
        '{"status_list":{"idx":0,"idx":1,%s}}', '{"status_list":{"idx":1,"\\u0069dx":2,%s}}',
        '{"status_list":{"idx":1,%s},"status_list":{"idx":1}}',
        '{"a":1,"status_list":{"idx":1,%s},"\\u0061":1}',
        '{"status_list":{"idx":1,%s,"x":{"a":1,"a":2}}}', '{"status_list":{"\\u0069dx":1,%s}}',
        '{"status_\\u006Cist":{ "idx" :\t1 , %s }}')).replace("%s", uri).encode()))


@fault(weight=2)
def denied(rng, draft):
    claims = rng.choice(({"sub": "user-9"}, {"sub": "\u00fcser"}, {"jti": "t-dead"},
                         {"sid": "s-d\u00e9ad"},
                         {"jti": b"\0\xff\x10"}, {"jti": "t-solo"},
                         {"sub": "user-9", "jti": "t-dead"}))
    for name, value in claims.items():
        is_text = isinstance(value, str) and not draft.binary
        draft.claims.set(name, escaped(rng, value) if is_text and rng.random() < 0.3 else value)
    if rng.random() < 0.5:
        draft.time("iat", NOW - rng.choice((29, 30, 31, 59, 60, 61, 99, 100, 101)))


EDGES = (0, 1, 2, 9, 10, 11, 29, 30, 31, 59, 60, 61, 99, 100, 101, 200, 299, 300, 301, 599, 600,
         601, 3599,
         3600, 3601, 3609, 3610, 3611)
DATES = [s.encode() for s in """0 -0 -1 -0.5 0.0 -0.0 0e0 0e20 0e21 0e-21 -0e20 1e+020
1e0000000000000000000001 1e
1. .5 +1 01 1E 0x10 NaN Infinity -Infinity 1e999 1e20 1e-20 1e21 1e-21 253402300799 253402300799.0
253402300799.5
253402300800 253402300799.00000001 2534023007990e-1 25340230079900000000e-8 253402300799000000000e-9
1.8e9 1.8E+9 18e8 1800000000.000000001 1800000000.0000000001 1800000000.00000000001
1800000000.0000000000
00.5 0.00000000000000000000000000001e20 0.00000000001800000000e20 0.0000000000180000000001e20
18000000000000000000e-10 180000000000000000000e-11 18446744073709551615 18446744073709551616
99999999999999999999 100000000000000000000 -99999999999999999999 -100000000000000000000 -1e20 -1e21
1800000001e00 1800000000e-0 9007199254740993 -1800000000 1.79999994e9 1.7999999401e9 1799999940.5
1799999969.5
1799999970.5 1799999999.5 1799999999.99999999""".split()]


@fault("jwt", weight=4)
def numeric_dates(rng, draft):
    text = rng.choice(DATES)
    if rng.random() < 0.5:
        t = str(NOW + rng.choice((-1, 1)) * rng.choice(EDGES))
        tail = rng.choice(("", ".0", ".5", ".999999999", ".0000000001", ".00000000001",
                           ".9999999999"))
        text = (t + tail).encode()
        if rng.random() < 0.4:
            text = f"{t[0]}.{t[1:]}{tail[1:]}e{rng.choice(('9', '+9', '09'))}".encode()
    draft.claims.set(rng.choice(("exp", "nbf", "iat")), Raw(text))


@fault("cwt", weight=4)
def cbor_times(rng, draft):
    t = NOW + rng.choice((-1, 1)) * rng.choice(EDGES)
    draft.claims.set(rng.choice(("exp", "nbf", "iat")), rng.choice((
        t, float(t), t + 0.5, t - 0.25, -1, -0.5, -0.0, 0, 0.0, 1 << 40, (1 << 64) - 1,
        Raw(b"\x3b" + b"\xff" * 8),
        253402300799, 253402300800, 253402300799.0, 253402300799.5, float("inf"), float("-inf"),
        float("nan"),
        Raw(b"\xf9\x7c\x00"), Raw(b"\xf9\x7e\x00"), Raw(b"\xf9\x00\x01"), Raw(b"\xf9\x80\x00"),
        Raw(b"\xf9\x7b\xff"),
        Raw(b"\xfa" + struct.pack(">f", t)), Raw(b"\xfa\x7f\x80\x00\x00"),
        Raw(b"\xfa\xff\xc0\x00\x00"),
        Raw(b"\xc1" + to_cbor(t)), Raw(b"\xc2\x44" + t.to_bytes(4, "big")), Raw(head(0, t, 3)),
        5e-324, 1e300,
        Raw(b"\xfa\x00\x00\x00\x01"), str(t))))


@fault("paseto", weight=4)
def text_times(rng, draft):
    t = NOW + rng.choice((-1, 1)) * rng.choice(EDGES)
    text = rfc3339(t)
    text = rng.choice((
        text, text,
        text[:-1] + rng.choice(("", ".5Z", ".0Z", ".Z", "z", "+00:00", "-00:00",
                                ".000000000000000000000001Z",
                                            "+24:00", "+23:59", "-23:59", "+0100", "+01", "+1:00",
                                            "+00:60", " Z")),
        rfc3339(t + 3600)[:-1] + "+01:00", rfc3339(t - 5400)[:-1] + "-01:30",
        text.replace("T", "t"),
        text.replace("T", " "), "2028-02-29T00:00:00Z", "2027-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2000-02-29T00:00:00Z", "0000-02-29T00:00:00Z", "0000-00-00T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59.5Z", "9999-12-31T23:59:59.000Z", "9999-12-31T23:59:59-00:01",
        "9999-12-31T23:59:59+00:01",
        "1969-12-31T23:59:59.5Z", "1970-01-01T00:00:00+00:01", "1970-01-01T00:00:00Z",
        "2027-04-31T00:00:00Z",
        "2027-13-01T00:00:00Z", "2027-00-01T00:00:00Z", "2027-01-00T00:00:00Z",
        "2027-01-32T00:00:00Z",
        "2026-12-31T23:59:60Z", "2027-01-15T24:00:00Z", "2027-01-15T08:60:00Z",
        "12027-01-15T08:05:00Z", "", "Z",
        "2027-01-15", "+027-01-15T08:05:00Z", "2027-1-15T08:05:00Z", "0001-01-01T00:00:00+23:59",
        "2027-01-15T08:05:00\u00b2Z", "2027-01-15T0\u0668:05:00Z", text + "\0", text + " ",
        " " + text))
    name = rng.choice(("exp", "nbf", "iat"))
    draft.claims.set(name, escaped(rng, text) if rng.random() < 0.15 else text)


@fault("jwt", "cwt", weight=2)
def algorithms(rng, draft):
    if draft.binary:
        value = rng.choice((-7, 8, -50, "EdDSA", 1, b"\x27", Raw(b"\x38\x07"), None, -18, -20, 1.0,
                            Raw(b"\xc1\x27")))
    else:
        value = rng.choice(("none", "HS256", "RS256", "eddsa", "Ed448", "EdDSA ", "EdDSA\0", "", 1,
                            None, ["EdDSA"],
                            Raw(b'"Ed\\u0044SA"'), Raw(b'"\\u0045d25519"')))
    draft.header.set("alg", value)
    if rng.random() < 0.2:
        draft.header.drop("alg")


@fault("jwt", weight=2)
def header_members(rng, draft):
    name = rng.choice(("crit", "b64", "zip", "enc", "cty", "typ", "jku", "jwk", "x5u", "x5c",
                       "CRIT"))
    value = rng.choice((None, True, [], ["exp"], "DEF", "JWT", "jwt", "application/JWT",
                        "APPLICATION/jwt",
                        "application/application/jwt", "json", "JWT\0", " JWT", "secevent+jwt",
                        "custom", "at+JWT",
                        "", 1, {}, Raw(b'"J\\u0057T"'), "application/", "\u212aWT", "jwt;x=1"))
    if rng.random() < 0.2:
        draft.header.add(rng, escaped(rng, name), value)
    else:
        draft.header.set(name, value)


@fault("jwt", "cwt")
def typ_gone(rng, draft):
    draft.header.drop("typ")


@fault("cwt", weight=3)
def cose_header(rng, draft):
    doc, other = rng.choice(((draft.header, draft.unprotected), (draft.unprotected, draft.header)))
    kind = rng.randrange(6)
    if kind == 0:
        doc.set("typ",
                rng.choice((60, 61, 62, "61", "application/CWT", "application/application/cwt",
                            "x/y",
                                   b"cwt", -61, None, 61.0, Raw(b"\x19\x00\x3d"), 65536 + 61,
                                   (1 << 32) + 61)))
    elif kind == 1:
        doc.set("crit", rng.choice(([], [4], None)))
    elif kind == 2:
        doc.add(rng, rng.choice((1, 4, 16, 5, -1, "kid", "alg", b"k", 3)),
                rng.choice((b"k1", 61, -8, "x", [1], {})))
    elif kind == 3:
        doc.members += [m for m in other.members if rng.random() < 0.5]
    elif kind == 4:
        alg = draft.header.get("alg")
        draft.header.drop("alg")
        if alg is not None:
            draft.unprotected.set("alg", Raw(alg))
    else:
        doc.edits.append(rng.choice((lambda t: b"", lambda t: t + b"\0", lambda t: b"\x80",
                                     lambda t: b"\xf6")))


CBOR_VALUES = [Raw(bytes.fromhex(h)) for h in """1817 1800 190017 1900ff 1a0000ffff
1b00000000ffffffff 1818 190100
1a00010000 1b0000000100000000 3817 380f 390017 5800 5803616263 590003616263 7800 7801 780161 9800
980101 b800 5f4161ff
7f6161ff 9f01ff bf6161f6ff ff 1c 1d 1e 1f 3f dc e0 f3 f4 f7 f800 f817 f818 f81f f820 f8ff f90000
f97e01 fa00000000
fb7ff0000000000001 fc fd fe c000 c101 d818f6 d81700 d90018f6 d9d9f7f6 da0000ffff00
db00000000ffffffff00 c0c0c0c0c0c000
61ff 62c080 63eda080 64f4908080 64f0908080 61c3 63efbbbf 6100 62c3a9 8181818100 818100 a10181a10100
a101a101a10100 a1f600
a1f400 a1810000 a1fb000000000000000000 a1c10000 a201000100 a2416100616100 a2416100416100 a220000000
a3000120024100c0 1b
5b7fffffffffffffff 9b7fffffffffffffff bbffffffffffffffff 5bffffffffffffffff 44616263 82 a1 a100
c1""".split()]


@fault("cwt", weight=6)
def cbor_forms(rng, draft):
    doc = rng.choice((draft.header, draft.unprotected, draft.claims, draft.claims))
    value = rng.choice(CBOR_VALUES)
    if rng.random() < 0.3:
        doc.add(rng, value, 1)
    elif rng.random() < 0.3 and doc.members:
        i = rng.randrange(len(doc.members))
        doc.members[i] = (doc.members[i][0], value)
    else:
        doc.add(rng, rng.choice((100, "x", -300, b"y")), value)


@fault("cwt", weight=2)
def long_heads(rng, draft):
    doc = rng.choice((draft.header, draft.unprotected, draft.claims))
    width = rng.randrange(4)
    if rng.random() < 0.4:
        doc.edits.append(lambda t: head(5, t[0] & 31, width) + t[1:] if t and t[0] >> 5 == 5 else t)
    elif doc.members:
        i = rng.randrange(len(doc.members))
        name, value = doc.members[i]
        if value and value[0] & 31 < 24 and value[0] >> 5 < 7:
            doc.members[i] = (name, head(value[0] >> 5, value[0] & 31, width) + value[1:])


@fault("cwt", weight=2)
def outer_shape(rng, draft):
    kind = rng.randrange(5)
    if kind == 0:
        draft.tags = bytes.fromhex(rng.choice(("", "d83d", "d83dd2", "d83dd83dd2", "d2d2", "d1",
                                               "d862", "d812", "d90012",
                                               "d9003dd2", "d9d9f7d2", "d2d83d", "d83dd1", "c2",
                                               "d83ed2", "d83d84")))
    elif kind == 1:
        at, part = rng.randrange(4), rng.choice((b"\xf6", b"\x40", b"\xa0", b"\x60", b"\x80",
                                                 b"\x58\x00", b"\x5f\xff",
                                                 b"\xbf\xff", b"\xd8\x18\x40", b"\x00"))
        draft.outer_edits.append(lambda p: p[:at] + [part] + p[at + 1:])
    elif kind == 2:
        draft.outer_edits.append(rng.choice((lambda p: p[:3], lambda p: p + [b"\0"], lambda p: [],
                                             lambda p: p[::-1])))
    elif kind == 3:
        tail = rng.choice((b"\0", b"\xff", b"\xf6"))
        draft.token_edits.append(lambda t: t + tail)
    else:
        n = rng.randrange(1, 12)
        draft.token_edits.append(rng.choice((lambda t: t[:-n], lambda t: t[:n],
                                             lambda t: t.replace(b"\xd2\x84",
                                                                 b"\xd2\x9f") + b"\xff",
                                             lambda t: t.replace(b"\xd2\x84", b"\xd2\x98\x04"))))


@fault(weight=3)
def signatures(rng, draft):
    at, bit = rng.randrange(64), 1 << rng.randrange(8)

    def plus_l(s, message, key):
        return s[:32] + ((int.from_bytes(s[32:],
                                         "little") + ed25519_ref.L) % (1 << 256)).to_bytes(32,
                                                 "little")

    def flip(s, message, key):
        return s[:at] + bytes([c ^ bit for c in s[at:at + 1]]) + s[at + 1:]

    draft.signature_edits.append(rng.choice((
        flip, plus_l, small_r, lambda s, m, k: s[:63], lambda s, m, k: s + b"\0", lambda s, m,
        k: b"",
        lambda s, m, k: bytes(64), lambda s, m, k: s[:32] + bytes(32), lambda s, m,
        k: bytes(32) + s[32:],
        lambda s, m, k: KEY["b"].sign(m), lambda s, m, k: KEY[k].sign(m + b" "), lambda s, m,
        k: s + s)))


def small_r(signature, message, key):
    """R is the identity and the equation holds: OpenSSL takes it, section 3 does not."""
    a = bytearray(hashlib.sha512(world.seed_of(key)).digest()[:32])
    a[0], a[31] = a[0] & 248, a[31] & 63 | 64
    r, public = b"\1" + bytes(31), world.public_bytes(key)
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little")
    return r + (k * int.from_bytes(a, "little") % ed25519_ref.L).to_bytes(32, "little")


UTF8 = [bytes.fromhex(h) for h in """80 bf c0af c080 c1bf c2 c27f c280 c2c0 dfbf e08080 e09fbf
e0a080 e0a0 ed9fbf eda080
edbfbf ee8080 efbfbd efbfbf efbbbf f08fbfbf f0908080 f48fbfbf f4908080 f5808080 f7bfbfbf f8888080
fe ff e28082 e282
f09f9491 f09f94 7f c285 e280a8 00 01 1f 09 0a 0d""".split()]
BETWEEN = [b" ", b"\t", b"\r", b"\n", b" \n\t\r ", b"\v", b"\f", b"\xc2\xa0", b"\xef\xbb\xbf",
           b"\0", b"//", b"/**/", b",",
           b"{", b"}", b"]", b"[", b'"', b":", b"1", b"null", b"\x1e"]
STRINGS = [s.encode() for s in r"""\u \u1 \u12 \u123 \u12g4 \u0000 \u001f \ud800 \udc00
\ud83d\udd11 \uD83D\uDD11 \ud83d\ud83d
\ud83dx \ud83d\n \udd11\ud83d \uDBFF\uDFFF \ud800\udbff \ud800\ue000 \x41 \' \0 \U0041 \/ \\ \"
\b\f\n\r\t \a \
\u00e9 \uffff \ufeff \\u0041 \\\u0041 \ud83d\\udd11""".split()]
VALUES = [s.encode() for s in """true false null True nul truefalse 0 -0 00 01 -01 - + +1 1. .1 1.0
-1.5e-3 1e 1e+ 1e5 1E05 1.e5
0x1 1_0 NaN Infinity 1e400 123456789012345678901234567890 [] [1] [1,] [,1] [1,2] [1;2] [[[]]] {}
{"a"} {"a":} {"a":1,} {"a":1,"a":2}
{a:1} {"a":1"b":2} 'x' "x "x"" "" ["] tru e-5 -e5 0e0 0.e1 --1 1-1 1e1.5 [[] {[] [}""".split()]


def docs_of(draft):
    return [draft.header, draft.claims, draft.unprotected if draft.binary else draft.claims]


@fault("jwt", "paseto", weight=3)
def utf8_families(rng, draft):
    rng.choice(docs_of(draft)).add(rng, "u",
                                   Raw(b'"' + rng.choice((b"", b"a", b"\xc3\xa9",
                                                          b"x" * rng.randrange(70)))
                                                 + rng.choice(UTF8) + rng.choice((b"", b"z",
                                                         b"z" * 40)) + b'"'))


@fault("jwt", "paseto", weight=3)
def json_strings(rng, draft):
    text = Raw(b'"' + b"s" * rng.choice((0, 0, 0, 1, 15, 31, 62, 63,
                                         64)) + rng.choice(STRINGS) + rng.choice((b"",
                                                 b"z")) + b'"')
    doc = rng.choice(docs_of(draft))
    kind = rng.random()
    if kind < 0.2:
        doc.add(rng, text, 1)
    elif kind < 0.4:
        doc.set(rng.choice(("sub", "jti", "kid", "typ")), text)
    else:
        doc.add(rng, "s", text)


@fault("jwt", "paseto", weight=3)
def json_values(rng, draft):
    rng.choice(docs_of(draft)).add(rng, "v", Raw(rng.choice(VALUES)))


@fault("jwt", "paseto", weight=3)
def json_between(rng, draft):
    doc, what, where = rng.choice(docs_of(draft)), rng.choice(BETWEEN), rng.random()
    tokens = (b"{", b"}", b":", b",")

    def edit(text):
        places = [0, len(text)] + [i + 1 for i in range(len(text)) if text[i:i + 1] in tokens]
        at = places[int(where * len(places))]
        return text[:at] + what + text[at:]
    doc.edits.append(edit)


@fault("jwt", "paseto", weight=2)
def names_twice(rng, draft):
    doc = rng.choice(docs_of(draft))
    if doc.members:
        name, value = rng.choice(doc.members)
        if rng.random() < 0.5 and name[:1] == b'"' and b"\\" not in name:
            name = escaped(rng, name[1:-1].decode("utf-8", "replace"))
        doc.add(rng, Raw(name), Raw(value) if rng.random() < 0.5 else 1)


@fault("jwt", "paseto")
def names_like(rng, draft):
    name = rng.choice(("exp", "iss", "sub", "aud", "nbf"))
    value = draft.claims.get(name)
    if value is not None:
        draft.claims.drop(name)
        draft.claims.add(rng,
                         rng.choice((name.upper(), name + " ", name + "\0", escaped(rng, name))),
                         Raw(value))


@fault(weight=2)
def depth(rng, draft):
    deepest = 4 if draft.binary else 8
    n = rng.choice((1, deepest - 2, deepest - 1, deepest, deepest + 1, 40))
    value = rng.choice((1, [], {}))
    for _ in range(n - (value != 1)):
        value = [value] if rng.random() < 0.5 else {"d": value}
    rng.choice(docs_of(draft)).add(rng, "deep", value)


@fault(weight=2)
def member_counts(rng, draft):
    doc, total = rng.choice(docs_of(draft)), rng.choice((127, 128, 129, 130))
    left = total - len(doc.members)
    if rng.random() < 0.4 and left > 1:
        doc.add(rng, "in", {f"{i:x}": 1 for i in range(left - 1)})
    else:
        for i in range(left):
            doc.add(rng, f"m{i:x}", 1)


@fault(weight=2)
def sizes(rng, draft):
    docs = {"jwt": ((draft.header, 1024), (draft.claims, 4096)),
            "paseto": ((draft.header, 512), (draft.claims, 4096)),
            "cwt": ((draft.header, 1024), (draft.unprotected, 1024),
                    (draft.claims, 4096))}[draft.fmt]
    doc, limit = rng.choice(docs)
    size = limit + rng.choice((-1, 0, 1))
    if limit == 4096:
        draft.policy = 15 if rng.random() < 0.8 else draft.policy
    before = len(doc.render())
    extra = 9 if draft.binary else len(',"pad":""')
    pad = size - before - extra
    if draft.binary:
        pad = size - before - len(to_cbor("pad")) - 3
    if pad > 300:
        doc.add(rng, "pad", "p" * pad)


@fault(weight=2)
def token_length(rng, draft):
    limit = world.POLICIES[draft.policy].get("max-token", 4096)
    want = rng.choice((limit - 1, limit, limit + 1))
    length = len(draft.render_cwt() if draft.binary else draft.render_text())
    pad = want - length if draft.binary else (want - length) * 3 // 4
    if pad > 30:
        draft.claims.add(rng, "pad", "p" * (pad - 9 + rng.randrange(3)))


@fault("jwt", "paseto", weight=3)
def base64_tails(rng, draft):
    at, kind = rng.randrange(3), rng.randrange(4)
    what = rng.choice((b"=", b"==", b"A", b"AA", b"+", b"/", b" ", b"\0", b"\x80", b"~",
                       b"\xc3\xa9", b"\r", b"."))

    def edit(parts):
        i = at % len(parts)
        part = parts[i]
        if kind == 0:
            part = part + what
        elif kind == 1 and part:
            last = (ALPHABET.find(part[-1:]) + 1) % 64
            part = part[:-1] + ALPHABET[last:last + 1]
        elif kind == 2:
            part = part[:-1]
        else:
            part = part[:len(part) // 2] + what + part[len(part) // 2 + 1:]
        return parts[:i] + [part] + parts[i + 1:]
    draft.outer_edits.append(edit)


@fault("jwt", "paseto", weight=2)
def segments(rng, draft):
    draft.outer_edits.append(rng.choice((
        lambda p: p + [b""], lambda p: p + [b"AA"], lambda p: [b""] + p, lambda p: p[:-1],
        lambda p: p[:1], lambda p: [],
        lambda p: p[:-1] + [b""], lambda p: [p[0], b""] + p[2:], lambda p: p[::-1],
        lambda p: [b".".join(p).replace(b".", b"")],
        lambda p: p + p)))


@fault("paseto", weight=2)
def prefixes(rng, draft):
    draft.prefix = rng.choice((b"v4.public", b"v4.local.", b"v3.public.", b"v2.", b"v4.Public.",
                               b"V4.public.", b"v4.public..",
                               b"v4..", b"v4.", b"v.public.", b"v44.public.", b"4.public.",
                               b" v4.public.", b"v0.x.", b"v4.publi",
                               b"v4.public.v4.public.", b"v\xb4.public.", b"va.public."))
    if rng.random() < 0.2:
        draft.outer_edits.append(lambda p: [b"\xff~"])


@fault("paseto", weight=2)
def footers(rng, draft):
    kind = rng.randrange(7)
    if kind == 0:
        draft.has_footer = False
    elif kind == 1:
        draft.outer_edits.append(lambda p: p[:1] + [b64(b'{"kid":"k2"}')])
    elif kind == 2:
        draft.header.set(rng.choice(("wpk", "x", "jku")), some_wrong_type(rng, draft))
    elif kind == 3:
        text = rng.choice((b"", b"{}", b"[]", b"k1", b'"k1"', b'{"KID":"k1"}', b'{"kid":null}',
                           b' {"kid":"k1"} '))
        draft.header.edits.append(lambda t: text)
    elif kind == 4:
        draft.assertion = rng.choice((b"", b"who asks", b"who", b"\0"))
    elif kind == 5:
        draft.outer_edits.append(lambda p: [p[0] + b"." + p[-1]] if len(p) == 2 else [p[0] + b"."])
    else:
        n = rng.choice((0, 1, 63, 64, 65, 66))
        draft.outer_edits.append(lambda p: [b64(bytes(n))] + p[1:])


def any_byte(rng):
    """An edit of one byte: changed, gone, doubled or new."""
    where, byte, kind = rng.random(), rng.choice((rng.randrange(256),
                                                  *b'"{}[],:\\ 0e.-')), rng.randrange(4)

    def edit(text):
        at = int(where * len(text))
        return text[:at] + (bytes([byte]), b"", text[at:at + 1] * 2,
                            bytes([byte]) + text[at:at + 1])[kind] + text[at + 1:]
    return edit


@fault(weight=4)
def bytes_of_document(rng, draft):
    rng.choice((draft.header, draft.claims, draft.claims)).edits.append(any_byte(rng))


@fault()
def bytes_of_token(rng, draft):
    draft.token_edits.append(any_byte(rng))


@fault()
def forced_format(rng, draft):
    draft.mode = rng.choice(("detect", "jwt", "cwt", "paseto"))


MODES = {"jwt": ("line", "line", "line", "detect", "jwt"),
         "cwt": ("line", "line", "line", "detect", "cwt"),
         "paseto": ("line", "line", "line", "detect", "paseto")}


def draw(rng):
    """One token to ask about, with none to three things done to it."""
    while True:
        draft = Draft(rng, rng.choice(("jwt", "jwt", "jwt", "cwt", "cwt", "paseto")))
        draft.policy = rng.choice((1, 1, 1, *world.POLICIES))
        draft.mode = rng.choice(MODES[draft.fmt])
        for change in rng.choices(FAULTS[draft.fmt], k=rng.choice((0, 1, 1, 1, 1, 2, 2, 2, 3))):
            change(rng, draft)
            draft.path.append(change.__name__)
        line = draft.line(rng)
        if b"\n" not in line and len(line) <= 20000:
            return Asked(line, draft.policy, draft.mode, (draft.fmt, *draft.path))

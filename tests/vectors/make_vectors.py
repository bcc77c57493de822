#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the project's own token vectors beside this file: jwt.jsonl, cwt.jsonl, paseto.jsonl.

usage: make_vectors.py [--check]      --check writes nothing, and says whether the files are as it would

The first line of a file is the state that its rows are to be asked in; each other line is a token, the
status that docs/protocol.md gives it, and the detail. Three kinds of rows: one thing right or wrong; a
value of a status list; two things wrong at once, of which the rule that stands first must tell. Nothing
of edgate is used: CBOR and PAE are written here, signatures are of the package cryptography.
"""
import base64
import datetime
import json
import pathlib
import struct
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NOW = 1800000000
ISS, AUD = "https://as.example.com", "https://api.example.com"
SEEDS = {"k1": bytes(range(32)), "k2": bytes(range(32, 64))}
KEYS = {kid: Ed25519PrivateKey.from_private_bytes(seed) for kid, seed in SEEDS.items()}
LISTS = {  # bits: bytes, least significant bits first
    1: "b9a3", 2: "e4c9", 4: "10325476", 8: "00010203ff"}
CTI = bytes.fromhex("00ff10")
SETUP = {
    "now": NOW, "iss": ISS, "aud": AUD,
    "lists": {f"{ISS}/sl/{bits}": {"bits": bits, "bytes": data} for bits, data in LISTS.items()},
    "jti": "t-dead", "sid": "s-dead", "cti_hex": CTI.hex(), "subject": ["user-9", NOW - 30]}


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


SETUP["keys"] = [
    {"kid": kid, "x": b64(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))}
    for kid, key in KEYS.items()]


def broken(signature):
    return bytes([signature[0] ^ 1]) + signature[1:]


class Draft:
    """A token that would pass, until something is done to it."""

    def __init__(self):
        self.header = {}
        self.claims = {"iss": ISS, "aud": AUD, "sub": "user-1", "exp": NOW + 300, "iat": NOW - 60}
        self.key, self.forged, self.signature_bytes = "k1", False, 64
        self.id, self.expect, self.detail = "", "OK", "NONE"

    def sign(self, message):
        signature = KEYS[self.key].sign(message)
        return (broken(signature) if self.forged else signature)[:self.signature_bytes]

    def row(self, name):
        return {"id": self.id, name: self.text(), "expect": self.expect, "detail": self.detail}


# ── JWT ──

class Jwt(Draft):
    FIELD = "token"

    def __init__(self):
        super().__init__()
        self.header = {"alg": "EdDSA", "kid": "k1"}
        self.raw_claims = None

    def text(self):
        claims = self.raw_claims or json.dumps(self.claims, separators=(",", ":"))
        message = f"{b64(json.dumps(self.header, separators=(',', ':')).encode())}.{b64(claims.encode())}"
        return f"{message}.{b64(self.sign(message.encode()))}"


# ── CWT ──

class Raw(bytes):
    """Bytes that are CBOR already."""


class Tag:
    def __init__(self, number, value):
        self.number, self.value = number, value


def head(major, n):
    for size, code in ((0, None), (1, 24), (2, 25), (4, 26), (8, 27)):
        if size == 0 and n < 24:
            return bytes([major << 5 | n])
        if size and n < 1 << 8 * size:
            return bytes([major << 5 | code]) + n.to_bytes(size, "big")
    raise ValueError(n)


def cbor(value):
    if isinstance(value, Raw):
        return bytes(value)
    if isinstance(value, Tag):
        return head(6, value.number) + cbor(value.value)
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())


CLAIM_KEYS = {"iss": 1, "sub": 2, "aud": 3, "exp": 4, "nbf": 5, "iat": 6, "cti": 7, "cnf": 8,
              "status": 65535}


class Cwt(Draft):
    FIELD = "cwt_hex"

    def __init__(self):
        super().__init__()
        self.header, self.unprotected = {1: -8}, {4: b"k1"}
        self.prefix = b"\xd2"
        self.raw_payload = None

    def text(self):
        payload = self.raw_payload
        if payload is None:
            payload = cbor({CLAIM_KEYS.get(k, k): v for k, v in self.claims.items()})
        protected = cbor(self.header)
        signature = self.sign(cbor(["Signature1", protected, b"", payload]))
        return (self.prefix + cbor([protected, self.unprotected, payload, signature])).hex()


# ── PASETO ──

def pae(*pieces):
    return len(pieces).to_bytes(8, "little") + b"".join(
        len(p).to_bytes(8, "little") + p for p in pieces)


def rfc3339(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Paseto(Draft):
    FIELD = "token"

    def __init__(self):
        super().__init__()
        self.header, self.prefix, self.footer = {"kid": "k1"}, "v4.public.", None

    def text(self):
        claims = {name: rfc3339(value) if name in ("exp", "nbf", "iat") and isinstance(value, int)
                  else value for name, value in self.claims.items()}
        payload = json.dumps(claims, separators=(",", ":")).encode()
        footer = self.footer
        if footer is None:
            footer = json.dumps(self.header, separators=(",", ":")).encode()
        signature = self.sign(pae(b"v4.public.", payload, footer, b""))
        return f"{self.prefix}{b64(payload + signature)}" + (f".{b64(footer)}" if footer else "")


# ── faults, in the order of the rules: (name, what it changes, status, detail, change) ──

def claim(name, value):
    return lambda d: d.claims.update({name: value})


def header(name, value):
    return lambda d: d.header.update({name: value})


def without(name):
    return lambda d: d.claims.pop(name)


def attr(name, value):
    return lambda d: setattr(d, name, value)


def listed(bits, idx, uri=None):
    return claim("status", {"status_list": {"idx": idx, "uri": uri or f"{ISS}/sl/{bits}"}})


def common_faults(token_id):
    return [
        ("sub-type", "sub", "MALFORMED", "SUB", claim("sub", 1)),
        ("aud-type", "aud", "MALFORMED", "AUD", claim("aud", 1)),
        ("cnf-type", "cnf", "MALFORMED", "CNF", claim("cnf", 1)),
        ("bad-iss", "iss", "BAD_ISS", "NONE", claim("iss", ISS + "/")),
        ("no-such-key", "kid", "UNKNOWN_KEY", "NONE", None),
        ("no-exp", "exp", "NO_EXP", "EXP", without("exp")),
        ("expired", "exp", "EXPIRED", "NONE", claim("exp", NOW)),
        ("nbf", "nbf", "NOT_YET_VALID", "NONE", claim("nbf", NOW + 1)),
        ("iat", "iat", "ISSUED_IN_FUTURE", "NONE", claim("iat", NOW + 1)),
        ("bad-aud", "aud", "BAD_AUD", "NONE", claim("aud", "x")),
        ("forged", "signature", "BAD_SIGNATURE", "NONE", attr("forged", True)),
        ("subject-cut-off", "sub", "REVOKED", "SUBJECT", claim("sub", "user-9")),
        *token_id,
        ("list-revoked", "status", "REVOKED", "LIST", listed(1, 0)),
        ("list-suspended", "status", "SUSPENDED", "NONE", listed(2, 2)),
        ("list-unknown", "status", "STATUS_UNKNOWN", "NONE", listed(1, 0, "https://other.example")),
    ]


JTI = ("jti-denied", "jti", "REVOKED", "JTI", claim("jti", "t-dead"))
SID = ("sid-denied", "sid", "REVOKED", "SID", claim("sid", "s-dead"))
DENIED_CTI = ("cti-denied", "cti", "REVOKED", "CTI", claim("cti", CTI))


def with_kid_fault(faults, change):
    return [(*f[:4], change if f[0] == "no-such-key" else f[4]) for f in faults]


FAULTS = {
    Jwt: [
        ("alg", "alg", "UNSUPPORTED_ALG", "NONE", header("alg", "ES256")),
        ("crit", "crit", "UNSUPPORTED_CRIT", "NONE", header("crit", ["exp"])),
        ("zip", "zip", "UNSUPPORTED", "NONE", header("zip", "DEF")),
        ("cty", "cty", "UNSUPPORTED", "NONE", header("cty", "JWT")),
        ("typ", "typ", "BAD_TYP", "NONE", header("typ", "statuslist+jwt")),
        ("short-signature", "length", "MALFORMED", "SIGNATURE", attr("signature_bytes", 63)),
        *with_kid_fault(common_faults([JTI, SID]), header("kid", "k3"))],
    Cwt: [
        ("alg", "alg", "UNSUPPORTED_ALG", "NONE", header(1, -7)),
        ("crit", "crit", "UNSUPPORTED_CRIT", "NONE", header(2, [4])),
        ("typ", "typ", "BAD_TYP", "NONE", header(16, "application/statuslist+cwt")),
        ("short-signature", "length", "MALFORMED", "SIGNATURE", attr("signature_bytes", 63)),
        *with_kid_fault(common_faults([DENIED_CTI]), attr("unprotected", {4: b"k3"}))],
    Paseto: [
        ("version", "version", "UNSUPPORTED_ALG", "NONE", attr("prefix", "v2.public.")),
        ("kid-type", "kid", "MALFORMED", "KID", header("kid", 1)),
        *with_kid_fault(common_faults([JTI, SID]), header("kid", "k3"))],
}


def pairs(make, faults):
    for i, first in enumerate(faults):
        for second in faults[i + 1:]:
            if first[1] == second[1]:
                continue
            d = make()
            for fault in (second, first):
                fault[4](d)
            d.id, d.expect, d.detail = f"{first[0]}+{second[0]}", first[2], first[3]
            yield d


def alone(make, faults):
    for name, _, status, detail, change in faults:
        d = make()
        change(d)
        d.id, d.expect, d.detail = name, status, detail
        yield d


def list_values(make):
    """Every entry of every list, and the first index behind it."""
    names = {0: ("OK", "NONE"), 1: ("REVOKED", "LIST"), 2: ("SUSPENDED", "NONE")}
    for bits, data in LISTS.items():
        values = [byte >> shift & (1 << bits) - 1
                  for byte in bytes.fromhex(data) for shift in range(0, 8, bits)]
        for idx, value in enumerate(values + [None]):
            d = make()
            listed(bits, idx)(d)
            d.id = f"list-{bits}-{idx}"
            d.expect, d.detail = names.get(value, ("REVOKED", "LIST"))
            if value is None:
                d.expect, d.detail = "STATUS_UNKNOWN", "NONE"
            yield d


def singles(make, cases):
    for name, status, detail, change in cases:
        d = make()
        change(d)
        d.id, d.expect, d.detail = name, status, detail
        yield d


def raw_payload(extra, cnt):
    """The usual claims with `cnt` more pairs of CBOR behind them."""
    claims = {CLAIM_KEYS[k]: v for k, v in Draft().claims.items()}
    return attr("raw_payload", head(5, len(claims) + cnt) + cbor(claims)[1:] + extra)


def both(*changes):
    def change(d):
        for c in changes:
            c(d)
    return change


def nested(depth):
    value = 0
    for _ in range(depth):
        value = [value]
    return value


CWT_SINGLES = [
    ("plain", "OK", "NONE", lambda d: None),
    ("alg-19", "OK", "NONE", header(1, -19)),
    ("tag-61", "OK", "NONE", attr("prefix", b"\xd8\x3d\xd2")),
    ("tag-61-long", "MALFORMED", "TOKEN", attr("prefix", b"\xd9\x00\x3d\xd2")),
    ("tag-18-long", "MALFORMED", "TOKEN", attr("prefix", b"\xd8\x12")),
    ("tag-61-alone", "MALFORMED", "TOKEN", attr("prefix", b"\xd8\x3d")),
    ("tag-98", "MALFORMED", "TOKEN", attr("prefix", b"\xd8\x62")),
    ("kid-protected", "OK", "NONE", both(header(4, b"k2"), attr("unprotected", {}), attr("key", "k2"))),
    ("kid-in-both", "MALFORMED", "HEADER", header(4, b"k1")),
    ("kid-missing", "UNKNOWN_KEY", "NONE", attr("unprotected", {})),
    ("kid-of-the-other", "BAD_SIGNATURE", "NONE", attr("unprotected", {4: b"k2"})),
    ("kid-text", "MALFORMED", "KID", attr("unprotected", {4: "k1"})),
    ("alg-missing", "MALFORMED", "ALG", attr("header", {})),
    ("alg-unprotected", "MALFORMED", "ALG",
     both(attr("header", {}), attr("unprotected", {1: -8, 4: b"k1"}))),
    ("alg-in-both", "MALFORMED", "HEADER", attr("unprotected", {1: -8, 4: b"k1"})),
    ("alg-text", "UNSUPPORTED_ALG", "NONE", header(1, "EdDSA")),
    ("alg-eight", "UNSUPPORTED_ALG", "NONE", header(1, 8)),
    ("crit-unprotected", "UNSUPPORTED_CRIT", "NONE", attr("unprotected", {2: [1], 4: b"k1"})),
    ("typ-61", "OK", "NONE", header(16, 61)),
    ("typ-text", "OK", "NONE", header(16, "Application/CWT")),
    ("typ-60", "BAD_TYP", "NONE", header(16, 60)),
    ("typ-61-as-text", "BAD_TYP", "NONE", header(16, "61")),
    ("typ-bytes", "MALFORMED", "TYP", header(16, b"cwt")),
    ("header-twice", "MALFORMED", "TOKEN",
     attr("unprotected", Raw(b"\xa2\x04\x42k1\x04\x42k1"))),
    ("header-indefinite", "MALFORMED", "TOKEN", attr("unprotected", Raw(b"\xbf\x04\x42k1\xff"))),
    ("key-twice", "MALFORMED", "PAYLOAD", raw_payload(cbor(4) + cbor(NOW + 300), 1)),
    ("key-twice-inside", "MALFORMED", "PAYLOAD", raw_payload(cbor("x") + b"\xa2\x01\x01\x01\x01", 1)),
    ("int-not-shortest", "MALFORMED", "PAYLOAD", raw_payload(cbor("x") + b"\x18\x17", 1)),
    ("length-not-shortest", "MALFORMED", "PAYLOAD", raw_payload(cbor("x") + b"\x78\x01a", 1)),
    ("indefinite-inside", "MALFORMED", "PAYLOAD", raw_payload(cbor("x") + b"\x9f\xff", 1)),
    ("text-not-utf8", "MALFORMED", "PAYLOAD", raw_payload(cbor("x") + b"\x62\xc0\x80", 1)),
    ("bytes-behind", "MALFORMED", "PAYLOAD", raw_payload(b"\x00", 0)),
    ("depth-4", "OK", "NONE", raw_payload(cbor("x") + cbor(nested(3)), 1)),
    ("depth-5", "MALFORMED", "PAYLOAD", raw_payload(cbor("x") + cbor(nested(4)), 1)),
    ("members-128", "OK", "NONE",
     raw_payload(b"".join(cbor(1000 + i) + b"\xf6" for i in range(123)), 123)),
    ("members-129", "MALFORMED", "PAYLOAD",
     raw_payload(b"".join(cbor(1000 + i) + b"\xf6" for i in range(124)), 124)),
    ("exp-float", "OK", "NONE", claim("exp", NOW + 1.0)),
    ("exp-half-float", "EXPIRED", "NONE", claim("exp", Raw(b"\xf9\x3c\x00"))),
    ("exp-fraction", "EXPIRED", "NONE", claim("exp", NOW + 0.5)),
    ("nbf-fraction", "NOT_YET_VALID", "NONE", claim("nbf", NOW + 0.25)),
    ("nbf-fraction-past", "OK", "NONE", claim("nbf", NOW - 0.25)),
    ("iat-fraction", "ISSUED_IN_FUTURE", "NONE", claim("iat", NOW + 0.25)),
    ("exp-nan", "MALFORMED", "EXP", claim("exp", float("nan"))),
    ("exp-infinite", "MALFORMED", "EXP", claim("exp", float("inf"))),
    ("exp-tag-1", "MALFORMED", "EXP", claim("exp", Tag(1, NOW + 300))),
    ("exp-text", "MALFORMED", "EXP", claim("exp", "1800000300")),
    ("exp-largest", "OK", "NONE", claim("exp", 253402300799)),
    ("exp-over", "MALFORMED", "EXP", claim("exp", 253402300800)),
    ("exp-over-by-half", "MALFORMED", "EXP", claim("exp", 253402300799.5)),
    ("exp-negative", "EXPIRED", "NONE", claim("exp", -1)),
    ("nbf-most-negative", "OK", "NONE", claim("nbf", -1 << 64)),
    ("cti-text", "MALFORMED", "CTI", claim("cti", "x")),
    ("cti-255", "OK", "NONE", claim("cti", bytes(255))),
    ("cti-256", "MALFORMED", "CTI", claim("cti", bytes(256))),
    ("jti-is-no-cti", "OK", "NONE", claim("jti", "t-dead")),
    ("aud-16", "OK", "NONE", claim("aud", ["x"] * 15 + [AUD])),
    ("aud-17", "MALFORMED", "AUD", claim("aud", ["x"] * 16 + [AUD])),
    ("aud-none", "BAD_AUD", "NONE", claim("aud", [])),
    ("sub-nul", "MALFORMED", "SUB", claim("sub", "a\0")),
    ("idx-text", "MALFORMED", "STATUS", listed(1, "0")),
    ("idx-over", "MALFORMED", "STATUS", listed(1, 1 << 32)),
    ("idx-float", "MALFORMED", "STATUS", listed(1, 0.0)),
    ("status-empty", "STATUS_UNKNOWN", "NONE", claim("status", {})),
    ("payload-array", "MALFORMED", "PAYLOAD", attr("raw_payload", b"\x80")),
    ("payload-empty", "MALFORMED", "PAYLOAD", attr("raw_payload", b"")),
]

PASETO_SINGLES = [
    ("plain", "OK", "NONE", lambda d: None),
    ("other-key", "OK", "NONE", both(header("kid", "k2"), attr("key", "k2"))),
    ("wpk-is-not-used", "OK", "NONE", header("wpk", "k4.local-wrap.pie.AAAA")),
    ("no-footer", "UNKNOWN_KEY", "NONE", attr("footer", b"")),
    ("footer-without-kid", "MALFORMED", "KID", attr("footer", b"{}")),
    ("footer-text", "MALFORMED", "HEADER", attr("footer", b"k1")),
    ("footer-twice", "MALFORMED", "HEADER", attr("footer", b'{"kid":"k1","kid":"k1"}')),
    ("footer-512", "OK", "NONE", attr("footer", b'{"kid":"k1","x":"' + b"x" * 493 + b'"}')),
    ("footer-513", "MALFORMED", "HEADER", attr("footer", b'{"kid":"k1","x":"' + b"x" * 494 + b'"}')),
    ("v4-local", "UNSUPPORTED_ALG", "NONE", attr("prefix", "v4.local.")),
    ("v3-public", "UNSUPPORTED_ALG", "NONE", attr("prefix", "v3.public.")),
    ("v4-Public", "UNSUPPORTED_ALG", "NONE", attr("prefix", "v4.Public.")),
    ("V4-public", "MALFORMED", "TOKEN", attr("prefix", "V4.public.")),
    ("exp-leap-second", "MALFORMED", "EXP", claim("exp", "2028-12-31T23:59:60Z")),
    ("exp-february-30", "MALFORMED", "EXP", claim("exp", "2028-02-30T00:00:00Z")),
    ("exp-february-29", "OK", "NONE", claim("exp", "2028-02-29T00:00:00Z")),
    ("exp-not-leap-year", "MALFORMED", "EXP", claim("exp", "2100-02-29T00:00:00Z")),
    ("exp-no-offset", "MALFORMED", "EXP", claim("exp", "2027-01-15T08:05:00")),
    ("exp-blank", "MALFORMED", "EXP", claim("exp", "2027-01-15 08:05:00Z")),
    ("exp-date", "MALFORMED", "EXP", claim("exp", "2027-01-15")),
    ("exp-offset-east", "EXPIRED", "NONE", claim("exp", "2027-01-15T08:05:00+00:05")),
    ("exp-offset-west", "OK", "NONE", claim("exp", "2027-01-15T07:56:00-00:05")),
    ("exp-offset-24", "MALFORMED", "EXP", claim("exp", "2027-01-15T08:05:00+24:00")),
    ("exp-fraction", "EXPIRED", "NONE", claim("exp", "2027-01-15T08:00:00.999Z")),
    ("exp-fraction-1", "OK", "NONE", claim("exp", "2027-01-15T08:00:01.000Z")),
    ("nbf-fraction", "NOT_YET_VALID", "NONE", claim("nbf", "2027-01-15T08:00:00.001Z")),
    ("iat-fraction", "ISSUED_IN_FUTURE", "NONE", claim("iat", "2027-01-15T08:00:00.001Z")),
    ("iat-fraction-zero", "OK", "NONE", claim("iat", "2027-01-15T08:00:00.000Z")),
    ("exp-number", "MALFORMED", "EXP", claim("exp", 1800000300.0)),
    ("exp-9999", "OK", "NONE", claim("exp", "9999-12-31T23:59:59Z")),
    ("exp-over", "MALFORMED", "EXP", claim("exp", "9999-12-31T23:59:59-00:01")),
    ("exp-0000", "EXPIRED", "NONE", claim("exp", "0000-01-01T00:00:00Z")),
    ("exp-lower-case", "OK", "NONE", claim("exp", "2027-01-15t08:05:00z")),
    ("aud-array", "MALFORMED", "AUD", claim("aud", [AUD])),
    ("jti-256", "MALFORMED", "JTI", claim("jti", "x" * 256)),
    ("sub-nul", "MALFORMED", "SUB", claim("sub", "a\0")),
    ("status-empty", "STATUS_UNKNOWN", "NONE", claim("status", {})),
]

JWT_SINGLES = [
    ("plain", "OK", "NONE", lambda d: None),
    ("other-key", "OK", "NONE", both(header("kid", "k2"), attr("key", "k2"))),
    ("sid-alive", "OK", "NONE", claim("sid", "s-alive")),
    ("cti-is-no-claim", "OK", "NONE", claim("cti", "t-dead")),
    ("status-empty", "STATUS_UNKNOWN", "NONE", claim("status", {})),
]


def rows(make, extra):
    for d in (*singles(make, extra), *alone(make, FAULTS[make]), *list_values(make),
              *pairs(make, FAULTS[make])):
        yield d.row(make.FIELD)


def file_of(make, extra):
    lines = list(rows(make, extra))
    assert len({row["id"] for row in lines}) == len(lines)
    first = {"_source": "own work: make_vectors.py", "_licence": "BSD-3-Clause",
             "_note": "tokens are asked at `now` under one policy with skew 0, two keys, lists and what is "
                      "denied as here", "_count": len(lines), **SETUP}
    return "".join(json.dumps(line) + "\n" for line in (first, *lines))


def main():
    here, wrong = pathlib.Path(__file__).parent, 0
    for name, make, extra in (("jwt", Jwt, JWT_SINGLES), ("cwt", Cwt, CWT_SINGLES),
                              ("paseto", Paseto, PASETO_SINGLES)):
        path, text = here / f"{name}.jsonl", file_of(make, extra)
        if sys.argv[1:] != ["--check"]:
            path.write_text(text)
        elif path.read_text() != text:
            wrong += 1
            print(f"{path}: not what make_vectors.py writes")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

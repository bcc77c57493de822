#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seeds of the target statuslist: seeds_statuslist.py FOLDER."""
import base64
import gzip
import hashlib
import json
import pathlib
import sys
import zlib

ISS, URI = "https://as.example.com", "https://as.example.com/sl/1"
RAW, JWT, CWT, W3C = range(4)
FILE, PAYLOAD, LIST = range(3)
PLAIN = b"\xb9\xa3"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def head(form, how, entries=16, bits=1):
    return bytes([form, entries // 8 - 1, bits.bit_length() - 1, how])


def jwt(lst=zlib.compress(PLAIN, 9), bits=1, **claims):
    all_claims = {"sub": URI, "iat": 1800000000, "status_list": {"bits": bits, "lst": b64(lst)}, **claims}
    return json.dumps({k: v for k, v in all_claims.items() if v is not None}).encode()


def string(major, data):
    size = bytes([major << 5 | len(data)]) if len(data) < 24 else bytes([major << 5 | 24, len(data)])
    return size + data


def text(value):
    return string(3, value.encode())


def cwt(lst=zlib.compress(PLAIN, 9), more=b"", pairs=3, bits=b"\x01"):
    return (bytes([0xA0 + pairs, 0x02]) + text(URI) + b"\x06\x1a\x6b\x49\xd2\x00" + more + b"\x19\xff\xfd" +
            b"\xa2\x64bits" + bits + b"\x63lst" + string(2, lst))


def credential(purpose="revocation", **more):
    subject = {"type": "BitstringStatusList", "statusPurpose": purpose, "ttl": 60000,
               "encodedList": "u" + b64(gzip.compress(PLAIN, mtime=0))}
    return {"id": URI, "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": {"id": ISS}, "validFrom": "2026-01-01T00:00:00Z",
            "validUntil": "2036-01-01T00:00:00+01:00", "credentialSubject": subject, **more}


def seeds():
    yield head(RAW, FILE) + PLAIN
    yield head(RAW, FILE) + b"abc"
    for claims in ({}, {"iss": ISS}, {"iss": "x"}, {"sub": "x"}, {"sub": None}, {"iat": None}, {"iat": -1},
                   {"iat": 1900000000}, {"exp": 1800000001.5}, {"exp": 5}, {"ttl": 60}, {"ttl": 0},
                   {"bits": 2}, {"status_list": None}, {"status_list": 1},
                   {"status_list": {"bits": 1, "lst": "\\u0041"}}):
        yield head(JWT, PAYLOAD) + jwt(**claims)
    packed = zlib.compress(PLAIN, 9)
    for lst in (packed[:-1], packed + b"x", packed[:-1] + b"\0", gzip.compress(PLAIN, mtime=0), b"",
                zlib.compress(bytes(100000), 9), zlib.compress(b"", 9), zlib.compress(b"\1", 9)):
        yield head(JWT, PAYLOAD) + jwt(lst)
        yield head(CWT, PAYLOAD) + cwt(lst)
    for more in (b"\x04\x1a\x6b\x49\xd2\x01", b"\x04\x00", b"\x01" + text(ISS), b"\x01\x40",
                 b"\x19\xff\xfe\x18\x3c", b"\x19\xff\xfe\x20", b"\x04\xf9\x7c\x00", b"\x61x\x81\x00"):
        yield head(CWT, PAYLOAD) + cwt(more=more, pairs=4)
    yield head(CWT, PAYLOAD) + cwt(bits=b"\x02")
    yield head(CWT, PAYLOAD) + cwt(bits=b"\x60")
    for form in (JWT, CWT):
        for bits in (1, 2, 4, 8):
            yield head(form, LIST, 64, bits) + bytes(range(8 * bits))
        yield head(form, LIST, 8) + b"xx"
        yield head(form, LIST, 8)
        yield head(form, FILE) + b"e30.e30." + b"A" * 86
    yield head(CWT, FILE) + b"\xd2\x84\x43\xa1\x01\x26\xa0\x40\x40"
    yield head(JWT, FILE) + b"eyJhbGciOiJFZERTQSIsImtpZCI6ImsxIiwidHlwIjoic3RhdHVzbGlzdCtqd3QifQ.e30." + b"A" * 86
    for how in (FILE, PAYLOAD):
        for purpose in ("revocation", ["revocation"], ["revocation", "x"], "suspension"):
            yield head(W3C, how) + json.dumps(credential(purpose)).encode()
        for more in ({"issuer": ISS}, {"issuer": "x"}, {"validFrom": "x"}, {"type": "x"}, {"id": 1}):
            yield head(W3C, how) + json.dumps(credential(**more)).encode()
        yield head(W3C, how) + json.dumps({"vc": credential(), "iat": 1790000000, "exp": 1800000009}).encode()


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds():
        (folder / hashlib.sha1(seed).hexdigest()).write_bytes(seed)


main()

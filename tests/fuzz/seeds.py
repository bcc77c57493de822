#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seeds of every fuzz target: seeds.py FOLDER makes FOLDER/<target>/<name>.

Each rule of a parser that an input can break has a seed that breaks it. The corpus in the
repository is these, minimised together with what fuzzing has found (run.sh --keep).
"""
import hashlib
import json
import pathlib
import struct
import sys

NOW = 1800000000  # FUZZ_NOW_S
ISS, AUD, LIST = "https://as.example.com", "https://api.example.com", "https://as.example.com/sl/1"


def u8(*values):
    return bytes(values)


def u16(value):
    return struct.pack(">H", value)


def piece8(data):
    return u8(len(data)) + data


def piece16(data):
    return u16(len(data)) + data


# ── EGT ──

def egt(kind=1, flags=0, records=((b"a.b.c", 0, 0),), request_id=1, magic=0xE6A7, version=1,
        count=None, epoch=None, pad=0, length=None, reserved=0, padding=b"\0"):
    body = b"" if epoch is None else struct.pack(">Q", epoch)
    for token, fmt, policy in records:
        body += struct.pack(">HBBI", len(token), fmt, reserved, policy) + token
    count = len(records) if count is None else count
    smallest = 40 if kind == 3 else 24 + 12 * count
    body += padding * max(pad, smallest - 16 - len(body))
    total = 16 + len(body) if length is None else length
    return struct.pack(">HBBBBHQ", magic, version, kind, flags, count, total, request_id) + body


# ── Ed25519: fuzz_ed25519.c says how a job is read ──

def job(key=(3, 1, 0), r=(4, 70), s=(3, 0), msg=b"message", shift=0, raw_key=b"", raw_r=b"", raw_s=b""):
    return u8(*key) + raw_key + u8(*r) + raw_r + piece8(msg) + u8(shift) + u8(*s) + raw_s


def seeds_ed25519():
    raw = bytes(range(32))
    jobs = [job(key=(3, i, i), r=(4, 70 + i), msg=b"x" * (i * 13 % 256), shift=i % 8) for i in range(24)]
    torsion = [job(key=(3, 3 * i, i % 2), r=(3, 5, i), msg=u8(n)) for i in range(8) for n in range(4)]
    return {
        "good": job(), "many": b"".join(jobs), "five": b"".join(jobs[:5]),
        "torsion": b"".join(torsion[:16]), "torsion2": b"".join(torsion[16:]), "small_key": b"".join(job(key=(0, i, 0)) for i in range(14)),
        "near_p_key": b"".join(job(key=(1, i, 0)) for i in (*range(19), 128)),
        "raw_key": job(key=(2, 0, 0), raw_key=raw), "raw_r": job(r=(2, 0), raw_r=raw),
        "small_r": b"".join(job(r=(0, i)) for i in range(14)),
        "near_p_r": b"".join(job(r=(1, i)) for i in (*range(19), 128)),
        "s_plus_l": b"".join(job(s=(0, i)) for i in range(16)),
        "s_bit": b"".join(job(s=(1, i)) for i in (0, 1, 100, 251, 252, 253, 254, 255)),
        "s_raw": job(s=(2, 0), raw_s=raw[:31] + b"\x10"), "mixture": jobs[0] + job(key=(0, 2, 0)) + jobs[5],
        "related": b"".join(job(key=(3, i, 1), r=(4, i * 5)) for i in range(12)), "cut": job()[:9],
    }


def seeds_egt():
    empty = (b"", 0, 0)
    many = [(b"x" * 30, i % 4, i) for i in range(64)]
    return {
        "verify": egt(), "verify64": egt(records=many), "ping": egt(3, records=[empty]),
        "ping_padded": egt(3, records=[empty], pad=90), "min_epoch": egt(flags=16, epoch=7),
        "flags": egt(flags=2 | 4 | 8), "short": b"\xe6\xa7\x01", "magic": egt(magic=0xE6A8),
        "version": egt(version=2), "version_even": egt(2, version=2),
        "version_short": egt(version=2)[:20], "type": egt(2), "flag_bad": egt(flags=32),
        "ping_flags": egt(3, flags=2, records=[empty]), "sealed": egt(flags=1),
        "count0": egt(count=0), "count65": egt(count=65), "count_ping": egt(3, count=2),
        "length": egt(length=7), "amplification": egt(records=[empty], padding=b""),
        "record_runs_over": egt(records=[(b"x" * 40, 0, 0)])[:-1][:6] + b"\0\x37" +
        egt(records=[(b"x" * 40, 0, 0)])[8:-9],
        "reserved": egt(reserved=1), "fmt": egt(records=[(b"a.b.c", 4, 0)]),
        "ping_token": egt(3, records=[(b"a", 0, 0)]),
        "padding": egt(records=[empty], padding=b"\1"), "pad": egt(pad=200),
    }



# ── the client library: tokens, MIN_EPOCH, replies ──

def answers(statuses, epoch=9, rflags=0, tail=b""):
    body = struct.pack(">Q", epoch)
    for status in statuses:
        body += struct.pack(">BBHII", status, 0, rflags, 5, 6)
    return bytes(16) + body + tail


def seeds_client():
    one = piece16(answers([1]))
    pong = bytes(16) + struct.pack(">QBBHHHQ", 9, 1, 1, 64, 25519, 0, NOW)
    return {
        "ok": u8(0, 0, 3) + one, "stale": u8(0, 20, 3) + one, "min_epoch": u8(0, 9, 3) + one,
        "eight": u8(7, 0, 3) + piece16(answers(range(1, 9))),
        "other_id": u8(0, 0, 2) + one + u8(3) + one, "raw": u8(0, 0, 1) + one,
        "interrupted": u8(0, 0, 0xf0, 0xf1, 3) + one, "nothing": u8(0, 0),
        "short": u8(0, 0, 3) + piece16(bytes(20)), "empty": u8(0, 0, 3) + piece16(b""),
        "claims": u8(0, 0, 3) + piece16(answers([1], rflags=128, tail=u16(2) + b"ab")),
        "claims_two": u8(1, 0, 3) + piece16(answers([1, 1], rflags=128, tail=u16(1) + b"a")),
        "zero": u8(0, 0, 3) + piece16(answers([0])), "unknown": u8(0, 0, 3) + piece16(answers([77])),
        "long": u8(0, 0, 3) + piece16(answers([1], tail=bytes(2000))),
        "ping": u8(0xf0, 0, 3) + piece16(pong + u8(1, 5) + b"0.1.0"),
        "ping_two": u8(0xf0, 0, 3) + piece16(pong + u8(9, 1, 0, 1, 1) + b"x"),
        "ping_long": u8(0xf0, 0, 3) + piece16(pong + u8(1, 64) + b"v" * 64),
        "ping_cut": u8(0xf0, 0, 3) + piece16(pong + u8(1, 9)),
        "ping_fails": u8(0xf0, 0),
    } | {f"header{i}": u8(0, 0) + b"".join(u8(1) + piece16(struct.pack(">HBBBBHQ", *fields) + body) for body in (answers([1])[16:],))
         for i, fields in enumerate((
             (0xE6A8, 1, 2, 0, 1, 36, 0), (0xE6A7, 2, 2, 0, 1, 36, 0), (0xE6A7, 1, 2, 1, 1, 36, 0), (0xE6A7, 1, 2, 0, 1, 35, 0),
             (0xE6A7, 1, 2, 0, 0, 36, 0), (0xE6A7, 1, 2, 0, 65, 36, 0), (0xE6A7, 1, 6, 0, 1, 36, 0), (0xE6A7, 1, 4, 0, 1, 36, 0),
             (0xE6A7, 1, 4, 0, 2, 36, 0), (0xE6A7, 1, 2, 0, 1, 36, 0)))} | {
        "pong_short": u8(0xf0, 0, 1) + piece16(struct.pack(">HBBBBHQ", 0xE6A7, 1, 4, 0, 1, 20, 0) + bytes(4)),
        "other_count": u8(1, 0, 1) + piece16(struct.pack(">HBBBBHQ", 0xE6A7, 1, 2, 0, 1, 36, 0) + answers([1])[16:]),
        "pong_for_tokens": u8(0, 0, 1) + piece16(struct.pack(">HBBBBHQ", 0xE6A7, 1, 4, 0, 1, 24, 0) + bytes(8)),
        "claims_cut": u8(1, 0, 3) + piece16(answers([1, 1], rflags=128, tail=u16(1) + b"a" + u16(9))),
        "claims_over": u8(7, 1, 3) + piece16(answers([1] * 8, tail=b"a")),
    }


# ── base64url, JSON, numbers ──

def seeds_base64url():
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    seeds = {f"len{n}": (alphabet * 5)[:n] for n in (0, 2, 3, 4, 31, 32, 33, 63, 64, 66, 131, 300)}
    seeds |= {"rest1": b"AAAAA", "bits2": b"AB", "bits3": b"AAB", "dot": b"AA.A", "plus": b"AA+/",
              "pad": b"AA==", "nul": b"AA\0A", "high": b"AAA\xc3", "late": alphabet + b"=" + alphabet}
    return seeds


def names_alike(count, last):
    """An object of names that differ only in their middle; the last one is name number `last`."""
    names = [b"alike_in_front_of_%02d_and_behind_it" % i for i in (*range(count), last)]
    return b"{" + b",".join(b'"%s":0' % name for name in names) + b"}"


def seeds_json():
    texts = [
        b"{}", b' {"a" : 1 }\r\n\t', b'{"a":[1,2,{"b":null}],"c":true,"d":false}',
        b'{"a":-0.5e+10,"b":0,"c":1E-7}', b'{"a":"\\u00e9\\ud83d\\ude00\\n\\"\\\\\\/\\b\\f\\r\\t"}',
        '{"é":"€😀","k":"\x7f"}'.encode(), b'{"a":1,"a":2}', b'{"a":1,"\\u0061":2}',
        b'{"a":{"b":1,"b":2}}', b'{"a":"\\ud800"}', b'{"a":"\\udc00"}', b'{"a":"\\ud800\\u0041"}',
        b'{"a":"\xc0\xaf"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\xf4\x90\x80\x80"}', b'{"a":"\xe2\x82"}',
        b'{"a":"\x1f"}', b'{"a":01}', b'{"a":1.}', b'{"a":.5}', b'{"a":1e}', b'{"a":-}', b'{"a":+1}',
        b'{"a":tru}', b'{"a":nulL}', b'{"a":1,}', b'{,"a":1}', b'{"a" 1}', b'{a:1}', b'{"a":[1,]}',
        b'{"a":[1 2]}', b'{"a":1}x', b'\xef\xbb\xbf{}', b"[]", b'"a"', b"", b"{", b'{"a', b'{"a":"\\',
        b'{"a":"\\x"}', b'{"a":"\\u12g4"}', b'{"\\u0000":"\\u0000"}',
        b'{"a":' + b"[" * 7 + b"]" * 7 + b"}", b'{"a":' + b"[" * 8 + b"]" * 8 + b"}",
        b"{" + b",".join(b'"%d":0' % i for i in range(128)) + b"}",
        b"{" + b",".join(b'"%d":0' % i for i in range(129)) + b"}",
        b'{"a":{' + b",".join(b'"%d":0' % i for i in range(127)) + b"}}",
        b'{"a":"\\u0800\\uD7FF\\ue000\\uFFFF\\uDbff\\uDFff"}', b'{"a":"\\ud800x"}', b'{"a":"\\ud800\\n"}',
        b'{"a":"\\ud800\\ue000"}', b'{"a":"\\ud800\\uzzzz"}', b'{"a":"\\u12', b'{"a":"\\u/:@G"}', b'{"a":"\\u`g"}', b'{"a":', b'{"a":t',
        b'{"a":"\xe0\x9f\xbf"}', b'{"a":"\xf0\x8f\xbf\xbf"}', b'{"a":"\xe0\xa0\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\xed\x9f\xbf"}',
        b'{"a":"\xf5\x80\x80\x80"}', b'{"a":"\x80"}', b'{"a":"\xc3("}', b'{"a":"\xe2\x82("}', b'{"a":"\xf0\x9f\x98("}',
        b"[" + b"1," * 200 + b"1]", b'{"a":{"b":[{"c":[{"d":[]}]}]}}', b'{"a":\x00}', b'{"a":"' + b"\\n" * 100 + b'"}',
        b'{"long":"' + b"x" * 300 + b'\\u0041' + b"y" * 70 + b'"}', b'{"eight_by":1,"fifteen_and_more":2,"' + b"n" * 300 + b'":3}',
        names_alike(24, 24), names_alike(24, 9),
        b'{ "a" :\t1 ,\n"b"\r:2,"c":' + b" " * 70 + b'[ 1 ] ,"d":{ "e" : 0 } , "f" :"" }' + b" " * 130,
        b'{"a": 1 "b":2}', b'{"a": 1,"b"  x:2}', b'{"a": 1,"b":2 ', b'{"a": 1, }', b'{ "a":"' + b"x" * 4200 + b'" , "b" : 1 }',
    ]
    return {str(i): text for i, text in enumerate(texts)}


def head(major, n, width=None):
    if width is None:
        width = next((i for i, top in ((0, 24), (1, 256), (2, 65536), (4, 2 ** 32)) if n < top), 8)
    if width == 0:
        return u8(major << 5 | n)
    return u8(major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[width]) + n.to_bytes(width, "big")


def cbor(value):
    """int, bytes, str, list, dict, float, bool, None."""
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
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


def seeds_cbor():
    values = [0, 23, 24, 255, 256, 65535, 65536, 2 ** 32, 2 ** 64 - 1, -1, -24, -25, -2 ** 64, b"", b"a" * 30, "é€😀", [], [1, [2, [3, [4]]]],
              [1, [2, [3, [4, [5]]]]], {}, {1: 2, -1: 3, "a": 4, b"a": 5}, {"x" * 30: 1, "x" * 29: 2}, 1.5, None, True, {i: 0 for i in range(128)},
              {i: 0 for i in range(129)}, {1: {i: 0 for i in range(127)}}, {1: {i: 0 for i in range(128)}}, ["x" * 300], {300: 1, 200: 2, 100: 3}, {300: 1, 500: 2, 400: 3, 450: 4, 350: 5}, [{300: 1}, {300: 1}], {"b": 1, "ba": 2, "a": 3, "bb": 4}, "x" * 200, b"x" * 300]
    seeds = {f"value{i}": cbor(value) for i, value in enumerate(values)}
    raw = ["", "ff", "18", "1817", "190017", "19", "1a0000ffff", "1a", "1b00000000ffffffff", "1b", "1c", "1f", "5f4101ff", "41", "61ff", "62c0af", "9f01ff", "bfff", "c1", "c100",
           "c11a00000000", "d8206161", "c0c0c0c000", "a1", "a10102a1", "a201020103", "a2613100613101", "a2193031001930310 1".replace(" ", ""), "a1800000", "a1f600", "a1c10000", "f0", "f800",
           "f81f", "f820", "f8ff", "f90000", "f90001", "f93c00", "f97c00", "f97e00", "f9fbff", "f98001", "fa00000001", "fa7f800000", "fa7fc00000", "fa3fc00000", "fa80000000", "fb", "fa", "f9", "fb7ff8000000000000",
           "fc", "0000", "8201", "8200", "820000", "82a10102a10103", "9bffffffffffffffff", "bbffffffffffffffff", "7bffffffffffffffff", "a200000000"]
    seeds |= {f"raw{i}": bytes.fromhex(text) for i, text in enumerate(raw)}
    # in an array, with enough behind it
    inside = ["81", "818181", "81818181", "c1", "1817", "62c3a9", "61c3", "80a0", "f81f", "f820", "1c", "fb", "6261", "78186161", "a10102", "a1820000", "9818", "bbffffffffffffffff"]
    seeds |= {f"inside{i}": b"\x88" + bytes.fromhex(text) + bytes(20) for i, text in enumerate(inside)} | {f"ended{i}": b"\x81" + bytes.fromhex(text) + bytes(20) for i, text in enumerate(inside)}
    keys = [b"alike_in_front_and_%d_behind" % i for i in range(9)]
    seeds |= {f"keys{n}": b"\xaa" + b"".join(cbor(key) + b"\xf6" for key in (*keys, last)) for n, last in enumerate((b"x" * 40, keys[4], keys[8][:20]))}
    seeds |= {f"texts{n}": cbor(["é"] * n)[:-2] + last for n in (3, 64, 65, 130) for last in ("é".encode(), b"\xc3z")}
    seeds |= {"text_bad_first": cbor(["é"] * 80).replace(b"\xc3\xa9", b"\xc3z", 1), "depth": b"\x82" + b"\x81" * 4 + bytes(20), "tags_cut": b"\xc1\xc1", "tag_in_map": b"\xa1\x01\xc1\x81\x00\xa1\x02\x00", "empty_at_end": b"\x81\xa0"}
    maps = [({300: 1, 1: 2}, {400: 1, 2: 2}), ({300: 1, 500: 1}, {400: 1, 500: 1}), ({1: 1}, {1: 1}), ({400: 1, 401: 1}, {300: 1, 301: 1}), ({"a": 1}, {"ab": 1})]
    maps += [({b"alike_in_front_1": 1}, {b"alike_in_front_1": 1}), ({b"alike_in_front_1": 1}, {b"alike_in_front_2": 1})]
    seeds |= {f"maps{i}": cbor(a) + cbor(b) for i, (a, b) in enumerate(maps)}
    # keys of a map that is read, and of maps among what nobody reads
    seeds |= {f"read_keys{n}": b"\xaa" + b"".join(cbor(key) + b"\xf6" for key in (*keys, last)) + bytes(8)[:n] for n, last in enumerate((b"x" * 40, keys[4]))}
    seeds |= {"arrays_in_maps": cbor([{1: [1, [2]], 2: []}] * 20)}
    seeds |= {"maps_of_one": cbor([{1: 1}, [], {300: "é"}, [[1], {"a": b"b"}]] * 20), "sizes_long": cbor([[], 1, "é", "abc", 24, 256, 65536, b"abcdefgh"] * 100)}
    # short maps and texts of an array that its vectors see in several steps
    seeds |= {"maps_too_many": cbor([*[{1: 1}] * 129, *[0] * 20]), "map_of_24": cbor([{i: i for i in range(24)}, *[0] * 20])}
    seeds |= {f"text_bad_of_{n}": cbor([*["é" * 7] * n, *[0] * 20]).replace(b"\x6e\xc3\xa9", b"\x6e\xc3z", 1) for n in (1, 20)}
    return seeds


def seeds_numeric_date():
    texts = ["0", "-0", "-1", "1", "1.683061093e+09", "1683061093", "253402300799", "253402300800",
             "253402300799.0", "253402300799.5", "2534023007.99e2", "0.5", "1.5", "1e11", "1e12",
             "1e-20", "1e-21", "1e20", "1e21", "0e20", "0e21", "12345678901234567890",
             "123456789012345678901", "0.00000000000000000000000000012345678901234567890",
             "1.00000000000000000001", "-0.5", "-0.0", "1E5", "1E+5", "1e05", "x", "", "1e", "99999999999e1",
             "0.000000000000000000001e20", "1.0000000000000000000", "-253402300800", "12345.75", "12345678.25", "1234567890e1"]
    return {text: text.encode() for text in texts}


# ── tokens: a make, a policy, what else the target reads, header, payload ──

HEADER = {"alg": "EdDSA", "kid": "k1"}
CLAIMS = {"iss": ISS, "aud": AUD, "exp": NOW + 300}


def text_of(value):
    return value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()


def changed(base, **members):
    out = {**base, **members}
    return {name: value for name, value in out.items() if value is not None}


def status(idx, uri=LIST):
    return {"status": {"status_list": {"idx": idx, "uri": uri}}}


def jwt_cases():
    """name: (header, payload, policy)"""
    h, c = HEADER, CLAIMS
    cases = {
        "good": (h, c, 0), "ed25519": (changed(h, alg="Ed25519"), c, 0),
        "rfc9068": (changed(h, typ="at+jwt"), changed(c, sub="u", jti="j", iat=NOW - 5, client_id="c",
                    scope="a b"), 0),
        "header_not_json": (b"{", c, 0), "header_array": (b"[]", c, 0), "header_big":
        (changed(h, x="y" * 1100), c, 0), "payload_big": (h, changed(c, x="y" * 4100), 16),
        "payload_not_json": (h, b'{"a"', 0), "payload_dup": (h, b'{"iss":"a","iss":"b"}', 0),
        "typ_jwt": (changed(h, typ="application/JWT"), c, 0), "typ_bad": (changed(h, typ="x"), c, 0),
        "typ_missing": (h, c, 12), "cty_jwt": (changed(h, cty="JWT"), c, 0),
        "cty_other": (changed(h, cty="text/plain"), c, 0),
        "escaped": (b'{"\\u0061lg":"Ed\\u0044SA","kid":"\\u006b1"}', c, 0),
        "no_kid": (changed(h, kid=None), c, 0), "kid_unknown": (changed(h, kid="kx"), c, 0),
        "kid_nul": (changed(h, kid="k\0"), c, 0), "lone": (changed(h, kid=None),
                    changed(c, iss="https://cut.example"), 0),
        "lone_iat": (changed(h, kid=None), changed(c, iss="https://cut.example", iat=NOW), 0),
        "cut_iat": (changed(h, kid=None), changed(c, iss="https://cut.example", iat=NOW - 10), 0),
        "iss_other": (h, changed(c, iss="x"), 0), "iss_none": (h, changed(c, iss=None), 0),
        "no_keys": (h, changed(c, iss="https://other.example"), 10),
        "no_exp": (h, changed(c, exp=None), 0), "exp_optional": (h, changed(c, exp=None), 11),
        "exp_past": (h, changed(c, exp=NOW - 1), 0), "exp_now": (h, changed(c, exp=NOW), 0),
        "exp_negative": (h, changed(c, exp=-1), 0), "exp_float": (h, changed(c, exp=NOW + 0.5), 0),
        "exp_far": (h, changed(c, exp=253402300799), 0),
        "nbf": (h, changed(c, nbf=NOW + 100), 0), "nbf_ok": (h, changed(c, nbf=NOW - 1), 0),
        "iat_future": (h, changed(c, iat=NOW + 100), 0), "skew": (h, changed(c, exp=NOW - 10), 13),
        "max_age": (h, changed(c, iat=NOW - 200), 8), "max_age_none": (h, c, 8),
        "max_life": (h, changed(c, iat=NOW - 300), 9), "max_life_ok": (h, changed(c, iat=NOW), 9),
        "aud_list": (h, changed(c, aud=["x", AUD]), 0), "aud_none": (h, changed(c, aud=None), 0),
        "aud_other": (h, changed(c, aud=["x", "y"]), 0), "aud_17": (h, changed(c, aud=["x"] * 17), 0),
        "aud_16": (h, changed(c, aud=["x"] * 15 + [AUD]), 0), "aud_empty": (h, changed(c, aud=[]), 0),
        "any_aud": (h, changed(c, aud=None), 13),
        "cnf": (h, changed(c, cnf={"jkt": "t"}), 0), "cnf_refused": (h, changed(c, cnf={}), 5),
        "cnf_required": (h, c, 6), "cnf_ok": (h, changed(c, cnf={"jwk": {}}), 6),
        "cnf_dup": (h, b'{"cnf":{"a":1,"a":2}}', 0),
        "jti": (h, changed(c, jti="denied"), 0), "sid": (h, changed(c, sid="denied"), 0),
        "jkt": (h, changed(c, cnf={"jkt": "denied"}), 0),
        "sub": (h, changed(c, sub="cut", iat=NOW - 10), 0),
        "sub_later": (h, changed(c, sub="cut", iat=NOW - 9), 0), "sub_no_iat": (h, changed(c, sub="cut"), 0),
        "list0": (h, changed(c, **status(0)), 0), "list1": (h, changed(c, **status(1)), 0),
        "list2": (h, changed(c, **status(2)), 0), "list3": (h, changed(c, **status(3)), 0),
        "list_over": (h, changed(c, **status(64)), 0), "list_other": (h, changed(c, **status(0, "x")), 0),
        "list_of_other": (h, changed(c, **status(0, "urn:cut")), 0),
        "list_short": (h, changed(c, **status(2, "urn:short")), 0), "list_short_ok": (h, changed(c, **status(1, "urn:short")), 0),
        "iat_fraction": (h, changed(c, iat=NOW - 10.5), 0), "fresh_strict": (h, c, 17), "fresh_bounded": (h, c, 18), "fresh_enough": (h, c, 19),
        "list_exp": (h, changed(c, **status(0, "urn:exp")), 0),
        "list_ttl": (h, changed(c, **status(0, "urn:ttl")), 7),
        "list_live": (h, changed(c, **status(0, "urn:live")), 7),
        "status_no_list": (h, changed(c, status={}), 0), "status_required": (h, c, 3),
        "status_ignored": (h, changed(c, status={}), 4), "cache": (h, c, 7), "short": (h,
        changed(c, x="y" * 400), 14), "unknown_policy": (h, c, 17), "strict": (h, changed(c, exp=1), 2),
        "idx_sign": (h, changed(c, status={"status_list": {"idx": -1, "uri": LIST}}), 0),
        "idx_frac": (h, b'{"status":{"status_list":{"idx":1.0,"uri":"x"}}}', 0),
        "idx_max": (h, changed(c, **status(2 ** 32 - 1)), 0), "idx_over": (h, changed(c, **status(2 ** 32)), 0),
        "idx_long": (h, changed(c, **status(10 ** 12)), 0), "idx_text": (h, changed(c, **status("1")), 0),
        "uri_number": (h, changed(c, **status(1, 5)), 0), "no_idx": (h, changed(c, status={"status_list":
                       {"uri": "x"}}), 0), "no_uri": (h, changed(c, status={"status_list": {"idx": 1}}), 0),
        "status_list_dup": (h, b'{"status":{"status_list":{"idx":1,"idx":1,"uri":"x"}}}', 0),
        "status_list_type": (h, changed(c, status={"status_list": []}), 0),
        "exp_digits": (h, b'{"exp":123456789012345678901}', 0), "exp_over": (h, changed(c, exp=1e12), 0),
        "sub_256": (h, changed(c, sub="s" * 256), 0), "sub_255": (h, changed(c, sub="s" * 255), 0),
        "cnf_jkt_number": (h, changed(c, cnf={"jkt": 1}), 0), "idx_minus": (h, b'{"status":{"status_list":{"idx":1e1,"uri":"x"}}}', 0),
        "life_no_iat": (h, changed(c, iat=None), 9), "life_no_exp": (h, b'{"iss":"%s","aud":"%s","iat":1}' % (ISS.encode(), AUD.encode()), 9),
        "cnf_absent_refused": (h, c, 5), "age_fresh": (h, changed(c, iat=NOW - 1), 8), "iat_negative": (h, changed(c, sub="cut", iat=-1), 0),
        "names_twice": (h, names_alike(24, 9), 0), "names_alike": (h, names_alike(24, 24), 0),
        "cnf_names_twice": (h, b'{"cnf":%s}' % names_alike(24, 9), 0), "cnf_cut": (h, b'{"cnf":{"a"}}', 0),
        "status_name_alike": (h, changed(c, status={"status_else": 1}), 0),
        "utf8": (h, text_of(c)[:-1] + ',"sub":"é€"}'.encode(), 0),
    }
    for name, value in (("alg", 1), ("alg", None), ("alg", "RS256"), ("crit", []), ("b64", False),
                        ("zip", "DEF"), ("enc", 1), ("cty", 1), ("typ", 1), ("kid", 1)):
        cases[f"h_{name}_{value}"] = (changed(h, **{name: value}), c, 0)
    for name in ("iss", "sub", "jti", "sid"):
        cases[f"type_{name}"] = (h, changed(c, **{name: 1}), 0)
        cases[f"nul_{name}"] = (h, changed(c, **{name: "a\0"}), 0)
    for name in ("exp", "nbf", "iat"):
        cases[f"type_{name}"] = (h, changed(c, **{name: "1"}), 0)
    for name in ("aud", "cnf", "status"):
        cases[f"type_{name}"] = (h, changed(c, **{name: 1}), 0)
    cases["aud_nul"] = (h, changed(c, aud=["a\0"]), 0)
    cases["aud_number"] = (h, changed(c, aud=[1]), 0)
    return cases


def seeds_jwt():
    seeds = {}
    for name, (header, payload, policy) in jwt_cases().items():
        seeds[name] = u8(1, (policy or 1) - 1) + u16(32768) + piece16(text_of(header)) + text_of(payload)
    good = piece16(text_of(HEADER)) + text_of(CLAIMS)
    seeds |= {f"sig_{n}": u8(3 | n << 2, 0) + u16(32768) + good for n in range(1, 6)}
    seeds |= {f"clock_{n}": u8(1, 0) + u16(n) + good for n in (0, 33068, 33067, 65535)}
    raw = [b"", b".", b"..", b"...", b"a.b", b"a.b.c", b"a.b.c.d", b"AA.AA.AA", b"e30.e30.", b"e30.e3.AA",
           b"e30.e30=.AA", b"e30.e31.A", b"*.e30.AA", b".e30.AA", b"e30..AA", b"x" * 5000]
    seeds |= {f"raw_{i}": u8(0, 0) + u16(32768) + text for i, text in enumerate(raw)}
    return seeds


def seeds_verdict():
    seeds = {}
    for name, (header, payload, policy) in jwt_cases().items():
        seeds[name] = u8(1, policy, 0) + piece16(text_of(header)) + text_of(payload)
    good, strict = piece16(text_of(HEADER)) + text_of(CLAIMS), 2
    for make, kid in ((2, "k2"), (3, "old"), (4, "late"), (2, "k1")):
        seeds[f"key_{make}_{kid}"] = u8(make, 0, 0) + piece16(text_of(changed(HEADER, kid=kid))) + text_of(CLAIMS)
    seeds |= {f"damaged_{n}": u8(5 | n << 3, strict * (n & 1), 0) + good for n in (0, 1, 9, 31)}
    seeds |= {f"fmt_{n}": u8(1, 0, n << 6) + good for n in range(4)} | {"policy_unknown": u8(1, 20, 0) + good}
    for name, (protected, unprotected, payload, policy) in cwt_cases().items():
        body = piece16(cbor_of(protected)) + piece16(cbor_of(unprotected)) + cbor_of(payload)
        seeds["cwt_" + name] = u8(6, policy, 0) + body
    for name, (footer, payload, policy) in paseto_cases().items():
        seeds["paseto_" + name] = u8(7, policy, 0) + piece16(text_of(footer)) + text_of(payload)
    footer, claims = piece16(text_of({"kid": "k1"})), text_of({"iss": ISS, "aud": AUD, "exp": "2027-01-15T08:05:00Z"})
    seeds |= {f"assertion_{make}": u8(make, 15, 0) + footer + claims for make in (7, 15)}
    cwt = piece16(cbor({1: -8, 4: b"k1"})) + piece16(b"") + cbor({1: ISS, 3: AUD, 4: NOW + 300})
    seeds |= {f"tags_{make}_{fmt}": u8(make, 0, fmt << 6) + cwt for make in (6, 14, 22, 30, 38) for fmt in (0, 2)}
    raw = [b"", b"v4.public.AAAA", b"v2.local.A", b"\xd2\x84", b"\xd8\x3d\xd2\x84", b"\x84", b"\xd8\x3d\x84", b"\xa0", b"a.b.c"]
    seeds |= {f"raw_{i}_{f}": u8(0, 0, f << 6) + text for i, text in enumerate(raw) for f in (0, 2, 3)}
    return seeds


ALG, FORMAT_CWT = {1: -8}, 61


def cwt_cases():
    """name: (protected, unprotected, payload, policy)"""
    k, claims = {4: b"k1"}, {1: ISS, 3: AUD, 4: NOW + 300}
    p = {**ALG, **k}
    cases = {
        "good": (p, {}, claims, 0), "ed25519": ({1: -19, **k}, {}, claims, 0), "kid_unprotected": (ALG, k, claims, 0),
        "both": (p, k, claims, 0), "both_long": ({**p, "x" * 9: 1}, {"x" * 9: 2}, claims, 0), "alg_none": (k, {}, claims, 0),
        "alg_unprotected": (k, ALG, claims, 0), "alg_es256": ({1: -7}, {}, claims, 0), "alg_text": ({1: "EdDSA"}, {}, claims, 0),
        "crit": ({**p, 2: [1]}, {}, claims, 0), "crit_unprotected": (p, {2: [1]}, claims, 0), "typ": ({**p, 16: "application/cwt"}, {}, claims, 0),
        "typ_number": ({**p, 16: FORMAT_CWT}, {}, claims, 0), "typ_unprotected": (p, {16: "cwt"}, claims, 0), "typ_other": ({**p, 16: "x"}, {}, claims, 0),
        "typ_other_number": ({**p, 16: 60}, {}, claims, 0), "typ_bytes": ({**p, 16: b"x"}, {}, claims, 0), "typ_required": (p, {}, claims, 12),
        "kid_text": ({**ALG, 4: "k1"}, {}, claims, 0), "kid_none": (ALG, {}, claims, 0), "kid_long": ({**ALG, 4: b"k" * 300}, {}, claims, 0),
        "protected_array": ([], {}, claims, 0), "protected_junk": (b"\xff", {}, claims, 0), "protected_tail": (cbor(p) + b"\0", {}, claims, 0),
        "protected_dup": (b"\xa2\1\x27\1\x27", {}, claims, 0), "protected_empty": (b"", {}, claims, 0), "protected_big": ({**p, 9: b"x" * 1100}, {}, claims, 0),
        "unprotected_big": (p, {9: b"x" * 1100}, claims, 0), "unprotected_array": (p, [], claims, 0), "label_text": ({**p, "a": 1}, {-1: 2}, claims, 0),
        "payload_array": (p, {}, [], 0), "payload_junk": (p, {}, b"\xa1", 0), "payload_tail": (p, {}, cbor(claims) + b"\0", 0), "payload_empty": (p, {}, b"", 0),
        "payload_big": (p, {}, {**claims, 99: b"x" * 4090}, 16), "deep": (p, {}, {**claims, 99: [[[[1]]]]}, 0), "deep_ok": (p, {}, {**claims, 99: [[[1]]]}, 0),
        "iss_other": (p, {}, {**claims, 1: "x"}, 0), "iss_bytes": (p, {}, {**claims, 1: b"x"}, 0), "iss_long": (p, {}, {**claims, 1: "x" * 256}, 0), "sub": (p, {}, {**claims, 2: "cut", 6: NOW - 10}, 0),
        "sub_nul": (p, {}, {**claims, 2: "a\0"}, 0), "sub_wide": (p, {}, {**claims, 2: "é"}, 0), "cti": (p, {}, {**claims, 7: b"denied"}, 0), "cti_text": (p, {}, {**claims, 7: "denied"}, 0), "cti_long": (p, {}, {**claims, 7: b"x" * 256}, 0),
        "exp_float": (p, {}, {**claims, 4: NOW + 0.5}, 0), "exp_past": (p, {}, {**claims, 4: NOW}, 0), "exp_negative": (p, {}, {**claims, 4: -1}, 0), "exp_float_negative": (p, {}, {**claims, 4: -1.5}, 0),
        "exp_over": (p, {}, {**claims, 4: 253402300800}, 0), "exp_float_over": (p, {}, {**claims, 4: 253402300799.5}, 0), "exp_nan": (p, {}, {**claims, 4: float("nan")}, 0),
        "exp_inf": (p, {}, {**claims, 4: float("inf")}, 0), "exp_minus_inf": (p, {}, {**claims, 4: float("-inf")}, 0), "exp_text": (p, {}, {**claims, 4: "1"}, 0), "exp_tag": (p, {}, b"\xa1\4\xc1\1", 0),
        "nbf": (p, {}, {**claims, 5: NOW + 9}, 0), "nbf_bad": (p, {}, {**claims, 5: None}, 0), "iat": (p, {}, {**claims, 6: NOW + 9}, 0), "iat_bad": (p, {}, {**claims, 6: []}, 0),
        "two_faults": (p, {}, {6: [], 1: b"x"}, 0), "aud_list": (p, {}, {**claims, 3: ["x", AUD]}, 0), "aud_17": (p, {}, {**claims, 3: ["x"] * 17}, 0), "aud_bytes": (p, {}, {**claims, 3: b"x"}, 0),
        "aud_mixed": (p, {}, {**claims, 3: ["x", 1]}, 0), "aud_map": (p, {}, {**claims, 3: {}}, 0), "aud_other": (p, {}, {**claims, 3: "x"}, 0), "cnf": (p, {}, {**claims, 8: {1: {}}}, 0), "cnf_bad": (p, {}, {**claims, 8: 1}, 0),
        "cnf_refused": (p, {}, {**claims, 8: {}}, 5), "no_exp": (p, {}, {1: ISS, 3: AUD}, 0), "alone": (ALG, {}, {**claims, 1: "https://cut.example"}, 0), "text_keys": (p, {}, {**claims, "iss": "x"}, 0),
        "negative_key": (p, {}, {**claims, -1: 5}, 0), "short": (p, {}, {**claims, 99: b"x" * 400}, 14), "max_age": (p, {}, {**claims, 6: NOW - 200}, 8),
    }
    cuts = ["a1", "a101", "a10181", "a1038161ff", "a10381", "a103818181818101", "a119ffff", "a119ffffa1", "a119ffffa16b7374617475735f6c697374", "a119ffffa16b7374617475735f6c697374a1", "a119ffffa16b7374617475735f6c697374a163696478",
            "a119ffffa16b7374617475735f6c697374a16369647861ff", "a119ffffa161ff01", "a119ffffbb0000000000000081", "a119ffff9f", "a2190100011901010219", "b9ffff", "a1f600", "a119ffffa16b7374617475735f6c6973749f", "a119ffffa16b7374617475735f6c697374b9ffff"]
    cases |= {f"cut{i}": (p, {}, bytes.fromhex(text), 0) for i, text in enumerate(cuts)}
    cases |= {f"header_cut{i}": (bytes.fromhex(text), {}, claims, 0) for i, text in enumerate(("a1", "a10", "a101", "a12761ff", "b9ffff", "a1f601", "80"))if len(text) % 2 == 0}
    cases |= {f"bucket_cut{i}": (p, bytes.fromhex(text), claims, 0) for i, text in enumerate(("a10461ff", "b9ffff", "a1f601", "a1049f"))}
    for n, value in enumerate(({"status_list": {"idx": 1, "uri": LIST}}, {"status_list": {"idx": 0, "uri": LIST}}, {"status_list": {"idx": 2 ** 32, "uri": LIST}}, {"status_list": {"idx": -1, "uri": LIST}},
                               {"status_list": {"idx": 1}}, {"status_list": {"uri": LIST}}, {"status_list": {"idx": 1, "uri": b"x"}}, {"status_list": []}, {"status_list": {"idx": 1, "uri": LIST, 1: [2]}}, {}, {1: [2]}, [], 5)):
        cases[f"status{n}"] = (p, {}, {**claims, 65535: value}, 0)
    return cases


def cbor_of(value):
    return value if isinstance(value, bytes) else cbor(value)


def seeds_cwt():
    seeds = {}
    for name, (protected, unprotected, payload, policy) in cwt_cases().items():
        body = piece16(cbor_of(protected)) + piece16(cbor_of(unprotected)) + cbor_of(payload)
        seeds[name] = u8(1, (policy or 1) - 1) + u16(32768) + body
    good = piece16(cbor({**ALG, 4: b"k1"})) + piece16(b"") + cbor({1: ISS, 3: AUD, 4: NOW + 300})
    seeds |= {f"make{make}": u8(make, 0) + u16(32768) + good for make in (1, 3, 5, 7, 9, 11, 13, 15, 0x11)}
    raw = ["", "d2", "d284", "d28440a04040", "d28440a040584000", "d83dd28440a04040", "84", "8440a04040", "d18440a04040", "d28540a0404040", "d2a0", "d28460a04040", "d28440a0f640", "d28440a0404000", "d29f40a04040ff", "d2d28440a04040",
           "d84584404040", "d28440604040", "d28440a16161004040", "d2841840a04040"]
    seeds |= {f"raw{i}_{told}": u8(told, 0) + u16(32768) + bytes.fromhex(text) for i, text in enumerate(raw) for told in (0, 8)}
    return seeds


def paseto_cases():
    """name: (footer, payload, policy)"""
    f, c = {"kid": "k1"}, {"iss": ISS, "aud": AUD, "exp": "2027-01-15T08:05:00Z"}
    return {
        "good": (f, c, 0), "no_footer": (b"", c, 0), "lone": (b"", changed(c, iss="https://cut.example"), 0), "footer_text": (b"k1", c, 0), "footer_no_kid": ({}, c, 0), "footer_kid_number": ({"kid": 1}, c, 0),
        "footer_kid_nul": ({"kid": "a\0"}, c, 0), "footer_513": (text_of(f) + b" " * 501, c, 0), "footer_512": (text_of(f) + b" " * 500, c, 0), "payload_not_json": (f, b"{", 0), "payload_big": (f, changed(c, x="y" * 4100), 16),
        "payload_empty": (f, b"", 0), "exp_number": (f, changed(c, exp=1), 0), "exp_bad": (f, changed(c, exp="2027-02-30T00:00:00Z"), 0), "exp_past": (f, changed(c, exp="2027-01-15T08:00:00Z"), 0), "no_exp": (f, changed(c, exp=None), 0),
        "nbf": (f, changed(c, nbf="2027-01-15T08:00:00.5Z"), 0), "nbf_bad": (f, changed(c, nbf="x"), 0), "iat": (f, changed(c, iat="2027-01-15T09:00:00+01:00"), 0), "iat_future": (f, changed(c, iat="2027-01-15T09:00:00-01:00"), 0),
        "iat_bad": (f, changed(c, iat=[]), 0), "aud_list": (f, changed(c, aud=[AUD]), 0), "aud_none": (f, changed(c, aud=None), 0), "aud_nul": (f, changed(c, aud="a\0"), 0), "cnf": (f, changed(c, cnf={"jkt": "t"}), 0), "cnf_bad": (f, changed(c, cnf=1), 0),
        "jkt": (f, changed(c, cnf={"jkt": "denied"}), 0), "jkt_number": (f, changed(c, cnf={"jkt": 1}), 0), "jti": (f, changed(c, jti="denied"), 0), "jti_number": (f, changed(c, jti=1), 0), "sid": (f, changed(c, sid="s" * 256), 0), "sub_nul": (f, changed(c, sub="\0"), 0),
        "iss_other": (f, changed(c, iss="x"), 0), "status": (f, changed(c, **status(1)), 0), "status_bad": (f, changed(c, status=1), 0), "status_none": (f, changed(c, status={}), 0), "status_list_bad": (f, changed(c, status={"status_list": 1}), 0),
        "idx_bad": (f, changed(c, **status("1")), 0), "idx_sign": (f, changed(c, **status(-1)), 0), "idx_over": (f, changed(c, **status(2 ** 32)), 0), "uri_bad": (f, changed(c, **status(1, 5)), 0), "no_idx": (f, changed(c, status={"status_list": {"uri": "x"}}), 0),
        "idx_frac": (f, b'{"status":{"status_list":{"idx":1.5,"uri":"x"}}}', 0), "idx_exp": (f, b'{"status":{"status_list":{"idx":1e1,"uri":"x"}}}', 0), "idx_long": (f, changed(c, **status(10 ** 11)), 0), "cnf_empty": (f, changed(c, cnf={}), 0),
        "no_uri": (f, changed(c, status={"status_list": {"idx": 1}}), 0), "assertion": (f, c, 15), "short": (f, changed(c, x="y" * 400), 14), "strict": (f, changed(c, exp="2020-01-01T00:00:00Z"), 2), "iss_number": (f, changed(c, iss=1), 0),
    }


def seeds_paseto():
    seeds = {}
    for name, (footer, payload, policy) in paseto_cases().items():
        seeds[name] = u8(1, (policy or 1) - 1) + u16(32768) + piece16(text_of(footer)) + text_of(payload)
    good = piece16(b"") + text_of({"iss": ISS})
    seeds |= {f"cut{n}": u8(1 | n << 1, 0) + u16(32768) + good for n in range(1, 8)}
    raw = [b"", b"v", b"v4", b"v4.", b"v4.public", b"v4.public.", b"v4.public.AA", b"v4.public.AA.", b"v4.public.AA.AA.AA", b"v4.public..AA", b"v2.public.AA", b"v4.local.AA", b"v4.public.A", b"v4.public." + b"A" * 86,
           b"v4.public." + b"A" * 84, b"v4.public.AA.A", b"v4.public.A*", b"V4.public.AA", b"v4.publicAA", b"v4.public." + b"A" * 5640, b"a.b.c", b"v4.public." + b"A" * 86 + b".e30"]
    seeds |= {f"raw{i}": u8(0, 0) + u16(32768) + text for i, text in enumerate(raw)}
    return seeds


def seeds_rfc3339():
    texts = ["2027-01-15T08:00:00Z", "2027-01-15t08:00:00z", "2027-01-15T08:00:00.5+01:00", "2027-01-15T08:00:00.000-23:59", "1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.1Z", "9999-12-31T23:59:59-00:01",
             "2024-02-29T00:00:00Z", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2000-02-29T00:00:00Z", "2027-00-01T00:00:00Z", "2027-13-01T00:00:00Z", "2027-01-00T00:00:00Z", "2027-04-31T00:00:00Z", "2027-01-01T24:00:00Z", "2027-01-01T00:60:00Z", "2027-01-01T00:00:60Z",
             "2027-01-01T00:00:00", "2027-01-01T00:00:00.Z", "2027-01-01T00:00:00.5", "2027-01-01T00:00:00+24:00", "2027-01-01T00:00:00+00:60", "2027-01-01T00:00:00+0000", "2027-01-01 00:00:00Z", "2027/01/01T00:00:00Z", "2027-01/01T00:00:00Z", "2027-01-01T00-00:00Z", "2027-01-01T00:00-00Z",
             "2027-01-01T00:00:00ZZ", "202x-01-01T00:00:00Z", "2027-0x-01T00:00:00Z", "2027-01-0xT00:00:00Z", "2027-01-01T0x:00:00Z", "2027-01-01T00:0x:00Z", "2027-01-01T00:00:0xZ", "", "2027", "2027-01-01T00:00:00x", "2027-01-01T00:00:00*00:00", "2027-01-01T00:00:00+0x:00", "1970-01-01T00:00:00Z"]
    return {text: text.encode() for text in texts} | {"numbers": u8(1) + bytes(range(20)), "numbers2": u8(1) + b"\xff" * 9, "numbers3": u8(1)}


# ── JWKS, configuration ──

X1 = "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w"  # of the seed 01…01
X2 = "gTl3Dqh9F19Wo1Rmw0x-zMuNipG07jeiXfYPW4_Js5Q"  # of the seed 02…02


def seeds_jwks():
    key = {"kty": "OKP", "crv": "Ed25519", "x": X1}
    keys = [
        key, changed(key, kid="a"), changed(key, d="x"), changed(key, kid=1), changed(key, kid="a\0"),
        changed(key, kid="k" * 256), changed(key, kid=""), changed(key, x=None), changed(key, x="AA"),
        changed(key, x="A" * 43), changed(key, x=X1[:-1] + "x"), changed(key, kty="RSA"),
        changed(key, crv="X25519"), changed(key, use="enc"), changed(key, use="sig"), changed(key, use=1),
        changed(key, key_ops=["verify"]), changed(key, key_ops=["sign"]), changed(key, key_ops=1),
        changed(key, alg="EdDSA"), changed(key, alg="Ed25519"), changed(key, alg="RS256"),
        changed(key, x="AQ" + "A" * 41), changed(key, x="_" * 42 + "8"), changed(key, kty=1),
    ]
    sets = [{"keys": [k]} for k in keys] + [
        {"keys": []}, {"keys": {}}, {"keys": [1]}, {}, {"keys": [changed(key, kid="a"), changed(key, kid="b", x=X2)]},
        {"keys": [changed(key, kid="a"), changed(key, kid="a", x=X2)]}, {"keys": [key, changed(key, x=X2)]},
        {"keys": [changed(key, kid="k%d" % i) for i in range(65)]},
    ]
    seeds = {f"set{i}": b"\0" + text_of(value) for i, value in enumerate(sets)}
    seeds |= {f"one{i}": u8(i & 1) + text_of(value) for i, value in enumerate(keys)}
    seeds |= {"not_json": b"\0{", "dup": b'\0{"keys":[],"keys":[]}', "dup_in": b'\0{"keys":[{"kty":"OKP","kty":"OKP"}]}'}
    return seeds


def seeds_config():
    base = "name: demo\nstate: /s\n"
    socket = "ports: [{name: p0, kind: socket, addresses: [127.0.0.1]}]\n"
    dpdk = ("mode: plain\nports:\n - {name: p0, kind: dpdk, addresses: [192.0.2.1/24, '2001:db8::1/64'], "
            "device: net0, queues: 2, vlan: 100, service_vlan: 200, gateway: [192.0.2.254], "
            "mac: 02:00:00:00:00:01}\n")
    pcap = ("mode: plain\nports: [{name: p0, kind: pcap, addresses: [192.0.2.1/24], pcap_in: a, pcap_out: b, "
            "mac: 02:00:00:00:00:01, clock: system}]\n")
    full = base + dpdk + ("run: /r\nuser: u\nbase_port: 1000\nmax_datagram: 9000\nidle: sleep:70\n"
                          "ed25519: sodium\nsignature_deadline_us: 5\ncontrol_cpu: 0\neal: [--in-memory]\n"
                          "workers: [{port: p0, queue: 0, cpu: 1}, {port: p0, queue: 1}]\n")
    texts = [base + socket, base + dpdk, base + pcap, full, base, "", "a", "[]", "- a", "a: &x 1\nb: *x\n", "\t", "{",
             base + socket + "name: again\n", base + socket + "nonsense: 1\n", base + "ports: []\n",
             base + "ports: 1\n", base + socket + "idle: spin\n", base + socket + "idle: pause\n",
             base + socket + "idle: sleep:x\n", base + socket + "base_port: 65500\n",
             base + socket + "base_port: 0\n", base + socket + "max_datagram: 100\n",
             base + socket + "max_datagram: 65508\n", base + socket + "ed25519: x\n", base + socket + "mode: x\n",
             base + socket.replace("127.0.0.1", "192.0.2.1"), base + socket.replace("127.0.0.1", "'::1'"),
             base + socket.replace("127.0.0.1", "1.2.3"), base + socket.replace("socket", "x"),
             base + socket.replace("p0", "P 0"), base + dpdk.replace("/24", "/33"), base + dpdk.replace("/64", ""),
             base + dpdk.replace("vlan: 100", "vlan: 4096"), base + dpdk.replace("02:00:00:00:00:01", "1:2"),
             base + dpdk.replace("02:00", "03:00"), base + pcap.replace("mac", "mtu"), base + pcap.replace("system", "x"),
             base + socket + "workers: [{port: p9}]\n", base + socket + "workers: [{port: p0, queue: 3}]\n",
             base + socket + "workers: [{port: p0}, {port: p0}]\n", base + socket + "eal: [" + "a," * 33 + "a]\n",
             base.replace("demo", "Demo!") + socket, "x: " + "[" * 12 + "]" * 12 + "\n", "---\n" + base + socket + "---\na: 1\n",
             *(base + socket + f"ed25519: {{impl: portable, {more}}}\n" for more in (
                 "sample: 0", "sample: x", "table_budget: 20M", "table_budget: 4096", "table_budget: 65G", "table_budget: M",
                 "table_budget: 1T", "table_budget: 1MM", "table_budget: 1234567890")),
             *(base + socket + f"cache: {{memory: {size}}}\n" for size in ("1M", "0", "1", "99T", "x", "9999999G")),
             "? [a]\n: 1\n", base + socket + "run: [a]\n", base + socket + "control_cpu: -5\n"]
    two = dpdk + " - {name: p1, kind: dpdk, addresses: [192.0.2.2/24], device: net1}\n"
    texts += [base + two] + [base + two.replace(old, new) for old, new in (
        ("p1", "p0"), ("net1", "net0"), ("p1, kind: dpdk", "p1, kind: [x]"), ("kind: dpdk, ", ""))]
    texts += [base + dpdk.replace(old, new) for old, new in (
        ("device: net0", "device: net0, vdev: 'net0,iface=e'"), ("device: net0", "device: net0, vdev: net1"),
        ("device: net0", "device: ''"), ("queues: 2", "queues: 0"), ("queues: 2", "queues: 65"), ("queues: 2", "queues: x"),
        ("vlan: 100, ", ""), ("vlan: 100", "vlan: 99999999999999999999"), ("02:00:00:00:00:01", "00:00:00:00:00:00"),
        ("02:00:00:00:00:01", "02:00:00:00:00:zz"), ("02:00:00:00:00:01", "02:00:0:00:00:001"), ("02:00:00:00:00:01", "2::::::::::::::::"),
        ("[192.0.2.1/24, '2001:db8::1/64']", "[]"), ("192.0.2.1/24", "192.0.2.1/x"), ("192.0.2.1/24", "192.0.2.1/0"),
        ("192.0.2.1/24", "224.0.0.1/24"), ("192.0.2.1/24", "255.255.255.255/32"), ("192.0.2.1/24", "0.0.0.0/8"),
        ("2001:db8::1/64", "ff02::1/64"), ("2001:db8::1/64", "192.0.2.1/24"), ("192.0.2.1/24", "1" * 60), ("192.0.2.1/24", "192.0.2.1/20"),
        ("192.0.2.254", "192.0.3.254"), ("192.0.2.254", "x"), ("192.0.2.254", "192.0.2.254/24"), ("192.0.2.254", "fe80::1"),
        ("192.0.2.254", "192.0.2.254, 192.0.2.253"), ("192.0.2.254", "192.0.2.254, '2001:db8::2'"), ("192.0.2.254", "224.0.0.1"),
        ("[192.0.2.254]", "[" + "192.0.2.9," * 8 + "192.0.2.9]"), ("192.0.2.254", "'2001:db9::2'"), ("192.0.2.254", "0.0.0.0"))]
    texts += [base + dpdk.replace(old, new) for old, new in (
        ("192.0.2.1/24", "192.0.2.1"), ("192.0.2.1/24", "192.0.2.1/"), ("192.0.2.1/24", "192.0.2.1/1234"), ("192.0.2.1/24", "192.0.2.1/2x"),
        ("192.0.2.1/24", "192.0.2.1/20, 192.0.2.9/20"), ("192.0.2.254", "fec0::1"), ("device: net0", "device: net0, vdev: net00"), ("device: net0", "device: net0, vdev: ''"))]
    texts += [base + dpdk.replace("192.0.2.1/24", "192.0.2.1/20").replace("192.0.2.254", "192.0.200.1"), base + pcap.replace("pcap_in: a", "pcap_in: ''"),
              base + pcap.replace("pcap_out: b", "pcap_out: ''"), base + socket.replace("addresses", "device: x, addresses"), base + "run: ''\n" + socket,
              base + socket + "idle: sleep:999999\n", base + two + "workers: [{port: p0}, {port: p0, queue: 1}, {port: p1}]\n"]
    texts += [base + pcap.replace("pcap_out: b", "pcap_out: a"), base + pcap.replace("clock: system", "queues: 2"),
              base + dpdk + "max_datagram: 20000\n", base + dpdk + "workers: [{port: p0}]\n", base + dpdk + "workers: [{queue: 1}]\n",
              base + dpdk + "workers: [{port: p0, cpu: 99999}]\n", base + socket + "eal: [-l, 1]\n", base + socket + "eal: [--lcores=1]\n",
              base + socket + "eal: ['']\n", base + socket + "idle: sleep:0\n", base + socket + "idle: sleep:9999999\n",
              base + socket + "idle: sleep:5x\n", base + socket + "state: ''\n", "name: demo\n" + socket, "state: /s\n" + socket,
              base + "user: ''\n" + socket, base + "name: ''\n" + socket, base.replace("demo", "d" * 33) + socket,
              base + socket + "signature_deadline_us: -1\n", base + socket + "control_cpu: 0x1\n", base + socket + "mode: [plain]\n",
              base + socket + "workers: {}\n", base + socket + "ports2: {}\n", base + "ports: [{name: p0, kind: socket, addresses: [127.0.0.1], nonsense: 1}]\n",
              base + "ports: [{name: p0, kind: socket, addresses: [127.0.0.1], name: p1}]\n", base + "mode: plain\nports: [" + ",".join(
                  "{name: p%d, kind: socket, addresses: [127.0.0.%d], queues: 30}" % (i, i + 1) for i in range(3)) + "]\n",
              base + "ports: [" + ",".join("{name: p%d, kind: socket, addresses: [127.0.0.1]}" % i for i in range(17)) + "]\n",
              base + socket + "eal: [[a]]\n", base + socket + "idle: &a spin\n", base + socket + "\xff: 1\n", base + socket + "%TAG\n",
              base + socket + "k" * 300 + ": 1\n", "[a, {b: c}]\n", base + socket + "run: '\0'\n", base + socket + 'run: "\\0"\n',
              base + socket + "? \n: 1\n", base + socket + "...\nb: 1\n", base + "ports:\n - name: p0\n   kind: socket\n   addresses:\n    - 127.0.0.1\n    - ::1\n"]
    return {str(i): text.encode("utf-8", "surrogateescape") for i, text in enumerate(texts)}


# ── the pipeline: set-up, steps ──

OUR, THEIR = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
OUR6, THEIR6 = b"\xfd" + bytes(14) + b"\1", b"\xfd" + bytes(14) + b"\2"
FIX_ALL = 0x1f


def ether(kind, body, dst=OUR, src=THEIR, tags=b""):
    return dst + src + tags + u16(kind) + body


def ip4(protocol, body, options=b"", src=b"\x0a\0\0\2", dst=b"\x0a\0\0\1", flags=0x4000, version=4, length=None):
    head = (20 + len(options)) // 4
    total = 20 + len(options) + len(body) if length is None else length
    return u8(version << 4 | head, 0) + u16(total) + u16(0) + u16(flags) + u8(64, protocol) + u16(0) + src + dst + \
        options + body


def ip6(following, body, src=THEIR6, dst=OUR6, hops=64, length=None, version=6):
    return u8(version << 4, 0, 0, 0) + u16(len(body) if length is None else length) + u8(following, hops) + src + dst + body


def udp(payload, src=32768, dst=25519, length=None):
    return u16(src) + u16(dst) + u16(8 + len(payload) if length is None else length) + u16(0) + payload


def frame(data, fix=6, flags=0):
    return u8(0, fix, flags) + piece16(data)


def icmp(kind, body=bytes(12), code=0):
    return u8(kind, code, 0, 0) + body


def solicitation(target=OUR6, option=b"\1\1" + THEIR):
    return u8(135, 0, 0, 0) + bytes(4) + target + option


def verify(make=0, flags=0, records=(u8(0, 0),), epoch=b""):
    return u8(3, make | (len(records) - 1) << 4, flags) + epoch + b"".join(records)


def minted(payload, key=0, policy=0):
    return u8(0x84 | key << 3, policy) + piece16(text_of(payload))


def seeds_pipeline():
    ping, one = egt(3, records=[(b"", 0, 0)]), egt()
    arp = bytes.fromhex("0001080006040001") + THEIR + b"\x0a\0\0\2" + bytes(6) + b"\x0a\0\0\1"
    group = bytes.fromhex("3333ff000001")
    node = bytes.fromhex("ff0200000000000000000001ff000001")
    vlan, qinq = bytes.fromhex("81000064"), bytes.fromhex("88a800c8")
    frames = {
        "short": b"\2\0", "not_for_us": ether(0x800, b"", dst=b"\4" * 6), "source": ether(0x800, b"", src=b"\xff" * 6),
        "type": ether(0x1234, b""), "tag": ether(0x800, ip4(17, udp(one)), tags=vlan), "tags3": ether(0x800, b"", tags=vlan * 3),
        "tag_cut": ether(0x8100, b""), "ip4_udp": ether(0x800, ip4(17, udp(one))), "ip6_udp": ether(0x86dd, ip6(17, udp(ping))),
        "ip4_options": ether(0x800, ip4(17, udp(one), options=b"\1" * 8)), "broadcast": ether(0x800, ip4(17, udp(one)), dst=b"\xff" * 6),
        "ip4_fragment": ether(0x800, ip4(17, udp(one), flags=0x2000)), "ip4_version": ether(0x800, ip4(17, udp(one), version=5)),
        "ip4_dst": ether(0x800, ip4(17, udp(one), dst=b"\x0a\0\0\7")), "ip4_src": ether(0x800, ip4(17, udp(one), src=b"\x7f\0\0\1")),
        "ip4_src_ours": ether(0x800, ip4(17, udp(one), src=b"\x0a\0\0\1")), "ip4_src_all": ether(0x800, ip4(17, udp(one), src=b"\x0a\0\0\xff")),
        "ip4_tcp": ether(0x800, ip4(6, bytes(20))), "echo4": ether(0x800, ip4(1, icmp(8))), "icmp_type": ether(0x800, ip4(1, icmp(3))),
        "echo4_code": ether(0x800, ip4(1, icmp(8, code=1))), "icmp_short": ether(0x800, ip4(1, b"\x08\0")),
        "echo6": ether(0x86dd, ip6(58, icmp(128))), "icmp6_type": ether(0x86dd, ip6(58, icmp(1))),
        "echo6_options": ether(0x86dd, ip6(60, u8(58, 0, 1, 4, 0, 0, 0, 0) + icmp(128))),
        "nd": ether(0x86dd, ip6(58, solicitation(), hops=255)), "nd_group": ether(0x86dd, ip6(58, solicitation(), dst=node, hops=255), dst=group),
        "nd_bare": ether(0x86dd, ip6(58, solicitation(option=b""), hops=255)),
        "nd_probe": ether(0x86dd, ip6(58, solicitation(option=b""), src=bytes(16), dst=node, hops=255), dst=group),
        "nd_hops": ether(0x86dd, ip6(58, solicitation())), "nd_other": ether(0x86dd, ip6(58, solicitation(THEIR6), hops=255)),
        "nd_option0": ether(0x86dd, ip6(58, solicitation(option=b"\5\0"), hops=255)),
        "nd_option_cut": ether(0x86dd, ip6(58, solicitation(option=b"\5\2" + bytes(6)), hops=255)),
        "nd_multicast": ether(0x86dd, ip6(58, solicitation(b"\xff" * 16), hops=255)),
        "group_udp": ether(0x86dd, ip6(17, udp(one), dst=node), dst=group),
        "all_nodes": ether(0x86dd, ip6(58, icmp(128), dst=bytes.fromhex("ff02") + bytes(13) + b"\1"), dst=bytes.fromhex("333300000001")),
        "ip6_src": ether(0x86dd, ip6(17, udp(one), src=b"\xff" * 16)), "ip6_src_none": ether(0x86dd, ip6(17, udp(one), src=bytes(16))),
        "ip6_dst": ether(0x86dd, ip6(17, udp(one), dst=b"\x20" * 16)), "ip6_tcp": ether(0x86dd, ip6(6, bytes(20))),
        "ip6_version": ether(0x86dd, ip6(17, udp(one), version=4)), "ip6_fragment": ether(0x86dd, ip6(44, bytes(8) + udp(one))),
        "ip6_hop": ether(0x86dd, ip6(0, u8(17, 0, 1, 4, 0, 0, 0, 0) + udp(one))),
        "ip6_hop_late": ether(0x86dd, ip6(60, u8(0, 0, 1, 4, 0, 0, 0, 0) + u8(17, 0, 1, 4, 0, 0, 0, 0) + udp(one))),
        "ip6_route": ether(0x86dd, ip6(43, u8(17, 0, 0, 0, 0, 0, 0, 0) + udp(one))),
        "ip6_route_left": ether(0x86dd, ip6(43, u8(17, 0, 0, 1, 0, 0, 0, 0) + udp(one))),
        "ip6_act": ether(0x86dd, ip6(60, u8(17, 0, 0xc2, 4, 0, 0, 0, 0) + udp(one))),
        "ip6_option_cut": ether(0x86dd, ip6(60, u8(17, 0, 1, 99, 0, 0, 0, 0) + udp(one))),
        "ip6_pad1": ether(0x86dd, ip6(60, u8(17, 0, 0, 0, 0, 0, 0, 0) + udp(one))),
        "ip6_esp": ether(0x86dd, ip6(50, bytes(8))), "ip6_cut": ether(0x86dd, ip6(60, b"\x11\x05\0")),
        "ip6_many": ether(0x86dd, ip6(60, (u8(60, 0) + bytes(6)) * 4 + u8(17, 0) + bytes(6) + udp(one))),
        "udp_port": ether(0x800, ip4(17, udp(one, dst=53))), "udp_source": ether(0x800, ip4(17, udp(one, src=0))),
        "udp_source_ours": ether(0x800, ip4(17, udp(one, src=25520))), "udp_short": ether(0x800, ip4(17, b"\0\1\2")),
        "arp": ether(0x806, arp), "arp_short": ether(0x806, arp[:20]), "arp_other": ether(0x806, arp[:-1] + b"\x09"),
        "arp_reply": ether(0x806, arp[:7] + b"\2" + arp[8:]), "arp_hw": ether(0x806, b"\0\2" + arp[2:]),
        "arp_source": ether(0x806, arp[:8] + b"\xff" * 6 + arp[14:]), "arp_broadcast": ether(0x806, arp, dst=b"\xff" * 6),
        "arp_plen": ether(0x806, arp[:5] + b"\5" + arp[6:]), "arp_type": ether(0x806, arp[:2] + b"\x86\xdd" + arp[4:]),
        "arp_hlen": ether(0x806, arp[:4] + b"\7" + arp[5:]), "arp_group": ether(0x806, arp, dst=group), "echo4_zero": ether(0x800, ip4(1, icmp(8))),
        "ip4_short": ether(0x800, b"\x45" * 9), "ip4_ihl": ether(0x800, b"\x44" + ip4(17, udp(one))[1:]), "ip4_zero": ether(0x800, ip4(17, udp(one), src=bytes(4))),
        "ip4_multi": ether(0x800, ip4(17, udp(one), src=b"\xe0\0\0\1")), "ip6_short": ether(0x86dd, b"\x60" * 9), "ip6_loop": ether(0x86dd, ip6(17, udp(one), src=bytes(15) + b"\1")),
        "ip6_src_ours": ether(0x86dd, ip6(17, udp(one), src=OUR6)), "ip6_ah": ether(0x86dd, ip6(51, bytes(8))), "ip6_mobility": ether(0x86dd, ip6(135, bytes(8))),
        "ip6_hip": ether(0x86dd, ip6(139, bytes(8))), "ip6_shim": ether(0x86dd, ip6(140, bytes(8))), "echo6_code": ether(0x86dd, ip6(58, icmp(128, code=1))),
        "udp_long": ether(0x800, ip4(17, udp(one, length=999))), "nd_code": ether(0x86dd, ip6(58, b"\x87\1" + solicitation()[2:], hops=255)),
        "nd_probe_unicast": ether(0x86dd, ip6(58, solicitation(option=b""), src=bytes(16), hops=255)), "nd_source_2": ether(0x86dd, ip6(58, solicitation(option=b"\1\2" + bytes(14)), hops=255)),
        "nd_probe_source": ether(0x86dd, ip6(58, solicitation(), src=bytes(16), dst=node, hops=255), dst=group), "nd_cut": ether(0x86dd, ip6(58, solicitation()[:20], hops=255)),
        "ip6_broadcast": ether(0x86dd, ip6(17, udp(one)), dst=b"\xff" * 6), "small": ether(0x800, ip4(1, icmp(8, b""))) + bytes(18), "mac33": ether(0x800, b"", dst=b"\x33" + b"\x34" * 5),
        "arp_probe": ether(0x806, arp[:14] + bytes(4) + arp[18:]), "arp_ours": ether(0x806, arp[:14] + b"\x0a\0\0\1" + arp[18:]),
    }
    seeds = {f"f_{name}": b"\0" + frame(data) for name, data in frames.items()}
    seeds |= {f"o_{name}": b"\4" + frame(data) for name, data in frames.items() if "echo" in name or "udp" in name or name == "nd"}
    seeds |= {
        "bad_sums": b"\0" + b"".join(frame(frames[name], fix=2) for name in ("ip4_udp", "ip6_udp", "echo4", "echo6", "nd")),
        "bad_udp_sum": b"\0" + frame(ether(0x800, ip4(17, udp(one))), fix=2) + frame(frames["ip6_udp"], fix=2, flags=8),
        "no_sum": b"\0" + frame(frames["ip4_udp"], fix=2, flags=2), "l4_good": b"\0" + frame(frames["ip4_udp"][:40] + b"\1\2" + frames["ip4_udp"][42:], fix=2, flags=2 | 8),
        "sum_bad": b"\0" + frame(frames["ip4_udp"], flags=4) + frame(frames["ip4_udp"], flags=16) + frame(frames["ip4_udp"], flags=32) + frame(frames["ip4_udp"], flags=64),
        "lengths": b"\0" + frame(ether(0x800, ip4(17, udp(one), length=9)), fix=0) + frame(ether(0x800, ip4(17, udp(one), length=900)), fix=0) + frame(ether(0x86dd, ip6(17, udp(one), length=900)), fix=0)
        + frame(ether(0x800, ip4(17, udp(one, length=3))), fix=4) + frame(ether(0x800, ip4(17, udp(one)) + bytes(30)), fix=4),
        "tagged": b"\1" + frame(frames["tag"]) + frame(frames["ip4_udp"]), "tag0": b"\0" + frame(ether(0x800, ip4(17, udp(one)), tags=bytes.fromhex("81000000"))),
        "qinq": b"\3" + frame(ether(0x800, ip4(17, udp(one)), tags=qinq + vlan)) + frame(ether(0x806, arp, tags=qinq + vlan)) + u8(2, 3) + piece16(one),
        "tagged_two": b"\1" + frame(ether(0x800, ip4(17, udp(one)), tags=qinq + vlan)) + frame(ether(0x800, ip4(17, udp(one)), tags=bytes.fromhex("81000065"))),
        "qinq_one": b"\3" + frame(ether(0x800, ip4(17, udp(one)), tags=vlan)) + frame(ether(0x800, b"", tags=vlan + vlan)) + frame(ether(0x800, b"", tags=qinq + qinq)),
        "untagged": b"\0" + frame(ether(0x800, ip4(17, udp(one)), tags=vlan)) + frame(ether(0x800, b"", tags=vlan + vlan)),
        "nd_room": b"\x80" + frame(frames["nd_bare"]), "datagrams": b"\0" + b"".join(u8(1, 0) + piece16(d) for d in seeds_egt().values()),
        "source_bad": b"\0" + u8(1, 128) + piece16(one), "too_big": b"\x40" + u8(1, 0) + piece16(egt(pad=1300)) + u8(2, 1) + piece16(egt(pad=1300)),
        "udp": b"\0" + b"".join(u8(2, make) + piece16(one) for make in range(8)),
        "pool": b"\0" + b"".join(verify(0, 0, [u8(kind << 3 & 0x38, policy)]) for kind in range(8) for policy in (0, 2, 7)),
        "cached": b"\0" + b"".join(verify(0, flags, [u8(k << 3, 0) for k in range(8)]) + u8(5) for flags in (0, 0, 4, 8)) + u8(8, 0)
        + verify(0, 0, [u8(k << 3, 0) for k in range(8)]) + u8(5, 9, 6, 200, 20) + verify(0, 0, [u8(k << 3, 0) for k in range(8)]) + u8(5),
        "forged": b"\0" + b"".join(verify(0, flags, [u8(0x44 | k << 3, 0) + u16(300) + u8(1) for k in range(8)]) + u8(5) for flags in (0, 0, 4, 8, 8)),
        "pool_many": b"\x20" + verify(1, 0, [u8(k << 3, 0) for k in range(8)]) + u8(6, 255, 9) + verify(3, 8, [u8(k << 3, k) for k in range(8)]) + u8(4, 1),
        "full": b"\x28" + verify(0, 0, [u8(0, 0)] * 8) * 12, "full3": b"\x38" + verify(0, 0, [u8(0, 0)] * 8) * 17,
        "changed_byte": b"\0" + verify(0, 0, [u8(0x44, 0) + u16(200) + b"\1", u8(0x44, 0) + u16(3) + b"\x20"]),
        "minted": b"\0" + verify(0, 0, [minted(changed(CLAIMS, jti="x")), minted(changed(CLAIMS, exp=1)), minted(CLAIMS, key=1)]),
        "raw_token": b"\0" + verify(0, 0, [u8(0xc4, 0) + piece16(b"a.b.c"), u8(0xc6, 0) + piece16(b"\x84"), u8(0xc4, 0) + piece16(b"")]),
        "deny": b"\0" + verify(0, 0, [u8(8, 0)]) + u8(4, 255) + u8(8, 0) + verify(0, 0, [u8(8, 0)]) + verify(0, 16, [u8(0, 0)], u8(1)) + verify(0, 16, [u8(0, 0)], u8(2)),
        "deny_many": b"\0" + b"".join(u8(8, 1) + piece8(b"x%d" % i) for i in range(90)) + verify(0, 0, [u8(8, 0)]),
        "wait": b"\x20" + verify(0, 0, [u8(0, 0)]) + u8(4, 9) + u8(6, 10, 0) + verify(0, 0, [u8(0, 0)]) + u8(4, 9, 6, 200, 3) + verify(0, 0, [u8(0, 0)]) + u8(4, 9, 5),
        "tx_full": b"\0" + verify(0, 0, [u8(0, 0)]) * 3 + u8(5) + verify(0, 0, [u8(0, 0)]) * 3 + u8(4, 1), "expire": b"\0" + verify(0, 0, [u8(0, 0)]) + u8(4, 9, 6, 255, 23) + verify(0, 0, [u8(0, 0)]),
        "utc": b"\0" + u8(7, 0x9c) + verify(0, 0, [u8(0, 0)]) + u8(7, 100) + verify(0, 0, [u8(0, 0)]), "not_ready": b"\xf0" + verify(0, 0, [u8(0, 0)]) + u8(5, 7, 1) + verify(0, 0, [u8(0, 0)]),
        "snapshot": b"\xf8" + verify(0, 0, [u8(0, 0)]) + u8(5, 1, 0) + piece16(ping) + u8(9) + verify(0, 0, [u8(0, 0)]),
        "engine": b"\4" + verify(0, 0, [u8(0, 0)]) + u8(10) + verify(0, 0, [u8(0, 0)]) * 20, "fresh": b"\0" + verify(0, 0, [u8(0, 17), u8(0, 18), u8(0, 19)]),
        "burst": b"\0" + (u8(1, 0) + piece16(b"x")) * 40,
    }
    return seeds


# ── the store: opcode, u8 × 100 s, operands ──

def step(code, *operands, wait=0):
    return u8(code, wait) + b"".join(u8(o) if isinstance(o, int) else o for o in operands)


def varint(value):
    out = b""
    while value > 127:
        out += u8(value & 127 | 128)
        value >>= 7
    return out + u8(value)


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def seeds_state():
    a, uri = b"https://a.example", b"https://a.example/1"
    put = step(0, 0, 0x07)
    policy = step(2, 1, 0, 1, u16(30), bytes(4), piece8(b"JWT"), 1)
    new_list = step(4, 0, 0, 1, u16(900))
    revoke = step(6, 0, 2, u16(3), 0, u16(800), 40)
    base = put + policy + new_list
    row = field(1, 1) + field(3, a) + field(5, 1)
    events = [
        field(1, 5) + field(2, field(1, a)), field(1, 5) + field(3, field(1, a)), field(1, 5) + field(4, field(1, row)),
        field(1, 5) + field(5, field(1, 1)), field(1, 5) + field(6, field(1, uri) + field(2, a) + field(3, 2) + field(4, 9)),
        field(1, 5) + field(7, field(1, uri)), field(1, 5) + field(8, field(1, uri) + field(2, b"\1\5")),
        field(1, 5) + field(8, field(1, uri) + field(2, b"\5\1")), field(1, 5) + field(8, field(1, uri) + field(2, b"\1\5\7")),
        field(1, 5) + field(8, field(1, uri) + field(2, b"\1" + varint(2 ** 32 - 1))), field(8, field(1, b"urn:x") + field(2, b"\1\1")),
        field(9, field(1, 1) + field(2, a) + field(3, b"j") + field(4, 2 ** 40)), field(9, field(1, 9) + field(2, a) + field(3, b"j")),
        field(10, field(1, a) + field(2, b"s") + field(3, 7)), field(11, field(1, a) + field(2, 7)),
        field(12, field(1, a) + field(2, b"b")), field(1, 5), field(1, 5) + field(99, b""), b"\xff", b"",
        field(9, field(1, 1) + field(2, a) + field(3, b"j" * 600) + field(4, 5)),
    ]
    policies = [row, row + field(2, 7) + field(6, b"JWT") + field(17, b"ia"), field(1, 1) + field(8, 301) + field(3, a) + field(5, 1),
                field(1, 1), field(1, 2), row + field(50, 1), row + field(9, 2), row + field(4, b"x"), b"\x0a", row + field(3, b"i" * 300),
                row + b"".join(field(3, b"i%d" % i) for i in range(17)), row + field(17, b"x" * 300),
                row + field(18, b"cwt") + field(19, varint(61)), row + field(19, b"\1\2\3\4\5\6\7\x08\x09"), row + field(19, varint(70000)), row + field(18, b"") ]
    seeds = {
        "empty": b"", "issuer": put, "no_keys": step(0, 0, 0), "no_name": step(0, 2, 1), "policy": put + policy, "follow": base + step(11) + revoke + step(11),
        "change_keys": put + step(11) + step(0, 0, 0x18) + step(11) + step(1, 0, piece8(b""), bytes(4)) + step(11) + put, "remove": base + step(11) + step(3, 0, piece8(b""), u16(0) + u16(1)) + step(11),
        "import": base + step(5, 0, piece8(b"\1\2\3\xff")) + step(11) + revoke + step(11) + step(5, 0, piece8(b"\x55")),
        "import_short": base + step(5, 0, piece8(b"a" * 15)), "import_none": step(5, 1, piece8(b"a")), "lists": base + step(4, 1, 0, 0, u16(1000)) + step(4, 2, 1, 2, u16(3)) + step(4, 3, 0, 3, u16(50)) + step(4, 0, 0, 1, u16(4)) + step(4, 3, 0, 4, u16(4)),
        "fold": base + step(12, 0) + revoke + step(11) + step(7, 1, 0, piece8(b"j"), u16(40000)) + step(8, 0, piece8(b"s"), struct.pack(">I", 1700000000)) + step(11) + revoke,
        "fold_import": base + step(5, 0, piece8(b"\x99")) + step(12, 1) + revoke + revoke + step(5, 0, piece8(b"\x12")) + step(11),
        "fold_behind": base + step(11) + step(12, 0) + revoke + revoke + step(11), "values": base + b"".join(step(7, k, 0, piece8(b"v%d" % k), u16(60000)) for k in range(7)) + step(11),
        "expire": base + step(7, 1, 0, piece8(b"j"), u16(32768), wait=1) + step(11) + step(12, 0) + step(7, 2, 0, piece8(b"k"), u16(60000), wait=200), "value_bad": put + step(7, 1, 1, piece8(b"v"), u16(1)) + step(7, 1, 0, piece8(b""), u16(1)),
        "cutoffs": put + step(8, 0, piece8(b"s"), struct.pack(">I", 5)) + step(9, 0, piece8(b""), struct.pack(">I", 9)) + step(9, 0, piece8(b""), struct.pack(">I", 8)) + step(8, 0, piece8(b"s"), bytes(4)), "key": put + step(10, 0, piece8(b"b"), bytes(4)) + step(11) + put + step(10, 0, piece8(b"zz"), bytes(4)),
        "range_over": base + step(6, 0, 1, u16(890), 50), "range_none": base + step(6, 0, 0) + step(6, 1, 1, u16(1), 1), "policy_bad": step(2, 0, 0, 1, u16(30), bytes(4), piece8(b""), 0) + step(2, 1, 0, 0, piece8(b""), u16(301), bytes(4), piece8(b""), 0),
    }
    seeds |= {f"put{flags}": put + step(2, 2, 0, flags, *([] if flags & 1 else [piece8(b"aud")]), u16(30), bytes(4), piece8(b"x"), *([piece8(b"assert")] if flags & 128 else []), 0)
              for flags in (0, 2, 4, 8, 16, 32, 64, 65, 128, 255)}
    seeds |= {f"cwt{i}": put + step(2, 1 | flags << 2, extra, 0, 1, u16(30), bytes(4), piece8(b""), 0)
              for i, (flags, extra) in enumerate(((1, b""), (3, piece8(b"x")), (3, piece8(b"61")), (4, u16(5)), (7, piece8(b"a/b") + u16(6)), (2, piece8(b"application/cwt"))))}
    seeds |= {f"event{i}": base + step(11) + step(13, piece16(body)) + step(11) for i, body in enumerate(events)}
    seeds |= {f"event_fold{i}": base + step(12, 0) + step(13, piece16(body)) + revoke for i, body in enumerate(events)}
    seeds |= {f"policy{i}": base + step(14, 1, piece16(body)) for i, body in enumerate(policies)}
    seeds |= {"chunk": base + step(15, 1, 0, 0, piece16(b"\xff" * 225)) + step(15, 1, 1, 0, piece16(b"\x55" * 225)), "chunk_len": base + step(15, 1, 0, 0, piece16(b"\xff")),
              "chunk_fold": base + step(15, 1, 1, 0, piece16(b"\xff")) + step(12, 0) + revoke, "record": base + step(16, 1, struct.pack(">QIQQ", 2 ** 40, 5, 1, 2)),
              "record_flags": base + step(16, 0xff, struct.pack(">QIQQ", 2 ** 63, 5, 2 ** 64 - 1, 0)), "unrevoke": base + revoke + step(19, 0, 0, 1, b"j") + step(12, 0),
              "list_bits": base + step(17, 1, 3, u16(9)), "list_small": base + step(11) + step(17, 1, 1, u16(9)) + revoke, "list_zero": base + step(17, 1, 2, u16(0))}
    one_bit, import_ = step(4, 0, 1, 0, 0, u16(100)), step(5, 0, piece8(b"\x99"))
    take_back, jti = step(6, 0, 18 + 1, u16(3), 0), step(7, 1, 0, piece8(b"j"), u16(60000))
    seeds |= {
        "suspend": base + step(6, 0, 9 + 1, u16(3), 0) + step(11), "suspend_one_bit": base + one_bit + step(6, 1, 9 + 1, u16(3), 0),
        "take_back": base + revoke + step(11) + take_back + step(11), "take_back_fold": base + step(11) + step(12, 0) + revoke + take_back + revoke + step(11),
        "take_back_import": base + import_ + revoke + step(11) + take_back + step(11), "take_back_none": base + take_back, "take_back_unknown": base + step(11) + step(13, piece16(field(1, 5) + field(13, field(1, b"urn:x") + field(2, b"\1\1")))) + step(11),
        "take_back_late": base + revoke + step(11) + take_back + step(18, 1, 1) + step(11), "take_back_later": base + revoke + step(11) + take_back + step(18, 1, 9) + step(11),
        "import_follow": base + step(11) + import_ + step(11) + import_, "import_zero": base + revoke + step(11) + step(5, 0, piece8(b"\0")) + step(11),
        "chunk_long": base + step(15, 1, 1, 0, piece16(b"\1" * 300)) + step(11) + revoke + step(12, 0) + revoke,
        "chunk_long_import": base + step(15, 1, 0, 0, piece16(b"\1" * 300)) + step(11) + import_ + step(11),
        "list_changed": base + step(11) + step(17, 1, 4, u16(900)) + step(11) + revoke + step(11), "list_grown": base + step(11) + step(17, 1, 2, u16(1900)) + revoke + step(11),
        "unrevoke_value": base + jti + step(19, 0, 0, piece8(b"j")) + step(11), "unrevoke_fold": base + step(12, 0) + jti + revoke + step(19, 0, 0, piece8(b"j")) + revoke + step(11),
        "unrevoke_not": base + jti + step(12, 0) + revoke + step(19, 0, 0, piece8(b"k")) + step(19, 4, 0, piece8(b"s")) + step(19, 5, 0, piece8(b"")), "unrevoke_event": base + step(13, piece16(field(1, 5) + field(14, field(1, 9) + field(2, a)))),
        "damaged_issuer": base + step(18, 133, 1) + put + step(11), "damaged_key": base + step(18, 134, 1) + put + step(11),
        "window": put + step(20, 0, piece8(b"b"), struct.pack(">II", 5, 9)) + step(11) + step(20, 0, piece8(b"b"), struct.pack(">II", 9, 5)) + step(20, 0, piece8(b"z"), bytes(8)) + step(20, 1, piece8(b"b"), bytes(8)) + step(11),
    }
    seeds |= {f"meta{i}_{n}": base + step(11) + revoke + step(18, i, n) + step(11) + revoke for i in (*range(9), *range(128, 137)) for n in (1, 2, 255)}
    return seeds


def seeds_store():
    seeds = {"whole": b""}
    for at in (0, 16, 18, 19, 24, 28, 52, 56, 60, 68, 92, 100, 103, 105, 108):
        seeds[f"head{at}"] = u8(0, 0) + u16(at) + piece8(b"\xff\0")
    for page in range(1, 30):
        seeds[f"page{page}"] = u8(0, page * 4096 >> 16) + u16(page * 4096 & 0xffff) + piece8(b"\x0d\0\0\0\7\1")
        seeds[f"end{page}"] = u8(0, (page * 4096 - 9) >> 16) + u16((page * 4096 - 9) & 0xffff) + piece8(b"\1")
    seeds |= {"cut": u8(1, 0) + u16(5000) + piece8(b""), "cut0": u8(1, 0) + u16(0) + piece8(b""), "zero": u8(2, 0) + u16(4096) + piece8(b"\0"),
              "schema1": u8(0, 0) + u16(60) + piece8(b"\0\0\0\1"), "schema2": u8(0, 0) + u16(60) + piece8(b"\0\0\0\2"), "schema4": u8(0, 0) + u16(60) + piece8(b"\0\0\0\4"),
              "each": u8(3, 0) + u16(4096) + piece8(b"\5")}
    return seeds


# ── traces: fuzz_trace.c says how an entry is read ──

def seeds_trace():
    stages = (pathlib.Path(__file__).parents[2] / "lib/stats/counters.def").read_text().count("\nEG_STAGE(")
    ask = b"EGTR\1"
    asks = {"any": ask + u8(0, 0, 0), "packets": ask + u8(1, 0, 0), "tokens": ask + u8(3, 1, 9), "drop": ask + u8(0, 2, 3),
            "magic": b"EGTX\1\0\0\0", "version": b"EGTR\2\0\0\0", "flag": ask + u8(4, 0, 0), "kind": ask + u8(0, 3, 0),
            "number": ask + u8(0, 0, 1), "no_verdict": ask + u8(0, 1, 63), "no_drop": ask + u8(0, 2, 250), "short": ask, "empty": b""}

    def packet(dropped=0, datagram=1, number=0, stage_cnt=stages, records=((3, 1, 1, 0, 1, 0),), count=None, request=b"abc"):
        head = struct.pack(">IQQQBBBHII", 1, 2, 3000000000, NOW * 10 ** 9, dropped, datagram, number, 25519, 32, 2)
        body = struct.pack(">II", 60, 50) + struct.pack(">I", len(request)) + request + struct.pack(">I", 2) + b"de"
        rows = b"".join(struct.pack(">HBBBHI", *row) for row in records)
        return u8(1, 3) + head + u8(stage_cnt) + struct.pack(">Q", 9) * stages + body + u8(len(records) if count is None else count) + rows

    messages = {"armed": u8(1, 1), "refused": u8(1, 2) + b"why", "packet": packet(), "dropped": packet(1, 0, 3, records=()),
                "many": packet(records=[(9, 1, 1, 0, 1, 7)] * 64), "bool": packet(2), "bool2": packet(datagram=7), "no_answer": packet(number=200),
                "no_drop": packet(1, number=200), "stages": packet(stage_cnt=1), "count": packet(count=65), "cut": packet()[:-1],
                "more": packet() + b"x", "version": u8(2, 1), "kind": u8(1, 4), "kind0": u8(1, 0), "armed_more": u8(1, 1, 0), "empty": b""}

    def reply(count, kind=2):
        return struct.pack(">HBBBBHQ", 0xE6A7, 1, kind, 0, count, 24 + 12 * count, 1) + bytes(8) + struct.pack(">BBHII", 1, 0, 1, 0, 0) * count

    def frame(payload, padding=b""):
        addresses = u8(10, 0, 0, 2, 10, 0, 0, 1)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0) + addresses
        return u8(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0) + ip + struct.pack(">HHHH", 5000, 25519, 8 + len(payload), 0) + payload + padding

    def entry(flags, number, request, answer=b"", off=0):
        return u8(2, flags, number) + u16(off) + piece16(request) + piece16(answer)

    one, two = egt(), egt(records=[(b"eyJhbGciOiJub25lIn0.e30.", 1, 0), (b"", 0, 0)])
    entries = {"one": entry(2, 0, one, reply(1)), "two": entry(2, 0, two, reply(2)), "tokens": entry(6, 0, two, reply(2)),
               "frame": entry(8, 0, frame(one, b"padding"), bytes(42) + reply(1), 42), "frame_bad": entry(0, 0, frame(one)[:-1], bytes(42) + reply(1), 42),
               "dropped": entry(3, 27, two), "dropped_frame": entry(1, 9, frame(two)), "bad_version": entry(2, 0, egt(version=2), reply(1)),
               "ping": entry(2, 1, egt(3, records=[(b"", 0, 0)])), "no_reply": entry(2, 0, one), "other_count": entry(2, 0, one, reply(2)),
               "other_kind": entry(2, 0, one, reply(1, 4)), "off": entry(2, 0, one, reply(1), 1), "no_request": entry(2, 0, b"junk", reply(1)),
               "nothing": entry(3, 0, b""), "magic_alone": entry(3, 0, one[:9]),
               "not_egt": entry(3, 27, b"eyJhbGciOiJub25lIn0.e30."), "request_cut": entry(18, 0, one, reply(1)), "fmt": entry(2, 0, egt(records=[(b"v4.public.x", 0, 0), (b"\xd2\x84", 0, 0), (b"a.b", 0, 0)]), reply(3))}
    return ({f"ask_{name}": b"\0" + data for name, data in asks.items()} | {f"message_{name}": b"\1" + data for name, data in messages.items()}
            | {f"entry_{name}": data for name, data in entries.items()})


# ── writing ──

def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: seeds.py FOLDER")
    root = pathlib.Path(sys.argv[1])
    for name, make in list(globals().items()):
        if not name.startswith("seeds_"):
            continue
        folder = root / name[len("seeds_"):]
        folder.mkdir(parents=True, exist_ok=True)
        for data in make().values():
            (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: BSD-3-Clause
"""The rules of protocol.md in their order, each with one way to break it: alone and in all pairs.

Of a token that breaks two rules the earlier one must be answered. Behind them the limits: the last
value that passes and the first that does not. What is expected comes from these tables and not from
decide.py, so they are a check on that too.
"""
import itertools
import random
from typing import Callable, NamedTuple

import decide
import mutate
from mutate import NOW
from world import CUT, ISS, OTHER, RULES_POLICY, RULES_STRICT_POLICY

JKT = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


class Rule(NamedTuple):
    status: str
    detail: str
    name: str
    touches: tuple  # what is changed: two rules that change the same are no pair
    change: Callable  # (draft)


def rule(status, detail, name, touches, change):
    return Rule(status, detail, name, tuple(touches.split()), change)


# --- ways to break

def claim(name, value):
    return lambda d: d.claims.set(name, value)


def no_claim(name):
    return lambda d: d.claims.drop(name)


def time(name, t):
    return lambda d: d.time(name, t)


def header(name, value):
    return lambda d: d.header.set(name, value)


def kid(value, key="a"):
    def change(draft):
        draft.set_kid(value)
        draft.key = key
    return change


def issuer_cut(draft):
    draft.claims.set("iss", CUT)
    draft.time("iat", NOW - 100)
    draft.key = "g"
    draft.set_kid("k1")


def twice(doc):
    return lambda d: doc(d).members.extend([(doc(d).name("twice"), doc(d).encode(1))] * 2)


def padded(doc, size):
    return lambda d: doc(d).set("pad", "p" * size)


def spoiled(doc, text):
    return lambda d: doc(d).edits.append(lambda rendered: rendered + text)


def parts(edit):
    return lambda d: d.outer_edits.append(edit)


def whole(edit):
    return lambda d: d.token_edits.append(edit)


def signed(edit):
    return lambda d: d.signature_edits.append(lambda s, message, key: edit(s))


def the_header(draft):
    return draft.header


def the_claims(draft):
    return draft.claims


def listed(idx, uri=ISS + "/sl/2"):
    return claim("status", {"status_list": {"idx": idx, "uri": uri}})


def flipped(signature):
    return bytes([signature[0] ^ 1]) + signature[1:]


def plus_order(signature):
    s = int.from_bytes(signature[32:], "little") + mutate.ed25519_ref.L
    return signature[:32] + s.to_bytes(32, "little")


# --- the tables, in the order of protocol.md section 2

def members(wrong_time, sid, aud=7):
    """S5: in the order of decision 0005."""
    out = [rule("MALFORMED", "ISS", "iss: a number", "iss", claim("iss", 7)),
           rule("MALFORMED", "ISS", "iss: 256 bytes", "iss", claim("iss", "x" * 256)),
           rule("MALFORMED", "SUB", "sub: a number", "sub", claim("sub", 7)),
           rule("MALFORMED", "SUB", "sub: 256 bytes", "sub", claim("sub", "x" * 256)),
           rule("MALFORMED", "SUB", "sub: NUL", "sub", claim("sub", "a\0"))]
    if sid:
        out += [rule("MALFORMED", "JTI", "jti: a number", "id", claim("jti", 7)),
                rule("MALFORMED", "JTI", "jti: 256 bytes", "id", claim("jti", "x" * 256)),
                rule("MALFORMED", "SID", "sid: an array", "sid", claim("sid", []))]
    else:
        out += [rule("MALFORMED", "CTI", "cti: a text", "id", claim("jti", "x")),
                rule("MALFORMED", "CTI", "cti: 256 bytes", "id", claim("jti", b"x" * 256))]
    out += [rule("MALFORMED", name.upper(), f"{name}: {value!r}", name, claim(name, value))
            for name in ("exp", "nbf", "iat") for value in (wrong_time, True)]
    return out + [
        rule("MALFORMED", "AUD", f"aud: {aud}", "aud", claim("aud", aud)),
        rule("MALFORMED", "AUD", "aud: 17", "aud", claim("aud", [mutate.AUD] * 17)),
        rule("MALFORMED", "CNF", "cnf: a text", "cnf", claim("cnf", "x")),
        rule("MALFORMED", "STATUS", "status: an array", "status", claim("status", [])),
        rule("MALFORMED", "STATUS", "status_list: null", "status",
             claim("status", {"status_list": None})),
        rule("MALFORMED", "STATUS", "idx: 2^32", "status", listed(1 << 32)),
        rule("MALFORMED", "STATUS", "idx: -1", "status", listed(-1)),
        rule("MALFORMED", "STATUS", "uri: a number", "status", listed(1, 7)),
    ]


def values(no_kid, kid_is):
    """S6 and S7."""
    return [
        rule("BAD_ISS", "NONE", "iss: absent", "iss", no_claim("iss")),
        rule("BAD_ISS", "NONE", "iss: another", "iss", claim("iss", OTHER)),
        rule("UNKNOWN_KEY", "NONE", "kid: unknown", "kid", kid("k9")),
        rule("UNKNOWN_KEY", "NONE", "kid: absent", kid_is, no_kid),
        rule("NO_EXP", "EXP", "exp: absent", "exp", no_claim("exp")),
        rule("EXPIRED", "NONE", "exp: now", "exp", time("exp", NOW)),
        rule("NOT_YET_VALID", "NONE", "nbf: now + 1", "nbf", time("nbf", NOW + 1)),
        rule("ISSUED_IN_FUTURE", "NONE", "iat: now + 1", "iat", time("iat", NOW + 1)),
        rule("TOO_OLD", "NONE", "iat: too old", "iat", time("iat", NOW - 3601)),
        rule("TOO_OLD", "NONE", "iat: absent", "iat", no_claim("iat")),
        rule("TOO_OLD", "NONE", "exp: too late", "exp", time("exp", NOW + 7200)),
        rule("BAD_AUD", "NONE", "aud: absent", "aud", no_claim("aud")),
        rule("BAD_AUD", "NONE", "aud: another", "aud", claim("aud", mutate.AUD + "/")),
        rule("CNF_REFUSED", "NONE", "cnf: absent", "cnf", no_claim("cnf")),
    ]


SIGNATURE = [rule("BAD_SIGNATURE", "NONE", "R: another", "signature", signed(flipped)),
             rule("BAD_SIGNATURE", "NONE", "S + L", "signature", signed(plus_order))]


def revocation(sid):
    """S9, in the order of section 4."""
    out = [rule("REVOKED", "KEY", "R1", "kid", kid("gone", "e")),
           rule("REVOKED", "ISSUER", "R2", "iss iat kid", issuer_cut),
           rule("REVOKED", "SUBJECT", "R3", "sub", claim("sub", "\u00fcser")),
           rule("REVOKED", "JTI" if sid else "CTI", "R4 id", "id iss",
                claim("jti", "t-dead" if sid else b"\0\xff\x10"))]
    if sid:
        out += [rule("REVOKED", "SID", "R4 sid", "sid iss", claim("sid", "s-d\u00e9ad")),
                rule("REVOKED", "JKT", "R4 jkt", "cnf iss", claim("cnf", {"jkt": JKT}))]
    return out + [
        rule("REVOKED", "LIST", "R5 revoked", "status iss", listed(1)),
        rule("SUSPENDED", "NONE", "R5 suspended", "status iss", listed(2)),
        rule("REVOKED", "LIST", "R5 another value", "status iss", listed(3)),
        rule("STATUS_UNKNOWN", "NONE", "R5 out of range", "status iss", listed(8)),
        rule("STATUS_UNKNOWN", "NONE", "R5 no such list", "status", listed(0, ISS + "/sl/9")),
        rule("STATUS_UNKNOWN", "NONE", "R5 no list", "status", claim("status", {})),
        rule("STATUS_UNKNOWN", "NONE", "R5 absent", "status", no_claim("status")),
    ]


def drop_kid(draft):
    draft.kid_doc().drop("kid")


def drop_footer(draft):
    draft.has_footer = False


PAYLOAD = [
    rule("MALFORMED", "PAYLOAD", "payload: over 4096 bytes", "size", padded(the_claims, 4090)),
    rule("MALFORMED", "PAYLOAD", "payload: a byte behind", "", spoiled(the_claims, b"x")),
    rule("MALFORMED", "PAYLOAD", "payload: a name twice", "", twice(the_claims)),
]


TOO_LONG = rule("MALFORMED", "TOKEN", "S1", "size", padded(the_claims, 9000))

JWT = [
    TOO_LONG,
    rule("MALFORMED", "TOKEN", "S2 three dots", "", whole(lambda t: t + b".")),
    rule("MALFORMED", "TOKEN", "S2 no payload", "", parts(lambda p: [p[0], b"", *p[2:]])),
    rule("MALFORMED", "TOKEN", "S2 padding", "", whole(lambda t: t + b"=")),
    rule("MALFORMED", "TOKEN", "S3 unused bits", "signature-text", parts(
        lambda p: [*p[:-1], p[-1][:-1] + b"B"])),
    rule("MALFORMED", "HEADER", "header: over 1024 bytes", "", padded(the_header, 1020)),
    rule("MALFORMED", "HEADER", "header: a byte behind", "", spoiled(the_header, b"x")),
    rule("MALFORMED", "HEADER", "header: a name twice", "", twice(the_header)),
    rule("MALFORMED", "ALG", "alg: absent", "alg", lambda d: d.header.drop("alg")),
    rule("MALFORMED", "ALG", "alg: a number", "alg", header("alg", 1)),
    rule("UNSUPPORTED_ALG", "NONE", "alg: RS256", "alg", header("alg", "RS256")),
    rule("UNSUPPORTED_CRIT", "NONE", "crit", "", header("crit", ["exp"])),
    rule("UNSUPPORTED_CRIT", "NONE", "b64", "", header("b64", True)),
    rule("UNSUPPORTED", "NONE", "zip", "", header("zip", "DEF")),
    rule("UNSUPPORTED", "NONE", "enc", "", header("enc", None)),
    rule("MALFORMED", "CTY", "cty: a number", "cty", header("cty", 1)),
    rule("UNSUPPORTED", "NONE", "cty: jwt", "cty", header("cty", "application/jWt")),
    rule("MALFORMED", "TYP", "typ: a number", "typ", header("typ", 1)),
    rule("BAD_TYP", "NONE", "typ: another", "typ", header("typ", "secevent+jwt")),
    rule("BAD_TYP", "NONE", "typ: absent", "typ", lambda d: d.header.drop("typ")),
    rule("MALFORMED", "KID", "kid: a number", "kid", header("kid", 1)),
    rule("MALFORMED", "KID", "kid: NUL", "kid", header("kid", "k1\0")),
    rule("MALFORMED", "SIGNATURE", "signature: 63 bytes", "signature signature-text",
         signed(lambda s: s[:63])),
    *PAYLOAD, *members("1800000300", sid=True),
]

CWT = [
    TOO_LONG,
    rule("MALFORMED", "TOKEN", "S2 no tag", "tags", lambda d: setattr(d, "tags", b"")),
    rule("MALFORMED", "TOKEN", "S2 COSE_Mac0", "tags", lambda d: setattr(d, "tags", b"\xd1")),
    rule("MALFORMED", "TOKEN", "S2 a byte behind", "", whole(lambda t: t + b"\0")),
    rule("MALFORMED", "TOKEN", "S2 array of 5", "", parts(lambda p: [*p, b"\0"])),
    rule("MALFORMED", "TOKEN", "S2 indefinite", "", whole(
        lambda t: t.replace(b"\x84", b"\x9f", 1) + b"\xff")),
    rule("MALFORMED", "TOKEN", "S2 a head too long", "", whole(
        lambda t: t.replace(b"\x84", b"\x98\x04", 1))),
    rule("MALFORMED", "TOKEN", "S2 a key twice", "", twice(lambda d: d.unprotected)),
    rule("MALFORMED", "HEADER", "header: over 1024 bytes", "", padded(the_header, 1020)),
    rule("MALFORMED", "HEADER", "header: a byte behind", "", spoiled(the_header, b"\0")),
    rule("MALFORMED", "HEADER", "header: a label in both", "", lambda d: (
        d.header.set("x", 1), d.unprotected.set("x", 1))),
    rule("MALFORMED", "ALG", "alg: absent", "alg", lambda d: d.header.drop("alg")),
    rule("MALFORMED", "ALG", "alg: unprotected", "alg", lambda d: (
        d.header.drop("alg"), d.unprotected.set("alg", -8))),
    rule("UNSUPPORTED_ALG", "NONE", "alg: ES256", "alg", header("alg", -7)),
    rule("UNSUPPORTED_ALG", "NONE", "alg: a text", "alg", header("alg", "EdDSA")),
    rule("UNSUPPORTED_CRIT", "NONE", "crit", "", header("crit", [1])),
    rule("MALFORMED", "TYP", "typ: negative", "typ", header("typ", -61)),
    rule("BAD_TYP", "NONE", "typ: another", "typ", header("typ", 60)),
    rule("BAD_TYP", "NONE", "typ: absent", "typ", lambda d: d.header.drop("typ")),
    rule("MALFORMED", "KID", "kid: a text", "kid", lambda d: d.kid_doc().set("kid", "k1")),
    rule("MALFORMED", "SIGNATURE", "signature: 63 bytes", "signature", signed(lambda s: s[:63])),
    *PAYLOAD, *members("1800000300", sid=False),
]

PASETO = [
    TOO_LONG,
    rule("UNSUPPORTED_ALG", "NONE", "v3", "prefix",
         lambda d: setattr(d, "prefix", b"v3.public.")),
    rule("UNSUPPORTED_ALG", "NONE", "local", "prefix",
         lambda d: setattr(d, "prefix", b"v4.local.")),
    rule("MALFORMED", "TOKEN", "S3 too many parts", "", whole(lambda t: t + b".AA.AA")),
    rule("MALFORMED", "TOKEN", "S3 padding", "", whole(lambda t: t + b"=")),
    rule("MALFORMED", "TOKEN", "S3 a dot behind", "kid footer", lambda d: (
        drop_footer(d), whole(lambda t: t + b".")(d))),
    rule("MALFORMED", "HEADER", "footer: over 512 bytes", "footer", padded(the_header, 510)),
    rule("MALFORMED", "HEADER", "footer: a byte behind", "footer", spoiled(the_header, b"x")),
    rule("MALFORMED", "HEADER", "footer: a name twice", "footer", twice(the_header)),
    rule("MALFORMED", "KID", "kid: absent", "kid", drop_kid),
    rule("MALFORMED", "KID", "kid: a number", "kid", header("kid", 1)),
    rule("MALFORMED", "SIGNATURE", "body: 63 bytes", "size", parts(
        lambda p: [mutate.b64(bytes(63)), *p[1:]])),
    *PAYLOAD, *members("2027-01-15 08:05:00Z", sid=True, aud=[mutate.AUD]),
]


def table(fmt, strict):
    """All rules of a format in their order; a strict policy asks for the signature before S7."""
    first = {"jwt": JWT, "cwt": CWT, "paseto": PASETO}[fmt]
    judged = values(*((drop_footer, "kid footer") if fmt == "paseto" else (drop_kid, "kid")))
    key, judged = judged[:4], judged[4:]
    ordered = SIGNATURE + judged if strict else judged + SIGNATURE
    return first + key + ordered + revocation(sid=fmt != "cwt")


def passing(fmt, policy):
    """A draft that passes under the policies of the rules."""
    draft = mutate.Draft(random.Random("rules"), fmt)
    draft.policy, draft.mode = policy, "detect"
    draft.time("nbf", NOW - 60)
    draft.claims.set("jti", b"c-1" if fmt == "cwt" else "t-1")
    draft.claims.set("cnf", {"jkt": "x"})
    draft.claims.set("status", {"status_list": {"idx": 0, "uri": ISS + "/sl/2"}})
    return draft


def asked(fmt, policy, broken):
    draft = passing(fmt, policy)
    for one in broken:
        one.change(draft)
    line = draft.render_cwt().hex().encode() if draft.binary else draft.render_text()
    path = (fmt, *(one.name for one in broken))
    return mutate.Asked(line, draft.policy, draft.mode, path)


# --- limits: the last value that passes, and the first that does not

def nested(name, doc, depth):
    value = 1
    for _ in range(depth - 1):
        value = [value]
    return lambda d: doc(d).set(name, value)


def filled(doc, members, inside):
    """So many members, of which some are inside others already."""
    def change(draft):
        for i in range(members - inside - len(doc(draft).members)):
            doc(draft).set(f"m{i:x}", 1)
    return change


def sized(doc, size):
    def change(draft):
        draft_doc = doc(draft)
        name = 4 + 3 if draft_doc.binary else len(b',"pad":""')
        draft_doc.set("pad", "p" * (size - len(draft_doc.render()) - name))
        assert len(draft_doc.render()) == size
    return change


def limits_of_any(fmt):
    """(name, of a value its change, the last value that passes, detail of the first beyond)."""
    deepest, header_max = (4, 1024) if fmt == "cwt" else (8, 512 if fmt == "paseto" else 1024)
    kind = bytes if fmt == "cwt" else lambda b: b.decode()
    yield "payload depth", lambda n: nested("deep", the_claims, n), deepest, "PAYLOAD"
    yield "header depth", lambda n: nested("deep", the_header, n), deepest, "HEADER"
    yield "payload members", lambda n: filled(the_claims, n, 4), 128, "PAYLOAD"
    yield "payload size", lambda n: sized(the_claims, n), 4096, "PAYLOAD"
    yield "header size", lambda n: sized(the_header, n), header_max, "HEADER"
    yield "sub", lambda n: claim("sub", "s" * n), 255, "SUB"
    yield "id", lambda n: claim("jti", kind(b"i" * n)), 255, "CTI" if fmt == "cwt" else "JTI"
    if fmt != "paseto":
        yield "aud", lambda n: claim("aud", [mutate.AUD] * n), 16, "AUD"
        yield "header members", lambda n: filled(the_header, n, 0), 128, "HEADER"
        yield "signature", lambda n: signed(lambda s: (s + b"\0")[:n]), 64, "SIGNATURE"
    if fmt == "cwt":
        yield "unprotected size", lambda n: sized(lambda d: d.unprotected, n), 1024, "TOKEN"


def numbers(name, *texts):
    return [(f"{name} {text}", claim(name, mutate.Raw(text.encode())), *answer)
            for text, answer in texts]


PASSES, TOO_OLD = ("OK", "NONE"), ("TOO_OLD", "NONE")
TIMES = [
    ("exp: now + 1", time("exp", NOW + 1), *PASSES), ("nbf: now", time("nbf", NOW), *PASSES),
    ("iat: now", time("iat", NOW), *PASSES), ("iat: old", time("iat", NOW - 3600), *PASSES),
    ("lifetime", time("exp", NOW - 60 + 6000), *PASSES),
    ("lifetime + 1", time("exp", NOW - 60 + 6001), *TOO_OLD),
]
JWT_NUMBERS = [
    *numbers("exp", ("1800000300.0000000000", PASSES), ("0.000000000018000003e20", PASSES),
             ("1800000300.00000000000", ("MALFORMED", "EXP")), ("253402300799", TOO_OLD),
             ("0.0000000000018000003e21", ("MALFORMED", "EXP")),
             ("253402300799.00000001", ("MALFORMED", "EXP")),
             ("1800000000.9999999999", ("EXPIRED", "NONE")), ("1.8000003E+9", PASSES)),
    *numbers("nbf", ("1800000000.0000000001", ("NOT_YET_VALID", "NONE")), ("-1e20", PASSES)),
    *numbers("iat", ("1800000000.0000000001", ("ISSUED_IN_FUTURE", "NONE")),
             ("1799999999.9999999999", PASSES)),
]
PASETO_TIMES = [
    ("second 59", claim("exp", "2027-01-15T08:04:59Z"), *PASSES),
    ("second 60", claim("exp", "2027-01-15T08:04:60Z"), "MALFORMED", "EXP"),
    ("offset 23:59", claim("exp", "2027-01-16T08:03:59+23:59"), *PASSES),
    ("offset 24:00", claim("exp", "2027-01-16T08:04:59+24:00"), "MALFORMED", "EXP"),
]


def limits(fmt):
    """(name, change, status, detail)."""
    for name, of, last, detail in limits_of_any(fmt):
        yield f"{name} {last}", of(last), *PASSES
        yield f"{name} {last + 1}", of(last + 1), "MALFORMED", detail
    yield from TIMES
    yield from {"jwt": JWT_NUMBERS, "cwt": [], "paseto": PASETO_TIMES}[fmt]


def limit_cases():
    for fmt in ("jwt", "cwt", "paseto"):
        for name, change, status, detail in limits(fmt):
            one = rule(status, detail, name, "", change)
            yield asked(fmt, RULES_POLICY, (one,)), status, detail
    size = decide.REQUEST_TOKEN_MAX  # too long to be drawn
    yield mutate.Asked(b"." * size, RULES_POLICY, "detect", ("S1",)), "MALFORMED", "TOKEN"
    yield mutate.Asked(b"." * (size + 1), RULES_POLICY, "detect", ("S1",)), "TOO_BIG", "NONE"


def cases():
    """(Asked, status, detail) of no fault, of each rule, each pair of rules and each limit."""
    yield from limit_cases()
    for fmt, strict in itertools.product(("jwt", "cwt", "paseto"), (False, True)):
        policy = RULES_STRICT_POLICY if strict else RULES_POLICY
        rules = table(fmt, strict)
        yield asked(fmt, policy, ()), "OK", "NONE"
        for one in rules:
            yield asked(fmt, policy, (one,)), one.status, one.detail
        for one, other in itertools.combinations(rules, 2):
            if not set(one.touches) & set(other.touches):
                yield asked(fmt, policy, (one, other)), one.status, one.detail

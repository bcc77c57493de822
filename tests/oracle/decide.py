# SPDX-License-Identifier: BSD-3-Clause
"""The decision S1 to S9 about one token, written from docs/protocol.md and the RFCs alone.

It shares no code with edgate and was written without looking at its parsers: where the two differ,
one of them is wrong, or the specification leaves room. Slow, and right to read.
"""
import dataclasses
import sys
import pathlib
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import ed25519_ref  # noqa: E402
import strict  # noqa: E402
from strict import Bad, Number, Object, Tagged, Text  # noqa: E402

ABSENT = object()
REQUEST_TOKEN_MAX = 65507 - 16 - 8  # UDP over IPv4, behind header and record (5.1, 5.2)
HEADER_MAX, PAYLOAD_MAX, FOOTER_MAX, STRING_MAX, AUDS_MAX = 1024, 4096, 512, 255, 16
DETECT, JWT, CWT, PASETO = "detect", "jwt", "cwt", "paseto"


@dataclasses.dataclass
class Key:
    x: bytes
    revoked: bool = False
    window: tuple = (0, 1 << 64)  # both inclusive


@dataclasses.dataclass
class StatusList:
    issuer: bytes
    bits: int
    data: bytes
    revoked_here: frozenset = frozenset()
    suspended_here: frozenset = frozenset()


@dataclasses.dataclass
class World:
    """What control knows; all names are bytes. `denied` holds (kind, issuer, value)."""
    now: int
    keys: dict  # issuer → {kid, or None for a key without one: Key}
    lists: dict  # uri → StatusList
    denied: frozenset
    issuer_cutoff: dict  # issuer → T
    subject_cutoff: dict  # (issuer, sub) → T


@dataclasses.dataclass
class Policy:
    issuers: tuple
    audiences: tuple = None  # None: any
    typs: tuple = (b"jwt", b"at+jwt")  # lower case, without application/
    cwt_typs: tuple = (b"cwt", 61)
    typ_required: bool = False
    exp_optional: bool = False
    skew: int = 0
    strict: bool = False
    status: str = "optional"
    cnf: str = "accept"
    implicit_assertion: bytes = b""
    max_age: int = 0
    max_lifetime: int = 0
    max_token: int = 4096


class Refused(Exception):
    """By the first rule that refuses: status and detail."""

    def __init__(self, status, detail="NONE"):
        super().__init__(status, detail)
        self.status, self.detail = status, detail


def malformed(detail):
    return Refused("MALFORMED", detail)


@dataclasses.dataclass
class Token:
    """What S1 to S5 leave: claims by name, kid (ABSENT, bytes), and what is signed."""
    kid: object
    claims: dict
    message: bytes
    signature: bytes
    id_kinds: tuple  # (claim, kind of denylist)


# --- S1 to S4

def media_type(text):
    """ASCII lower case; one application/ removed."""
    text = bytes(c + 32 if 65 <= c <= 90 else c for c in text)
    return text[12:] if text.startswith(b"application/") else text


def reading(read, data, detail):
    try:
        return read(data)
    except Bad as bad:
        raise malformed(detail) from bad


def check_kid(kid):
    if not isinstance(kid, Text) or b"\0" in kid:
        raise malformed("KID")
    return kid


def check_jwt_header(header, policy):
    """S4; the kid."""
    alg, cty = header.get(b"alg", ABSENT), header.get(b"cty", ABSENT)
    typ, kid = header.get(b"typ", ABSENT), header.get(b"kid", ABSENT)
    if not isinstance(alg, Text):
        raise malformed("ALG")
    if alg not in (b"EdDSA", b"Ed25519"):
        raise Refused("UNSUPPORTED_ALG")
    if b"crit" in header or b"b64" in header:
        raise Refused("UNSUPPORTED_CRIT")
    if b"zip" in header or b"enc" in header:
        raise Refused("UNSUPPORTED")
    if cty is not ABSENT:
        if not isinstance(cty, Text):
            raise malformed("CTY")
        if media_type(cty) == b"jwt":
            raise Refused("UNSUPPORTED")
    if typ is not ABSENT and not isinstance(typ, Text):
        raise malformed("TYP")
    if policy.typ_required if typ is ABSENT else media_type(typ) not in policy.typs:
        raise Refused("BAD_TYP")
    return kid if kid is ABSENT else check_kid(kid)


def open_jwt(token, policy):
    parts = token.split(b".")
    if len(parts) != 3 or not parts[0] or not parts[1]:
        raise malformed("TOKEN")
    header, payload, signature = (reading(strict.base64url, part, "TOKEN") for part in parts)
    if len(header) > HEADER_MAX:
        raise malformed("HEADER")
    kid = check_jwt_header(reading(strict.json, header, "HEADER"), policy)
    if len(parts[2]) != 86:
        raise malformed("SIGNATURE")
    claims = json_claims(payload, NumericDates)
    return Token(kid, claims, parts[0] + b"." + parts[1], signature, JSON_IDS)


def pae(*pieces):
    le64 = [len(pieces).to_bytes(8, "little")]
    return b"".join(le64 + [len(p).to_bytes(8, "little") + p for p in pieces])


def open_paseto(token, policy):
    if len(token) < 3 or token[:1] != b"v" or not 48 <= token[1] <= 57 or token[2:3] != b".":
        raise malformed("TOKEN")
    version, purpose, *parts = token.split(b".")
    if version != b"v4" or purpose != b"public":
        raise Refused("UNSUPPORTED_ALG")
    if len(parts) not in (1, 2) or not all(parts):
        raise malformed("TOKEN")
    body, *footers = (reading(strict.base64url, part, "TOKEN") for part in parts)
    footer, kid = b"", ABSENT
    if footers:
        footer = footers[0]
        if len(footer) > FOOTER_MAX:
            raise malformed("HEADER")
        kid = check_kid(reading(strict.json, footer, "HEADER").get(b"kid", ABSENT))
    if len(body) < 64:
        raise malformed("SIGNATURE")
    message = pae(b"v4.public.", body[:-64], footer, policy.implicit_assertion)
    return Token(kid, json_claims(body[:-64], Rfc3339), message, body[-64:], JSON_IDS)


# --- CWT

def cwt_array(token, untagged):
    """The array of COSE_Sign1 without its tags."""
    item = reading(strict.cbor, token, "TOKEN")
    tagged = isinstance(item, Tagged)
    if tagged and item.tag == 61:
        item = item.value
        if not isinstance(item, Tagged):
            raise malformed("TOKEN")
    if isinstance(item, Tagged):
        if item.tag != 18:
            raise malformed("TOKEN")
        item = item.value
    elif not untagged:
        raise malformed("TOKEN")
    if not isinstance(item, list) or [type(i) for i in item] != [bytes, dict, bytes, bytes]:
        raise malformed("TOKEN")
    return item


def unprotected_length(token):
    """How long the unprotected header is, encoded."""
    reader = strict.Cbor(token)
    while reader.data[reader.at] >> 5 == 6:
        reader.head()
    reader.head()
    reader.item()
    start = reader.at
    reader.item()
    return reader.at - start


def check_cwt_header(protected, unprotected, policy):
    """S4 of 2.4; the kid."""
    both = {**unprotected, **protected}

    def label(n, where=both):
        return where.get((int, n), ABSENT)

    alg, typ, kid = label(1, protected), label(16), label(4)
    if alg is ABSENT:
        raise malformed("ALG")
    if type(alg) is not int or alg not in (-8, -19):
        raise Refused("UNSUPPORTED_ALG")
    if label(2) is not ABSENT:
        raise Refused("UNSUPPORTED_CRIT")
    if typ is ABSENT:
        if policy.typ_required:
            raise Refused("BAD_TYP")
    elif type(typ) is Text:
        if media_type(typ) not in [t for t in policy.cwt_typs if t != 61]:
            raise Refused("BAD_TYP")
    elif type(typ) is not int or typ < 0:
        raise malformed("TYP")
    elif typ not in [t for t in policy.cwt_typs if type(t) is int]:
        raise Refused("BAD_TYP")
    if kid is not ABSENT and type(kid) is not bytes:
        raise malformed("KID")
    return kid


def cbor_map(data):
    item = strict.cbor(data)
    if type(item) is not dict:
        raise Bad("CBOR: no map")
    return item


def cbor_head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    width = 0 if n < 256 else 1 if n < 65536 else 2 if n < 1 << 32 else 3
    return bytes([major << 5 | 24 + width]) + n.to_bytes(1 << width, "big")


def open_cwt(token, policy, untagged):
    protected_bytes, unprotected, payload, signature = cwt_array(token, untagged)
    if unprotected_length(token) > HEADER_MAX:
        raise malformed("TOKEN")
    if len(protected_bytes) > HEADER_MAX:
        raise malformed("HEADER")
    protected = reading(cbor_map, protected_bytes, "HEADER") if protected_bytes else {}
    if protected.keys() & unprotected.keys():
        raise malformed("HEADER")
    kid = check_cwt_header(protected, unprotected, policy)
    if len(signature) != 64:
        raise malformed("SIGNATURE")
    message = b"\x84\x6aSignature1" + cbor_head(2, len(protected_bytes)) + protected_bytes + b"\x40"
    message += cbor_head(2, len(payload)) + payload
    return Token(kid, cwt_claims(payload), message, signature, ((b"cti", "CTI"),))


# --- S5: types and sizes of the known members, in a fixed order

JSON_IDS = ((b"jti", "JTI"), (b"sid", "SID"), (b"jkt", "JKT"))


class NumericDates:
    @staticmethod
    def time(value):
        if not isinstance(value, Number):
            raise Bad("no number")
        return strict.numeric_date(value)
    auds = True


class Rfc3339:
    @staticmethod
    def time(value):
        if not isinstance(value, Text):
            raise Bad("no string")
        return strict.rfc3339(value)
    auds = False


class CborTimes:
    @staticmethod
    def time(value):
        if type(value) not in (int, float) or value != value or abs(value) == float("inf"):
            raise Bad("no finite number")
        if type(value) is float:
            return strict.time_of(strict.Fraction(value))
        return strict.time_of(value)
    auds = True


def check_string(value, detail, kind=Text):
    if type(value) is not kind or len(value) > STRING_MAX or kind is Text and b"\0" in value:
        raise malformed(detail)


def check_aud(value, may_be_array):
    entries = value if isinstance(value, list) and may_be_array else [value]
    if len(entries) > AUDS_MAX or not all(type(a) is Text and b"\0" not in a for a in entries):
        raise malformed("AUD")
    return entries


def check_times(claims, times):
    for name, detail in ((b"exp", "EXP"), (b"nbf", "NBF"), (b"iat", "IAT")):
        if name in claims:
            try:
                claims[name] = times.time(claims[name])
            except Bad as bad:
                raise malformed(detail) from bad


def check_members(claims, strings, times, is_object, get, is_index):
    """S5. Claims are by their JSON names; get(object, name) is a member or ABSENT."""
    for name, detail, kind in strings:
        if name in claims:
            check_string(claims[name], detail, kind)
    check_times(claims, times)
    if b"aud" in claims:
        claims[b"aud"] = check_aud(claims[b"aud"], times.auds)
    for name, detail in ((b"cnf", "CNF"), (b"status", "STATUS")):
        if name in claims and not is_object(claims[name]):
            raise malformed(detail)
    if b"status" in claims:
        claims[b"list"] = check_status_list(get(claims[b"status"], b"status_list"), is_object, get,
                                            is_index)
    return claims


def check_status_list(value, is_object, get, is_index):
    """(idx, uri), or None where there is none."""
    if value is ABSENT:
        return None
    if not is_object(value):
        raise malformed("STATUS")
    idx, uri = get(value, b"idx"), get(value, b"uri")
    if not is_index(idx) or type(uri) is not Text or int(idx) >= 1 << 32:
        raise malformed("STATUS")
    return int(idx), bytes(uri)


def is_json_object(value):
    """An object that is read has no name twice."""
    return isinstance(value, Object) and not value.twice


def json_claims(payload, times):
    if len(payload) > PAYLOAD_MAX:
        raise malformed("PAYLOAD")
    claims = reading(strict.json, payload, "PAYLOAD")
    claims.pop(b"list", None)
    claims = check_members(
        claims, [(n, n.decode().upper(), Text) for n in (b"iss", b"sub", b"jti", b"sid")], times,
        is_json_object, lambda o, n: o.get(n, ABSENT),
        lambda v: isinstance(v, Number) and v.isdigit())
    claims.pop(b"jkt", None)
    jkt = claims.get(b"cnf", {}).get(b"jkt")
    if isinstance(jkt, Text):
        claims[b"jkt"] = jkt
    return claims


CWT_NAMES = {1: b"iss", 2: b"sub", 3: b"aud", 4: b"exp", 5: b"nbf", 6: b"iat", 7: b"cti", 8: b"cnf",
             65535: b"status"}


def cwt_claims(payload):
    if len(payload) > PAYLOAD_MAX:
        raise malformed("PAYLOAD")
    labels = reading(cbor_map, payload, "PAYLOAD")
    claims = {name: labels[int, n] for n, name in CWT_NAMES.items() if (int, n) in labels}
    return check_members(
        claims, [(b"iss", "ISS", Text), (b"sub", "SUB", Text), (b"cti", "CTI", bytes)], CborTimes,
        lambda v: type(v) is dict, lambda o, n: o.get((Text, n), ABSENT),
        lambda v: type(v) is int and v >= 0)


# --- S6 to S9

def find_key(token, policy, world):
    iss = token.claims.get(b"iss", ABSENT)
    if iss is ABSENT or bytes(iss) not in policy.issuers:
        raise Refused("BAD_ISS")
    keys = world.keys.get(bytes(iss), {})
    if token.kid is not ABSENT:
        key = keys.get(bytes(token.kid))
    else:
        key = next(iter(keys.values())) if len(keys) == 1 else None
    if key is None:
        raise Refused("UNKNOWN_KEY")
    return key


def check_age(claims, policy, now):
    exp, iat = claims.get(b"exp"), claims.get(b"iat")
    if policy.max_age and (iat is None or now > iat[1] + policy.max_age + policy.skew):
        raise Refused("TOO_OLD")
    if policy.max_lifetime and (
            iat is None or exp is None or exp[0] - iat[1] > policy.max_lifetime):
        raise Refused("TOO_OLD")


def check_values(claims, policy, now):
    """S7."""
    if b"exp" not in claims:
        if not policy.exp_optional:
            raise Refused("NO_EXP", "EXP")
    elif not now < claims[b"exp"][0] + policy.skew:
        raise Refused("EXPIRED")
    if b"nbf" in claims and not now + policy.skew >= claims[b"nbf"][1]:
        raise Refused("NOT_YET_VALID")
    if b"iat" in claims and not claims[b"iat"][1] <= now + policy.skew:
        raise Refused("ISSUED_IN_FUTURE")
    check_age(claims, policy, now)
    if policy.audiences is not None and not set(claims.get(b"aud", ())) & set(policy.audiences):
        raise Refused("BAD_AUD")
    if policy.cnf != "accept" and (policy.cnf == "require") != (b"cnf" in claims):
        raise Refused("CNF_REFUSED")


@lru_cache(maxsize=64)
def public_key(x):
    return Ed25519PublicKey.from_public_bytes(x)


def check_signature(token, key):
    """S8. What libsodium refuses and OpenSSL does not: S of L and more, R of small order."""
    r, s = token.signature[:32], int.from_bytes(token.signature[32:], "little")
    if s >= ed25519_ref.L or r in ed25519_ref.SMALL_ORDER:
        raise Refused("BAD_SIGNATURE")
    try:
        public_key(key.x).verify(token.signature, token.message)
    except InvalidSignature as wrong:
        raise Refused("BAD_SIGNATURE") from wrong


def is_cut_off(cutoff, claims):
    iat = claims.get(b"iat")
    return cutoff is not None and (iat is None or iat[0] <= cutoff)


def entry(status_list, idx):
    """The value that counts; None where nothing is known of it."""
    if idx in status_list.revoked_here:
        return 1
    if idx in status_list.suspended_here:
        return 2
    bit = idx * status_list.bits
    if bit // 8 >= len(status_list.data):
        return None
    return status_list.data[bit // 8] >> bit % 8 & (1 << status_list.bits) - 1


def check_list(claims, policy, world):
    """R5."""
    if policy.status == "ignore" or b"status" not in claims and policy.status == "optional":
        return
    idx, uri = claims.get(b"list") or (0, None)
    status_list = world.lists.get(uri)
    if status_list is None or status_list.issuer != bytes(claims[b"iss"]):
        raise Refused("STATUS_UNKNOWN")
    value = entry(status_list, idx)
    if value is None:
        raise Refused("STATUS_UNKNOWN")
    if value == 2:
        raise Refused("SUSPENDED")
    if value != 0:
        raise Refused("REVOKED", "LIST")


def check_revoked(token, key, policy, world):
    """S9."""
    claims, iss = token.claims, bytes(token.claims[b"iss"])
    if key.revoked or not key.window[0] <= world.now <= key.window[1]:
        raise Refused("REVOKED", "KEY")
    if is_cut_off(world.issuer_cutoff.get(iss), claims):
        raise Refused("REVOKED", "ISSUER")
    if b"sub" in claims and is_cut_off(world.subject_cutoff.get((iss, bytes(claims[b"sub"]))),
                                       claims):
        raise Refused("REVOKED", "SUBJECT")
    for name, kind in token.id_kinds:
        if name in claims and (kind, iss, bytes(claims[name])) in world.denied:
            raise Refused("REVOKED", kind)
    check_list(claims, policy, world)


def detect(token):
    if token[:1] == b"v" and token[1:2].isdigit() and token[2:3] == b".":
        return PASETO
    return CWT if token[:1] >= b"\x80" else JWT


def open_token(token, fmt, policy):
    """S1 to S5."""
    if len(token) > REQUEST_TOKEN_MAX:
        raise Refused("TOO_BIG")
    if not 1 <= len(token) <= policy.max_token:
        raise malformed("TOKEN")
    chosen = detect(token) if fmt == DETECT else fmt
    if chosen == JWT:
        return open_jwt(token, policy)
    if chosen == PASETO:
        return open_paseto(token, policy)
    return open_cwt(token, policy, untagged=fmt == CWT)


@dataclasses.dataclass
class Answer:
    """What a response says of one token."""
    status: str = "OK"
    detail: str = "NONE"
    sig_checked: bool = False  # S8 ran
    cnf_present: bool = None  # told, with exp, as soon as S5 has passed; None: not fixed
    exp: int = None  # likewise


def tell_claims(answer, claims):
    answer.cnf_present = b"cnf" in claims
    answer.exp = min(max(claims.get(b"exp", (0,))[0], 0), (1 << 32) - 1)


def judge(token, fmt, policy, world, answer):
    """S1 to S9; Refused by the first rule that refuses."""
    opened = open_token(token, fmt, policy)
    tell_claims(answer, opened.claims)
    key = find_key(opened, policy, world)
    for is_signature in (policy.strict, not policy.strict):
        if is_signature:
            answer.sig_checked = True
            check_signature(opened, key)
        else:
            check_values(opened.claims, policy, world.now)
    check_revoked(opened, key, policy, world)


def decide(token, fmt, policy, world):
    answer = Answer()
    try:
        judge(token, fmt, policy, world, answer)
    except Refused as refused:
        answer.status, answer.detail = refused.status, refused.detail
    return answer

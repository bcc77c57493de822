# SPDX-License-Identifier: BSD-3-Clause
"""The state and the policies of generated tokens: for the oracle, and as edgatectl commands."""
import base64
import hashlib
import json
import subprocess

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from decide import Key, Policy, StatusList, World

NOW = 1800000000
ISS, SOLO = "https://as.example.com", "https://solo.example.com"
CUT, TWO = "https://cut.example.com", "https://two.example.com"
DEAD, BARE = "https://dead.example.com", "https://bare.example.com"
OTHER = "https://other.example.com"
AUD, AUD2 = "https://api.example.com", "urn:é:api"

# Issuer to kid (None: a JWK without one) to the name of its key; "!" in front: revoked.
KEYS = {ISS: {"k1": "a", "k2": "b", "": "c", "k\u00e9/1": "d", "gone": "!e", "early": "n",
              "late": "o", "in time": "p"},
        SOLO: {"only": "f"}, CUT: {"k1": "g"}, TWO: {"k1": "h", "gone": "!i"}, DEAD: {"gone": "!j"},
        BARE: {None: "l"}, OTHER: {"k1": "m"}}
WINDOWS = {"early": (NOW + 1, NOW + 9), "late": (NOW - 9, NOW - 1), "in time": (NOW, NOW)}  # of ISS
LISTS = {f"{ISS}/sl/1": (ISS, 1, "b9a3"), f"{ISS}/sl/2": (ISS, 2, "e4c9"),
         f"{ISS}/sl/4": (ISS, 4, "10325476"), f"{ISS}/sl/8": (ISS, 8, "00010203ff"),
         f"{SOLO}/sl/1": (SOLO, 1, "00")}
SPARE_ENTRIES = 8  # of a list, which nothing was imported for
REVOKED_INDEX = (f"{ISS}/sl/1", 1)
SUSPENDED_INDEX = (f"{ISS}/sl/4", 5)
REVOKED_SPARE = (f"{ISS}/sl/8", 6)
DENIED = (("JTI", ISS, "t-dead"), ("JTI", SOLO, "t-solo"), ("SID", ISS, "s-d\u00e9ad"),
          ("CTI", ISS, b"\0\xff\x10"), ("JKT", ISS, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"))
CUTOFFS = ((ISS, "user-9", NOW - 30), (ISS, "\u00fcser", NOW), (SOLO, "user-9", NOW - 60))
ISSUER_CUTOFF = (CUT, NOW - 100)
PASSING = ",".join((ISS, SOLO, CUT, TWO, DEAD, BARE))

# Policy to options of `policy set`; --issuer and --audience are PASSING and AUD where not said.
POLICIES = {
    1: {},
    2: {"skew": 60},
    3: {"skew": 300, "typ-required": True, "typ": "JWT,at+jwt,secevent+jwt",
        "cwt-typ": "application/cwt,61,62"},
    4: {"exp-optional": True, "audience": "any"},
    5: {"cnf": "require"},
    6: {"cnf": "refuse", "audience": AUD + "," + AUD2},
    7: {"status": "required"},
    8: {"status": "ignore", "order": "strict"},
    9: {"order": "strict", "skew": 1},
    10: {"max-age": 3600, "skew": 10},
    11: {"max-lifetime": 600},
    12: {"max-age": 100, "max-lifetime": 200, "exp-optional": True, "order": "strict"},
    13: {"implicit-assertion": "who asks", "max-token": 512},
    14: {"issuer": SOLO, "typ": "custom", "cwt-typ": "x/y"},
    15: {"max-token": 9000, "typ-required": True},
    16: {"max-token": 9000, "typ-required": True, "cnf": "require", "status": "required",
         "max-age": 3600, "max-lifetime": 6000},
    17: {"max-token": 9000, "typ-required": True, "cnf": "require", "status": "required",
         "max-age": 3600, "max-lifetime": 6000, "order": "strict"},
}
RULES_POLICY, RULES_STRICT_POLICY = 16, 17  # under these a token can break every rule


def private_key(name):
    return Ed25519PrivateKey.from_private_bytes(seed_of(name))


def seed_of(name):
    return hashlib.sha256(b"edgate oracle " + name.encode()).digest()


def public_bytes(name):
    return private_key(name).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_of(iss, kid, name):
    key = Key(public_bytes(name.strip("!")), name.startswith("!"))
    if iss == ISS and kid in WINDOWS:
        key.window = WINDOWS[kid]
    return key


def indices(uri, *entries):
    return frozenset(idx for of, idx in entries if of == uri)


def world():
    keys = {iss.encode(): {kid if kid is None else kid.encode():
                           key_of(iss, kid, name)
                           for kid, name in kids.items()} for iss, kids in KEYS.items()}
    lists = {uri.encode(): StatusList(iss.encode(), bits, bytes.fromhex(data),
                                      indices(uri, REVOKED_INDEX, REVOKED_SPARE),
                                      indices(uri, SUSPENDED_INDEX))
             for uri, (iss, bits, data) in LISTS.items()}
    denied = frozenset((kind, iss.encode(), v if isinstance(v, bytes) else v.encode())
                       for kind, iss, v in DENIED)
    return World(NOW, keys, lists, denied, {ISSUER_CUTOFF[0].encode(): ISSUER_CUTOFF[1]},
                 {(iss.encode(), sub.encode()): t for iss, sub, t in CUTOFFS})


def media(text):
    return text.lower().removeprefix("application/").encode()


def policy(options):
    audience = options.get("audience", AUD)
    cwt_typs = options.get("cwt-typ", "application/cwt,61").split(",")
    return Policy(
        issuers=tuple(i.encode() for i in options.get("issuer", PASSING).split(",")),
        audiences=None if audience == "any" else tuple(a.encode() for a in audience.split(",")),
        typs=tuple(media(t) for t in options.get("typ", "JWT,at+jwt").split(",")),
        cwt_typs=tuple(int(t) if t.isdigit() else media(t) for t in cwt_typs),
        typ_required="typ-required" in options, exp_optional="exp-optional" in options,
        skew=options.get("skew", 0), strict=options.get("order") == "strict",
        status=options.get("status", "optional"), cnf=options.get("cnf", "accept"),
        implicit_assertion=options.get("implicit-assertion", "").encode(),
        max_age=options.get("max-age", 0), max_lifetime=options.get("max-lifetime", 0),
        max_token=options.get("max-token", 4096))


class Store:
    """The same state in a directory of edgatectl."""

    def __init__(self, edgatectl, directory):
        self.edgatectl, self.directory = edgatectl, directory
        self.ctl("init")
        self.add_issuers()
        for number, options in POLICIES.items():
            flags = [part for name, value in self.named(options) for part in
                     ([f"--{name}"] if value is True else [f"--{name}", value])]
            self.ctl("policy", "set", number, *flags)
        self.add_lists()
        self.revoke()

    @staticmethod
    def named(options):
        return {"issuer": PASSING, "audience": AUD, **options}.items()

    def command(self, *args):
        return [self.edgatectl, "--state", str(self.directory / "state"), *map(str, args)]

    def ctl(self, *args):
        subprocess.run(self.command(*args), check=True, capture_output=True)

    def add_issuers(self):
        for iss, kids in KEYS.items():
            jwks = {"keys": []}
            for kid, name in kids.items():
                x = base64.urlsafe_b64encode(public_bytes(name.strip("!"))).decode().rstrip("=")
                jwk = {"kty": "OKP", "crv": "Ed25519", "x": x}
                jwks["keys"].append(jwk if kid is None else {**jwk, "kid": kid})
            (self.directory / "jwks").write_text(json.dumps(jwks), encoding="ascii")
            self.ctl("issuer", "add", iss, "--jwks", self.directory / "jwks")

    def add_lists(self):
        for uri, (iss, bits, data) in LISTS.items():
            (self.directory / "list").write_bytes(bytes.fromhex(data))
            self.ctl("list", "add", uri, "--issuer", iss, "--bits", bits,
                     "--entries", len(data) * 4 // bits)
            self.ctl("list", "import", uri, self.directory / "list", "--raw")
            self.ctl("list", "grow", uri, len(data) * 4 // bits + SPARE_ENTRIES)

    def revoke(self):
        self.ctl("revoke", "index", *REVOKED_INDEX)
        self.ctl("revoke", "index", *REVOKED_SPARE)
        self.ctl("suspend", "index", *SUSPENDED_INDEX)
        for kind, iss, value in DENIED:
            hexed = ("--hex",) if isinstance(value, bytes) else ()
            self.ctl("revoke", kind.lower(), iss, value.hex() if hexed else value, *hexed,
                     "--exp", NOW + 1000000)
        for iss, sub, until in CUTOFFS:
            self.ctl("revoke", "subject", iss, sub, "--until", until)
        self.ctl("revoke", "issuer", ISSUER_CUTOFF[0], "--until", ISSUER_CUTOFF[1])
        for iss, kids in KEYS.items():
            for kid in (kid for kid, name in kids.items() if name.startswith("!")):
                self.ctl("revoke", "key", iss, kid)
        for kid, (since, until) in WINDOWS.items():
            self.ctl("key", "window", ISS, kid, "--from", since, "--until", until)

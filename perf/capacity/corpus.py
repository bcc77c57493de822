# SPDX-License-Identifier: BSD-3-Clause
"""Tokens of exact sizes by four issuers, and the commands that make their statuses true.

A corpus is lines of name, status, token, as edgate-token writes and edgate-load reads them. The keys are
the same in every run; times are those of the run, so that tokens hold for a day."""
import base64
import hashlib
import json
import pathlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ISSUERS = tuple(f"https://i{n}.test" for n in range(4))
AUDIENCE = "api"
SIZES = (213, 570)
LIFETIME_S = 86400
SIGNATURE_TEXT = 86
MIX = {  # of the corpus with everything: a status and its share in percent
    "OK": 82, "EXPIRED": 4, "NOT_YET_VALID": 1, "BAD_SIGNATURE": 4, "BAD_AUD": 2, "BAD_ISS": 1, "UNKNOWN_KEY": 2,
    "MALFORMED": 2, "REVOKED": 2,
}
REVOKED_SUBJECT = "gone"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def private_key(issuer):
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"edgate perf {issuer}".encode()).digest())


def jwks(issuer):
    public = private_key(issuer).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "k", "x": b64(public)}]}


class Mint:
    def __init__(self, now_s):
        self.now_s = now_s
        self.keys = {issuer: private_key(issuer) for issuer in ISSUERS}

    def sign(self, issuer, header, claims):
        text = f"{b64(compact(header))}.{b64(compact(claims))}"
        return f"{text}.{b64(self.keys[issuer].sign(text.encode()))}"

    def minimal(self, n, filling="", **changed):
        issuer = ISSUERS[n % len(ISSUERS)]
        claims = {"iss": issuer, "aud": AUDIENCE, "exp": self.now_s + LIFETIME_S, "sub": f"{n:04x}{filling}"}
        return issuer, {"alg": "EdDSA", "kid": "k"}, claims | changed

    def access(self, n, filling="", **changed):
        """An access token as RFC 9068 has them."""
        issuer, iat = ISSUERS[n % len(ISSUERS)], self.now_s - 60
        claims = {"iss": issuer, "aud": AUDIENCE, "exp": self.now_s + LIFETIME_S, "sub": f"5ba552d67-{n:06d}",
                  "client_id": "s6BhdRkqt3", "iat": iat, "nbf": iat, "auth_time": iat - 5,
                  "jti": f"dbe39bf3a3ba4238a513f51d6e16{n:08x}", "scope": f"openid profile reademail{filling}"}
        return issuer, {"alg": "EdDSA", "typ": "at+jwt", "kid": "k"}, claims | changed

    def draft(self, size):
        return self.minimal if size == 213 else self.access

    def exact(self, size, n):
        """A valid token of exactly so many bytes: `filling` is as long as it takes."""
        draft = self.draft(size)
        _, header, claims = draft(n)
        room = (size - 2 - SIGNATURE_TEXT - len(b64(compact(header)))) * 3 // 4
        token = self.sign(*draft(n, "x" * (room - len(compact(claims)))))
        assert len(token) == size, (size, n, len(token))
        return token

    def other(self, status, n):
        """A token of the larger kind that must get this status."""
        changed = {
            "EXPIRED": {"exp": self.now_s - 60}, "NOT_YET_VALID": {"nbf": self.now_s + 10 * LIFETIME_S},
            "BAD_AUD": {"aud": "other"}, "BAD_ISS": {"iss": "https://rogue.test"},
            "MALFORMED": {"exp": "tomorrow"}, "REVOKED": {"sub": REVOKED_SUBJECT},
        }.get(status, {})
        issuer, header, claims = self.access(n, **changed)
        if status == "UNKNOWN_KEY":
            header["kid"] = "none"
        token = self.sign(issuer, header, claims)
        return forged(token) if status == "BAD_SIGNATURE" else token


def forged(token):
    """Another R: everything that can be checked without the key still looks well."""
    at = len(token) - SIGNATURE_TEXT
    return token[:at] + ("b" if token[at] == "a" else "a") + token[at + 1:]


def write(path, rows):
    with open(path, "w") as out:
        for n, (status, token) in enumerate(rows):
            out.write(f"t{n}\t{status}\t{token}\n")
    return str(path)


def statuses(count):
    """Spread evenly: the n-th part of a hundred is the same status everywhere."""
    hundred = [status for status, share in MIX.items() for _ in range(share)]
    return [hundred[n * 37 % 100] for n in range(count)]


def make(folder, now_s, cold, mixed):
    """Writes keys and corpora: so many valid tokens of each size, so many of every status. Returns paths by
    name."""
    folder = pathlib.Path(folder)
    folder.mkdir(exist_ok=True)
    mint = Mint(now_s)
    paths = {}
    for n, issuer in enumerate(ISSUERS):
        paths[issuer] = str(folder / f"issuer-{n}.jwks")
        pathlib.Path(paths[issuer]).write_text(json.dumps(jwks(issuer)))
    for size in SIZES:
        rows = [("OK", mint.exact(size, n)) for n in range(cold)]
        paths[f"cold-{size}"] = write(folder / f"cold-{size}.tsv", rows)
    rows = [(status, mint.other(status, n)) for n, status in enumerate(statuses(mixed))]
    paths["mixed"] = write(folder / "mixed.tsv", rows)
    return paths


def state_commands(paths, now_s):
    """Arguments of edgatectl, in order."""
    yield from (["issuer", "add", issuer, "--jwks", paths[issuer]] for issuer in ISSUERS)
    issuers = [word for issuer in ISSUERS for word in ("--issuer", issuer)]
    yield ["policy", "set", "1", "--audience", AUDIENCE, "--default", *issuers]
    yield from (["revoke", "subject", issuer, REVOKED_SUBJECT, "--until", str(now_s)] for issuer in ISSUERS)

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Mints and verifies CWTs with cbor2 and cryptography, libraries that edgate shares no code with.

usage: cwt_cbor2.py mint PRIVATE.jwk CLAIMS_JSON      prints hex
       cwt_cbor2.py verify KEYS.jwks HEX              prints the claims, by the names of JWTs
Exit status 77 where a library is not installed.
"""
import base64
import json
import sys

try:
    import cbor2
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
except ImportError as missing:
    print(f"SKIPPED: {missing}", file=sys.stderr)
    sys.exit(77)

NAMES = {"iss": 1, "sub": 2, "aud": 3, "exp": 4, "nbf": 5, "iat": 6, "cti": 7, "cnf": 8, "status": 65535}


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_be_signed(protected, payload):
    return cbor2.dumps(["Signature1", protected, b"", payload])


def mint(path, claims):
    jwk = json.load(open(path))
    key = Ed25519PrivateKey.from_private_bytes(unpadded(jwk["d"]))
    named = {NAMES.get(name, name): value.encode() if name == "cti" else value
             for name, value in json.loads(claims).items()}
    protected, payload = cbor2.dumps({1: -8, 4: jwk["kid"].encode(), 16: 61}), cbor2.dumps(named)
    signature = key.sign(to_be_signed(protected, payload))
    print(cbor2.dumps(cbor2.CBORTag(61, cbor2.CBORTag(18, [protected, {}, payload, signature]))).hex())


def verify(path, token):
    jwk, = json.load(open(path))["keys"]
    tagged = cbor2.loads(bytes.fromhex(token))
    assert tagged.tag == 18
    protected, _, payload, signature = tagged.value
    key = Ed25519PublicKey.from_public_bytes(unpadded(jwk["x"]))
    key.verify(signature, to_be_signed(protected, payload))
    assert cbor2.loads(protected)[4] == jwk["kid"].encode()
    names = {number: name for name, number in NAMES.items()}
    print(json.dumps({names.get(key, key): value for key, value in cbor2.loads(payload).items()},
                     default=bytes.hex))


if __name__ == "__main__":
    {"mint": mint, "verify": verify}[sys.argv[1]](*sys.argv[2:])

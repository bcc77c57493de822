#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Mints a JWT with PyJWT and cryptography, libraries that edgate shares no code with.

usage: mint_pyjwt.py PRIVATE.jwk CLAIMS_JSON [HEADER_JSON]
Prints the compact token. Exit status 77 where PyJWT is not installed.
"""
import base64
import json
import sys

try:
    import jwt
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
except ImportError as missing:
    print(f"SKIPPED: {missing}", file=sys.stderr)
    sys.exit(77)


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def main():
    jwk = json.load(open(sys.argv[1]))
    key = Ed25519PrivateKey.from_private_bytes(unpadded(jwk["d"]))
    header = {"kid": jwk["kid"], **(json.loads(sys.argv[3]) if len(sys.argv) > 3 else {})}
    print(jwt.encode(json.loads(sys.argv[2]), key, algorithm="EdDSA", headers=header))


if __name__ == "__main__":
    main()

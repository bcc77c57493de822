#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Measures the JWT libraries that applications use, on one core each, on the tokens of a corpus.

usage: libraries.py --corpus FILE --issuer URL=JWKS… --audience A [--cpu N] [--seconds S] [--tokens N]

jose and fast-jwt run in Node.js where npm has installed them (npm ci --ignore-scripts in tests/interop and
in perf/baseline), PyJWT in this Python. Each has its keys ready, refuses a forged token first, and then
verifies valid tokens one after the other: signature, exp, iss and aud. JSON: ns a token of each round, or
why it was not measured."""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
NODE_FOLDERS = {"jose": HERE.parents[1] / "tests" / "interop", "fast-jwt": HERE}
SIGNATURE_TEXT = 86


class Absent(Exception):
    """Why a library cannot be measured here."""


def forged(token):
    at = len(token) - SIGNATURE_TEXT
    return token[:at] + ("b" if token[at] == "a" else "a") + token[at + 1:]


def read(corpus, count):
    with open(corpus) as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines if not line.startswith("#")]
    tokens = [token for _, status, token in rows if status == "OK"][:count]
    if not tokens:
        raise SystemExit(f"{corpus}: no valid token")
    return tokens


def measure_node(name, given, args):
    folder = NODE_FOLDERS[name]
    if shutil.which("node") is None:
        raise Absent("Node.js is not installed")
    if not (folder / "node_modules" / name).is_dir():
        raise Absent(f"not installed: npm ci --ignore-scripts in {folder.relative_to(HERE.parents[1])}")
    given = given | {"forged": forged(given["tokens"][0])}
    done = subprocess.run(["node", HERE / "libraries.mjs", name, folder, str(args.seconds)], text=True,
                          input=json.dumps(given), capture_output=True, timeout=120 + 2 * args.seconds)
    if done.returncode != 0:
        raise Absent("failed: " + (done.stderr.strip().splitlines() or ["no word"])[-1])
    return json.loads(done.stdout)


def measure_pyjwt(_, given, args):
    try:
        import jwt
        keys = {issuer: jwt.PyJWK(jwk).key for issuer, jwk in given["issuers"].items()}
    except Exception as error:  # PyJWT says by many kinds what it lacks
        raise Absent(f"PyJWT or cryptography: {error}") from error

    def verify(token):
        issuer = jwt.decode(token, options={"verify_signature": False})["iss"]
        return jwt.decode(token, keys[issuer], algorithms=["EdDSA"], audience=given["audience"], issuer=issuer,
                          options={"require": ["exp"]})

    try:
        verify(forged(given["tokens"][0]))
        raise Absent("a forged token was accepted")
    except jwt.InvalidSignatureError:
        pass
    try:
        rounds = rounds_of(verify, given["tokens"], args)
    except jwt.InvalidTokenError as error:
        raise Absent(f"a valid token was refused: {error}") from error
    return {"version": jwt.__version__, "runtime": "Python", "wall_ns": rounds}


def rounds_of(verify, tokens, args):
    """One round that does not count, one that does, and more until the time is over."""
    def one():
        start = time.perf_counter_ns()
        for token in tokens:
            verify(token)
        return (time.perf_counter_ns() - start) / len(tokens)

    one()
    end, rounds = time.monotonic() + args.seconds, [one()]
    while time.monotonic() < end:
        rounds.append(one())
    return rounds


LIBRARIES = {"jose": measure_node, "fast-jwt": measure_node, "PyJWT": measure_pyjwt}


def measure(args):
    issuers = {}
    for text in args.issuer:
        url, _, path = text.rpartition("=")
        issuers[url] = json.loads(pathlib.Path(path).read_text())["keys"][0]
    given = {"issuers": issuers, "audience": args.audience, "tokens": read(args.corpus, args.tokens)}
    found = {}
    for name, how in LIBRARIES.items():
        try:
            found[name] = how(name, given, args)
        except Absent as reason:
            found[name] = {"not_measured": str(reason)}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--issuer", required=True, action="append", metavar="URL=JWKS")
    parser.add_argument("--audience", required=True)
    parser.add_argument("--cpu", type=int)
    parser.add_argument("--seconds", type=float, default=3, help="of each library (3)")
    parser.add_argument("--tokens", type=int, default=2000, help="of the corpus, in each round (2000)")
    args = parser.parse_args()
    if args.cpu is not None:
        os.sched_setaffinity(0, {args.cpu})
    print(json.dumps(measure(args)))


if __name__ == "__main__":
    main()

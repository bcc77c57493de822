#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes the frozen verdict files tests/vectors/ed25519-*.tsv: signatures that are made from the
equation itself, with keys and points of every kind, and the verdict of ed25519_ref on each.

usage: ed25519_families.py FOLDER            write the files
       ed25519_families.py --check FOLDER    say which row differs; exit status 1 where one does

The same bytes in every run: what looks random is SHA-512 of the row's name.
"""
import hashlib
import pathlib
import sys

import ed25519_ref as ref
from ed25519_ref import B, L, P, TORSION, add, challenge, encode, multiply

HEADER = """\
# The project's own verdicts; written by tests/oracle/ed25519_families.py, do not edit.
# columns (tab separated; hex; "-" is an empty string): id pk msg sig expect flags
"""


def number(*label):
    """A number below 2^512 that depends on the label alone."""
    text = "|".join(map(str, label)).encode()
    return int.from_bytes(hashlib.sha512(b"edgate " + text).digest(), "little")


def message(length, *label):
    return hashlib.shake_128(b"edgate " + "|".join(map(str, label)).encode()).digest(length)


def le(n, length=32):
    return n.to_bytes(length, "little")


class Key:
    """A = a·B + T, whose a is known; T is i times the point of order 8."""

    def __init__(self, a, torsion=0, encoding=None):
        self.a, self.torsion = a, torsion % 8
        self.bytes = encoding or encode(add(multiply(a, B), TORSION[self.torsion]))

    def sign(self, r, msg, r_torsion=0, r_bytes=None):
        """R = r·B + T', S = r + k·a: the equation holds up to torsion. Returns (sig, k)."""
        r_bytes = r_bytes or encode(add(multiply(r, B), TORSION[r_torsion % 8]))
        k = challenge(r_bytes, self.bytes, msg)
        return r_bytes + le((r + k * self.a) % L), k

    def cancels(self, k, r_torsion=0):
        """Does S·B − k·A = R hold with the torsion too?"""
        return (k * self.torsion + r_torsion) % 8 == 0


class Rows:
    def __init__(self):
        self.rows = []

    def add(self, pk, msg, sig, expect, flags):
        """One row; its verdict is the reference's, which must be what the family expects."""
        verdict = ref.verify(pk, msg, sig)
        if verdict != expect:
            raise AssertionError(f"{flags}: the reference says {verdict}")
        self.rows.append((pk, msg, sig, verdict, flags))

    def text(self, prefix):
        def hexa(data):
            return data.hex() or "-"

        lines = [f"{prefix}{i}\t{hexa(pk)}\t{hexa(msg)}\t{hexa(sig)}\t"
                 f"{'valid' if ok else 'invalid'}\t{flags}\n"
                 for i, (pk, msg, sig, ok, flags) in enumerate(self.rows, 1)]
        return HEADER + "".join(lines)


def honest(label, torsion=0):
    return Key(number("key", label) % L, torsion)


def corrupt(data, bit):
    return data[:bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1:]


# ── the families ──


def small_order_keys(rows):
    """Everybody can sign for such a key. The equation holds in all rows that say so."""
    torsion_of = {encode(t): i for i, t in enumerate(TORSION)}
    for text in ref.small_order_encodings():
        y, sign = int.from_bytes(text, "little") & (2**255 - 1), text[31] >> 7
        reduced = le(y % P | sign << 255)
        torsion = torsion_of.get(reduced, torsion_of.get(le(y % P)))
        canonical = "canonical" if reduced == text and text in torsion_of else "noncanonical"
        key = Key(0, torsion, text)
        for want in (True, False) if torsion else (True,):
            msg, sig, _ = search(key, want, "small A", text.hex())
            rows.add(text, msg, sig, False, f"small-order-A,{canonical}"
                     f"{',equation-holds' if want else ''}")
        for s in (0, 1, L - 1):  # with R of small order as well
            msg = message(20, "small A small R", text.hex(), s)
            rows.add(text, msg, text + le(s), False, f"small-order-A,small-order-R,{canonical}")


def search(key, want, *label, r_torsion=0):
    """A message for which the torsion cancels, or does not."""
    for n in range(2000):
        msg = message(24, *label, n)
        sig, k = key.sign(number(*label, n) % L, msg, r_torsion)
        if key.cancels(k, r_torsion) == want:
            return msg, sig, k
    raise AssertionError(f"no message for {label}")


def small_order_r(rows):
    """R of small order in all encodings: refused though the equation may hold, even bytewise."""
    for text in ref.small_order_encodings():
        for torsion in range(8):
            key = honest(("small R", torsion), torsion)
            for n in range(200):
                msg = message(16, "small R", text.hex(), torsion, n)
                k = challenge(text, key.bytes, msg)
                s = k * key.a % L
                result = encode(multiply(-k * torsion % 8, TORSION[1]))
                if result == text:
                    break
            rows.add(key.bytes, msg, text + le(s), False,
                     "small-order-R" + (",equation-holds" if result == text else ""))


def as_if_identity(pk, r, msg):
    """What an engine would accept that takes the identity for a key which it cannot decode."""
    return Key(0, 0, pk).sign(r, msg)[0]


def not_canonical(rows):
    """y from p up to 2^255 - 1, and bytes with no point at all, as A and as R."""
    key = honest("not canonical")
    for y in [P + i for i in range(19)]:
        for sign in (0, 1):
            text = le(y | sign << 255)
            msg = message(12, "not canonical", text.hex())
            s = number("s", text.hex()) % L
            rows.add(text, msg, key.sign(s, msg)[0], False, "noncanonical-A")
            rows.add(text, msg, as_if_identity(text, s, msg), False, "noncanonical-A,SB=R")
            rows.add(key.bytes, msg, key.sign(0, msg, r_bytes=text)[0], False, "noncanonical-R")
    found = 0
    for n in range(200):
        text = le(number("no point", n) % 2**256)
        if ref.decode(text) is None and found < 16:
            found += 1
            msg = message(12, "no point", n)
            rows.add(text, msg, key.sign(n + 1, msg)[0], False, "A-not-on-curve")
            rows.add(text, msg, as_if_identity(text, n + 1, msg), False, "A-not-on-curve,SB=R")
            rows.add(key.bytes, msg, key.sign(n + 1, msg, r_bytes=text)[0], False, "R-not-on-curve")


def scalar_bounds(rows):
    """S at its edges; S + n·L, which would verify were S not held below L."""
    key = honest("bounds")
    msg = message(30, "bounds")
    sig, _ = key.sign(number("bounds r") % L, msg)
    edges = [0, 1, 2, 8, L - 1, L, L + 1, 2 * L, 8 * L, 2**252 - 1, 2**252, 2**252 + 1, 2**253 - 1,
             2**253, 2**254, 2**255 - 1, 2**255, 2**256 - 1, 2**256 - L, L - 2**124, L + 2**124]
    for s in edges + [2**i for i in range(0, 256, 8)]:
        rows.add(key.bytes, msg, sig[:32] + le(s), False, "S-edge")
    for n in range(1, 16):
        s = int.from_bytes(sig[32:], "little") + n * L
        if s < 2**256:
            rows.add(key.bytes, msg, sig[:32] + le(s), False, "S-plus-L")
    rows.add(key.bytes, msg, sig, True, "S-plus-L")
    for bit in range(252, 256):
        rows.add(key.bytes, msg, corrupt(sig, 256 + bit), False, "S-high-bit")
    for s in (0, 1, L - 1):  # the equation can be met at these only by a key of small order
        small = Key(0, 3)
        for n in range(100):
            at = (number("edge", s, n) % 8)
            r_bytes = encode(add(multiply(s, B), TORSION[at]))
            msg = message(8, "edge", s, n)
            k = challenge(r_bytes, small.bytes, msg)
            if (at + 3 * k) % 8 == 0:
                break
        rows.add(small.bytes, msg, r_bytes + le(s), False, "S-edge,small-order-A,equation-holds")
    for top in range(6):  # good signatures whose S starts with zeros
        n = 0
        while True:
            msg = message(8, "short S", top, n)
            sig, _ = key.sign(number("short S", top, n) % L, msg)
            if int.from_bytes(sig[32:], "little") < 2**(252 - top):
                break
            n += 1
        rows.add(key.bytes, msg, sig, True, "S-short")


def mixed_order(rows):
    """A + T and R + T: cofactorless, so they pass exactly where the torsion cancels bytewise."""
    for torsion in range(8):
        key = honest("mixed", torsion)
        for r_torsion in range(8):
            for want in (True, False):
                possible = not want or any((k * torsion + r_torsion) % 8 == 0 for k in range(8))
                if not possible or (not want and torsion == r_torsion == 0):
                    continue
                for n in range(2):
                    msg, sig, _ = search(key, want, "mixed", torsion, r_torsion, want, n,
                                         r_torsion=r_torsion)
                    rows.add(key.bytes, msg, sig, want, f"A+T{torsion},R+T{r_torsion}")


def related_keys(rows):
    """Keys that stand in a known relation to B, so that sums of the two meet themselves, their
    negatives and the identity; r likewise."""
    scalars = [1, 2, 3, 4, 8, 16, 2**12, 2**24, 2**126, 2**240, 2**251, 2**252, (L - 1) // 2,
               (L + 1) // 2, sum(2**(12 * i + 11) for i in range(21)) % L]
    for a in scalars:
        for sign in (1, -1):
            for torsion in (0, 1, 4):
                key = Key(sign * a % L, torsion)
                for r in (1, L - 1, a % L, -a % L, number("related", a) % L):
                    if torsion and r != 1:
                        continue
                    msg, sig, _ = search(key, True, "related", a, sign, torsion, r) if torsion \
                        else (message(9, a, sign, r), *key.sign(r, message(9, a, sign, r)))
                    rows.add(key.bytes, msg, sig, True, "related-key")
                    rows.add(key.bytes, msg, corrupt(sig, 255), False, "related-key,R-sign-bit")


def lengths_of_parts(rows):
    """Keys and signatures that are too short or too long."""
    key = honest("lengths")
    msg = message(10, "lengths")
    sig, _ = key.sign(number("lengths") % L, msg)
    for length in (0, 1, 31, 32, 33, 62, 63, 65, 66, 96, 128, 200):
        rows.add(key.bytes, msg, (sig + bytes(200))[:length], False, "sig-length")
    for length in (0, 1, 16, 31, 33, 64, 100):
        rows.add((key.bytes + bytes(200))[:length], msg, sig, False, "pk-length")
    rows.add(b"", b"", b"", False, "sig-length,pk-length")
    rows.add(key.bytes, msg, sig, True, "right-lengths")


def message_lengths(rows):
    """R ‖ A ‖ M at every fill of the first SHA-512 blocks: k changes where a block ends."""
    key = honest("messages")
    edges = [e + d for e in (47, 48, 111, 112, 175, 176, 303, 304, 431, 432, 511, 512, 559, 560, 687)
             for d in (-1, 0, 1)]
    for length in sorted({*range(0, 64), *edges, 128, 256, 335, 1023, 1024, 2048, 4096}):
        msg = message(length, "length", length)
        sig, _ = key.sign(number("length", length) % L, msg)
        rows.add(key.bytes, msg, sig, True, "message-length")
        if length and (length in edges or length % 8 == 7):
            rows.add(key.bytes, corrupt(msg, 8 * length - 1), sig, False, "message-changed")
            rows.add(key.bytes, msg[:-1], sig, False, "message-shorter")
        if length in edges:
            rows.add(key.bytes, msg + b"\0", sig, False, "message-longer")


def changed_bits(rows):
    """One bit of a good signature, key or message."""
    key = honest("bits")
    msg = message(40, "bits")
    sig, _ = key.sign(number("bits") % L, msg)
    for bit in range(0, 512, 3):
        rows.add(key.bytes, msg, corrupt(sig, bit), False, "bit-of-sig")
    for bit in range(0, 256, 5):
        rows.add(corrupt(key.bytes, bit), msg, sig, False, "bit-of-pk")
    for bit in range(0, 320, 17):
        rows.add(key.bytes, corrupt(msg, bit), sig, False, "bit-of-msg")
    rows.add(key.bytes, msg, sig[32:] + sig[:32], False, "R-and-S-swapped")
    rows.add(key.bytes, msg, encode(ref.negative(ref.decode(sig[:32]))) + sig[32:], False,
             "R-negative")
    rows.add(encode(ref.negative(ref.decode(key.bytes))), msg, sig, False, "A-negative")


def constant_bytes(rows):
    for byte in (0x00, 0x01, 0x7f, 0x80, 0xff):
        for pk in (bytes([byte]) * 32, honest("constant").bytes):
            rows.add(pk, b"", bytes([byte]) * 64, False, "constant-bytes")
            rows.add(pk, bytes([byte]) * 100, bytes([byte]) * 64, False, "constant-bytes")


def honest_keys(rows):
    """Signatures of RFC 8032 form, many keys; every fourth with something else's message."""
    for n in range(96):
        key = honest(("many", n))
        msg = message(n * 5 % 200, "many", n)
        sig, _ = key.sign(number("many r", n) % L, msg)
        good = n % 4 != 3
        rows.add(key.bytes, msg if good else msg + b"x", sig, good, "honest" if good else "other")


def torsion_regression(rows):
    """Key A + T8, R of prime order: valid iff 8 divides k. An engine that reduces or centres k mod L
    before it multiplies a point of mixed order gets some hundred of these wrong, both ways."""
    key = honest("regression", 1)
    for n in range(2048):
        msg = le(n, 2)
        sig, k = key.sign(number("regression r", n) % L, msg)
        rows.add(key.bytes, msg, sig, k % 8 == 0, "mixed-order")


FILES = {
    "ed25519-families.tsv": ("f", [
        small_order_keys, small_order_r, not_canonical, scalar_bounds, mixed_order, related_keys,
        lengths_of_parts, message_lengths, changed_bits, constant_bytes, honest_keys]),
    "ed25519-mixed-order.tsv": ("m", [torsion_regression]),
}


def make(name):
    prefix, families = FILES[name]
    rows = Rows()
    for family in families:
        family(rows)
    return rows.text(prefix)


def main(args):
    check = args[:1] == ["--check"]
    folder = pathlib.Path(args[-1])
    differing = 0
    for name in FILES:
        text, path = make(name), folder / name
        if not check:
            path.write_text(text, encoding="ascii")
            continue
        old = path.read_text(encoding="ascii").splitlines()
        for n, (was, now) in enumerate(zip(old + [""], text.splitlines() + [""]), 1):
            if was != now:
                print(f"{path}:{n}: differs from what is made now")
                differing += 1
                break
    return 1 if differing else 0


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))

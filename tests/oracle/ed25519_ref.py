# SPDX-License-Identifier: BSD-3-Clause
"""Ed25519 in whole numbers: the truth that the C implementations are held against.

Written from docs/protocol.md section 3 and RFC 8032 (5.1, and the addition formulas of 5.1.4) alone;
it shares no code, table or constant with libsodium or with lib/ed25519. Slow, and right to read.
"""
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)

# A point is (X, Y, Z, T): x = X/Z, y = Y/Z, x*y = T/Z.
IDENTITY = (0, 1, 1, 0)


def add(p, q):
    """RFC 8032 5.1.4; complete: right for every two points."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def negative(p):
    return (-p[0] % P, p[1], p[2], -p[3] % P)


def multiply(n, p):
    """n·p, for n a whole number of any size: never reduced by anything."""
    if n < 0:
        n, p = -n, negative(p)
    total = IDENTITY
    for bit in bin(n)[2:]:
        total = add(total, total)
        if bit == "1":
            total = add(total, p)
    return total


def equal(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def x_of(y, sign):
    """The x of RFC 8032 5.1.3, or None where there is none."""
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * SQRT_MINUS_1 % P
    if v * x * x % P != u:
        return None
    if x == 0 and sign:
        return None
    return x if x % 2 == sign else P - x


def decode(text):
    """The point of 32 bytes; None where y is not below p or there is no such point."""
    y = int.from_bytes(text, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    x = x_of(y, sign) if y < P else None
    return None if x is None else (x, y, 1, x * y % P)


def encode(p):
    inverse = pow(p[2], -1, P)
    x, y = p[0] * inverse % P, p[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


_y = 4 * pow(5, -1, P) % P
B = (x_of(_y, 0), _y, 1, x_of(_y, 0) * _y % P)


def _torsion():
    """The eight points i·T of small order, T of order 8: L times a point that has such a part."""
    y = 2
    while True:
        p = decode(y.to_bytes(32, "little"))
        t = p and multiply(L, p)
        if t and not equal(multiply(4, t), IDENTITY):
            return [multiply(i, t) for i in range(8)]
        y += 1


TORSION = _torsion()


def small_order_encodings():
    """All 32 bytes whose y, taken mod p and whatever the sign bit, is that of a small-order point."""
    ys = {int.from_bytes(encode(p), "little") & (2**255 - 1) for p in TORSION}
    ys |= {y + P for y in ys if y + P < 2**255}
    return sorted((y | sign << 255).to_bytes(32, "little") for y in ys for sign in (0, 1))


SMALL_ORDER = frozenset(small_order_encodings())
assert len(SMALL_ORDER) == 14


def challenge(r, pk, msg):
    """k = SHA-512(R ‖ A ‖ M) mod L over the bytes as they came."""
    return int.from_bytes(hashlib.sha512(r + pk + msg).digest(), "little") % L


def verify(pk, msg, sig):
    """The verdict of docs/protocol.md section 3."""
    if len(pk) != 32 or len(sig) != 64:
        return False
    r, s = sig[:32], int.from_bytes(sig[32:], "little")
    if s >= L or r in SMALL_ORDER:
        return False
    a = decode(pk)
    if a is None or equal(multiply(8, a), IDENTITY):
        return False
    k = challenge(r, pk, msg)
    return encode(add(multiply(s, B), negative(multiply(k, a)))) == r

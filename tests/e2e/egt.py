# SPDX-License-Identifier: BSD-3-Clause
"""EGT/1 and the packets around it, written from docs/protocol.md with the standard library alone, so
that the tests look at edgate with other eyes than its own code."""
import struct

MAGIC, PORT = 0xE6A7, 25519
VERIFY, VERIFY_R, PING, PING_R = 1, 2, 3, 4
SEALED, WANT_CLAIMS, NO_CACHE, STRICT_ORDER, MIN_EPOCH = 1, 2, 4, 8, 16
STATUS = {
    1: "OK", 2: "MALFORMED", 3: "UNSUPPORTED", 4: "UNSUPPORTED_ALG", 5: "UNSUPPORTED_CRIT",
    6: "BAD_TYP", 7: "UNKNOWN_KEY", 8: "BAD_SIGNATURE", 9: "EXPIRED", 10: "NOT_YET_VALID",
    11: "ISSUED_IN_FUTURE", 12: "NO_EXP", 13: "BAD_ISS", 14: "BAD_AUD", 15: "REVOKED",
    16: "SUSPENDED", 17: "STATUS_UNKNOWN", 18: "TOO_OLD", 19: "CNF_REFUSED", 20: "TOO_BIG",
    21: "RISK_DENIED", 64: "OVERLOADED", 65: "RATE_LIMITED", 66: "NOT_READY",
    67: "UNKNOWN_POLICY", 68: "BAD_VERSION", 69: "STALE",
}


def request(tokens, request_id=1, policy=0, flags=0, min_epoch=None, fmt=0, pad=0):
    """A VERIFY frame of these tokens (bytes)."""
    body = b"" if min_epoch is None else struct.pack(">Q", min_epoch)
    flags |= 0 if min_epoch is None else MIN_EPOCH
    for token in tokens:
        body += struct.pack(">HBBI", len(token), fmt, 0, policy) + token
    room = 24 + 12 * len(tokens)
    body += bytes(max(0, room - 16 - len(body)) + pad)
    return header(VERIFY, flags, len(tokens), 16 + len(body), request_id) + body


def ping(request_id=1, size=64):
    return header(PING, 0, 1, size, request_id) + bytes(size - 16)


def header(kind, flags, count, length, request_id, magic=MAGIC, version=1):
    return struct.pack(">HBBBBHQ", magic, version, kind, flags, count, length, request_id)


class Response:
    """A parsed response: kind, request_id, epoch, statuses, records."""

    def __init__(self, frame):
        magic, version, self.kind, flags, count, length, self.request_id = struct.unpack(
            ">HBBBBHQ", frame[:16])
        assert magic == MAGIC and version == 1 and flags == 0, frame.hex()
        assert length == len(frame), (length, len(frame))
        self.epoch = struct.unpack(">Q", frame[16:24])[0]
        self.records = []
        if self.kind == VERIFY_R:
            assert len(frame) == 24 + 12 * count
            self.records = [struct.unpack(">BBHII", frame[24 + 12 * i:36 + 12 * i])
                            for i in range(count)]
        self.statuses = [STATUS[r[0]] for r in self.records]


# ── packets ──

def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ether(dst, src, kind, payload, vlans=()):
    tags = b"".join(struct.pack(">HH", tpid, vid) for tpid, vid in vlans)
    return dst + src + tags + struct.pack(">H", kind) + payload


def ip4(src, dst, proto, payload, ttl=64, options=b"", frag=0x4000, ident=0):
    head = struct.pack(">BBHHHBBH4s4s", 0x45 + len(options) // 4, 0, 20 + len(options) + len(payload),
                       ident, frag, ttl, proto, 0, src, dst) + options
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def ip6(src, dst, proto, payload, hops=64):
    return struct.pack(">IHBB16s16s", 6 << 28, len(payload), proto, hops, src, dst) + payload


def udp(src, dst, sport, dport, payload):
    """With the checksum over the pseudo-header of IPv4 or IPv6, by the addresses' length."""
    length = 8 + len(payload)
    pseudo = src + dst + (struct.pack(">BBH", 0, 17, length) if len(src) == 4
                          else struct.pack(">II", length, 17))
    raw = struct.pack(">HHHH", sport, dport, length, 0) + payload
    return raw[:6] + struct.pack(">H", checksum(pseudo + raw) or 0xFFFF) + raw[8:]


def write_pcap(path, packets):
    """packets: (seconds, frame)."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for seconds, frame in packets:
            out.write(struct.pack("<IIII", seconds, 0, len(frame), len(frame)) + frame)


def read_pcap(path):
    with open(path, "rb") as file:
        data = file.read()
    assert data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"), "pcap magic"
    at, packets = 24, []
    while at < len(data):
        seconds, _, caplen, length = struct.unpack("<IIII", data[at:at + 16])
        assert caplen == length
        packets.append((seconds, data[at + 16:at + 16 + caplen]))
        at += 16 + caplen
    return packets

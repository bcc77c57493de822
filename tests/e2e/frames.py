# SPDX-License-Identifier: BSD-3-Clause
"""Packets of every kind to one edgate: what each is, and what must become of it."""
import struct

import egt

SERVER_MAC, CLIENT_MAC = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
SERVER4, CLIENT4 = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])
SERVER6 = bytes.fromhex("20010db8000000000000000000000001")
CLIENT6 = bytes.fromhex("20010db8000000000000000000000002")
BROADCAST = b"\xff" * 6
IP4, IP6, ARP = 0x0800, 0x86DD, 0x0806


def over4(payload, sport=40000, dport=egt.PORT, src=CLIENT4, dst=SERVER4, mac=SERVER_MAC, **ip):
    return egt.ether(mac, CLIENT_MAC, IP4,
                     egt.ip4(src, dst, 17, egt.udp(src, dst, sport, dport, payload), **ip))


def over6(payload, sport=40000, dport=egt.PORT, src=CLIENT6, dst=SERVER6, ext=b"", first=17):
    return egt.ether(SERVER_MAC, CLIENT_MAC, IP6,
                     egt.ip6(src, dst, first, ext + egt.udp(src, dst, sport, dport, payload)))


def arp(op=1, target=SERVER4, dst=BROADCAST):
    return egt.ether(dst, CLIENT_MAC, ARP, struct.pack(">HHBBH", 1, IP4, 6, 4, op)
                     + CLIENT_MAC + CLIENT4 + bytes(6) + target)


def icmp6(kind, body, src=CLIENT6, dst=SERVER6, hops=64, mac=SERVER_MAC):
    raw = struct.pack(">BBH", kind, 0, 0) + body
    total = egt.checksum(src + dst + struct.pack(">II", len(raw), 58) + raw)
    raw = raw[:2] + struct.pack(">H", total) + raw[4:]
    return egt.ether(mac, CLIENT_MAC, IP6, egt.ip6(src, dst, 58, raw, hops))


def solicitation(target=SERVER6, hops=255):
    group = bytes.fromhex("ff0200000000000000000001ff") + target[13:]
    return icmp6(135, bytes(4) + target + b"\x01\x01" + CLIENT_MAC, dst=group, hops=hops,
                 mac=b"\x33\x33" + group[12:])


def echo4(data=b"ping"):
    raw = struct.pack(">BBHHH", 8, 0, 0, 7, 1) + data
    raw = raw[:2] + struct.pack(">H", egt.checksum(raw)) + raw[4:]
    return egt.ether(SERVER_MAC, CLIENT_MAC, IP4, egt.ip4(CLIENT4, SERVER4, 1, raw))


def flipped(frame, at, bit=1):
    at %= len(frame)
    return frame[:at] + bytes([frame[at] ^ bit]) + frame[at + 1:]


def tagged(frame, tags):
    return frame[:12] + b"".join(struct.pack(">HH", *tag) for tag in tags) + frame[12:]


def answered(token):
    """(name, frame, answer counter, statuses); request ids are distinct"""
    def ask(request_id):
        return egt.request([token], request_id)

    return [
        ("IPv4", over4(ask(11)), "answered_verify", ["OK"]),
        ("IPv6", over6(ask(12)), "answered_verify", ["OK"]),
        ("IPv4 with options", over4(ask(13), options=b"\x01\x01\x01\x00"), "answered_verify", ["OK"]),
        ("IPv6 with destination options",
         over6(ask(14), ext=bytes([17, 0, 1, 4, 0, 0, 0, 0]), first=60), "answered_verify", ["OK"]),
        ("shard port", over4(ask(15), dport=egt.PORT + 63), "answered_verify", ["OK"]),
        ("64 tokens", over4(egt.request([b"x"] * 63 + [token], 2)), "answered_verify",
         ["MALFORMED"] * 63 + ["OK"]),
        ("padding", over4(egt.request([token], 3, pad=100)), "answered_verify", ["OK"]),
        ("unknown policy", over4(egt.request([token], 4, policy=77)), "answered_verify",
         ["UNKNOWN_POLICY"]),
        ("epoch of the future", over4(egt.request([token], 5, min_epoch=2**60)), "answered_verify",
         ["STALE"]),
        ("empty token", over4(egt.request([b""], 6)), "answered_verify", ["MALFORMED"]),
        ("JWT sent as CWT", over4(egt.request([token], 7, fmt=2)), "answered_verify", ["MALFORMED"]),
        ("version 2", over4(egt.header(1, 0, 1, 60, 8, version=2) + bytes(44)), "answered_verify",
         ["BAD_VERSION"]),
        ("PING", over4(egt.ping(9)), "answered_ping", None),
        ("ARP", arp(), "answered_arp", None),
        ("neighbour solicitation", solicitation(), "answered_nd", None),
        ("echo", echo4(), "answered_echo", None),
        ("echo over IPv6", icmp6(128, struct.pack(">HH", 7, 1) + b"ping"), "answered_echo", None),
    ]


def dropped(token):
    """(name of the drop, frame)"""
    ask = egt.request([token], 0x2222)
    good, body = over4(ask), ask[16:]

    def head(**changed):
        fields = {"kind": 1, "flags": 0, "count": 1, "length": len(ask), "request_id": 1, **changed}
        return over4(egt.header(**fields) + body)

    return [
        ("eth_short", good[:13]),
        ("eth_not_for_us", CLIENT_MAC + good[6:]),
        ("eth_type", egt.ether(SERVER_MAC, CLIENT_MAC, 0x88CC, b"lldp")),
        ("vlan_mismatch", egt.ether(SERVER_MAC, CLIENT_MAC, IP4, good[14:], [(0x8100, 100)])),
        ("arp_malformed", arp()[:30]),
        ("arp_not_for_us", arp(target=CLIENT4)),
        ("ip4_malformed", good[:14] + b"\x41" + good[15:]),
        ("ip4_checksum", flipped(good, 24)),
        ("ip4_fragment", over4(ask, frag=0x2000)),
        ("ip4_fragment", over4(ask, frag=0x0001)),
        ("ip4_not_for_us", over4(ask, dst=bytes([192, 0, 2, 9]))),
        ("ip4_source", over4(ask, src=bytes([224, 0, 0, 1]))),
        ("ip4_source", over4(ask, src=SERVER4)),
        ("ip4_source", over4(ask, src=bytes([192, 0, 2, 255]))),
        ("ip4_source", over4(ask, src=bytes(4))),
        ("ip4_protocol", egt.ether(SERVER_MAC, CLIENT_MAC, IP4, egt.ip4(CLIENT4, SERVER4, 6, bytes(20)))),
        ("ip6_malformed", over6(ask)[:40]),
        ("ip6_extension", over6(ask, ext=bytes([17, 0]) + bytes(6), first=51)),
        ("ip6_fragment", over6(ask, ext=bytes([17, 0]) + bytes(6), first=44)),
        ("ip6_not_for_us", over6(ask, dst=CLIENT6[:-1] + b"\x09")),
        ("ip6_source", over6(ask, src=b"\xff\x02" + bytes(13) + b"\x01")),
        ("ip6_protocol", over6(ask, first=6)),
        ("icmp_malformed", flipped(echo4(), -1)),
        ("icmp_type", icmp6(134, bytes(12), hops=255)),
        ("nd_malformed", solicitation(hops=64)),
        ("nd_not_for_us", solicitation(target=b"\xfe\x80" + SERVER6[2:])),
        ("udp_malformed", flipped(good, 39, 0x80)),
        ("udp_checksum", flipped(good, -1)),
        ("udp_port", over4(ask, dport=egt.PORT - 1)),
        ("udp_port", over4(ask, dport=egt.PORT + 64)),
        ("udp_source_port", over4(ask, sport=0)),
        ("udp_source_port", over4(ask, sport=egt.PORT)),
        ("egt_short", over4(ask[:15])),
        ("egt_magic", over4(flipped(ask, 0))),
        ("egt_type", head(kind=2)),
        ("egt_type", head(kind=9)),
        ("egt_flags", head(flags=0x80)),
        ("egt_sealed", head(flags=1)),
        ("egt_count", head(count=0)),
        ("egt_count", head(count=65)),
        ("egt_length", head(length=len(ask) - 1)),
        ("egt_amplification", over4(egt.header(1, 0, 2, 16 + 16, 1) + bytes(16))),
        ("egt_amplification", over4(egt.ping(1, 38))),
        ("egt_record", over4(flipped(ask, 16, 0x40))),
        ("egt_record", over4(flipped(ask, 19))),
        ("egt_padding", over4(flipped(egt.request([token], 1, pad=9), -1))),
        ("too_big", over4(egt.request([token], 1, pad=1232))),
    ]


def mutated(rng, frame):
    """Some bytes changed, and now and then the end cut off or noise behind it."""
    frame = bytearray(frame)
    for _ in range(rng.choice([0, 1, 1, 2, 8])):
        frame[rng.randrange(len(frame))] = rng.randrange(256)
    if rng.random() < 0.2:
        del frame[rng.randrange(len(frame)):]
    elif rng.random() < 0.1:
        frame += rng.randbytes(rng.randrange(200))
    return bytes(frame)

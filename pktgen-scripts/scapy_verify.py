#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Asks an edgate about one token with packets that scapy builds: a template for tests of your own.

usage: scapy_verify.py INTERFACE SERVER_IPV4 TOKEN       (root; Debian: python3-scapy)
"""
import struct
import sys

from scapy.all import Ether, IP, Packet, Raw, UDP, bind_layers, conf, getmacbyip, srp1
from scapy.fields import (ByteEnumField, ByteField, LongField, ShortField, XShortField)


class EGT(Packet):
    """The 16-byte header of EGT/1; records follow as raw bytes."""
    name = "EGT"
    fields_desc = [
        XShortField("magic", 0xE6A7),
        ByteField("version", 1),
        ByteEnumField("type", 1, {1: "VERIFY", 2: "VERIFY_R", 3: "PING", 4: "PING_R"}),
        ByteField("flags", 0),
        ByteField("count", 1),
        ShortField("length", None),
        LongField("request_id", 0),
    ]

    def post_build(self, pkt, pay):
        if self.length is None:
            pkt = pkt[:6] + struct.pack(">H", len(pkt) + len(pay)) + pkt[8:]
        return pkt + pay

    def answers(self, other):
        return self.request_id == other.request_id


bind_layers(UDP, EGT, dport=25519)
bind_layers(UDP, EGT, sport=25519)


def main():
    interface, server, token = sys.argv[1], sys.argv[2], sys.argv[3].encode()
    conf.verb = 0
    conf.iface = interface
    record = struct.pack(">HBBI", len(token), 0, 0, 0) + token
    record += bytes(max(0, 20 - len(record)))
    ask = (Ether(dst=getmacbyip(server)) / IP(dst=server) / UDP(sport=41000, dport=25519)
           / EGT(request_id=0xED6A7E) / Raw(record))
    reply = srp1(ask, iface=interface, timeout=2)
    if reply is None:
        sys.exit("no answer")
    reply[EGT].show()
    body = bytes(reply[EGT].payload)
    status = body[8]
    print(f"epoch {int.from_bytes(body[:8], 'big'):#x}, status {status}{' OK' if status == 1 else ''}")


if __name__ == "__main__":
    main()

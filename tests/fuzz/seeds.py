#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the seeds of every fuzz target: seeds.py FOLDER makes FOLDER/<target>/<name>.

Each rule of a parser that an input can break has a seed that breaks it. The corpus in the
repository is these, minimised together with what fuzzing has found (run.sh --keep).
"""
import hashlib
import pathlib
import struct
import sys


# ── EGT ──

def egt(kind=1, flags=0, records=((b"a.b.c", 0, 0),), request_id=1, magic=0xE6A7, version=1,
        count=None, epoch=None, pad=0, length=None, reserved=0, padding=b"\0"):
    body = b"" if epoch is None else struct.pack(">Q", epoch)
    for token, fmt, policy in records:
        body += struct.pack(">HBBI", len(token), fmt, reserved, policy) + token
    count = len(records) if count is None else count
    smallest = 40 if kind == 3 else 24 + 12 * count
    body += padding * max(pad, smallest - 16 - len(body))
    total = 16 + len(body) if length is None else length
    return struct.pack(">HBBBBHQ", magic, version, kind, flags, count, total, request_id) + body


def seeds_egt():
    empty = (b"", 0, 0)
    many = [(b"x" * 30, i % 4, i) for i in range(64)]
    return {
        "verify": egt(), "verify64": egt(records=many), "ping": egt(3, records=[empty]),
        "ping_padded": egt(3, records=[empty], pad=90), "min_epoch": egt(flags=16, epoch=7),
        "flags": egt(flags=2 | 4 | 8), "short": b"\xe6\xa7\x01", "magic": egt(magic=0xE6A8),
        "version": egt(version=2), "version_even": egt(2, version=2),
        "version_short": egt(version=2)[:20], "type": egt(2), "flag_bad": egt(flags=32),
        "ping_flags": egt(3, flags=2, records=[empty]), "sealed": egt(flags=1),
        "count0": egt(count=0), "count65": egt(count=65), "count_ping": egt(3, count=2),
        "length": egt(length=7), "amplification": egt(records=[empty], padding=b""),
        "record_runs_over": egt(records=[(b"x" * 40, 0, 0)])[:-1][:6] + b"\0\x37" +
        egt(records=[(b"x" * 40, 0, 0)])[8:-9],
        "reserved": egt(reserved=1), "fmt": egt(records=[(b"a.b.c", 4, 0)]),
        "ping_token": egt(3, records=[(b"a", 0, 0)]),
        "padding": egt(records=[empty], padding=b"\1"), "pad": egt(pad=200),
    }


# ── writing ──

def main():
    root = pathlib.Path(sys.argv[1])
    for name, make in list(globals().items()):
        if not name.startswith("seeds_"):
            continue
        folder = root / name[len("seeds_"):]
        folder.mkdir(parents=True, exist_ok=True)
        for data in make().values():
            (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Says what of a reach list a corpus has not reached: reach.py LIST < llvm-cov's export.

  functions FILE [but NAME …]   each function of FILE was called, but for those named
  code FILE [but NAME …]        and each piece of its code ran; those named need not have run whole
  whole FILE [but NAME …]       and each branch went both ways

"of NAME …" instead of "but": those functions alone. FILE is a path from the project's root. Code that no input can reach (no memory, say) is why a
function is named. Lines of other words are not for this program. Exit status 0 where all was
reached. No line numbers: code may move, and what is new must be reached too.
"""
import json
import os
import sys

CODE = 0  # a region of llvm-cov's export: line, column, end line, end column, count, …, kind


def pieces(function, kind):
    """(line, what) of all that did not run in a function that was called."""
    for region in function["regions"]:
        if region[7] == CODE and region[4] == 0:
            yield region[0], "code"
    for branch in function.get("branches", []):
        if kind == "whole" and (branch[4] == 0 or branch[5] == 0):
            yield branch[0], "never true" if branch[4] == 0 else "never false"


def merged(functions):
    """One entry a function: a static function of a header is there once for each file."""
    out = {}
    for function in functions:
        path = os.path.normpath(function["filenames"][0])
        key = path, function["name"].rsplit(":", 1)[-1]
        if key not in out or function["count"] > out[key]["count"]:
            out[key] = function
    return out


def check(functions, kind, path, only, but):
    """Lines to print."""
    found = False
    for (where, name), function in sorted(functions.items()):
        if not where.endswith("/" + path):
            continue
        found = True
        if name in but or (only and name not in only):
            continue
        if function["count"] == 0:
            yield f"{path}: {name}: not called"
        elif kind != "functions":
            for line, what in sorted(set(pieces(function, kind))):
                yield f"{path}: {name}: line {line}: {what}"
    if not found:
        yield f"{path}: no code of it is in this target"
    known = {name for where, name in functions if where.endswith("/" + path)}
    for name in sorted({*only, *but} - known):
        yield f"{path}: {name}: there is no such function (any more)"


def main():
    functions = merged(json.load(sys.stdin)["data"][0]["functions"])
    failed = False
    for line in open(sys.argv[1], encoding="utf-8"):
        words = line.split("#")[0].split()
        if not words or words[0] not in ("functions", "code", "whole"):
            continue
        names = words[3:]
        only, but = (names, []) if words[2:3] == ["of"] else ([], names)
        for text in check(functions, words[0], words[1], only, but):
            print(f"{os.path.basename(sys.argv[1])}: not reached: {text}")
            failed = True
    sys.exit(failed)


main()

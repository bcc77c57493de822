# SPDX-License-Identifier: BSD-3-Clause
"""The conditions of a measurement. What cannot be read says so; nothing is left out."""
import os
import pathlib
import platform
import re
import subprocess
import sys

UNKNOWN = "not readable"
FLAGS = ("avx2", "fma", "bmi2", "sha_ni", "vaes", "vpclmulqdq", "gfni", "avx512f", "avx512ifma", "avx512_vbmi")
BUSY = 0.5  # a load average above this means that something else was running


def text_of(path, default=UNKNOWN):
    try:
        return pathlib.Path(path).read_text().strip() or default
    except OSError:
        return default


def output_of(*command, cwd=None, default=UNKNOWN):
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return default
    return done.stdout.strip() if done.returncode == 0 else default


def source(root):
    commit = output_of("git", "rev-parse", "--short=12", "HEAD", cwd=root)
    changed = output_of("git", "status", "--porcelain", "--untracked-files=no", cwd=root)
    return {"commit": commit, "dirty": changed not in ("", UNKNOWN)}


def cpu(root="/"):
    info = text_of(f"{root}/proc/cpuinfo", "")

    def field(name):
        found = re.search(rf"^{name}\s*:\s*(.*)$", info, re.M)
        return found[1].strip() if found else UNKNOWN

    flags = field("flags").split()
    base = f"{root}/sys/devices/system/cpu"
    return {
        "model": field("model name"),
        "family_model_stepping": "/".join(field(n) for n in ("cpu family", "model", "stepping")),
        "microcode": field("microcode"),
        "cpus": len(re.findall(r"^processor\s*:", info, re.M)),
        "flags": [flag for flag in FLAGS if flag in flags],
        "hypervisor": "hypervisor" in flags,
        "governor": text_of(f"{base}/cpu0/cpufreq/scaling_governor"),
        "smt": {"1": "on", "0": "off"}.get(text_of(f"{base}/smt/active"), UNKNOWN),
        "isolated": text_of(f"{base}/isolated", "none"),
        "last_level_cache": last_level_cache(f"{base}/cpu0/cache"),
    }


def last_level_cache(folder):
    sizes = {text_of(index / "level"): text_of(index / "size") for index in pathlib.Path(folder).glob("index*")
             if text_of(index / "type") in ("Unified", "Data")}
    return sizes[max(sizes)] if sizes else UNKNOWN


def memory(root="/"):
    pools = {}
    for pool in sorted(pathlib.Path(f"{root}/sys/kernel/mm/hugepages").glob("hugepages-*")):
        pools[pool.name.removeprefix("hugepages-")] = \
            f"{text_of(pool / 'nr_hugepages')} reserved, {text_of(pool / 'free_hugepages')} free"
    thp = re.search(r"\[(\w+)\]", text_of(f"{root}/sys/kernel/mm/transparent_hugepage/enabled"))
    total = re.search(r"^MemTotal:\s*(\d+) kB", text_of(f"{root}/proc/meminfo", ""), re.M)
    return {
        "total_mib": int(total[1]) // 1024 if total else UNKNOWN,
        "hugepages": pools or UNKNOWN,
        "transparent_hugepages": thp[1] if thp else UNKNOWN,
        "numa_nodes": len(list(pathlib.Path(f"{root}/sys/devices/system/node").glob("node[0-9]*"))) or UNKNOWN,
    }


def software(build):
    options = output_of("meson", "introspect", "--buildoptions", build, default="[]")
    kind = re.search(r'"name": "buildtype", "value": "(\w+)"', options)
    return {
        "buildtype": kind[1] if kind else UNKNOWN,
        "compiler": output_of("cc", "--version").splitlines()[0],
        "dpdk": output_of("pkg-config", "--modversion", "libdpdk", default="none"),
        "libsodium": output_of("pkg-config", "--modversion", "libsodium"),
        "jansson": output_of("pkg-config", "--modversion", "jansson"),
        "python": platform.python_version(),
        "kernel": f"{platform.system()} {platform.release()}",
        "kernel_command_line": text_of("/proc/cmdline"),
    }


def load(root="/"):
    words = text_of(f"{root}/proc/loadavg").split()
    return [float(w) for w in words[:3]] if len(words) >= 3 else UNKNOWN


def ticks(root="/"):
    """Clock ticks of all CPUs, and those that the hypervisor gave to others."""
    words = text_of(f"{root}/proc/stat", "").split("\n")[0].split()[1:]
    values = [int(w) for w in words]
    return (sum(values[:8]), values[7]) if len(values) >= 8 else (0, 0)


def steal_pct(before, after):
    total = after[0] - before[0]
    return round(100 * (after[1] - before[1]) / total, 2) if total > 0 else UNKNOWN


def gather(root, build):
    """Before the first case: afterwards the load is our own."""
    return {
        "source": source(root),
        "host": platform.node(),
        "cpu": cpu(),
        "memory": memory(),
        "software": software(build),
        "load_before": load(),
        "as_root": os.geteuid() == 0,
        "command": [os.path.basename(sys.argv[0]), *sys.argv[1:]],
    }


def doubts(result):
    """Why the figures of a result should not be believed as they stand: sentences."""
    conditions = result["conditions"]
    found = [f"While it ran: {incident}." for incident in result["incidents"]]
    found += [f"{name}: {len(case['failed_rounds'])} round(s) failed: {case['failed_rounds'][0]}."
              for name, case in result["cases"].items() if "failed_rounds" in case and "figures" in case]
    if conditions["source"]["dirty"]:
        found.append("The sources had changes that are in no commit.")
    if conditions["software"]["buildtype"] != "release":
        found.append(f"Not a release build ({conditions['software']['buildtype']}).")
    before = conditions["load_before"]
    if before == UNKNOWN or before[0] > BUSY:
        words = before if before == UNKNOWN else before[0]
        found.append(f"Something else was running before the start (load {words}).")
    steal = conditions.get("steal_pct", UNKNOWN)
    if steal == UNKNOWN or steal > 1:
        found.append(f"The hypervisor gave {steal} % of the time to others while this ran.")
    return found

# SPDX-License-Identifier: BSD-3-Clause
"""Starts and stops what is measured: edgate on a port, the plain server, the bare engine. The worker has
one CPU, the generator the other; nobody else is started while a case runs."""
import contextlib
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

from . import corpus, link
from .load import Load

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import egt  # noqa: E402,F401  for revocation
from harness import BUILD, World, program, run  # noqa: E402

PORTS = range(30000, 60000)
SERVER_IP, CLIENT_IP = "192.0.2.1", "192.0.2.2"
EAL_PAGES = 512  # of 2 MiB: what both sides take
SETTLE_RATE, PAUSE_S = 20000, 1.5
COLD_FACTOR = 4  # W2: tokens for each entry of the cache
ENTRY_BYTES = 128  # of the cache, at least
DESCRIPTORS = 8192  # of a ring: 20 ms at 400 000 a second, which a host may take away; the driver has no more


def eal_args(sysfs="/sys"):
    """Reserved huge pages where there are enough, else plain memory. In one file: virtio_user shares at most eight."""
    free = pathlib.Path(sysfs, "kernel/mm/hugepages/hugepages-2048kB/free_hugepages")
    enough = free.is_file() and int(free.read_text()) >= EAL_PAGES
    pages = ["--in-memory", "--single-file-segments"] if enough else ["--no-huge", "--no-shconf"]
    return [*pages, "--no-pci", "--no-telemetry", "--log-level=critical", "-m", "256"]


VDEVS = {  # a pair: edgate's end first, then the generator's, where a packet needs one buffer only
    "vhost": ("net_vhost0,iface={socket},queues=1",
              f"net_virtio_user0,path={{socket}},queues=1,queue_size={DESCRIPTORS},packed_vq=1,mrg_rxbuf=0"),
    "memif": ("net_memif0,role=server,socket={socket},socket-abstract=no",
              "net_memif0,role=client,socket={socket},socket-abstract=no"),
}


class Vdevs:
    """edgate and edgate-load over a pair of virtual devices. One socket file for each start."""

    def __init__(self, kind, folder):
        self.ends, self.folder, self.starts = VDEVS[kind], folder, 0

    def fresh(self):
        self.starts += 1
        ours, theirs = (end.format(socket=f"{self.folder}/vdev-{self.starts}.sock") for end in self.ends)
        port = {"kind": "dpdk", "device": ours.partition(",")[0], "vdev": ours}
        words = "".join(f"    {key}: \"{value}\"\n" for key, value in port.items())
        eal = ", ".join(f'"{word}"' for word in eal_args())
        return Port(
            link.link_of(port),
            f"  - name: p0\n{words}    queues: 1\n    addresses: [{SERVER_IP}/24]\n", f"eal: [{eal}]\n",
            [*[f"--eal={word}" for word in eal_args()], "--vdev", theirs, "--descriptors", str(DESCRIPTORS),
             "--server", SERVER_IP, "--client", CLIENT_IP])


class Sockets:
    """The kernel's sockets over loopback."""

    def fresh(self):
        base = random.choice(PORTS)
        return Port(link.link_of({"kind": "socket"}),
                    "  - {name: p0, kind: socket, queues: 1, addresses: [127.0.0.1/8]}\n",
                    f"base_port: {base}\n", ["--udp", f"127.0.0.1:{base}"], base)


class Port:
    def __init__(self, made_of, yaml, extra, load_args, base=None):
        self.link, self.yaml, self.extra, self.load_args, self.base = made_of, yaml, extra, load_args, base


class Stand:
    """Programs, corpora and state of one perf/run."""

    def __init__(self, cold, mixed, settle_s, kind):
        self.cache_entries, self.settle_s = cold // COLD_FACTOR, settle_s
        self.world = World("perf")
        self.worker_cpu, self.load_cpu = max(os.sched_getaffinity(0)), min(os.sched_getaffinity(0))
        self.now_s, self.places = int(time.time()), {}
        try:
            self.make_state(cold, mixed)
        except BaseException:
            self.close()
            raise
        self.sockets = Sockets()
        self.ports = self.sockets if kind == "socket" else Vdevs(kind, self.world.dir)

    def make_state(self, cold, mixed):
        self.paths = corpus.make(f"{self.world.dir}/corpus", self.now_s, cold, mixed)
        self.world.ctl("init", *(["--group", "nogroup"] if os.geteuid() == 0 else []))
        for command in corpus.state_commands(self.paths, self.now_s):
            self.world.ctl(*command)

    def close(self):
        self.world.__exit__()

    def cache_yaml(self, port, workers):
        """A cache that the cold corpus is four times as large as; nothing where this edgate has none."""
        yaml = f"cache: {{memory: {self.cache_entries * ENTRY_BYTES}}}\n"
        path = self.world.config(port.yaml, workers, f"{port.extra}{yaml}")
        self.has_cache = run(program("edgate"), "--check", path, check=False).returncode == 0
        return yaml if self.has_cache else ""

    # ── edgate ──

    @contextlib.contextmanager
    def edgate(self, ports, extra="", tables=True):
        """A running edgate on a fresh port, warmed up; its counters must add up at the end."""
        port = ports.fresh()
        workers = f"  - {{port: p0, queue: 0, cpu: {self.worker_cpu}}}\n"
        cache = self.cache_yaml(port, workers)
        self.world.config(port.yaml, workers, f"idle: spin\n{port.extra}{cache}{extra}")
        self.world.start()
        try:
            if tables:
                self.settle(port)
            yield port
        except BaseException:
            self.world.process.kill()
            self.world.process.wait()
            self.world.process = None
            raise
        self.world.stop()

    @contextlib.contextmanager
    def paused(self):
        """edgate lends the worker's CPU to another."""
        self.world.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.world.process.send_signal(signal.SIGCONT)

    def check_alive(self):
        """Where edgate ended by itself, no case can be blamed."""
        process = self.world.process
        if process is not None and process.poll() is not None:
            raise AssertionError(f"edgate ended by itself (exit {process.returncode})")

    def configuration(self):
        """What edgate was given, without where it stood."""
        path = pathlib.Path(self.world.dir, "edgate.yaml")
        return path.read_text().replace(self.world.dir, "DIR")

    def settle(self, port):
        """Asks until each key that is in use has its table: heat makes them, and heat takes load. They are built
        on the generator's CPU, by a thread that yields to everything, so the load pauses."""
        deadline, before = time.monotonic() + self.settle_s, None
        load = self.load(port, "cold-213", "W2")
        while time.monotonic() < deadline:
            load.trial(SETTLE_RATE, 0.5)
            time.sleep(PAUSE_S)
            now = self.windows()
            if now == before and all(now):
                return
            before = now

    def windows(self):
        """Width of the table of each issuer's key, as edgate has it now."""
        rows = json.loads(self.world.ctl("key", "tables", "--json").stdout)
        width = {row["issuer"]: row.get("window", 0) for row in rows}
        return [width.get(issuer, 0) for issuer in corpus.ISSUERS]

    def stats(self):
        return self.world.stats()

    def load(self, port, name, mix, warm=64):
        more = {"W1": ["--set", warm], "W2": ["--cache-entries", self.cache_entries]}.get(mix, [])
        return self.load_of(port, self.paths[name], ["--mix", mix, *more])

    def load_of(self, port, path, options):
        return Load(program("edgate-load"), port.load_args, path, options, self.load_cpu, self.places)

    # ── partners ──

    def issuer_args(self):
        return [f"--issuer={issuer}={self.paths[issuer]}" for issuer in corpus.ISSUERS]

    @contextlib.contextmanager
    def plain_server(self):
        port = self.sockets.fresh()
        command = [os.path.join(BUILD, "perf", "baseline", "plain_server"), *self.issuer_args(),
                   "--audience", corpus.AUDIENCE, "--port", str(port.base), "--cpu", str(self.worker_cpu)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            if process.stdout.readline() != "ready\n":
                raise AssertionError("plain_server did not start")
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=10)

    @contextlib.contextmanager
    def busy_load_cpu(self):
        """As the generator keeps it busy. Two CPUs of a host may share a clock or a core: beside an idle one, the
        other is a third faster."""
        with subprocess.Popen(["taskset", "-c", str(self.load_cpu), "sh", "-c", "while :; do :; done"]) as process:
            try:
                yield
            finally:
                process.kill()

    def bare_engine(self, name, windows, tokens, rounds):
        """ns a signature of each round, on the worker's CPU, which nobody else uses meanwhile."""
        command = [os.path.join(BUILD, "perf", "baseline", "bare_engine"), *self.issuer_args(), "--corpus",
                   self.paths[name], "--cpu", self.worker_cpu, "--tokens", tokens, "--rounds", rounds]
        for width in windows:
            command += ["--window", width]
        with self.busy_load_cpu():
            return json.loads(run(*command).stdout)

    def libraries(self, name, seconds):
        command = [ROOT / "perf" / "baseline" / "libraries.py", *self.issuer_args(), "--audience", corpus.AUDIENCE,
                   "--corpus", self.paths[name], "--cpu", self.worker_cpu, "--seconds", seconds]
        return json.loads(run(*command).stdout)

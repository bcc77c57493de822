# SPDX-License-Identifier: BSD-3-Clause
"""Runs the built programs: an edgate with its state, edgatectl, edgate-token."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.environ.get("EDGATE_BUILD", os.path.join(ROOT, "build"))
ISSUER, AUDIENCE = "https://issuer.example", "https://api.example"
NOW = 2140000000  # 2037: the store that a test makes today is not newer than its packets


def program(name):
    return os.path.join(BUILD, "app", name, name)


def skip(reason):
    print(f"SKIPPED: {reason}")
    sys.exit(77)


def have_root_netns():
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    probe = f"edgate-probe-{os.getpid()}"
    works = all(subprocess.run(["ip", "netns", *args], capture_output=True).returncode == 0
                for args in (("add", probe), ("exec", probe, "true")))
    subprocess.run(["ip", "netns", "del", probe], capture_output=True)
    return works


def run(*args, check=True, **kwargs):
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True, **kwargs)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, args))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def names_of(kinds):
    """The names in counters.def of these kinds: "DROP|ANSWER"."""
    with open(os.path.join(ROOT, "lib", "stats", "counters.def")) as text:
        return re.findall(rf"^EG_(?:{kinds})\((?:\d+, )?(\w+),", text.read(), re.M)


class World:
    """A temporary directory with a state, an issuer's key and, while it runs, an edgate."""

    def __init__(self, name):
        self.dir = tempfile.mkdtemp(prefix=f"edgate-{name}-")
        os.chmod(self.dir, 0o755)
        self.state, self.rundir = f"{self.dir}/state", f"{self.dir}/run"
        self.process = self.counters = None
        self.netns = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        for name in self.netns:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
        shutil.rmtree(self.dir, ignore_errors=True)
        shutil.rmtree(f"/run/dpdk/edgate-e2e-{os.getpid()}", ignore_errors=True)  # DPDK leaves it

    def ctl(self, *args, **kwargs):
        return run(program("edgatectl"), "--state", self.state, "--run", self.rundir, *args, **kwargs)

    def make_state(self):
        """One issuer with key k1, policy 1, and a one-bit list of 1000 entries."""
        group = ["--group", "nogroup"] if os.geteuid() == 0 else []
        run(program("edgate-token"), "keygen", "--kid", "k1", "--out", f"{self.dir}/issuer")
        self.ctl("init", *group)
        self.ctl("issuer", "add", ISSUER, "--jwks", f"{self.dir}/issuer.jwks")
        self.ctl("policy", "set", "1", "--issuer", ISSUER, "--audience", AUDIENCE)
        self.ctl("list", "add", f"{ISSUER}/list", "--issuer", ISSUER, "--bits", "1", "--entries", "1000")

    def token(self, *args, now=None):
        """A valid token, with more or other claims by edgate-token's options."""
        now = int(time.time()) if now is None else now
        args = args if "--exp" in args else ("--exp", "+3600", *args)
        args = args if "--sub" in args else ("--sub", "alice", *args)
        return run(program("edgate-token"), "sign", "--key", f"{self.dir}/issuer.private.jwk",
                   "--iss", ISSUER, "--aud", AUDIENCE, "--now", now, *args).stdout.strip().encode()

    def config(self, ports, workers, extra=""):
        with open(f"{self.dir}/edgate.yaml", "w") as out:
            out.write(f"name: e2e-{os.getpid()}\nstate: {self.state}\nrun: {self.rundir}\n"
                      f"user: nobody\nmode: plain\n{extra}ports:\n{ports}workers:\n{workers}")
        return f"{self.dir}/edgate.yaml"

    def start(self, under=(), ready=True):
        with open(f"{self.dir}/edgate.log", "w") as log:
            self.process = subprocess.Popen(
                [*under, program("edgate"), "--config", f"{self.dir}/edgate.yaml"],
                stdout=log, stderr=subprocess.STDOUT)
        if ready:
            self.await_ready()

    def await_ready(self, within_s=60):
        deadline = time.monotonic() + within_s
        while "ready" not in self.output():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("edgate did not start:\n" + self.output())
            time.sleep(0.02)

    def output(self):
        with open(f"{self.dir}/edgate.log") as log:
            return log.read()

    def stats(self):
        return json.loads(self.ctl("stats", "--json").stdout)

    def stop(self):
        """SIGTERM, then as wait()."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self, timeout_s=60):
        """The final counters of an edgate that ended well: exit 0, nothing of a sanitizer in its log,
        every packet answered or dropped by name, every record with a verdict."""
        code = self.process.wait(timeout=timeout_s)
        text = self.output()
        self.process = None
        assert code == 0, f"edgate: exit {code}\n{text[-4000:]}"
        assert not re.search(r"Sanitizer|runtime error", text), text[-4000:]
        counters = {m[1]: int(m[2]) for m in re.finditer(r"^(\w+)\s+(\d+)$", text, re.M)}
        for total, kinds in (("rx_packets", "DROP|ANSWER"), ("records", "VERDICT")):
            ends = sum(counters.get(name, 0) for name in names_of(kinds))
            assert counters.get(total, 0) == ends, f"{total} do not add up\n{text[-4000:]}"
        return counters

    def make_netns(self, *names):
        for name in names:
            run("ip", "netns", "add", name)
            self.netns.append(name)


class VethWorld(World):
    """edgate with two workers on the two queues of an af_packet port, at one end of a veth pair; the
    other end, eg1 with 192.0.2.2 and 2001:db8::2, is the kernel's, in the network namespace `cli`."""

    PORT = f"""  - name: p0
    include: {ROOT}/drivers-config/drivers/af_packet.yaml
    device: net_af_packet0
    vdev: "net_af_packet0,iface=eg0,qpairs=2"
    queues: 2
    addresses: [192.0.2.1/24, "2001:db8::1/64"]
"""
    WORKERS = "  - {port: p0, queue: 0, cpu: 0}\n  - {port: p0, queue: 1, cpu: 1}\n"
    EXTRA = 'idle: sleep:50\neal: ["--no-huge", "--no-shconf", "--no-telemetry", "--no-pci", "-m", "256"]\n'

    def up(self):
        self.srv, self.cli = f"edgate-s{os.getpid()}", f"edgate-c{os.getpid()}"
        self.make_netns(self.srv, self.cli)
        # The address that frames.py sends to.
        run("ip", "-n", self.srv, "link", "add", "eg0", "address", "02:00:00:00:00:01", "type", "veth",
            "peer", "name", "eg1", "netns", self.cli)
        run("ip", "netns", "exec", self.srv, "sysctl", "-qw", "net.ipv6.conf.eg0.disable_ipv6=1")
        run("ip", "-n", self.srv, "link", "set", "eg0", "up")
        for args in ("link set lo up", "link set eg1 up", "addr add 192.0.2.2/24 dev eg1",
                     "addr add 2001:db8::2/64 dev eg1 nodad"):
            run("ip", "-n", self.cli, *args.split())
        # af_packet sees packets before a NIC would have filled in checksums.
        self.inside("ethtool", "-K", "eg1", "tx", "off")
        self.make_state()
        self.config(self.PORT, self.WORKERS, self.EXTRA)
        self.start(["ip", "netns", "exec", self.srv])

    def inside(self, *args, **kwargs):
        return run("ip", "netns", "exec", self.cli, *args, **kwargs)

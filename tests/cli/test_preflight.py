# SPDX-License-Identifier: BSD-3-Clause
"""preflight, on hosts that are directory trees: each red line with its green twin, and its command."""
import json
import os
import re
import socket
import subprocess
import unittest

from cli import EDGATECTL, CliTest, run

NIC, OTHER_NIC = "0000:3b:00.0", "0000:5e:00.0"
CPU, NODE, PCI = "sys/devices/system/cpu", "sys/devices/system/node", "sys/bus/pci/devices"
CLOCK = "sys/devices/system/clocksource/clocksource0"
FLAGS = ("fpu sse4_2 avx2 fma bmi2 avx512f avx512bw avx512dq avx512vl avx512vbmi avx512ifma "
         "constant_tsc nonstop_tsc")
STATUS = ("Name:\tx\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{gid}\t{gid}\t{gid}\t{gid}\nGroups:\t{groups} \n"
          "CapEff:\t{caps}\nCpus_allowed_list:\t{cpus}\n")
LIMITS = "Limit                     Soft Limit           Hard Limit           Units\n" \
         "Max locked memory         {0}              {0}              bytes\n"

NIC_CONFIG = """\
name: edge1
state: /var/lib/edgate
mode: plain
idle: spin
control_cpu: 4
ed25519: ifma
ports:
  - name: p0
    kind: dpdk
    device: "0000:3b:00.0"
    queues: 2
    addresses: [192.0.2.1/24]
workers:
  - {port: p0, queue: 0, cpu: 5}
  - {port: p0, queue: 1, cpu: 6}
"""
VETH_CONFIG = """\
name: veth
state: /var/lib/edgate
mode: plain
eal: ["--no-huge", "--no-pci", "-m", "64"]
ports:
  - name: p0
    kind: dpdk
    device: net_af_packet0
    vdev: "net_af_packet0,iface=eg0"
    addresses: [192.0.2.1/24]
workers:
  - {port: p0, queue: 0, cpu: 5}
"""


class Host:
    """A good host: two nodes of four CPUs, their second threads 8 to 15, an E810 on node 1."""

    def __init__(self, root):
        self.root = root
        self.write("proc/cmdline", "BOOT_IMAGE=/vmlinuz isolcpus=5-7 nohz_full=5-7\n")
        self.write("proc/cpuinfo", f"processor\t: 0\nflags\t\t: {FLAGS}\n")
        self.write("proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\n")
        self.write("proc/self/mounts", "proc /proc proc rw 0 0\nnodev /dev/hugepages hugetlbfs rw 0 0\n")
        self.write("proc/self/limits", LIMITS.format("unlimited"))
        self.write("etc/passwd", "root:x:0:0::/root:/bin/sh\nedgate:x:990:990::/:/bin/false\n")
        self.write("run/.keep", "")
        self.status()
        self.write(f"{CPU}/online", "0-15\n")
        self.write(f"{CPU}/isolated", "5-7\n")
        for cpu in range(16):
            self.write(f"{CPU}/cpu{cpu}/topology/thread_siblings_list", f"{cpu % 8},{cpu % 8 + 8}\n")
            self.write(f"{CPU}/cpu{cpu}/cpufreq/scaling_governor", "performance\n")
        for node in (0, 1):
            self.write(f"{NODE}/node{node}/cpulist", f"{node * 4}-{node * 4 + 3},{node * 4 + 8}-{node * 4 + 11}\n")
            self.write(f"{NODE}/node{node}/meminfo", f"Node {node} MemFree:  2097152 kB\n")
            self.pages(node, 64)
        self.write(f"{CLOCK}/current_clocksource", "tsc\n")
        self.write(f"{CLOCK}/available_clocksource", "tsc hpet acpi_pm \n")
        self.write("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n")
        self.nic(NIC, "vfio-pci")
        self.write("sys/class/net/eg0/flags", "0x1003\n")

    def write(self, path, text):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def status(self, uid=0, caps="000001ffffffffff", cpus="0-15", gid=0, groups=""):
        self.write("proc/self/status", STATUS.format(uid=uid, caps=caps, cpus=cpus, gid=gid, groups=groups))

    def pages(self, node, free):
        self.write(f"{NODE}/node{node}/hugepages/hugepages-2048kB/nr_hugepages", f"{free}\n")
        self.write(f"{NODE}/node{node}/hugepages/hugepages-2048kB/free_hugepages", f"{free}\n")

    def nic(self, device, driver, vendor="8086", device_id="1592", node=1):
        self.write(f"{PCI}/{device}/vendor", f"0x{vendor}\n")
        self.write(f"{PCI}/{device}/device", f"0x{device_id}\n")
        self.write(f"{PCI}/{device}/class", "0x020000\n")
        self.write(f"{PCI}/{device}/numa_node", f"{node}\n")
        self.write(f"{PCI}/{device}/iommu_group/type", "DMA\n")
        self.driver(device, driver)

    def driver(self, device, driver):
        link = self.root / PCI / device / "driver"
        link.unlink(missing_ok=True)
        if driver is not None:
            self.write(f"sys/bus/pci/drivers/{driver}/bind", "")
            link.symlink_to(f"../../drivers/{driver}")

    def remove(self, path):
        path = self.root / path
        subprocess.run(["rm", "-r", str(path)], check=True)


SOCKET_CONFIG = """\
name: sockets
state: {dir}/state
run: {dir}/run
mode: plain
base_port: {base}
ports:
  - {{name: p0, kind: socket, addresses: [{address}]}}
"""


class Sockets(CliTest):
    """Asked of this host's kernel: a directory tree has no sockets."""

    def socket_line(self, address, base):
        config = self.write("edge.yaml", SOCKET_CONFIG.format(dir=self.dir, address=address, base=base))
        lines = json.loads(run(EDGATECTL, "preflight", "--json", config).stdout)["lines"]
        return next(line for line in lines if line["topic"] == "socket")

    def test_ports(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.77.0.1", 0))
            base = min(other.getsockname()[1], 65536 - 64)
            line = self.socket_line("127.77.0.1/8", base)
            self.assertEqual(line["level"], "red")
            self.assertRegex(line["fix"], r"^ss -lunp 'sport = :\d+'$")
            self.assertRegex(line["text"], r"^another process has port \d+ of 127.77.0.1: ")
        # Whoever else takes a port of any address in between is not there for long.
        self.assertIn(f"127.77.0.1: ports {base} to {base + 63} are free",
                      [self.socket_line("127.77.0.1/8", base)["text"] for _ in range(5)])

    def test_address(self):
        line = self.socket_line("192.0.2.199/24", 25519)
        self.assertEqual((line["level"], line["fix"]), ("red", "ip addr add 192.0.2.199/32 dev lo"))
        self.assertIn("no interface of this host has 192.0.2.199", line["text"])


class Preflight(CliTest):
    def setUp(self):
        super().setUp()
        self.root = self.dir / "host"
        self.host = Host(self.root)
        self.config = self.write("edge.yaml", NIC_CONFIG)
        (self.root / "var/lib").mkdir(parents=True)
        self.ctl_state("init")

    def ctl_state(self, *args):
        self.expect(0, run(EDGATECTL, "--state", self.root / "var/lib/edgate", *args))

    def preflight(self, *args):
        done = run(EDGATECTL, "preflight", "--sysroot", self.root, "--json", *args)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual(done.returncode, 1 if report["red"] else 0, done.stdout)
        for line in report["lines"]:
            self.assertTrue(line["level"] != "red" or line["fix"], line)
        return report

    def lines(self, level):
        report = self.preflight(self.config)
        self.assertEqual(report[level], sum(line["level"] == level for line in report["lines"]))
        return [line for line in report["lines"] if line["level"] == level]

    def expect_one(self, level, topic, text, fix):
        """Exactly one line of this level; returns its command."""
        found = self.lines(level)
        self.assertEqual(len(found), 1, found)
        self.assertEqual(found[0]["topic"], topic)
        self.assertRegex(found[0]["text"], text)
        if fix is None:
            self.assertNotIn("fix", found[0])
            return None
        self.assertRegex(found[0]["fix"], fix)
        return found[0]["fix"]

    def expect_red(self, topic, text, fix):
        return self.expect_one("red", topic, text, fix)

    def expect_yellow(self, topic, text, fix):
        self.assertEqual(self.lines("red"), [])
        return self.expect_one("yellow", topic, text, fix)

    def expect_green(self):
        self.assertEqual(self.lines("red") + self.lines("yellow"), [])

    def obey(self, fix):
        """Does what the command says: `sed` to the configuration, `echo` into the tree."""
        echo = re.fullmatch(r"echo (\S+) > (/\S+)", fix)
        if echo:
            (self.root / echo[2][1:]).write_text(echo[1] + "\n")
            if echo[2].endswith("nr_hugepages"):  # as the kernel does
                (self.root / echo[2][1:].replace("/nr_", "/free_")).write_text(echo[1] + "\n")
        else:
            self.assertRegex(fix, r"^(sed -i .* \S+edge.yaml|chmod .*)$")
            command = fix.replace(" /var", f" {self.root}/var").replace(" /run", f" {self.root}/run")
            subprocess.run(["sh", "-c", command], check=True)

    def change_config(self, old, new):
        text = self.config.read_text()
        self.assertIn(old, text)
        self.config.write_text(text.replace(old, new))

    # ── the twin of all that follows ──

    def test_a_good_host(self):
        report = self.preflight(self.config)
        self.assertEqual(report["result"], "green", report)
        topics = {line["topic"] for line in report["lines"]}
        self.assertEqual(topics, {
            "kernel", "cpu", "smt", "isolation", "governor", "clock", "engine", "thp", "state", "memory",
            "hugepages", "hugetlbfs", "memlock", "driver", "iommu", "queues", "numa", "user", "space", "run"})

    def test_text(self):
        done = run(EDGATECTL, "preflight", "--sysroot", self.root, self.config)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"(?m)^green   driver +0000:3b:00.0 has vfio-pci$")
        self.assertRegex(done.stdout, r"preflight: \d+ green, 0 yellow, 0 red\n$")
        self.host.driver(NIC, None)
        done = run(EDGATECTL, "preflight", "--sysroot", self.root, self.config)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"(?m)^red     driver +0000:3b:00.0 has no driver\n"
                                      r" +\$ dpdk-devbind.py -b vfio-pci 0000:3b:00.0$")

    def test_without_a_configuration(self):
        report = self.preflight()
        self.assertEqual(report["red"], 0)
        self.assertNotIn("config", report)
        texts = " ".join(line["text"] for line in report["lines"])
        self.assertIn("Ethernet 8086:1592, DPDK's ice, node 1, driver vfio-pci", texts)
        self.assertIn("node 1: 2048 MB are free, 128 of 128 MB of huge pages", texts)

    def test_nothing_is_changed(self):
        def everything():
            return sorted((str(p), p.lstat().st_mtime_ns, p.lstat().st_mode) for p in self.root.rglob("*")
                          if p.name != "edgate")  # SQLite makes and removes its shared index there
        before = everything()
        self.preflight(self.config)
        self.preflight()
        self.assertEqual(everything(), before)

    def test_an_empty_host(self):
        """Whatever is not there, preflight ends with a report."""
        empty = self.dir / "empty"
        empty.mkdir()
        done = run(EDGATECTL, "preflight", "--sysroot", empty, self.config)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"preflight: \d+ green, \d+ yellow, \d+ red\n$")
        self.assertEqual(run(EDGATECTL, "preflight", "--sysroot", empty).returncode, 0)

    def test_a_wrong_configuration(self):
        self.change_config("queues: 2", "queues: many")
        done = run(EDGATECTL, "preflight", "--sysroot", self.root, self.config)
        self.expect(1, done)
        self.assertIn("edge.yaml:11: ports[0].queues: must be a whole number", done.stderr)

    # ── cores ──

    def test_cpu_does_not_exist(self):
        self.change_config("cpu: 6", "cpu: 99")
        self.obey(self.expect_red("cpu", "worker 1 wants CPU 99, which does not exist: there are 0-15",
                                  r"sed .*cpu: \*99\\b/cpu: 0/"))
        self.assertEqual(self.lines("red"), [])

    def test_cpu_is_offline(self):
        self.host.write(f"{CPU}/online", "0-5,7-15\n")
        self.expect_red("cpu", "CPU 6, which is offline", "^echo 1 > /sys/devices/system/cpu/cpu6/online$")

    def test_cpu_is_not_allowed(self):
        self.host.status(cpus="0-4,6-15")
        self.expect_red("cpu", "worker 0 wants CPU 5, where this process may not run", r"^taskset -cp 0-15 \$\$$")

    def test_cpu_is_not_in_the_cpuset(self):
        """taskset cannot leave it: another CPU has to be named."""
        self.host.status(cpus="0-4,6-15")
        self.host.write("proc/self/cpuset", "/system.slice/a\n")
        for path, offer in (("system.slice/a/cpuset.cpus.effective", 0), ("cpuset/system.slice/a/cpuset.effective_cpus", 0)):
            self.host.write(f"sys/fs/cgroup/{path}", "0-4,6-15\n")
            self.expect_red("cpu", "CPU 5, which is not in the cpuset of its cgroup: there are 0-4,6-15",
                            rf"^sed .*cpu: \*5\\b/cpu: {offer}/")
            self.host.remove(f"sys/fs/cgroup/{path}")

    def test_a_binding_is_taken_away(self):
        """However YAML writes it, where no other CPU is left."""
        self.host.status(cpus="4,5")
        self.host.write(f"{CPU}/online", "4,5\n")
        for form in ("{port: p0, queue: 1, cpu: 99}", "{cpu: 99, port: p0, queue: 1}",
                     "port: p0\n    cpu: 99\n    queue: 1"):
            self.config.write_text(NIC_CONFIG.replace("{port: p0, queue: 1, cpu: 6}", form))
            fix = self.expect_red("cpu", "CPU 99, which does not exist", "^sed ")
            self.obey(fix)
            self.assertNotIn("99", self.config.read_text())
            self.assertEqual([line["topic"] for line in self.lines("red")], [])

    def test_sleepers_on_one_cpu(self):
        self.change_config("cpu: 6", "cpu: 5")
        self.change_config("idle: spin", "idle: sleep:20")
        self.expect_green()
        texts = [line["text"] for line in self.lines("green")]
        self.assertIn("worker 0 and worker 1 share CPU 5, and sleep while idle", texts)
        self.assertNotIn("no two of them share a core", texts)

    def test_two_pollers_on_one_cpu(self):
        self.change_config("cpu: 6", "cpu: 5")
        self.obey(self.expect_red("cpu", "worker 0 and worker 1 poll on the same CPU 5", "^sed .*idle: sleep:50"))
        self.expect_green()

    def test_more_pollers_than_cpus(self):
        self.change_config(", cpu: 5", "")
        self.change_config(", cpu: 6", "")
        self.change_config("control_cpu: 4\n", "")
        self.host.status(cpus="5")
        found = self.lines("red")
        self.assertEqual([line["topic"] for line in found], ["cpu"])
        self.assertIn("2 workers poll without a pause on 1 CPUs", found[0]["text"])
        self.obey(found[0]["fix"])
        self.assertEqual(self.lines("red"), [])

    def test_poller_and_control_share(self):
        self.change_config("control_cpu: 4", "control_cpu: 5")
        self.expect_yellow("cpu", "worker 0 and control share CPU 5", None)

    def test_threads_of_one_core(self):
        self.change_config("cpu: 6", "cpu: 13")
        self.host.write(f"{CPU}/isolated", "5-7,13\n")
        self.obey(self.expect_yellow("smt", "worker 0 on CPU 5 and worker 1 on CPU 13 are threads of one core",
                                     r"sed .*cpu: \*13\\b/cpu: 0/"))
        self.assertNotIn("smt", [line["topic"] for line in self.lines("yellow")])

    def test_not_isolated(self):
        self.host.write(f"{CPU}/isolated", "\n")
        self.expect_yellow("isolation", "CPUs 5-6 poll", "isolcpus=5-6 nohz_full=5-6 .* update-grub && reboot$")
        self.change_config("idle: spin", "idle: sleep:20")
        self.expect_green()

    def test_nothing_to_isolate(self):
        """A CPU that is not there, and all that there are."""
        self.host.write(f"{CPU}/isolated", "\n")
        self.host.write(f"{CPU}/online", "0-4,6-15\n")
        self.assertIn("CPUs 6 poll", self.lines("yellow")[0]["text"])
        self.host.write(f"{CPU}/online", "5-6\n")
        self.change_config("control_cpu: 4\n", "")
        self.expect_yellow("isolation", "CPUs 5-6 poll, and no other is left", None)

    def test_governor(self):
        self.host.write(f"{CPU}/cpu6/cpufreq/scaling_governor", "powersave\n")
        self.expect_yellow("governor", "CPUs 6 have the governor powersave",
                           "^cpupower -c 6 frequency-set -g performance$")

    # ── clock and instructions ──

    def test_clock(self):
        self.host.write(f"{CLOCK}/current_clocksource", "hpet\n")
        self.obey(self.expect_yellow("clock", "^hpet: ", f"^echo tsc > /{CLOCK}/current_clocksource$"))
        self.expect_green()
        self.host.write(f"{CLOCK}/current_clocksource", "hpet\n")
        self.host.write(f"{CLOCK}/available_clocksource", "hpet acpi_pm\n")
        self.expect_yellow("clock", "it found it unstable", "tsc=reliable")

    def test_engine(self):
        self.host.write("proc/cpuinfo", f"flags\t: {FLAGS.replace('avx512ifma ', '')}\n")
        self.obey(self.expect_red("engine", "the CPU has no avx512ifma, which Ed25519 'ifma' needs",
                                  r"sed -i 's/\\bifma\\b/avx2/'"))
        self.expect_green()
        self.change_config("ed25519: avx2", "ed25519: fast")
        self.obey(self.expect_red("engine", "there is no Ed25519 implementation 'fast'", r"\\bfast\\b/avx2/"))
        self.expect_green()

    def test_old_cpu(self):
        self.change_config("ed25519: ifma\n", "")
        self.host.write("proc/cpuinfo", "flags\t: sse4_2 constant_tsc nonstop_tsc\n")
        self.expect_yellow("engine", "no avx2", None)

    # ── memory ──

    def test_huge_pages(self):
        self.host.pages(1, 3)
        fix = self.expect_red("hugepages", r"node 1: packet buffers and drivers need \d+ MB of huge pages, 6 are free",
                              f"^echo \\d+ > /{NODE}/node1/hugepages/hugepages-2048kB/nr_hugepages$")
        self.obey(fix)
        self.expect_green()

    def test_huge_pages_for_the_rest(self):
        self.host.pages(1, 16)
        self.obey(self.expect_yellow("hugepages", "with tables .* on them too it would be", "^echo"))
        self.expect_green()

    def test_huge_pages_of_another_node(self):
        self.host.pages(1, 0)
        self.host.pages(0, 1000)
        self.expect_red("hugepages", "node 1", "node1")

    def test_gigantic_pages_count(self):
        self.host.pages(1, 0)
        self.host.write(f"{NODE}/node1/hugepages/hugepages-1048576kB/free_hugepages", "1\n")
        self.expect_green()

    def test_more_descriptors_need_more(self):
        self.host.pages(1, 50)
        self.expect_green()
        self.change_config("queues: 2", "queues: 2\n    rx_descriptors: 32768")
        self.expect_red("hugepages", "node 1: packet buffers", "^echo")

    def test_memory(self):
        self.host.write(f"{NODE}/node1/meminfo", "Node 1 MemFree: 1024 kB\n")
        self.host.pages(1, 20)
        found = self.lines("red")
        self.assertEqual([line["topic"] for line in found], ["memory"])
        self.assertRegex(found[0]["text"], r"node 1 needs \d+ MB beside its huge pages .* and has 1:")

    def test_memory_without_huge_pages(self):
        """What --no-huge takes cannot come from huge pages, however many are free."""
        self.config.write_text(VETH_CONFIG)
        self.host.write(f"{NODE}/node1/meminfo", "Node 1 MemFree: 1024 kB\n")
        self.host.pages(1, 1000)
        self.expect_red("memory", "and has 1:", "^ps ")

    def test_a_name_with_blanks(self):
        self.config = self.config.rename(self.dir / "edge 'one'.yaml")
        self.change_config("cpu: 6", "cpu: 99")
        fix = self.expect_red("cpu", "CPU 99", r"^sed .* '.*/edge .*one.*yaml'$")
        subprocess.run(["sh", "-c", fix], check=True)
        self.assertEqual(self.lines("red"), [])

    def test_state_counts(self):
        self.token("keygen", "--kid", "k", "--out", self.dir / "issuer")
        self.ctl_state("issuer", "add", "https://i", "--jwks", self.dir / "issuer.jwks")
        self.ctl_state("list", "add", "https://i/l", "--issuer", "https://i", "--bits", "8", "--entries", 2**30)
        self.assertIn("1 status lists, 0 revoked values: at most 1026.5 MB, "
                      "and 0.2 more from a restore until two changes follow",
                      [line["text"] for line in self.lines("green")])
        self.assertRegex(self.lines("yellow")[0]["text"], "revocation .1027 MB")

    def test_state_counts_what_only_the_log_has(self):
        self.token("keygen", "--kid", "k", "--out", self.dir / "issuer")
        self.ctl_state("issuer", "add", "https://i", "--jwks", self.dir / "issuer.jwks")
        ids = self.dir / "ids"
        ids.write_text("".join(f"id-{i}\n" for i in range(3000)))
        self.ctl_state("revoke", "jti", "https://i", "--exp", "+3600", "--file", ids)
        self.ctl_state("unrevoke", "jti", "https://i", "id-7")
        self.assertIn("0 status lists, 3000 revoked values: at most 0.4 MB, "
                      "and 0.4 more from a restore until two changes follow",
                      [line["text"] for line in self.lines("green")])

    def test_no_hugetlbfs(self):
        self.host.write("proc/self/mounts", "proc /proc proc rw 0 0\n")
        self.expect_red("hugetlbfs", "no hugetlbfs is mounted", "mount -t hugetlbfs")
        self.change_config("idle: spin", 'idle: spin\neal: ["--in-memory"]')
        self.expect_green()

    def test_transparent_pages(self):
        self.host.write("sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n")
        self.expect_yellow("thp", "transparent huge pages are off", "^echo madvise > /sys")

    def test_locked_memory(self):
        self.host.write("proc/self/limits", LIMITS.format("8388608"))
        self.expect_green()  # CAP_IPC_LOCK
        self.host.status(caps="000001ffffffbfff")
        self.expect_red("memlock", "needs .* MB of locked memory, the limit is 8.0", "^ulimit -l unlimited$")

    def test_no_huge(self):
        self.config.write_text(VETH_CONFIG)
        self.expect_green()
        self.change_config('"64"', '"10"')
        self.obey(self.expect_red("eal", r"--no-huge with 10 MB, but \d+ are needed", "^sed"))
        self.expect_green()
        self.config.write_text(VETH_CONFIG.replace(', "-m", "64"', "").replace("kind: dpdk", "kind: dpdk\n    rx_descriptors: 32768"))
        self.obey(self.expect_red("eal", r"--no-huge without -m means 64 MB, but \d+ are needed", "^sed"))
        self.expect_green()

    # ── devices ──

    def test_no_device(self):
        self.host.remove(f"{PCI}/{NIC}")
        self.expect_red("device", f"there is no PCI device {NIC}, nor any other", "^echo 1 > /sys/bus/pci/rescan$")
        self.host.nic(OTHER_NIC, "vfio-pci")
        self.obey(self.expect_red("device", f"one that is there is {OTHER_NIC}", "^sed"))
        self.expect_green()

    def test_no_pci(self):
        self.change_config("idle: spin", 'idle: spin\neal: ["--no-pci", "--no-telemetry"]')
        self.obey(self.expect_red("device", "`eal` says --no-pci", "^sed"))
        self.expect_green()

    def test_driver_of_the_kernel(self):
        self.host.driver(NIC, "ice")
        self.host.write(f"{PCI}/{NIC}/net/ens1/queues/rx-0/x", "")
        self.host.write(f"{PCI}/{NIC}/net/ens1/queues/rx-1/x", "")
        self.expect_red("driver", r"is the kernel's \(driver ice, interface ens1\)",
                        f"^dpdk-devbind.py -b vfio-pci {NIC}$")

    def test_vfio_is_not_loaded(self):
        self.host.driver(NIC, None)
        self.host.remove("sys/bus/pci/drivers/vfio-pci")
        self.expect_red("driver", "has no driver", f"^modprobe vfio-pci && dpdk-devbind.py -b vfio-pci {NIC}$")

    def test_uio(self):
        self.host.driver(NIC, "uio_pci_generic")
        self.expect_yellow("driver", "without an IOMMU", "devbind")

    def test_mlx5(self):
        self.host.nic(NIC, "mlx5_core", "15b3", "101d")
        self.expect_red("driver", "not the verbs", "^modprobe -a mlx5_ib ib_uverbs$")
        self.host.write(f"{PCI}/{NIC}/infiniband/mlx5_0/x", "")
        self.host.write("sys/class/infiniband_verbs/uverbs0/x", "")
        self.expect_green()
        self.host.driver(NIC, "vfio-pci")
        self.expect_red("driver", "must keep it", f"dpdk-devbind.py -b mlx5_core {NIC}$")

    def test_iommu(self):
        self.host.remove(f"{PCI}/{NIC}/iommu_group")
        self.expect_red("iommu", "is in no IOMMU group", "intel_iommu=on iommu=pt .* && reboot$")
        self.host.write("proc/cpuinfo", f"vendor_id\t: AuthenticAMD\nflags\t\t: {FLAGS}\n")
        self.expect_red("iommu", "the firmware switches AMD's on", "^modprobe vfio enable_unsafe_noiommu_mode=1 ")
        self.host.write("sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "Y\n")
        self.expect_yellow("iommu", "unsafe", None)

    def test_queues(self):
        text = NIC_CONFIG.replace("idle: spin", "idle: sleep:50").replace("queues: 2", "queues: 33")
        self.config.write_text(text[:text.index("workers")])
        self.host.pages(1, 1000)
        self.expect_green()
        self.host.nic(NIC, "vfio-pci", "1d0f", "ec20")
        self.obey(self.expect_red("queues", f"port p0 wants 33 queues, {NIC} has 32", "^sed"))
        self.expect_green()

    def test_queues_that_the_kernel_shows(self):
        self.host.nic(NIC, "mlx5_core", "15b3", "1017")
        self.host.write(f"{PCI}/{NIC}/infiniband/mlx5_0/x", "")
        self.host.write("sys/class/infiniband_verbs/uverbs0/x", "")
        self.host.write(f"{PCI}/{NIC}/net/ens1/queues/rx-0/x", "")
        self.expect_red("queues", "wants 2 queues, .* has 1", "^sed")
        self.host.write(f"{PCI}/{NIC}/net/ens1/queues/rx-1/x", "")
        self.expect_green()

    def test_unknown_device(self):
        self.host.nic(NIC, "vfio-pci", "1234", "5678")
        self.expect_yellow("queues", "no file for", None)

    def test_far_from_the_cores(self):
        self.host.nic(NIC, "vfio-pci", node=0)
        fixes = [line["fix"] for line in self.lines("yellow") if line["topic"] == "numa"]
        self.assertEqual(len(fixes), 2)
        for fix in fixes:
            self.obey(fix)
        self.assertNotIn("numa", [line["topic"] for line in self.lines("yellow")])

    def test_interface(self):
        self.config.write_text(VETH_CONFIG)
        self.host.write("sys/class/net/eg0/flags", "0x1002\n")
        self.expect_red("interface", "eg0 is down", "^ip link set eg0 up$")
        self.host.remove("sys/class/net/eg0")
        self.expect_red("interface", "there is no interface eg0", "^ip link add eg0 type veth")

    def test_rights(self):
        self.config.write_text(VETH_CONFIG)
        self.host.status(caps="000001ffffffdfff")
        self.expect_red("rights", "net_af_packet0 needs CAP_NET_ADMIN and CAP_NET_RAW", "^sudo edgate --config")

    # ── who and where ──

    def test_user(self):
        self.host.write("etc/passwd", "root:x:0:0::/root:/bin/sh\n")
        self.expect_red("user", "becomes edgate, who does not exist", "^useradd --system --no-create-home edgate$")
        self.host.write("etc/passwd", "edgate:x:990:990::/:/bin/false\n")
        self.expect_green()

    def test_state_is_not_there(self):
        self.host.remove("var/lib/edgate/edgate.db")
        self.expect_red("state", "there is no store in /var/lib/edgate",
                        r'^edgatectl --state /var/lib/edgate init --group "\$\(id -gn edgate\)"$')
        self.host.remove("var/lib/edgate")
        self.expect_red("state", "there is no state directory", "^edgatectl --state /var/lib/edgate init")
        self.host.write("var/lib/edgate", "a file\n")
        self.expect_red("state", "is no directory", "^mv ")

    def test_state_is_damaged(self):
        db = self.root / "var/lib/edgate/edgate.db"
        db.write_bytes(b"not a database" * 1000)
        self.expect_red("state", "damaged|not a database", "state verify$")

    def test_state_rights(self):
        state = self.root / "var/lib/edgate"
        state.chmod(0o2700)
        self.obey(self.expect_red("state", "the group of /var/lib/edgate may not use it", r"^chmod ug\+rwx,g\+s"))
        self.expect_green()
        state.chmod(0o2777)
        self.obey(self.expect_red("state", "everybody may write in /var/lib/edgate", "^chmod o-rwx"))
        self.expect_green()

    def test_state_of_another_group(self):
        """Who is not root uses the store as itself: as owner, in the group, or not at all."""
        state = self.root / "var/lib/edgate"
        owner, group = os.stat(state).st_uid, os.stat(state).st_gid
        (self.root / "run").chmod(0o777)
        self.host.status(uid=4711, gid=group + 1)
        self.expect_red("state", "uid 4711 is not in the group of /var/lib/edgate", "^sudo usermod -aG ")
        self.host.status(uid=4711, gid=group + 1, groups=f"7 {group}")
        self.expect_green()
        (state / "edgate.db").chmod(0o640)
        self.expect_red("state", "uid 4711 may not use /var/lib/edgate/edgate.db", r"^sudo chmod ug\+rw ")
        self.host.status(uid=owner if owner != 0 else 4711, gid=group + 1)
        self.assertEqual(len(self.lines("red")), 0 if owner != 0 else 1)

    def test_state_behind_a_closed_directory(self):
        """Root can read the store there, and the user that edgate becomes cannot."""
        (self.root / "var").chmod(0o700)
        self.expect_red("state", "may not pass through /var to the store", r"^chmod a\+x /var$")
        (self.root / "var").chmod(0o711)
        self.expect_green()

    def test_space(self):
        if os.geteuid() != 0:
            self.skipTest("SKIPPED: needs root to mount a small file system")
        state = self.root / "var/lib/edgate"
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", state], capture_output=True)
        if done.returncode != 0:
            self.skipTest("SKIPPED: no file system can be mounted here")
        try:
            self.ctl_state("init")
            state.chmod(0o2770)
            self.expect_red("space", "MB are free, a change may need", "^du ")
        finally:
            subprocess.run(["umount", state], check=True)

    def test_run_directory(self):
        rundir = self.root / "run/edgate/edge1"
        rundir.mkdir(parents=True)
        rundir.chmod(0o757)
        self.obey(self.expect_red("run", "everybody may write in /run/edgate/edge1", "^chmod o-w"))
        self.expect_green()
        group = os.stat(rundir).st_gid
        self.host.status(uid=4711, gid=group)
        (self.root / "var/lib/edgate").chmod(0o2770)
        rundir.chmod(0o755)
        self.expect_red("run", "uid 4711 may not write", "install -d")
        rundir.chmod(0o770)
        self.expect_green()
        rundir.rmdir()
        self.host.write("run/edgate/edge1", "a file\n")
        self.expect_red("run", "/run/edgate/edge1 is no directory", "^mv /run/edgate/edge1 ")
        self.change_config("mode: plain", "mode: plain\nrun: /run/edgate/edge1/below")
        self.expect_red("run", "/run/edgate/edge1 is no directory", "^mv /run/edgate/edge1 ")

    def test_run_directory_read_only(self):
        mount = self.root / "run/edgate"
        mount.mkdir()
        self.change_config("mode: plain", "mode: plain\nrun: /run/edgate/x")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", mount], capture_output=True)
        if done.returncode != 0:
            self.skipTest("SKIPPED: no file system can be mounted here")
        try:
            self.expect_red("run", "the file system of /run/edgate is read-only", "^mount -o remount,rw ")
        finally:
            subprocess.run(["umount", mount], check=True)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: BSD-3-Clause
"""drivers-config/host-setup on a host that is a directory tree."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

SETUP = pathlib.Path(os.environ["EDGATE_SOURCE_ROOT"]) / "drivers-config" / "host-setup"
NIC = "0000:3b:00.0"
PAGES = "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
PAGES1 = "sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages"
GOVERNOR = "sys/devices/system/cpu/cpu{}/cpufreq/scaling_governor"
IRQ = "proc/irq/{}/smp_affinity_list"
DEVICE = f"sys/bus/pci/devices/{NIC}"
RECORD = "var/lib/edgate-host-setup"
ALL = ["--hugepages", "64", "--hugepages", "32@1", "--bind", NIC, "--cpus", "2-3"]


class HostSetup(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="edgate-host-"))
        self.addCleanup(shutil.rmtree, self.root)
        self.write(PAGES, "8")
        self.write(PAGES1, "0")
        self.write("sys/devices/system/cpu/online", "0-3")
        self.write("proc/cmdline", "root=/dev/sda1")
        for cpu in range(4):
            self.write(GOVERNOR.format(cpu), "powersave")
        for irq, cpus in ((10, "0-3"), (11, "0"), (12, "3")):
            self.write(IRQ.format(irq), cpus)
        self.write(f"{DEVICE}/vendor", "0x8086")
        for driver in ("ice", "vfio-pci"):
            self.write(f"sys/bus/pci/drivers/{driver}/bind", "")
            self.write(f"sys/bus/pci/drivers/{driver}/unbind", "")
        (self.root / DEVICE / "driver").symlink_to("../../drivers/ice")

    def write(self, path, text):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")

    def read(self, path):
        return (self.root / path).read_text().strip()

    def tree(self):
        return {str(p): p.read_text() for p in sorted(self.root.rglob("*")) if p.is_file()}

    def run_setup(self, *args, exit_status=0):
        done = subprocess.run([SETUP, *args, "--sysroot", self.root], capture_output=True, text=True)
        self.assertEqual(done.returncode, exit_status, done.stdout + done.stderr)
        return done.stdout

    def test_check_changes_nothing(self):
        before = self.tree()
        said = self.run_setup("check", *ALL, exit_status=1)
        self.assertEqual(self.tree(), before)
        for line in ("todo    hugepages: 8, should be 64", "todo    hugepages of node 1: 0, should be 32",
                     f"todo    bind {NIC}: ice, should be vfio-pci",
                     "todo    governor of CPU 3: powersave, should be performance",
                     "todo    interrupt 10: 0-3, should be 0,1", "todo    interrupt 12: 3, should be 0,1"):
            self.assertIn(line + "\n", said)
        self.assertNotIn("interrupt 11", said)
        self.assertIn("isolcpus=2-3 nohz_full=2-3 rcu_nocbs=2-3 intel_iommu=on iommu=pt", said)

    def test_init_says_and_changes_nothing_without_yes(self):
        before = self.tree()
        said = self.run_setup("init", *ALL)
        self.assertEqual(self.tree(), before)
        self.assertIn(f"would   echo 64 > /{PAGES}        # undo: echo 8 > /{PAGES}\n", said)
        self.assertIn(f"would   dpdk-devbind.py -b vfio-pci {NIC}        # undo: dpdk-devbind.py -b ice {NIC}\n", said)
        self.assertIn("nothing was changed: --yes does it", said)

    def test_init_and_back(self):
        before = self.tree()
        self.run_setup("init", *ALL, "--yes")
        self.assertEqual(self.read(PAGES), "64")
        self.assertEqual(self.read(PAGES1), "32")
        self.assertEqual([self.read(GOVERNOR.format(c)) for c in range(4)],
                         ["powersave", "powersave", "performance", "performance"])
        self.assertEqual([self.read(IRQ.format(i)) for i in (10, 11, 12)], ["0,1", "0", "0,1"])
        self.assertEqual(self.read("sys/bus/pci/drivers/ice/unbind"), NIC)
        self.assertEqual(self.read(f"{DEVICE}/driver_override"), "vfio-pci")
        self.assertEqual(self.read("sys/bus/pci/drivers/vfio-pci/bind"), NIC)
        (self.root / DEVICE / "driver").unlink()  # as the kernel does
        (self.root / DEVICE / "driver").symlink_to("../../drivers/vfio-pci")
        said = self.run_setup("check", *ALL)
        self.assertNotIn("todo", said)
        said = self.run_setup("fini", "--yes")
        self.assertEqual(self.read("sys/bus/pci/drivers/vfio-pci/unbind"), NIC)
        self.assertEqual(self.read("sys/bus/pci/drivers/ice/bind"), NIC)
        self.assertEqual(self.read(f"{DEVICE}/driver_override"), "")
        for path, text in before.items():
            if "/drivers/" not in path:  # the kernel's write-only files
                self.assertEqual(pathlib.Path(path).read_text(), text, path)
        self.assertFalse((self.root / RECORD).exists())

    def test_init_twice_remembers_the_first(self):
        self.run_setup("init", "--hugepages", "64", "--yes")
        self.assertIn("ok      hugepages: 64", self.run_setup("init", "--hugepages", "64", "--yes"))
        self.run_setup("init", "--hugepages", "128", "--yes")
        self.assertEqual(self.read(RECORD), f"/{PAGES}\t8")
        self.run_setup("fini", "--yes")
        self.assertEqual(self.read(PAGES), "8")

    def test_fini_restores_only_what_was_changed(self):
        self.run_setup("init", "--hugepages", "64", "--yes")
        self.write(PAGES1, "77")
        self.assertIn(f"would   restore /{PAGES}: 8", self.run_setup("fini"))
        self.assertEqual(self.read(PAGES), "64")
        self.run_setup("fini", "--yes")
        self.assertEqual((self.read(PAGES), self.read(PAGES1)), ("8", "77"))
        self.assertIn("nothing to restore", self.run_setup("fini", "--yes"))

    def test_enough_pages_are_left_alone(self):
        self.run_setup("init", "--hugepages", "5", "--yes")
        self.assertEqual(self.read(PAGES), "8")
        self.assertFalse((self.root / RECORD).exists())

    def test_an_interface_in_use_is_not_taken(self):
        self.write(f"{DEVICE}/net/ens1/flags", "0x1003")
        before = self.tree()
        said = self.run_setup("init", "--bind", NIC, "--yes", exit_status=1)
        self.assertIn("its interface ens1 is up: ip link set ens1 down", said)
        self.assertEqual(self.tree(), before)
        self.write(f"{DEVICE}/net/ens1/flags", "0x1002")
        self.run_setup("init", "--bind", NIC, "--yes")

    def test_mlx5_keeps_its_driver(self):
        self.write(f"{DEVICE}/vendor", "0x15b3")
        before = self.tree()
        self.assertIn("mlx5 works beside ice", self.run_setup("init", "--bind", NIC, "--yes"))
        self.assertEqual(self.tree(), before)

    def test_what_is_not_there(self):
        self.assertIn("there is no PCI device", self.run_setup("check", "--bind", "0000:00:00.0", exit_status=1))
        self.assertIn("node9", self.run_setup("init", "--hugepages", "1@9", "--yes", exit_status=1))
        self.assertIn("leaves no CPU", self.run_setup("check", "--cpus", "0-3", exit_status=1))
        self.assertIn("CPU 7 is not there", self.run_setup("check", "--cpus", "7", exit_status=1))
        self.assertIn("there is none in 3-2", self.run_setup("check", "--cpus", "3-2", exit_status=1))

    def test_iommu(self):
        """A word on the kernel's command line switches on Intel's alone."""
        self.write("proc/cpuinfo", "vendor_id\t: AuthenticAMD")
        said = self.run_setup("check", *ALL, exit_status=1)
        self.assertNotIn("intel_iommu", said)
        self.assertIn("switched on in the firmware", said)

    def test_a_kernel_that_refuses(self):
        """Pages that the kernel does not find are a failure; an interrupt that it keeps is a note."""
        (self.root / PAGES).unlink()
        (self.root / PAGES).symlink_to("/proc/sys/kernel/random/entropy_avail")
        said = self.run_setup("init", "--hugepages", "999999999", "--yes", exit_status=1)
        self.assertIn(f"FAILED  hugepages: /{PAGES} does not take 999999999", said)
        (self.root / IRQ.format(12)).unlink()
        (self.root / IRQ.format(12)).symlink_to("/sys/devices/system/cpu/online")  # has CPU 0, takes nothing
        said = self.run_setup("init", "--cpus", "0", "--yes")
        self.assertRegex(said, "note    1 interrupts stay where they are")
        self.assertNotIn("irq/12", self.read(RECORD))

    def test_usage(self):
        for args in ([], ["go"], ["init"], ["init", "--hugepages"], ["init", "--hugepages", "many"],
                     ["init", "--bind", "eth0"], ["init", "--cpus", "1-"], ["init", "--cpus", "$(x)"], ["init", "--cpus", "0-99999"],
                     ["init", "--governor", "a b"], ["init", "--what", "1"]):
            done = subprocess.run([SETUP, *args], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, args)
            self.assertTrue(done.stderr, args)
        self.assertIn("usage:", subprocess.run([SETUP, "--help"], capture_output=True, text=True).stdout)


if __name__ == "__main__":
    unittest.main()

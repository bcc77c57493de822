#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What perf/run makes of figures: links that cannot be called a NIC, claims, comparison, the page. From a
recorded result; nothing is measured here."""
import contextlib
import dataclasses
import functools
import html.parser
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import types
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True
from capacity import cases, claims, compare, conditions, corpus, link, load, markdown, page, svg  # noqa: E402

RUN = HERE.parent / "run"
RECORDED = HERE / "result.json"


def recorded():
    return json.loads(RECORDED.read_text())


def run(*args):
    return subprocess.run([sys.executable, str(RUN), *map(str, args)], capture_output=True, text=True)


class Device:
    """A host, faked as a directory tree, with one PCI device."""

    def __init__(self, test, vendor="0x15b3", kind="0x020000", driver="mlx5_core", address="0000:03:00.0"):
        folder = tempfile.TemporaryDirectory()
        test.addCleanup(folder.cleanup)
        self.sysfs, self.address = folder.name, address
        at = pathlib.Path(folder.name, "bus/pci/devices", address)
        at.mkdir(parents=True)
        for name, text in (("class", kind), ("vendor", vendor), ("device", "0x101d")):
            (at / name).write_text(text + "\n")
        if driver:
            target = pathlib.Path(folder.name, "bus/pci/drivers", driver)
            target.mkdir(parents=True)
            (at / "driver").symlink_to(target)

    def link(self, **more):
        return link.link_of({"kind": "dpdk", "device": self.address} | more, self.sysfs)


class Links(unittest.TestCase):
    def test_nic(self):
        for driver in ("mlx5_core", "vfio-pci"):
            self.assertTrue(link.is_nic(Device(self, driver=driver).link()))

    def test_what_is_no_nic(self):
        real = Device(self)
        fooling = {
            "a vdev beside a NIC's address": real.link(vdev="net_memif0,role=server"),
            "a vdev named like a NIC": real.link(vdev="0000:03:00.0"),
            "a vdev with a NIC's driver in its name": real.link(vdev="mlx5_core0,iface=0000:03:00.0"),
            "a vdev over a NIC's interface": link.link_of(
                {"kind": "dpdk", "device": "net_af_packet0", "vdev": "net_af_packet0,iface=enp3s0"}, real.sysfs),
            "a vdev made by an EAL argument": link.link_of({"kind": "dpdk", "device": "net_memif0"}, real.sysfs),
            "the word itself": link.link_of({"kind": "nic", "device": real.address}, real.sysfs),
            "an address with something behind": link.link_of(
                {"kind": "dpdk", "device": real.address + ",x"}, real.sysfs),
            "an address that does not exist": link.link_of({"kind": "dpdk", "device": "0000:99:00.0"}, real.sysfs),
            "a path": link.link_of({"kind": "dpdk", "device": "../devices/0000:03:00.0"}, real.sysfs),
            "a hypervisor's device": Device(self, vendor="0x1af4", driver="vfio-pci").link(),
            "a disk": Device(self, kind="0x010802", driver="vfio-pci").link(),
            "a NIC that the kernel drives": Device(self, driver="ixgbe").link(),
            "a NIC without a driver": Device(self, driver="").link(),
            "sockets over a NIC": link.link_of({"kind": "socket", "device": real.address}, real.sysfs),
            "a pcap file": link.link_of({"kind": "pcap"}, real.sysfs),
            "nothing": link.link_of({}, real.sysfs),
        }
        for how, made in fooling.items():
            with self.subTest(how):
                self.assertFalse(link.is_nic(made))
                self.assertNotIn("NIC", made["text"])

    def test_result_that_lies(self):
        memif = recorded()["cases"]["w2-213"]["link"]
        nic = Device(self).link()
        lies = [
            memif | {"kind": "nic"}, memif | {"text": "NIC 0000:03:00.0"}, memif | {"kind": "nic", "text": nic["text"]},
            memif | {"pci": nic["pci"], "kind": "nic", "text": nic["text"]},
            nic | {"port": memif["port"]}, {"kind": "nic", "text": "NIC"}, {}, None,
            nic | {"pci": {}}, nic | {"port": {"kind": "socket"}},
        ]
        for lie in lies:
            with self.subTest(lie=lie):
                self.assertRaises(link.LinkError, link.is_nic, lie)
                result = recorded()
                result["cases"]["w2-213"]["link"] = lie
                self.assertRaises(link.LinkError, page.page, result)
                with self.assertRaises(link.LinkError):
                    compare.text(recorded(), result)

    def test_command_refuses_a_lie(self):
        result = recorded()
        result["cases"]["w2-213"]["link"]["text"] = "ConnectX-7, 100G"
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(result, file)
            file.flush()
            for args in (("--report", file.name), ("--compare", RECORDED, file.name)):
                done = run(*args)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertIn("but its port is vdev", done.stderr)

    def test_page_says_it(self):
        words = "No network card is in these figures"
        self.assertTrue(words in page.page(recorded()))
        result = recorded()
        result["cases"]["w2-213"]["link"] = Device(self).link()
        self.assertFalse(words in page.page(result))

    def test_link_left_out(self):
        result = recorded()
        del result["cases"]["w2-213"]["link"]
        self.assertRaises(link.LinkError, page.page, result)

    def test_titles_are_not_taken_from_results(self):
        result = recorded()
        result["cases"]["w2-213"]["title"] = "over ConnectX-7"
        self.assertFalse("ConnectX" in page.page(result))


class Claims(unittest.TestCase):
    def setUp(self):
        self.result = recorded()

    def set(self, name, figure, *values):
        self.result["cases"][name] = {"figures": {figure: {"values": list(values)}}, "wrong": 0}

    def row(self, name):
        return next(row for row in claims.judge(self.result) if row["name"] == name)

    def test_verdicts(self):
        self.set("engine-213", "rate", 100, 100, 100)
        for ndr, verdict in ((69, "missed"), (70, "met"), (84, "met"), (85, "goal reached")):
            self.set("w2-213", "ndr", ndr - 5, ndr, ndr + 5)
            self.assertEqual(self.row("w2-213")["verdict"], verdict)

    def test_spread_of_a_ratio(self):
        self.set("engine-213", "rate", 100, 125, 200)
        self.set("w2-213", "ndr", 80, 100, 110)
        row = self.row("w2-213")  # round by round: 0.8, 0.8, 0.55
        self.assertEqual((row["low"], row["value"], row["high"]), (0.55, 0.8, 0.8))
        self.result["cases"]["engine-213"]["figures"]["rate"] = {"rounds": [1, 2], "values": [125, 200]}
        row = self.row("w2-213")  # the first round failed: it does not count
        self.assertEqual((row["low"], row["high"]), (0.55, 0.8))
        self.result["cases"]["engine-213"]["figures"]["rate"]["rounds"] = [3, 4]
        self.assertEqual(self.row("w2-213")["reason"], "no round has both")

    def test_not_slower_is_a_matter_of_spread(self):
        for ratios, verdict in (((0.97, 0.98, 0.985), "missed"), ((0.98, 0.99, 1.02), "met within the spread"),
                                ((0.99, 1.0, 1.01), "met")):
            self.set("w3-213-busy", "over_w2", *ratios)
            self.assertEqual(self.row("w3")["verdict"], verdict)

    def test_one_wrong_answer_fails(self):
        self.assertEqual(self.row("wrong")["verdict"], "goal reached")
        self.result["cases"]["w4"]["wrong"] = 1
        self.assertEqual(self.row("wrong")["verdict"], "missed")

    def test_latency_in_batch_times(self):
        self.set("w2-213", "ndr", 64000)  # a batch takes 1 ms
        self.result["cases"]["w2-213"]["figures"]["p99_ns_at_50"] = {"values": [4e6]}
        self.assertEqual((self.row("latency")["value"], self.row("latency")["verdict"]), (4, "met"))

    def test_missing_is_told(self):
        del self.result["cases"]["engine-213"]
        self.result["cases"]["plain"] = {"not_measured": "no such program"}
        self.assertEqual(self.row("w2-213")["verdict"], "not measured")
        self.assertIn("no such program", self.row("w2-plain")["reason"])


class Compare(unittest.TestCase):
    def figures(self, *values):
        return {"values": list(values), "median": sorted(values)[len(values) // 2], "min": min(values),
                "max": max(values)}

    def verdict(self, a, b):
        return compare.Row("c", "f", self.figures(*a), self.figures(*b)).verdict

    def test_only_beyond_the_spread(self):
        self.assertEqual(self.verdict((1, 2, 3), (4, 5, 6)), "higher")
        self.assertEqual(self.verdict((4, 5, 6), (1, 2, 3)), "lower")
        self.assertEqual(self.verdict((1, 2, 3), (3, 9, 9)), "within spread")
        self.assertEqual(self.verdict((1, 2, 3), (1, 2, 3)), "within spread")

    def test_one_round_tells_nothing(self):
        self.assertEqual(self.verdict((1,), (9, 9, 9)), "spread unknown")

    def test_same_result(self):
        text = compare.text(recorded(), recorded())
        self.assertRegex(text, r"\n0 of \d\d+ figures differ")
        self.assertNotIn("Conditions differ", text)

    def test_conditions_and_cases(self):
        other = recorded()
        other["conditions"]["cpu"]["governor"] = "powersave"
        other["plan"]["rounds"] = 9
        other["cases"]["plain"] = {"not_measured": "why"}
        text = compare.text(recorded(), other)
        self.assertIn("cpu.governor: not readable | powersave", text)
        self.assertIn("plan.rounds: ", text)
        self.assertIn("in one of the two alone: plain", text)

    def test_command(self):
        done = run("--compare", RECORDED, RECORDED)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("w2-213", done.stdout)


class FakeLoad:
    """Answers like edgate-load about a server that does `capacity` tokens a second."""

    def __init__(self, stand, mix):
        self.stand, self.mix = stand, mix

    def trial(self, rate, seconds, histogram=False):
        self.stand.log.append((self.mix, "trial"))
        taken = min(rate, self.stand.capacity)
        due, sent = int(rate * seconds), int(taken * seconds)
        cached = sent if self.mix == "W1" or self.stand.warm else 0
        return {"requests": {"due": due, "sent": sent, "refused": due - sent, "lost": 0, "skipped": 0},
                "tokens": {"answered": sent, "wrong": self.stand.wrong, "cached": cached},
                "statuses": {"OK": sent}, "rates": {"due": rate, "goodput": taken, "tokens": taken},
                "latency_us": dict.fromkeys(("p50", "p99", "p999", "max"), 20.0),
                **({"histogram_us": [[10.0, 5], [20.0, 5]]} if histogram else {})}

    def closed(self, window, seconds):
        return self.trial(self.stand.capacity, seconds)

    def search(self, low, high, trial_s, precision, pdr=True):
        self.stand.log.append((self.mix, "search", low, high, pdr))
        self.stand.capacity += 10  # each round finds a little more
        rate = 0 if self.stand.lossy else self.stand.capacity
        return {"wrong": self.stand.wrong, "pdr": [{"loss_ratio": 0.001, "rate": rate}] if pdr else [],
                "ndr": {"rate": rate, "limited_by": "appliance"},
                "latency": [{"percent_of_ndr": 50, "latency_us": {"p50": 20.0, "p99": 30.0}}]}


class FakeStand:
    def __init__(self, **how):
        self.capacity, self.lossy, self.wrong, self.warm, self.has_cache, self.log = 1000, False, 0, False, True, []
        self.ports, self.sockets = "memif", "sockets"
        self.broken, self.deaths, self.dead = how.pop("broken", None), how.pop("deaths", 0), False
        vars(self).update(how)

    def check_alive(self):
        if self.dead:
            raise AssertionError("edgate ended by itself (exit -11)")

    @contextlib.contextmanager
    def edgate(self, ports, extra="", tables=True):
        self.log.append(("edgate", ports, extra))
        if self.broken == ports:
            raise AssertionError("edgate did not start:\nno hugepages")
        kind = {"memif": {"kind": "dpdk", "vdev": "net_memif0"}, "sockets": {"kind": "socket"}}[ports]
        yield types.SimpleNamespace(link=link.link_of(kind), yaml="ports")

    plain_server = functools.partialmethod(edgate, "sockets")

    def windows(self):
        return [12, 12, 12, 9]

    def configuration(self):
        return "name: fake\n"

    def stats(self):
        return {"state": {"ed25519": "avx2"}, "totals": {"received": len(self.log)},
                "stages": {"parse": {"cycles": 100 * len(self.log), "items": 1, "bursts": 1}}}

    def load(self, port, name, mix, warm=64):
        self.dead = self.deaths > 0
        self.deaths -= self.dead
        if self.dead:
            raise load.LoadError("no answer")
        return FakeLoad(self, mix)

    @contextlib.contextmanager
    def paused(self):
        self.log.append(("paused",))
        yield
        self.log.append(("goes on",))

    def bare_engine(self, name, windows, tokens, rounds):
        self.log.append(("engine", windows))
        return {"engine": "avx2", "wall_ns": [1e6] * rounds, "cpu_ns": [1e6] * rounds}


class Rounds(unittest.TestCase):
    PLAN = dataclasses.replace(cases.PLANS["full"], rounds=3, trial_s=1.0)

    def run_suite(self, stand, *names):
        suite = cases.Suite(stand, self.PLAN, cases.choose(names))
        return suite.run(), suite

    def test_cases_take_turns(self):
        stand = FakeStand()
        self.run_suite(stand, "w2-213", "engine-213", "sodium")
        self.assertEqual([e[0] for e in stand.log if e[0] in ("edgate", "paused", "engine", "goes on")],
                         ["edgate", "paused", "engine", "goes on", "edgate"] * self.PLAN.rounds)
        self.assertEqual(stand.log[-2], ("edgate", "memif", "ed25519: sodium\n"))

    def test_engine_gets_the_tables_of_edgate(self):
        stand = FakeStand()
        self.run_suite(stand, "w2-213", "engine-213")
        self.assertIn(("engine", [12, 12, 12, 9]), stand.log)

    def test_figures(self):
        found, suite = self.run_suite(FakeStand(), "w2-213")
        self.assertEqual(found["w2-213"]["figures"]["ndr"],
                         {"rounds": [0, 1, 2], "values": [1010, 1020, 1030], "median": 1020, "min": 1010, "max": 1030})
        self.assertEqual([point["part_of_ndr"] for point in found["w2-213"]["curve"]], list(cases.CURVE))
        self.assertEqual(set(found["w2-213"]["spectra"]), {"10", "50", "90"})
        self.assertEqual(found["w2-213"]["stages"]["parse"]["cycles_per_packet"], 100)
        self.assertEqual(suite.engine_name, "avx2")

    def test_later_rounds_search_near_the_first(self):
        stand = FakeStand()
        self.run_suite(stand, "w2-213")
        ranges = [e[2:] for e in stand.log if e[1] == "search"]
        self.assertEqual(ranges[0], (cases.RATE_MIN, cases.RATE_MAX, True))
        self.assertEqual(ranges[1:], [(0.6 * 1010, 1.5 * 1010, False)] * (self.PLAN.rounds - 1))

    def test_overload_is_three_times_the_ndr(self):
        found, _ = self.run_suite(FakeStand(), "overload")
        figures = found["overload"]["figures"]
        self.assertAlmostEqual(figures["offered"]["values"][0], 3 * 1010)
        self.assertEqual(figures["goodput"]["values"][0], 1010)

    def test_forged_and_valid_take_turns(self):
        stand = FakeStand()
        found, _ = self.run_suite(stand, "w3-213-busy")
        self.assertEqual([mix for mix, _ in stand.log[1:2 * cases.TURNS + 1]], ["W2", "W3"] * cases.TURNS)
        self.assertEqual(found["w3-213-busy"]["figures"]["over_w2"]["values"], [1] * self.PLAN.rounds)

    def test_no_ndr_no_overload(self):
        found, _ = self.run_suite(FakeStand(lossy=True), "overload")
        self.assertEqual(found["w2-213"]["not_measured"], cases.NO_NDR)
        self.assertIn("no NDR", found["overload"]["not_measured"])

    def test_no_round_beyond_the_time(self):
        now = iter((0, 600))  # a further one would take four tenths of that
        suite = cases.Suite(FakeStand(), self.PLAN, cases.choose(["sodium"]), clock=lambda: next(now))
        found = suite.run()
        self.assertEqual((suite.rounds, len(found["sodium"]["figures"]["rate"]["values"])), (1, 1))
        self.assertIn("1 of 3 rounds", suite.incidents[0])

    def test_wrong_answers_outlive_a_failure(self):
        found, _ = self.run_suite(FakeStand(wrong=2, lossy=True), "w2-213")
        self.assertEqual(found["w2-213"]["wrong"], 2 * self.PLAN.rounds)
        self.assertEqual(found["w2-213"]["link"]["kind"], "vdev")

    def test_wrong_answers_add_up(self):
        found, _ = self.run_suite(FakeStand(wrong=1), "w2-213", "sodium")
        self.assertEqual(found["w2-213"]["wrong"], self.PLAN.rounds + len(cases.CURVE))
        self.assertEqual(found["sodium"]["wrong"], self.PLAN.rounds)

    def test_what_does_not_start_stops_nothing_else(self):
        found, _ = self.run_suite(FakeStand(broken="memif"), "w2-213", "plain")
        self.assertEqual(found["w2-213"]["not_measured"], "edgate did not start: no hugepages")
        self.assertIn("figures", found["plain"])

    def test_what_dies_is_tried_again_and_told(self):
        found, suite = self.run_suite(FakeStand(deaths=1), "w2-213")
        self.assertEqual(len(found["w2-213"]["figures"]["ndr"]["values"]), self.PLAN.rounds)
        self.assertEqual(suite.incidents, ["edgate: edgate ended by itself (exit -11)"])
        found, suite = self.run_suite(FakeStand(deaths=cases.ATTEMPTS), "w2-213")
        self.assertEqual(len(found["w2-213"]["figures"]["ndr"]["values"]), self.PLAN.rounds - 1)
        self.assertEqual(len(found["w2-213"]["curve"]), len(cases.CURVE))
        self.assertIn("exit -11", found["w2-213"]["failed_rounds"][0])
        found, suite = self.run_suite(FakeStand(deaths=99), "w2-213")
        self.assertIn("exit -11", found["w2-213"]["not_measured"])

    def test_figures_of_what_died_do_not_count(self):
        class Dying(FakeStand):
            @contextlib.contextmanager
            def edgate(self, ports, extra="", tables=True):
                with super().edgate(ports, extra, tables) as port:
                    yield port
                if len(self.log) < 5:
                    raise AssertionError("records do not add up")

        found, suite = self.run_suite(Dying(), "sodium")
        self.assertEqual(len(found["sodium"]["figures"]["rate"]["values"]), self.PLAN.rounds)
        self.assertGreater(len(suite.incidents), 0)

    def test_cold_must_be_cold_and_cached_needs_a_cache(self):
        found, _ = self.run_suite(FakeStand(warm=True), "w2-213")
        self.assertIn("were to be cold", found["w2-213"]["not_measured"])
        found, _ = self.run_suite(FakeStand(has_cache=False), "w1-213")
        self.assertIn("no cache", found["w1-213"]["not_measured"])


class Reader(html.parser.HTMLParser):
    """Tags that stand open, and what comes from elsewhere."""
    VOID = {"meta"}
    OPTIONAL = {"th", "tr"}

    def __init__(self):
        super().__init__()
        self.open, self.faults, self.seen = [], [], {}

    def handle_starttag(self, tag, attrs):
        self.seen[tag] = self.seen.get(tag, 0) + 1
        self.faults += [(tag, name, value) for name, value in attrs
                        if name in ("src", "href", "onclick", "onload") or "url(" in (value or "")]
        self.faults += [tag] if tag in ("script", "link", "iframe", "img", "object") else []
        if tag not in self.VOID | self.OPTIONAL:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen[tag] = self.seen.get(tag, 0) + 1

    def handle_endtag(self, tag):
        if tag in self.OPTIONAL:
            return
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}>")


class Page(unittest.TestCase):
    def read(self, result):
        text = page.page(result)
        reader = Reader()
        reader.feed(text)
        self.assertEqual((reader.open, reader.faults), ([], []))
        for nonsense in ("nan", "inf", "None", "Traceback"):
            self.assertIsNone(re.search(rf"\b{nonsense}\b", text), nonsense)
        return text, reader.seen

    def test_whole(self):
        text, seen = self.read(recorded())
        for part in ("What must hold", "Every case", "Beside others", "Latency and goodput by load",
                     "Spectra of latency", "Verdicts", "Cycles by stage", "Conditions"):
            self.assertTrue(f"<h2>{part}</h2>" in text, part)
        self.assertGreater(seen["polyline"], 10)
        self.assertTrue("prefers-color-scheme: dark" in text)

    def test_conditions_are_there(self):
        text, _ = self.read(recorded())
        for name in ("source commit", "source dirty", "model", "microcode", "governor", "smt", "hugepages", "dpdk",
                     "kernel command line", "load before", "rounds", "buildtype"):
            self.assertTrue(f"<dt>{name}" in text, name)
        self.assertTrue("idle: spin" in text)

    def test_what_the_engine_is(self):
        result = recorded()
        self.assertTrue("which this one is not: its engine is <code>avx2</code>" in page.page(result))
        result["engine"] = "ifma"
        self.assertTrue("as here" in page.page(result))

    def test_hostile_text_stays_text(self):
        result = recorded()
        result["cases"]["<script>alert(1)</script>"] = result["cases"]["w2-213"]
        result["conditions"]["host"] = "\"><img src=x>"
        result["cases"]["plain"] = {"not_measured": "<b onclick=x>"}
        self.read(result)

    def test_little_is_enough(self):
        result = recorded()
        for case in result["cases"].values():
            case.pop("figures", None)
            case["not_measured"] = "nothing works here"
        result["claims"] = claims.judge(result)
        self.read(result)

    def test_doubts_are_told(self):
        result = recorded()
        result["conditions"]["source"]["dirty"] = True
        result["conditions"]["load_before"] = [4.0, 1.0, 1.0]
        result["conditions"]["steal_pct"] = 12.5
        result["incidents"] = ["edgate: it ended by itself"]
        text, _ = self.read(result)
        for words in ("in no commit", "load 4.0", "12.5 % of the time", "it ended by itself"):
            self.assertTrue(words in text, words)

    def test_smoke_is_marked(self):
        result = recorded()
        result["purpose"] = cases.PLANS["smoke"].purpose
        self.assertTrue("figures mean nothing" in self.read(result)[0])

    def test_command(self):
        done = run("--report", RECORDED)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith("<!DOCTYPE html>"))


class Document(unittest.TestCase):
    def put(self, text, result):
        with tempfile.NamedTemporaryFile("w+", suffix=".md") as file:
            file.write(text)
            file.flush()
            markdown.put_into(file.name, result)
            return pathlib.Path(file.name).read_text()

    def test_between_the_marks(self):
        got = self.put("before\n<!-- capacity -->\nstale words\n<!-- /capacity -->\nafter\n", recorded())
        self.assertTrue(got.startswith("before\n<!-- capacity -->\n**No network card"))
        self.assertTrue(got.endswith("|\n<!-- /capacity -->\nafter\n"))
        self.assertNotIn("stale words", got)
        for line in got.splitlines():
            if line.startswith("|"):
                self.assertIn(line.count(" | ") + line.count("---:"), (3, 4), line)
        self.assertEqual(self.put(got, recorded()), got)

    def test_marks_are_needed(self):
        self.assertRaises(ValueError, self.put, "nothing here\n", recorded())

    def test_figures_that_mean_nothing(self):
        result = {**recorded(), "purpose": cases.PLANS["smoke"].purpose}
        self.assertRaisesRegex(ValueError, "mean nothing", self.put, "<!-- capacity -->\n<!-- /capacity -->\n", result)

    def test_documentation_has_them(self):
        self.assertEqual(len(markdown.MARKS.findall((HERE.parents[1] / "docs" / "performance.md").read_text())), 1)

    def test_no_lies(self):
        result = recorded()
        result["cases"]["w2-213"]["link"]["kind"] = "nic"
        self.assertRaises(link.LinkError, markdown.text, result)


class Refused(unittest.TestCase):
    """Before anything is built or measured."""

    def test_results_cannot_be_written(self):
        done = run("--no-build", "--out", "/dev/null/results")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "^perf/run: .*/dev/null/results")

    def test_no_result(self):
        cut = {name: value for name, value in recorded().items() if name != "cases"}
        for text, words in (("[]", "not a result"), ("{", "perf/run: "), (json.dumps(cut), "not a whole result")):
            with self.subTest(words), tempfile.NamedTemporaryFile("w", suffix=".json") as out:
                out.write(text)
                out.flush()
                done = run("--report", out.name)
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertRegex(done.stderr, words)
                self.assertNotIn("Traceback", done.stderr)

    def test_another_one_measures(self):
        with socket.socket(socket.AF_UNIX) as name, tempfile.TemporaryDirectory() as folder:
            with contextlib.suppress(OSError):  # then another one does
                name.bind("\0edgate perf/run")
            done = run("--no-build", "--quick", "--out", folder)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, "^perf/run: another perf/run measures")


class Parts(unittest.TestCase):
    def test_ticks(self):
        self.assertEqual(svg.linear_ticks(0, 100), [0, 20, 40, 60, 80, 100])
        self.assertEqual(svg.log_ticks(1, 1000), [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])
        self.assertEqual([svg.short(v) for v in (0.5, 12, 999, 1000, 1234567)], ["0.5", "12", "999", "1 k", "1.23 M"])

    def test_quantiles(self):
        points = page.quantiles([[1.0, 90], [2.0, 9], [3.0, 1]])
        self.assertEqual([edge for _, edge in points], [1.0, 2.0, 3.0])
        for (nines, _), right in zip(points, (0, 1, 2)):
            self.assertAlmostEqual(nines, right)

    def test_generator_that_fails(self):
        for code, out, error in ((2, "", "edgate-load: no such option"), (0, "not JSON", ""), (-11, "", ""),
                                 (0, '{"format": "x"}', "")):
            done = subprocess.CompletedProcess([], code, out, error)
            self.assertRaises(load.LoadError, load.read, "run", done)
        newer = subprocess.CompletedProcess([], 0, '{"format": "edgate-load run", "version": 2}', "")
        self.assertRaises(load.LoadError, load.read, "run", newer)

    def test_failed_rounds(self):
        found = cases.finish({"values": {}, "failed_rounds": ["first", "second"]})
        self.assertEqual((found.get("figures"), found["not_measured"]), (None, "first"))
        found = cases.finish({"values": {"ndr": {0: 1, 1: 2}}, "failed_rounds": ["third"]})
        self.assertEqual((found["figures"]["ndr"]["median"], found["failed_rounds"]), (1.5, ["third"]))
        found = cases.finish({"values": {"ndr": {0: 1, 1: 2}}, "failed_rounds": ["first"], "refused": "was warm"})
        self.assertEqual((found.get("figures"), found["not_measured"]), (None, "was warm"))

    def test_choose(self):
        self.assertEqual([c.name for c in cases.choose(["overload"])], ["w2-213", "overload"])
        self.assertEqual(len(cases.choose([])), len(cases.CASES))
        self.assertRaises(ValueError, cases.choose, ["w99"])
        self.assertEqual(run("--only", "w99").returncode, 1)

    def test_tokens(self):
        mint = corpus.Mint(1800000000)
        for size in corpus.SIZES:
            for n in (0, 1, 65535):
                self.assertEqual(len(mint.exact(size, n)), size)
        rows = corpus.statuses(1000)
        self.assertEqual({status: rows.count(status) // 10 for status in corpus.MIX}, corpus.MIX)
        self.assertEqual(sum(corpus.MIX.values()), 100)

    def test_faked_host(self):
        with tempfile.TemporaryDirectory() as root:
            info = "processor : 0\nmodel name : Fast CPU\nmicrocode : 0x42\nflags : a avx2\n"
            for path, text in (("proc/cpuinfo", info),
                               ("sys/devices/system/cpu/smt/active", "1\n"),
                               ("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "5\n")):
                at = pathlib.Path(root, path)
                at.parent.mkdir(parents=True, exist_ok=True)
                at.write_text(text)
            cpu, memory = conditions.cpu(root), conditions.memory(root)
        got = [cpu[name] for name in ("model", "microcode", "smt", "flags")]
        self.assertEqual(got, ["Fast CPU", "0x42", "on", ["avx2"]])
        self.assertEqual(cpu["governor"], conditions.UNKNOWN)
        self.assertEqual(memory["hugepages"], {"2048kB": "5 reserved, not readable free"})


if __name__ == "__main__":
    unittest.main(verbosity=2)

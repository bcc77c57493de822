# SPDX-License-Identifier: BSD-3-Clause
"""edgatectl: every form of a command, its exit status and what it says."""
import json
import re
import time
import unittest

from cli import EDGATECTL, NOW, ROOT, CliTest, run

ISS = "https://as.example"
URI = "https://as.example/list"
COMMANDS = """init|issuer add|issuer remove|issuer list|key list|key window|policy set|policy remove|policy list
list add|list import|list grow|list show|list export|list list|revoke index|revoke jti|revoke cti|revoke sid|revoke jkt|revoke subject
revoke issuer|revoke key|suspend index|unrevoke index|unrevoke jti|unrevoke issuer|audit|state verify
state backup|state restore|decide|verify|ping|stats|counters""".replace("\n", "|").split("|")


class Usage(CliTest):
    def test_help_of_everything(self):
        self.assertIn("revoke subject", self.expect(0, run(EDGATECTL, "--help")).stdout)
        for command in COMMANDS:
            with self.subTest(command):
                done = self.expect(0, run(EDGATECTL, *command.split(), "--help"))
                self.assertTrue(done.stdout.startswith(f"usage: edgatectl {command}"))
                self.assertEqual(done.stderr, "")
        for group in ("issuer", "key", "policy", "list", "revoke"):
            self.expect(0, run(EDGATECTL, group, "--help"))

    def test_help_needs_nothing_else(self):
        self.expect(0, run(EDGATECTL, "revoke", "jti", "x", "--help"))

    def test_wrong_command_lines(self):
        for line in ("", "frob", "issuer", "issuer frob", "issuer add", f"issuer add {ISS}",
                     "--frob init", "init --frob", "init x", "--state", "-x", "init -x",
                     f"issuer add {ISS} --jwks", "key list --json --json", "key list --json=1",
                     "policy set", "policy set 0", "policy set 4294967296", "policy set -- -1",
                     f"policy set 1 --issuer {ISS}", "policy set 1 --audience any",
                     f"policy set 1 --issuer {ISS} --audience any --order foo",
                     f"policy set 1 --issuer {ISS},, --audience any",
                     f"policy set 1 --issuer {ISS} --audience any --skew 1x",
                     f"policy set 1 --issuer {ISS} --audience any --freshness strict",
                     f"policy set 1 --issuer {ISS} --audience any --freshness strict:0",
                     f"policy set 1 --issuer {ISS} --audience any --freshness loose:5",
                     f"list add {URI} --bits 1 --entries 8", f"list add {URI} --issuer {ISS}",
                     f"list add {URI} --issuer {ISS} --bits 3 --entries 8",
                     f"list add {URI} --issuer {ISS} --bits 1 --entries 0",
                     f"list add {URI} --issuer {ISS} --bits 1 --entries 1073741825",
                     f"list import {URI} f", f"list import {URI} f --raw --jwt", f"list grow {URI} 0",
                     f"list grow {URI} x", f"list export {URI} f", f"list export {URI} f --jwt",
                     f"key window {ISS} k --from x", f"revoke index {URI}", f"revoke index {URI} 1,",
                     f"revoke index {URI} 9-7", f"revoke index {URI} 1-2-3",
                     f"revoke index {URI} 4294967296", f"revoke index {URI} +1",
                     f"revoke jti {ISS} a", f"revoke jti {ISS} a --exp 1.5",
                     f"revoke jti {ISS} a --exp 2027-02-30T00:00:00Z",
                     f"revoke jti {ISS} a --exp 253402300800", f"revoke jti {ISS} --exp 1",
                     f"revoke subject {ISS}", f"revoke subject {ISS} s --until x",
                     f"revoke issuer {ISS} x", "decide", "decide a b", "decide a --now x",
                     "decide a --policy -1", "verify localhost", "stats x"):
            with self.subTest(line):
                self.assertEqual(self.expect(2, run(EDGATECTL, *line.split())).stdout, "")
        self.assertFalse(self.state.exists())

    def test_version(self):
        self.assertRegex(self.expect(0, run(EDGATECTL, "--version")).stdout, r"^edgatectl \d")

    def test_output_that_cannot_be_written(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            import subprocess
            done = subprocess.run([EDGATECTL, "--help"], stdout=full, stderr=subprocess.PIPE,
                                  check=False)
        self.assertEqual(done.returncode, 1)

    def test_committed_counters_are_those_of_the_program(self):
        made = self.expect(0, run(EDGATECTL, "counters", "--markdown")).stdout
        self.assertEqual(made, (ROOT / "docs" / "counters.md").read_text(encoding="utf-8"))


class Store(CliTest):
    def setUp(self):
        super().setUp()
        self.ctl("init")
        self.key, self.jwks = self.keygen("as", "--kid", "k1")

    def epoch(self, *args):
        done = self.ctl(*args)
        found = re.fullmatch(r"done: epoch (\d+)\.(\d+)\n", done.stdout)
        self.assertIsNotNone(found, done.stdout)
        return tuple(map(int, found.groups()))

    def rows(self, *args):
        return json.loads(self.ctl(*args, "--json").stdout)

    def add_issuer(self):
        return self.epoch("issuer", "add", ISS, "--jwks", self.jwks)

    def test_init_twice_is_refused_and_harmless(self):
        self.add_issuer()
        self.ctl("init", exit_status=1)
        self.assertEqual(len(self.rows("issuer", "list")), 1)

    def test_no_store_names_the_remedy(self):
        self.state = self.dir / "none"
        for args in (("issuer", "list"), ("revoke", "key", ISS, "k"), ("decide", "/dev/null")):
            self.assertIn("init", self.ctl(*args, exit_status=1).stderr)

    def test_state_may_stand_behind_the_command(self):
        done = run(EDGATECTL, "issuer", "list", "--state", self.state, "--json")
        self.assertEqual(self.expect(0, done).stdout.strip(), "[]")

    def test_epochs_only_rise(self):
        epochs = [self.add_issuer(),
                  self.epoch("policy", "set", 1, "--issuer", ISS, "--audience", "a"),
                  self.epoch("list", "add", URI, "--issuer", ISS, "--bits", 2, "--entries", 100),
                  self.epoch("revoke", "index", URI, "1,3-5"),
                  self.epoch("revoke", "issuer", ISS, "--until", 1),
                  self.epoch("policy", "remove", 1),
                  self.epoch("issuer", "remove", ISS)]
        self.assertEqual(epochs, sorted(set(epochs)))

    def test_issuer_and_key_list(self):
        self.add_issuer()
        self.assertEqual(self.rows("issuer", "list"), [{"issuer": ISS, "keys": 1}])
        key, = self.rows("key", "list")
        self.assertEqual((key["issuer"], key["kid"], key["state"]), (ISS, "k1", "active"))
        self.assertEqual(key["x"], json.loads(self.jwks.read_text())["keys"][0]["x"])
        lines = self.ctl("key", "list").stdout.splitlines()
        self.assertEqual(lines[0].split(), ["issuer", "kid", "state", "index", "x", "from",
                                            "until"])
        self.assertEqual(lines[0].index("kid"), lines[1].index("k1"))

    def test_adding_again_replaces_the_keys(self):
        self.add_issuer()
        _, other = self.keygen("new", "--kid", "k2")
        self.epoch("issuer", "add", ISS, "--jwks", other)
        self.assertEqual([k["kid"] for k in self.rows("key", "list")], ["k2"])

    def test_a_revoked_key_stays_revoked(self):
        self.add_issuer()
        self.epoch("revoke", "key", ISS, "k1")
        self.add_issuer()
        self.assertEqual([k["state"] for k in self.rows("key", "list")], ["revoked"])

    def test_remove_what_is_not_there(self):
        self.ctl("issuer", "remove", ISS, exit_status=1)
        self.ctl("policy", "remove", 7, exit_status=1)
        self.ctl("revoke", "key", ISS, "k1", exit_status=1)
        self.ctl("revoke", "index", URI, "1", exit_status=1)

    def test_policy_list_shows_what_was_set(self):
        done = self.ctl("policy", "set", 7, "--issuer", f"{ISS},https://b.example", "--audience",
                        "x,y", "--audience", "z", "--typ", "at+jwt", "--typ-required", "--skew", 60,
                        "--cwt-typ", "own+cwt,263", "--order", "strict", "--status", "required",
                        "--cnf", "require",
                        "--implicit-assertion", "ia", "--max-age", 10, "--max-lifetime", 20,
                        "--exp-optional", "--client-cache", 30, "--max-token", 2000,
                        "--freshness", "strict:90")
        self.assertIn("not known yet", done.stderr)
        policy, = self.rows("policy", "list")
        self.assertEqual(policy, {
            "id": 7, "default": True, "issuer": [ISS, "https://b.example"],
            "audience": ["x", "y", "z"], "typ": ["at+jwt"], "typ_required": True,
            "cwt_typ": ["own+cwt", 263], "skew": 60, "order": "strict",
            "status": "required", "cnf": "require", "implicit_assertion": "ia",
            "exp_optional": True, "max_age": 10, "max_lifetime": 20, "client_cache": 30,
            "max_token": 2000, "freshness": "strict:90"})

    def test_default_policy_moves(self):
        for number, more in ((1, []), (2, []), (3, ["--default"])):
            self.epoch("policy", "set", number, "--issuer", ISS, "--audience", "any", *more)
        self.assertEqual([p["id"] for p in self.rows("policy", "list") if p["default"]], [3])
        self.assertEqual(self.rows("policy", "list")[0]["audience"], "any")
        self.assertIn("any", self.ctl("policy", "list").stdout)

    def test_a_policy_is_refused_over_its_limits(self):
        many = ",".join(f"https://{i}.example" for i in range(17))
        self.ctl("policy", "set", 1, "--issuer", many, "--audience", "any", exit_status=1)
        self.ctl("policy", "set", 1, "--issuer", ISS, "--audience", "any,x", exit_status=1)
        self.ctl("policy", "set", 1, "--issuer", "x" * 256, "--audience", "any", exit_status=1)
        self.assertEqual(self.rows("policy", "list"), [])

    def test_import_must_fit_the_list(self):
        self.add_issuer()
        self.epoch("list", "add", URI, "--issuer", ISS, "--bits", 1, "--entries", 9)
        for size, status in ((1, 1), (2, 0), (3, 1)):
            path = self.write("raw", bytes(size))
            done = self.ctl("list", "import", URI, path, "--raw", exit_status=status)
            if status == 1:
                self.assertIn(str(path), done.stderr)
        self.ctl("list", "import", URI, self.dir / "nothing", "--raw", exit_status=1)

    def test_list_list(self):
        self.add_issuer()
        self.epoch("list", "add", URI, "--issuer", ISS, "--bits", 2, "--entries", 100)
        self.assertEqual(self.rows("list", "list"),
                         [{"uri": URI, "issuer": ISS, "bits": 2, "entries": 100, "imported": "never"}])

    def test_a_list_needs_its_issuer(self):
        self.ctl("list", "add", URI, "--issuer", ISS, "--bits", 1, "--entries", 9, exit_status=1)

    def test_an_index_out_of_range_revokes_nothing(self):
        self.add_issuer()
        self.epoch("policy", "set", 1, "--issuer", ISS, "--audience", "any")
        self.epoch("list", "add", URI, "--issuer", ISS, "--bits", 1, "--entries", 10)
        self.ctl("revoke", "index", URI, "1,10", exit_status=1)
        status = json.dumps({"status_list": {"idx": 1, "uri": URI}})
        token = self.sign(self.key, "--iss", ISS, "--exp", "+60", "--claim", f"status={status}")
        self.assertEqual(self.decide([token]), ["OK"])
        self.epoch("revoke", "index", URI, "1,9")
        self.assertEqual(self.decide([token]), ["REVOKED"])

    def test_doing_it_again_is_harmless(self):
        self.add_issuer()
        self.epoch("list", "add", URI, "--issuer", ISS, "--bits", 1, "--entries", 10)
        for args in (("revoke", "index", URI, "5"), ("revoke", "jti", ISS, "a", "--exp", "+60"),
                     ("revoke", "subject", ISS, "s"), ("revoke", "issuer", ISS, "--until", "5"),
                     ("revoke", "key", ISS, "k1")):
            self.epoch(*args)
            self.epoch(*args)

    def test_the_default_cutoff_covers_the_largest_skew(self):
        self.add_issuer()
        self.epoch("policy", "set", 1, "--issuer", ISS, "--audience", "any", "--skew", 120)
        self.epoch("revoke", "subject", ISS, "s")
        now = int(time.time())
        for iat, status in ((now + 60, "REVOKED"), (now + 1000, "OK")):
            token = self.token("sign", "--key", self.key, "--iss", ISS, "--sub", "s", "--iat", iat,
                               "--exp", now + 9000).stdout.strip()
            done = self.ctl("decide", "--now", now + 1000, "-", stdin=token)
            self.assertEqual(done.stdout.strip(), status)

    def test_a_time_may_be_written_as_a_date(self):
        self.add_issuer()
        self.epoch("revoke", "jti", ISS, "a", "--exp", "2027-01-15T08:00:00Z")

    def test_wait_without_an_edgate_says_that_the_change_is_stored(self):
        self.add_issuer()
        done = self.ctl("--run", self.dir / "run", "revoke", "key", ISS, "k1", "--wait",
                        exit_status=1)
        self.assertIn("stored", done.stderr)
        self.ctl("revoke", "key", ISS, "k1", "--wait=x", exit_status=2)
        self.assertEqual(self.rows("key", "list")[0]["state"], "revoked")


class Jwks(CliTest):
    def setUp(self):
        super().setUp()
        self.ctl("init")
        _, jwks = self.keygen("as", "--kid", "good")
        self.good = json.loads(jwks.read_text())["keys"][0]

    def add(self, keys, *args, exit_status=0):
        path = self.write("keys.jwks", {"keys": keys})
        return self.ctl("issuer", "add", ISS, "--jwks", path, *args, exit_status=exit_status)

    def kids(self):
        return [k["kid"] for k in json.loads(self.ctl("key", "list", "--json").stdout)]

    def test_other_key_types_are_skipped_with_a_note(self):
        done = self.add([{"kty": "RSA", "kid": "r", "n": "AQAB", "e": "AQAB"}, self.good])
        self.assertRegex(done.stderr, r"keys.jwks: key 1 \(kid r\) note: skipped: .")
        self.assertEqual(self.kids(), ["good"])

    def test_bad_keys_are_refused_by_name(self):
        small = "A" * 43
        bad = {"private": self.good | {"kid": "private", "d": self.good["x"]},
               "small": self.good | {"kid": "small", "x": small},
               "short": self.good | {"kid": "short", "x": "AAAA"}}
        for name, key in bad.items():
            with self.subTest(name):
                done = self.add([key, self.good])
                self.assertRegex(done.stderr, rf"error: \S+: key 1 \(kid {name}\) refused: .")
                self.assertEqual(self.kids(), ["good"])

    def test_a_kid_twice_refuses_both(self):
        done = self.add([self.good, self.good], exit_status=1)
        self.assertEqual(done.stderr.count("refused"), 2)
        self.assertEqual(self.kids(), [])

    def test_without_a_key_nothing_changes(self):
        self.add([self.good])
        self.add([{"kty": "oct", "k": "AAAA"}], exit_status=1)
        self.assertEqual(self.kids(), ["good"])

    def test_a_file_that_is_no_json_names_the_line(self):
        path = self.write("bad.jwks", '{"keys": [\n{"kty": "OKP",}\n]}')
        done = self.ctl("issuer", "add", ISS, "--jwks", path, exit_status=1)
        self.assertIn("bad.jwks:2:15: not JSON: ", done.stderr)

    def test_a_file_that_is_no_jwks_names_itself(self):
        for content in ("", "{", "[]", '{"keys":1}', "{\n\n\"keys\":[}\n", b"\xff"):
            with self.subTest(content):
                path = self.write("bad.jwks", content)
                done = self.ctl("issuer", "add", ISS, "--jwks", path, exit_status=1)
                self.assertIn(str(path), done.stderr)

    def test_a_file_over_the_limit(self):
        for size, status in ((262144, 0), (262145, 1)):
            text = json.dumps({"keys": [self.good]})
            path = self.write("long.jwks", text + " " * (size - len(text)))
            self.ctl("issuer", "add", ISS, "--jwks", path, exit_status=status)

    def test_control_bytes_do_not_reach_the_terminal(self):
        done = self.add([self.good, {"kty": "RSA", "kid": "\x1b[31mred"}])
        self.assertNotIn("\x1b", done.stderr)


if __name__ == "__main__":
    unittest.main()

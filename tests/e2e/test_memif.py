# SPDX-License-Identifier: BSD-3-Clause
"""Two processes over memif, without root and without hugepages: the table of a corpus, then load."""
import os
import unittest

from harness import World, program, run

PORT = """  - name: p0
    kind: dpdk
    device: net_memif0
    vdev: "net_memif0,role=server,socket={dir}/memif.sock,socket-abstract=no"
    queues: 1
    addresses: [192.0.2.1/24]
"""
EAL = ["--no-huge", "--no-shconf", "--no-telemetry", "--no-pci", "-m", "256"]


class Memif(unittest.TestCase):
    def test_corpus(self):
        with World("memif") as w:
            corpus = f"{w.dir}/corpus"
            run(program("edgate-token"), "corpus", "--out", corpus, "--count", "600", "--issuers", "3",
                "--mix", "OK=40,EXPIRED=10,BAD_SIGNATURE=10,REVOKED=10,BAD_AUD=10,UNKNOWN_KEY=10,MALFORMED=10")
            group = ["--group", "nogroup"] if os.geteuid() == 0 else []
            w.ctl("init", *group)
            run("sh", f"{corpus}/setup.sh", w.state, program("edgatectl"))
            eal = ", ".join(f'"{a}"' for a in EAL)
            w.config(PORT.format(dir=w.dir), "  - {port: p0, queue: 0, cpu: 1}\n",
                     f"idle: sleep:50\neal: [{eal}]\n")
            w.start()
            load = [program("edgate-load"), *[f"--eal={a}" for a in EAL],
                    "--vdev", f"net_memif0,role=client,socket={w.dir}/memif.sock,socket-abstract=no",
                    "--server", "192.0.2.1", "--client", "192.0.2.2", "--corpus", f"{corpus}/corpus.tsv"]
            run(*load, "--table", timeout=120)
            run(*load, "--seconds", "2", timeout=120)
            w.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)

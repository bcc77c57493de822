# SPDX-License-Identifier: BSD-3-Clause
"""Profile of TRex (stateless): the frames that make_pcap wrote, over and over.

    trex> start -f trex_edgate.py -t --pcap=requests.pcap,--pps=100000 -p 0

Each frame becomes a stream that starts the next one, so a few thousand frames are enough and a hundred
thousand are too many for a generator's memory. TRex must answer ARP for its own address (service mode, or
a static entry), and like other generators it counts answers without looking at them: edgate-load looks.
"""
import argparse
import os

from trex_stl_lib.api import STLProfile


class Requests:
    def get_streams(self, tunables, **kwargs):
        parser = argparse.ArgumentParser(prog=os.path.basename(__file__))
        parser.add_argument("--pcap", required=True, help="frames of make_pcap")
        parser.add_argument("--pps", type=float, default=10000.0, help="frames a second (default 10000)")
        parser.add_argument("--loops", type=int, default=0, help="times through the file (default 0: for ever)")
        args = parser.parse_args(tunables)
        if args.pps <= 0:
            parser.error("--pps must be above 0")
        profile = STLProfile.load_pcap(args.pcap, ipg_usec=1e6 / args.pps, loop_count=args.loops)
        return profile.get_streams()


def register():
    return Requests()

# SPDX-License-Identifier: BSD-3-Clause
"""What perf/run is made of; it stands in the order in which it runs.

link        what a port is, and whether a number of it may be called a NIC's
conditions  the machine, the build, the load: without them no figure is believed
corpus      tokens of exact sizes, with the statuses they must get
stand       starts and stops edgate, its partners and the generator
load        one trial or search of edgate-load, as this package sees it
revocation  how soon a revocation answers
cases       what is measured, in rounds that take turns
claims      what must hold, and whether it does
compare     two results side by side
svg, page   the report
markdown    the same in docs/performance.md
"""

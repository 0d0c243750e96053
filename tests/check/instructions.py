# SPDX-License-Identifier: LGPL-2.1-or-later
"""instructions.py HOTPATH TOOLCHAIN: instructions per message on the hot path, counted by callgrind.

Times are noisy, instructions are not: each size may take 5 % more or less than is written here. What takes less
is a reason to write it down. Counted with -O2 and the hardening of meson.build on a machine with AVX2.
"""
import re
import subprocess
import sys

# Libraries and compilers count otherwise. A small packet of audio takes 12 % more on Debian 13 for the same calls: 400 to
# look at the three fields of the participant meta (GStreamer 1.26 makes a name of each quark and compares names), 200 for
# the reference to the pool (GLib 2.84 locks where a count goes from 1 to 2 and back), 80 for what g++ 14 makes of the scanner.
EXPECTED = {
    "g++ 12, GStreamer 1.22": {640: 5667, 20000: 58957, 200000: 498385},
    "g++ 14, GStreamer 1.26": {640: 6369, 20000: 58943, 200000: 498991},
}
TOLERANCE = 0.05
FEW, MANY = 20, 220
SKIPPED = 77


def instructions(hotpath, size, count):
    line = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", hotpath, str(size), str(count)]
    run = subprocess.run(line, check=True, capture_output=True, text=True)
    return int(re.search(r"Collected : (\d+)", run.stderr).group(1))


def main():
    hotpath, toolchain = sys.argv[1:]
    if toolchain not in EXPECTED:
        print(f"There are no figures for {toolchain}.")
        return SKIPPED
    failed = False
    for size, expected in EXPECTED[toolchain].items():
        # What a process does once is in both.
        more = instructions(hotpath, size, MANY) - instructions(hotpath, size, FEW)
        got = more / (MANY - FEW)
        good = abs(got - expected) <= TOLERANCE * expected
        failed |= not good
        print(f"{size} B: {got:.0f} instructions per message, {expected} expected{'' if good else ': NOT WITHIN 5 %'}")
    return failed


sys.exit(main())

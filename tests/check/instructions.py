# SPDX-License-Identifier: LGPL-2.1-or-later
"""instructions.py HOTPATH: instructions per message on the hot path, counted by callgrind.

Times are noisy, instructions are not: each size may take 5 % more or less than is written here. What takes less
is a reason to write it down. Counted with g++ 12, -O2, and Debian 12's libraries on a machine with AVX2.
"""
import re
import subprocess
import sys

EXPECTED = {640: 5365, 20000: 57992, 200000: 497457}
TOLERANCE = 0.05
FEW, MANY = 20, 220


def instructions(hotpath, size, count):
    line = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", hotpath, str(size), str(count)]
    run = subprocess.run(line, check=True, capture_output=True, text=True)
    return int(re.search(r"Collected : (\d+)", run.stderr).group(1))


def main():
    failed = False
    for size, expected in EXPECTED.items():
        # What a process does once is in both.
        more = instructions(sys.argv[1], size, MANY) - instructions(sys.argv[1], size, FEW)
        got = more / (MANY - FEW)
        good = abs(got - expected) <= TOLERANCE * expected
        failed |= not good
        print(f"{size} B: {got:.0f} instructions per message, {expected} expected{'' if good else ': NOT WITHIN 5 %'}")
    return failed


sys.exit(main())

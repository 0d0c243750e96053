# SPDX-License-Identifier: LGPL-2.1-or-later
"""hardened.py UNIT FILE…: what the built files say of their protection, and what systemd says of the unit.

Reads the files with readelf, as checksec does, prints a row of SECURITY.md for each, and fails on one that lacks something.
"""
import os
import re
import shutil
import subprocess
import sys

# Of ten: the unit cannot do without the network, nor without writing its recordings.
MAX_EXPOSURE = 1.5


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stdout


def protection(file):
    headers = output_of("readelf", "-hldW", file)
    symbols = output_of("readelf", "--dyn-syms", "-W", file)
    stack = re.search(r"GNU_STACK.* (R[W ]?[E ]?) +0x", headers)
    fortified = sorted(set(re.findall(r"__(\w+)_chk", symbols)) - {"stack"})
    return {
        "position-independent": bool(re.search(r"Type: +DYN", headers)) and (".so" in file or "PIE" in headers),
        "full RELRO": "GNU_RELRO" in headers and bool(re.search(r"BIND_NOW|Flags: NOW", headers)),
        "stack protector": "__stack_chk_fail" in symbols,
        "fortified": bool(fortified) and ", ".join(fortified),
        "no executable stack": bool(stack) and "E" not in stack[1],
        "no RPATH": not re.search(r"\((RPATH|RUNPATH)\)", headers),
        "no text relocations": "TEXTREL" not in headers,
    }


def exposure(unit):
    said = output_of("systemd-analyze", "security", "--offline=true", "--no-pager", unit)
    return float(re.search(r"exposure level for .*: ([0-9.]+)", said)[1])


def main():
    unit, files = sys.argv[1], sys.argv[2:]
    problems = []
    rows = {os.path.basename(file): protection(file) for file in files}
    names = list(next(iter(rows.values())))
    print("| file | " + " | ".join(names) + " |")
    for file, has in rows.items():
        print(f"| `{file}` | " + " | ".join("yes" if has[name] is True else has[name] or "NO" for name in names) + " |")
        problems += [f"{file}: not {name}" for name in names if not has[name]]
    # A system without systemd has no use for the unit.
    if shutil.which("systemd-analyze"):
        found = exposure(unit)
        print(f"exposure of the unit: {found}, at most {MAX_EXPOSURE}")
        if found > MAX_EXPOSURE:
            problems.append(f"{unit}: exposure {found}")
    print("\n".join(problems))
    return bool(problems)


sys.exit(main())

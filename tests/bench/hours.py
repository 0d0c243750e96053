#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""hours.py BUILD [--hours N] [--rate N] [--meetings N] [--kbit N] [--tls no|yes] [--json FILE]

Long meetings recorded by rtms-recorder to MKV, in a time that passes RATE times as fast for the
recorder and the service (fastclock.cpp). Prints for each hour the memory, the CPU time, the threads,
the open files and what was written. Fails if the last hours are not like the first, or if a frame
is missing in a file. RATE wants a quiet machine: a pause of 0.1 s is 2.4 s with the default.
"""
import argparse
import glob
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import capture
import live

HOUR_S = 3600
# What an hour of the last quarter may have more than one of the first: a factor, and a sum. A thread
# of a pool may be there at the moment of a look.
LIMITS = {"memory_mb": (1, 4), "cpu_s": (1.2, 0), "threads": (1, 2), "files": (1, 2), "written_mb": (1.02, 0)}
KEYS = tuple(LIMITS)


def written_mb(recorder):
    return sum(os.path.getsize(file) for file in
               glob.glob(os.path.join(recorder.output, "*", "*"))) / 1e6


def look(recorder):
    now = live.usage(recorder.process.pid)
    return {"memory_mb": now["rss_kb"] / 1024, "cpu_s": now["cpu_s"], "threads": now["threads"],
            "files": len(os.listdir(f"/proc/{recorder.process.pid}/fd")), "written_mb": written_mb(recorder)}


def watch(recorder, options):
    """What each hour took."""
    print("| hour | memory, MB | CPU, s | threads | open files | written, MB |\n|---|---|---|---|---|---|", flush=True)
    rows, start, before = [], time.monotonic(), look(recorder)
    for hour in range(1, options.hours + 1):
        # The meetings end a minute after the last hour.
        left_s = start + hour * HOUR_S / options.rate - time.monotonic()
        try:
            raise SystemExit(f"the recorder ended: {recorder.process.wait(max(left_s, 0))}")
        except subprocess.TimeoutExpired:
            pass
        now = look(recorder)
        rows.append(dict(now, cpu_s=now["cpu_s"] - before["cpu_s"], written_mb=now["written_mb"] - before["written_mb"]))
        before = now
        print(f"| {hour} | " + " | ".join(f"{rows[-1][key]:.1f}" for key in KEYS) + " |", flush=True)
    return rows


def complaints(recorder):
    """Prints what the recorder warned of."""
    with open(recorder.log, encoding="utf-8") as file:
        for line in map(json.loads, file):
            if line["level"] in ("warning", "error"):
                print(f"  {line['time']} {line['level']}: {line['text']}", flush=True)


def judge(rows):
    """What is not flat."""
    quarter = max(len(rows) // 4, 1)
    # The first hour begins with the start of the meetings.
    first, last = (statistics_of(some) for some in (rows[1:1 + quarter], rows[-quarter:]))
    print("first quarter", json.dumps(first), "\nlast quarter", json.dumps(last))
    return [key for key, (factor, more) in LIMITS.items() if last[key] > first[key] * factor + more]


def statistics_of(rows):
    return {key: round(statistics.median(row[key] for row in rows), 2) for key in KEYS}


def in_fast_time(options, start):
    """The processes that start() starts."""
    clock = os.path.join(os.path.abspath(options.build), "tests", "bench", "fastclock.so")
    os.environ.update(LD_PRELOAD=clock, RTMS_CLOCK_RATE=str(options.rate))
    try:
        return start()
    finally:
        del os.environ["LD_PRELOAD"]


def record(options, folder):
    service = in_fast_time(options, lambda: capture.Service(options, folder))
    recorder = in_fast_time(options, lambda: capture.start_recorder(options, folder, service))
    try:
        live.announce(recorder.url, service.webhooks)
        recorder.wait("recording", options.meetings, 60)
        rows = watch(recorder, options)
        sent = service.sent()
        recorder.wait("finished", options.meetings, 60)
        recorder.end()
        complaints(recorder)
        capture.expect(glob.glob(os.path.join(recorder.output, "*", "meeting.mkv")), sent)
        return rows
    finally:
        service.end()
        if recorder.process.poll() is None:
            recorder.process.kill()
            recorder.process.wait()


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("build")
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--rate", type=float, default=24)
    parser.add_argument("--meetings", type=int, default=1)
    parser.add_argument("--kbit", type=int, default=0, help="of video per second; 0: small frames, 200")
    parser.add_argument("--tls", default="yes")
    parser.add_argument("--json")
    options = parser.parse_args()
    if options.hours < 3:
        raise SystemExit("hours.py compares the hours after the first: it wants three or more")
    options.seconds = options.hours * HOUR_S + 60
    with tempfile.TemporaryDirectory(prefix="rtms-hours-") as folder:
        capture.make_registry(options, folder)
        rows = record(options, folder)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)
    problems = judge(rows)
    print("Not flat: " + ", ".join(problems) if problems else "Flat.")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()

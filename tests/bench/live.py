#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""live.py BUILD [--against FOLDER] [--meetings N,N] [--formats mkv,mp4] [--tls no,yes] [--seconds N]
           [--speakers N] [--kbit N] [--rounds N] [--profile FILE] [--json FILE]

What rtms-recorder costs per recorded meeting in real time. bench-service, in a process of its own,
is the service: each meeting has five connections, 50 packets of audio and 25 frames of H.264 a
second. Every file is checked: its length, its frames, and that nothing was dropped. FOLDER holds an
rtms-recorder and a libgstrtms.so of another build, which takes turns with BUILD.
"""
import argparse
import concurrent.futures
import glob
import hashlib
import hmac
import http.client
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

TOKEN = "token"
WARM_UP_S, COOL_DOWN_S = 3, 1
TICK = os.sysconf("SC_CLK_TCK")


def status(pid):
    fields = {}
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        for line in file:
            key, value = line.split(":", 1)
            fields[key] = value.strip().split(" kB")[0]
    return fields


def kind_of(thread):
    """Threads of one kind: "rtmssrc12:audio" and "rtmssrc3:audio"."""
    return re.sub(r"\d+", "", thread)[:12]


def tasks(pid):
    """For each thread: its kind, CPU seconds, and context switches, voluntary and forced."""
    found = {}
    for folder in glob.glob(f"/proc/{pid}/task/*"):
        try:
            fields = status(folder[len("/proc/"):])
            with open(folder + "/schedstat", encoding="ascii") as file:
                cpu_s = int(file.read().split()[0]) / 1e9
        except OSError:
            continue
        found[folder] = (kind_of(fields["Name"]), cpu_s, int(fields["voluntary_ctxt_switches"]),
                         int(fields["nonvoluntary_ctxt_switches"]))
    return found


def usage(pid):
    """CPU seconds, what each thread has used, how many there are, resident KiB."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        stat = file.read().rsplit(")", 1)[1].split()
    whole = status(pid)
    return {"cpu_s": (int(stat[11]) + int(stat[12])) / TICK, "time_s": time.monotonic(),
            "tasks": tasks(pid), "threads": int(whole["Threads"]), "rss_kb": int(whole["VmRSS"])}


def kinds(before, after, count):
    """For each kind of thread, per meeting: how many, % of a core, context switches per second."""
    seconds = after["time_s"] - before["time_s"]
    found = {}
    for task, (kind, cpu_s, waits, forced) in after["tasks"].items():
        old = before["tasks"].get(task, (kind, 0, 0, 0))
        sums = found.setdefault(kind, [0, 0, 0, 0])
        for index, add in enumerate((1, 100 * (cpu_s - old[1]) / seconds,
                                     (waits - old[2]) / seconds, (forced - old[3]) / seconds)):
            sums[index] += add / count
    return found


def post(url, body):
    """Seconds until the answer."""
    start = time.monotonic()
    stamp = str(int(time.time()))
    mac = hmac.new(TOKEN.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    connection.request("POST", url.path, body, {
        "x-zm-request-timestamp": stamp, "x-zm-signature": "v0=" + mac,
        "Content-Type": "application/json"})
    answer = connection.getresponse().status
    if answer != 200:
        raise SystemExit(f"the recorder answers {answer}")
    return time.monotonic() - start


def dropped(node):
    if not isinstance(node, dict):
        return 0
    return sum(value if key == "dropped" else dropped(value) for key, value in node.items())


def check(folder, sent, form, least_s, most_s):
    """What is wrong with a recording."""
    with open(os.path.join(folder, "meeting.json"), encoding="utf-8") as file:
        report = json.load(file)
    if report["state"] != "finished" or "error" in report:
        return f"{folder}: {report['state']} {report.get('error', '')}"
    if dropped(report.get("stats")):
        return f"{folder}: {dropped(report['stats'])} messages were dropped"
    probed = subprocess.run(
        ["ffprobe", "-v", "error", "-count_packets", "-show_entries",
         "stream=codec_type,nb_read_packets:format=duration", "-of", "json",
         os.path.join(folder, "meeting." + form)], capture_output=True, text=True, check=False)
    if probed.stderr or probed.returncode:
        return f"{folder}: {probed.stderr}"
    found = json.loads(probed.stdout)
    frames = [int(one["nb_read_packets"]) for one in found["streams"] if one["codec_type"] == "video"]
    if frames != [sent["video"]]:
        return f"{folder}: {frames} frames of {sent['video']}"
    length = float(found["format"]["duration"])
    if not least_s - 0.5 <= length <= most_s + 1.5:
        return f"{folder}: {length} s instead of {least_s} to {most_s} s"
    return ""


class Recorder:
    def __init__(self, program, plugins, folder, arguments, registry):
        environment = dict(os.environ, GST_PLUGIN_PATH=plugins, GST_REGISTRY=registry,
                           ZM_RTMS_CLIENT="id", ZM_RTMS_SECRET="secret",
                           ZM_RTMS_WEBHOOK_SECRET=TOKEN)
        self.log = os.path.join(folder, "log")
        self.output = os.path.join(folder, "recordings")
        os.mkdir(self.output)
        with open(os.path.join(folder, "said"), "w", encoding="utf-8") as said:
            self.process = subprocess.Popen(
                [program, "--output=" + self.output, "--log=" + self.log, "--min-free=0",
                 "--max-meetings=1000", "--listen=http://127.0.0.1:0/webhook"] + arguments,
                env=environment, stdout=said, stderr=subprocess.STDOUT)
        self.url = None
        self.wait("listening", 1, 60)
        line = json.loads(self.events("listening")[0])
        self.url = urllib.parse.urlsplit(line["url"])

    def events(self, name):
        try:
            with open(self.log, encoding="utf-8") as file:
                return [line for line in file if f'"event":"{name}"' in line]
        except OSError:
            return []

    def wait(self, name, count, seconds):
        deadline = time.monotonic() + seconds
        while len(self.events(name)) < count:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"only {len(self.events(name))} of {count} {name}: {self.log}")
            time.sleep(0.05)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(60) != 0:
            raise SystemExit("the recorder failed")


def announce(url, webhooks):
    """All within a second, at an even pace; how long each answer took."""
    start = time.monotonic()

    def one(index, body):
        wait = start + index / max(len(webhooks), 1) - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        return time.monotonic(), post(url, body)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        return list(pool.map(one, range(len(webhooks)), webhooks))


def measure(build, load, options, registry):
    service = os.path.join(options.build, "tests", "bench", "bench-service")
    with tempfile.TemporaryDirectory(prefix="rtms-live-") as folder:
        authority = os.path.join(folder, "ca.pem")
        line = [service, str(load["meetings"]), str(options.seconds + WARM_UP_S + COOL_DOWN_S),
                str(max(load["speakers"], 1)), str(options.kbit)]
        arguments = ["--format=" + load["format"], f"--speakers={load['speakers']}", "--json"]
        if load["tls"]:
            line.append(authority)
            arguments.append("--tls-ca-file=" + authority)
        server = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
        recorder = None
        try:
            webhooks = []
            while (text := server.stdout.readline()).strip():
                webhooks.append(text.strip())
            recorder = Recorder(*build, folder, arguments, registry)
            return run(server, recorder, webhooks, load, options)
        finally:
            server.kill()
            server.wait()
            if recorder and recorder.process.poll() is None:
                recorder.process.kill()
                recorder.process.wait()


def run(server, recorder, webhooks, load, options):
    count, pid = load["meetings"], recorder.process.pid
    idle = usage(pid)
    posted = announce(recorder.url, webhooks)
    recorder.wait("recording", count, 120)
    time.sleep(WARM_UP_S)
    profiler = None
    if options.profile:
        profiler = subprocess.Popen(["perf", "record", "-q", *options.call_graph.split(), "-F", "499", "-o", options.profile,
                                     "-p", str(pid), "--", "sleep", str(options.seconds - 1)],
                                    stderr=subprocess.DEVNULL)
    before, served = usage(pid), usage(server.pid)
    time.sleep(options.seconds - 1)
    after, served_after = usage(pid), usage(server.pid)
    threads = kinds(before, after, count)
    if profiler:
        profiler.wait()
    result = json.loads(server.stdout.readline())
    recorder.wait("finished", count, 120)
    whole_s = time.monotonic() - result["ended_us"] / 1e6
    recorder.end()
    by_stream = {}
    for path in glob.glob(os.path.join(recorder.output, "*", "meeting.json")):
        with open(path, encoding="utf-8") as file:
            by_stream[json.load(file)["stream_id"]] = os.path.dirname(path)
    problems = []
    for index, (sent, (posted_s, _)) in enumerate(zip(result["meetings"], posted)):
        # A recording begins with the announcement, and goes on until the end has been noticed.
        ended_s = result["ended_us"] / 1e6
        span = (ended_s - sent["ready_us"] / 1e6, ended_s + whole_s - posted_s)
        folder = by_stream.get(f"live-{index}")
        problems.append(check(folder, sent, load["format"], *span) if folder else "no folder")
    ready = [sent["ready_us"] / 1e6 - at for (at, _), sent in zip(posted, result["meetings"])]
    seconds = after["time_s"] - before["time_s"]
    cpu = (after["cpu_s"] - before["cpu_s"]) / seconds * 100
    return {"load": load, "cpu_percent": cpu, "cpu_percent_each": cpu / count,
            "rss_mb": after["rss_kb"] / 1024,
            "rss_mb_each": (after["rss_kb"] - idle["rss_kb"]) / 1024 / count,
            "threads": after["threads"],
            "threads_each": (after["threads"] - idle["threads"]) / count,
            "waits_each": sum(kind[2] for kind in threads.values()),
            "forced_each": sum(kind[3] for kind in threads.values()), "kinds": threads,
            "ready_s": max(ready), "answer_ms": max(took for _, took in posted) * 1000,
            "whole_s": whole_s,
            "service_percent": (served_after["cpu_s"] - served["cpu_s"]) / seconds * 100,
            "problems": [problem for problem in problems if problem]}


HEAD = ("| build | meetings | format | TLS | CPU, % of a core | each | RSS, MB | each | threads each | "
        "waits/s each | forced/s each | ready, s | webhook, ms | files whole, s | service, % | wrong |")


def row(name, one):
    load = one["load"]
    return (f"| {name} | {load['meetings']} | {load['format']} | {'yes' if load['tls'] else 'no'} | "
            f"{one['cpu_percent']:.1f} | {one['cpu_percent_each']:.2f} | {one['rss_mb']:.0f} | "
            f"{one['rss_mb_each']:.2f} | {one['threads_each']:.1f} | {one['waits_each']:.0f} | "
            f"{one['forced_each']:.1f} | {one['ready_s']:.2f} | {one['answer_ms']:.0f} | "
            f"{one['whole_s']:.1f} | {one['service_percent']:.0f} | {len(one['problems'])} |")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("build")
    parser.add_argument("--against")
    parser.add_argument("--meetings", default="1,20,50,100,200")
    parser.add_argument("--formats", default="mkv,mp4")
    parser.add_argument("--tls", default="no,yes")
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--speakers", type=int, default=0)
    parser.add_argument("--kbit", type=int, default=0, help="of video per second; 0: small frames, 200")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--profile")
    parser.add_argument("--call-graph", metavar="ARGUMENTS", default="-g", help="arguments of perf record")
    parser.add_argument("--json")
    options = parser.parse_args()
    builds = {"this": (os.path.join(options.build, "gst", "rtms-recorder", "rtms-recorder"),
                       os.path.join(options.build, "gst", "rtms"))}
    if options.against:
        builds["other"] = (os.path.join(options.against, "rtms-recorder"), options.against)
    results, wrong = [], 0
    print(HEAD + "\n" + "|---" * 16 + "|", flush=True)
    with tempfile.TemporaryDirectory(prefix="rtms-live-registry-") as registry:
        for meetings in options.meetings.split(","):
            for form in options.formats.split(","):
                for tls in options.tls.split(","):
                    load = {"meetings": int(meetings), "format": form, "tls": tls == "yes",
                            "speakers": options.speakers}
                    for _ in range(options.rounds):
                        for name, build in builds.items():
                            one = measure(build, load, options, os.path.join(registry, name))
                            results.append(dict(one, build=name))
                            print(row(name, one), flush=True)
                            for problem in one["problems"][:3]:
                                print("  " + problem, file=sys.stderr)
                            wrong += len(one["problems"])
    for name in builds:
        own = [one for one in results if one["build"] == name]
        each = statistics.median(one["cpu_percent_each"] for one in own)
        print(f"\n{name}: median {each:.3f} % of a core for a meeting; the last run by threads:\n\n"
              "| thread | of a meeting | % of a core | waits/s | forced/s |\n|---|---|---|---|---|")
        for kind, sums in sorted(own[-1]["kinds"].items(), key=lambda item: -item[1][1])[:12]:
            print(f"| {kind} | {sums[0]:.2f} | {sums[1]:.3f} | {sums[2]:.1f} | {sums[3]:.1f} |")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

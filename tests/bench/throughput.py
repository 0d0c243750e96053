#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""throughput.py BUILD [--rounds N] [--json FILE] [--plot FILE]

What clients cost in CPU time for the same messages of the same server: rtmssrc, the Node and Python
clients of the public samples, libsoup's WebSocket alone, our transport alone, and recv() with a memcpy.
All of them take turns in each round; what a process costs before it receives anything is subtracted.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
# Payload in bytes, messages.
LOADS = [(640, 300_000), (20_000, 30_000), (200_000, 3_000)]
TLS = [False, True]


def clients(build, webhook, port, secure, audio, authority):
    bench = os.path.join(build, "tests", "bench", "bench-")
    url = f"{'wss' if secure else 'ws'}://localhost:{port}/media/0?now"
    trust = [authority] if secure else []
    lines = {
        "rtmssrc": [bench + "client", "audio" if audio else "video", webhook] + trust,
        "transport": [bench + "receive", url] + trust,
        "libsoup": [bench + "soup", url] + trust,
        "node": ["/usr/bin/node", os.path.join(HERE, "clients", "node.js"), url] + trust,
        "python": ["/usr/bin/python3", os.path.join(HERE, "clients", "python.py"), url] + trust,
    }
    if not secure:
        lines["recv"] = [bench + "raw", str(port)]
    return lines


def cpu_seconds(line, environment):
    """CPU time of a process, and the line that it printed."""
    process = subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{line[0]} failed: {output}")
    return usage.ru_utime + usage.ru_stime, output.split()


def run_round(build, payload, count, secure, files, environment):
    """CPU seconds of each client."""
    line = [os.path.join(build, "tests", "bench", "bench-blaster"), str(payload), str(count)]
    if secure:
        line += [files["cert"], files["key"]]
    server = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
    try:
        webhook = server.stdout.readline()
        port = int(re.search(r"localhost:(\d+)", webhook).group(1))
        costs = {}
        lines = clients(build, webhook, port, secure, payload < 2000, files["cert"])
        for name, command in lines.items():
            costs[name], told = cpu_seconds(command, environment)
            if name != "recv" and (int(told[0]) != count or told[2] != "0"):
                raise SystemExit(f"{name}: {told}, not {count} messages")
        return costs
    finally:
        server.terminate()
        server.wait()


def measure(build, rounds, files, environment):
    results = []
    for secure in TLS:
        for payload, count in LOADS:
            idle = run_round(build, payload, 1, secure, files, environment)
            costs = {name: [] for name in idle}
            for _ in range(rounds):
                for name, cost in run_round(build, payload, count, secure, files, environment).items():
                    costs[name].append(max(cost - idle[name], 1e-3))
            results.append({"payload": payload, "messages": count, "tls": secure, "cpu_seconds": costs})
            report(results[-1])
    return results


def report(result):
    payload, count = result["payload"], result["messages"]
    total = payload * count
    ours = result["cpu_seconds"]["rtmssrc"]
    print(f"\n{payload} B payload, {count} messages, {'TLS' if result['tls'] else 'plain'}")
    print("| client | CPU s/GB | CPU s/million messages | MB/CPU s | × the CPU of rtmssrc (min, median, max) |")
    print("|---|---|---|---|---|")
    for name, costs in result["cpu_seconds"].items():
        cost = statistics.median(costs)
        ratios = sorted(a / b for a, b in zip(costs, ours))
        print(f"| {name} | {cost / total * 1e9:.2f} | {cost / count * 1e6:.2f} | {total / cost / 1e6:.0f} | "
              f"{ratios[0]:.2f}, {statistics.median(ratios):.2f}, {ratios[-1]:.2f} |", flush=True)


def plot(results, file):
    import matplotlib
    matplotlib.use("svg" if file.endswith(".svg") else "agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(1, len(results), figsize=(3 * len(results), 3.6))
    for axis, result in zip(axes, results):
        total = result["payload"] * result["messages"]
        names = list(result["cpu_seconds"])
        rates = [total / statistics.median(result["cpu_seconds"][name]) / 1e6 for name in names]
        axis.bar(names, rates, color=["tab:blue" if name == "rtmssrc" else "silver" for name in names])
        axis.set_title(f"{result['payload']} B{', TLS' if result['tls'] else ''}", fontsize=10)
        axis.tick_params(axis="x", labelrotation=60, labelsize=8)
        axis.tick_params(axis="y", labelsize=8)
    axes[0].set_ylabel("MB of payload per CPU second")
    figure.tight_layout()
    figure.savefig(file, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json")
    parser.add_argument("--plot")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    environment = dict(os.environ, GST_PLUGIN_PATH=os.path.join(build, "gst", "rtms"))
    with tempfile.TemporaryDirectory() as folder:
        files = {"cert": os.path.join(folder, "cert.pem"), "key": os.path.join(folder, "key.pem")}
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", files["key"],
                        "-out", files["cert"]], check=True, stderr=subprocess.DEVNULL)
        results = measure(build, options.rounds, files, environment)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    if options.plot:
        plot(results, options.plot)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""capture.py BUILD [--meetings N] [--seconds N] [--rounds N] [--tls no|yes] [--kbit N]

What rtms-recorder costs beside a Node client in the way of the public samples, which captures to raw
files (clients/capture.js) and lets ffmpeg make a file of them: CPU time of the whole processes, from
their start to their end, and their memory. The samples encode the video again. The table also has the
costs of ffmpeg when it only copies the video. Both record the same meetings in turns; each file is
checked.
"""
import argparse
import glob
import json
import os
import select
import statistics
import subprocess
import tempfile

import live

PCM = ("-f", "s16le", "-ar", "16000", "-ac", "1")


def spent(process):
    """CPU seconds of a process that ends, with those of its children, and its most memory in MB."""
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode != 0:
        raise SystemExit(f"{process.args[0]} failed: {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def frames(file):
    probed = subprocess.run(["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v", "-show_entries",
                             "stream=nb_read_packets", "-of", "csv=p=0", file],
                            capture_output=True, text=True, check=True)
    return int(probed.stdout)


def expect(files, sent):
    found = sorted(map(frames, files))
    wanted = sorted(one["video"] for one in sent)
    if found != wanted:
        raise SystemExit(f"{found} frames instead of {wanted}")


class Service:
    def __init__(self, options, folder):
        self.authority = os.path.join(folder, "ca.pem") if options.tls == "yes" else None
        line = [os.path.join(options.build, "tests", "bench", "bench-service"), str(options.meetings),
                str(options.seconds), "1", str(options.kbit)] + ([self.authority] if self.authority else [])
        self.process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
        self.webhooks = []
        while (text := self.process.stdout.readline()).strip():
            self.webhooks.append(text.strip())

    def sent(self, client):
        """Waits for the end of the meetings, or for that of a client that fails."""
        while not select.select([self.process.stdout], [], [], 1)[0]:
            ended = os.waitid(os.P_PID, client.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended and ended.si_status != 0:
                raise SystemExit(f"{client.args[0]} failed: {ended.si_status}")
        return json.loads(self.process.stdout.readline())["meetings"]

    def end(self):
        self.process.kill()
        self.process.wait()


def start_recorder(options, folder, service):
    arguments = ["--format=mkv", "--json"] + ([f"--tls-ca-file={service.authority}"] if service.authority else [])
    return live.Recorder(os.path.join(options.build, "gst", "rtms-recorder", "rtms-recorder"),
                         os.path.join(options.build, "gst", "rtms"), folder, arguments,
                         options.registry)


def make_registry(options, folder):
    """GStreamer looks at its plugins once."""
    options.registry = os.path.join(folder, "registry")
    subprocess.run(["gst-inspect-1.0", "rtmssrc"], check=True, stdout=subprocess.DEVNULL,
                   env=dict(os.environ, GST_REGISTRY=options.registry,
                            GST_PLUGIN_PATH=os.path.join(options.build, "gst", "rtms")))


def record(options, folder, service):
    recorder = start_recorder(options, folder, service)
    live.announce(recorder.url, service.webhooks)
    sent = service.sent(recorder.process)
    recorder.wait("finished", options.meetings, 60)
    recorder.process.terminate()
    cpu_s, memory_mb = spent(recorder.process)
    expect(glob.glob(os.path.join(recorder.output, "*", "meeting.mkv")), sent)
    return {"capture_s": cpu_s, "copied_s": cpu_s, "encoded_s": cpu_s, "memory_mb": memory_mb}


def ffmpeg(*arguments):
    """CPU seconds."""
    return spent(subprocess.Popen(["ffmpeg", "-nostdin", "-v", "error", *arguments]))[0]


def mux(base):
    """CPU seconds of one file from the raw files, without encoding."""
    return ffmpeg("-framerate", "25", "-f", "h264", "-i", f"{base}.video", *PCM, "-i", f"{base}.audio",
                  "-c", "copy", f"{base}.mkv")


def convert(base):
    """CPU seconds of the three steps of the samples."""
    return (ffmpeg(*PCM, "-i", f"{base}.audio", f"{base}.wav") +
            ffmpeg("-framerate", "25", "-f", "h264", "-i", f"{base}.video", "-c", "copy", f"{base}.mp4") +
            ffmpeg("-i", f"{base}.mp4", "-i", f"{base}.wav", "-map", "0:v", "-map", "1:a", "-c:v", "libx264",
                   "-preset", "veryfast", "-crf", "23", "-c:a", "aac", "-b:a", "64k", "-shortest",
                   f"{base}.final.mp4"))


def capture(_, folder, service):
    environment = dict(os.environ, ZM_RTMS_CLIENT="id", ZM_RTMS_SECRET="secret")
    line = ["node", os.path.join(os.path.dirname(__file__), "clients", "capture.js"), folder]
    process = subprocess.Popen(line + ([service.authority] if service.authority else []), env=environment,
                               stdin=subprocess.PIPE, text=True)
    process.stdin.write("\n".join(service.webhooks) + "\n")
    process.stdin.flush()
    sent = service.sent(process)
    capture_s, memory_mb = spent(process)
    bases = [name[:-len(".video")] for name in glob.glob(os.path.join(folder, "*.video"))]
    copied_s = capture_s + sum(map(mux, bases))
    expect(glob.glob(os.path.join(folder, "*.mkv")), sent)
    encoded_s = capture_s + sum(map(convert, bases))
    return {"capture_s": capture_s, "copied_s": copied_s, "encoded_s": encoded_s, "memory_mb": memory_mb}


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("build")
    parser.add_argument("--meetings", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tls", default="yes")
    parser.add_argument("--kbit", type=int, default=4000, help="of video per second")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rtms-capture-registry-") as folder:
        make_registry(options, folder)
        compare(options)


def compare(options):
    ways = {"rtms-recorder": record, "Node, ffmpeg": capture}
    results = {name: [] for name in ways}
    print("| meetings | client | CPU s, capture | with muxing | with muxing as in the samples | MB |\n"
          "|---|---|---|---|---|---|", flush=True)
    for _ in range(options.rounds):
        for name, way in ways.items():
            with tempfile.TemporaryDirectory(prefix="rtms-capture-") as folder:
                service = Service(options, folder)
                try:
                    one = way(options, folder, service)
                finally:
                    service.end()
            results[name].append(one)
            print(f"| {options.meetings} | {name} | {one['capture_s']:.2f} | {one['copied_s']:.2f} | "
                  f"{one['encoded_s']:.2f} | {one['memory_mb']:.0f} |", flush=True)
    ours, theirs = (results[name] for name in ways)
    for key, what in (("capture_s", "capture"), ("copied_s", "with muxing"),
                      ("encoded_s", "with muxing as in the samples"), ("memory_mb", "memory")):
        ratios = [other[key] / one[key] for one, other in zip(ours, theirs)]
        print(f"{what}: {statistics.median(ratios):.1f} times ({min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    main()

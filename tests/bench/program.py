# SPDX-License-Identifier: LGPL-2.1-or-later
"""program.py BUILD [RUNS]: CPU time of rtmsprogram beside the same output made by hand.

A share of 1280x720 with a camera in its corner, 25 frames per second, 12 s of the made meeting; in turns.
"""
import os
import resource
import subprocess
import sys
import tempfile

BY_HAND = """rtmssrc name=m webhook-location=hook.json media-types=audio+video+screen
  m.screen ! queue ! h264parse ! avdec_h264 ! videoconvert ! p.sink_0
  m.video ! queue ! h264parse ! avdec_h264 ! videoconvert ! p.sink_1
  compositor name=p background=black latency=500000000 sink_0::width=1280 sink_0::height=720
    sink_0::sizing-policy=keep-aspect-ratio sink_0::offset=20000000 sink_1::xpos=928 sink_1::ypos=32 sink_1::width=320
    sink_1::height=180 sink_1::zorder=2 sink_1::sizing-policy=keep-aspect-ratio sink_1::offset=20000000
    ! video/x-raw,format=I420,width=1280,height=720,framerate=25/1 ! queue ! fakesink
  m.audio ! queue ! audiomixer latency=500000000 ! audioconvert ! audioresample ! audio/x-raw,rate=48000,channels=2
    ! queue ! fakesink"""
PROGRAM = """rtmsprogram name=m webhook-location=hook.json m.video ! queue ! fakesink m.audio ! queue ! fakesink"""


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(build, pipeline):
    environment = dict(os.environ, ZM_RTMS_CLIENT="test-client", ZM_RTMS_SECRET="test-secret",
                       GST_PLUGIN_PATH=os.path.join(build, "gst", "rtms"))
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([os.path.join(build, "tests", "server", "rtms-test-server"), "--once", "--duration=12"],
                                  env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        with open(os.path.join(folder, "hook.json"), "w", encoding="utf-8") as file:
            file.write(server.stdout.readline())
        before = cpu_seconds()
        subprocess.run(["gst-launch-1.0", "-q", "-e"] + pipeline.split(), cwd=folder, env=environment, check=True,
                       stdout=subprocess.DEVNULL)
        spent = cpu_seconds() - before
        server.terminate()
        server.communicate()
    return spent


def main():
    build = os.path.abspath(sys.argv[1])
    by_hand = program = 0
    for number in range(int(sys.argv[2]) if len(sys.argv) > 2 else 4):
        one, other = run(build, BY_HAND), run(build, PROGRAM)
        print(f"by hand {one:.2f} s, rtmsprogram {other:.2f} s", flush=True)
        by_hand, program = by_hand + one, program + other
    print(f"rtmsprogram takes {program / by_hand:.2f} of the CPU time by hand")


main()

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints what is said in a meeting, live, and who speaks: transcript.py webhook.json

Credentials come from the environment: ZM_RTMS_CLIENT and ZM_RTMS_SECRET.
"""
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402


def on_line(sink):
    buffer = sink.emit("pull-sample").get_buffer()
    text = buffer.extract_dup(0, buffer.get_size()).decode()
    print(f"{buffer.pts / Gst.SECOND:8.2f}  {text}", flush=True)
    return Gst.FlowReturn.OK


def on_message(_, message, loop):
    if message.type == Gst.MessageType.ERROR:
        print(message.parse_error()[0].message, file=sys.stderr)
    elif message.type == Gst.MessageType.ELEMENT and message.get_structure().has_name("rtms-active-speaker"):
        print(f"          [{message.get_structure().get_string('user-name')} speaks]", flush=True)
    if message.type in (Gst.MessageType.ERROR, Gst.MessageType.EOS):
        loop.quit()


def main():
    Gst.init(None)
    pipeline = Gst.parse_launch("rtmssrc name=meeting media-types=transcript meeting.transcript "
                                "! appsink name=lines sync=false emit-signals=true")
    pipeline.get_by_name("meeting").props.webhook_location = sys.argv[1]
    pipeline.get_by_name("lines").connect("new-sample", on_line)
    loop = GLib.MainLoop()
    pipeline.get_bus().add_signal_watch()
    pipeline.get_bus().connect("message", on_message, loop)
    pipeline.set_state(Gst.State.PLAYING)
    loop.run()
    pipeline.set_state(Gst.State.NULL)


main()

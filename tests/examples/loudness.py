#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The sound of a meeting as numpy arrays: tells how loud each second is. loudness.py webhook.json

Credentials come from the environment: ZM_RTMS_CLIENT and ZM_RTMS_SECRET.
"""
import sys

import gi
import numpy

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402


def seconds(sink, failed):
    """Arrays of one second each, and the rest at the end."""
    pending = numpy.empty(0, numpy.int16)
    while not (sink.get_property("eos") or failed()):
        sample = sink.emit("try-pull-sample", Gst.SECOND)
        if not sample:
            continue
        rate = sample.get_caps().get_structure(0).get_value("rate")
        buffer = sample.get_buffer()
        samples = numpy.frombuffer(buffer.extract_dup(0, buffer.get_size()), numpy.int16)
        pending = numpy.concatenate((pending, samples))
        while len(pending) >= rate:
            yield pending[:rate]
            pending = pending[rate:]
    if len(pending):
        yield pending


def main():
    Gst.init(None)
    pipeline = Gst.parse_launch("rtmssrc name=meeting media-types=audio meeting.audio "
                                "! audio/x-raw,channels=1 ! appsink name=sound sync=false")
    pipeline.get_by_name("meeting").props.webhook_location = sys.argv[1]
    bus, errors = pipeline.get_bus(), []

    def failed():
        if error := bus.pop_filtered(Gst.MessageType.ERROR):
            errors.append(error.parse_error()[0].message)
        return errors

    pipeline.set_state(Gst.State.PLAYING)
    for index, samples in enumerate(seconds(pipeline.get_by_name("sound"), failed)):
        level = numpy.sqrt(numpy.mean((samples / 32768.0) ** 2))
        print(f"{index:5} s  {20 * numpy.log10(max(level, 1e-5)):6.1f} dBFS", flush=True)
    failed()
    pipeline.set_state(Gst.State.NULL)
    if errors:
        sys.exit(errors[0])


main()

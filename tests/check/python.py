# SPDX-License-Identifier: LGPL-2.1-or-later
"""python.py REFERENCE WEBHOOK: the element's public face, from Python, is what REFERENCE (docs/reference.md) says.

Run by python.cpp, which plays the service: it posts the webhook where this listens, and sends an event of each kind.
"""
import re
import sys
import time

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GObject, Gst  # noqa: E402

Gst.init(None)
DEADLINE_S = 20
TYPES = {"string": "gchararray", "boolean": "gboolean", "int": "gint", "uint": "guint", "int64": "gint64",
         "uint64": "guint64"}


def sections(text):
    """What stands under each heading of the third level."""
    return dict(re.findall(r"^### (.*)\n((?:(?!##).*\n)*)", text, re.M))


def fields_of(section):
    """The table of fields, as their names and GTypes."""
    return {name: TYPES[kind] for name, kind in re.findall(r"^\| `([\w-]+)` \| (\w+) \|", section, re.M)}


def told_fields(structure):
    names = [structure.nth_field_name(i) for i in range(structure.n_fields())]
    types = {name: structure.get_field_type(name).name for name in names}
    return {name: kind for name, kind in types.items() if kind != "GstStructure"}


def expect(what, got, wanted):
    assert got == wanted, f"{what}: {got!r}, not {wanted!r}"


def check_properties(documented):
    src = Gst.ElementFactory.make("rtmssrc")
    specs = [s for s in src.list_properties() if s.owner_type.name == "GstRtmsSrc"]
    expect("properties", sorted(s.name for s in specs), sorted(n for n in documented if src.find_property(n)))
    for spec in specs:
        if spec.flags & GObject.ParamFlags.READABLE:
            src.get_property(spec.name)
            continue
        src.set_property(spec.name, "not to be seen")
        try:
            src.get_property(spec.name)
            raise AssertionError(f"{spec.name} can be read")
        except TypeError:
            pass
    src.props.audio_rate = 48000
    Gst.util_set_object_arg(src, "audio-codec", "opus")
    Gst.util_set_object_arg(src, "media-types", "audio+chat")
    expect("enum", src.props.audio_codec.value_nick, "opus")
    expect("flags", src.props.media_types.value_nicks, ["audio", "chat"])


def refusal(name, value):
    """What the element says to a value, or nothing."""
    src = Gst.ElementFactory.make("rtmssrc")
    src.props.webhook = '{"meeting_uuid":"u","rtms_stream_id":"s","server_urls":"ws://127.0.0.1:1/","signature":"00"}'
    bus = Gst.Bus()
    src.set_bus(bus)
    src.set_property(name, value)
    state = src.set_state(Gst.State.PAUSED)
    error = bus.pop_filtered(Gst.MessageType.ERROR) if state == Gst.StateChangeReturn.FAILURE else None
    src.set_state(Gst.State.NULL)
    return error and error.parse_error()[0]


def value_of(name):
    return str(Gst.ElementFactory.make("rtmssrc").get_property(name))


def check_ranges(documented):
    """`Valid: A to B`, `A, B or C` or `A and more` is what is valid, with the other properties' defaults."""
    checked = 0
    for name, text in documented.items():
        valid = re.search(r"Valid: (.*?)[.;]", text, re.S)
        spec = Gst.ElementFactory.make("rtmssrc").find_property(name)
        if not valid or not spec:
            continue
        # Another property's name stands for its value.
        said = re.sub(r"\[`([\w-]+)`\]\([^)]*\)", lambda m: value_of(m[1]), valid[1])
        numbers = [int(n) for n in re.findall(r"(?<![\w-])-?\d+", said)]
        low, high = numbers[0], spec.maximum if "and more" in said else max(numbers)
        for value in {low, high}:
            expect(f"{name}={value}", refusal(name, value), None)
        for value in (v for v in (low - 1, high + 1) if spec.minimum <= v <= spec.maximum):
            error = refusal(name, value)
            assert error and name in error.message, f"{name}={value} is not refused"
            assert error.matches(Gst.ResourceError.quark(), Gst.ResourceError.SETTINGS), error.message
        checked += 1
    assert checked >= 15, f"only {checked} properties say what is valid"


def about(buffer):
    """When it was captured, and who is in it."""
    capture = buffer.get_reference_timestamp_meta(Gst.Caps.from_string("timestamp/x-unix"))
    meta = buffer.get_custom_meta("GstRtmsParticipantMeta")
    who = meta and meta.get_structure()
    return capture.timestamp, who and [who.get_value(name) for name in ("user-id", "user-name", "channel-id")]


class Meeting:
    """A pipeline, and all that it tells."""

    def __init__(self):
        self.pipeline = Gst.Pipeline()
        self.src = Gst.ElementFactory.make("rtmssrc")
        self.src.props.webhook_listen = "http://127.0.0.1:0/webhook"
        Gst.util_set_object_arg(self.src, "media-types", "audio+video+chat")
        Gst.util_set_object_arg(self.src, "video-streams", "individual")
        self.src.connect("pad-added", self.link)
        self.pipeline.add(self.src)
        self.messages, self.warnings, self.buffers, self.end = {}, [], {}, False

    def link(self, _, pad):
        sink = Gst.ElementFactory.make("fakesink")
        sink.props.sync = False
        sink.props.signal_handoffs = True
        # A buffer is the handler's for as long as that runs only.
        sink.connect("handoff", lambda _, buffer, __: self.buffers.setdefault(pad.get_name(), []).append(about(buffer)))
        self.pipeline.add(sink)
        sink.sync_state_with_parent()
        pad.link(sink.get_static_pad("sink"))

    def take(self, message):
        if message.type == Gst.MessageType.ERROR:
            raise AssertionError(message.parse_error())
        if message.type == Gst.MessageType.WARNING:
            self.warnings.append((message.parse_warning()[0], message.parse_warning_details()))
        if message.type == Gst.MessageType.ELEMENT and message.src == self.src:
            structure = message.get_structure()
            self.messages.setdefault(structure.get_name(), []).append(structure.copy())
        self.end |= message.type == Gst.MessageType.EOS

    def wait(self, what, condition):
        until = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < until, f"no {what}; messages: {self.messages}, warnings: {self.warnings}"
            if message := self.pipeline.get_bus().timed_pop(20 * Gst.MSECOND):
                self.take(message)

    def streaming(self, since):
        """What has been connected since so many messages."""
        told = self.messages["rtms-connection"][since:]
        return {m.get_string("media") for m in told if m.get_string("state") == "streaming"}

    def warned(self, text):
        return any(text in error.message for error, _ in self.warnings)


def check_stats(src, documented):
    stats = src.props.stats
    expect("stats", stats.get_name(), "rtms-stats")
    audio = stats.get_value("audio")
    expect("fields of stats", told_fields(audio), fields_of(documented["stats"]))
    assert set(told_fields(stats)) < set(told_fields(audio))
    assert audio.get_value("messages") > 0 and stats.get_uint64("bytes")[1] > 0
    for media in ("audio", "video", "screen", "transcript", "chat"):
        expect(media, stats.get_value(media).get_name(), media)


def run(documented, webhook):
    meeting = Meeting()
    assert meeting.pipeline.set_state(Gst.State.PLAYING) != Gst.StateChangeReturn.FAILURE
    meeting.wait("rtms-listening", lambda: "rtms-listening" in meeting.messages)
    url = meeting.messages["rtms-listening"][0].get_string("url")
    expect("webhook-url", meeting.src.props.webhook_url, url)
    print("listening at", url, flush=True)

    meeting.wait("media", lambda: meeting.buffers.get("audio") and meeting.src.get_static_pad("video"))
    meeting.wait("a warning for the chat", lambda: meeting.warnings)
    error, details = meeting.warnings[0]
    expect("details", (details.get_int("status-code")[1], details.get_string("status-name")),
           (13, "MEDIA_TYPE_CHAT_NOT_SUPPORT"))
    meeting.src.emit("subscribe-video", 33, True)
    meeting.wait("video", lambda: meeting.buffers.get("video"))
    captured, who = meeting.buffers["video"][0]
    assert captured > Gst.SECOND, captured
    expect("participant", (who[0], isinstance(who[1], str), who[2]), (33, True, ""))
    check_stats(meeting.src, documented)
    messages = {name: text for name, text in documented.items() if name.startswith("rtms-")}
    meeting.wait(f"some of {list(messages)}", lambda: set(messages) <= set(meeting.messages))

    meeting.src.emit("notify-webhook", "{}")
    meeting.wait("a warning for no webhook", lambda: meeting.warned("A webhook cannot be used"))
    meeting.src.emit("rejoin", "{}")
    meeting.wait("a warning for a bad webhook", lambda: meeting.warned("Rejoining failed"))
    before = len(meeting.messages["rtms-connection"])
    with open(webhook, encoding="utf-8") as file:
        meeting.src.emit("rejoin", file.read())
    meeting.wait("new connections", lambda: {"audio", "video"} <= meeting.streaming(before))
    meeting.src.emit("close-stream")
    meeting.wait("the end", lambda: meeting.end)
    meeting.pipeline.set_state(Gst.State.NULL)

    expect("messages", sorted(meeting.messages), sorted(messages))
    for name, structures in meeting.messages.items():
        for structure in structures:
            expect(f"fields of {name}", told_fields(structure), fields_of(messages[name]))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        documented = sections(file.read())
    check_properties(documented)
    check_ranges(documented)
    run(documented, sys.argv[2])


main()

#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""reference.py PLUGIN SOURCES [--check FILE | --write FILE]: the elements' reference, from the built plugin.

Types, defaults, values, flags and caps are the plugin's own; texts are those of the gtk-doc blocks in SOURCES. What has
no block, or an incomplete one, is an error. --check compares with the copy in FILE.
"""
import difflib
import glob
import os
import re
import sys

# Only the plugin itself is looked at.
os.environ.update(GST_REGISTRY_DISABLE="yes", GST_PLUGIN_SYSTEM_PATH="", GST_PLUGIN_PATH="")
for variable in ("ZM_RTMS_CLIENT", "ZOOM_CLIENT_ID"):  # a default of its own
    os.environ.pop(variable, None)

import gi  # noqa: E402

gi.require_version("Gst", "1.0")
from gi.repository import GObject, Gst  # noqa: E402

TYPES = {"GstRtmsSrc": "rtmssrc", "GstRtmsProgram": "rtmsprogram"}
NAMES = {"gchararray": "string", "gboolean": "boolean", "gint": "int", "guint": "uint", "gint64": "int64",
         "guint64": "uint64", "GstPad": "GstPad", "GstBuffer": "GstBuffer"}
problems = []


class Block:
    """One gtk-doc comment: `NAME:`, `@parameter: text`, paragraphs, `Since: X`."""

    def __init__(self, comment):
        lines = [re.sub(r"^\s*\* ?", "", line) for line in comment.strip("\n").split("\n")]
        self.name = lines[0].rstrip(":")
        self.parameters, rest, current = {}, [], None
        for line in lines[1:]:
            if match := re.match(r"@([\w-]+): ?(.*)", line):
                current = match[1]
                self.parameters[current] = match[2]
            elif current and line.startswith("  "):
                self.parameters[current] += " " + line.strip()
            else:
                current = None
                rest.append(line)
        text = "\n".join(rest).strip()
        since = re.search(r"^Since: (.*)$", text, re.M)
        self.since = since and since[1]
        self.text = re.sub(r"^Since: .*$", "", text, flags=re.M).strip()

    def values(self):
        """What `- NAME: TEXT` says, by name; takes it out of the text."""
        found = re.findall(r"^- `([\w-]+)`: (.*(?:\n  .*)*)", self.text, re.M)
        self.text = re.sub(r"^- `[\w-]+`: .*\n?(?:  .*\n?)*", "", self.text, flags=re.M).strip()
        return {name: re.sub(r"\s+", " ", text) for name, text in found}

    def said(self, word):
        """The sentences that begin with WORD and a colon."""
        match = re.search(r"(?:^|\s)%s: (.*?)(?:\s(?:Errors|Valid|Default): |\n\n|$)" % word, self.text, re.S)
        return match and re.sub(r"\s+", " ", match[1])


def read_blocks(folder):
    blocks = {}
    for path in sorted(glob.glob(os.path.join(folder, "*", "*.cpp")), key=os.path.basename):
        with open(path, encoding="utf-8") as file:
            for comment in re.findall(r"/\*\*\n(.*?)\*/", file.read(), re.S):
                block = Block(comment)
                blocks[block.name] = block
    return blocks


def anchor(heading):
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def link(name):
    return f"[`{name}`](#{anchor(name)})"


def markdown(text):
    """gtk-doc to Markdown."""
    text = re.sub(r"\|\[\n(.*?)\n\]\|", r"```sh\n\1\n```", text, flags=re.S)
    ours = "#(?:" + "|".join(TYPES) + ")"
    text = re.sub(rf"{ours}::([\w-]+)", lambda m: link(m[1]), text)
    text = re.sub(rf"{ours}:([\w-]+)=([\w-]+)", lambda m: f"[`{m[1]}={m[2]}`](#{m[1]})", text)
    text = re.sub(rf"{ours}:([\w-]+)", lambda m: link(m[1]), text)
    text = re.sub(rf"{ours}\b", lambda m: link(TYPES[m[0][1:]]), text)
    text = re.sub(r"#(Gst\w+)", r"`\1`", text)
    text = re.sub(r"\b(gst_\w+\(\))", r"`\1`", text)
    text = re.sub(r"%([A-Z]+)\b", r"`\1`", text)
    return re.sub(r"(?<![\w(/])([\w-]+\.md)(#[\w-]+)", r"[\1](\1\2)", text)


def block_for(blocks, name, what):
    block = blocks.pop(name, None)
    if not block:
        problems.append(f"{what} has no gtk-doc block: write one, `/** ... * {name}:`, above what makes it")
        return Block(name + ":")
    if not block.text:
        problems.append(f"the gtk-doc block of {what} says nothing")
    if not block.since:
        problems.append(f"the gtk-doc block of {what} has no `Since:`")
    return block


def require(block, what, *words):
    for word in words:
        if not block.said(word):
            problems.append(f"the gtk-doc block of {what} has no `{word}:`")


def default_value(spec):
    """Of the property's own type. PyGObject 3.50 has a method for it: its attribute is a bare number, and missing for objects.
    It knows no fractions, of which 3.42 has no default either."""
    if spec.value_type.name == "GstFraction":
        return None
    return spec.get_default_value() if hasattr(spec, "get_default_value") else spec.default_value


def choices(value):
    """Of an enumeration or a set of flags of ours: nick and meaning of each value."""
    if not isinstance(value, (GObject.GEnum, GObject.GFlags)) or not value.__gtype__.name.startswith(tuple(TYPES)):
        return []
    if isinstance(value, GObject.GEnum):
        return [(v.value_nick, v.value_name) for _, v in sorted(type(value).__enum_values__.items())]
    return [(v.first_value_nick, v.first_value_name) for _, v in sorted(type(value).__flags_values__.items())]


def default_of(value):
    if isinstance(value, GObject.GEnum):
        return f"`{value.value_nick}`"
    if isinstance(value, GObject.GFlags):
        return f"`{'+'.join(value.value_nicks)}`" if choices(value) else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def type_of(spec):
    default = default_value(spec)
    for kind, name in ((GObject.GEnum, "enum"), (GObject.GFlags, "flags")):
        if isinstance(default, kind) and choices(default):
            return name
    return NAMES.get(spec.value_type.name, f"`{spec.value_type.name}`")


def properties(blocks, kind, others=()):
    specs = [s for s in GObject.list_properties(GObject.type_from_name(kind))
             if s.owner_type.name == kind and s.name not in others]
    specs.sort(key=lambda spec: spec.name)
    yield "## Properties" + (" of the program" if others else "") + "\n\n| property | type | default | |\n|---|---|---|---|"
    for spec in specs:
        blurb = spec.blurb.replace("|", "\\|").replace("*", "\\*")
        yield f"| {link(spec.name)} | {type_of(spec)} | {default_of(default_value(spec))} | {blurb} |"
    yield ""
    for spec in specs:
        yield from property_of(spec, blocks, kind)


def property_of(spec, blocks, kind):
    what = f"the property {spec.name}"
    block = block_for(blocks, f"{kind}:{spec.name}", what)
    readable, writable = spec.flags & GObject.ParamFlags.READABLE, spec.flags & GObject.ParamFlags.WRITABLE
    default = default_of(default_value(spec))
    if type(default_value(spec)) is int:
        require(block, what, "Valid")
    if writable and not default:
        require(block, what, "Default")
    if not spec.blurb or spec.blurb == spec.nick:
        problems.append(f"{what} has no blurb")
    fields = block.values() if spec.name == "stats" else {}
    facts = [type_of(spec)]
    facts += [f"default {default}"] if default and writable else []
    facts += ["read only"] if not writable else ["write only"] if not readable else []
    if int(spec.flags) & Gst.PARAM_MUTABLE_PLAYING:
        facts.append("can be changed at any time")
    yield f"### {spec.name}\n\n{' · '.join(facts)}\n\n{markdown(block.text)}\n"
    if rows := choices(default_value(spec)):
        yield "| value | means |\n|---|---|"
        yield "\n".join(f"| `{nick}` | {means} |" for nick, means in rows) + "\n"
    if spec.name == "stats":
        yield from stats(fields)


def structure_fields(structure):
    return [structure.nth_field_name(index) for index in range(structure.n_fields())]


def stats(described):
    totals = Gst.ElementFactory.make("rtmssrc").props.stats
    media = totals.get_value("audio")
    has = structure_fields(media)
    for name in sorted(set(has) ^ set(described)):
        problems.append(f"the field {name} of stats is documented at GstRtmsSrc:stats, or in the plugin, but not in both")
    yield "| field | type | |\n|---|---|---|"
    for name in has:
        where = "" if totals.has_field(name) else "; not in the totals"
        yield f"| `{name}` | {NAMES[media.get_field_type(name).name]} | {described.get(name)}{where} |"
    yield ""


def pads(blocks, kind, presences):
    for template in Gst.ElementFactory.find(TYPES[kind]).get_static_pad_templates():
        block = block_for(blocks, f"{kind}!{template.name_template}", f"the pad {template.name_template}")
        if template.presence not in presences or template.direction != Gst.PadDirection.SRC:
            problems.append(f"the pad {template.name_template} is no source pad of the right presence")
        presence = ""
        if len(presences) > 1:
            presence = "Always there. " if template.presence == Gst.PadPresence.ALWAYS else "Sometimes there. "
        caps = template.get_caps()
        structures = "\n".join(caps.get_structure(i).to_string().rstrip(";") for i in range(caps.get_size()))
        of = "Program pad" if len(presences) > 1 else "Pad"
        yield f"### {of} {template.name_template}\n\n{presence}{markdown(block.text)}\n\n```\n{structures}\n```\n"


def signals(blocks):
    queries = [GObject.signal_query(i) for i in GObject.signal_list_ids(GObject.type_from_name("GstRtmsSrc"))]
    actions = [query for query in queries if query.signal_flags & GObject.SignalFlags.ACTION]
    for title, some in ("Action signals", actions), ("Signals", [query for query in queries if query not in actions]):
        yield f"## {title}\n"
        for query in some:
            yield from signal_of(query, blocks, some is actions)


def signal_of(query, blocks, is_action):
    name = query.signal_name
    what = f"the signal {name}"
    block = block_for(blocks, f"GstRtmsSrc::{name}", what)
    if is_action:
        require(block, what, "Errors")
    described = dict(block.parameters)
    described.pop("rtmssrc", None)
    if len(described) != len(query.param_types):
        problems.append(f"the gtk-doc block of {what} has {len(described)} of {len(query.param_types)} parameters")
    arguments = ", ".join(f"{NAMES[t.name]} {n.replace('_', '-')}" for t, n in zip(query.param_types, described))
    yield f"### {name}\n\n`{name} ({arguments})`\n\n{markdown(block.text)}\n"
    if described:
        yield "\n".join(f"- `{n.replace('_', '-')}`: {markdown(t)}" for n, t in described.items()) + "\n"


def messages(blocks, sources):
    yield "## Messages on the bus\n\nELEMENT messages; each has a structure of this name.\n"
    with open(os.path.join(sources, "run", "messages.cpp"), encoding="utf-8") as file:
        code = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    posted = set(re.findall(r'"(rtms-[\w-]+)"', code))
    for name in [n for n in blocks if n in posted] + sorted(posted - set(blocks)):
        block = block_for(blocks, name, f"the message {name}")
        if not block.parameters:
            problems.append(f"the gtk-doc block of the message {name} documents no field")
        yield f"### {name}\n\n{markdown(block.text)}\n\n| field | type | |\n|---|---|---|"
        for field, text in block.parameters.items():
            typed = re.match(r"\(type (\w+)\): (.*)", text)
            if not typed:
                problems.append(f"{field} of the message {name} is not documented as `@{field}: (type TYPE): TEXT`")
                continue
            yield f"| `{field}` | {NAMES[typed[1]]} | {markdown(typed[2])} |"
        yield ""


def about(blocks, kind):
    factory = Gst.ElementFactory.find(TYPES[kind])
    section = blocks.pop(f"SECTION:element-{TYPES[kind]}")
    text = re.sub(r"^@\w+:.*\n", "", section.text, flags=re.M)
    yield f"# {TYPES[kind]}\n\n{factory.get_metadata('description')}.\n"
    yield f"`{factory.get_metadata('klass')}` · plugin `{factory.get_plugin_name()}` · rank {factory.get_rank()}\n"
    yield markdown(text) + "\n"


def page(plugin, sources):
    Gst.init(None)
    if not Gst.Plugin.load_file(plugin):
        sys.exit(f"{plugin} cannot be loaded")
    blocks = read_blocks(sources)
    yield "<!-- Made by docs/reference.py from the built plugin and its sources: change those. -->\n"
    yield "The plugin has two elements: [`rtmssrc`](#rtmssrc) and [`rtmsprogram`](#rtmsprogram).\n"
    yield from about(blocks, "GstRtmsSrc")
    yield "## Pads\n\nAll are *sometimes* pads.\n"
    yield from pads(blocks, "GstRtmsSrc", {Gst.PadPresence.SOMETIMES})
    yield from messages(blocks, sources)
    yield from signals(blocks)
    yield from properties(blocks, "GstRtmsSrc")
    yield from about(blocks, "GstRtmsProgram")
    yield "## Pads of the program\n"
    yield from pads(blocks, "GstRtmsProgram", {Gst.PadPresence.ALWAYS, Gst.PadPresence.SOMETIMES})
    source = {spec.name for spec in GObject.list_properties(GObject.type_from_name("GstRtmsSrc"))}
    yield from properties(blocks, "GstRtmsProgram", source)
    problems.extend(f"the gtk-doc block {name} belongs to nothing that the plugin has" for name in blocks)


def main():
    plugin, sources = sys.argv[1:3]
    text = "\n".join(page(plugin, sources)).rstrip() + "\n"
    text = re.sub(r"\n{3,}", "\n\n", text)
    if problems:
        sys.exit("\n".join(problems))
    what, path = sys.argv[3:] or ("--write", "/dev/stdout")
    if what == "--write":
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return
    with open(path, encoding="utf-8") as file:
        kept = file.read()
    if kept != text:
        name = os.path.basename(path)
        sys.stdout.writelines(difflib.unified_diff(kept.splitlines(True), text.splitlines(True), name, "the plugin"))
        sys.exit(f"{name} is not what the plugin and its sources say. Write it anew: meson compile -C build reference")


main()

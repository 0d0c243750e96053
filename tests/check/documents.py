# SPDX-License-Identifier: LGPL-2.1-or-later
"""documents.py ROOT: links in the documents lead somewhere, no status code or reason is left out, the change logs are for
the version that meson.build has, and the examples are small."""
import os
import re
import sys

root = sys.argv[1]
problems = []


def read(*path):
    with open(os.path.join(root, *path), encoding="utf-8") as file:
        return file.read()


def anchor(heading):
    """As the usual renderers make it."""
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")


def check_links(document):
    text = re.sub(r"```.*?```", "", read(document), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, part = target.partition("#")
        file = os.path.normpath(os.path.join(os.path.dirname(document), path)) if path else document
        if not os.path.exists(os.path.join(root, file)):
            problems.append(f"{document}: there is no {file}")
        elif part and part not in map(anchor, re.findall(r"^#+ (.*)$", read(file), flags=re.M)):
            problems.append(f"{document}: {file} has no heading {part}")


def check_recordings(document):
    """A muxer that gets the service's own H.264 needs a frame before the first GAP."""
    for block in re.findall(r"```(.*?)```", read(document), flags=re.S):
        if "h264parse ! video/x-h264" in block and "fill=black" not in block:
            problems.append(f"{document}: a recording without fill=black:{block}")


def check_manifest(file):
    """By a parser where there is one; for tabs and for what must be in it everywhere."""
    text = read(file)
    if "\t" in text or not re.search(r"^kind: StatefulSet$", text, flags=re.M):
        problems.append(f"{file}: no manifest of recorders")
    try:
        import yaml
    except ImportError:
        return
    recorders, service, budget = yaml.safe_load_all(text)
    pod = recorders["spec"]["template"]
    for selector in (recorders["spec"]["selector"]["matchLabels"], service["spec"]["selector"],
                     budget["spec"]["selector"]["matchLabels"]):
        if selector != pod["metadata"]["labels"]:
            problems.append(f"{file}: {selector} selects no recorder")
    if not any("--cluster=" in argument for argument in pod["spec"]["containers"][0]["args"]):
        problems.append(f"{file}: no --cluster")


documents = ["README.md", "SECURITY.md"] + sorted(os.path.relpath(os.path.join(folder, name), root)
                                   for folder, _, names in os.walk(os.path.join(root, "docs"))
                                   for name in names if name.endswith(".md"))
check_manifest("docs/deploy/recorder.yaml")
for document in documents:
    check_links(document)
    check_recordings(document)

troubleshooting = read("docs", "troubleshooting.md")
# Both were copied from the wire's document.
statuses = re.findall(r'"([A-Z_]+)"', read("tests", "check", "status_names.h"))
listed = re.search(r"stop_reasons\[\] = \{(.*?)\};", read("tests", "check", "protocol_names.cpp"), re.S)
reasons = [name.lower().replace(" ", "-") for name in re.findall(r'"([^"]+)"', listed.group(1))]
for number, name in list(enumerate(statuses))[1:] + list(enumerate(reasons, 1)):
    if f"{number} `{name}`" not in troubleshooting:
        problems.append(f"docs/troubleshooting.md: {number} {name} is missing")

version = re.search(r"^  version: '(.*)',", read("meson.build"), re.M)[1]
for log, start in (("debian/changelog", f"gst-rtms ({version}) "), ("CHANGELOG", f"{version} ")):
    if not read(log).startswith(start):
        problems.append(f"{log}: does not begin with \"{start}\", the version in meson.build")

monitoring = read("docs", "recorder.md")
for folder, _, names in os.walk(os.path.join(root, "gst", "rtms-recorder")):
    for event in re.findall(r'Level::\w+,\s*"([a-z-]+)"', "".join(read(folder, name) for name in names if name.endswith(".cpp"))):
        if f"`{event}`" not in monitoring:
            problems.append(f"docs/recorder.md: the event {event} is missing")

manual = read("docs", "rtms-recorder.1").replace("\\-", "-")
for option, flags in re.findall(r'\{"([a-z-]{3,})", (?:0|\'.\'), (\w+), \w', "".join(
        read("gst", "rtms-recorder", "settings", name) for name in ("options.cpp", "programoptions.cpp"))):
    if flags == "0" and f"--{option}" not in manual:
        problems.append(f"docs/rtms-recorder.1: --{option} is missing")

for example in sorted(os.listdir(os.path.join(root, "tests", "examples"))):
    lines = read("tests", "examples", example).count("\n")
    if lines >= 60:
        problems.append(f"tests/examples/{example}: {lines} lines; examples have less than 60")

print("\n".join(problems) or f"{len(documents)} documents, {len(statuses)} status codes, {len(reasons)} reasons")
sys.exit(bool(problems))

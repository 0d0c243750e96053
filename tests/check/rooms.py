# SPDX-License-Identifier: LGPL-2.1-or-later
"""The map of includes of gst/, and the sizes of what stands there: rooms.py SOURCE ROOM=BELOW,BELOW…

Prints the map. Fails on an include that points up or sideways, on GStreamer in a room without it, on a file, class or
room that is too large, and on a class in two .cpp files. The rooms and what is below each come from gst/rtms/meson.build.
"""
import collections
import os
import re
import sys

MAX_LINES, MAX_METHODS, MAX_MODULES = 400, 25, 13
FOLDERS = "rtms/{}", "rtms-recorder/{}"
APPLICATION = "app", "rtms-recorder"
WITHOUT_GSTREAMER = {"base", "time", "protocol", "transport", "session", "http", "webhook", "admin", "cluster", "scene", "disk",
                     "settings"}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def sources(folder):
    return sorted(name for name in os.listdir(folder) if name.endswith((".cpp", ".h")))


def without_comments(text):
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S))


def body(text, start, braces="{}"):
    """The text between the brace at `start` and its own end."""
    depth = 0
    for at in range(start, len(text)):
        depth += {braces[0]: 1, braces[1]: -1}.get(text[at], 0)
        if depth == 0:
            return text[start + 1:at]
    return text[start + 1:]


def flat(text):
    """The text without what stands in braces or in <…>."""
    while True:
        shorter = re.sub(r"\{[^{}]*\}", ";", re.sub(r"<[^<>;(){}]*(?:\([^()]*\))?[^<>;(){}]*>", "", text))
        if shorter == text:
            return text
        text = shorter


def methods(text):
    """The number of methods of each class that is defined in the text."""
    text = without_comments(text)
    found = {}
    for match in re.finditer(r"\b(?:class|struct)\s+(\w+)[^;{}()]*\{", text):
        statements = flat(body(text, match.end() - 1)).split(";")
        found[match[1]] = sum(bool(re.search(r"(?:~?\b\w+|operator\W+)\s*\(", one)) for one in statements)
    return found


def classes_of(text):
    """The classes whose methods a .cpp file defines."""
    text = without_comments(text)
    found = set()
    for match in re.finditer(r"^(?:[\w:&*<>, ]+[ &*])?(\w+)::~?\w+\(", text, re.M):
        end = match.end() + len(body(text, match.end() - 1, "()")) + 1
        if re.match(r"\s*(?:const|noexcept)?\s*[{:]", text[end:]):  # else it is a call
            found.add(match[1])
    return found - {"std"}


class Check:
    def __init__(self, source, below):
        self.source, self.below = source, below
        self.problems = []
        self.arrows = collections.defaultdict(set)
        self.defined_in = collections.defaultdict(set)
        self.modules = {}

    def folder(self, room):
        if room == APPLICATION[0]:
            return os.path.join(self.source, "gst", APPLICATION[1])
        folders = [os.path.join(self.source, "gst", folder.format(room)) for folder in FOLDERS]
        return next(filter(os.path.isdir, folders), folders[0])

    def includes(self, room, name, text):
        for kind, included in re.findall(r'#include ([<"])([^>"]+)', text):
            where = f"{room}/{name} includes {included}"
            target, _, rest = included.rpartition("/")
            if kind == "<":
                if target == "gst" and room in WITHOUT_GSTREAMER:
                    self.problems.append(f"{where}: the room {room} does without GStreamer")
            elif not rest or not os.path.exists(os.path.join(self.folder(target or room), rest)):
                self.problems.append(f"{where}, which is in none of the rooms")
            elif target:
                self.arrows[room].add(target)
                if target not in self.below[room]:
                    self.problems.append(f"{where}, which is not below the room {room}")

    def sizes(self, room, name, text):
        lines = text.count("\n")
        if lines > MAX_LINES:
            self.problems.append(f"{room}/{name} has {lines} lines; {MAX_LINES} are the limit")
        for owner, count in methods(text).items():
            if count > MAX_METHODS:
                self.problems.append(f"class {owner} of {room}/{name} has {count} methods; {MAX_METHODS} are the limit")
        if name.endswith(".cpp"):
            for owner in classes_of(text):
                # NAME.epoll.cpp and NAME.glib.cpp are the same class on different systems.
                self.defined_in[owner].add(f"{room}/{name.partition('.')[0]}.cpp")

    def room(self, room):
        names = sources(self.folder(room))
        for name in names:
            text = read(os.path.join(self.folder(room), name))
            self.includes(room, name, text)
            self.sizes(room, name, text)
        self.modules[room] = len({name.partition(".")[0] for name in names})
        if self.modules[room] > MAX_MODULES:
            self.problems.append(f"the room {room} has {self.modules[room]} modules; {MAX_MODULES} are the limit")

    def floor(self, room):
        return 1 + max((self.floor(other) for other in self.arrows[room]), default=0)

    def run(self):
        for room in self.below:
            self.room(room)
        for owner, files in self.defined_in.items():
            if len(files) > 1:
                self.problems.append(f"class {owner} stands in {' and '.join(sorted(files))}")
        return self.problems

    def show(self):
        print("room       floor  modules  includes from")
        for room in sorted(self.below, key=lambda one: (self.floor(one), one)):
            print(f"{room:10} {self.floor(room):5} {self.modules[room]:8}  {' '.join(sorted(self.arrows[room]))}")
        print(f"{len(self.below)} rooms, {max(map(self.floor, self.below))} floors, "
              f"{sum(map(len, self.arrows.values()))} arrows")


def main():
    below = {}
    for argument in sys.argv[2:]:
        room, _, others = argument.partition("=")
        below[room] = set(others.split(",")) - {""}
    check = Check(sys.argv[1], below)
    problems = check.run()
    check.show()
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


main()

# SPDX-License-Identifier: LGPL-2.1-or-later
"""A headless Chromium with one page, driven over the pipe of its developer tools."""
import base64
import collections
import json
import os
import select
import signal
import subprocess
import tempfile
import time

DEADLINE_S = 20 * int(os.environ.get("CK_TIMEOUT_MULTIPLIER", "1"))
KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), " ": (32, " ")}


class Chromium:
    def __init__(self, width=1000, height=800):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.complaints = []  # of the console, and of policies
        self.events = collections.deque()
        self.number, self.unread = 0, b""
        commands, self.out = os.pipe()
        self.into, answers = os.pipe()

        def hand_over():  # The browser finds them as 3 and 4.
            first, second = os.dup(commands), os.dup(answers)
            os.dup2(first, 3)
            os.dup2(second, 4)

        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio", "--hide-scrollbars",
             "--no-first-run", "--disable-background-networking", "--remote-debugging-pipe",
             f"--window-size={width},{height}", f"--user-data-dir={self.profile.name}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            close_fds=False, preexec_fn=hand_over, env=os.environ | {"HOME": self.profile.name})
        os.close(commands)
        os.close(answers)
        self.session = None
        target = next(one for one in self.call("Target.getTargets")["targetInfos"] if one["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Accessibility"):
            self.call(domain + ".enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.out)
        os.close(self.into)
        self.profile.cleanup()

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + DEADLINE_S
        while True:
            answer = self.receive(deadline)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def receive(self, deadline):
        while b"\0" not in self.unread:
            if not select.select([self.into], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError("Chromium does not answer")
            piece = os.read(self.into, 1 << 20)
            if not piece:
                raise EOFError("Chromium has ended")
            self.unread += piece
        text, _, self.unread = self.unread.partition(b"\0")
        message = json.loads(text)
        self.note(message.get("method"), message.get("params", {}))
        return message

    def note(self, method, params):
        if method == "Runtime.exceptionThrown":
            self.complaints.append(str(params["exceptionDetails"].get("exception", {}).get("description")))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.complaints.append(str([one.get("value") for one in params["args"]]))

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait(self, what, expression):
        """Until the expression is true; returns its value."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            value = self.evaluate(expression)
            if value:
                return value
            self.pause(0.05)
        raise TimeoutError(f"{what}: no {expression}\n{self.evaluate('document.body?.innerText')}\n{self.complaints}")

    def pause(self, seconds):
        try:
            self.receive(time.monotonic() + seconds)
        except TimeoutError:
            pass

    def open(self, url):
        self.call("Page.navigate", url=url)

    def press(self, key, shift=False):
        code, text = KEYS[key]
        same = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **same)
        self.call("Input.dispatchKeyEvent", type="keyUp", **same)

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def scheme(self, name):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def nodes(self):
        """What assistive technology is told of, as (role, name) in order."""
        tree = self.call("Accessibility.getFullAXTree")["nodes"]
        return [(node.get("role", {}).get("value", ""), node.get("name", {}).get("value", "")) for node in tree
                if not node.get("ignored")]

    def screenshot(self, file):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(file, "wb") as out:
            out.write(base64.b64decode(data))

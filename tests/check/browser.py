# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plays files in a headless Chromium: browser.py VIDEO SUBTITLES SEEK [VIDEO SUBTITLES SEEK…]

Each file is played from its beginning for a moment, then from SEEK (in s) to its end, with the subtitles as a track.
Prints one line of JSON for each file: its length and size, where it was after the seek and at its end, the subtitles'
cues, how loud the audio was after the seek, and errors. The browser reads from an HTTP server on loopback.
"""
import http.server
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading

DEADLINE_S = 40
PAGE = """<!doctype html><body><script>
const files = FILES;
async function told(target, event) {
  return new Promise((good, bad) => {
    target.addEventListener(event, good, {once: true});
    target.addEventListener('error', () => bad(new Error(event + ': ' +
        (target.error ? target.error.message : 'error'))), {once: true});
  });
}
function loudness(context, video) {
  const analyser = new AnalyserNode(context, {fftSize: 2048});
  context.createMediaElementSource(video).connect(analyser).connect(context.destination);
  const samples = new Float32Array(2048);
  return () => {
    analyser.getFloatTimeDomainData(samples);
    return Math.max(...samples.map(Math.abs));
  };
}
async function play(number, seek) {
  const result = {errors: []};
  const video = document.createElement('video');
  try {
    video.src = `/${number}.mp4`;
    const track = document.createElement('track');
    Object.assign(track, {kind: 'subtitles', src: `/${number}.vtt`, default: true});
    const cues = told(track, 'load');
    video.append(track);
    document.body.append(video);
    const loud = loudness(new AudioContext(), video);
    if (video.readyState < 4)
      await told(video, 'canplaythrough');
    result.duration = video.duration;
    result.width = video.videoWidth;
    await cues;
    result.cues = track.track.cues.length;
    await video.play();
    for (let i = 0; i < 3; i++)
      await told(video, 'timeupdate');
    result.played = video.currentTime;
    const seeked = told(video, 'seeked');
    video.currentTime = seek;
    await seeked;
    result.seeked = video.currentTime;
    result.loudest = 0;
    const measuring = setInterval(() => result.loudest = Math.max(result.loudest, loud()), 30);
    if (!video.ended)
      await told(video, 'ended');
    clearInterval(measuring);
    result.ended = video.currentTime;
    result.frames = video.getVideoPlaybackQuality().totalVideoFrames;
  } catch (error) {
    result.errors.push(String(error));
  }
  return result;
}
Promise.all(files.map((seek, number) => play(number, seek))).then(
    results => fetch('/result', {method: 'POST', body: JSON.stringify(results)}));
</script>"""


class Handler(http.server.BaseHTTPRequestHandler):
    """The page, the files with ranges, and where the page sends what it found."""
    protocol_version = "HTTP/1.1"
    files, page, result, told = {}, "", None, threading.Event()

    def answer(self, status, kind, body, extra=()):
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), *extra):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/":
            self.answer(200, "text/html", self.page.encode())
            return
        if self.path not in self.files:
            self.answer(404, "text/plain", b"")
            return
        with open(self.files[self.path], "rb") as file:
            body = file.read()
        kind = "text/vtt" if self.path.endswith(".vtt") else "video/mp4"
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not asked:
            self.answer(200, kind, body, [("Accept-Ranges", "bytes")])
            return
        first, last = int(asked[1]), min(int(asked[2] or len(body)), len(body) - 1)
        self.answer(206, kind, body[first:last + 1], [("Content-Range", f"bytes {first}-{last}/{len(body)}")])

    def do_POST(self):
        Handler.result = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(200, "text/plain", b"")
        self.told.set()

    def log_message(self, format, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # the browser closes connections as it likes


def main(arguments):
    groups = [arguments[i:i + 3] for i in range(0, len(arguments), 3)]
    for number, (video, subtitles, _) in enumerate(groups):
        Handler.files |= {f"/{number}.mp4": video, f"/{number}.vtt": subtitles}
    Handler.page = PAGE.replace("FILES", json.dumps([float(seek) for _, _, seek in groups]))
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio",
             "--no-first-run", "--disable-background-networking", "--autoplay-policy=no-user-gesture-required",
             f"--user-data-dir={profile}", f"http://127.0.0.1:{server.server_port}/"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            env=os.environ | {"HOME": profile})
        try:
            told = Handler.told.wait(DEADLINE_S)
        finally:
            os.killpg(browser.pid, signal.SIGKILL)
            browser.wait()
    for result in Handler.result or []:
        print(json.dumps(result))
    return 0 if told else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

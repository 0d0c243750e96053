# SPDX-License-Identifier: LGPL-2.1-or-later
"""The operator's page in a headless Chromium: adminpage.py URL [SCREENSHOT]

A meeting is being recorded while it runs, in which Ada Lovelace speaks, and ends within some seconds; the oldest
recording has a meeting id that is markup. The page shows both, is used by keyboard alone, and plays the recording.
Fails with what is wrong. With SCREENSHOT, the page is photographed for that file, and nothing else.
"""
import subprocess
import sys
import tempfile

from chromium import Chromium

MARKUP = "<img src=x onerror=document.title='run'>"
# Of all texts that are seen: those whose contrast with what is behind them is too low (WCAG 2, AA).
CONTRAST = """(() => {
  const channel = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const numbers = color => color.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const color = numbers(getComputedStyle(element).backgroundColor);
      if (color.length < 4 || color[3] === 1)
        return color;
    }
  };
  return [...document.querySelectorAll('body *')].filter(element =>
      element.checkVisibility() && [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .map(element => [element, luminance(numbers(getComputedStyle(element).color)), luminance(behind(element))])
    .filter(([, one, other]) => (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05) < 4.5)
    .map(([element]) => element.outerHTML.slice(0, 100));
})()"""
FOCUS = "(document.activeElement.innerText || document.activeElement.tagName).trim()"
ROW = "document.querySelector('#meetings tbody tr')"


def cell(name):
    return f"{ROW}?.querySelector('[data-is={name}]').textContent"


def expect(holds, *what):
    if not holds:
        raise AssertionError(what)


def expect_readable(page):
    for scheme in ("dark", "light"):
        page.scheme(scheme)
        low = page.evaluate(CONTRAST)
        expect(not low, "contrast", scheme, low)
    for width in (320, 1000):
        page.resize(width, 800)
        wide = page.evaluate("document.scrollingElement.scrollWidth")
        expect(wide <= width, "wider than the window", wide, width)


def expect_names(page):
    """Whoever does not see the page has the same."""
    nodes = page.nodes()
    roles = {"button", "link", "meter", "table", "row", "rowheader", "columnheader", "heading", "video", "region"}
    nameless = [role for role, name in nodes if role.lower() in roles and not name.strip() and role != "row"]
    expect(not nameless, "without a name", nameless, nodes)
    return [role.lower() for role, _ in nodes]


def expect_running(page):
    page.wait("a running meeting", cell("time"))
    page.wait("who speaks", f"{cell('speaking')}?.includes('Ada Lovelace')")
    before = page.evaluate(cell("time"))
    page.evaluate(f"window.row = {ROW}")
    for _ in range(2):
        page.press("Tab")
    focus = page.evaluate("(window.focused = document.activeElement).tagName")
    expect(focus in ("A", "BUTTON"), "focus", focus)
    page.wait("rising time", f"{cell('time')} > '{before}'")
    page.wait("a level", f"{cell('level')}.endsWith(' dB') && {ROW}.querySelector('meter').value > -60")
    page.wait("a size", f"parseFloat({cell('file')}) > 0")
    expect(page.evaluate(f"{ROW} === window.row && document.activeElement === window.focused"),
           "rows and focus do not stay")
    roles = expect_names(page)
    expect({"table", "rowheader", "columnheader", "meter"} <= set(roles), roles)
    expect_readable(page)
    expect("table" in expect_names(page), "no table at 1000 px")
    page.resize(320, 800)
    expect("columnheader" in expect_names(page), "no table at 320 px")
    page.resize(1000, 800)
    page.wait("something to play", f"{cell('time')} >= '0:00:07'")
    print("The page has seen the meeting; it may end.", flush=True)


def expect_finished(page):
    page.wait("the end of the meeting", "document.getElementById('meetings').hidden")
    page.wait("the news", "document.getElementById('news').textContent.startsWith('Ended ')")
    page.wait("the recording", "document.querySelectorAll('#recordings > li').length === 2")
    page.wait("what is known of it",
              "/finished · 0:00:\\d\\d/.test(document.querySelector('#recordings [data-is=summary]').textContent)")
    page.wait("who spoke",
              "document.querySelector('#recordings [data-is=people]').textContent.includes('Ada Lovelace')")
    expect(page.evaluate("document.querySelector('#recordings li:last-child').innerText").find(MARKUP) >= 0,
           "the markup is not shown as text")
    expect(page.evaluate("document.querySelectorAll('img').length === 0 && document.title === 'rtms-recorder'"),
           "the markup is not text alone")


def tab_to(page, text, shift=False):
    """By keyboard, from where the focus is; returns what was passed."""
    passed = []
    for _ in range(40):
        page.press("Tab", shift)
        passed.append(page.evaluate(FOCUS))
        if passed[-1].startswith(text):
            return passed
    raise AssertionError(("the Tab key does not lead to", text, passed))


def expect_keyboard(page):
    page.evaluate("document.activeElement.blur(), document.body.focus()")
    tab_to(page, "Play")
    page.press("Enter")
    expect(page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true", "not expanded")
    video = "document.querySelector('video')"
    page.wait("playing", f"{video}.currentTime > 1.5 && {video}.videoWidth > 0 && !{video}.error")
    page.wait("captions", f"{video}.textTracks[0].mode === 'showing' && {video}.textTracks[0].cues?.length > 0")
    page.wait("a caption that is shown", f"{video}.textTracks[0].activeCues.length > 0")
    expect(page.evaluate(f"{video}.seekable.end(0) > 5 && ({video}.currentTime = 5, true)"), "no seeking")
    page.wait("seeking", f"{video}.currentTime >= 5 && !{video}.seeking")
    passed = tab_to(page, "meeting.json")
    expect([one.split(" ")[0] for one in passed[:2]] == ["meeting.mp4", "meeting.vtt"], "downloads", passed)
    expect(page.evaluate("document.activeElement.download.endsWith('_meeting.json')"), "no download")
    tab_to(page, "Close", shift=True)
    page.press(" ")
    expect(page.evaluate(f"{video} === null"), "the player stays")
    expect(page.evaluate(FOCUS).startswith("Play"), "the focus is lost")
    tab_to(page, "Health")
    expect_names(page)
    expect_readable(page)


def expect_policy(page):
    """Nothing was complained about; and if there were anything, it would have been."""
    expect(not page.complaints, page.complaints)
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))")
    page.wait("a refused script", "true")
    page.pause(1)
    expect(any("Content Security Policy" in one for one in page.complaints), "no complaint", page.complaints)


def photograph(page, file):
    page.resize(1000, 660)
    page.wait("two running meetings", "[...document.querySelectorAll('#meetings [data-is=time]')].length === 2 && "
              "[...document.querySelectorAll('#meetings [data-is=time]')].every(time => time.textContent >= '0:00:08')")
    page.wait("somebody who speaks in each",
              "[...document.querySelectorAll('#meetings [data-is=speaking]')].every(names => names.textContent.length > 1)")
    page.wait("a recording", "document.querySelector('#recordings [data-is=people]:not([hidden])') !== null")
    with tempfile.NamedTemporaryFile(suffix=".png") as all_colors:
        page.screenshot(all_colors.name)
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", all_colors.name, "-vf",
                        "split[a][b];[a]palettegen=max_colors=64[p];[b][p]paletteuse=dither=none", file], check=True)


def main(url, screenshot=None):
    with Chromium() as page:
        page.open(url)
        if screenshot:
            photograph(page, screenshot)
            return
        expect_running(page)
        expect_finished(page)
        expect_keyboard(page)
        expect_policy(page)


main(*sys.argv[1:])

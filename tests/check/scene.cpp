// SPDX-License-Identifier: LGPL-2.1-or-later
// What a program shows, where and when: all numbers and texts.
#include "scene/scene.h"

#include "gst_check.h"

#include <algorithm>
#include <string>
#include <vector>

namespace {

using namespace rtms::program;

constexpr uint64_t kSecond = 1000000000;
constexpr Size kFrame{1280, 720}, kWide{1280, 720}, kNarrow{640, 480}, kTall{720, 1280};

std::string to_string(const std::optional<Rect> &rect) {
  if (!rect)
    return "none";
  return std::to_string(rect->width) + "x" + std::to_string(rect->height) + "+" +
         std::to_string(rect->x) + "+" + std::to_string(rect->y);
}

void expect(const std::string &got, const std::string &wanted) {
  ck_assert_str_eq(got.c_str(), wanted.c_str());
}

void expect_at(const std::optional<Rect> &rect, const char *wanted) {
  expect(to_string(rect), wanted);
}

void expect_arranged(Layout layout, const Content &content, const char *camera,
                     const char *screen) {
  const Arrangement arrangement = arrange(layout, kFrame, content);
  expect_at(arrangement.camera, camera);
  expect_at(arrangement.screen, screen);
}

void expect_lines(const char *text, unsigned columns, const std::vector<std::string> &wanted) {
  const std::vector<std::string> lines = wrap(text, columns);
  for (std::size_t at = 0; at < std::min(lines.size(), wanted.size()); at++)
    expect(lines[at], wanted[at].c_str());
  ck_assert_uint_eq(lines.size(), wanted.size());
}

void expect_shown(Captions *captions, double seconds, const char *wanted) {
  expect(captions->at(static_cast<uint64_t>(seconds * kSecond)), wanted);
}

}  // namespace

GST_START_TEST(test_layouts) {
  const Content nothing, camera{kWide, {}}, screen{{}, kWide}, both{kWide, kWide};
  for (Layout layout :
       {Layout::Auto, Layout::Camera, Layout::Screen, Layout::ScreenCamera, Layout::SideBySide})
    expect_arranged(layout, nothing, "none", "none");
  expect_arranged(Layout::Auto, camera, "1280x720+0+0", "none");
  expect_arranged(Layout::Auto, screen, "none", "1280x720+0+0");
  expect_arranged(Layout::Auto, both, "320x180+928+32", "1280x720+0+0");
  expect_arranged(Layout::Camera, both, "1280x720+0+0", "none");
  expect_arranged(Layout::Screen, both, "none", "1280x720+0+0");
  expect_arranged(Layout::Screen, camera, "none", "none");
  expect_arranged(Layout::ScreenCamera, camera, "320x180+928+32", "none");
  expect_arranged(Layout::SideBySide, both, "428x240+852+240", "852x480+0+120");
}
GST_END_TEST;

// Aspect ratios are kept, inside the frame, at even numbers.
GST_START_TEST(test_aspect_ratios) {
  expect_at(fit(kNarrow, {0, 0, 1280, 720}), "960x720+160+0");
  expect_at(fit(kTall, {0, 0, 1280, 720}), "406x720+436+0");
  expect_arranged(Layout::Auto, {kNarrow, kWide}, "240x180+1008+32", "1280x720+0+0");
  for (int width = 1; width < 3000; width += 37)
    for (int height = 1; height < 3000; height += 41) {
      const Rect rect = fit({width, height}, {852, 0, 428, 720});
      ck_assert_int_eq((rect.x | rect.y | rect.width | rect.height) & 1, 0);
      ck_assert(rect.x >= 852 && rect.x + rect.width <= 1280);
      ck_assert(rect.y >= 0 && rect.y + rect.height <= 720);
      ck_assert(rect.width >= 2 && rect.height >= 2);
    }
  expect_at(fit({0, 0}, {0, 0, 640, 360}), "640x360+0+0");
}
GST_END_TEST;

GST_START_TEST(test_wrapping) {
  expect_lines("", 10, {});
  expect_lines("  one \n two\t", 10, {"one two"});
  expect_lines("aaa bbb ccc ddd", 11, {"aaa bbb", "ccc ddd"});
  expect_lines("a bb", 3, {"a", "bb"});
  // A word that is longer than a line.
  expect_lines("abcdefghij k", 4, {"abcd", "efgh", "ij k"});
  // Wide characters take two columns, and may be parted.
  expect_lines("\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xb8\x96\xe7\x95\x8c", 4,
               {"\xe4\xbd\xa0\xe5\xa5\xbd", "\xe4\xb8\x96\xe7\x95\x8c"});
  // Hebrew begins on the right, a name in front or not.
  expect_lines("\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", 10,
               {"\xe2\x80\x8f\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"});
  expect_lines("A: \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", 10,
               {"\xe2\x80\x8f"
                "A: \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"});
}
GST_END_TEST;

GST_START_TEST(test_cleaning) {
  expect(clean_text("a\x01\x1b[31m b\r\n"), "a [31m b");
  expect(clean_text("x\xe2\x80\xaey\xe2\x81\xa6z"), "xyz");
  expect(clean_text("<b>&</b>"), "<b>&</b>");
  ck_assert(g_utf8_validate(clean_text("\xff\xfe broken \xc3").c_str(), -1, nullptr));
}
GST_END_TEST;

GST_START_TEST(test_caption_times) {
  Captions captions;
  captions.add(2 * kSecond, 3 * kSecond, "one");
  expect_shown(&captions, 1.9, "");
  expect_shown(&captions, 2, "one");
  expect_shown(&captions, 4.9, "one");
  expect_shown(&captions, 5, "");
  // A short one stays long enough, and the next one waits for that.
  captions.add(6 * kSecond, 0, "two");
  captions.add(6 * kSecond, 2 * kSecond, "three");
  expect_shown(&captions, 6.9, "two");
  expect_shown(&captions, 7, "three");
  expect_shown(&captions, 7.9, "three");
  expect_shown(&captions, 8.1, "");
  // The next one takes the place of one that is still there.
  captions.add(10 * kSecond, 9 * kSecond, "four");
  captions.add(12 * kSecond, kSecond, "five");
  expect_shown(&captions, 11.9, "four");
  expect_shown(&captions, 12, "five");
  expect_shown(&captions, 14, "");
}
GST_END_TEST;

// Two lines at a time, one part after the other.
GST_START_TEST(test_long_caption) {
  Captions captions;
  std::string text;
  for (int word = 100; word < 140; word++)
    text += std::to_string(word) + " ";
  captions.add(0, 20 * kSecond, text);
  std::string seen, last;
  for (double time = 0; time < 25; time += 0.5) {
    const std::string shown = captions.at(static_cast<uint64_t>(time * kSecond));
    ck_assert_int_le(std::count(shown.begin(), shown.end(), '\n'), 1);
    if (shown != last && !shown.empty())
      seen += clean_text(shown) + " ";
    last = shown;
  }
  expect(seen, text.c_str());
  expect(last, "");
}
GST_END_TEST;

// A flood of texts does not delay what is said later.
GST_START_TEST(test_caption_flood) {
  Captions captions;
  for (int line = 0; line < 1000; line++)
    captions.add(0, kSecond, "line " + std::to_string(line));
  captions.add(10 * kSecond, kSecond, "now");
  expect_shown(&captions, 10.5, "now");
}
GST_END_TEST;

GST_START_TEST(test_meeting_state) {
  MeetingState state;
  expect(state.words(), "Waiting for the meeting");
  state.connection("signaling", "connecting");
  state.connection("signaling", "streaming");
  expect(state.words(), "Waiting for the meeting");
  state.connection("audio", "streaming");
  state.connection("video", "streaming");
  expect(state.words(), "");
  state.connection("video", "reconnecting");
  expect(state.words(), "Reconnecting");
  state.connection("audio", "silent");
  state.connection("video", "streaming");
  expect(state.words(), "");
  state.connection("audio", "closed");
  expect(state.words(), "");
}
GST_END_TEST;

// Frames from before a loss stay for a moment, and do not come back.
GST_START_TEST(test_gone) {
  Scene scene;
  ck_assert(scene.is_shown(Input::Screen, 0, 0));
  scene.arrived(Input::Screen, 4 * kSecond);
  scene.gone(Input::Screen, 8 * kSecond);
  ck_assert(scene.is_shown(Input::Screen, 4 * kSecond, 7 * kSecond));
  ck_assert(!scene.is_shown(Input::Screen, 4 * kSecond, 8 * kSecond));
  ck_assert(scene.is_shown(Input::Screen, 5 * kSecond, 8 * kSecond));
  ck_assert(scene.is_shown(Input::Camera, 4 * kSecond, 8 * kSecond));
}
GST_END_TEST;

// A recording waits for a camera that stands still: nothing says that it is off.
GST_START_TEST(test_longest) {
  Scene scene;
  scene.set_longest(Input::Camera, 2 * kSecond);
  ck_assert(scene.is_shown(Input::Camera, 4 * kSecond, 6 * kSecond));
  ck_assert(!scene.is_shown(Input::Camera, 4 * kSecond, 6 * kSecond + 1));
  ck_assert(scene.is_shown(Input::Camera, 6 * kSecond, 7 * kSecond));
  ck_assert(scene.is_shown(Input::Screen, 4 * kSecond, 100 * kSecond));
}
GST_END_TEST;

// What takes a moment only has no words; a line that comes late is shown when it comes.
GST_START_TEST(test_texts) {
  Scene scene;
  expect(scene.texts_at(0).words, "");
  expect(scene.texts_at(kSecond / 4).words, "");
  expect(scene.texts_at(kSecond).words, "Waiting for the meeting");
  scene.connection("video", "streaming");
  expect(scene.texts_at(kSecond).words, "");
  scene.connection("video", "reconnecting");
  expect(scene.texts_at(2 * kSecond).words, "");
  expect(scene.texts_at(3 * kSecond).words, "Reconnecting");
  scene.caption(0, kSecond, "late");
  expect(scene.texts_at(3 * kSecond).caption, "late");
  expect(scene.texts_at(5 * kSecond).caption, "");
  scene.reset();
  expect(scene.texts_at(0).words, "");
}
GST_END_TEST;

GST_START_TEST(test_speaker_names) {
  SpeakerNames names;
  expect(names.at(0), "");
  names.add(5, "A");
  names.add(9, "B");
  names.add(8, "C");  // takes back what was to come
  expect(names.at(4), "");
  expect(names.at(5), "A");
  expect(names.at(100), "C");
}
GST_END_TEST;

static Suite *scene_suite() {
  Suite *suite = suite_create("scene");
  TCase *tcase = tcase_create("all");
  tcase_add_test(tcase, test_layouts);
  tcase_add_test(tcase, test_aspect_ratios);
  tcase_add_test(tcase, test_wrapping);
  tcase_add_test(tcase, test_cleaning);
  tcase_add_test(tcase, test_caption_times);
  tcase_add_test(tcase, test_long_caption);
  tcase_add_test(tcase, test_caption_flood);
  tcase_add_test(tcase, test_meeting_state);
  tcase_add_test(tcase, test_gone);
  tcase_add_test(tcase, test_longest);
  tcase_add_test(tcase, test_texts);
  tcase_add_test(tcase, test_speaker_names);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(scene)

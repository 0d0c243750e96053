// SPDX-License-Identifier: LGPL-2.1-or-later
// Lines of the transcript: their order, their versions, and how they are written.
#include "text/transcript.h"
#include "text/cues.h"

#include "fixture.h"

namespace {

using namespace rtmscheck;
using namespace rtms::recorder;

constexpr uint64_t kSecond = 1000000000;

// Of a line that begins at `start` s of the recording.
Spoken said(const std::string &text, int64_t start, bool final = true,
            Spoken::Operation operation = Spoken::Operation::New) {
  return {"7", "Ada", text, 1000 * start, 0, true, final, operation};
}

std::string texts_of(const std::vector<Line> &lines) {
  std::string all;
  for (const Line &line : lines)
    all += std::to_string(line.start / kSecond) + " " + line.text + "|";
  return all;
}

}  // namespace

GST_START_TEST(test_cues) {
  expect_text(vtt_cue({3661 * kSecond, 3662 * kSecond, "Ada", "Hello."}),
              "01:01:01.000 --> 01:01:02.000\n<v Ada>Hello.\n\n");
  expect_text(vtt_cue({0, 0, "", "a --> b & <i>\n\nc"}),
              "00:00:00.000 --> 00:00:02.000\na --&gt; b &amp; &lt;i&gt;  c\n\n");
  expect_text(vtt_cue({0, kSecond, "<b>\n", "x"}),
              "00:00:00.000 --> 00:00:01.000\n<v &lt;b&gt; >x\n\n");
  // A name with line breaks forges no cue.
  expect_text(vtt_cue({0, kSecond, "Ada\n\n00:00:00.000 --> 01:00:00.000\nEve", "x"}),
              "00:00:00.000 --> 00:00:01.000\n"
              "<v Ada  00:00:00.000 --&gt; 01:00:00.000 Eve>x\n\n");
}
GST_END_TEST;

// What players take for markup has something invisible in it, or looks the same.
GST_START_TEST(test_srt) {
  const std::pair<const char *, const char *> texts[] = {
      {"List<String>", "Ada: List<\u2060String>"},
      {"{\\an8}top", "Ada: \uff5b\\\u2060an8\uff5dtop"},
      {"a < b && c > d", "Ada: a <\u2060 b && c > d"},
      {"C:\\new &lt;", "Ada: C:\\\u2060new &\u2060lt;"},
      {"one\n\ntwo", "Ada: one  two"},
      {"if (x) { and } else {", "Ada: if (x) \uff5b and \uff5d else \uff5b"},
      {"} and { are plain", "Ada: } and { are plain"},
  };
  for (const auto &[text, shown] : texts)
    expect_text(srt_text({0, 0, "Ada", text}), shown);
}
GST_END_TEST;

GST_START_TEST(test_lines_in_order) {
  Transcript transcript;
  Spoken other = said("Long one.", 3);
  other.who = "8";
  other.end_ms = 9000;
  transcript.add(said("Short one.", 5), 5 * kSecond, 6 * kSecond);
  transcript.add(other, 3 * kSecond, 9 * kSecond);
  transcript.add(said("At the same time.", 5), 5 * kSecond, 9 * kSecond);
  expect_text(texts_of(transcript.take(8 * kSecond)), "");
  const auto first = transcript.take(9 * kSecond);
  expect_text(texts_of(first), "3 Long one.|");
  ck_assert_uint_eq(first[0].end, 9 * kSecond);
  expect_text(texts_of(transcript.take(11 * kSecond)), "5 Short one.|5 At the same time.|");
  expect_text(texts_of(transcript.take_all()), "");
}
GST_END_TEST;

GST_START_TEST(test_versions) {
  using Operation = Spoken::Operation;
  Transcript transcript;
  transcript.add(said("Hel", 1, false), kSecond, 2 * kSecond);
  transcript.add(said("Hello wor", 1, false), kSecond, 7 * kSecond);
  expect_text(texts_of(transcript.take(10 * kSecond)), "");
  transcript.add(said("Hello, world.", 1), kSecond, 11 * kSecond);
  expect_text(texts_of(transcript.take(11 * kSecond)), "1 Hello, world.|");
  // No final one comes.
  transcript.add(said("I was", 12, false), 12 * kSecond, 13 * kSecond);
  expect_text(texts_of(transcript.take(18 * kSecond)), "12 I was|");
  // In time nobody sees what was wrong.
  transcript.add(said("Helo", 22), 22 * kSecond, 22 * kSecond);
  transcript.add(said("Hello", 22, true, Operation::Update), 22 * kSecond, 23 * kSecond);
  transcript.add(said("Oops", 23), 23 * kSecond, 23 * kSecond);
  transcript.add(said("", 23, true, Operation::Delete), 23 * kSecond, 24 * kSecond);
  expect_text(texts_of(transcript.take(29 * kSecond)), "22 Hello|");
  // What is written is told to be another now.
  transcript.add(said("Hullo", 22, true, Operation::Update), 22 * kSecond, 32 * kSecond);
  transcript.add(said("", 22, true, Operation::Delete), 22 * kSecond, 33 * kSecond);
  transcript.add(said("Who?", 30, true, Operation::Delete), 30 * kSecond, 34 * kSecond);
  expect_text(texts_of(transcript.take_all()),
              "30 [taken back] Who?|32 [edited] Hullo|33 [taken back] Hullo|");
}
GST_END_TEST;

// The speaker goes on before the last words have their final version.
GST_START_TEST(test_overlapping_versions) {
  Transcript transcript;
  transcript.add(said("One", 1, false), kSecond, 2 * kSecond);
  transcript.add(said("Two", 5, false), 5 * kSecond, 6 * kSecond);
  transcript.add(said("One.", 1), kSecond, 6 * kSecond);
  transcript.add(said("Two.", 5), 5 * kSecond, 7 * kSecond);
  // A late final version of what is before leaves it alone.
  transcript.add(said("Four", 9, false), 9 * kSecond, 9 * kSecond);
  transcript.add(said("Three.", 8), 8 * kSecond, 10 * kSecond);
  transcript.add(said("Four.", 9), 9 * kSecond, 11 * kSecond);
  expect_text(texts_of(transcript.take_all()), "1 One.|5 Two.|8 Three.|9 Four.|");
  // No final one comes, and none is waited for: the speaker has gone on.
  transcript.add(said("I was", 20, false), 20 * kSecond, 20 * kSecond);
  transcript.add(said("You were", 25, false), 25 * kSecond, 25 * kSecond);
  transcript.add(said("You were", 25, false), 25 * kSecond, 26 * kSecond);
  expect_text(texts_of(transcript.take(26 * kSecond)), "20 I was|");
}
GST_END_TEST;

// transcript.jsonl has them when nothing better comes.
GST_START_TEST(test_interim_messages) {
  Transcript transcript;
  const auto with_json = [](const char *text, int64_t start, bool is_final, std::string json) {
    Spoken spoken = said(text, start, is_final);
    spoken.json = std::move(json);
    return spoken;
  };
  transcript.add(with_json("On", 1, false, "{1}"), kSecond, kSecond);
  transcript.add(with_json("One", 1, false, "{2}"), kSecond, kSecond);
  transcript.add(with_json("Two", 2, false, "{3}"), 2 * kSecond, 2 * kSecond);
  transcript.add(with_json("Two.", 2, true, "{4}"), 2 * kSecond, 2 * kSecond);
  transcript.add(with_json("Long", 3, false, std::string(1 << 20, ' ')), 3 * kSecond, 3 * kSecond);
  const auto lines = transcript.take_all();
  ck_assert_uint_eq(lines.size(), 3);
  ck_assert_str_eq(lines[0].interim.c_str(), "{2}");
  ck_assert_str_eq(lines[1].interim.c_str(), "");
  ck_assert_str_eq(lines[2].interim.c_str(), "");
}
GST_END_TEST;

GST_START_TEST(test_spoken) {
  const auto spoken = read_spoken(
      R"({"user_id":7,"user_name":"Ada","text":"Hi","timestamp":5,"start_time":3,"end_time":4,"final":false,"operation":"update"})");
  ck_assert(spoken && spoken->who == "7" && spoken->name == "Ada" && spoken->text == "Hi");
  ck_assert(spoken->start_ms == 3 && spoken->end_ms == 4 && spoken->has_start);
  ck_assert(!spoken->is_final && spoken->operation == Spoken::Operation::Update);
  ck_assert(spoken->json.size() > 10);
  // A service may make the message when the line begins.
  const auto at_once = read_spoken(R"({"text":"Hi","timestamp":5,"start_time":5})");
  ck_assert(at_once && at_once->has_start);
  const auto guessed =
      read_spoken(R"({"text":"Hi","timestamp":5,"start_time":5,"start_time_guessed":true})");
  ck_assert(guessed && !guessed->has_start);
  // Two parties without names are not one.
  const auto party = read_spoken(R"({"user_id":0,"user_name":"","text":"Hi","channel_id":"c-1"})");
  ck_assert(party && party->who == "c-1");
  for (const char *bad : {"", "x", "[1]", "null"})
    ck_assert(!read_spoken(bad));
}
GST_END_TEST;

static Suite *transcript_suite() {
  Suite *suite = suite_create("transcript");
  TCase *tc = tcase_create("lines");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_cues);
  tcase_add_test(tc, test_srt);
  tcase_add_test(tc, test_lines_in_order);
  tcase_add_test(tc, test_versions);
  tcase_add_test(tc, test_overlapping_versions);
  tcase_add_test(tc, test_interim_messages);
  tcase_add_test(tc, test_spoken);
  return suite;
}

GST_CHECK_MAIN(transcript)

// SPDX-License-Identifier: LGPL-2.1-or-later
// Which transcript texts are shown, and when: the final ones, or what was last known of the others.
#include "output/interim.h"

#include "gst_check.h"

#include <optional>

using rtms::InterimTexts;

namespace {

constexpr int64_t kSecond = 1000 * 1000;

class Transcript {
 public:
  // What is shown because of it.
  std::string add(const char *text, std::optional<bool> final, std::optional<int64_t> start = {},
                  uint64_t user = 1) {
    rtms::MediaData data;
    data.media = rtms::Media::Transcript;
    data.payload = text;
    data.user_id = user;
    data.is_final = final;
    data.start_time = start;
    bool show = false;
    std::string shown = joined(texts_.add(data, now_us, &show));
    return show ? shown + text + "|" : shown;
  }
  std::string overdue() { return joined(texts_.overdue(now_us)); }
  std::string rest() { return joined(texts_.all()); }

  int64_t now_us = 0;

 private:
  static std::string joined(const InterimTexts::Texts &texts) {
    std::string all;
    for (const auto &text : texts)
      all += std::string(text->data.payload) + "|";
    return all;
  }

  InterimTexts texts_;
};

void expect(const std::string &got, const char *wanted) {
  ck_assert_msg(got == wanted, "\"%s\" instead of \"%s\"", got.c_str(), wanted);
}

}  // namespace

GST_START_TEST(test_final_replaces_interim) {
  Transcript transcript;
  expect(transcript.add("Hel", false, 100), "");
  expect(transcript.add("Hello wor", false, 100), "");
  expect(transcript.add("Hello, world.", true, 100), "Hello, world.|");
  expect(transcript.rest(), "");
}
GST_END_TEST;

GST_START_TEST(test_without_start) {
  Transcript transcript;
  expect(transcript.add("Hel", false), "");
  expect(transcript.add("Hello.", true), "Hello.|");
  expect(transcript.add("Said plainly.", std::nullopt), "Said plainly.|");
  expect(transcript.rest(), "");
}
GST_END_TEST;

// Two talk at once: neither replaces the other.
GST_START_TEST(test_speakers) {
  Transcript transcript;
  expect(transcript.add("I", false, 100, 1), "");
  expect(transcript.add("You", false, 100, 2), "");
  expect(transcript.add("You, too.", true, 100, 2), "You, too.|");
  expect(transcript.rest(), "I|");
}
GST_END_TEST;

// The next text of a speaker tells that no final version of the last one will come.
GST_START_TEST(test_next_text) {
  Transcript transcript;
  expect(transcript.add("One", false, 100), "");
  expect(transcript.add("Two", false, 200), "One|");
  expect(transcript.add("Three.", true, 300), "Two|Three.|");
  // A final version that comes late leaves the next text alone.
  expect(transcript.add("Five", false, 500), "");
  expect(transcript.add("Four.", true, 400), "Four.|");
  expect(transcript.add("Five.", true, 500), "Five.|");
}
GST_END_TEST;

GST_START_TEST(test_overdue) {
  Transcript transcript;
  expect(transcript.add("I was sa", false, 100), "");
  transcript.now_us = 4 * kSecond;
  expect(transcript.add("I was saying", false, 100), "");
  transcript.now_us = 6 * kSecond;
  expect(transcript.overdue(), "");
  transcript.now_us = 9 * kSecond;
  expect(transcript.overdue(), "I was saying|");
  expect(transcript.overdue(), "");
}
GST_END_TEST;

// A server can invent speakers for ever.
GST_START_TEST(test_bounded) {
  Transcript transcript;
  size_t shown = 0;
  for (uint64_t user = 0; user < 10000; user++)
    shown += transcript.add("x", false, 100, user).size() / 2;
  const size_t kept = transcript.rest().size() / 2;
  ck_assert_uint_eq(shown + kept, 10000);
  ck_assert_uint_le(kept, 1000);
}
GST_END_TEST;

// Nor can it make what waits large: with long texts, with long names, or with a text of its own
// that is larger than all that may wait.
GST_START_TEST(test_bounded_bytes) {
  constexpr size_t kMost = 2 << 20;
  const std::string large(size_t{100} << 10, 'x'), huge(size_t{8} << 20, 'y');
  for (const bool in_name : {false, true}) {
    InterimTexts texts;
    size_t messages = 0, shown = 0;
    const auto add = [&](const std::string &text, uint64_t user) {
      rtms::MediaData data;
      data.media = rtms::Media::Transcript;
      data.payload = in_name ? std::string_view("x") : text;
      data.user_name = in_name ? text : std::string_view("x");
      data.user_id = user;
      data.is_final = false;
      data.start_time = 100;
      bool show = false;
      messages++;
      shown += texts.add(data, 0, &show).size();
      shown += show;
    };
    for (uint64_t user = 0; user < 200; user++)
      add(large, user);
    add(huge, 1000);
    add(large, 1001);
    size_t kept = 0, bytes = 0;
    for (const auto &text : texts.all()) {
      kept++;
      bytes += text->data.payload.size() + text->data.user_name.size();
    }
    ck_assert_uint_eq(shown + kept, messages);
    ck_assert_msg(bytes <= kMost, "%zu bytes wait", bytes);
  }
}
GST_END_TEST;

static Suite *interim_suite(void) {
  Suite *suite = suite_create("interim");
  TCase *tc = tcase_create("interim");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_final_replaces_interim);
  tcase_add_test(tc, test_without_start);
  tcase_add_test(tc, test_speakers);
  tcase_add_test(tc, test_next_text);
  tcase_add_test(tc, test_overdue);
  tcase_add_test(tc, test_bounded);
  tcase_add_test(tc, test_bounded_bytes);
  return suite;
}

GST_CHECK_MAIN(interim)

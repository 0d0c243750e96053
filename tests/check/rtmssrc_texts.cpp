// SPDX-License-Identifier: LGPL-2.1-or-later
// Transcript and chat as buffers: who says it, which version of it, and always as valid UTF-8.
#include <algorithm>

#include "failures.h"
#include "live.h"
#include "recording.h"

using namespace rtmscheck;

namespace {

// Texts that come one after the other, and what is in the buffers in the end.
std::vector<std::string> shown(const std::vector<std::string> &contents, const Setup &setup = {}) {
  auto server = serve(quiet_config());
  Player player(*server, [&](GstElement *src) {
    set(src, "media-types", "transcript");
    if (setup)
      setup(src);
  });
  player.play();
  wait_streaming(player, *server, 1);
  for (const std::string &content : contents)
    server->send_media(Media::Transcript, "{\"msg_type\":17,\"content\":{" + content + "}}");
  server->send_media(Media::Transcript, transcript_json(5000, ",\"user_name\":\"The end\""));
  ck_assert_msg(player.wait([](const Record &r) {
    const auto pad = r.pads.find("transcript");
    if (pad == r.pads.end() || pad->second.packets.empty())
      return false;
    const Bytes &last = pad->second.packets.back().bytes;
    return contains({last.begin(), last.end()}, "Hello.") &&
           pad->second.packets.back().user_name == "The end";
  }),
                "%s", player.summary().c_str());
  player.stop();
  std::vector<std::string> texts;
  for (const Packet &packet : player.record().pad("transcript").packets)
    texts.emplace_back(packet.bytes.begin(), packet.bytes.end());
  texts.pop_back();
  return texts;
}

std::string line(int64_t at_ms, const std::string &text, const std::string &extra = "") {
  return R"("user_id":7,"user_name":"John Smith","data":")" + text +
         "\",\"timestamp\":" + std::to_string(kStartMs + at_ms) + extra;
}

std::string start(int64_t at_ms, bool final) {
  return ",\"start_time\":" + std::to_string(kStartMs + at_ms) +
         ",\"is_final\":" + (final ? "true" : "false");
}

void expect_texts(const std::vector<std::string> &got, const std::vector<std::string> &wanted) {
  std::string text;
  for (const std::string &one : got)
    text += "\"" + one + "\" ";
  ck_assert_msg(got == wanted, "%s", text.c_str());
}

}  // namespace

GST_START_TEST(test_speaker_in_front) {
  expect_texts(
      shown({line(0, "Hello."), R"("user_id":8,"data":"Nobody.","timestamp":1738392033100)"}),
      {"John Smith: Hello.", "Nobody."});
  expect_texts(shown({line(0, "Hello.")}, with("transcript-speaker", "false")), {"Hello."});
}
GST_END_TEST;

GST_START_TEST(test_interim) {
  const std::vector<std::string> versions = {line(0, "Hel", start(0, false)),
                                             line(100, "Hello wor", start(0, false)),
                                             line(300, "Hello, world.", start(0, true))};
  expect_texts(shown(versions), {"John Smith: Hello, world."});
  auto all = shown(versions, with("transcript-format", "json"));
  ck_assert_uint_eq(all.size(), 3);
  for (size_t i = 0; i < all.size(); i++) {
    const char *wanted = i == 2 ? "\"final\":true" : "\"final\":false";
    std::string compact = all[i];
    compact.erase(std::remove(compact.begin(), compact.end(), ' '), compact.end());
    ck_assert_msg(contains(compact, wanted), "%s", all[i].c_str());
  }
}
GST_END_TEST;

// A number says what happens to a text, not whether it is final: nothing waits, nothing vanishes.
GST_START_TEST(test_attribute) {
  std::vector<std::string> lines, wanted;
  for (int i = 0; i < 4; i++) {
    lines.push_back(
        line(100 * i, "Line " + std::to_string(i), ",\"attribute\":" + std::to_string(i % 2)));
    wanted.push_back("John Smith: Line " + std::to_string(i));
  }
  expect_texts(shown(lines), wanted);
}
GST_END_TEST;

// A replacement is another buffer where it says something else; nobody can take back what is shown.
// The line that is taken back need not be repeated.
GST_START_TEST(test_operations) {
  const char *const taken_back[] = {"Hello!", ""};
  const std::string at = ",\"start_time\":" + std::to_string(kStartMs) + ",\"attribute\":";
  const std::vector<std::string> lines = {line(0, "Helo.", at + "1"), line(50, "Helo.", at + "2"),
                                          line(100, "Hello!", at + "2"),
                                          line(150, taken_back[__i__], at + "3")};
  expect_texts(shown(lines), {"John Smith: Helo.", "John Smith: Hello!"});
  const auto all = shown(lines, with("transcript-format", "json"));
  ck_assert_uint_eq(all.size(), 3);
  const char *const operations[] = {"new", "update", "delete"};
  for (size_t i = 0; i < all.size(); i++)
    ck_assert_msg(contains(all[i], "\"operation\":\"" + std::string(operations[i]) + "\""), "%s",
                  all[i].c_str());
}
GST_END_TEST;

// The service sends lines again after a reconnect: those of the same speaker and start.
GST_START_TEST(test_repeated) {
  const std::string at = ",\"start_time\":" + std::to_string(kStartMs);
  const std::vector<std::string> lines = {
      line(0, "Yes.", at), line(900, "Yes.", ",\"start_time\":" + std::to_string(kStartMs + 900)),
      line(0, "Yes.", at), R"("user_id":8,"user_name":"Ada","data":"Yes.")" + at};
  for (const char *format : {"text", "json"})
    ck_assert_uint_eq(shown(lines, with("transcript-format", format)).size(), 3);
  // Of lines without any time nothing is known.
  const std::string timeless = R"("user_id":7,"data":"Yes.")";
  ck_assert_uint_eq(shown({timeless, timeless}).size(), 2);
}
GST_END_TEST;

// With the versions that were corrected, and those that were taken back.
GST_START_TEST(test_repeated_versions) {
  const std::string at = ",\"start_time\":" + std::to_string(kStartMs) + ",\"attribute\":";
  const std::string later = ",\"start_time\":" + std::to_string(kStartMs + 900) + ",\"attribute\":";
  const std::vector<std::string> once = {line(0, "Helo.", at + "1"), line(50, "Hello.", at + "2"),
                                         line(900, "Oh!", later + "1"),
                                         R"("user_id":7,"timestamp":1738392034000)" + later + "3"};
  std::vector<std::string> twice = once;
  twice.insert(twice.end(), once.begin(), once.end());
  expect_texts(shown(twice), {"John Smith: Helo.", "John Smith: Hello.", "John Smith: Oh!"});
  ck_assert_uint_eq(shown(twice, with("transcript-format", "json")).size(), once.size());
  // What is taken back before it was shown is not shown.
  expect_texts(shown({line(0, "Hel", start(0, false)), line(0, "Hel", at + "3")}), {});
}
GST_END_TEST;

// What was last heard of it is shown when the stream ends, too.
GST_START_TEST(test_interim_at_the_end) {
  auto source = std::make_shared<ListSource>();
  MediaItem text = item(Media::Transcript, 0, text_bytes("I was saying"));
  text.extra = "\"is_final\":false";
  source->add(text);
  auto server = serve(fast_config(source));
  Player player(*server, with("media-types", "transcript"));
  player.play();
  player.wait_eos();
  player.stop();
  const PadRecord &pad = player.record().pad("transcript");
  ck_assert_uint_eq(pad.packets.size(), 1);
  const Bytes &bytes = pad.packets[0].bytes;
  expect_text({bytes.begin(), bytes.end()}, "John Smith: I was saying");
}
GST_END_TEST;

// Halves of surrogate pairs, zeros, escapes of all kinds: valid UTF-8 comes out.
GST_START_TEST(test_valid_utf8) {
  const struct {
    const char *json, *text;
  } rows[] = {
      {R"(half \ud83d of it)", "half \uFFFD of it"},
      {R"(other half \udc4d)", "other half \uFFFD"},
      {R"(wrong way \udc4d\ud83d)", "wrong way \uFFFD\uFFFD"},
      {R"(\ud83d\ud83d\udc4d)", "\uFFFD\U0001F44D"},
      {R"(\\ud83d stays)", R"(\ud83d stays)"},
      {R"(\ud83d\n\u00e9)", "\uFFFD\n\u00e9"},
      {R"(whole \ud83d\udc4d)", "whole \U0001F44D"},
      {R"(a\u0000b)", "ab"},
  };
  std::vector<std::string> lines, wanted;
  for (const auto &row : rows) {
    lines.push_back(line(100 * static_cast<int64_t>(lines.size()), row.json));
    wanted.push_back(std::string("John Smith: ") + row.text);
  }
  const auto texts = shown(lines);
  expect_texts(texts, wanted);
  for (const std::string &text : texts)
    ck_assert(g_utf8_validate(text.data(), static_cast<gssize>(text.size()), nullptr));
}
GST_END_TEST;

// For what reads markup: no line break ends a cue, no character begins a tag, and each line ends.
GST_START_TEST(test_markup) {
  const auto markup = with("transcript-format", "markup");
  expect_texts(
      shown({line(0, R"(List<String>\n\n a --> b && c)"), line(100, "{\\\\an8} \u200d")}, markup),
      {"John Smith: List&lt;String&gt;   a --&gt; b &amp;&amp; c", "John Smith: {\\an8} \u200d"});
  // As WebVTT.
  auto server = serve(quiet_config());
  TemporaryDirectory folder;
  const std::string file = folder.file("meeting.vtt");
  ElementPtr pipeline = parse_launch(
      ("rtmssrc name=src media-types=transcript transcript-format=markup ! webvttenc ! filesink "
       "location=" +
       file)
          .c_str());
  ElementPtr src(gst_bin_get_by_name(GST_BIN(pipeline.get()), "src"));
  g_object_set(src.get(), "webhook", server->webhook_json().c_str(), "client-id", "test-client",
               "client-secret", "test-secret", nullptr);
  ck_assert(gst_element_set_state(pipeline.get(), GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE);
  wait_ready(*server, 1);
  server->send_media(Media::Transcript, "{\"msg_type\":17,\"content\":{" +
                                            line(0, R"(one\n\n<two> --> three)") + "}}");
  server->end_stream(6);
  play(pipeline.get());
  const Output text = run({"ffmpeg", "-v", "error", "-i", file.c_str(), "-f", "srt", "-"});
  ck_assert_msg(contains(text.out, "John Smith: one  <two> --> three"), "%s", text.out.c_str());
}
GST_END_TEST;

static Suite *rtmssrc_texts_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_texts");
  TCase *texts = tcase_create("texts");
  tcase_set_timeout(texts, kPatienceSeconds);
  tcase_add_test(texts, test_speaker_in_front);
  tcase_add_test(texts, test_interim);
  tcase_add_test(texts, test_attribute);
  tcase_add_loop_test(texts, test_operations, 0, 2);
  tcase_add_test(texts, test_repeated);
  tcase_add_test(texts, test_repeated_versions);
  tcase_add_test(texts, test_markup);
  tcase_add_test(texts, test_interim_at_the_end);
  tcase_add_test(texts, test_valid_utf8);
  suite_add_tcase(suite, texts);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_texts)

// SPDX-License-Identifier: LGPL-2.1-or-later
// The parts of rtms-recorder that need neither network nor pipeline.
#include "recorder_run.h"

#include "audio/speakers.h"
#include "common/linewriter.h"
#include "common/names.h"
#include "common/recent.h"
#include "console.h"
#include "meeting/people.h"
#include "pages.h"
#include "settings/credentials.h"
#include "settings/options.h"
#include "settings/rtmpurl.h"
#include "text/cues.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

namespace {

using namespace rtmscheck;
using namespace rtms::recorder;

using rtms::JsonWriter;
using JsonNodePtr = Ptr<JsonNode, json_node_unref>;

}  // namespace

GST_START_TEST(test_speakers) {
  Speakers none(0), two(2);
  ck_assert_uint_eq(none.tracks(), 1);
  ck_assert_uint_eq(none.track_of("a", ""), 0);
  ck_assert_uint_eq(two.tracks(), 4);
  const std::pair<const char *, unsigned> heard[] = {{"a", 1}, {"b", 2}, {"c", 3},
                                                     {"a", 1}, {"d", 3}, {"b", 2}};
  for (const auto &[who, track] : heard)
    ck_assert_uint_eq(two.track_of(who, who), track);
  expect_text(speaker_of("stream/audio"), "");
  expect_text(speaker_of("stream/audio/16778240"), "16778240");
  expect_text(speaker_of("a/audio/b/audio/16778240/12"), "16778240");
  expect_text(speaker_of("stream/audio/channel/x/"), "channel/x/");
  expect_text(two.title(0) + two.title(2) + two.title(3), "AllSpeaker 2Others");
}
GST_END_TEST;

// A server may send any length, a thousand times.
GST_START_TEST(test_long_lines) {
  Spoken spoken;
  spoken.who = "1";
  for (int i = 0; i < 15998; i++)
    spoken.text += 'x';
  spoken.text += "\u20ac and more";
  Transcript transcript;
  transcript.add(spoken, 0, 0);
  const std::vector<Line> lines = transcript.take_all();
  ck_assert_uint_eq(lines.size(), 1);
  expect_text(lines[0].text, std::string(15998, 'x'));
}
GST_END_TEST;

// A bad line: the service knows the same person by another number each time.
GST_START_TEST(test_same_person) {
  Speakers speakers(2);
  ck_assert_uint_eq(speakers.track_of("1", "Ada"), 1);
  ck_assert_uint_eq(speakers.track_of("2", "iPhone"), 2);
  // Whoever is there is somebody else, whatever the name.
  ck_assert_uint_eq(speakers.track_of("3", "iPhone"), 3);
  ck_assert_uint_eq(speakers.track_of("4", ""), 3);
  for (int i = 5; i < 10; i++) {
    speakers.left(i == 5 ? "1" : std::to_string(i - 1));
    ck_assert_uint_eq(speakers.track_of(std::to_string(i), "Ada"), 1);
  }
  ck_assert_uint_eq(speakers.track_of("9", "Ada"), 1);
  // The name counts that was the last.
  speakers.named("2", "Grace");
  speakers.left("2");
  ck_assert_uint_eq(speakers.track_of("10", "iPhone"), 3);
  ck_assert_uint_eq(speakers.track_of("11", "Grace"), 2);
  // Who is back with the same number has not left.
  speakers.left("11");
  speakers.came("11", "");
  ck_assert_uint_eq(speakers.track_of("12", "Grace"), 3);
}
GST_END_TEST;

namespace {

JsonNodePtr people_json(const People &people) {
  JsonWriter writer;
  people.write_participants(&writer);
  people.write_speakers(&writer, 0);
  people.write_speaker_count(&writer);
  return JsonNodePtr(json_from_string(writer.text().c_str(), nullptr));
}

}  // namespace

// Lists are bounded, and say so; names have a history.
GST_START_TEST(test_people) {
  constexpr unsigned kMore = 5;
  People people(1795515630000000);
  for (uint64_t user = 1; user <= People::kMost + kMore; user++) {
    people.joined(user, user == 7 ? "" : "P" + std::to_string(user), 1795515630000000);
    people.heard({std::to_string(user), user == 7 ? "" : "P" + std::to_string(user), 1, 0});
  }
  people.joined(3, "P3", 1795515631000000);
  people.joined(3, "Robert", 1795515631000000);
  people.joined(7, "Ann", 1795515631000000);
  ck_assert(people.heard({"7", "Ann", 1, 2 * GST_SECOND}));
  ck_assert(!people.heard({"7", "Ann", 1, 3 * GST_SECOND}));
  people.left(7, 1795515640000000);
  const JsonNodePtr node = people_json(people);
  JsonObject *all = json_node_get_object(node.get());
  JsonArray *list = json_object_get_array_member(all, "participants");
  ck_assert_uint_eq(json_array_get_length(list), People::kMost);
  ck_assert_int_eq(json_object_get_int_member(all, "participant_count"), People::kMost + kMore);
  ck_assert(json_object_get_boolean_member(all, "participants_truncated"));
  ck_assert_int_eq(json_object_get_int_member(all, "speaker_count"), People::kMost + kMore);
  ck_assert(json_object_get_boolean_member(all, "speakers_truncated"));
  JsonObject *third = json_array_get_object_element(list, 2);
  expect_text(json_object_get_string_member(third, "user_name"), "Robert");
  JsonArray *names = json_object_get_array_member(third, "names");
  ck_assert_uint_eq(json_array_get_length(names), 2);
  expect_text(json_object_get_string_member(json_array_get_object_element(names, 1), "since"),
              "2026-11-24T10:20:31.000Z");
  JsonObject *late =
      json_array_get_object_element(json_object_get_array_member(all, "speakers"), 6);
  expect_text(json_object_get_string_member(late, "user_name"), "Ann");
  ck_assert(!json_object_has_member(late, "names"));
}
GST_END_TEST;

// A server renames everybody again and again: the history is bounded, the current names are right.
GST_START_TEST(test_many_names) {
  constexpr unsigned kNames = 20;
  People people(0);
  for (unsigned name = 0; name < kNames; name++)
    for (uint64_t user = 1; user <= People::kMost; user++)
      people.joined(user, std::to_string(user) + " " + std::to_string(name), name);
  ck_assert_uint_eq(people.listed(), People::kMost + People::kMostRenames);
  const JsonNodePtr node = people_json(people);
  JsonObject *all = json_node_get_object(node.get());
  ck_assert_int_eq(json_object_get_int_member(all, "names_left_out"),
                   (kNames - 1) * People::kMost - People::kMostRenames);
  JsonArray *list = json_object_get_array_member(all, "participants");
  for (unsigned i = 0; i < People::kMost; i++) {
    const std::string name = std::to_string(i + 1) + " " + std::to_string(kNames - 1);
    expect_text(json_object_get_string_member(json_array_get_object_element(list, i), "user_name"),
                name.c_str());
  }
}
GST_END_TEST;

GST_START_TEST(test_recent) {
  Recent<int> recent(2);
  int number = 0;
  for (const char *one : {"a", "b", "a", "b", "c"})
    recent.put(one, number++);
  ck_assert(!recent.find("a") && recent.find("b") && recent.find("c"));
  ck_assert_int_eq(*recent.find("b"), 3);
}
GST_END_TEST;

GST_START_TEST(test_names) {
  expect_text(safe_name("/Zk3+Tq7RZu0pXw9aB/cDg=="), "Zk3-Tq7RZu0pXw9aB-cDg");
  expect_text(safe_name("../../etc/passwd"), "etc-passwd");
  for (const char *bad : {"", "..", "/", "\n", "\xff\xfe", "日本"})
    expect_text(safe_name(bad), "unnamed");
  ck_assert_uint_le(safe_name(std::string(10000, 'x')).size(), 64);
  expect_text(shown("a\x1b[31m\u202e\xff"), "a [31m\ufffd");
  expect_text(shown("a\nb\u2028c\u2067d\u2069e"), "a b cde");
  expect_text(shown("äöü", 2), "äö…");
  expect_text(label("a\"b\\c\nx"), "a\\\"b\\\\c x");
  ck_assert_uint_le(label(std::string(10000, 'x')).size(), 140);
  expect_text(file_stamp(1795515630123456), "2026-11-24T10-20-30Z");
  expect_text(time_stamp(1795515630123456), "2026-11-24T10:20:30.123Z");
  expect_text(clock_text(3723), "1:02:03");
}
GST_END_TEST;

// Persian, Hindi, a family, the flag of Scotland, German, Hebrew, Arabic: no letter of them is
// lost.
GST_START_TEST(test_spelling) {
  for (const char *text :
       {"\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0915\u094d\u200d\u0937",
        "\U0001F468\u200d\U0001F469\u200d\U0001F467",
        "\U0001F3F4\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F",
        "Donau\u00addampf", "\u05e9\u05dc\u05d5\u05dd\u200f!", "\u061c\u200e1\u200b2\u20603"}) {
    expect_text(shown(text), text);
    ck_assert(contains(vtt_cue({0, 0, text, text}), "<v " + std::string(text) + ">" + text));
  }
}
GST_END_TEST;

GST_START_TEST(test_push_urls) {
  expect_text(push_url("rtmp://a/live/{meeting}-{stream}", "s/../1", "8123"),
              "rtmp://a/live/8123-s-..-1");
  expect_text(push_url("rtmp://a/{stream}", "{stream}", "x"), "rtmp://a/stream");
  expect_text(shown_url("rtmp://a.example:1935/live/k3y?token=x"), "rtmp://a.example:1935");
  expect_text(shown_url("rtmp://user:pass@a/live"), "rtmp://a");
  // Servers repeat what they refuse.
  expect_text(without_key("a.example refuses apps/k3y%21 and k3y!", "rtmp://a.example/apps/k3y%21"),
              "a.example refuses ***/*** and ***");
  expect_text(without_key("live_12_ab of live refused", "rtmp://host/live/live_12_ab"),
              "*** of *** refused");
  expect_text(without_key("host.example refuses host", "rtmp://host.example/apps/host"),
              "***.example refuses ***");
  expect_text(without_key("no word123 at rtmp://a/", "rtmp://me:word123@a"), "no *** at rtmp://a/");
}
GST_END_TEST;

GST_START_TEST(test_credentials) {
  TemporaryDirectory folder;
  const std::string file = folder.file("credentials");
  ck_assert(g_file_set_contents(file.c_str(), "# app\nZM_RTMS_CLIENT=id\nZM_RTMS_SECRET=\"a=b\"\n",
                                -1, nullptr));
  ck_assert_int_eq(g_chmod(file.c_str(), 0604), 0);
  auto refused = read_credentials(file);
  ck_assert(std::holds_alternative<CredentialsError>(refused));
  ck_assert_int_eq(g_chmod(file.c_str(), 0600), 0);
  auto read = read_credentials(file);
  const Variables variables = std::get<Variables>(read);
  g_setenv("ZM_RTMS_CLIENT", "other", TRUE);
  g_setenv("ZOOM_SECRET_TOKEN", "token", TRUE);
  const auto value = [&](std::initializer_list<const char *> names) {
    return std::string(credential(variables, names).view());
  };
  expect_text(value({"ZM_RTMS_CLIENT", "ZOOM_CLIENT_ID"}), "id");
  expect_text(value({"ZM_RTMS_SECRET"}), "a=b");
  expect_text(value({"ZM_RTMS_WEBHOOK_SECRET", "ZOOM_SECRET_TOKEN"}), "token");
}
GST_END_TEST;

GST_START_TEST(test_table) {
  std::vector<Status> all(30);
  for (Status &status : all)
    status.name = "2026-11-24T10-20-30Z_81234567890";
  const std::string text = table(all, Totals{}, 24, 60);
  ck_assert_int_eq(std::count(text.begin(), text.end(), '\n'), 23);
  ck_assert(contains(text, "30 now") && contains(text, "9 not shown"));
  std::size_t longest = 0, start = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
    longest = std::max(longest, end - start);
    start = end + 1;
  }
  ck_assert_uint_le(longest, 59);
}
GST_END_TEST;

// Nobody reads for a while: what is dropped is counted, and told where it is missing.
GST_START_TEST(test_line_writer) {
  int fds[2];
  ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
  std::string all;
  {
    LineWriter writer(dup(fds[1]),
                      [](uint64_t lines) { return std::to_string(lines) + " lost\n"; });
    close(fds[1]);
    const std::string line = std::string(99999, 'x') + "\n";
    unsigned taken = 0;
    while (writer.write(line))
      ck_assert_uint_lt(++taken, 100);
    ck_assert(!writer.write(line) && writer.waiting());
    ck_assert_uint_eq(writer.dropped(), 2);
    // One that stands still is not waited for.
    writer.flush(1);
    std::string part(4096, 0);
    const auto read_some = [&] {
      const ssize_t size = read(fds[0], part.data(), part.size());
      all.append(part, 0, static_cast<size_t>(std::max<ssize_t>(size, 0)));
      return size > 0;
    };
    while (!contains(all, "lost") && read_some()) {
    }
    ck_assert_uint_eq(all.size(), taken * line.size() + 7);
    ck_assert(contains(all, "x\n2 lost\n"));
    TemporaryDirectory folder;
    const std::string file = folder.file("next");
    writer.reopen(folder.file("nowhere/at/all"));
    ck_assert(writer.write("still here\n"));
    writer.reopen(file);
    ck_assert(writer.write("there\n"));
    writer.flush(kDeadlineMs);
    while (read_some()) {
    }
    char *text = nullptr;
    ck_assert(g_file_get_contents(file.c_str(), &text, nullptr, nullptr));
    expect_text(text, "there\n");
    g_free(text);
    // What cannot be opened at once is opened when it can be.
    const std::string nowhere = folder.file("later"), late = nowhere + "/log";
    writer.reopen(late);
    ck_assert(writer.write("there, too\n"));
    writer.flush(kDeadlineMs);
    ck_assert_int_eq(g_mkdir(nowhere.c_str(), 0700), 0);
    ck_assert(writer.write("then\n"));
    writer.flush(kDeadlineMs);
    ck_assert(g_file_get_contents(late.c_str(), &text, nullptr, nullptr));
    expect_text(text, "then\n");
    g_free(text);
    ck_assert(g_file_get_contents(file.c_str(), &text, nullptr, nullptr));
    expect_text(text, "there\nthere, too\n");
    g_free(text);
  }
  ck_assert(contains(all, "2 lost\nstill here\n"));
  close(fds[0]);
}
GST_END_TEST;

// The disk has room for a part of a line only: the next line is whole, and tells of it.
GST_START_TEST(test_torn_line) {
  TemporaryDirectory folder;
  const std::string file = folder.file("log"), line = std::string(99, 'x') + "\n";
  // The limit is a process's own.
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    const rlimit least = {150, limit.rlim_max};
    LineWriter writer(open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600),
                      [](uint64_t lines) { return std::to_string(lines) + " lost\n"; });
    setrlimit(RLIMIT_FSIZE, &least);
    for (int i = 0; i < 3; i++)
      writer.write(line);
    writer.flush(kDeadlineMs);
    setrlimit(RLIMIT_FSIZE, &limit);
    const bool good = writer.dropped() == 2 && writer.write("there\n");
    writer.flush(kDeadlineMs);
    _exit(good ? 0 : 1);
  }
  int status = 0;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert_int_eq(status, 0);
  char *text = nullptr;
  ck_assert(g_file_get_contents(file.c_str(), &text, nullptr, nullptr));
  const CharPtr owned(text);
  expect_text(text, line + std::string(50, 'x') + "\n2 lost\nthere\n");
}
GST_END_TEST;

static Suite *recorder_parts_suite() {
  Suite *suite = suite_create("recorder_parts");
  TCase *tc = tcase_create("parts");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_speakers);
  tcase_add_test(tc, test_long_lines);
  tcase_add_test(tc, test_same_person);
  tcase_add_test(tc, test_people);
  tcase_add_test(tc, test_many_names);
  tcase_add_test(tc, test_recent);
  tcase_add_test(tc, test_names);
  tcase_add_test(tc, test_spelling);
  tcase_add_test(tc, test_push_urls);
  tcase_add_test(tc, test_credentials);
  tcase_add_test(tc, test_table);
  tcase_add_test(tc, test_line_writer);
  tcase_add_test(tc, test_torn_line);
  return suite;
}

GST_CHECK_MAIN(recorder_parts)

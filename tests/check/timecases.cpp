// SPDX-License-Identifier: LGPL-2.1-or-later
// Timestamps that are not right, in five minutes of a meeting: one pad's trouble stays its own.
#include "meetingsim.h"

#include <gst/check/gstcheck.h>

#include <cmath>

using namespace rtmscheck;

namespace {

constexpr double kMs = 1e6;       // in ns
constexpr double kOthersMs = 1;   // what a fault may move other pads by
constexpr double kSkewMs = 5;     // what so much jitter makes of a drift that is none
constexpr double kRightMs = 40;   // how exact the odd pad is
constexpr double kWithinS = 5;    // of its media
constexpr double kKindsMs = 150;  // what the delays of two kinds of media differ by
constexpr double kAt = 60;        // when the fault begins
constexpr double kSoon = 0.2;     // after the first audio, which defines the mapping
constexpr int kEnd_s = 300;

using Change = std::function<void(SimMeeting *)>;

struct Case {
  std::string name;
  SimOptions options;
  std::string odd;  // the pad whose timestamps are not right; "*": all; "": none
  Change fault;
  Change both = {};  // what is true without the fault, too
  bool backlog = false;
  double at = kAt;
  double right_ms = kRightMs, within_s = kWithinS;
};

SimOptions mix() {
  SimOptions options;
  options.seconds = kEnd_s;
  return options;
}

SimOptions participants() {
  SimOptions options = mix();
  options.participants = true;
  return options;
}

SimOptions audio_only(bool each) {
  SimOptions options = each ? participants() : mix();
  options.video = options.screen = false;
  return options;
}

Change one(const std::string &pad, double at, int64_t by_ms) {
  return [=](SimMeeting *meeting) { meeting->shift_one(pad, at, by_ms); };
}

Change all(const std::string &pad, double from, double to, int64_t by_ms) {
  return [=](SimMeeting *meeting) { meeting->shift(pad, from, to, by_ms); };
}

Change late(const std::string &pad, double at) {
  return [=](SimMeeting *meeting) { meeting->remove(pad, -100, at); };
}

// The speaker changes each two seconds; the clock of every second camera is off.
Change cameras(int64_t by_ms) {
  return [=](SimMeeting *meeting) {
    for (int at = 10; at < kEnd_s; at += 4)
      meeting->shift("video", at, at + 2, by_ms);
  };
}

std::vector<Case> odd_messages() {
  std::vector<Case> cases;
  for (int64_t by_ms : {-3600000, -60000, -5000, -1500, 1500, 5000, 30000, 60000, 3600000}) {
    const std::string by = " " + std::to_string(by_ms) + " ms";
    cases.push_back({"one chat" + by, mix(), "chat", one("chat", kAt, by_ms)});
    for (const char *pad : {"audio", "video", "screen"}) {
      cases.push_back({std::string("one of ") + pad + by, mix(), pad, one(pad, kAt, by_ms)});
      if (std::string(pad) != "audio")
        cases.push_back({std::string("the first of ") + pad + by, mix(), pad, one(pad, 5, by_ms),
                         late(pad, 5), false, 5});
    }
    cases.push_back({"one of a speaker" + by, participants(), "A", one("A", kAt, by_ms)});
    cases.push_back(
        {"the first of a speaker" + by, participants(), "B", one("B", kAt, by_ms), late("B", kAt)});
    cases.push_back({"the first of a speaker, with a backlog" + by, participants(), "B",
                     one("B", kAt, by_ms), late("B", kAt), true});
  }
  cases.push_back({"the first picture at once", mix(), "video", one("video", kSoon, 30000),
                   late("video", kSoon), false, kSoon});
  return cases;
}

std::vector<Case> other_clocks() {
  std::vector<Case> cases;
  for (int64_t by_ms : {-3600000, -5000, -1500, 1500, 5000, 3600000}) {
    const std::string by = " " + std::to_string(by_ms) + " ms";
    cases.push_back({"second camera" + by, mix(), "video", cameras(by_ms), {}, false, 10});
    for (const char *pad : {"audio", "video", "screen"}) {
      cases.push_back({std::string(pad) + by, mix(), pad, all(pad, kAt, kEnd_s, by_ms)});
      cases.push_back(
          {std::string(pad) + " and back" + by, mix(), pad, all(pad, kAt, 2 * kAt, by_ms)});
    }
    // Nobody knows then how long such media take. Until those that were ahead are moved, they have
    // taken up some seconds more.
    for (const char *pad : {"video", "screen"})
      cases.push_back({std::string(pad) + " from the start" + by, mix(), pad,
                       all(pad, kSoon, kEnd_s, by_ms), late(pad, kSoon), false, kSoon, kKindsMs,
                       2 * kWithinS});
    cases.push_back({"a speaker" + by, participants(), "A", all("A", kAt, kEnd_s, by_ms)});
    cases.push_back(
        {"a new speaker" + by, participants(), "B", all("B", kAt, kEnd_s, by_ms), late("B", kAt)});
    cases.push_back({"server" + by, mix(), "*", all("", kAt, kEnd_s, by_ms)});
    cases.push_back({"server and back" + by, mix(), "*", all("", kAt, 2 * kAt, by_ms)});
    cases.push_back(
        {"server, participants" + by, participants(), "*", all("", kAt, kEnd_s, by_ms)});
    cases.push_back(
        {"server, only audio" + by, audio_only(false), "*", all("", kAt, kEnd_s, by_ms)});
    cases.push_back(
        {"server, only participants" + by, audio_only(true), "*", all("", kAt, kEnd_s, by_ms)});
  }
  return cases;
}

// The sender pauses, and goes on as if it had not.
std::vector<Case> pauses() {
  std::vector<Case> cases;
  for (double for_s : {1.5, 3.0, 10.0}) {
    const auto add = [&](const SimOptions &options, const std::string &pad) {
      cases.push_back({"pause of " + pad, options, pad.empty() ? "*" : pad,
                       [=](SimMeeting *meeting) { meeting->pause(pad, kAt, for_s); }});
    };
    add(participants(), "A");
    for (const char *pad : {"audio", "video", "screen", ""})
      add(mix(), pad);
  }
  return cases;
}

// Nothing of that is a fault: all media stay where their timestamps say.
std::vector<Case> true_timestamps() {
  std::vector<Case> cases;
  for (bool each : {false, true}) {
    SimOptions options = each ? participants() : mix();
    const std::string who = each ? "participants" : "mix";
    cases.push_back({who, options, "", {}});
    for (double pace : {0.0, 5.0, 1.0}) {
      for (int length : {1, 4, 10, 25, 50})
        for (int connections : {1, 4})
          cases.push_back({who + ": replay", options, "", [=](SimMeeting *meeting) {
                             for (int i = 0; i < connections; i++)
                               meeting->hold_up({i, kAt, kAt + length, pace, true});
                           }});
      options.backlog_seconds = 60;
      const auto held = [=](SimMeeting *meeting) { meeting->hold_up({0, -100, 0, pace}); };
      cases.push_back({who + ": backlog", options, "", held, {}, true});
      options.backlog_seconds = 0;
    }
    for (double pace : {0.0, 5.0, 1.1})
      for (int connection : {0, 1, 2})
        cases.push_back({who + ": held up", options, "", [=](SimMeeting *meeting) {
                           meeting->hold_up({connection, kAt, kAt + 10, pace});
                         }});
    options.speed = 20;
    cases.push_back({who + ": 20 times as fast", options, "", {}});
    options.speed = 1;
    options.unified = true;
    const auto all_held = [](SimMeeting *meeting) { meeting->hold_up({0, kAt, kAt + 10}); };
    cases.push_back({who + ": unified, held up", options, "", all_held});
  }
  return cases;
}

const std::vector<Case> &cases(std::vector<Case> (*make)()) {
  static std::map<std::vector<Case> (*)(), std::vector<Case>> made;
  auto &found = made[make];
  if (found.empty())
    found = make();
  return found;
}

SimMeeting meeting_of(const Case &test, bool fault) {
  SimMeeting meeting(test.options);
  if (test.both)
    test.both(&meeting);
  if (fault && test.fault)
    test.fault(&meeting);
  return meeting;
}

using Key = std::pair<std::size_t, int64_t>;

double off_ms(int64_t position_ns, int64_t wanted_ns) {
  return std::abs(static_cast<double>(position_ns - wanted_ns)) / kMs;
}

// A pad's positions never go back, each message has one.
void expect_in_order(const std::vector<SimMessage> &messages) {
  std::map<std::size_t, int64_t> last;
  for (const SimMessage &message : messages) {
    auto found = last.find(message.pad);
    if (found != last.end() && message.position_ns < found->second)
      ck_abort_msg("a position goes back");
    last[message.pad] = message.position_ns;
  }
}

struct Clean {
  std::map<Key, int64_t> positions;
  explicit Clean(const Case &test) {
    for (const SimMessage &message : meeting_of(test, false).play(test.backlog))
      positions[{message.pad, message.captured_us}] = message.position_ns;
  }
  int64_t of(const SimMessage &message) const {
    return positions.at({message.pad, message.captured_us});
  }
};

}  // namespace

// Only the odd pad is touched, and that is right again soon.
static void expect_only_odd(const Case &test) {
  const SimMeeting meeting = meeting_of(test, true);
  const Clean clean(test);
  const std::vector<SimMessage> messages = meeting.play(test.backlog);
  ck_assert_uint_eq(messages.size(), meeting.deliver().size());
  expect_in_order(messages);
  std::map<std::size_t, double> media_s;
  for (const SimMessage &message : messages) {
    const SimPad &pad = meeting.pads()[message.pad];
    const double captured_s = message.captured_us / 1e6;
    if (test.odd != "*" && test.odd != pad.name) {
      if (off_ms(message.position_ns, clean.of(message)) > kOthersMs)
        ck_abort_msg("%s: %s", test.name.c_str(), to_string(message, meeting).c_str());
      continue;
    }
    if (captured_s < test.at || pad.kind == SimKind::Chat)
      continue;
    // Back again is a second fault.
    if (captured_s >= 2 * test.at && captured_s - 2 * test.at < 0.1)
      media_s[message.pad] = 0;
    if ((media_s[message.pad] += static_cast<double>(pad.period_us) / 1e6) < test.within_s)
      continue;
    if (off_ms(message.position_ns, message.captured_us * 1000) > test.right_ms)
      ck_abort_msg("%s: %s", test.name.c_str(), to_string(message, meeting).c_str());
  }
}

GST_START_TEST(test_odd_messages) {
  expect_only_odd(cases(odd_messages)[static_cast<std::size_t>(__i__)]);
}
GST_END_TEST;

GST_START_TEST(test_other_clocks) {
  expect_only_odd(cases(other_clocks)[static_cast<std::size_t>(__i__)]);
}
GST_END_TEST;

GST_START_TEST(test_pauses) {
  expect_only_odd(cases(pauses)[static_cast<std::size_t>(__i__)]);
}
GST_END_TEST;

GST_START_TEST(test_true_timestamps) {
  const Case &test = cases(true_timestamps)[static_cast<std::size_t>(__i__)];
  const SimMeeting meeting = meeting_of(test, true);
  const std::vector<SimMessage> messages = meeting.play(test.backlog);
  expect_in_order(messages);
  std::map<std::size_t, int64_t> floor_ns;
  for (const SimMessage &message : messages) {
    if (message.decision.any() || message.discont)
      ck_abort_msg("%s: %s", test.name.c_str(), to_string(message, meeting).c_str());
    const SimPad &pad = meeting.pads()[message.pad];
    const bool picture = pad.kind == SimKind::Video || pad.kind == SimKind::Screen;
    auto found = floor_ns.try_emplace(message.pad, messages.front().position_ns).first;
    const int64_t wanted_ns = std::max(message.stamp_ms * 1000000, found->second);
    if (off_ms(message.position_ns, wanted_ns) > kSkewMs)
      ck_abort_msg("%s: %s", test.name.c_str(), to_string(message, meeting).c_str());
    found->second = message.position_ns + (picture ? 1000000 : 0);
  }
}
GST_END_TEST;

// A drift of all clocks: pads stay together, and with the arrivals.
GST_START_TEST(test_slew) {
  constexpr double kWithArrivalMs = 120;
  SimOptions options = __i__ < 2 ? mix() : participants();
  options.seconds = 2 * kEnd_s;
  options.ppm = __i__ % 2 ? 500 : -500;
  const SimMeeting meeting(options);
  const std::vector<SimMessage> messages = meeting.play(false);
  expect_in_order(messages);
  for (const SimMessage &message : messages) {
    if (message.decision.any())
      ck_abort_msg("%s", to_string(message, meeting).c_str());
    if (meeting.pads()[message.pad].kind != SimKind::Chat)
      if (off_ms(message.position_ns, message.captured_us * 1000) > kWithArrivalMs)
        ck_abort_msg("%s", to_string(message, meeting).c_str());
  }
}
GST_END_TEST;

static void add(Suite *suite, const char *name, TFun test, std::size_t count) {
  constexpr double kPatienceSeconds = 60;
  TCase *tcase = tcase_create(name);
  tcase_set_timeout(tcase, kPatienceSeconds);
  tcase_add_loop_test(tcase, test, 0, static_cast<int>(count));
  suite_add_tcase(suite, tcase);
}

// Test cases, so that they run side by side.
static Suite *timecases_suite(void) {
  Suite *suite = suite_create("timecases");
  add(suite, "odd-messages", test_odd_messages, cases(odd_messages).size());
  add(suite, "other-clocks", test_other_clocks, cases(other_clocks).size());
  add(suite, "pauses", test_pauses, cases(pauses).size());
  add(suite, "true-timestamps", test_true_timestamps, cases(true_timestamps).size());
  add(suite, "slew", test_slew, 4);
  return suite;
}

GST_CHECK_MAIN(timecases)

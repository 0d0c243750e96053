// SPDX-License-Identifier: LGPL-2.1-or-later
// Timestamps that are not right, over real sockets and in real time: one pad's trouble stays its
// own.
#include <cmath>
#include <deque>
#include <optional>

#include "live.h"

using namespace rtmscheck;

namespace {

constexpr size_t kDigits = 20;  // of the time of capture, at the end of a payload
constexpr uint64_t kFirst = 11, kSecond = 22;
constexpr double kOthersMs = 1;
const double kRightMs = 200 * slowness();  // the machine may be busy

struct Moment {
  Media media;
  uint64_t user;
  int64_t at_ms;
  bool first;  // of its pad
};

struct Fault {
  const char *name;
  const char *odd;            // the pad whose timestamps are not right
  int64_t from_ms, right_ms;  // since when, and when it has to be right again
  int64_t second_ms;          // since when a second speaker speaks; 0: it is the mix
  int64_t video_ms;           // since when the camera is on
  // What a timestamp is off by; nothing: no message at all.
  std::optional<int64_t> (*off_ms)(const Moment &moment);
};

constexpr int64_t kSeconds = 14;

std::optional<int64_t> old_chat(const Moment &moment) {
  return moment.media == Media::Chat && moment.at_ms == 6000 ? -6000 : 0;
}

std::optional<int64_t> lagging_camera(const Moment &moment) {
  return moment.media == Media::Video && moment.user == kSecond ? -1500 : 0;
}

std::optional<int64_t> one_packet(const Moment &moment) {
  return moment.media == Media::Audio && moment.at_ms == 5000 ? 5000 : 0;
}

std::optional<int64_t> first_of_a_speaker(const Moment &moment) {
  return moment.user == kSecond && moment.media == Media::Audio && moment.first ? 60000 : 0;
}

std::optional<int64_t> first_picture(const Moment &moment) {
  return moment.media == Media::Video && moment.first ? 30000 : 0;
}

std::optional<int64_t> pause_of_a_speaker(const Moment &moment) {
  if (moment.media != Media::Audio || moment.user != kFirst || moment.at_ms < 4000)
    return 0;
  return moment.at_ms < 7000 ? std::nullopt : std::optional<int64_t>(-3000);
}

std::optional<int64_t> all_clocks(const Moment &moment) {
  return moment.at_ms >= 5000 ? -5000 : 0;
}

const Fault kFaults[] = {
    {"chat", "chat", 6000, 7000, 0, 0, old_chat},
    {"camera", "video", 2000, 3000, 0, 0, lagging_camera},
    {"packet", "audio", 5000, 5020, 0, 0, one_packet},
    {"speaker", "audio_1", 5000, 5020, 5000, 0, first_of_a_speaker},
    {"picture", "video", 5000, 5040, 0, 5000, first_picture},
    {"pause", "audio_0", 7000, 12000, 20, 0, pause_of_a_speaker},
    {"server", "", 5000, 6000, 0, 0, all_clocks},
};

MediaItem item_of(const Moment &moment) {
  char digits[kDigits + 1];
  g_snprintf(digits, sizeof digits, "%020" G_GINT64_FORMAT, moment.at_ms);
  Bytes payload = text_bytes("Hello.");
  if (moment.media == Media::Audio)
    payload = random_bytes(640 - kDigits, 1);
  else if (moment.media == Media::Video)
    payload = access_unit(moment.first || moment.at_ms % 2000 == 0, 500, 1);
  if (moment.media != Media::Chat)
    payload.insert(payload.end(), digits, digits + kDigits);
  return item(moment.media, moment.at_ms, std::move(payload), moment.user);
}

// Each message is due when it was captured, whatever it says.
class Schedule : public MediaSource {
 public:
  explicit Schedule(const Fault &fault) {
    bool speaks = false, shows = false;
    for (int64_t at_ms = 0; at_ms < kSeconds * 1000; at_ms += 20) {
      add(fault, {Media::Audio, fault.second_ms ? kFirst : 0, at_ms, at_ms == 0});
      if (fault.second_ms && at_ms >= fault.second_ms)
        add(fault, {Media::Audio, kSecond, at_ms, !std::exchange(speaks, true)});
      const uint64_t camera = at_ms / 2000 % 2 ? kSecond : kFirst;
      if (at_ms % 40 == 0 && at_ms >= fault.video_ms)
        add(fault, {Media::Video, camera, at_ms, !std::exchange(shows, true)});
      if (at_ms % 2000 == 0 && at_ms > 0)
        add(fault, {Media::Chat, kFirst, at_ms, false});
    }
  }

  bool next(Media m, MediaItem &item, int64_t &due_ms) override {
    auto &queue = items_[m];
    if (queue.empty())
      return false;
    due_ms = queue.front().first;
    item = std::move(queue.front().second);
    queue.pop_front();
    return true;
  }
  size_t count(Media m) const { return counts_.at(m); }

 private:
  void add(const Fault &fault, const Moment &moment) {
    const auto off_ms = fault.off_ms(moment);
    if (!off_ms)
      return;
    MediaItem item = item_of(moment);
    item.timestamp += *off_ms;
    items_[moment.media].push_back({moment.at_ms, std::move(item)});
    counts_[moment.media]++;
  }

  std::map<Media, std::deque<std::pair<int64_t, MediaItem>>> items_;
  std::map<Media, size_t> counts_;
};

int64_t captured_ms(const std::string &pad, size_t index, const Packet &packet) {
  if (pad == "chat")
    return static_cast<int64_t>(index + 1) * 2000;
  ck_assert_uint_gt(packet.bytes.size(), kDigits);
  return g_ascii_strtoll(std::string(packet.bytes.end() - kDigits, packet.bytes.end()).c_str(),
                         nullptr, 10);
}

void expect_in_place(const Fault &fault, const std::string &name, const PadRecord &pad) {
  const bool odd = name == fault.odd || *fault.odd == '\0';
  GstClockTime last = 0;
  for (size_t i = 0; i < pad.packets.size(); i++) {
    const Packet &packet = pad.packets[i];
    const int64_t at_ms = captured_ms(name, i, packet);
    ck_assert_msg(packet.pts >= last, "%s: %s goes back at %d ms", fault.name, name.c_str(),
                  static_cast<int>(at_ms));
    last = packet.pts;
    const double off_ms =
        std::abs(static_cast<double>(packet.pts) / GST_MSECOND - static_cast<double>(at_ms));
    if (!odd || at_ms < fault.from_ms)
      ck_assert_msg(off_ms <= kOthersMs, "%s: %s is %.1f ms off at %d ms", fault.name, name.c_str(),
                    off_ms, static_cast<int>(at_ms));
    else if (at_ms >= fault.right_ms && in_real_time())
      ck_assert_msg(off_ms <= kRightMs, "%s: %s is %.1f ms off at %d ms", fault.name, name.c_str(),
                    off_ms, static_cast<int>(at_ms));
  }
}

guint64 discontinuities(GstElement *src) {
  GstStructure *stats = nullptr;
  g_object_get(src, "stats", &stats, nullptr);
  guint64 count = 0;
  ck_assert(gst_structure_get_uint64(stats, "discontinuities", &count));
  gst_structure_free(stats);
  return count;
}

}  // namespace

GST_START_TEST(test_fault) {
  const Fault &fault = kFaults[__i__];
  auto source = std::make_shared<Schedule>(fault);
  Config config = fast_config(source);
  config.pace = Pace::Realtime;
  auto server = serve(config);
  Player player(*server, [&](GstElement *src) {
    set(src, "media-types", "audio+video+chat");
    // What a busy machine delays is in place all the same. After the pause, late audio meets GAPs.
    if (!g_str_equal(fault.name, "pause"))
      g_object_set(src, "latency", 5000, nullptr);
    if (fault.second_ms)
      set(src, "audio-streams", "per-participant");
  });
  player.play();
  player.wait_eos();
  const guint64 odd = discontinuities(player.src());
  player.stop();
  size_t audio = 0;
  for (const auto &[name, pad] : player.record().pads) {
    expect_in_place(fault, name, pad);
    audio += contains(name, "audio") ? pad.packets.size() : 0;
  }
  if (!in_real_time())
    return;
  ck_assert_uint_eq(audio, source->count(Media::Audio));
  ck_assert_uint_eq(player.record().packets("video"), source->count(Media::Video));
  ck_assert_uint_eq(player.record().packets("chat"), source->count(Media::Chat));
  // Neither an old text nor lateness makes a message odd.
  const bool counted = fault.off_ms != old_chat && fault.off_ms != pause_of_a_speaker;
  ck_assert_msg(counted == (odd > 0), "%s: %u", fault.name, static_cast<unsigned>(odd));
}
GST_END_TEST;

// A test case for each, so that they run side by side.
static Suite *rtmssrc_oddtime_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_oddtime");
  for (int i = 0; i < static_cast<int>(G_N_ELEMENTS(kFaults)); i++) {
    TCase *tcase = tcase_create(kFaults[i].name);
    tcase_set_timeout(tcase, kPatienceSeconds);
    tcase_add_loop_test(tcase, test_fault, i, i + 1);
    suite_add_tcase(suite, tcase);
  }
  return suite;
}

GST_CHECK_MAIN(rtmssrc_oddtime)

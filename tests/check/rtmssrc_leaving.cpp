// SPDX-License-Identifier: LGPL-2.1-or-later
// Participants who leave: their pads end and go, and nothing of them stays.
#include <unistd.h>
#include <filesystem>
#include <set>

#include "live.h"

using namespace rtmscheck;

namespace {

std::string person(uint64_t user) {
  return R"("participants":[{"user_id":)" + std::to_string(user) + "}]";
}
constexpr int kJoin = 3, kLeave = 4;

bool wait_packets(Player &player, const std::string &pad, size_t count) {
  return player.wait([&](const Record &r) { return r.packets(pad) >= count; });
}

Setup per_participant() {
  return [](GstElement *src) {
    set(src, "media-types", "audio");
    set(src, "audio-streams", "per-participant");
  };
}

Setup reconnecting_soon() {
  return [](GstElement *src) {
    per_participant()(src);
    g_object_set(src, "retry-delay", 100, "retry-delay-max", 200, nullptr);
  };
}

// The connection of the audio is lost, and cannot be made until it is there again.
void take_audio_away(Server *server) {
  server->configure([](Config &config) { config.upgrade_status_media = 503; });
  server->drop(Media::Audio, true);
}

void give_audio_back(Server *server) {
  server->configure([](Config &config) { config.upgrade_status_media = 0; });
  wait_ready(*server, 2);
}

std::ptrdiff_t threads() {
  const std::filesystem::directory_iterator all("/proc/self/task");
  return std::distance(begin(all), end(all));
}

long resident_kb() {
  long total = 0, resident = 0;
  if (FILE *file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%ld %ld", &total, &resident) != 2)
      resident = 0;
    std::fclose(file);
  }
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

// A pipeline whose branches go with their pads.
class Crowd {
 public:
  explicit Crowd(const Server &server)
      : pipeline_(static_cast<GstElement *>(gst_object_ref_sink(gst_pipeline_new(nullptr)))),
        src_(gst_element_factory_make("rtmssrc", nullptr)) {
    gst_bin_add(GST_BIN(pipeline_.get()), src_);
    g_object_set(src_, "webhook", server.webhook_json().c_str(), "client-id", "test-client",
                 "client-secret", "test-secret", nullptr);
    per_participant()(src_);
    g_signal_connect(src_, "pad-added", G_CALLBACK(added), this);
    g_signal_connect(src_, "pad-removed", G_CALLBACK(removed), this);
    BusPtr bus(gst_element_get_bus(pipeline_.get()));
    gst_bus_set_sync_handler(bus.get(), on_message, this, nullptr);
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
  }
  ~Crowd() {
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    BusPtr bus(gst_element_get_bus(pipeline_.get()));
    gst_bus_set_sync_handler(bus.get(), nullptr, nullptr, nullptr);
  }

  template <typename Fn>
  bool wait(Fn &&fn) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(3 * kDeadlineMs), fn);
  }

  size_t packets = 0, joined = 0, gone = 0, ends = 0;
  std::map<GstPad *, GstElement *> sinks;
  std::set<std::string> streams;
  std::string trouble;

 private:
  template <typename Fn>
  void change(Fn &&fn) {
    std::lock_guard<std::mutex> lock(mutex_);
    fn();
    changed_.notify_all();
  }

  static GstPadProbeReturn count(GstPad *, GstPadProbeInfo *info, gpointer data) {
    auto self = static_cast<Crowd *>(data);
    self->change([&] {
      if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER)
        self->packets++;
      else if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS)
        self->ends++;
    });
    return GST_PAD_PROBE_OK;
  }

  static void added(GstElement *, GstPad *pad, gpointer data) {
    auto self = static_cast<Crowd *>(data);
    GstElement *sink = gst_element_factory_make("fakesink", nullptr);
    g_object_set(sink, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, nullptr);
    gst_bin_add(GST_BIN(self->pipeline_.get()), sink);
    GstPad *input = gst_element_get_static_pad(sink, "sink");
    gst_pad_add_probe(input,
                      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER |
                                                   GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
                      count, data, nullptr);
    gst_element_sync_state_with_parent(sink);
    gst_pad_link(pad, input);
    gst_object_unref(input);
    CharPtr stream(gst_pad_get_stream_id(pad));
    self->change([&] {
      self->sinks[pad] = sink;
      if (!self->streams.insert(stream.get()).second)
        self->trouble += std::string("twice: ") + stream.get() + "\n";
    });
  }

  static void removed(GstElement *, GstPad *pad, gpointer data) {
    auto self = static_cast<Crowd *>(data);
    GstElement *sink = nullptr;
    self->change([&] {
      sink = self->sinks[pad];
      self->sinks.erase(pad);
      self->gone++;
    });
    gst_element_set_locked_state(sink, TRUE);
    gst_element_set_state(sink, GST_STATE_NULL);
    gst_bin_remove(GST_BIN(self->pipeline_.get()), sink);
  }

  static GstBusSyncReply on_message(GstBus *, GstMessage *message, gpointer data) {
    auto self = static_cast<Crowd *>(data);
    self->change([&] {
      const GstStructure *structure = gst_message_get_structure(message);
      if (structure && gst_structure_has_name(structure, "rtms-participant-joined"))
        self->joined++;
      const GstMessageType type = GST_MESSAGE_TYPE(message);
      if (type == GST_MESSAGE_ERROR || type == GST_MESSAGE_WARNING)
        self->trouble += failure_of(message).text + "\n";
    });
    gst_message_unref(message);
    return GST_BUS_DROP;
  }

  ElementPtr pipeline_;
  GstElement *src_;
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace

// Nothing is heard of somebody for ten seconds: then the pad ends, and goes.
GST_START_TEST(test_removed) {
  auto server = serve(quiet_config());
  Player player(*server, per_participant());
  player.play();
  wait_ready(*server, 1);
  server->send_media(Media::Audio, audio_json(0, 7));
  server->send_media(Media::Audio, audio_json(0, 8));
  ck_assert(wait_packets(player, "audio_0", 1) && wait_packets(player, "audio_1", 1));
  server->send_signaling(event_json(kLeave, person(7)));
  // What they said before overtakes nothing.
  server->send_media(Media::Audio, audio_json(20, 7));
  ck_assert(wait_packets(player, "audio_0", 2));
  ck_assert(player.wait(
      [](const Record &r) {
        return r.pads.at("audio_0").eos() && count(r.signals, "-audio_0") == 1;
      },
      2 * kDeadlineMs));
  server->send_media(Media::Audio, audio_json(10000, 8));
  ck_assert(wait_packets(player, "audio_1", 2));
  // The third of the pads, and again the seventh's.
  server->send_media(Media::Audio, audio_json(10000, 7));
  ck_assert(wait_packets(player, "audio_2", 1));
  player.stop();
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
}
GST_END_TEST;

// While the connection of the audio is lost, somebody speaks and leaves: what was said then has the
// same pad.
GST_START_TEST(test_left_meanwhile) {
  constexpr int kAwayMs = 11500;  // longer than the pad stays otherwise
  auto server = serve(quiet_config());
  Player player(*server, reconnecting_soon());
  player.play();
  wait_ready(*server, 1);
  for (uint64_t user : {7, 8})
    server->send_media(Media::Audio, audio_json(0, user));
  ck_assert(wait_packets(player, "audio_0", 1) && wait_packets(player, "audio_1", 1));
  take_audio_away(server.get());
  server->send_signaling(event_json(kLeave, person(7)));
  const auto removed = [](const Record &r) { return count(r.signals, "-audio_0") == 1; };
  ck_assert(!player.wait(removed, kAwayMs));
  give_audio_back(server.get());
  server->send_media(Media::Audio, audio_json(5000, 7));
  ck_assert(wait_packets(player, "audio_0", 2));
  ck_assert(player.wait(removed, 2 * kDeadlineMs));
  player.stop();
}
GST_END_TEST;

// While the connection of the audio is lost, somebody comes, speaks and leaves, or leaves who was
// there: what was said comes long after its return, and the pad ends nevertheless.
GST_START_TEST(test_heard_later) {
  constexpr int kLaterMs = 2500, kLeftMs = 6000;
  const bool was_there = __i__ == 0;
  auto server = serve(quiet_config());
  Player player(*server, reconnecting_soon());
  player.play();
  wait_ready(*server, 1);
  server->send_media(Media::Audio, audio_json(0, was_there ? 7 : 8));
  ck_assert(wait_packets(player, "audio_0", 1));
  take_audio_away(server.get());
  server->send_signaling(event_json(kLeave, person(7), kLeftMs));
  ck_assert(player.wait([](const Record &r) { return !r.named("rtms-participant-left").empty(); }));
  give_audio_back(server.get());
  const auto removed = [=](const Record &r) {
    return count(r.signals, was_there ? "-audio_0" : "-audio_1") == 1;
  };
  ck_assert(!player.wait(removed, kLaterMs));
  server->send_media(Media::Audio, audio_json(5000, 7));
  ck_assert(wait_packets(player, was_there ? "audio_0" : "audio_1", was_there ? 2 : 1));
  ck_assert(player.wait(removed, 2 * kDeadlineMs));
  player.stop();
}
GST_END_TEST;

// The last participant is gone, and no other pad is linked, or there is no other: the stream goes
// on, with the next one, and its end is an end.
GST_START_TEST(test_nobody_there) {
  const bool with_video = __i__ == 0;
  auto server = serve(quiet_config());
  Player player(*server, [=](GstElement *src) {
    set(src, "media-types", with_video ? "audio+video" : "audio");
    set(src, "audio-streams", "per-participant");
  });
  const auto send_frame = [&](int64_t at_ms) {
    server->send_media(Media::Video, media_json(15, at_ms, access_unit(true, 500, 1)));
  };
  player.play();
  wait_ready(*server, with_video ? 2 : 1);
  server->send_media(Media::Audio, audio_json(0, 7));
  ck_assert(wait_packets(player, "audio_0", 1));
  if (with_video) {
    send_frame(0);
    ck_assert(wait_packets(player, "video", 1));
    const Ptr<GstPad, gst_object_unref> video(gst_element_get_static_pad(player.src(), "video"));
    const Ptr<GstPad, gst_object_unref> sink(gst_pad_get_peer(video.get()));
    gst_pad_unlink(video.get(), sink.get());
    send_frame(40);
  }
  server->send_signaling(event_json(kLeave, person(7)));
  ck_assert(player.wait([](const Record &r) { return count(r.signals, "-audio_0") == 1; },
                        2 * kDeadlineMs));
  if (with_video) {
    server->send_media(Media::Audio, audio_json(12000, 8));
    ck_assert_msg(wait_packets(player, "audio_1", 1), "%s", player.summary().c_str());
  }
  server->send_signaling(R"({"msg_type":8,"state":4,"reason":6,"timestamp":1738392033699})");
  ck_assert(server->wait_for([](const Server &s) { return s.connections() == 0; }, kDeadlineMs));
  player.stop();
  ck_assert_msg(player.record().count(GST_MESSAGE_ERROR) == 0, "%s", player.summary().c_str());
}
GST_END_TEST;

// Whoever is back within that has not been away.
GST_START_TEST(test_back_again) {
  constexpr unsigned kTimes = 140;
  auto server = serve(quiet_config());
  Player player(*server, per_participant());
  player.play();
  wait_ready(*server, 1);
  for (unsigned i = 1; i <= kTimes; i++) {
    server->send_signaling(event_json(kJoin, person(7)));
    ck_assert(player.wait(
        [i](const Record &r) { return r.named("rtms-participant-joined").size() >= i; }));
    server->send_media(Media::Audio, audio_json(20 * i, 7));
    ck_assert(wait_packets(player, "audio_0", i));
    server->send_signaling(event_json(kLeave, person(7)));
    ck_assert(
        player.wait([i](const Record &r) { return r.named("rtms-participant-left").size() >= i; }));
  }
  player.stop();
  ck_assert_uint_eq(player.record().pads.size(), 1);
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), 0);
}
GST_END_TEST;

// 200 people come, speak and go, again and again: RTMS_COMINGS times. So many of them are there at
// once; one who came before speaks with each who comes.
constexpr size_t kPresent[] = {1, 100};

GST_START_TEST(test_coming_and_going) {
  constexpr size_t kPeople = 200, kMostPads = 2 * 128;
  const size_t present = kPresent[__i__];
  const char *asked = g_getenv("RTMS_COMINGS");
  const size_t comings = asked ? static_cast<size_t>(std::atoi(asked)) : 600;
  auto server = serve(quiet_config());
  Crowd crowd(*server);
  wait_ready(*server, 1);
  const auto user = [](size_t i) { return 1000 + i % kPeople; };
  size_t sent = 0;
  const auto speak = [&](size_t i, size_t at_ms) {
    server->send_media(Media::Audio, audio_json(static_cast<int64_t>(at_ms), user(i)));
    sent++;
  };
  std::ptrdiff_t most_threads = 0, threads_before = 0;
  long kb = 0;
  for (size_t i = 0; i < comings; i++) {
    server->send_signaling(event_json(kJoin, person(user(i))));
    ck_assert(crowd.wait([&] { return crowd.joined > i; }));
    for (size_t packet = 0; packet < 3; packet++)
      speak(i, 60 * i + 20 * packet);
    if (present > 1 && i >= present / 2)
      speak(i - present / 2, 60 * i + 40);
    ck_assert_msg(crowd.wait([&] { return crowd.packets >= sent; }),
                  "%zu comings: %zu packets of %zu, %zu pads, %s", i, crowd.packets, sent,
                  crowd.sinks.size(), crowd.trouble.c_str());
    if (i + 1 >= present)
      server->send_signaling(event_json(kLeave, person(user(i + 1 - present))));
    ck_assert(crowd.wait([&] { return crowd.sinks.size() <= kMostPads; }));
    most_threads = std::max(most_threads, threads());
    if (i == comings / 2) {
      kb = resident_kb();
      threads_before = most_threads;
    }
  }
  size_t pads = 0, gone = 0, packets = 0;
  std::string trouble;
  ck_assert(crowd.wait([&] {
    pads = crowd.sinks.size();
    gone = crowd.gone;
    packets = crowd.packets;
    trouble = crowd.trouble;
    return true;
  }));
  ck_assert_msg(trouble.empty(), "%s", trouble.c_str());
  ck_assert_int_le(most_threads, static_cast<std::ptrdiff_t>(kMostPads + 20));
  g_print(
      "%zu comings, %zu at once: %zu packets of %zu, %zu pads now, %zu gone, %td threads at most, "
      "in the first half %td, RSS %ld kB, in the middle %ld kB\n",
      comings, present, packets, sent, pads, gone, most_threads, threads_before, resident_kb(), kb);
  ck_assert_uint_eq(packets, sent);
  if (in_real_time() && asked)
    ck_assert_int_le(resident_kb(), kb + kb / 10);
}
GST_END_TEST;

static Suite *rtmssrc_leaving_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_leaving");
  TCase *leaving = tcase_create("leaving");
  tcase_set_timeout(leaving, kPatienceSeconds);
  tcase_add_test(leaving, test_removed);
  tcase_add_test(leaving, test_left_meanwhile);
  tcase_add_loop_test(leaving, test_heard_later, 0, 2);
  tcase_add_loop_test(leaving, test_nobody_there, 0, 2);
  tcase_add_test(leaving, test_back_again);
  suite_add_tcase(suite, leaving);
  TCase *crowd = tcase_create("crowd");
  tcase_set_timeout(crowd, g_getenv("RTMS_COMINGS") ? 1200 : kPatienceSeconds);
  tcase_add_loop_test(crowd, test_coming_and_going, 0, std::size(kPresent));
  suite_add_tcase(suite, crowd);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_leaving)

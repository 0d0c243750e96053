// SPDX-License-Identifier: LGPL-2.1-or-later
// One kind of media has trouble: it can neither end the others nor the process.
#include <algorithm>
#include <atomic>
#include <iterator>

#include "failures.h"
#include "hostile.h"
#include "status_names.h"

using namespace rtmscheck;

namespace {

constexpr char kBadAudio[] =
    R"({"msg_type":4,"status_code":0,"media_params":{"audio":{"content_type":2,"sample_rate":9,)"
    R"("channel":1,"codec":1,"data_opt":1,"send_rate":20}}})";

std::string event_7() {
  return event_json(7, R"("reason":0)");
}

// ---- a kind of media that cannot be had, or not any more ---------------------------------

enum class Trouble { RefusedFirst, RefusedForLong, BadParams, DiesForEver };
constexpr int kTroubles = 4;
constexpr char kNames[][11] = {"audio", "video", "screen", "transcript", "chat"};
constexpr int kParamStatus[] = {20, 27, 33, 36, 38};  // 36 and 38: text has nothing else to be bad
constexpr unsigned kWindowMs = 700;

struct Case {
  Trouble trouble;
  Media media;  // that has it
  bool unified;
};

Case case_of(int index) {
  return {static_cast<Trouble>(index / (2 * kMediaCount)),
          kAllMedia[static_cast<size_t>(index / 2) % kMediaCount], index % 2 == 1};
}

// What the warning, or the error, has to say.
std::vector<std::string> words_of(const Case &one) {
  const int index = static_cast<int>(one.media);
  switch (one.trouble) {
    case Trouble::RefusedFirst:
      return {std::to_string(9 + index), kStatusNames[9 + index]};
    case Trouble::RefusedForLong:
      return {"45", "INTERNAL_EXCEPTION"};
    case Trouble::BadParams:
      if (index < 2)
        return {"cannot be used", index ? "codec 99" : "sample_rate 9"};
      return {std::to_string(kParamStatus[index]), kStatusNames[kParamStatus[index]]};
    case Trouble::DiesForEver:
      break;
  }
  return {"ended"};
}

std::string message_of(Media media, int64_t at_ms) {
  switch (media) {
    case Media::Audio:
      return audio_json(at_ms);
    case Media::Transcript:
      return transcript_json(at_ms, "");
    case Media::Chat:
      return media_json(18, at_ms, text_bytes("Hi"));
    default:
      return media_json(media == Media::Video ? 15 : 16, at_ms, access_unit(true, 500, 1));
  }
}

// The media that a connection asks for; 0: it went.
unsigned requested(RawPeer &peer) {
  const std::string key = "\"media_type\":";
  while (std::optional<RawPeer::Frame> frame = peer.receive()) {
    const size_t at = frame->payload.find(key);
    if (at == std::string::npos)
      continue;
    const int mask = std::atoi(frame->payload.c_str() + at + key.size());
    return mask == 32 ? 31u : static_cast<unsigned>(mask);
  }
  return 0;
}

// A meeting with all five kinds of media, one of which gets into trouble.
class Meeting {
 public:
  explicit Meeting(Case one)
      : case_(one),
        troubled_(one.trouble == Trouble::RefusedFirst),
        server_([this](RawPeer &peer) { signaling(peer); },
                [this](RawPeer &peer) { media(peer); }) {}

  Setup client(const std::string &media_types) const {
    return [this, media_types](GstElement *src) {
      server_.client()(src);
      set(src, "media-types", media_types);
      set(src, "connection-mode", case_.unified ? "unified" : "split");
      g_object_set(src, "media-reconnect-window", kWindowMs, nullptr);
    };
  }
  // Its connection is cut, and does not come back as it was.
  void cause_trouble() { troubled_ = true; }
  void end() { over_ = true; }
  void finish() { server_.finish(); }

 private:
  void signaling(RawPeer &peer);
  void media(RawPeer &peer);
  std::string answer(bool trouble) const;
  void send(RawPeer &peer, unsigned mask);

  bool concerns(unsigned mask) const { return mask & (1u << static_cast<unsigned>(case_.media)); }

  const Case case_;
  std::atomic<bool> troubled_;
  std::atomic<bool> over_{false};
  const int64_t start_us_ = g_get_monotonic_time();
  RawServer server_;
};

void Meeting::signaling(RawPeer &peer) {
  std::string urls = "\"all\":\"" + server_.media_url() + "\"";
  for (const char *key : {"audio", "video", "deskshare", "transcript", "chat"})
    urls += std::string(",\"") + key + "\":\"" + server_.url(std::string("/media/") + key) + "\"";
  if (!peer.upgrade() || !peer.expect(1) ||
      !peer.send_json(R"({"msg_type":2,"status_code":0,"media_server":{"server_urls":{)" + urls +
                      "}}}") ||
      !peer.expect(7))
    return;
  while (!over_ && server_.pause(20)) {
  }
  peer.send_json(R"({"msg_type":8,"state":4,"reason":6})");
  peer.linger();
}

void Meeting::media(RawPeer &peer) {
  if (!peer.upgrade())
    return;
  const unsigned mask = requested(peer);
  const bool trouble = troubled_ && concerns(mask);
  if (mask == 0 || (trouble && case_.trouble == Trouble::DiesForEver))
    return;
  if (!peer.send_json(answer(trouble)) || !peer.wait_ready())
    return;
  if (!trouble)
    send(peer, mask);
  if (trouble || !troubled_ || !concerns(mask))
    peer.linger();
}

std::string Meeting::answer(bool trouble) const {
  const auto index = static_cast<size_t>(case_.media);
  const std::string status = R"({"msg_type":4,"status_code":)";
  if (!trouble)
    return status + "0}";
  if (case_.trouble == Trouble::RefusedFirst)
    return status + std::to_string(9 + index) + "}";
  if (case_.trouble == Trouble::RefusedForLong)
    return status + "45}";
  if (case_.media == Media::Audio)
    return kBadAudio;
  if (case_.media == Media::Video)
    return status + R"(0,"media_params":{"video":{"codec":99}}})";
  return status + std::to_string(kParamStatus[index]) + "}";
}

void Meeting::send(RawPeer &peer, unsigned mask) {
  for (bool alive = true; alive && !over_ && !(troubled_ && concerns(mask));
       alive = alive && server_.pause(40))
    for (Media media : kAllMedia)
      if (mask & (1u << static_cast<unsigned>(media)))
        alive =
            alive && peer.send_json(message_of(media, (g_get_monotonic_time() - start_us_) / 1000));
}

void expect_told(const Case &one, const Failure &failure) {
  check_failure(kNames[static_cast<size_t>(one.media)], failure, resource({}, words_of(one)));
}

size_t closed(const Record &record, const std::string &media) {
  const auto all = record.named("rtms-connection");
  return static_cast<size_t>(std::count_if(all.begin(), all.end(), [&](const GstStructure *told) {
    return g_str_equal(gst_structure_get_string(told, "state"), "closed") &&
           media == gst_structure_get_string(told, "media");
  }));
}

// Each of the other pads has so many packets more than it had.
bool wait_others(Player &player, const std::string &but, size_t more) {
  std::map<std::string, size_t> had;
  player.wait([&](const Record &r) {
    for (const char *name : kNames)
      had[name] = r.packets(name);
    return true;
  });
  return player.wait([&](const Record &r) {
    return std::all_of(std::begin(kNames), std::end(kNames), [&](const char *name) {
      return name == but || r.packets(name) >= had[name] + more;
    });
  });
}

}  // namespace

// The service reports a loss again and again. The connection that answers no ping is given up in
// time all the same.
GST_START_TEST(test_reported_lost_repeatedly) {
  constexpr int kPause_ms = 100;
  auto server = serve(quiet_config());
  Player player(*server, with("media-types", "audio+video"));
  player.play();
  wait_ready(*server, 2);
  server->silence(Media::Video);
  const unsigned requests = server->requests();
  const auto again = [=](const Server &s) { return s.requests() > requests; };
  const gint64 until_us = g_get_monotonic_time() + kDeadlineMs * G_GINT64_CONSTANT(1000);
  while (!server->wait_for(again, kPause_ms)) {
    ck_assert_msg(g_get_monotonic_time() < until_us, "%s", player.summary().c_str());
    server->send_signaling(event_7());
  }
  player.stop();
}
GST_END_TEST;

// On the connection for all, audio has parameters that cannot be used: it is opened again without.
// In the meantime there is no connection, but the service reports that it is lost.
GST_START_TEST(test_reported_lost_between_connections) {
  std::atomic<bool> refused{false};
  const RawServer::Talk signaling = [&](RawPeer &peer) {
    if (!peer.signaling_handshake() || !peer.server().wait_for([&] { return refused.load(); }))
      return;
    for (int i = 0; i < 10 && peer.server().pause(10); i++)
      peer.send_json(event_7());
    peer.linger();
  };
  const RawServer::Talk media = [&](RawPeer &peer) {
    if (!refused.exchange(true)) {
      peer.upgrade();
      peer.expect(3);
      peer.send_json(kBadAudio);
      peer.linger();
    } else if (peer.media_handshake() && peer.wait_ready()) {
      peer.send_json(media_json(15, 0, access_unit(true, 500, 1)));
      peer.linger();
    }
  };
  RawServer server(signaling, media);
  Player player([&](GstElement *src) {
    server.client()(src);
    set(src, "media-types", "audio+video");
    set(src, "connection-mode", "unified");
  });
  player.play();
  ck_assert_msg(player.wait([](const Record &r) { return r.packets("video") > 0; }), "%s",
                player.summary().c_str());
  player.stop();
  const Record &record = player.record();
  ck_assert_uint_eq(record.count(GST_MESSAGE_ERROR), 0);
  ck_assert_uint_eq(record.count(GST_MESSAGE_WARNING), 1);
  ck_assert(contains(failure_of(record.first(GST_MESSAGE_WARNING)).text, "sample_rate 9"));
  ck_assert_uint_eq(record.pads.count("audio"), 0);
  server.finish();
}
GST_END_TEST;

// The connection for all carries nothing any more when it cannot be had back.
GST_START_TEST(test_others_go_on) {
  const Case one = case_of(__i__);
  const std::string name = kNames[static_cast<size_t>(one.media)];
  const bool first = one.trouble == Trouble::RefusedFirst;
  Meeting meeting(one);
  Player player(meeting.client("audio+video+screen+transcript+chat"));
  player.play();
  ck_assert_msg(wait_others(player, first ? name : "", 2), "%s: %s", name.c_str(),
                player.summary().c_str());
  meeting.cause_trouble();
  if (one.unified &&
      (one.trouble == Trouble::RefusedForLong || one.trouble == Trouble::DiesForEver)) {
    expect_told(one, player.wait_error());
    return;
  }
  ck_assert_msg(player.wait([&](const Record &r) {
    return r.count(GST_MESSAGE_WARNING) > 0 && (first || r.pad(name).eos());
  }),
                "%s: %s", name.c_str(), player.summary().c_str());
  ck_assert_msg(wait_others(player, name, 5), "%s: %s", name.c_str(), player.summary().c_str());
  meeting.end();
  player.wait_eos();
  player.stop();
  const Record &record = player.record();
  ck_assert_msg(record.count(GST_MESSAGE_WARNING) == 1, "%s", player.summary().c_str());
  expect_told(one, failure_of(record.first(GST_MESSAGE_WARNING)));
  ck_assert_uint_eq(record.count(GST_MESSAGE_ERROR), 0);
  ck_assert_uint_ge(closed(record, name), 1);
  ck_assert_uint_eq(record.pads.count(name), first ? 0 : 1);
  ck_assert_uint_eq(count(record.signals, "no-more-pads"), 1);
  for (const auto &[pad, its] : record.pads)
    ck_assert_msg(std::count(its.order.begin(), its.order.end(), 'E') == 1, "%s: %s", pad.c_str(),
                  its.order.c_str());
  meeting.finish();
}
GST_END_TEST;

// Nothing comes of audio any more, and nobody takes the video: it is over, with what video's branch
// says of it. What is at its end does not keep the element alive; the order makes no difference.
GST_START_TEST(test_nobody_takes_the_rest) {
  const GstFlowReturn flows[] = {GST_FLOW_EOS, GST_FLOW_NOT_LINKED, GST_FLOW_ERROR};
  GstFlowReturn flow = flows[__i__ / 2];
  const bool first = __i__ % 2 == 0;
  Meeting meeting({Trouble::DiesForEver, Media::Audio, false});
  Player player(meeting.client("audio+video"));
  player.play();
  ck_assert_msg(
      player.wait([](const Record &r) { return r.packets("audio") > 1 && r.packets("video") > 1; }),
      "%s", player.summary().c_str());
  const auto refuse = [&] {
    const Ptr<GstPad, gst_object_unref> pad(gst_element_get_static_pad(player.src(), "video"));
    gst_pad_add_probe(
        pad.get(), GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad *, GstPadProbeInfo *info, gpointer data) {
          gst_buffer_unref(GST_PAD_PROBE_INFO_BUFFER(info));
          GST_PAD_PROBE_INFO_FLOW_RETURN(info) = *static_cast<GstFlowReturn *>(data);
          return GST_PAD_PROBE_HANDLED;
        },
        &flow, nullptr);
  };
  if (first)
    refuse();
  meeting.cause_trouble();
  const auto audio_is_over = [](const Record &r) { return r.pad("audio").eos(); };
  ck_assert_msg(player.wait(audio_is_over), "%s", player.summary().c_str());
  if (!first)
    refuse();
  if (flow == GST_FLOW_ERROR) {
    const Failure failure = player.wait_error();
    ck_assert_msg(contains(failure.debug, "error (-5)"), "%s", failure.debug.c_str());
    return;
  }
  player.wait_eos();
  player.stop();
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_ERROR), 0);
}
GST_END_TEST;

// Pads of participants come at any time, but not when there is no audio any more.
GST_START_TEST(test_no_more_participants) {
  Meeting meeting({Trouble::RefusedForLong, Media::Audio, false});
  Player player([&](GstElement *src) {
    meeting.client("audio+chat")(src);
    set(src, "audio-streams", "per-participant");
  });
  player.play();
  ck_assert_msg(player.wait([](const Record &r) {
    return r.packets("audio_0") > 0 && r.packets("chat") > 0;
  }),
                "%s", player.summary().c_str());
  meeting.cause_trouble();
  ck_assert_msg(player.wait([](const Record &r) {
    return r.pad("audio_0").eos() && count(r.signals, "no-more-pads") == 1;
  }),
                "%s", player.summary().c_str());
  meeting.end();
  player.wait_eos();
  player.stop();
  ck_assert_uint_eq(count(player.record().signals, "no-more-pads"), 1);
  meeting.finish();
}
GST_END_TEST;

// The last kind of media: an error, and it says the same.
GST_START_TEST(test_last_kind) {
  const Case one = case_of(__i__);
  const std::string name = kNames[static_cast<size_t>(one.media)];
  Meeting meeting(one);
  Player player(meeting.client(name));
  player.play();
  if (one.trouble != Trouble::RefusedFirst) {
    ck_assert_msg(player.wait([&](const Record &r) { return r.packets(name) > 0; }), "%s",
                  player.summary().c_str());
    meeting.cause_trouble();
  }
  expect_told(one, player.wait_error());
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING), 0);
}
GST_END_TEST;

static Suite *rtmssrc_one_medium_suite() {
  constexpr double kPatienceSeconds = 60;
  constexpr int kCases = kTroubles * static_cast<int>(kMediaCount) * 2;
  Suite *suite = suite_create("rtmssrc_one_medium");
  TCase *between = tcase_create("between");
  tcase_add_test(between, test_reported_lost_between_connections);
  tcase_add_test(between, test_reported_lost_repeatedly);
  TCase *others = tcase_create("others");
  tcase_add_loop_test(others, test_others_go_on, 0, kCases);
  tcase_add_test(others, test_no_more_participants);
  TCase *last = tcase_create("last");
  tcase_add_loop_test(last, test_last_kind, 0, kCases);
  tcase_add_loop_test(last, test_nobody_takes_the_rest, 0, 6);
  for (TCase *tcase : {between, others, last}) {
    tcase_set_timeout(tcase, kPatienceSeconds);
    suite_add_tcase(suite, tcase);
  }
  return suite;
}

GST_CHECK_MAIN(rtmssrc_one_medium)

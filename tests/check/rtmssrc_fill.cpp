// SPDX-License-Identifier: LGPL-2.1-or-later
// fill=black: a pad begins with a black keyframe and carries black frames while the service sends
// none; real video goes on at a keyframe, and no black frame comes between its frames.
#include <algorithm>
#include <regex>

#include "hostile.h"
#include "live.h"
#include "media/picturesize.h"

using namespace rtmscheck;

namespace {

// Each kind of pictures, and what tells that they end; without an event it is time that tells.
struct Kind {
  const char *pad;
  Media media;
  int message;
  int off_type;
  std::string off_members;
};
const Kind kKinds[] = {
    {"video", Media::Video, 15, 9,
     "\"participants\":[{\"user_id\":" + std::to_string(kUser) + "}]"},
    {"screen", Media::Deskshare, 16, 6, "\"user_id\":" + std::to_string(kUser)},
    {"video", Media::Video, 15, 0, ""},
};
constexpr int64_t kLater_ms = 5000;
constexpr int kScreen = 1, kWithEvent = 2, kAll = 3;

// A frame is a letter: K and b are black, I and p are real, and the first of each two is a
// keyframe. A GAP is a g.
std::string letters(const PadRecord &pad) {
  std::string all;
  size_t next = 0;
  for (char one : pad.order) {
    if (one == 'g')
      all += 'g';
    if (one != 'B')
      continue;
    const Packet &frame = pad.packets[next++];
    const bool delta = frame.has(GST_BUFFER_FLAG_DELTA_UNIT);
    all += frame.has(GST_BUFFER_FLAG_GAP) ? (delta ? 'b' : 'K') : (delta ? 'p' : 'I');
  }
  return all;
}

// A meeting of which one packet of audio is heard, so that time is known.
class Meeting {
 public:
  Meeting(const Kind &kind, const char *fill, const Setup &setup = {})
      : kind_(kind), server_(serve(quiet_config())), player_(*server_, [&](GstElement *src) {
          set(src, "media-types", std::string("audio+") + kind.pad);
          set(src, "fill", fill);
          if (setup)
            setup(src);
        }) {
    player_.play();
    wait_streaming(player_, *server_, 2);
    server_->send_media(Media::Audio, audio_json(0, 0));
  }
  // The audio, which comes on another connection, must be first.
  void skip_to(int64_t captured_ms) {
    ck_assert(player_.wait([](const Record &r) { return r.packets("audio") > 0; }));
    captured_ms_ = captured_ms;
  }
  // Captured now, and at least a frame after the one before.
  void send(bool keyframe) {
    constexpr int64_t kFrameMs = 40;
    captured_ms_ = std::max(captured_ms_ + kFrameMs, clock_.ms());
    server_->send_media(kind_.media,
                        media_json(kind_.message, captured_ms_, access_unit(keyframe, 500, 1)));
  }
  // The event's time is that of the last frame, or later.
  void turn_off(int64_t later_ms = 0) {
    if (kind_.off_type)
      server_->send_signaling(
          event_json(kind_.off_type, kind_.off_members, captured_ms_ + later_ms));
  }
  void wait(const std::string &pattern) {
    const std::regex wanted(pattern);
    const bool came = player_.wait([&](const Record &r) {
      const auto pad = r.pads.find(kind_.pad);
      return pad != r.pads.end() && std::regex_search(letters(pad->second), wanted);
    });
    ck_assert_msg(came, "no %s:\n%s", pattern.c_str(), player_.summary().c_str());
  }
  const PadRecord &end() {
    player_.stop();
    expect_no_violations(*server_);
    return player_.record().pad(kind_.pad);
  }
  GstElement *src() const { return player_.src(); }
  // As an application that exchanges what is behind the pad.
  void link_anew() {
    const rtms::PadPtr pad(gst_element_get_static_pad(src(), kind_.pad)),
        peer(gst_pad_get_peer(pad.get()));
    gst_pad_unlink(pad.get(), peer.get());
    ck_assert_int_eq(gst_pad_link(pad.get(), peer.get()), GST_PAD_LINK_OK);
  }

 private:
  const Kind &kind_;
  std::unique_ptr<Server> server_;
  Player player_;
  const Awake clock_;
  int64_t captured_ms_ = 0;
};

void expect_letters(const PadRecord &pad, const std::string &pattern) {
  const std::string got = letters(pad);
  ck_assert_msg(std::regex_match(got, std::regex(pattern)), "%s is not %s", got.c_str(),
                pattern.c_str());
}

}  // namespace

// Caps, the segment, and at its start a black keyframe of the negotiated size. Four frames a second
// follow, each where the last one ends; one in eight is a keyframe.
GST_START_TEST(test_off_at_first) {
  Meeting meeting(kKinds[__i__], "black");
  meeting.wait("b{7}Kb");
  const PadRecord &pad = meeting.end();
  expect_letters(pad, "(Kb{7})+Kb*");
  ck_assert_int_eq(pad.order.find("SCG"), 0);
  const GstSegment *segment = nullptr;
  gst_event_parse_segment(const_cast<GstEvent *>(pad.first(GST_EVENT_SEGMENT)), &segment);
  GstClockTime next = segment->start;
  for (const Packet &frame : pad.packets) {
    ck_assert_uint_eq(frame.pts, next);
    ck_assert_uint_ge(frame.duration, 100 * GST_MSECOND);
    next += frame.duration;
  }
  std::vector<GstClockTime> between;
  for (size_t i = 1; i < 9; i++)
    between.push_back(pad.packets[i + 1].pts - pad.packets[i].pts);
  // Most of them: a busy machine delays some.
  std::sort(between.begin(), between.end());
  if (in_real_time())
    ck_assert_msg(between[4] >= 240 * GST_MSECOND && between[4] <= 300 * GST_MSECOND,
                  "%" GST_TIME_FORMAT, GST_TIME_ARGS(between[4]));
  const Bytes &first = pad.packets[0].bytes;
  rtms::BufferPtr buffer(gst_buffer_new_memdup(first.data(), first.size()));
  const auto size = rtms::picture_size(rtms::Codec::H264, buffer.get());
  ck_assert(size && size->width == 1280 && size->height == 720);
}
GST_END_TEST;

// The camera comes later than the audio, and no black frame was due before it: one fills the time.
GST_START_TEST(test_first_later) {
  constexpr int64_t kFirst_ms = 700;
  Meeting meeting(kKinds[__i__], "black",
                  [](GstElement *src) { g_object_set(src, "latency", 5000, nullptr); });
  meeting.skip_to(kFirst_ms);
  for (bool keyframe : {true, false, false})
    meeting.send(keyframe);
  meeting.wait("Ipp");
  const PadRecord &pad = meeting.end();
  expect_letters(pad, "KIpp");
  const GstSegment *segment = nullptr;
  gst_event_parse_segment(const_cast<GstEvent *>(pad.first(GST_EVENT_SEGMENT)), &segment);
  ck_assert_uint_eq(pad.packets[0].pts, segment->start);
  ck_assert_uint_eq(pad.packets[1].pts, pad.packets[0].pts + pad.packets[0].duration);
  ck_assert_uint_ge(pad.packets[0].duration, kFirst_ms * GST_MSECOND);
}
GST_END_TEST;

// Frames that build on a picture nobody has seen are dropped. While the camera is on, a second
// without a frame is a GAP.
GST_START_TEST(test_on_and_off) {
  Meeting meeting(kKinds[__i__], "black");
  meeting.wait("bb");
  meeting.send(false);
  for (int i = 0; i < 5; i++)
    meeting.send(i == 0);
  meeting.wait("Ip{4}g{4}");
  meeting.send(false);
  meeting.wait("gp$");
  meeting.turn_off();
  meeting.wait("Kbb$");
  for (bool keyframe : {false, true})
    meeting.send(keyframe);
  meeting.wait("I$");
  ck_assert_uint_eq(stat(meeting.src(), "dropped"), 2);
  const PadRecord &pad = meeting.end();
  const char *still = !kKinds[__i__].off_type ? "g+" : "g*";
  expect_letters(pad, std::string("Kbb+Ip{4}g{4,}p") + still + "Kbb+Ig*");
  for (size_t i = 1; i < pad.packets.size(); i++)
    ck_assert_uint_gt(pad.packets[i].pts, pad.packets[i - 1].pts);
}
GST_END_TEST;

// A slide that does not change has no frames: it stays, and what changes it later is no keyframe.
// The end of a share is black only if no frame follows.
GST_START_TEST(test_slide) {
  Meeting meeting(kKinds[kScreen], "black");
  meeting.send(true);
  meeting.wait("Ig{20}");
  meeting.send(false);
  meeting.wait("gp");
  // Another share has begun.
  meeting.turn_off();
  meeting.send(false);
  meeting.wait("ppg{8}");
  // The frame was captured before the end, and comes after it.
  meeting.turn_off(kLater_ms);
  meeting.send(false);
  meeting.wait("pg*K");
  ck_assert_uint_eq(stat(meeting.src(), "dropped"), 0);
  expect_letters(meeting.end(), "(Kb*)?Ig{20,}pg*pg{8,}pg*Kb*");
}
GST_END_TEST;

// A compositor keeps a picture over GAPs of missing data.
GST_START_TEST(test_slide_gaps) {
  Meeting meeting(kKinds[kScreen], "none");
  meeting.send(true);
  meeting.wait("Ig{4}");
  meeting.turn_off();
  meeting.wait("Ig{10}");
  const PadRecord &pad = meeting.end();
  std::string flags;
  for (const EventPtr &event : pad.events) {
    GstGapFlags one{};
    if (GST_EVENT_TYPE(event.get()) != GST_EVENT_GAP)
      continue;
    gst_event_parse_gap_flags(event.get(), &one);
    flags += one == GST_GAP_FLAG_MISSING_DATA ? 'm' : '-';
  }
  ck_assert_msg(std::regex_match(flags, std::regex("-*m{3,}-+")), "%s", flags.c_str());
}
GST_END_TEST;

GST_START_TEST(test_none) {
  Meeting meeting(kKinds[__i__], "none");
  meeting.wait("g{4}");
  meeting.send(true);
  meeting.wait("I");
  meeting.turn_off();
  meeting.wait("Ig{4}");
  expect_letters(meeting.end(), "g+Ig+");
}
GST_END_TEST;

// Whatever is linked can decode the first frame that it gets.
GST_START_TEST(test_new_link) {
  Meeting meeting(kKinds[0], "black");
  meeting.wait("Kbb");
  meeting.link_anew();
  meeting.wait("Kb{2,6}K");
  const PadRecord &pad = meeting.end();
  const size_t second = letters(pad).find('K', 1);
  ck_assert(pad.packets[second].has(GST_BUFFER_FLAG_DISCONT));
}
GST_END_TEST;

// Each JPEG stands alone.
GST_START_TEST(test_jpeg) {
  Meeting meeting(kKinds[0], "black", [](GstElement *src) {
    set(src, "video-codec", "jpeg");
    g_object_set(src, "video-fps", 5, nullptr);
  });
  meeting.wait("g{4}");
  expect_letters(meeting.end(), "g+");
}
GST_END_TEST;

static Suite *rtmssrc_fill_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_fill");
  TCase *fill = tcase_create("fill");
  tcase_set_timeout(fill, kPatienceSeconds);
  tcase_add_loop_test(fill, test_off_at_first, 0, kWithEvent);
  tcase_add_loop_test(fill, test_first_later, 0, kWithEvent);
  tcase_add_loop_test(fill, test_on_and_off, 0, kAll);
  tcase_add_test(fill, test_slide);
  tcase_add_test(fill, test_slide_gaps);
  tcase_add_loop_test(fill, test_none, 0, kWithEvent);
  tcase_add_test(fill, test_new_link);
  tcase_add_test(fill, test_jpeg);
  suite_add_tcase(suite, fill);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_fill)

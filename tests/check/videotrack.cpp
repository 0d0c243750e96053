// SPDX-License-Identifier: LGPL-2.1-or-later
// A video track of the recorder on its way into the muxer.
#include "muxing/videotrack.h"

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>

namespace {

using namespace rtms;
using namespace rtms::recorder;

constexpr unsigned kFrames = 5;
constexpr char kNegotiated[] =
    "video/x-h264,stream-format=byte-stream,alignment=au,width=64,height=64,framerate=25/1";

// A camera whose stream states 15 frames a second.
GstHarness *camera() {
  return gst_harness_new_parse(
      "videotestsrc num-buffers=5 ! video/x-raw,width=64,height=64,framerate=15/1 ! "
      "x264enc tune=zerolatency ! "
      "capsfilter caps=video/x-h264,stream-format=byte-stream,alignment=au");
}

}  // namespace

// matroskamux writes a duration that is not that of the negotiated frame rate, in a block in which
// each frame counts as a keyframe: players could not seek.
GST_START_TEST(test_durations) {
  const bool matroska = __i__;
  const CapsPtr caps(gst_caps_from_string(kNegotiated));
  const ElementPtr track =
      VideoTrack::make("video", caps.get(), matroska, VideoTrack::Source::Live);
  fail_unless(track != nullptr);
  GstHarness *from = camera(), *to = gst_harness_new_with_element(track.get(), "sink", "src");
  gst_harness_play(from);
  gst_harness_set_src_caps_str(to, kNegotiated);
  for (unsigned i = 0; i < kFrames; i++) {
    GstBuffer *frame = gst_buffer_make_writable(gst_harness_pull(from));
    GST_BUFFER_PTS(frame) = i * GST_SECOND / 15;
    GST_BUFFER_DTS(frame) = GST_BUFFER_DURATION(frame) = GST_CLOCK_TIME_NONE;
    assert_equals_int(gst_harness_push(to, frame), GST_FLOW_OK);
  }
  gst_harness_push_event(to, gst_event_new_eos());
  for (unsigned i = 0; i < kFrames; i++) {
    const BufferPtr frame(gst_harness_pull(to));
    fail_unless(frame != nullptr);
    fail_unless(GST_BUFFER_DURATION_IS_VALID(frame.get()) == !matroska);
  }
  gst_harness_teardown(from);
  gst_harness_teardown(to);
}
GST_END_TEST;

static Suite *videotrack_suite() {
  Suite *suite = suite_create("videotrack");
  TCase *tcase = tcase_create("track");
  tcase_add_loop_test(tcase, test_durations, 0, 2);
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(videotrack)

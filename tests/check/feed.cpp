// SPDX-License-Identifier: LGPL-2.1-or-later
// A kind of media on its way into a program's mixer: its end, and decoders that fail for a time.
#include "stage/feed.h"

#include <atomic>
#include <thread>

#include "../fuzz/fakeclock.h"
#include "gst_check.h"
#include "madedecoder.h"

namespace {

using namespace rtms;
using namespace rtms::program;
using rtmscheck::register_decoder;
using rtmsfuzz::advance;

GstStaticPadTemplate any =
    GST_STATIC_PAD_TEMPLATE("from", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

// A pipeline with a mixer's place, and a source that a test pushes.
class Bench {
 public:
  Bench() : sink_(gst_element_factory_make("fakesink", nullptr)) {
    g_object_set(sink_, "sync", FALSE, "async", FALSE, nullptr);
    gst_bin_add(bin(), sink_);
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    to_.reset(gst_element_get_static_pad(sink_, "sink"));
    gst_pad_set_active(from_.get(), TRUE);
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_push_event(from_.get(), gst_event_new_stream_start("bench"));
    set_caps("video/x-rtms-check");
    gst_pad_push_event(from_.get(), gst_event_new_segment(&segment));
  }
  ~Bench() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }
  Bench(const Bench &) = delete;
  Bench &operator=(const Bench &) = delete;

  GstBin *bin() { return GST_BIN(pipeline_.get()); }
  GstPad *from() { return from_.get(); }
  GstPad *to() { return to_.get(); }
  BusPtr bus() { return BusPtr(gst_element_get_bus(pipeline_.get())); }
  void set_caps(const char *caps) {
    gst_pad_push_event(from_.get(), gst_event_new_caps(CapsPtr(gst_caps_from_string(caps)).get()));
  }
  GstFlowReturn push() {
    GstBuffer *buffer = gst_buffer_new_allocate(nullptr, 100, nullptr);
    GST_BUFFER_PTS(buffer) = pushed_++ * 40 * GST_MSECOND;
    GST_BUFFER_DURATION(buffer) = 40 * GST_MSECOND;
    return gst_pad_push(from_.get(), buffer);
  }

 private:
  const ElementPtr pipeline_{GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr)))};
  GstElement *const sink_;
  PadPtr to_, from_{GST_PAD(gst_object_ref_sink(gst_pad_new_from_static_template(&any, "from")))};
  uint64_t pushed_ = 0;
};

// A decoder that fails while it must.
std::atomic<bool> fails{true};
std::atomic<unsigned> decoded{0};

GstFlowReturn on_chain(GstPad *, GstObject *parent, GstBuffer *buffer) {
  gst_buffer_unref(buffer);
  if (fails) {
    GST_ELEMENT_ERROR(parent, STREAM, DECODE, ("It fails."), (nullptr));
    return GST_FLOW_ERROR;
  }
  decoded++;
  return GST_FLOW_OK;
}

}  // namespace

// It ends while another thread brings caps that nothing decodes.
GST_START_TEST(test_ends) {
  Bench bench;
  // The caps are another thread's, which GStreamer expects of no source.
  GstCheckLogFilter *filter = gst_check_add_log_filter(
      "GStreamer", G_LOG_LEVEL_WARNING,
      g_regex_new("Sticky event misordering", GRegexCompileFlags(0), GRegexMatchFlags(0), nullptr),
      [](const gchar *, GLogLevelFlags, const gchar *, gpointer) -> gboolean { return TRUE; },
      nullptr, nullptr);
  std::atomic<bool> over{false};
  std::thread brings([&] {
    for (unsigned i = 0; !over; i++) {
      bench.set_caps(i % 2 ? "audio/x-rtms-none" : "audio/x-rtms-nothing");
      bench.push();
    }
  });
  for (unsigned i = 0; i < 300; i++) {
    Feed feed(bench.bin(), Medium::Audio, bench.from(), bench.to(), [](bool, GstClockTime) {});
    std::string missing;
    ck_assert(feed.connect(&missing));
    ck_assert(!feed.is_decoded());
    std::this_thread::yield();
  }
  over = true;
  brings.join();
  ck_assert_int_eq(GST_BIN_NUMCHILDREN(bench.bin()), 1);
  gst_check_remove_log_filter(filter);
}
GST_END_TEST;

// All decoders have failed, as all of a graphics card do that is reset: they are tried again, some
// seconds later, and then after twice as long. The source sees no error.
GST_START_TEST(test_tries_again) {
  rtmsfuzz::reset_clock();
  register_decoder({GST_RANK_PRIMARY, "video/x-rtms-check", "video/x-raw", on_chain});
  Bench bench;
  Feed feed(bench.bin(), Medium::Video, bench.from(), bench.to(), [](bool, GstClockTime) {});
  std::string missing;
  ck_assert(feed.connect(&missing));
  ck_assert(feed.is_decoded());
  const BusPtr bus = bench.bus();
  for (const bool again : {false, true}) {
    if (again)
      advance(5000);
    ck_assert_int_eq(bench.push(), GST_FLOW_OK);
    const std::unique_ptr<GstMessage, UnrefMiniObject> error(
        gst_bus_timed_pop_filtered(bus.get(), 0, GST_MESSAGE_ERROR));
    ck_assert(error && feed.has(GST_MESSAGE_SRC(error.get())));
    ck_assert(!feed.replace(GST_MESSAGE_SRC(error.get()), &missing));
    ck_assert(missing.find("x-rtms-check") != std::string::npos);
  }
  fails = false;
  advance(9999);
  bench.push();
  ck_assert(!feed.is_decoded());
  advance(1);
  bench.push();
  ck_assert_uint_eq(decoded, 1);
  ck_assert(feed.is_decoded());
}
GST_END_TEST;

static Suite *feed_suite() {
  Suite *suite = suite_create("feed");
  TCase *cases = tcase_create("cases");
  tcase_set_timeout(cases, 60);
  tcase_add_test(cases, test_ends);
  tcase_add_test(cases, test_tries_again);
  suite_add_tcase(suite, cases);
  return suite;
}

GST_CHECK_MAIN(feed)

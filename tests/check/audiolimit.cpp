// SPDX-License-Identifier: LGPL-2.1-or-later
// What a pad with an AudioLimit pushes.
#include "stage/audiolimit.h"

#include <gst/check/gstcheck.h>

namespace {

using rtms::program::AudioLimit;

constexpr GstClockTime kBlock = 20 * GST_MSECOND;
constexpr size_t kSamples = size_t{AudioLimit::kRate} / 50 * AudioLimit::kChannels;

struct Pushed {
  std::vector<GstClockTime> times;
  std::vector<float> samples;
  int ends = 0;
  size_t times_at_end = 0;
};

GstFlowReturn on_chain(GstPad *pad, GstObject *, GstBuffer *buffer) {
  auto pushed = static_cast<Pushed *>(gst_pad_get_element_private(pad));
  pushed->times.push_back(GST_BUFFER_PTS(buffer));
  float first = 0;
  gst_buffer_extract(buffer, 0, &first, sizeof first);
  pushed->samples.push_back(first);
  gst_buffer_unref(buffer);
  return GST_FLOW_OK;
}

gboolean on_event(GstPad *pad, GstObject *, GstEvent *event) {
  auto pushed = static_cast<Pushed *>(gst_pad_get_element_private(pad));
  if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) {
    pushed->ends++;
    pushed->times_at_end = pushed->times.size();
  }
  gst_event_unref(event);
  return TRUE;
}

gboolean on_query(GstPad *, GstObject *, GstQuery *query) {
  if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
    return FALSE;
  gst_query_set_latency(query, TRUE, GST_SECOND, 2 * GST_SECOND);
  return TRUE;
}

// A source pad with an AudioLimit, and its peer.
class Pair {
 public:
  Pair() {
    gst_pad_set_element_private(sink_, &pushed);
    gst_pad_set_chain_function(sink_, on_chain);
    gst_pad_set_event_function(sink_, on_event);
    gst_pad_set_query_function(source_, on_query);
    ck_assert(gst_pad_link(source_, sink_) == GST_PAD_LINK_OK);
    gst_pad_set_active(sink_, TRUE);
    gst_pad_set_active(source_, TRUE);
    limit = std::make_unique<AudioLimit>(source_, kBlock);
    begin();
  }
  ~Pair() {
    limit.reset();
    gst_pad_set_active(source_, FALSE);
    gst_pad_set_active(sink_, FALSE);
    gst_object_unref(source_);
    gst_object_unref(sink_);
  }
  Pair(const Pair &) = delete;
  Pair &operator=(const Pair &) = delete;

  void begin() {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_push_event(source_, gst_event_new_stream_start("audio"));
    gst_pad_push_event(source_, gst_event_new_segment(&segment));
  }
  bool ask(GstQuery *query) { return gst_pad_peer_query(sink_, query); }
  void send(GstEvent *event) { gst_pad_push_event(source_, event); }
  void push(GstClockTime time, float sample) {
    const std::vector<float> samples(kSamples, sample);
    GstBuffer *buffer = gst_buffer_new_memdup(samples.data(), samples.size() * sizeof sample);
    GST_BUFFER_PTS(buffer) = time;
    GST_BUFFER_DURATION(buffer) = kBlock;
    ck_assert(gst_pad_push(source_, buffer) == GST_FLOW_OK);
  }

  Pushed pushed;
  std::unique_ptr<AudioLimit> limit;

 private:
  GstPad *source_ = gst_pad_new("src", GST_PAD_SRC), *sink_ = gst_pad_new("sink", GST_PAD_SINK);
};

using Times = std::vector<GstClockTime>;

}  // namespace

// EOS comes after the last buffer, once, and each buffer has its timestamp.
GST_START_TEST(test_end) {
  Pair pair;
  for (GstClockTime block = 0; block < 3; block++)
    pair.push(block * kBlock, 0.25F);
  ck_assert_uint_eq(pair.pushed.times.size(), 2);
  pair.send(gst_event_new_eos());
  ck_assert(pair.pushed.times == (Times{0, kBlock, 2 * kBlock}));
  ck_assert(pair.pushed.samples == (std::vector<float>{0.25F, 0.25F, 0.25F}));
  ck_assert_int_eq(pair.pushed.ends, 1);
  ck_assert_uint_eq(pair.pushed.times_at_end, 3);
}
GST_END_TEST;

// The gain decreases before the peak, and no sample is above full scale.
GST_START_TEST(test_peak) {
  Pair pair;
  pair.push(0, 0.5F);
  pair.push(kBlock, 4);
  pair.push(2 * kBlock, -4);
  pair.send(gst_event_new_eos());
  ck_assert_uint_eq(pair.pushed.samples.size(), 3);
  ck_assert(pair.pushed.samples[0] == 0.5F);
  ck_assert(pair.pushed.samples[1] > 0.9999F && pair.pushed.samples[1] < 1);
  ck_assert(pair.pushed.samples[2] < -0.9999F && pair.pushed.samples[2] > -1);
}
GST_END_TEST;

// After a flush (0) or a change of state (1), neither audio nor gain is left of the time before.
GST_START_TEST(test_reset) {
  Pair pair;
  pair.push(0, 4);
  pair.push(kBlock, 4);
  ck_assert(pair.pushed.times == Times{0});
  if (__i__ == 0) {
    pair.send(gst_event_new_flush_start());
    pair.send(gst_event_new_flush_stop(TRUE));
    pair.begin();
  } else {
    pair.limit->reset();
  }
  pair.push(GST_SECOND, 0.5F);
  ck_assert(pair.pushed.times == Times{0});
  pair.send(gst_event_new_eos());
  ck_assert(pair.pushed.times == (Times{0, GST_SECOND}));
  ck_assert(pair.pushed.samples.back() == 0.5F);
}
GST_END_TEST;

// What is held is part of the latency.
GST_START_TEST(test_latency) {
  Pair pair;
  GstQuery *query = gst_query_new_latency();
  ck_assert(pair.ask(query));
  gboolean live = FALSE;
  GstClockTime least = 0, most = 0;
  gst_query_parse_latency(query, &live, &least, &most);
  gst_query_unref(query);
  ck_assert(live && least == GST_SECOND + kBlock && most == 2 * GST_SECOND + kBlock);
}
GST_END_TEST;

static Suite *audiolimit_suite() {
  Suite *suite = suite_create("audiolimit");
  TCase *tcase = tcase_create("pad");
  suite_add_tcase(suite, tcase);
  tcase_add_test(tcase, test_end);
  tcase_add_test(tcase, test_peak);
  tcase_add_test(tcase, test_latency);
  tcase_add_loop_test(tcase, test_reset, 0, 2);
  return suite;
}

GST_CHECK_MAIN(audiolimit)

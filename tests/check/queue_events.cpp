// SPDX-License-Identifier: LGPL-2.1-or-later
// Tags, caps and segments that a later one replaces do not pile up in a queue from which nothing is
// taken: neither without buffers, nor around those that are dropped.
#include "pad/queue.h"

#include "gst_check.h"

#include <string>

using namespace rtms;
using Policy = Queue::Policy;

namespace {

constexpr Policy kPolicies[] = {Policy::Oldest, Policy::ToKeyframe, Policy::OldestBytes};
constexpr unsigned kSize = 10, kRounds = 1000, kHeld = 5;

BufferPtr new_buffer(unsigned id) {
  BufferPtr buffer(gst_buffer_new_allocate(nullptr, kSize, nullptr));
  GST_BUFFER_OFFSET(buffer.get()) = id;
  return buffer;
}

EventPtr new_caps(unsigned id) {
  CapsPtr caps(
      gst_caps_new_simple("video/x-h264", "width", G_TYPE_INT, static_cast<int>(id), nullptr));
  return EventPtr(gst_event_new_caps(caps.get()));
}

EventPtr new_segment(unsigned id) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.base = id;
  return EventPtr(gst_event_new_segment(&segment));
}

EventPtr new_tags(unsigned id) {
  return EventPtr(gst_event_new_tag(gst_tag_list_new(GST_TAG_TRACK_NUMBER, id, nullptr)));
}

// The number that each kind was last made with.
struct Last {
  unsigned caps = 0, segment = 0, tags = 0, events = 0;

  void take(GstEvent *event) {
    events++;
    if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
      GstCaps *parsed = nullptr;
      int width = 0;
      gst_event_parse_caps(event, &parsed);
      gst_structure_get_int(gst_caps_get_structure(parsed, 0), "width", &width);
      caps = static_cast<unsigned>(width);
    } else if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
      const GstSegment *parsed = nullptr;
      gst_event_parse_segment(event, &parsed);
      segment = static_cast<unsigned>(parsed->base);
    } else if (GST_EVENT_TYPE(event) == GST_EVENT_TAG) {
      GstTagList *parsed = nullptr;
      gst_event_parse_tag(event, &parsed);
      gst_tag_list_get_uint(parsed, GST_TAG_TRACK_NUMBER, &tags);
    }
  }
};

}  // namespace

// Each buffer that is left has in front of it what came with it.
GST_START_TEST(test_around_dropped_buffers) {
  Queue queue(kPolicies[__i__], {kHeld * kSize, 0});
  for (unsigned i = 1; i <= kRounds; i++) {
    queue.push(new_caps(i));
    if (i % 3 == 0)
      queue.push(new_segment(i));
    queue.push(new_tags(i));
    queue.push(new_tags(i + 1));
    queue.push(new_buffer(i));
  }
  Last last;
  unsigned left = 0;
  while (!queue.empty()) {
    BufferPtr buffer;
    EventPtr event;
    queue.pop(&buffer, &event);
    if (event) {
      last.take(event.get());
      continue;
    }
    left++;
    const auto id = static_cast<unsigned>(GST_BUFFER_OFFSET(buffer.get()));
    assert_equals_int(last.caps, id);
    assert_equals_int(last.segment, id - id % 3);
    assert_equals_int(last.tags, id + 1);
  }
  fail_unless(left >= 1 && left <= kHeld, "%u left", left);
  assert_equals_int(last.tags, kRounds + 1);
  fail_unless(last.events <= 3 * left, "%u events, %u left", last.events, left);
}
GST_END_TEST;

GST_START_TEST(test_without_buffers) {
  Queue queue(kPolicies[__i__], {kHeld * kSize, 0});
  for (unsigned i = 1; i <= kRounds; i++) {
    queue.push(new_tags(i));
    queue.push(new_segment(i));
    queue.push(new_caps(i));
  }
  queue.push(EventPtr(gst_event_new_eos()));
  Last last;
  while (!queue.empty()) {
    BufferPtr buffer;
    EventPtr event;
    queue.pop(&buffer, &event);
    last.take(event.get());
  }
  assert_equals_int(last.caps, kRounds);
  assert_equals_int(last.segment, kRounds);
  assert_equals_int(last.tags, kRounds);
  assert_equals_int(last.events, 4);
}
GST_END_TEST;

// A later one does not stand for tags that it does not have, nor for another scope.
GST_START_TEST(test_other_tags) {
  Queue queue(kPolicies[__i__], {});
  const auto push = [&queue](GstTagList *tags, GstTagScope scope) {
    gst_tag_list_set_scope(tags, scope);
    queue.push(EventPtr(gst_event_new_tag(tags)));
  };
  push(gst_tag_list_new(GST_TAG_TITLE, "first", nullptr), GST_TAG_SCOPE_STREAM);
  push(gst_tag_list_new(GST_TAG_TITLE, "meeting", nullptr), GST_TAG_SCOPE_GLOBAL);
  push(gst_tag_list_new(GST_TAG_LANGUAGE_CODE, "en", nullptr), GST_TAG_SCOPE_STREAM);
  push(gst_tag_list_new(GST_TAG_TITLE, "last", nullptr), GST_TAG_SCOPE_STREAM);
  std::string all;
  while (!queue.empty()) {
    BufferPtr buffer;
    EventPtr event;
    queue.pop(&buffer, &event);
    GstTagList *tags = nullptr;
    gst_event_parse_tag(event.get(), &tags);
    const gchar *text = nullptr;
    for (const char *name : {GST_TAG_TITLE, GST_TAG_LANGUAGE_CODE})
      if (gst_tag_list_peek_string_index(tags, name, 0, &text))
        all += std::string(text) + " ";
  }
  assert_equals_string(all.c_str(), "meeting en last ");
}
GST_END_TEST;

// A collection has nothing to do with the buffers around it: only the newest waits.
GST_START_TEST(test_collections) {
  Queue queue(kPolicies[__i__], {});
  for (unsigned i = 1; i <= kRounds; i++) {
    const ObjectPtr<GstStreamCollection> collection(
        gst_stream_collection_new(std::to_string(i).c_str()));
    queue.push(EventPtr(gst_event_new_stream_collection(collection.get())));
    queue.push(new_buffer(i));
  }
  unsigned events = 0, left = 0;
  while (!queue.empty()) {
    BufferPtr buffer;
    EventPtr event;
    queue.pop(&buffer, &event);
    left += buffer != nullptr;
    if (!event)
      continue;
    GstStreamCollection *parsed = nullptr;
    gst_event_parse_stream_collection(event.get(), &parsed);
    const ObjectPtr<GstStreamCollection> collection(parsed);
    assert_equals_string(gst_stream_collection_get_upstream_id(collection.get()), "1000");
    events++;
  }
  assert_equals_int(events, 1);
  assert_equals_int(left, kRounds);
}
GST_END_TEST;

static Suite *queue_events_suite() {
  Suite *suite = suite_create("queue_events");
  TCase *tcase = tcase_create("events");
  tcase_add_loop_test(tcase, test_around_dropped_buffers, 0, G_N_ELEMENTS(kPolicies));
  tcase_add_loop_test(tcase, test_without_buffers, 0, G_N_ELEMENTS(kPolicies));
  tcase_add_loop_test(tcase, test_other_tags, 0, G_N_ELEMENTS(kPolicies));
  tcase_add_loop_test(tcase, test_collections, 0, G_N_ELEMENTS(kPolicies));
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(queue_events)

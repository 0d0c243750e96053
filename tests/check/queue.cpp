// SPDX-License-Identifier: LGPL-2.1-or-later
// The bounded queue: whole decodable units, nothing lost silently, events always.
#include "pad/queue.h"

#include "gst_check.h"

#include <map>
#include <string>

using namespace rtms;
using Policy = Queue::Policy;

namespace {

const Policy kPolicies[] = {Policy::Oldest, Policy::ToKeyframe, Policy::OldestBytes};
const unsigned kSize = 10;  // bytes of a buffer
const GstClockTime kDuration = 20 * GST_MSECOND;
GQuark serial_quark() {
  return g_quark_from_static_string("serial");
}

int alive;  // buffers and events

void forget(gpointer, GstMiniObject *) {
  alive--;
}

void watch(GstMiniObject *object) {
  alive++;
  gst_mini_object_weak_ref(object, forget, nullptr);
}

BufferPtr new_buffer(unsigned id, bool key = true, unsigned size = kSize) {
  BufferPtr buffer(gst_buffer_new_allocate(nullptr, size, nullptr));
  GST_BUFFER_PTS(buffer.get()) = id * kDuration;
  GST_BUFFER_DURATION(buffer.get()) = kDuration;
  GST_BUFFER_OFFSET(buffer.get()) = id;
  if (!key)
    GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT);
  watch(GST_MINI_OBJECT_CAST(buffer.get()));
  return buffer;
}

EventPtr new_event(unsigned id) {
  EventPtr event(gst_event_new_custom(
      GST_EVENT_CUSTOM_DOWNSTREAM,
      gst_structure_new_id(serial_quark(), serial_quark(), G_TYPE_UINT, id, nullptr)));
  watch(GST_MINI_OBJECT_CAST(event.get()));
  return event;
}

struct Popped {
  bool any = false, event = false, discont = false, key = false;
  unsigned id = 0;
};

Popped pop(Queue *queue) {
  BufferPtr buffer;
  EventPtr event;
  const bool empty = queue->empty();
  queue->pop(&buffer, &event);
  Popped p;
  p.any = buffer || event;
  fail_unless(p.any == !empty);
  fail_if(buffer && event);
  if (event) {
    p.event = true;
    gst_structure_id_get(gst_event_get_structure(event.get()), serial_quark(), G_TYPE_UINT, &p.id,
                         nullptr);
  } else if (buffer) {
    p.id = (unsigned) GST_BUFFER_OFFSET(buffer.get());
    p.discont = GST_BUFFER_FLAG_IS_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
    p.key = !GST_BUFFER_FLAG_IS_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT);
  }
  return p;
}

void expect_buffer(Queue *queue, unsigned id, bool discont) {
  Popped p = pop(queue);
  fail_unless(p.any && !p.event, "no buffer, expected %u", id);
  assert_equals_int(p.id, id);
  fail_unless(p.discont == discont, "buffer %u: DISCONT %d", id, p.discont);
}

void expect_event(Queue *queue, unsigned id) {
  Popped p = pop(queue);
  fail_unless(p.any && p.event, "no event, expected %u", id);
  assert_equals_int(p.id, id);
}

// What a decoder behind the queue sees.
struct Decoder {
  bool video, started = false;
  unsigned last = 0, received = 0;

  void take(const Popped &p) {
    received++;
    if (started) {
      fail_unless(p.id > last, "%u after %u", p.id, last);
      const bool gap = p.id != last + 1;
      fail_if(gap && !p.discont, "no DISCONT on %u, which follows %u", p.id, last);
      fail_if(gap && video && !p.key, "%u cannot be decoded: it follows %u", p.id, last);
    } else {
      fail_if(video && !p.key, "starts with a delta unit");
    }
    started = true;
    last = p.id;
  }
};

}  // namespace

GST_START_TEST(test_fifo) {
  alive = 0;
  {
    Queue queue(kPolicies[__i__], {});
    fail_unless(queue.empty());
    fail_if(pop(&queue).any);
    queue.push(new_event(0));
    for (unsigned i = 0; i < 100; i++) {
      Queue::Result r = queue.push(new_buffer(i));
      assert_equals_int(r.dropped, 0);
      fail_if(r.overflow);
      queue.push(new_event(i + 1));
    }
    assert_equals_uint64(queue.bytes(), 100 * kSize);
    expect_event(&queue, 0);
    for (unsigned i = 0; i < 100; i++) {
      Popped p = pop(&queue);
      fail_unless(!p.event && p.id == i);
      fail_if(i > 0 && p.discont, "DISCONT on %u", i);
      expect_event(&queue, i + 1);
    }
    fail_unless(queue.empty());
    assert_equals_uint64(queue.bytes(), 0);
    assert_equals_uint64(queue.time_ns(), 0);
    for (unsigned i = 0; i < 10; i++) {  // freed with the queue
      queue.push(new_buffer(i));
      queue.push(new_event(i));
    }
  }
  assert_equals_int(alive, 0);
}
GST_END_TEST;

GST_START_TEST(test_audio_bytes) {
  alive = 0;
  Queue queue(Policy::Oldest, {5 * kSize, 0});
  queue.push(new_event(0));
  unsigned dropped = 0;
  for (unsigned i = 0; i < 20; i++) {
    Queue::Result r = queue.push(new_buffer(i));
    fail_unless(r.overflow == (r.dropped > 0));
    dropped += r.dropped;
    fail_unless(queue.bytes() <= 5 * kSize);
  }
  fail_unless(dropped == 15 || dropped == 16, "%u dropped", dropped);
  assert_equals_uint64(queue.bytes(), (20 - dropped) * kSize);
  assert_equals_int(alive, (int) (20 - dropped) + 1);
  expect_event(&queue, 0);
  for (unsigned i = dropped; i < 20; i++)
    expect_buffer(&queue, i, i == dropped);
  fail_unless(queue.empty());
}
GST_END_TEST;

GST_START_TEST(test_time_bound) {
  for (Policy policy : kPolicies) {
    Queue queue(policy, {0, 10 * kDuration});
    unsigned dropped = 0;
    for (unsigned i = 0; i < 50; i++) {
      dropped += queue.push(new_buffer(i)).dropped;
      if (policy != Policy::OldestBytes)
        fail_unless(queue.time_ns() <= 10 * kDuration, "%" G_GUINT64_FORMAT, queue.time_ns());
    }
    if (policy == Policy::OldestBytes) {  // never for its time
      assert_equals_int(dropped, 0);
      assert_equals_uint64(queue.bytes(), 50 * kSize);
      fail_unless(queue.time_ns() >= 49 * kDuration && queue.time_ns() <= 50 * kDuration);
    } else {
      fail_unless(dropped >= 39 && dropped <= 41, "%u dropped", dropped);
      expect_buffer(&queue, dropped, true);
    }
  }
}
GST_END_TEST;

GST_START_TEST(test_text_bytes) {
  Queue queue(Policy::OldestBytes, {3 * kSize, kDuration});
  unsigned dropped = 0;
  for (unsigned i = 0; i < 10; i++)
    dropped += queue.push(new_buffer(i)).dropped;
  fail_unless(dropped == 7 || dropped == 8, "%u dropped", dropped);
  expect_buffer(&queue, dropped, true);
  expect_buffer(&queue, dropped + 1, false);
}
GST_END_TEST;

// Full, and another group waits: the oldest group goes as a whole.
GST_START_TEST(test_video_next_keyframe) {
  Queue queue(Policy::ToKeyframe, {6 * kSize + 1, 0});
  for (unsigned i = 0; i < 6; i++)  // K d d K d d
    assert_equals_int(queue.push(new_buffer(i, i % 3 == 0)).dropped, 0);
  Queue::Result r = queue.push(new_buffer(6, false));
  assert_equals_int(r.dropped, 3);
  fail_unless(r.overflow);
  expect_buffer(&queue, 3, true);
  for (unsigned i = 4; i < 7; i++)
    expect_buffer(&queue, i, false);
  fail_unless(queue.empty());
}
GST_END_TEST;

// Full, and no other keyframe is there: nothing comes before the next.
GST_START_TEST(test_video_no_keyframe) {
  alive = 0;
  Queue queue(Policy::ToKeyframe, {4 * kSize + 1, 0});
  Decoder decoder{true};
  unsigned dropped = 0;
  bool overflow = false;
  for (unsigned i = 0; i < 8; i++) {
    Queue::Result r = queue.push(new_buffer(i, i == 0));
    dropped += r.dropped;
    overflow = overflow || r.overflow;
    fail_unless(queue.bytes() <= 4 * kSize + 1);
  }
  fail_unless(overflow);
  fail_unless(dropped >= 4);
  assert_equals_int(alive, 8 - (int) dropped);
  dropped += queue.push(new_buffer(8, true)).dropped;
  dropped += queue.push(new_buffer(9, false)).dropped;
  while (!queue.empty())
    decoder.take(pop(&queue));
  assert_equals_int(decoder.received + dropped, 10);
  assert_equals_int(decoder.last, 9);
}
GST_END_TEST;

// After a loss video goes on at a keyframe; what waits is not counted as overflow.
GST_START_TEST(test_interrupt_video) {
  Queue queue(Policy::ToKeyframe, {});
  queue.push(new_buffer(0, true));
  queue.push(new_buffer(1, false));
  queue.interrupt();
  queue.push(new_event(7));
  for (unsigned i = 3; i < 6; i++) {
    Queue::Result r = queue.push(new_buffer(i, false));
    assert_equals_int(r.dropped, 1);
    fail_if(r.overflow);
  }
  assert_equals_int(queue.push(new_buffer(6, true)).dropped, 0);
  assert_equals_int(queue.push(new_buffer(7, false)).dropped, 0);
  pop(&queue);
  expect_buffer(&queue, 1, false);
  expect_event(&queue, 7);
  expect_buffer(&queue, 6, true);
  expect_buffer(&queue, 7, false);
}
GST_END_TEST;

// The buffer that was taken last is lost: those that depend on it are dropped, and the next one has
// DISCONT, whether it is in the queue or to come.
GST_START_TEST(test_lost) {
  for (Policy policy : kPolicies) {
    Queue queue(policy, {});
    queue.push(new_buffer(1));
    for (unsigned id = 2; id <= 4; id++)
      queue.push(new_buffer(id, id == 4));
    pop(&queue);
    queue.lost();
    const Popped next = pop(&queue);
    assert_equals_int(next.id, policy == Policy::ToKeyframe ? 4 : 2);
    fail_unless(next.discont);
    while (!queue.empty())
      pop(&queue);
    queue.lost();
    queue.push(new_buffer(5, false));
    queue.push(new_buffer(6));
    const Popped last = pop(&queue);
    assert_equals_int(last.id, policy == Policy::ToKeyframe ? 6 : 5);
    fail_unless(last.discont);
  }
}
GST_END_TEST;

GST_START_TEST(test_interrupt_others) {
  for (Policy policy : {Policy::Oldest, Policy::OldestBytes}) {
    Queue queue(policy, {});
    queue.push(new_buffer(0));
    queue.interrupt();
    queue.interrupt();
    queue.push(new_event(1));
    // Neither waits for a keyframe.
    assert_equals_int(queue.push(new_buffer(1, false)).dropped, 0);
    queue.push(new_buffer(2));
    pop(&queue);
    expect_event(&queue, 1);
    expect_buffer(&queue, 1, true);
    expect_buffer(&queue, 2, false);
    // With nothing waiting, too.
    queue.interrupt();
    queue.push(new_buffer(3));
    expect_buffer(&queue, 3, true);
  }
}
GST_END_TEST;

// A buffer larger than the bound: told when dropped, and what comes next goes through.
GST_START_TEST(test_oversize) {
  for (Policy policy : kPolicies) {
    alive = 0;
    Queue queue(policy, {5 * kSize, 0});
    queue.push(new_event(0));
    unsigned dropped = queue.push(new_buffer(0, true, 100 * kSize)).dropped;
    fail_unless(dropped <= 1);
    assert_equals_int(alive, 2 - (int) dropped);
    for (unsigned i = 1; i < 4; i++)
      dropped += queue.push(new_buffer(i, true)).dropped;
    expect_event(&queue, 0);
    Decoder decoder{policy == Policy::ToKeyframe};
    while (!queue.empty())
      decoder.take(pop(&queue));
    assert_equals_int(decoder.received + dropped, 4);
    assert_equals_int(decoder.last, 3);
    assert_equals_uint64(queue.bytes(), 0);
    assert_equals_int(alive, 0);
  }
}
GST_END_TEST;

GST_START_TEST(test_clear) {
  for (Policy policy : kPolicies) {
    alive = 0;
    Queue queue(policy, {100 * kSize, 100 * kDuration});
    for (unsigned i = 0; i < 10; i++) {
      queue.push(new_buffer(i));
      queue.push(new_event(i));
    }
    queue.clear();
    assert_equals_int(alive, 0);
    fail_unless(queue.empty());
    assert_equals_uint64(queue.bytes(), 0);
    assert_equals_uint64(queue.time_ns(), 0);
    queue.push(new_buffer(20));
    assert_equals_int(pop(&queue).id, 20);
  }
}
GST_END_TEST;

GST_START_TEST(test_no_timestamps) {
  for (Policy policy : kPolicies) {
    Queue queue(policy, {0, kDuration});
    for (unsigned i = 0; i < 5; i++) {
      BufferPtr buffer = new_buffer(i);
      GST_BUFFER_PTS(buffer.get()) = GST_CLOCK_TIME_NONE;
      GST_BUFFER_DURATION(buffer.get()) = GST_CLOCK_TIME_NONE;
      assert_equals_int(queue.push(std::move(buffer)).dropped, 0);
    }
    assert_equals_uint64(queue.time_ns(), 0);
    assert_equals_uint64(queue.bytes(), 5 * kSize);
  }
}
GST_END_TEST;

// Whatever the order of calls: all buffers are popped, dropped and counted, or still there; what
// comes out can be decoded; events come all, in order, and at their place.
GST_START_TEST(test_random) {
  const Policy policy = kPolicies[__i__ % 3];
  GRand *rand = g_rand_new_with_seed((guint32) __i__);
  alive = 0;
  {
    Queue queue(policy, {(uint64_t) g_rand_int_range(rand, 5, 40) * kSize,
                         __i__ % 2 ? (uint64_t) g_rand_int_range(rand, 5, 40) * kDuration : 0});
    Decoder decoder{policy == Policy::ToKeyframe};
    std::map<unsigned, unsigned> before;  // by event: the next buffer's id when it was pushed
    unsigned pushed = 0, events = 0, popped_events = 0, dropped = 0;
    for (int step = 0; step < 6000; step++) {
      const int what = g_rand_int_range(rand, 0, 100);
      const bool busy = step / 300 % 2;  // the pipeline is slow by turns
      if (what < 50) {
        const bool key = pushed == 0 || g_rand_int_range(rand, 0, 10) == 0;
        Queue::Result r =
            queue.push(new_buffer(pushed++, key, (unsigned) g_rand_int_range(rand, 1, 3 * kSize)));
        dropped += r.dropped;
        fail_if(r.overflow && r.dropped == 0);
      } else if (what < 58) {
        before[events] = pushed;
        queue.push(new_event(events++));
      } else if (what < 59) {
        queue.interrupt();
      } else if (!busy || what < 65) {
        Popped p = pop(&queue);
        if (!p.any)
          continue;
        if (!p.event) {
          fail_if(popped_events < events && p.id >= before[popped_events],
                  "buffer %u came before event %u", p.id, popped_events);
          decoder.take(p);
          continue;
        }
        assert_equals_int(p.id, popped_events++);
        fail_if(decoder.started && decoder.last >= before[p.id]);
      }
    }
    while (!queue.empty()) {
      Popped p = pop(&queue);
      if (p.event) {
        assert_equals_int(p.id, popped_events++);
      } else {
        decoder.take(p);
      }
    }
    assert_equals_int(popped_events, events);
    assert_equals_int(decoder.received + dropped, pushed);
    fail_unless(dropped > 0);
    assert_equals_uint64(queue.bytes(), 0);
  }
  assert_equals_int(alive, 0);
  g_rand_free(rand);
}
GST_END_TEST;

static Suite *queue_suite(void) {
  Suite *suite = suite_create("queue");
  TCase *tc = tcase_create("queue");
  suite_add_tcase(suite, tc);
  tcase_add_loop_test(tc, test_fifo, 0, 3);
  tcase_add_test(tc, test_audio_bytes);
  tcase_add_test(tc, test_time_bound);
  tcase_add_test(tc, test_text_bytes);
  tcase_add_test(tc, test_video_next_keyframe);
  tcase_add_test(tc, test_video_no_keyframe);
  tcase_add_test(tc, test_interrupt_video);
  tcase_add_test(tc, test_lost);
  tcase_add_test(tc, test_interrupt_others);
  tcase_add_test(tc, test_oversize);
  tcase_add_test(tc, test_clear);
  tcase_add_test(tc, test_no_timestamps);
  tcase_add_loop_test(tc, test_random, 0, 12);
  return suite;
}

GST_CHECK_MAIN(queue)

// SPDX-License-Identifier: LGPL-2.1-or-later
// Sockets that are watched on a main context: all are served, none for ever, and what is removed is
// not called any more.
#include "base/socketwatch.h"

#include <sys/socket.h>
#include <unistd.h>
#include "gst_check.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <thread>
#include <vector>

using namespace rtms;

namespace {

constexpr size_t kMany = 300;
#ifdef RTMS_WITHOUT_ROUNDS
constexpr bool kHasRounds = false;
#else
constexpr bool kHasRounds = true;
#endif

// Two ends of a connection; what is written to one can be read from the other.
struct Pair {
  ObjectPtr<GSocket> near, far;

  Pair() {
    int fds[2] = {-1, -1};
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    near.reset(g_socket_new_from_fd(fds[0], nullptr));
    far.reset(g_socket_new_from_fd(fds[1], nullptr));
    g_socket_set_blocking(near.get(), FALSE);
  }
  void write() const { ck_assert_int_eq(g_socket_send(far.get(), "x", 1, nullptr, nullptr), 1); }
  void read() const {
    char byte = 0;
    ck_assert_int_eq(g_socket_receive(near.get(), &byte, 1, nullptr, nullptr), 1);
  }
};

// Until nothing is ready any more.
void settle() {
  constexpr int kMost = 1000;
  int turns = 0;
  while (g_main_context_iteration(nullptr, FALSE))
    ck_assert_int_lt(++turns, kMost);
}

size_t open_files() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

struct Crowd {
  std::vector<Pair> pairs{kMany};
  std::vector<SocketWatch> watches{kMany};
  std::vector<unsigned> calls = std::vector<unsigned>(kMany);

  Crowd() {
    for (size_t i = 0; i < kMany; i++)
      ck_assert(watches[i].start(pairs[i].near.get(), G_IO_IN, [this, i](GIOCondition ready) {
        ck_assert_uint_eq(ready, G_IO_IN);
        pairs[i].read();
        calls[i]++;
      }));
  }
};

}  // namespace

GST_START_TEST(test_many) {
  Crowd crowd;
  settle();
  for (unsigned called : crowd.calls)
    ck_assert_uint_eq(called, 0);
  for (const Pair &pair : crowd.pairs)
    pair.write();
  crowd.pairs[7].write();
  settle();
  for (size_t i = 0; i < kMany; i++)
    ck_assert_uint_eq(crowd.calls[i], i == 7 ? 2 : 1);
}
GST_END_TEST;

// A socket that is never read to its end: the others have their turn, and so has the rest of the
// loop.
GST_START_TEST(test_fair) {
  Crowd crowd;
  std::vector<Pair> floods(200);
  std::vector<SocketWatch> watches(floods.size());
  std::vector<unsigned> turns(floods.size());
  for (size_t i = 0; i < floods.size(); i++) {
    floods[i].write();
    watches[i].start(floods[i].near.get(), G_IO_IN, [&turns, i](GIOCondition) { turns[i]++; });
  }
  unsigned closures = 0;
  const GSourceFunc count = [](gpointer closures_run) -> gboolean {
    ++*static_cast<unsigned *>(closures_run);
    return G_SOURCE_CONTINUE;
  };
  AttachedSource closure(g_idle_source_new());
  g_source_set_priority(closure.get(), G_PRIORITY_DEFAULT);
  g_source_set_callback(closure.get(), count, &closures, nullptr);
  g_source_attach(closure.get(), nullptr);
  for (const Pair &pair : crowd.pairs)
    pair.write();
  constexpr unsigned kTurns = 40;
  for (unsigned i = 0; i < kTurns; i++)
    g_main_context_iteration(nullptr, FALSE);
  ck_assert_uint_eq(closures, kTurns);
  for (unsigned called : crowd.calls)
    ck_assert_uint_eq(called, 1);
  for (unsigned called : turns) {
    ck_assert_uint_ge(called, kTurns / 10);
    ck_assert_uint_le(called, kTurns);
  }
}
GST_END_TEST;

// What piles up on a socket of which little is read at a time does not wait for further rounds; and
// sockets that are ready one after the other are served together.
GST_START_TEST(test_rounds) {
  constexpr unsigned kBytes = 200;
  Pair pair;
  SocketWatch watch;
  unsigned got = 0;
  const auto take = [&](GIOCondition) {
    pair.read();
    got++;
  };
  constexpr unsigned kRound_ms = 5;
  watch.start(pair.near.get(), G_IO_IN, take);
  watch.set_round(kRound_ms);
  const auto turns_for = [&](unsigned wanted) {
    unsigned turns = 0;
    while (got < wanted) {
      g_main_context_iteration(nullptr, TRUE);
      turns++;
    }
    return turns;
  };
  for (unsigned round = 1; round <= 3; round++) {
    for (unsigned i = 0; i < kBytes; i++)
      pair.write();
    const gint64 start_us = g_get_monotonic_time();
    turns_for(round * kBytes);
    // One byte a round would take a second.
    ck_assert_int_lt(g_get_monotonic_time() - start_us, kBytes * 5000 / 2);
  }
  watch.start(pair.near.get(), G_IO_IN, [&](GIOCondition) {
    char bytes[kBytes];
    got += static_cast<unsigned>(
        g_socket_receive(pair.near.get(), bytes, sizeof bytes, nullptr, nullptr));
  });
  watch.set_round(kRound_ms);
  std::thread writer([&] {
    for (unsigned i = 0; i < kBytes; i++) {
      pair.write();
      g_usleep(500);
    }
  });
  got = 0;
  const unsigned turns = turns_for(kBytes);
  writer.join();
  if (kHasRounds)
    ck_assert_uint_lt(turns, kBytes / 2);
}
GST_END_TEST;

GST_START_TEST(test_shortest_round) {
  constexpr unsigned kLong_ms = 60000, kTurns = 10;
  Pair pair, quiet;
  SocketWatch watch, other;
  unsigned got = 0;
  watch.start(pair.near.get(), G_IO_IN, [&](GIOCondition) {
    pair.read();
    got++;
  });
  other.start(quiet.near.get(), G_IO_IN, [](GIOCondition) {});
  watch.set_round(kLong_ms);
  other.set_round(kLong_ms);
  const auto write = [&] {
    pair.write();
    for (unsigned i = 0; i < kTurns; i++)
      g_main_context_iteration(nullptr, FALSE);
  };
  // The first finds nothing to wait for.
  write();
  write();
  ck_assert_uint_eq(got, 2);
  write();
  ck_assert_uint_eq(got, kHasRounds ? 2 : 3);
  other.set_round(0);
  settle();
  ck_assert_uint_eq(got, 3);
  write();
  ck_assert_uint_eq(got, 4);
  other.stop();
  write();
  write();
  ck_assert_uint_eq(got, kHasRounds ? 5 : 6);
}
GST_END_TEST;

// Those that are ready together are served in the order in which they were watched.
GST_START_TEST(test_order) {
  std::vector<Pair> pairs(50);
  std::vector<SocketWatch> watches(pairs.size());
  std::vector<size_t> order;
  for (size_t i = 0; i < pairs.size(); i++)
    watches[i].start(pairs[i].near.get(), G_IO_IN, [&, i](GIOCondition) {
      pairs[i].read();
      order.push_back(i);
    });
  for (size_t i = pairs.size(); i-- > 0;)
    pairs[i].write();
  settle();
  ck_assert_uint_eq(order.size(), pairs.size());
  ck_assert(std::is_sorted(order.begin(), order.end()));
}
GST_END_TEST;

// The first that is called removes all, itself too, and with it the last user of the context.
GST_START_TEST(test_removal) {
  std::vector<Pair> pairs(20);
  auto watches = std::make_unique<std::vector<SocketWatch>>(pairs.size());
  unsigned calls = 0;
  for (size_t i = 0; i < pairs.size(); i++) {
    pairs[i].write();
    (*watches)[i].start(pairs[i].near.get(), G_IO_IN, [&](GIOCondition) {
      calls++;
      watches.reset();
    });
  }
  settle();
  ck_assert_uint_eq(calls, 1);
  // A socket may be watched once more.
  SocketWatch again;
  ck_assert(again.start(pairs[0].near.get(), G_IO_IN, [&](GIOCondition) {
    calls++;
    pairs[0].read();
  }));
  settle();
  ck_assert_uint_eq(calls, 2);
  again.stop();
  pairs[0].write();
  settle();
  ck_assert_uint_eq(calls, 2);
}
GST_END_TEST;

GST_START_TEST(test_again) {
  Pair pair;
  SocketWatch watch;
  unsigned calls = 0;
  watch.start(pair.near.get(), G_IO_IN, [&](GIOCondition ready) {
    ck_assert_uint_eq(ready, G_IO_IN);
    if (++calls < 5)
      watch.again();
  });
  watch.again();
  settle();
  ck_assert_uint_eq(calls, 5);
  // Not after its end.
  watch.again();
  watch.stop();
  settle();
  ck_assert_uint_eq(calls, 5);
}
GST_END_TEST;

// Within a callback that runs the loop, the others go on.
GST_START_TEST(test_nested) {
  Pair outer, inner;
  SocketWatch outer_watch, inner_watch;
  unsigned inside = 0;
  bool over = false;
  inner_watch.start(inner.near.get(), G_IO_IN, [&](GIOCondition) {
    inner.read();
    inside++;
  });
  outer_watch.start(outer.near.get(), G_IO_IN, [&](GIOCondition) {
    outer.read();
    inner.write();
    settle();
    ck_assert_uint_eq(inside, 1);
    over = true;
  });
  outer.write();
  settle();
  ck_assert(over);
}
GST_END_TEST;

// What has not been read is not served, nor what is being read.
GST_START_TEST(test_served) {
  if (!kHasRounds)
    return;
  // Later than all times before.
  const auto now = [] {
    const int64_t before_us = g_get_monotonic_time();
    while (g_get_monotonic_time() == before_us)
      continue;
    return g_get_monotonic_time();
  };
  const auto served = SocketsServed::here();
  Pair outer, inner;
  SocketWatch outer_watch, inner_watch;
  int64_t arrived_us = 0;
  unsigned again = 0;
  inner_watch.start(inner.near.get(), G_IO_IN, [&](GIOCondition) { inner.read(); });
  outer_watch.start(outer.near.get(), G_IO_IN, [&](GIOCondition) {
    outer.read();
    ck_assert_int_le(served->until_us(), arrived_us);
    inner.write();
    settle();
    ck_assert_int_le(served->until_us(), arrived_us);
  });
  const int64_t idle_us = now();
  ck_assert_int_ge(served->until_us(), idle_us);
  arrived_us = now();
  outer.write();
  ck_assert_int_le(served->until_us(), arrived_us);
  const int64_t late_us = now();
  g_main_context_iteration(nullptr, FALSE);
  ck_assert_int_ge(served->until_us(), late_us);
  // The rest that waits in memory.
  inner_watch.stop();
  outer_watch.start(outer.near.get(), G_IO_IN, [&](GIOCondition) { again++; });
  arrived_us = now();
  outer_watch.again();
  ck_assert_int_le(served->until_us(), arrived_us);
  settle();
  ck_assert_uint_eq(again, 1);
  ck_assert_int_ge(served->until_us(), arrived_us);
}
GST_END_TEST;

GST_START_TEST(test_output) {
  Pair pair;
  SocketWatch watch;
  std::map<unsigned, unsigned> seen;
  watch.start(pair.near.get(), static_cast<GIOCondition>(G_IO_IN | G_IO_OUT),
              [&](GIOCondition ready) {
                seen[ready]++;
                watch.stop();
              });
  settle();
  ck_assert_uint_eq(seen[G_IO_OUT], 1);
  // The end of the connection is news for who reads.
  unsigned ends = 0;
  watch.start(pair.near.get(), G_IO_IN, [&](GIOCondition ready) {
    ck_assert_uint_eq(ready, G_IO_IN);
    ends++;
    watch.stop();
  });
  settle();
  ck_assert_uint_eq(ends, 0);
  g_socket_close(pair.far.get(), nullptr);
  settle();
  ck_assert_uint_eq(ends, 1);
}
GST_END_TEST;

GST_START_TEST(test_leaks) {
  Crowd{};
  const size_t before = open_files();
  for (int i = 0; i < 20; i++) {
    Crowd crowd;
    crowd.pairs[0].write();
    settle();
  }
  ck_assert_uint_eq(open_files(), before);
  // Contexts of their own, one inside the other, on the same thread.
  Pair first, second;
  SocketWatch outer, inner;
  unsigned outside = 0, inside = 0;
  outer.start(first.near.get(), G_IO_IN, [&](GIOCondition) {
    first.read();
    outside++;
  });
  MainContextPtr context(g_main_context_new());
  g_main_context_push_thread_default(context.get());
  inner.start(second.near.get(), G_IO_IN, [&](GIOCondition) {
    second.read();
    inside++;
  });
  g_main_context_pop_thread_default(context.get());
  first.write();
  second.write();
  g_main_context_iteration(context.get(), FALSE);
  ck_assert_uint_eq(inside, 1);
  ck_assert_uint_eq(outside, 0);
  settle();
  ck_assert_uint_eq(outside, 1);
}
GST_END_TEST;

static Suite *socketwatch_suite() {
  Suite *suite = suite_create("socketwatch");
  TCase *tcase = tcase_create("socketwatch");
  suite_add_tcase(suite, tcase);
  tcase_add_test(tcase, test_many);
  tcase_add_test(tcase, test_fair);
  tcase_add_test(tcase, test_rounds);
  tcase_add_test(tcase, test_shortest_round);
  tcase_add_test(tcase, test_order);
  tcase_add_test(tcase, test_removal);
  tcase_add_test(tcase, test_again);
  tcase_add_test(tcase, test_nested);
  tcase_add_test(tcase, test_served);
  tcase_add_test(tcase, test_output);
  tcase_add_test(tcase, test_leaks);
  return suite;
}

GST_CHECK_MAIN(socketwatch)

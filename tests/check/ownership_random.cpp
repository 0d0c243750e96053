// SPDX-License-Identifier: LGPL-2.1-or-later
// Which recorder owns a stream, in a simulated cluster in which everything goes wrong at random.
#include "clusterworld.h"

namespace {

using namespace rtmscheck;

// Whatever happens, in whatever order: never two owners, and in the end each stream has one.
void run_at_random(unsigned seed) {
  constexpr unsigned kNodes = 3, kStreams = 6;
  constexpr int64_t kTrouble_ms = 180000, kSettle_ms = 50000, kLongest_ms = 50000;
  World world(seed, kNodes);
  world.seed_ = seed;
  world.run(1000);
  world.troubled = true;
  const auto streams = announce_some(&world, kStreams);
  const int64_t end = world.clock.now() + kTrouble_ms;
  while (world.clock.now() < end) {
    const auto number = static_cast<unsigned>(world.chance(kNodes - 1));
    Node *node = world.nodes[number];
    switch (world.chance(9)) {
      case 0:
        node->sleep(world.chance(25000));
        break;
      case 1:
        node->set_cut(!node->cut);
        break;
      case 2:
        if (world.chance(2) == 0) {
          world.kill(number);
          world.start(number);
        }
        break;
      case 3:
        for (const std::string &stream : streams)
          if (!node->asleep && node->begun(stream) && world.chance(1))
            node->end(stream, Closed::Released);
        break;
      case 5:
        if (world.chance(3) == 0 || world.store.gone)
          world.set_gone(!world.store.gone);
        break;
      case 4:
        for (Node *one : world.nodes)
          one->set_cut(false);
        break;
      default:
        break;
    }
    world.run(world.chance(4000));
    world.check_all();
    // Else the service gives up what nobody could begin.
    if (world.store.gone && world.clock.now() - world.gone_since > kLongest_ms &&
        !all_owned(world, streams))
      world.set_gone(false);
  }
  world.troubled = false;
  world.set_gone(false);
  for (Node *node : world.nodes)
    node->set_cut(false);
  const auto stable = [&] { return all_owned(world, streams); };
  world.run(kSettle_ms);
  ck_assert_msg(stable(), "seed %u: not all are owned in the end", seed);
  world.run(kSettle_ms);
  ck_assert_msg(stable(), "seed %u: not stable", seed);
}

constexpr int kTurns = 20, kUsual = 8;

void run_seeds(unsigned turn) {
  constexpr unsigned kSeeds = 20;
  for (unsigned i = 0; i < kSeeds; i++)
    run_at_random(turn * kSeeds + i + 1);
}

}  // namespace

GST_START_TEST(test_random) {
  run_seeds(static_cast<unsigned>(__i__));
}
GST_END_TEST;

static Suite *ownership_random_suite() {
  Suite *suite = suite_create("ownership_random");
  TCase *some = tcase_create("some"), *more = tcase_create("more");
  tcase_add_loop_test(some, test_random, 0, kUsual);
  tcase_add_loop_test(more, test_random, kUsual, kTurns);
  suite_add_tcase(suite, some);
  suite_add_tcase(suite, more);
  return suite;
}

GST_CHECK_MAIN(ownership_random)

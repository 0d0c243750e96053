// SPDX-License-Identifier: LGPL-2.1-or-later
// What rtms-recorder's mixing is made of: sums that do not clip, and how long all waits.
#include "recorder_run.h"

#include "audio/frontier.h"
#include "audio/mixer.h"
#include "audio/room.h"

#include <cmath>
#include <random>

namespace {

using namespace rtmscheck;
using namespace rtms::recorder;

using Samples = std::vector<int16_t>;
using Sums = std::vector<int32_t>;

constexpr unsigned kRate = 16000;
constexpr int kMost = 32767;
constexpr uint64_t kSecond = Frontier::kSecond;

Samples tone(double hz, double seconds, int peak = kMost) {
  Samples samples;
  for (int i = 0; i < static_cast<int>(seconds * kRate); i++)
    samples.push_back(
        static_cast<int16_t>(std::lround(peak * std::sin(2 * G_PI * hz * i / kRate))));
  return samples;
}

// As a recording takes it, a tenth of a second at a time.
Samples taken(Mixer *mixer, size_t count) {
  Samples all;
  while (all.size() < count) {
    const Samples piece = mixer->take(kRate / 10)[0];
    all.insert(all.end(), piece.begin(), piece.end());
  }
  return all;
}

// The largest step of the gain from one sample to the next: one that cuts a peak off has large
// ones.
double gain_step(const Sums &sums, const Samples &samples) {
  constexpr int kLoud = 8000;  // the gain of others is not exact
  double step = 0, last = 0;
  for (size_t i = 0; i < samples.size(); i++) {
    const double gain = std::abs(sums[i]) > kLoud ? 1.0 * samples[i] / sums[i] : 0;
    if (gain > 0 && last > 0)
      step = std::max(step, std::fabs(gain - last));
    last = gain;
  }
  return step;
}

}  // namespace

GST_START_TEST(test_mixer) {
  Mixer mixer(3, 1000, 100);
  const Samples two = {1, 2}, loud = {12000, -12000};
  ck_assert_uint_eq(mixer.add(0, 1, two.data(), 2), 0);
  ck_assert_uint_eq(mixer.add(0, 2, loud.data(), 2), 0);
  ck_assert_uint_eq(mixer.add(0, 2, loud.data(), 2), 0);
  ck_assert_uint_eq(mixer.add(1, 5, two.data(), 2), 0);
  ck_assert_uint_eq(mixer.end(), 7);
  auto taken = mixer.take(4);
  ck_assert(taken[0] == (Samples{0, 1, 24002, -24000}));
  ck_assert(taken[1] == (Samples{0, 0, 0, 0}) && taken[2].empty());
  // Half of it is too late, all of it, and too far ahead.
  ck_assert_uint_eq(mixer.add(2, 3, two.data(), 2), 1);
  ck_assert_uint_eq(mixer.add(2, 0, two.data(), 2), 2);
  ck_assert_uint_eq(mixer.add(2, 103, two.data(), 2), 2);
  ck_assert_uint_eq(mixer.add(2, UINT64_MAX - 1, two.data(), 2), 2);
  ck_assert(mixer.peek(1, 4, 2) == (Sums{0, 1}) && mixer.peek(1, 6, 2) == (Sums{2}));
  ck_assert(mixer.peek(1, 9, 2).empty() && mixer.peek(0, 4, 2).empty());
  taken = mixer.take(3);
  ck_assert(taken[0].empty() && taken[1] == (Samples{0, 1, 2}) && taken[2] == (Samples{2, 0, 0}));
  ck_assert_uint_eq(mixer.position(), 7);
  ck_assert_uint_eq(mixer.end(), 7);
}
GST_END_TEST;

// Two voices at full scale, for a second of three: the wave is kept, and so is the first alone.
GST_START_TEST(test_two_loud) {
  const Samples one = tone(440, 3), other = tone(613, 1);
  Mixer mixer(1, kRate, 10 * kRate);
  mixer.add(0, 0, one.data(), one.size());
  mixer.add(0, kRate, other.data(), other.size());
  Sums sums(one.begin(), one.end());
  for (size_t i = 0; i < other.size(); i++)
    sums[kRate + i] += other[i];
  const Samples mixed = taken(&mixer, one.size());
  const auto at_limit = std::count_if(mixed.begin() + kRate, mixed.begin() + 2 * kRate,
                                      [](int sample) { return std::abs(sample) >= kMost; });
  const double step = gain_step(sums, mixed);
  constexpr size_t kAhead = kRate * 5 / 1000, kRecovery = kRate / 4;
  size_t changed = 0;
  for (size_t i = 0; i < one.size(); i++)
    if (i < kRate - kAhead || i >= 2 * kRate + kRecovery)
      changed += mixed[i] != one[i];
  g_print(
      "at the limit: %d of %u samples; steps of the gain: %.4f; changed while one speaks: %zu\n",
      static_cast<int>(at_limit), kRate, step, changed);
  // In 5 ms the gain goes down to a half.
  ck_assert(step < 0.01);
  ck_assert_int_lt(at_limit, kRate / 50);
  ck_assert_uint_eq(changed, 0);
}
GST_END_TEST;

// Whatever one voice does, nobody changes it.
GST_START_TEST(test_one_loud) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> any(-kMost - 1, kMost);
  Samples noise;
  for (unsigned i = 0; i < kRate; i++)
    noise.push_back(static_cast<int16_t>(any(random)));
  noise[5] = -32768;
  Mixer mixer(1, kRate, 10 * kRate);
  mixer.add(0, 0, noise.data(), noise.size());
  ck_assert(taken(&mixer, noise.size()) == noise);
}
GST_END_TEST;

// All times in s, each 100 ms of them.
struct Waiting {
  Frontier frontier;
  Frontier::Seen seen;
  double now = 0;

  double go_to(double time, const std::function<void(double)> &each = {}, bool full = false) {
    double complete = 0;
    for (; now < time; now += 0.1) {
      if (each)
        each(now);
      complete = static_cast<double>(frontier.at(ns(now), seen, full)) / kSecond;
    }
    return complete;
  }
  static uint64_t ns(double time) { return time > 0 ? static_cast<uint64_t>(time * kSecond) : 0; }
  // Pictures come as they are made, audio so much later.
  std::function<void(double)> audio_behind(double by) {
    return [this, by](double time) {
      seen.anything = ns(time);
      seen.audio = std::max(seen.audio, ns(time - by));
    };
  }
  std::function<void(double)> no_audio() {
    return [this](double time) { seen.anything = ns(time); };
  }
};

GST_START_TEST(test_frontier) {
  Waiting live;
  live.seen.pads = 1;
  expect_near("live", live.go_to(20, live.audio_behind(0)), 19, 0.3);
  expect_near("away", live.go_to(60, live.no_audio()), 20, 0.3);
  expect_near("behind", live.go_to(80, live.audio_behind(50)), 29, 0.3);
  expect_near("caught up", live.go_to(90, live.audio_behind(0)), 89, 0.3);
  expect_near("away for too long", live.go_to(190, live.no_audio()), 120, 0.3);
  live.seen.pads = 0;
  expect_near("ended", live.go_to(200, live.no_audio()), 195, 0.3);
}
GST_END_TEST;

GST_START_TEST(test_frontier_without_pads) {
  Waiting quiet;
  expect_near("nobody", quiet.go_to(20, quiet.no_audio()), 15, 0.3);
  quiet.frontier.lost();
  expect_near("away", quiet.go_to(40, quiet.no_audio()), 0, 0.3);
  quiet.frontier.restored();
  expect_near("back", quiet.go_to(41, quiet.no_audio()), 0, 0.3);
  expect_near("a replay in real time", quiet.go_to(50, quiet.no_audio()), 0, 0.3);
  quiet.seen.pads = 1;
  expect_near("its first words", quiet.go_to(60, quiet.audio_behind(25)), 34, 0.3);
  quiet.seen.pads = 0;
  expect_near("silence in it", quiet.go_to(70, quiet.no_audio()), 35, 0.3);
  expect_near("over", quiet.go_to(120, quiet.no_audio()), 115, 0.3);
  quiet.frontier.lost();
  quiet.frontier.restored();
  expect_near("new audio", quiet.go_to(130, quiet.audio_behind(0)), 129, 0.3);
  expect_near("no replay", quiet.go_to(140, quiet.no_audio()), 135, 0.3);
  quiet.frontier.lost();
  expect_near("away again", quiet.go_to(142, quiet.no_audio()), 130, 0.3);
  quiet.frontier.ended();
  expect_near("given up", quiet.go_to(143, quiet.no_audio()), 138, 0.3);
  // No room: all goes on by the clock.
  quiet.seen.pads = 1;
  expect_near("full", quiet.go_to(150, quiet.no_audio(), true), 145, 0.3);
}
GST_END_TEST;

GST_START_TEST(test_room) {
  Room room;
  room.add(1, 60);
  room.add(2, 60);
  ck_assert(room.is_full(100));
  room.passed(2);
  ck_assert(!room.is_full(100));
}
GST_END_TEST;

static Suite *recorder_sound_suite() {
  Suite *suite = suite_create("recorder_sound");
  TCase *tc = tcase_create("sound");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_mixer);
  tcase_add_test(tc, test_two_loud);
  tcase_add_test(tc, test_one_loud);
  tcase_add_test(tc, test_frontier);
  tcase_add_test(tc, test_frontier_without_pads);
  tcase_add_test(tc, test_room);
  return suite;
}

GST_CHECK_MAIN(recorder_sound)

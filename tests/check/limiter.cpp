// SPDX-License-Identifier: LGPL-2.1-or-later
// Sums of samples that do not fit 16 bits. Mixer's tests and the program's have more.
#include "media/limiter.h"

#include "gst_check.h"

#include <algorithm>
#include <cmath>
#include <random>

using rtms::Limiter;

namespace {

using Samples = std::vector<int16_t>;
using Sums = std::vector<int32_t>;

constexpr unsigned kRate = 16000;
constexpr int kMost = 32767;

// Silence for as long as the limiter looks ahead, and a tone.
Sums tone(double hz, double seconds, int peak) {
  Sums sums(kRate / 100);
  for (int i = 0; i < static_cast<int>(seconds * kRate); i++)
    sums.push_back(static_cast<int32_t>(std::lround(peak * std::sin(2 * G_PI * hz * i / kRate))));
  return sums;
}

Samples same(const Sums &sums) {
  Samples samples;
  for (int32_t sum : sums)
    samples.push_back(static_cast<int16_t>(sum));
  return samples;
}

Sums interleaved(const Sums &left, const Sums &right) {
  Sums both;
  for (size_t i = 0; i < left.size(); i++) {
    both.push_back(left[i]);
    both.push_back(right[i]);
  }
  return both;
}

}  // namespace

// Any sums, that come in pieces: none changes its sign, and all fit.
GST_START_TEST(test_any) {
  Limiter limiter(kRate);
  std::mt19937 random(1);
  std::uniform_int_distribution<int32_t> any(-20 * kMost, 20 * kMost);
  for (int piece = 0; piece < 50; piece++) {
    Sums sums;
    for (unsigned i = 0; i < kRate / 10; i++)
      sums.push_back(piece % 3 ? any(random) : 0);
    const Samples limited = limiter.limit(sums, sums.size());
    for (size_t i = 0; i < sums.size(); i++)
      ck_assert(sums[i] == 0 ? limited[i] == 0 : (limited[i] ^ sums[i]) >= 0 || limited[i] == 0);
  }
  ck_assert(limiter.limit({}, 10) == Samples(10));
}
GST_END_TEST;

// The right channel is too loud: the left one is lowered as much, so that no voice moves.
GST_START_TEST(test_channels) {
  constexpr int kLow = 10000, kHigh = 4 * kMost;
  const Sums left = tone(440, 1, kLow), right = tone(440, 1, kHigh);
  Limiter limiter(kRate, 2), mono(kRate);
  const Samples both = limiter.limit(interleaved(left, right), left.size());
  const Samples alone = mono.limit(right, right.size());
  ck_assert_uint_eq(both.size(), 2 * left.size());
  for (size_t i = 0; i < left.size(); i++) {
    ck_assert_int_eq(both[2 * i + 1], alone[i]);
    const double expected = 1.0 * both[2 * i + 1] * kLow / kHigh;
    ck_assert_msg(std::fabs(both[2 * i] - expected) <= 1.5, "%zu: %d, not %f", i, both[2 * i],
                  expected);
  }
}
GST_END_TEST;

// `count` and the look-ahead count the samples of one channel.
GST_START_TEST(test_channels_look_ahead) {
  const Sums tones = interleaved(tone(440, 1, kMost), tone(613, 1, 3 * kMost));
  Limiter whole(kRate, 2), pieces(kRate, 2);
  const Samples expected = whole.limit(tones, kRate);
  Samples limited;
  constexpr size_t kPiece = kRate / 50;
  for (size_t at = 0; at < kRate; at += kPiece) {
    const size_t end = std::min(tones.size() / 2, at + kPiece + pieces.ahead());
    const Sums seen(tones.begin() + static_cast<ptrdiff_t>(2 * at),
                    tones.begin() + static_cast<ptrdiff_t>(2 * end));
    const Samples piece = pieces.limit(seen, kPiece);
    limited.insert(limited.end(), piece.begin(), piece.end());
  }
  ck_assert(limited == expected);
}
GST_END_TEST;

// After a reset nothing of the loud audio before it lowers what follows.
GST_START_TEST(test_reset) {
  const Sums loud = tone(440, 0.1, 4 * kMost), quiet = tone(440, 0.1, kMost);
  Limiter limiter(kRate);
  limiter.limit(loud, loud.size());
  ck_assert(limiter.limit(quiet, quiet.size()) != same(quiet));
  limiter.limit(loud, loud.size());
  limiter.reset();
  ck_assert(limiter.limit(quiet, quiet.size()) == same(quiet));
}
GST_END_TEST;

static Suite *limiter_suite() {
  Suite *suite = suite_create("limiter");
  TCase *tcase = tcase_create("all");
  suite_add_tcase(suite, tcase);
  tcase_add_test(tcase, test_any);
  tcase_add_test(tcase, test_channels);
  tcase_add_test(tcase, test_channels_look_ahead);
  tcase_add_test(tcase, test_reset);
  return suite;
}

GST_CHECK_MAIN(limiter)

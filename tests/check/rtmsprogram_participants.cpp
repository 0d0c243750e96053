// SPDX-License-Identifier: LGPL-2.1-or-later
// The audio of a program with a pad for each participant: loud ones together are not clipped, and
// one alone passes unchanged.
#include <algorithm>
#include <cmath>

#include "live.h"
#include "watcher.h"

namespace {

using namespace rtmscheck;

using Samples = std::vector<int16_t>;

constexpr int kRate = 48000, kMost = 32767, kPacket_ms = 20;
constexpr int kQuietPeak = 5000, kLoudPeak = kMost;
constexpr int kSecond = kRate;

// One participant: a quiet tone, which is loud from `from` to `to`; positions in samples.
struct Voice {
  double hz = 440;
  int quiet = 0, from = 0, to = 0;

  int16_t at(int position) const {
    const int peak = position >= from && position < to ? kLoudPeak : quiet;
    return static_cast<int16_t>(std::lround(peak * std::cos(2 * G_PI * hz * position / kRate)));
  }
};

std::shared_ptr<ListSource> meeting_of(const std::vector<Voice> &voices, int length) {
  constexpr int kSamples = kRate * kPacket_ms / 1000;
  auto source = std::make_shared<ListSource>();
  for (int start = 0; start < length; start += kSamples)
    for (std::size_t one = 0; one < voices.size(); one++) {
      Bytes bytes;
      for (int position = start; position < start + kSamples; position++) {
        const auto sample = static_cast<uint16_t>(voices[one].at(position));
        bytes.push_back(static_cast<uint8_t>(sample & 0xff));
        bytes.push_back(static_cast<uint8_t>(sample >> 8));
      }
      source->add(item(Media::Audio, int64_t{start} * 1000 / kRate, std::move(bytes), 7 + one));
    }
  return source;
}

GstPadProbeReturn collect(GstPad *, GstPadProbeInfo *info, gpointer to) {
  GstMapInfo map;
  ck_assert(gst_buffer_map(GST_PAD_PROBE_INFO_BUFFER(info), &map, GST_MAP_READ));
  const auto first = reinterpret_cast<const int16_t *>(map.data);
  static_cast<Samples *>(to)->insert(static_cast<Samples *>(to)->end(), first,
                                     first + map.size / sizeof *first);
  gst_buffer_unmap(GST_PAD_PROBE_INFO_BUFFER(info), &map);
  return GST_PAD_PROBE_OK;
}

// Returns the program's audio, from the first sample of the participants on: one channel of two
// equal ones.
Samples program_of(const std::vector<Voice> &voices, int length) {
  Config config;
  config.source = meeting_of(voices, length);
  auto server = serve(std::move(config));
  Samples both;
  Watcher watcher(*server, [&](GstElement *program) {
    set(program, "media-types", "audio");
    set(program, "audio-streams", "per-participant");
    g_object_set(program, "audio-rate", kRate, nullptr);
    // A busy machine is not what this is about: the mixer leaves out what comes too late.
    constexpr guint kLatency_ms = 2000;
    gst_child_proxy_set(GST_CHILD_PROXY(program), "source::latency", kLatency_ms, nullptr);
    const Ptr<GstPad, gst_object_unref> pad(gst_element_get_static_pad(program, "audio"));
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, collect, &both, nullptr);
  });
  watcher.play();
  watcher.wait_eos();
  expect_constant(watcher.watched());
  const std::string &caps = watcher.watched().audio_caps.front();
  for (const char *field : {"format=(string)S16LE", "rate=(int)48000", "channels=(int)2"})
    ck_assert_msg(contains(caps, field), "%s", caps.c_str());
  for (const Block &block : watcher.watched().blocks)
    ck_assert_uint_eq(block.duration, kPacket_ms * GST_MSECOND);
  Samples one;
  for (std::size_t at = 0; at + 1 < both.size(); at += 2) {
    ck_assert_int_eq(both[at], both[at + 1]);
    if (!one.empty() || both[at] != 0)
      one.push_back(both[at]);
  }
  ck_assert_msg(one.size() >= static_cast<std::size_t>(length), "%zu of %d samples", one.size(),
                length);
  return one;
}

std::vector<int> sums_of(const std::vector<Voice> &voices, int length) {
  std::vector<int> sums(static_cast<std::size_t>(length));
  for (int at = 0; at < length; at++)
    for (const Voice &voice : voices)
      sums[static_cast<std::size_t>(at)] += voice.at(at);
  return sums;
}

// The largest step of the gain: a peak that is cut off has large ones.
double gain_step(const std::vector<int> &sums, const Samples &samples) {
  constexpr int kExact = 8000;  // the gain of smaller samples is not exact
  double step = 0, last = 0;
  for (std::size_t at = 0; at < sums.size(); at++) {
    const double gain = std::abs(sums[at]) > kExact ? 1.0 * samples[at] / sums[at] : 0;
    if (gain > 0 && last > 0)
      step = std::max(step, std::fabs(gain - last));
    last = gain;
  }
  return step;
}

// The amplitude of one frequency in half a second, which contains whole periods of it.
double amplitude(const Samples &samples, int from, double hz) {
  constexpr int kLength = kSecond / 2;
  double real = 0, imaginary = 0;
  for (int at = from; at < from + kLength; at++) {
    const double phase = 2 * G_PI * hz * at / kRate;
    real += samples[static_cast<std::size_t>(at)] * std::cos(phase);
    imaginary += samples[static_cast<std::size_t>(at)] * std::sin(phase);
  }
  return 2 * std::hypot(real, imaginary) / kLength;
}

// Of the first harmonics, relative to the tone.
double harmonic_distortion(const Samples &samples, int from, double hz) {
  double harmonics = 0;
  for (int n = 2; n <= 10; n++)
    harmonics = std::hypot(harmonics, amplitude(samples, from, n * hz));
  return harmonics / amplitude(samples, from, hz);
}

Samples clipped(const std::vector<int> &sums) {
  Samples samples;
  for (int sum : sums)
    samples.push_back(static_cast<int16_t>(std::clamp(sum, -kMost - 1, kMost)));
  return samples;
}

// Between two positions.
int full_scale(const Samples &samples, int from, int to) {
  return static_cast<int>(
      std::count_if(samples.begin() + from, samples.begin() + to,
                    [](int16_t sample) { return std::abs(int{sample}) >= kMost; }));
}

}  // namespace

// Four participants speak at full scale for a second of three: the same tone, or different ones.
GST_START_TEST(test_loud) {
  constexpr int kLength = 3 * kSecond, kFrom = kSecond, kTo = 2 * kSecond;
  constexpr int kAhead = kRate * 5 / 1000, kRecovery = kRate / 4;
  constexpr double kHz[][4] = {{440, 440, 440, 440}, {440, 613, 947, 1201}};
  std::vector<Voice> voices;
  for (double hz : kHz[__i__])
    voices.push_back({hz, voices.empty() ? kQuietPeak : 0, kFrom, kTo});
  const std::vector<int> sums = sums_of(voices, kLength);
  const Samples samples = program_of(voices, kLength), clip = clipped(sums);
  const double step = gain_step(sums, samples);
  const int full = full_scale(samples, kFrom, kTo);
  g_print("at full scale: %d of %d samples (clipped: %d); steps of the gain: %.4f (%.4f)\n", full,
          kSecond, full_scale(clip, kFrom, kTo), step, gain_step(sums, clip));
  if (__i__ == 0) {
    constexpr int kSteady = kFrom + kSecond / 4;
    const double distortion = harmonic_distortion(samples, kSteady, 440);
    g_print("harmonic distortion: %.3f %% (clipped: %.3f %%)\n", 100 * distortion,
            100 * harmonic_distortion(clip, kSteady, 440));
    ck_assert(distortion < 0.002);
  }
  ck_assert_int_lt(full, kSecond / 50);
  ck_assert(step < 0.01);
  int changed = 0;
  for (int at = 0; at < kLength; at++)
    if (at < kFrom - kAhead || at >= kTo + kRecovery)
      changed += samples[static_cast<std::size_t>(at)] != sums[static_cast<std::size_t>(at)];
  ck_assert_int_eq(changed, 0);
}
GST_END_TEST;

// One participant at any level, the whole time: the service's samples, to the last.
GST_START_TEST(test_one) {
  constexpr int kLength = 2 * kSecond;
  const std::vector<Voice> voices = {{440, kQuietPeak, kSecond, __i__ ? kLength : kSecond}};
  const std::vector<int> sums = sums_of(voices, kLength);
  const Samples samples = program_of(voices, kLength);
  ck_assert(std::equal(sums.begin(), sums.end(), samples.begin()));
  ck_assert(
      std::all_of(samples.begin() + kLength, samples.end(), [](int one) { return one == 0; }));
}
GST_END_TEST;

// Of who has left, nothing stays in the mixer.
GST_START_TEST(test_gone) {
  constexpr int kLeave = 4;
  auto server = serve(quiet_config());
  Watcher watcher(*server, [](GstElement *program) {
    set(program, "media-types", "audio");
    set(program, "audio-streams", "per-participant");
  });
  watcher.play();
  wait_ready(*server, 1);
  const auto inputs = [&watcher] {
    int count = 0;
    const Ptr<GstIterator, gst_iterator_free> all(
        gst_bin_iterate_recurse(GST_BIN(watcher.program())));
    const GstIteratorForeachFunction add = [](const GValue *value, gpointer to) {
      const std::string kind =
          GST_OBJECT_NAME(gst_element_get_factory(GST_ELEMENT(g_value_get_object(value))));
      if (kind == "audiomixer")
        *static_cast<int *>(to) += GST_ELEMENT(g_value_get_object(value))->numsinkpads;
    };
    while (gst_iterator_foreach(all.get(), add, &count) == GST_ITERATOR_RESYNC) {
      gst_iterator_resync(all.get());
      count = 0;
    }
    return count;
  };
  const auto wait_inputs = [&](int wanted) {
    return watcher.wait([&](const Watched &) { return inputs() == wanted; }, 2 * kDeadlineMs);
  };
  server->send_media(Media::Audio, audio_json(0, 7));
  server->send_media(Media::Audio, audio_json(0, 8));
  ck_assert_msg(wait_inputs(2), "%d inputs", inputs());
  server->send_signaling(event_json(kLeave, R"("participants":[{"user_id":8}])"));
  ck_assert_msg(wait_inputs(1), "%d inputs", inputs());
  watcher.stop();
}
GST_END_TEST;

static Suite *rtmsprogram_participants_suite() {
  Suite *suite = suite_create("rtmsprogram_participants");
  add_case(suite, "loud", test_loud, 2);
  add_case(suite, "one", test_one, 2);
  add_case(suite, "gone", test_gone);
  return suite;
}

GST_CHECK_MAIN(rtmsprogram_participants)

// SPDX-License-Identifier: LGPL-2.1-or-later
// The audio of a program with a pad for each participant.
#include <cmath>

#include "watcher.h"

namespace {

using namespace rtmscheck;

using Samples = std::vector<int16_t>;

constexpr int kRate = 48000, kPacket_ms = 20;
constexpr int kQuietPeak = 5000, kLoudPeak = 32000;
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

}  // namespace

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

static Suite *rtmsprogram_participants_suite() {
  Suite *suite = suite_create("rtmsprogram_participants");
  add_case(suite, "one", test_one, 2);
  return suite;
}

GST_CHECK_MAIN(rtmsprogram_participants)

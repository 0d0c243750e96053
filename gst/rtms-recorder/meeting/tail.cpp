// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tail.h"

#include "audio/mixer.h"
#include "audio/sources.h"
#include "audio/speakers.h"
#include "container.h"
#include "disk/journal.h"
#include "disk/parts.h"

#include <algorithm>
#include <filesystem>
#include <map>

namespace rtms::recorder {
namespace {

namespace fs = std::filesystem;

constexpr GstClockTime kLongest = 30 * GST_SECOND;

struct Tail {
  std::string folder;   // of the recording
  std::string problem;  // why its audio could not be written, or empty
  int64_t ms = 0;       // duration
};

// Returns all tracks without gaps.
Mixer mix(const JournalContents &journal, int64_t start_ns, unsigned tracks) {
  // Times are rounded: audio within this distance continues the last.
  constexpr int64_t kJoins_ns = 10 * GST_MSECOND;
  const unsigned rate = journal.rate;
  const auto samples_in = [rate](int64_t ns) {
    return gst_util_uint64_scale_round(static_cast<guint64>(std::max<int64_t>(ns, 0)), rate,
                                       GST_SECOND);
  };
  constexpr uint64_t kFurthest_s = 120;
  Mixer mixer(tracks, rate, kFurthest_s * rate);
  std::map<unsigned, uint64_t> ends;  // of the tracks
  for (const JournalEntry &entry : journal.entries) {
    uint64_t &end = ends[entry.track];
    uint64_t at = samples_in(entry.captured_ns - start_ns);
    const uint64_t joins = samples_in(kJoins_ns);
    if (at < end + joins && at + joins > end)
      at = end;
    mixer.add(0, at, entry.samples.data(), entry.samples.size());
    if (entry.track && entry.track < tracks)
      mixer.add(entry.track, at, entry.samples.data(), entry.samples.size());
    end = at + entry.samples.size();
  }
  return mixer;
}

void push_all(Mixer *mixer, unsigned rate, Sources *sources) {
  while (mixer->position() < mixer->end()) {
    const uint64_t at = mixer->position();
    const size_t count = std::min<uint64_t>(rate / 10, mixer->end() - at);
    sources->push(mixer->take(count), count, at);
  }
  sources->end();
}

// Returns the error, or empty.
std::string run(GstElement *pipeline) {
  BusPtr bus(gst_element_get_bus(pipeline));
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  MessagePtr message(gst_bus_timed_pop_filtered(
      bus.get(), kLongest, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
  gst_element_set_state(pipeline, GST_STATE_NULL);
  if (!message)
    return "the disk is too slow";
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS)
    return "";
  GError *raw_error = nullptr;
  gst_message_parse_error(message.get(), &raw_error, nullptr);
  return ErrorPtr(raw_error)->message;
}

Tail write_tail(Options options, const JournalContents &journal) {
  options.audio_rate = journal.rate;
  options.mp4 = fs::exists(journal.folder + "/meeting.mp4");
  const std::string file = options.mp4 ? "tail.mp4" : "tail.mkv";
  const int64_t start_ns = std::min_element(journal.entries.begin(), journal.entries.end(),
                                            [](const JournalEntry &one, const JournalEntry &other) {
                                              return one.captured_ns < other.captured_ns;
                                            })
                               ->captured_ns;
  ElementPtr pipeline(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr))));
  Sources sources(options, Speakers(options.speakers).titles(), Sources::Packets::Short);
  Tail tail{journal.folder, "", 0};
  const std::string unlinked = add_container(options, journal.folder + "/" + file,
                                             GST_BIN(pipeline.get()), {}, &sources, nullptr);
  if (!unlinked.empty()) {
    tail.problem = "GStreamer could not link " + unlinked;
    return tail;
  }
  Mixer mixer = mix(journal, start_ns, sources.tracks());
  tail.ms = static_cast<int64_t>(mixer.end() * 1000 / journal.rate);
  push_all(&mixer, journal.rate, &sources);
  tail.problem = run(pipeline.get());
  std::error_code none;
  if (!tail.problem.empty())
    fs::remove(journal.folder + "/" + file, none);
  else
    add_tail(journal.folder, file, start_ns / static_cast<int64_t>(GST_MSECOND));
  return tail;
}

std::vector<Tail> write_all(const Options &options) {
  std::vector<Tail> all;
  for (const JournalContents &journal : Journal::take_all(Journal::default_place(), options.output))
    if (!journal.entries.empty() && fs::is_directory(journal.folder))
      all.push_back(write_tail(options, journal));
  return all;
}

void tell(Log *log, const Tail &tail) {
  const std::string name = fs::path(tail.folder).filename();
  if (tail.problem.empty())
    log->write(Log::Level::Info, "tail", name,
               "the last audio, which its file lacks, is in its folder",
               [&](JsonWriter &writer) { writer.member("duration_ms", tail.ms); });
  else
    log->write(Log::Level::Error, "tail", name,
               "the last audio is lost, because it cannot be written: " + tail.problem + ".");
}

}  // namespace

void Tails::look(const Options &options, uint64_t free_bytes) {
  constexpr uint64_t kRoom = 16 << 20;
  if (due_ && !busy_ && free_bytes > kRoom)
    write(options);
}

void Tails::write(const Options &options) {
  const auto tails = std::make_shared<std::vector<Tail>>();
  busy_ = true;
  due_ = false;
  worker_.run([tails, options] { *tails = write_all(options); },
              [this, tails] {
                busy_ = false;
                for (const Tail &tail : *tails)
                  tell(log_, tail);
              });
}

}  // namespace rtms::recorder

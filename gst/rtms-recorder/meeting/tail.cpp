// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tail.h"

#include "audio/sound.h"
#include "container.h"
#include "disk/parts.h"

#include <algorithm>
#include <filesystem>
#include <map>

namespace rtms::recorder {
namespace {

namespace fs = std::filesystem;

constexpr GstClockTime kLongest = 30 * GST_SECOND;

// Times are rounded, so that audio within this distance continues the last.
constexpr int64_t kJoins_ns = 10 * GST_MSECOND;

int64_t duration_ns(const JournalEntry &entry, unsigned rate) {
  return static_cast<int64_t>(gst_util_uint64_scale(entry.samples.size(), GST_SECOND, rate));
}

// Returns the duration.
GstClockTime add_all(const JournalContents &journal, int64_t start_ns, Sound *sound) {
  std::map<unsigned, int64_t> ends;  // of the tracks
  int64_t end_ns = start_ns;
  for (const JournalEntry &entry : journal.entries) {
    int64_t &end = ends[entry.track];
    const int64_t at = std::abs(entry.captured_ns - end) < kJoins_ns ? end : entry.captured_ns;
    sound->add(entry.track, static_cast<GstClockTime>(std::max<int64_t>(at - start_ns, 0)),
               entry.samples);
    end = at + duration_ns(entry, journal.rate);
    end_ns = std::max(end_ns, end);
  }
  return static_cast<GstClockTime>(end_ns - start_ns);
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
  Sound sound(options, [](const Voice &) {});
  sound.set_short_packets();
  Tail tail{journal.folder, "", 0};
  const std::string unlinked = add_container(options, journal.folder + "/" + file,
                                             GST_BIN(pipeline.get()), {}, &sound, nullptr);
  if (!unlinked.empty()) {
    tail.problem = "GStreamer could not link " + unlinked;
    return tail;
  }
  const GstClockTime duration = add_all(journal, start_ns, &sound);
  sound.finish();
  tail.ms = static_cast<int64_t>(duration / GST_MSECOND);
  tail.problem = run(pipeline.get());
  if (tail.problem.empty())
    add_tail(journal.folder, file, start_ns / static_cast<int64_t>(GST_MSECOND));
  return tail;
}

}  // namespace

std::vector<Tail> write_tails(const Options &options) {
  std::vector<Tail> all;
  for (const JournalContents &journal : Journal::take_all(Journal::default_place(), options.output))
    if (!journal.entries.empty() && fs::is_directory(journal.folder))
      all.push_back(write_tail(options, journal));
  return all;
}

}  // namespace rtms::recorder

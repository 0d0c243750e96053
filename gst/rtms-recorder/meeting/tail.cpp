// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tail.h"

#include "audio/mixer.h"
#include "audio/sources.h"
#include "audio/speakers.h"
#include "container.h"
#include "disk/journal.h"
#include "disk/parts.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>

namespace rtms::recorder {
namespace {

constexpr GstClockTime kLongest = 30 * GST_SECOND;

struct Tail {
  std::string folder;   // of the recording
  std::string problem;  // why its audio could not be written, or empty
  int64_t ms = 0;       // duration
};

// Returns all tracks without gaps.
Mixer mix(const std::vector<JournalEntry> &entries, int64_t start_ns, unsigned rate,
          unsigned tracks) {
  // Times are rounded: audio within this distance continues the last.
  constexpr int64_t kJoins_ns = 10 * GST_MSECOND;
  const auto samples_in = [rate](int64_t ns) {
    return gst_util_uint64_scale_round(static_cast<guint64>(ns), rate, GST_SECOND);
  };
  constexpr uint64_t kFurthest_s = 120;
  Mixer mixer(tracks, rate, kFurthest_s * rate);
  std::map<unsigned, uint64_t> ends;  // of the tracks
  for (const JournalEntry &entry : entries) {
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

bool is_synced(const std::string &path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = fd >= 0 && fsync(fd) == 0;
  const int failure = errno;
  if (fd >= 0)
    close(fd);
  errno = failure;
  return synced;
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

// Writes the file under another name first: --join must not find half a file. Returns the error, or
// empty.
std::string write_file(const Options &options, const std::vector<JournalEntry> &entries,
                       int64_t start_ns, const std::string &path, int64_t *ms) {
  const std::string fresh = path + ".new";
  ElementPtr pipeline(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr))));
  Sources sources(options, Speakers(options.speakers).titles(), Sources::Packets::Short);
  const std::string unlinked =
      add_container(options, fresh, GST_BIN(pipeline.get()), {}, &sources, nullptr, nullptr);
  if (!unlinked.empty())
    return "GStreamer could not link " + unlinked;
  Mixer mixer = mix(entries, start_ns, options.audio_rate, sources.tracks());
  *ms = static_cast<int64_t>(mixer.end() * 1000 / options.audio_rate);
  push_all(&mixer, options.audio_rate, &sources);
  std::string problem = run(pipeline.get());
  if (problem.empty() && (!is_synced(fresh) || g_rename(fresh.c_str(), path.c_str()) != 0))
    problem = std::strerror(errno);
  if (!problem.empty())
    g_unlink(fresh.c_str());
  return problem;
}

Tail write_tail(Options options, const FoundJournal &journal) {
  Tail tail{journal.folder, "", 0};
  const std::vector<JournalEntry> entries = last_stretch(journal.entries);
  if (entries.empty()) {
    journal.remove();
    return tail;
  }
  // Those of the killed recorder: --join needs the same format.
  options.audio_rate = journal.format.rate;
  options.speakers = journal.format.speakers;
  options.audio_codec = journal.format.codec;
  options.mp4 = journal.format.mp4;
  const std::string file = options.mp4 ? "tail.mp4" : "tail.mkv";
  const int64_t start_ns = std::min_element(entries.begin(), entries.end(),
                                            [](const JournalEntry &one, const JournalEntry &other) {
                                              return one.captured_ns < other.captured_ns;
                                            })
                               ->captured_ns;
  tail.problem = write_file(options, entries, start_ns, journal.folder + "/" + file, &tail.ms);
  if (tail.problem.empty() &&
      !add_tail(journal.folder, file, start_ns / static_cast<int64_t>(GST_MSECOND)))
    tail.problem = "meeting.json cannot be changed";
  if (tail.problem.empty())
    journal.remove();
  return tail;
}

std::vector<Tail> write_all(const Options &options) {
  std::vector<Tail> all;
  for (const auto &journal : Journal::find(Journal::default_place(), options.output)) {
    if (g_file_test(journal->folder.c_str(), G_FILE_TEST_IS_DIR))
      all.push_back(write_tail(options, *journal));
    else if (g_file_test(options.output.c_str(), G_FILE_TEST_IS_DIR))
      journal->remove();
  }
  return all;
}

void tell(Log *log, const Tail &tail) {
  const std::string name = std::filesystem::path(tail.folder).filename();
  if (tail.problem.empty())
    log->write(Log::Level::Info, "tail", name,
               "the last audio, which its file lacks, is in its folder",
               [&](JsonWriter &writer) { writer.member("duration_ms", tail.ms); });
  else
    log->write(Log::Level::Error, "tail", name,
               "the last audio, which its file lacks, cannot be written: " + tail.problem +
                   ". The next start of the recorder tries it again.");
}

}  // namespace

void Tails::look(const Options &options, uint64_t free_bytes) {
  constexpr uint64_t kRoom = 16 << 20;
  if (!due_ || busy_ || free_bytes < kRoom)
    return;
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

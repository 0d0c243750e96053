// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tailfile.h"

#include "audio/mixer.h"
#include "audio/sources.h"
#include "audio/speakers.h"
#include "common/sync.h"
#include "container.h"
#include "disk/laststretch.h"
#include "muxing/videotrack.h"

#include <glib/gstdio.h>
#include <gst/app/gstappsrc.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

namespace rtms::recorder {
namespace {

constexpr GstClockTime kLongest = 30 * GST_SECOND;
constexpr int64_t kMs = GST_MSECOND;

uint64_t samples_in(int64_t ns, unsigned rate) {
  return gst_util_uint64_scale_round(static_cast<guint64>(ns), rate, GST_SECOND);
}

// Returns all tracks without gaps.
Mixer mix(const std::vector<JournalEntry> &entries, int64_t start_ns, unsigned rate,
          unsigned tracks) {
  // Times are rounded: audio within this distance continues the last.
  constexpr int64_t kJoins_ns = 10 * GST_MSECOND;
  Mixer mixer(tracks, rate, uint64_t{Mixer::kFurthest_s} * rate);
  std::map<unsigned, uint64_t> ends;  // of the tracks
  for (const JournalEntry &entry : entries) {
    uint64_t &end = ends[entry.track];
    uint64_t at = samples_in(entry.captured_ns - start_ns, rate);
    const uint64_t joins = samples_in(kJoins_ns, rate);
    if (at < end + joins && at + joins > end)
      at = end;
    mixer.add(0, at, entry.samples.data(), entry.samples.size());
    if (entry.track && entry.track < tracks)
      mixer.add(entry.track, at, entry.samples.data(), entry.samples.size());
    end = at + entry.samples.size();
  }
  return mixer;
}

// The mixer's audio begins `offset` samples behind the start of the file.
void push_audio(Mixer *mixer, uint64_t offset, unsigned rate, Sources *sources) {
  while (mixer->position() < mixer->end()) {
    const uint64_t at = mixer->position();
    const size_t count = std::min<uint64_t>(rate / 10, mixer->end() - at);
    sources->push(mixer->take(count), count, offset + at);
  }
  sources->end();
}

// Returns null if the text is invalid.
CapsPtr caps_of(std::string_view text) {
  CapsPtr caps(gst_caps_from_string(std::string(text).c_str()));
  return caps && gst_caps_is_fixed(caps.get()) ? std::move(caps) : nullptr;
}

bool is_h264(const std::string &caps) {
  return g_str_has_prefix(caps.c_str(), "video/x-h264");
}

void push_video(const std::vector<JournalFrame> &frames, int64_t start_ns, GstAppSrc *source) {
  std::string_view caps, parameters = frames.empty() ? "" : frames.front().parameters;
  for (const JournalFrame &frame : frames) {
    const bool changed = frame.caps != std::exchange(caps, frame.caps);
    if (const CapsPtr known = changed ? caps_of(caps) : nullptr)
      gst_app_src_set_caps(source, known.get());
    BufferPtr buffer(gst_buffer_new_memdup(frame.data.data(), frame.data.size()));
    if (!parameters.empty())
      buffer.reset(gst_buffer_append(gst_buffer_new_memdup(parameters.data(), parameters.size()),
                                     buffer.release()));
    parameters = {};
    GST_BUFFER_PTS(buffer.get()) = static_cast<GstClockTime>(frame.running_ns - start_ns);
    if (frame.delta)
      GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT);
    // VideoTrack leaves out repeated black frames, but the track needs one.
    if (frame.gap && &frame != &frames.front())
      GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_GAP);
    gst_app_src_push_buffer(source, buffer.release());
  }
  gst_app_src_end_of_stream(source);
}

}  // namespace

TailFile::TailFile(const Options &options, const FoundJournal &journal)
    : options_(options), audio_(last_stretch(journal.entries, journal.needed_from_ns)) {
  for (const char *name : Journal::kTracks) {
    FoundFrames found = journal.frames(name);
    if (!caps_of(found.track))
      continue;
    // A track of JPEG begins with a black frame, and needs no other. Without its track of H.264,
    // the tail has not those behind it, either: --join knows tracks by their order.
    if (found.frames.empty() && is_h264(found.track))
      break;
    tracks_.push_back({name, std::move(found)});
  }
  set_offset(journal);
  if (!empty())
    set_times();
}

// In the first second, only the frames tell it.
void TailFile::set_offset(const FoundJournal &journal) {
  offset_ns_ = journal.start_ns;
  for (const Track &track : tracks_)
    for (const JournalFrame &frame : track.found.frames)
      if (!offset_ns_ && frame.captured_ns)
        offset_ns_ = frame.captured_ns - frame.running_ns;
  const bool has_frames = std::any_of(tracks_.begin(), tracks_.end(), [](const Track &track) {
    return !track.found.frames.empty();
  });
  if (!offset_ns_ || (audio_.empty() && !has_frames))
    tracks_.clear();
}

void TailFile::set_times() {
  const auto [first, last] = std::minmax_element(
      audio_.begin(), audio_.end(), [](const JournalEntry &one, const JournalEntry &other) {
        return one.captured_ns < other.captured_ns;
      });
  start_ns_ = INT64_MAX;
  end_ns_ = INT64_MIN;
  const auto include = [this](int64_t time_ns) {
    start_ns_ = std::min(start_ns_, time_ns);
    end_ns_ = std::max(end_ns_, time_ns);
  };
  if (!audio_.empty()) {
    include(time_of(*first));
    include(time_of(*last));
    audio_start_ns_ = start_ns_;
  }
  for (const Track &track : tracks_)
    for (const JournalFrame &frame : track.found.frames)
      include(frame.running_ns);
  // Containers round times to 1 ms: those of a frame must be the same in both files.
  start_ns_ -= (start_ns_ % kMs + kMs) % kMs;
  if (audio_.empty())
    audio_start_ns_ = start_ns_;
}

void TailFile::leave_out_video(const std::string &why) {
  if (tracks_.empty())
    return;
  video_problem_ = why;
  tracks_.clear();
  if (!empty())
    set_times();
}

TailStart TailFile::start() const {
  TailStart start{(start_ns_ + offset_ns_) / kMs, {}};
  if (offset_ns_)
    start.running_ms = start_ns_ / kMs;
  return start;
}

int64_t TailFile::duration_ms() const {
  return (end_ns_ - audio_start_ns_) / kMs;
}

std::string TailFile::write(const std::string &path) {
  const std::string fresh = path + ".new";
  Problem problem = make(fresh);
  if (problem.of_video && !audio_.empty()) {
    leave_out_video(problem.text);
    problem = make(fresh);
  }
  int failure = problem.text.empty() ? sync_file(fresh) : 0;
  if (problem.text.empty() && !failure && g_rename(fresh.c_str(), path.c_str()) != 0)
    failure = errno;
  if (failure)
    problem.text = std::strerror(failure);
  if (!problem.text.empty())
    g_unlink(fresh.c_str());
  return problem.text;
}

TailFile::Problem TailFile::make(const std::string &path) {
  ElementPtr pipeline(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr))));
  Sources sources(options_, Speakers(options_.speakers).titles(), Sources::Packets::Short);
  std::vector<Waiting> inputs;
  std::vector<GstAppSrc *> video;
  for (const Track &track : tracks_) {
    GstElement *input = gst_element_factory_make("appsrc", nullptr);
    g_object_set(input, "format", GST_FORMAT_TIME, "max-bytes", guint64{0}, nullptr);
    gst_bin_add(GST_BIN(pipeline.get()), input);
    video.push_back(GST_APP_SRC(input));
    inputs.push_back({track.name, PadPtr(gst_element_get_static_pad(input, "src")),
                      caps_of(track.found.track),
                      track.found.frames.empty() ? VideoTrack::Source::EmptyJournal
                                                 : VideoTrack::Source::Journal});
  }
  const std::string unlinked =
      add_container(options_, path, GST_BIN(pipeline.get()), &inputs, &sources, nullptr, nullptr);
  if (!unlinked.empty())
    return {"GStreamer could not link " + unlinked, unlinked == "video" || unlinked == "screen"};
  for (size_t i = 0; i < video.size(); i++)
    push_video(tracks_[i].found.frames, start_ns_, video[i]);
  Mixer mixer = mix(audio_, audio_start_ns_ + offset_ns_, options_.audio_rate, sources.tracks());
  // A muxer needs data of each track.
  if (audio_.empty())
    sources.push(std::vector<std::vector<int16_t>>(sources.tracks()), options_.audio_rate / 50, 0);
  push_audio(&mixer, samples_in(audio_start_ns_ - start_ns_, options_.audio_rate),
             options_.audio_rate, &sources);
  return run(pipeline.get());
}

TailFile::Problem TailFile::run(GstElement *pipeline) {
  BusPtr bus(gst_element_get_bus(pipeline));
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  MessagePtr message(gst_bus_timed_pop_filtered(
      bus.get(), kLongest, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
  gst_element_set_state(pipeline, GST_STATE_NULL);
  if (!message)
    return {"the disk is too slow"};
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS)
    return {};
  GError *raw_error = nullptr;
  gst_message_parse_error(message.get(), &raw_error, nullptr);
  const ErrorPtr error(raw_error);
  const bool of_video = !VideoTrack::name_of(GST_MESSAGE_SRC(message.get())).empty();
  return {error->message, of_video && error->domain != GST_RESOURCE_ERROR};
}

}  // namespace rtms::recorder

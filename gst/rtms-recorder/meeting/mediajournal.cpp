// SPDX-License-Identifier: LGPL-2.1-or-later
#include "mediajournal.h"

#include "capturetime.h"
#include "media/nal.h"
#include "media/picture.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

namespace rtms::recorder {
namespace {

bool begins_with_sps(const std::string &sets) {
  constexpr unsigned kSps = 7;
  const guint8 *first =
      NalScanner(reinterpret_cast<const guint8 *>(sets.data()), sets.size()).next();
  return first && NalScanner::type(first) == kSps;
}

void add_new(const std::string &sets, std::string *all) {
  constexpr size_t kMost = 4096;
  if (all->find(sets) == std::string::npos && all->size() + sets.size() <= kMost)
    all->append(sets);
}

std::string uncreated(const char *what) {
  const int failure = errno;
  return std::string("The journal of received ") + what + " cannot be created in " +
         Journal::default_place() + ": " + std::strerror(failure) + ".";
}

}  // namespace

MediaJournal::MediaJournal(const std::string &folder, const Options &options, GstElement *src)
    : src_(GST_ELEMENT(gst_object_ref(src))),
      format_(sound_caps(options.audio_rate)),
      fragment_ns_(options.mp4 ? 2 * GST_SECOND : 0),
      has_screen_(options.screen),
      journal_(Journal::create(
          Journal::default_place(), folder,
          {options.audio_rate, options.speakers, options.audio_codec, options.mp4})) {
  if (journal_) {
    g_signal_connect(src, "audio-received", G_CALLBACK(on_received), this);
    g_signal_connect(src, "pad-added", G_CALLBACK(on_pad_added), this);
  } else {
    problem_ = uncreated("media");
  }
}

MediaJournal::~MediaJournal() {
  g_signal_handlers_disconnect_by_data(src_.get(), this);
}

template <typename Use>
void MediaJournal::for_tracks(Use use) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto &track : tracks_) {
    const std::lock_guard<std::mutex> its_lock(track->mutex);
    if (track->journal)
      use(*track);
  }
}

void MediaJournal::set_tracks(const std::vector<Waiting> &all) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    complete_ = true;
  }
  for_tracks([&all](Track &track) {
    const auto same = std::find_if(all.begin(), all.end(), [&track](const Waiting &one) {
      return one.caps && one.name == track.name;
    });
    if (same == all.end())
      track.journal.reset();
    else
      track.journal->set_track(StringPtr(gst_caps_to_string(same->caps.get())).get());
  });
}

std::string MediaJournal::take_problem() {
  std::string problem;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    problem.swap(problem_);
  }
  for_tracks([&problem](Track &track) {
    if (problem.empty() && track.full && !std::exchange(track.reported, true))
      problem = "The journal of received video has no room in " + Journal::default_place() +
                ". Give that file system more.";
  });
  return problem;
}

void MediaJournal::written(GstClockTime running, int64_t start_ms) {
  // Muxers, and the fragments of MP4, keep some of it back.
  constexpr int64_t kAudioHeld_ns = 6 * GST_SECOND, kVideoHeld_ns = GST_SECOND;
  const auto reached_ns = static_cast<int64_t>(running);
  const int64_t start_ns = start_ms * static_cast<int64_t>(GST_MSECOND);
  if (journal_ && start_ns) {
    journal_->set_start(start_ns);
    journal_->written(start_ns + reached_ns - kAudioHeld_ns);
  }
  for_tracks([&](const Track &track) {
    track.journal->written(reached_ns - kVideoHeld_ns - 2 * fragment_ns_);
  });
}

void MediaJournal::keep() {
  if (journal_)
    journal_->keep();
  for_tracks([](const Track &track) { track.journal->keep(); });
}

// Other formats than the requested one are rare, and need a converter: they are not in the journal.
void MediaJournal::on_received(GstElement *, GstPad *pad, GstBuffer *buffer, gpointer data) {
  const auto self = static_cast<MediaJournal *>(data);
  const CapsPtr caps(gst_pad_get_current_caps(pad));
  const GstClockTime captured = CaptureTime::of(buffer);
  GstMapInfo map;
  if (!caps || !GST_CLOCK_TIME_IS_VALID(captured) ||
      !gst_caps_is_subset(caps.get(), self->format_.get()) ||
      !gst_buffer_map(buffer, &map, GST_MAP_READ))
    return;
  self->journal_->add(static_cast<int64_t>(captured), track_of(pad),
                      reinterpret_cast<const int16_t *>(map.data), map.size / sizeof(int16_t));
  gst_buffer_unmap(buffer, &map);
}

// ---- video ---------------------------------------------------------------------------

void MediaJournal::on_pad_added(GstElement *, GstPad *pad, gpointer data) {
  const auto self = static_cast<MediaJournal *>(data);
  const auto name =
      std::find_if(std::begin(Journal::kTracks), std::end(Journal::kTracks),
                   [pad](const char *one) { return GST_PAD_NAME(pad) == std::string(one); });
  if (name == std::end(Journal::kTracks) || (*name == std::string("screen") && !self->has_screen_))
    return;
  const std::lock_guard<std::mutex> lock(self->mutex_);
  if (self->complete_)
    return;
  auto track = std::make_shared<Track>();
  track->name = *name;
  track->journal = self->journal_->create_frames(*name);
  if (!track->journal) {
    self->problem_ = uncreated("video");
    // The tail has all tracks of the file, or none.
    self->complete_ = true;
    for (const auto &other : self->tracks_) {
      const std::lock_guard<std::mutex> its_lock(other->mutex);
      other->journal.reset();
    }
    return;
  }
  gst_pad_add_probe(
      pad,
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
      on_data, new std::shared_ptr<Track>(track),
      [](gpointer owned) { delete static_cast<std::shared_ptr<Track> *>(owned); });
  self->tracks_.push_back(std::move(track));
}

GstPadProbeReturn MediaJournal::on_data(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  Track &track = **static_cast<std::shared_ptr<Track> *>(data);
  if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
    track.add(pad, GST_PAD_PROBE_INFO_BUFFER(info));
  } else if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_CAPS) {
    GstCaps *caps = nullptr;
    gst_event_parse_caps(GST_PAD_PROBE_INFO_EVENT(info), &caps);
    track.set_caps(caps);
  }
  return GST_PAD_PROBE_OK;
}

void MediaJournal::Track::set_caps(GstCaps *now) {
  caps = StringPtr(gst_caps_to_string(now)).get();
  parameters.clear();
}

void MediaJournal::Track::add(GstPad *pad, GstBuffer *buffer) {
  const GstClockTime running = running_time(pad, GST_BUFFER_PTS(buffer));
  const std::lock_guard<std::mutex> lock(mutex);
  if (!journal || !GST_CLOCK_TIME_IS_VALID(running) || !gst_buffer_get_size(buffer))
    return;
  JournalFrame frame;
  frame.delta = GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  frame.gap = GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_GAP);
  // A keyframe has those that it needs, or uses the earlier ones.
  const bool is_h264 = g_str_has_prefix(caps.c_str(), "video/x-h264");
  const std::string own = is_h264 && !frame.delta ? parameter_sets(buffer) : "";
  if (begins_with_sps(own)) {
    parameters = own;
  } else {
    add_new(own, &parameters);
    frame.parameters = parameters;
  }
  const GstClockTime captured = CaptureTime::of(buffer);
  const ReadMap map(buffer);
  frame.running_ns = static_cast<int64_t>(running);
  frame.captured_ns = GST_CLOCK_TIME_IS_VALID(captured) ? static_cast<int64_t>(captured) : 0;
  frame.caps = caps;
  frame.data = {reinterpret_cast<const char *>(map.data()), map.size()};
  if (!journal->add(frame))
    full = true;
}

}  // namespace rtms::recorder

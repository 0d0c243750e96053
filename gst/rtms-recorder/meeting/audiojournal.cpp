// SPDX-License-Identifier: LGPL-2.1-or-later
#include "audiojournal.h"

#include "capturetime.h"

#include <cerrno>
#include <cstring>

namespace rtms::recorder {

AudioJournal::AudioJournal(const std::string &folder, const Options &options, GstElement *src)
    : src_(GST_ELEMENT(gst_object_ref(src))),
      format_(sound_caps(options.audio_rate)),
      journal_(Journal::create(
          Journal::default_place(), folder,
          {options.audio_rate, options.speakers, options.audio_codec, options.mp4})) {
  if (journal_)
    g_signal_connect(src, "audio-received", G_CALLBACK(on_received), this);
  else
    problem_ = "The journal of received audio cannot be created in " + Journal::default_place() +
               ": " + std::strerror(errno) + ".";
}

AudioJournal::~AudioJournal() {
  g_signal_handlers_disconnect_by_data(src_.get(), this);
}

void AudioJournal::written(GstClockTime running, int64_t start_ms) {
  // Muxers, and the fragments of MP4, hold some of it.
  constexpr int64_t kHeld_ns = 6 * GST_SECOND;
  if (journal_ && start_ms)
    journal_->written(start_ms * static_cast<int64_t>(GST_MSECOND) + static_cast<int64_t>(running) -
                      kHeld_ns);
}

// Other formats than the requested one are rare, and need a converter: they are not in the journal.
void AudioJournal::on_received(GstElement *, GstPad *pad, GstBuffer *buffer, gpointer data) {
  const auto self = static_cast<AudioJournal *>(data);
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

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "observer.h"

namespace rtms::program {
namespace {

// The last frame stays visible through a short loss of the connection.
constexpr GstClockTime kGrace = GST_SECOND;

bool carries(const std::string &media, const char *kind) {
  return ("+" + media + "+").find("+" + std::string(kind) + "+") != std::string::npos;
}

const char *text_of(const GstStructure *structure, const char *field) {
  const char *text = gst_structure_get_string(structure, field);
  return text ? text : "";
}

}  // namespace

// Outside PLAYING, GStreamer's running time goes on.
GstClockTime Observer::now() const {
  const GstClockTime now = GST_STATE(clock_) == GST_STATE_PLAYING
                               ? gst_element_get_current_running_time(clock_)
                               : gst_element_get_start_time(clock_);
  return GST_CLOCK_TIME_IS_VALID(now) ? now : 0;
}

// The tag precedes the participant's first frame.
GstPadProbeReturn Observer::on_tag(GstPad *, GstPadProbeInfo *info, gpointer self) {
  static_cast<Observer *>(self)->tags(GST_PAD_PROBE_INFO_EVENT(info));
  return GST_PAD_PROBE_OK;
}

void Observer::tags(GstEvent *event) {
  if (GST_EVENT_TYPE(event) != GST_EVENT_TAG)
    return;
  GstTagList *tags = nullptr;
  gst_event_parse_tag(event, &tags);
  const char *title = nullptr;
  if (gst_tag_list_peek_string_index(tags, GST_TAG_TITLE, 0, &title))
    scene_->speaker(now(), title);
}

void Observer::watch_tags(GstPad *pad) {
  if (watched_)
    gst_pad_remove_probe(watched_.get(), probe_);
  watched_.reset(pad ? GST_PAD(gst_object_ref(pad)) : nullptr);
  if (pad)
    probe_ = gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_tag, this, nullptr);
}

// Each attempt posts a message; the first one signals the loss.
void Observer::connection(const GstStructure *structure) {
  const std::string media = text_of(structure, "media"), state = text_of(structure, "state");
  guint attempt = 0;
  gst_structure_get_uint(structure, "attempt", &attempt);
  scene_->connection(media, state);
  if (state != "reconnecting" || attempt != 1)
    return;
  const GstClockTime time = now();
  if (carries(media, "video"))
    scene_->gone(Input::Camera, time + kGrace);
  if (carries(media, "screen"))
    scene_->gone(Input::Screen, time + kGrace);
}

void Observer::message(const GstStructure *structure) {
  if (gst_structure_has_name(structure, "rtms-connection"))
    connection(structure);
  else if (gst_structure_has_name(structure, "rtms-sharing-stopped"))
    scene_->gone(Input::Screen, now());
  else if (gst_structure_has_name(structure, "rtms-active-speaker"))
    scene_->speaker(now(), text_of(structure, "user-name"));
}

}  // namespace rtms::program

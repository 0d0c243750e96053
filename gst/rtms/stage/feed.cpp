// SPDX-License-Identifier: LGPL-2.1-or-later
#include "feed.h"

#include <algorithm>

namespace rtms::program {
namespace {

constexpr GstClockTime kGap = 100 * GST_MSECOND;

GstClockTime duration_of(GstBuffer *buffer) {
  return GST_BUFFER_DURATION_IS_VALID(buffer) ? GST_BUFFER_DURATION(buffer) : 0;
}

}  // namespace

Feed::Feed(GstBin *bin, Medium medium, GstPad *from, GstPad *to, Changed changed)
    : bin_(bin),
      medium_(medium),
      from_(GST_PAD(gst_object_ref(from))),
      to_(GST_PAD(gst_object_ref(to))),
      changed_(std::move(changed)) {
  constexpr auto both =
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM);
  if (medium == Medium::Video)
    coded_probe_ = gst_pad_add_probe(from, GST_PAD_PROBE_TYPE_BUFFER, on_coded, this, nullptr);
  decoded_probe_ = gst_pad_add_probe(to, both, on_decoded, this, nullptr);
}

Feed::~Feed() {
  disconnect();
  if (coded_probe_)
    gst_pad_remove_probe(from_.get(), coded_probe_);
  gst_pad_remove_probe(to_.get(), decoded_probe_);
}

bool Feed::connect(std::string *missing) {
  CapsPtr caps(gst_pad_get_current_caps(from_.get()));
  if (!caps)
    caps.reset(gst_pad_query_caps(from_.get(), nullptr));
  std::lock_guard<std::mutex> lock(mutex_);
  elements_ = make_decoder(bin_, medium_, caps.get(), failed_, missing);
  if (elements_.empty())
    return false;
  PadPtr last(gst_element_get_static_pad(elements_.back(), "src"));
  PadPtr first(gst_element_get_static_pad(elements_.front(), "sink"));
  gst_pad_link(last.get(), to_.get());
  for (auto element = elements_.rbegin(); element != elements_.rend(); ++element)
    gst_element_sync_state_with_parent(*element);
  return gst_pad_link(from_.get(), first.get()) == GST_PAD_LINK_OK;
}

void Feed::disconnect() {
  std::vector<GstElement *> elements;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    elements.swap(elements_);
  }
  PadPtr peer(gst_pad_get_peer(from_.get()));
  if (peer)
    gst_pad_unlink(from_.get(), peer.get());
  for (GstElement *element : elements)
    remove_element(bin_, element);
}

bool Feed::replace(std::string *missing) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (GstElement *element : elements_)
      failed_.insert(GST_OBJECT_NAME(gst_element_get_factory(element)));
  }
  disconnect();
  return connect(missing);
}

bool Feed::has(GstObject *element) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return std::any_of(elements_.begin(), elements_.end(), [element](GstElement *one) {
    return gst_object_has_as_ancestor(element, GST_OBJECT(one)) || GST_OBJECT(one) == element;
  });
}

// A decoder that has missed frames starts at a keyframe.
bool Feed::admits(GstBuffer *buffer) {
  if (!wanted_)
    decodes_ = false;
  else if (!GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT))
    decodes_ = true;
  return decodes_;
}

void Feed::note_end(GstClockTime time, GstClockTime duration) {
  if (!GST_CLOCK_TIME_IS_VALID(time))
    return;
  position_ = time + (GST_CLOCK_TIME_IS_VALID(duration) ? duration : 0);
  const GstClockTime end = running_time(to_.get(), position_);
  if (GST_CLOCK_TIME_IS_VALID(end))
    end_ = end;
}

void Feed::set_running(bool running) {
  if (running == running_)
    return;
  running_ = running;
  changed_(running, end_);
}

GstPadProbeReturn Feed::on_coded(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  auto self = static_cast<Feed *>(data);
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  if (self->admits(buffer))
    return GST_PAD_PROBE_OK;
  // The mixer does not wait for what is left out.
  if (GST_BUFFER_PTS_IS_VALID(buffer) && duration_of(buffer) > 0)
    gst_pad_push_event(pad, gst_event_new_gap(GST_BUFFER_PTS(buffer), duration_of(buffer)));
  return GST_PAD_PROBE_DROP;
}

GstPadProbeReturn Feed::on_decoded(GstPad *, GstPadProbeInfo *info, gpointer data) {
  auto self = static_cast<Feed *>(data);
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    self->note_end(GST_BUFFER_PTS(buffer), GST_BUFFER_DURATION(buffer));
    return GST_PAD_PROBE_OK;
  }
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) == GST_EVENT_GAP) {
    GstClockTime start = 0, duration = 0;
    gst_event_parse_gap(event, &start, &duration);
    self->note_end(start, duration);
  }
  if (GST_EVENT_TYPE(event) == GST_EVENT_STREAM_START)
    self->set_running(true);
  if (GST_EVENT_TYPE(event) != GST_EVENT_EOS)
    return GST_PAD_PROBE_OK;
  self->set_running(false);
  if (self->medium_ == Medium::Video)
    return GST_PAD_PROBE_DROP;
  gst_event_unref(event);
  info->data = gst_event_new_gap(self->position_, kGap);
  return GST_PAD_PROBE_OK;
}

}  // namespace rtms::program

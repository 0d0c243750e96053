// SPDX-License-Identifier: LGPL-2.1-or-later
#include "feed.h"

#include <algorithm>

namespace rtms::program {
namespace {

constexpr GstClockTime kGap = 100 * GST_MSECOND;
// All decoders have failed: when they are tried again, at first, and at most. A graphics card is
// reset in seconds.
constexpr int64_t kFirstPause_us = 5 * G_USEC_PER_SEC, kLongestPause_us = 600 * G_USEC_PER_SEC;

std::string name_of(GstCaps *caps) {
  return gst_caps_get_size(caps) > 0 ? gst_structure_get_name(gst_caps_get_structure(caps, 0)) : "";
}

GstClockTime duration_of(GstBuffer *buffer) {
  return GST_BUFFER_DURATION_IS_VALID(buffer) ? GST_BUFFER_DURATION(buffer) : 0;
}

bool is_part(GstObject *object, GstElement *element) {
  return object == GST_OBJECT(element) || gst_object_has_as_ancestor(object, GST_OBJECT(element));
}

GstElement *decoder_of(const std::vector<GstElement *> &elements) {
  const auto found = std::find_if(elements.begin(), elements.end(), [](GstElement *one) {
    return gst_element_factory_list_is_type(gst_element_get_factory(one),
                                            GST_ELEMENT_FACTORY_TYPE_DECODER);
  });
  return found == elements.end() ? nullptr : *found;
}

}  // namespace

struct Feed::Decoding {
  ElementPtr decoder;  // null: there is none
  PadPtr last;         // the source pad of the last element
  bool failed = false;
};

Feed::Feed(GstBin *bin, Medium medium, GstPad *from, GstPad *to, Changed changed)
    : bin_(bin),
      medium_(medium),
      source_(GST_PAD(gst_object_ref(from))),
      to_(GST_PAD(gst_object_ref(to))),
      changed_(std::move(changed)),
      entry_(gst_element_factory_make("identity", nullptr)),
      in_(gst_element_get_static_pad(entry_, "sink")),
      from_(gst_element_get_static_pad(entry_, "src")) {
  g_object_set(entry_, "silent", TRUE, nullptr);
  // Not on the decoder's pad: bindings store data with a pad's chain function.
  entry_chain_ = GST_PAD_CHAINFUNC(in_.get());
  gst_pad_set_chain_function_full(in_.get(), chain_tolerantly, this, nullptr);
  gst_bin_add(bin, entry_);
  constexpr auto both =
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM);
  coded_probe_ = gst_pad_add_probe(from_.get(), both, on_coded, this, nullptr);
  caps_probe_ =
      gst_pad_add_probe(in_.get(), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_caps, this, nullptr);
  decoded_probe_ = gst_pad_add_probe(to, both, on_decoded, this, nullptr);
}

// Stopping the elements waits for the probes, which run under the stream locks of their pads.
Feed::~Feed() {
  gst_pad_unlink(source_.get(), in_.get());
  remove_element(bin_, entry_);
  disconnect();
  gst_pad_remove_probe(in_.get(), caps_probe_);
  gst_pad_remove_probe(from_.get(), coded_probe_);
  gst_pad_remove_probe(to_.get(), decoded_probe_);
}

// Hides a decoder's flow error from rtmssrc, which would stop if this pad is its last. The decoder
// has posted an error, and is replaced.
GstFlowReturn Feed::chain_tolerantly(GstPad *pad, GstObject *parent, GstBuffer *buffer) {
  auto self = static_cast<Feed *>(pad->chaindata);
  const auto present = [self] {
    std::lock_guard<std::mutex> lock(self->mutex_);
    return self->decoding_;
  };
  std::shared_ptr<Decoding> decoding = present();
  if (decoding && decoding->failed) {
    gst_buffer_unref(buffer);
    return GST_FLOW_OK;
  }
  const GstFlowReturn flow = self->entry_chain_(pad, parent, buffer);
  // The frame itself may have led to a decoder: see try_again().
  if (!decoding)
    decoding = present();
  if (!decoding)
    return flow;
  // A decoder that refuses caps posts no error. If it is the mixer that refuses, or what is behind
  // it, no other decoder helps.
  const bool refuses =
      flow == GST_FLOW_NOT_NEGOTIATED && decoding->decoder &&
      gst_pad_get_last_flow_return(decoding->last.get()) != GST_FLOW_NOT_NEGOTIATED;
  if (refuses)
    GST_ELEMENT_ERROR(decoding->decoder.get(), STREAM, FORMAT, ("The decoder refuses the format."),
                      (nullptr));
  decoding->failed = refuses || flow == GST_FLOW_ERROR;
  return decoding->failed ? GST_FLOW_OK : flow;
}

bool Feed::connect(std::string *missing) {
  std::lock_guard<std::mutex> change(change_mutex_);
  gst_element_sync_state_with_parent(entry_);
  if (gst_pad_link(source_.get(), in_.get()) != GST_PAD_LINK_OK)
    return false;
  make_blocked(missing);
  return true;
}

// Blocks the data, because pushing to an unlinked pad fails.
bool Feed::make_blocked(std::string *missing) {
  const gulong block = gst_pad_add_probe(
      from_.get(), GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM,
      [](GstPad *, GstPadProbeInfo *, gpointer) { return GST_PAD_PROBE_OK; }, nullptr, nullptr);
  disconnect();
  const bool made = make(missing);
  gst_pad_remove_probe(from_.get(), block);
  again_us_ = made ? 0 : when_again_us();
  return made;
}

bool Feed::make(std::string *missing) {
  linked_ = decodes_ = false;
  CapsPtr caps(gst_pad_get_current_caps(source_.get()));
  if (!caps)
    caps.reset(gst_pad_query_caps(source_.get(), nullptr));
  std::lock_guard<std::mutex> lock(mutex_);
  codec_ = name_of(caps.get());
  elements_ = make_decoder(bin_, medium_, caps.get(), failed_, missing);
  if (elements_.empty())
    return false;
  PadPtr last(gst_element_get_static_pad(elements_.back(), "src"));
  PadPtr first(gst_element_get_static_pad(elements_.front(), "sink"));
  GstElement *decoder = decoder_of(elements_);
  decoding_ = std::make_shared<Decoding>();
  decoding_->decoder.reset(decoder ? GST_ELEMENT(gst_object_ref(decoder)) : nullptr);
  decoding_->last.reset(GST_PAD(gst_object_ref(last.get())));
  gst_pad_link(last.get(), to_.get());
  for (auto element = elements_.rbegin(); element != elements_.rend(); ++element)
    gst_element_sync_state_with_parent(*element);
  linked_ = gst_pad_link(from_.get(), first.get()) == GST_PAD_LINK_OK;
  return linked_;
}

void Feed::disconnect() {
  std::vector<GstElement *> elements;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    elements.swap(elements_);
    decoding_.reset();
  }
  PadPtr peer(gst_pad_get_peer(from_.get()));
  if (peer)
    gst_pad_unlink(from_.get(), peer.get());
  for (GstElement *element : elements)
    remove_element(bin_, element);
}

// A depayloader in front of the decoder that failed is used again.
bool Feed::replace(GstObject *failed, std::string *missing) {
  std::lock_guard<std::mutex> change(change_mutex_);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (GstElement *element : elements_)
      if (is_part(failed, element))
        failed_.insert(GST_OBJECT_NAME(gst_element_get_factory(element)));
  }
  return make_blocked(missing);
}

// Failures that are far apart have causes of their own.
int64_t Feed::when_again_us() {
  const int64_t now_us = g_get_monotonic_time();
  const bool first = !failed_us_ || now_us - failed_us_ > 2 * kLongestPause_us;
  pause_us_ = first ? kFirstPause_us : std::min(2 * pause_us_, kLongestPause_us);
  failed_us_ = now_us;
  return now_us + pause_us_;
}

bool Feed::is_time_to_try(GstBuffer *buffer) const {
  return !linked_ && again_us_ && !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT) &&
         g_get_monotonic_time() >= again_us_;
}

void Feed::try_again() {
  std::lock_guard<std::mutex> change(change_mutex_);
  if (linked_)  // meanwhile
    return;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    failed_.clear();
  }
  std::string missing;  // told already
  make_blocked(&missing);
}

// Replaces the decoder before it gets caps that it does not support.
GstPadProbeReturn Feed::on_caps(GstPad *, GstPadProbeInfo *info, gpointer data) {
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
  GstCaps *caps = nullptr;
  if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
    gst_event_parse_caps(event, &caps);
    static_cast<Feed *>(data)->change_codec(name_of(caps));
  }
  // The streams of the collection are rtmssrc's, not the mixer's. A sticky event that is dropped on
  // a source pad would be pushed with each buffer.
  return GST_EVENT_TYPE(event) == GST_EVENT_STREAM_COLLECTION ? GST_PAD_PROBE_DROP
                                                              : GST_PAD_PROBE_OK;
}

void Feed::change_codec(const std::string &codec) {
  std::lock_guard<std::mutex> change(change_mutex_);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (codec_ == codec)
      return;
  }
  std::string missing;
  if (!make_blocked(&missing))
    warn_undecoded(bin_, missing);
}

bool Feed::has(GstObject *element) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return std::any_of(elements_.begin(), elements_.end(),
                     [element](GstElement *one) { return is_part(element, one); });
}

// A decoder that missed frames restarts at a keyframe.
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
  if (running_.exchange(running) != running)
    changed_(running, end_);
}

void Feed::find_end() {
  const PadPtr from(gst_pad_get_peer(to_.get()));
  const EventPtr eos(from ? gst_pad_get_sticky_event(from.get(), GST_EVENT_EOS, 0) : nullptr);
  if (eos)
    set_running(false);
}

GstPadProbeReturn Feed::on_coded(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
  auto self = static_cast<Feed *>(data);
  if (!(info->type & GST_PAD_PROBE_TYPE_BUFFER)) {
    const GstEventType event = GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info));
    if (event == GST_EVENT_EOS && !self->linked_)
      self->set_running(false);
    return GST_PAD_PROBE_OK;
  }
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
  if (self->is_time_to_try(buffer))
    self->try_again();
  // A black frame where there is no picture: it would cover the others.
  const bool black =
      self->medium_ == Medium::Video && GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_GAP);
  if (self->linked_ && !black && (self->medium_ == Medium::Audio || self->admits(buffer)))
    return GST_PAD_PROBE_OK;
  // A GAP, so that the mixer does not wait for dropped data.
  if (GST_BUFFER_PTS_IS_VALID(buffer) && duration_of(buffer) > 0)
    gst_pad_push_event(pad, gst_event_new_gap(GST_BUFFER_PTS(buffer), duration_of(buffer)));
  return GST_PAD_PROBE_DROP;
}

GstPadProbeReturn Feed::on_decoded(GstPad *, GstPadProbeInfo *info, gpointer data) {
  auto self = static_cast<Feed *>(data);
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    // VideoMix takes the duration of a share's frame away, and leaves it here.
    const bool moved = self->medium_ == Medium::Video && !GST_BUFFER_DURATION_IS_VALID(buffer);
    self->note_end(GST_BUFFER_PTS(buffer),
                   moved ? GST_BUFFER_OFFSET_END(buffer) : GST_BUFFER_DURATION(buffer));
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

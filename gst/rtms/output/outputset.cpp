// SPDX-License-Identifier: LGPL-2.1-or-later
#include "outputset.h"

#include <algorithm>
#include <utility>

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_output_debug);
#define GST_CAT_DEFAULT gst_rtms_output_debug

namespace rtms {

Output *OutputSet::find(const ParticipantId &id) const {
  auto found = participants_.find(id);
  return found == participants_.end() ? nullptr : found->second.get();
}

Output *OutputSet::add(Media media, const OutputLabel &label) {
  any_ = true;
  auto output = std::make_unique<Output>(context_, media, label);
  Output *added = output.get();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    outputs_[static_cast<unsigned>(media)] = std::move(output);
  }
  context_->set_changed(added);
  gst_element_add_pad(context_->element, GST_PAD(added->pad()));
  return added;
}

Output *OutputSet::add(const ParticipantId &id, const OutputLabel &label) {
  any_ = true;
  auto output = std::make_unique<Output>(context_, Media::Audio, label);
  Output *added = output.get();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    participants_[id] = std::move(output);
  }
  context_->set_changed(added);
  gst_element_add_pad(context_->element, GST_PAD(added->pad()));
  return added;
}

void OutputSet::end(const ParticipantId &id) {
  auto found = participants_.find(id);
  if (found == participants_.end())
    return;
  GST_DEBUG_OBJECT(found->second->pad(), "%s has left: EOS", id.text().c_str());
  found->second->end();
  const bool over = gst_rtms_src_pad_is_over(found->second->pad());
  {
    std::lock_guard<std::mutex> lock(mutex_);
    ending_.push_back(std::move(found->second));
    participants_.erase(found);
  }
  context_->set_changed(nullptr);
  if (over)
    context_->ended();
}

void OutputSet::no_more_pads() {
  if (!std::exchange(no_more_pads_, true))
    gst_element_no_more_pads(context_->element);
}

void OutputSet::sweep() {
  std::vector<OutputPtr> over;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto is_over = [](const OutputPtr &o) { return gst_rtms_src_pad_is_over(o->pad()); };
    const auto rest = std::stable_partition(ending_.begin(), ending_.end(),
                                            [&](const OutputPtr &o) { return !is_over(o); });
    std::move(rest, ending_.end(), std::back_inserter(over));
    ending_.erase(rest, ending_.end());
  }
  for (OutputPtr &output : over)
    remove(std::move(output));
}

void OutputSet::remove(OutputPtr output) {
  GstPad *pad = GST_PAD(output->pad());
  GST_DEBUG_OBJECT(pad, "removed");
  gst_pad_set_active(pad, FALSE);
  gst_element_remove_pad(context_->element, pad);
}

void OutputSet::update_levels() {
  std::lock_guard<std::mutex> lock(mutex_);
  for (MediaStats &media : context_->stats->media)
    media.queue_bytes = media.queue_time_ns = 0;
  for_each([this](Output &output) {
    const PadLevel level = gst_rtms_src_pad_get_level(output.pad());
    MediaStats &media = context_->stats->of(output.media());
    media.queue_bytes += level.bytes;
    media.queue_time_ns = std::max<uint64_t>(media.queue_time_ns, level.time_ns);
  });
}

bool OutputSet::send(GstEvent *event) {
  bool any = false;
  std::lock_guard<std::mutex> lock(mutex_);
  for_each([&](const Output &output) {
    any = true;
    gst_rtms_src_pad_enqueue_event(output.pad(), EventPtr(gst_event_ref(event)));
  });
  return any;
}

void OutputSet::check_flows() {
  if (!complete_ || told_stopped_)
    return;
  GstFlowReturn combined = GST_FLOW_NOT_LINKED;
  bool any = false, goes_on = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for_each([&](Output &output) {
      any = true;
      const GstFlowReturn flow = output.flow();
      // A pad returns FLUSHING while the pipeline shuts down, or for a moment.
      goes_on |= flow == GST_FLOW_OK || flow == GST_FLOW_FLUSHING;
      if (flow < GST_FLOW_EOS || combined == GST_FLOW_NOT_LINKED)
        combined = flow;
    });
  }
  const bool error = combined < GST_FLOW_EOS;
  if (any && !goes_on && (error || !more_) && !told_stopped_.exchange(true))
    stopped_(combined);
}

void OutputSet::stop() {
  std::vector<GstRtmsSrcPad *> pads;
  const auto take = [&pads](const Output &output) {
    pads.push_back(GST_RTMS_SRC_PAD(gst_object_ref(output.pad())));
  };
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for_each(take);
    for (const OutputPtr &output : ending_)
      take(*output);
  }
  gst_rtms_src_pads_stop(pads);
  for (GstRtmsSrcPad *pad : pads)
    gst_object_unref(pad);
}

void OutputSet::close() {
  told_stopped_ = true;
  std::vector<OutputPtr> all;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (OutputPtr &output : outputs_)
      if (output)
        all.push_back(std::move(output));
    for (auto &[id, output] : participants_)
      all.push_back(std::move(output));
    std::move(ending_.begin(), ending_.end(), std::back_inserter(all));
    participants_.clear();
    ending_.clear();
  }
  for (OutputPtr &output : all)
    remove(std::move(output));
}

}  // namespace rtms

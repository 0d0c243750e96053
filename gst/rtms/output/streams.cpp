// SPDX-License-Identifier: LGPL-2.1-or-later
#include "streams.h"

#include <utility>

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_output_debug);
#define GST_CAT_DEFAULT gst_rtms_output_debug

namespace rtms {

std::set<GstStream *> Streams::all() const {
  std::set<GstStream *> all;
  set_->for_each([&](const Output &output) { all.insert(output.stream()); });
  context_->expected->for_each([&](GstStream *stream) { all.insert(stream); });
  return all;
}

// Returns whether the collection is a new one.
bool Streams::collect() {
  std::set<GstStream *> streams = all();
  if (collection_ && streams == collected_)
    return false;
  collected_ = std::move(streams);
  collection_.reset(gst_stream_collection_new(context_->stream_id.c_str()));
  const auto add = [this](GstStream *stream) {
    gst_stream_collection_add_stream(collection_.get(), share(stream).release());
  };
  set_->for_each([&](const Output &output) { add(output.stream()); });
  context_->expected->for_each(add);
  informed_.clear();
  wanted_.reset();
  return true;
}

void Streams::changed(Output *added) {
  bool differs = !added;
  if (added) {  // pad-added handlers need the collection
    differs = collect();
    informed_.insert(added);
    gst_pad_push_event(GST_PAD(added->pad()), gst_event_new_stream_collection(collection_.get()));
    if (wanted_)
      added->select(wanted_->count(gst_stream_get_stream_id(added->stream())) > 0);
  }
  if (differs && !std::exchange(telling_, true))
    later_([this] { tell(); });
}

void Streams::tell() {
  telling_ = false;
  if (!set_)
    return;
  collect();
  set_->for_each([this](const Output &output) {
    if (!informed_.insert(&output).second)
      return;
    gst_rtms_src_pad_enqueue_event(output.pad(),
                                   EventPtr(gst_event_new_stream_collection(collection_.get())));
  });
  gst_element_post_message(
      context_->element,
      gst_message_new_stream_collection(GST_OBJECT(context_->element), collection_.get()));
}

void Streams::select(GstEvent *event) {
  GList *list = nullptr;
  gst_event_parse_select_streams(event, &list);
  std::set<std::string> wanted;
  for (GList *one = list; one; one = one->next)
    wanted.insert(static_cast<const char *>(one->data));
  g_list_free_full(list, g_free);
  if (!collection_)
    return;
  // An event to a pipeline reaches all its sources: each has streams of its own.
  const std::string prefix = context_->stream_id + "/";
  bool ours = wanted.empty();
  for (const std::string &id : wanted)
    ours |= g_str_has_prefix(id.c_str(), prefix.c_str());
  const auto look = [&](GstStream *stream) {
    ours |= wanted.count(gst_stream_get_stream_id(stream));
  };
  set_->for_each([&](Output &output) { look(output.stream()); });
  context_->expected->for_each(look);
  if (!ours) {
    GST_DEBUG_OBJECT(context_->element, "a selection of other streams ignored");
    return;
  }
  GstMessage *message =
      gst_message_new_streams_selected(GST_OBJECT(context_->element), collection_.get());
  gst_message_set_seqnum(message, gst_event_get_seqnum(event));
  set_->for_each([&](Output &output) {
    output.select(wanted.count(gst_stream_get_stream_id(output.stream())) > 0);
    if (output.is_selected())
      gst_message_streams_selected_add(message, output.stream());
  });
  context_->expected->for_each([&](GstStream *stream) {
    if (wanted.count(gst_stream_get_stream_id(stream)))
      gst_message_streams_selected_add(message, stream);
  });
  GST_DEBUG_OBJECT(context_->element, "%zu streams are asked for, %u of them selected",
                   wanted.size(), gst_message_streams_selected_get_size(message));
  gst_element_post_message(context_->element, message);
  wanted_ = std::move(wanted);
}

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "streams.h"

#include <set>
#include <string>

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_output_debug);
#define GST_CAT_DEFAULT gst_rtms_output_debug

namespace rtms {

void Streams::collect() {
  collection_.reset(gst_stream_collection_new(context_->stream_id.c_str()));
  set_->for_each([this](const Output &output) {
    gst_stream_collection_add_stream(collection_.get(), share(output.stream()).release());
  });
}

void Streams::changed(const Output *added) {
  informed_ = added;
  if (added) {  // pad-added handlers need the collection
    collect();
    gst_pad_push_event(GST_PAD(added->pad()), gst_event_new_stream_collection(collection_.get()));
  }
  if (!std::exchange(telling_, true))
    later_([this] { tell(); });
}

void Streams::tell() {
  telling_ = false;
  if (!set_)
    return;
  if (!informed_)
    collect();
  set_->for_each([this](const Output &output) {
    if (&output == informed_)
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
  GstMessage *message =
      gst_message_new_streams_selected(GST_OBJECT(context_->element), collection_.get());
  gst_message_set_seqnum(message, gst_event_get_seqnum(event));
  set_->for_each([&](Output &output) {
    output.select(wanted.count(gst_stream_get_stream_id(output.stream())) > 0);
    if (output.is_selected())
      gst_message_streams_selected_add(message, output.stream());
  });
  GST_DEBUG_OBJECT(context_->element, "%zu streams are asked for, %u of them selected",
                   wanted.size(), gst_message_streams_selected_get_size(message));
  gst_element_post_message(context_->element, message);
}

}  // namespace rtms

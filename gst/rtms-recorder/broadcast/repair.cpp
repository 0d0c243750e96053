// SPDX-License-Identifier: LGPL-2.1-or-later
#include "repair.h"

#include "common/gst.h"
#include "common/sync.h"

#include <glib/gstdio.h>
#include <cerrno>
#include <cstring>

namespace rtms::recorder {
namespace {

// Of a file of hours on a slow disk.
constexpr GstClockTime kLongest = 600 * GST_SECOND;
constexpr char kCopy[] =
    "filesrc name=from ! qtdemux name=old  mp4mux name=new ! filesink name=to "
    "old.video_0 ! queue max-size-time=0 max-size-buffers=0 ! h264parse ! new. "
    "old.audio_0 ! queue max-size-time=0 max-size-buffers=0 ! aacparse ! new.";

void set_location(GstElement *pipeline, const char *name, const std::string &path) {
  const ElementPtr element(gst_bin_get_by_name(GST_BIN(pipeline), name));
  g_object_set(element.get(), "location", path.c_str(), nullptr);
}

std::string copy(const std::string &from, const std::string &to) {
  GError *raw_error = nullptr;
  const ElementPtr pipeline(gst_parse_launch(kCopy, &raw_error));
  ErrorPtr error(raw_error);
  if (!pipeline || error)
    return error ? error->message : "GStreamer could not make its elements";
  set_location(pipeline.get(), "from", from);
  set_location(pipeline.get(), "to", to);
  const BusPtr bus(gst_element_get_bus(pipeline.get()));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const MessagePtr message(gst_bus_timed_pop_filtered(
      bus.get(), kLongest, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  if (!message)
    return "the disk is too slow";
  if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS)
    return "";
  gst_message_parse_error(message.get(), &raw_error, nullptr);
  error.reset(raw_error);
  return error->message;
}

}  // namespace

std::string repair_program(const std::string &path) {
  const std::string fresh = path + ".new";
  std::string problem = copy(path, fresh);
  int failure = problem.empty() ? sync_file(fresh) : 0;
  if (problem.empty() && !failure && g_rename(fresh.c_str(), path.c_str()) != 0)
    failure = errno;
  if (failure)
    problem = std::strerror(failure);
  if (!problem.empty())
    g_unlink(fresh.c_str());
  return problem;
}

}  // namespace rtms::recorder

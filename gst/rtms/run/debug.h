// SPDX-License-Identifier: LGPL-2.1-or-later
// The debug categories, one for each room that logs.
#pragma once

#include "base/log.h"

#include <gst/gst.h>

GST_DEBUG_CATEGORY_EXTERN(gst_rtms_src_debug);        // rtmssrc: the element and its runs
GST_DEBUG_CATEGORY_EXTERN(gst_rtms_session_debug);    // rtms-session
GST_DEBUG_CATEGORY_EXTERN(gst_rtms_transport_debug);  // rtms-transport
GST_DEBUG_CATEGORY_EXTERN(gst_rtms_webhook_debug);    // rtms-webhook

namespace rtms {

// Must be called once, before anything is logged.
void init_debug_categories();

// Writes the log of a room without GStreamer to a category, with the element as object.
class CategoryLog final : public LogSink {
 public:
  enum class Room { Session, Webhook };
  CategoryLog(Room room, GstElement *element);
  bool enabled(Level level) const override;
  void write(Level level, const std::string &text) override;

 private:
  GstDebugCategory *category_;
  GstElement *element_;
};

}  // namespace rtms

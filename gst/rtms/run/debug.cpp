// SPDX-License-Identifier: LGPL-2.1-or-later
#include "debug.h"

GST_DEBUG_CATEGORY(gst_rtms_src_debug);
GST_DEBUG_CATEGORY(gst_rtms_session_debug);
GST_DEBUG_CATEGORY(gst_rtms_transport_debug);
GST_DEBUG_CATEGORY(gst_rtms_webhook_debug);

namespace rtms {
namespace {

GstDebugLevel debug_level(LogSink::Level level) {
  constexpr GstDebugLevel levels[] = {GST_LEVEL_WARNING, GST_LEVEL_INFO, GST_LEVEL_DEBUG,
                                      GST_LEVEL_TRACE};
  return levels[static_cast<int>(level)];
}

}  // namespace

void init_debug_categories() {
  GST_DEBUG_CATEGORY_INIT(gst_rtms_src_debug, "rtmssrc", 0, "RTMS source: the element");
  GST_DEBUG_CATEGORY_INIT(gst_rtms_session_debug, "rtms-session", 0,
                          "RTMS source: connections and handshakes");
  GST_DEBUG_CATEGORY_INIT(gst_rtms_transport_debug, "rtms-transport", 0,
                          "RTMS source: sockets, TLS and WebSocket");
  GST_DEBUG_CATEGORY_INIT(gst_rtms_webhook_debug, "rtms-webhook", 0,
                          "RTMS source: the webhook's HTTP server");
}

// A GStreamer without debug messages has no categories.
#ifdef GST_DISABLE_GST_DEBUG
CategoryLog::CategoryLog(Room, GstElement *element) : category_(nullptr), element_(element) {}

bool CategoryLog::enabled(Level) const {
  return false;
}
#else
CategoryLog::CategoryLog(Room room, GstElement *element)
    : category_(room == Room::Session ? gst_rtms_session_debug : gst_rtms_webhook_debug),
      element_(element) {}

bool CategoryLog::enabled(Level level) const {
  return gst_debug_category_get_threshold(category_) >= debug_level(level);
}
#endif

void CategoryLog::write(Level level, const std::string &text) {
  GST_CAT_LEVEL_LOG(category_, debug_level(level), element_, "%s", text.c_str());
}

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst.h"

#include "base/worker.h"

#include <deque>
#include <mutex>
#include <sstream>

namespace rtms::recorder {
namespace {

// Used on the main thread.
unsigned on_their_way = 0;

// Never destroyed: a thread may return from a slow disk while the process ends.
struct Posted {
  std::mutex mutex;
  std::deque<std::function<void()>> functions;
};
Posted &posted() {
  static auto all = new Posted;
  return *all;
}

void end_in_order(GstElement *pipeline, GstClockTime patience) {
  BusPtr bus(gst_element_get_bus(pipeline));
  gst_element_send_event(pipeline, gst_event_new_eos());
  MessagePtr end(gst_bus_timed_pop_filtered(
      bus.get(), patience, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
}

const char *package_of(const std::string &element) {
  for (const char *bad : {"h264parse", "rtmp2sink"})
    if (element == bad)
      return "gstreamer1.0-plugins-bad";
  for (const char *good :
       {"matroskamux", "mp4mux", "flvmux", "flacenc", "flacparse", "matroskademux", "qtdemux"})
    if (element == good)
      return "gstreamer1.0-plugins-good";
  if (element == "textoverlay")
    return "gstreamer1.0-x";
  if (element == "x264enc")
    return "gstreamer1.0-plugins-ugly";
  if (g_str_has_prefix(element.c_str(), "av"))
    return "gstreamer1.0-libav";
  return element == "rtmssrc" ? "gstreamer1.0-rtms" : "gstreamer1.0-plugins-base";
}

}  // namespace

uint64_t counter(const GstStructure *stats, const char *name) {
  guint64 value = 0;
  if (stats)
    gst_structure_get_uint64(stats, name, &value);
  return value;
}

uint64_t counter(const GstStructure *stats, const char *media, const char *name) {
  const GValue *one = stats ? gst_structure_get_value(stats, media) : nullptr;
  return one && GST_VALUE_HOLDS_STRUCTURE(one) ? counter(gst_value_get_structure(one), name) : 0;
}

ElementPtr make_bin(const std::string &description) {
  GError *raw_error = nullptr;
  GstElement *bin = gst_parse_bin_from_description(description.c_str(), TRUE, &raw_error);
  ErrorPtr error(raw_error);
  if (error)
    g_warning("%s: %s", description.c_str(), error->message);
  return ElementPtr(bin ? GST_ELEMENT(gst_object_ref_sink(bin)) : nullptr);
}

ElementPtr make_element(const char *kind) {
  GstElement *element = gst_element_factory_make(kind, nullptr);
  return ElementPtr(element ? GST_ELEMENT(gst_object_ref_sink(element)) : nullptr);
}

void set_no_sink(GstElement *element) {
  GST_OBJECT_FLAG_UNSET(element, GST_ELEMENT_FLAG_SINK);
}

std::string missing_element(const std::string &names) {
  std::istringstream list(names);
  for (std::string name; list >> name;) {
    std::unique_ptr<GstElementFactory, UnrefObject> factory(gst_element_factory_find(name.c_str()));
    if (!factory)
      return "GStreamer's element " + name + " is missing. Install " + package_of(name) +
             ", or set GST_PLUGIN_PATH to the folder of its plugin.";
  }
  return "";
}

// One source per function keeps the order.
void post(std::function<void()> fn) {
  {
    std::lock_guard<std::mutex> lock(posted().mutex);
    posted().functions.push_back(std::move(fn));
  }
  const auto run_next = [](gpointer) -> gboolean {
    std::unique_lock<std::mutex> lock(posted().mutex);
    const auto next = std::move(posted().functions.front());
    posted().functions.pop_front();
    lock.unlock();
    next();
    return G_SOURCE_REMOVE;
  };
  g_idle_add_full(G_PRIORITY_DEFAULT, run_next, nullptr, nullptr);
}

void retire(ElementPtr pipeline, GstClockTime patience, std::function<void()> done) {
  on_their_way++;
  std::shared_ptr<GstElement> owned = std::move(pipeline);
  run_detached([owned = std::move(owned), patience, done = std::move(done)]() mutable {
    if (patience)
      end_in_order(owned.get(), patience);
    gst_element_set_state(owned.get(), GST_STATE_NULL);
    owned.reset();
    post([done = std::move(done)] {
      on_their_way--;
      done();
    });
  });
}

unsigned retiring() {
  return on_their_way;
}

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "buslimit.h"

#include "debug.h"

#include <atomic>
#include <cstring>
#include <memory>
#include <string>

#define GST_CAT_DEFAULT gst_rtms_src_debug

namespace rtms {
namespace {

struct BusLoad {
  std::atomic<unsigned> waiting{0};
  std::atomic<gsize> bytes{0};
  guint64 dropped = 0;
};
// Shared by the element and each of its waiting messages.
using SharedLoad = std::shared_ptr<BusLoad>;

struct Waiting {
  SharedLoad load;
  gsize bytes;
};

gsize bytes_of(const GstStructure *structure) {
  gsize bytes = 0;
  const auto add = [](GQuark, const GValue *value, gpointer sum) -> gboolean {
    const char *text = G_VALUE_HOLDS_STRING(value) ? g_value_get_string(value) : nullptr;
    *static_cast<gsize *>(sum) += text ? std::strlen(text) : 0;
    return TRUE;
  };
  gst_structure_foreach(structure, add, &bytes);
  return bytes;
}

constexpr char kLoad[] = "rtms-bus-load";

SharedLoad *load_of(GstElement *element) {
  auto load = static_cast<SharedLoad *>(g_object_get_data(G_OBJECT(element), kLoad));
  if (!load) {
    load = new SharedLoad(std::make_shared<BusLoad>());
    g_object_set_data_full(G_OBJECT(element), kLoad, load,
                           [](gpointer owned) { delete static_cast<SharedLoad *>(owned); });
  }
  return load;
}

void message_gone(gpointer data, GstMiniObject *) {
  std::unique_ptr<Waiting> waiting(static_cast<Waiting *>(data));
  --waiting->load->waiting;
  waiting->load->bytes -= waiting->bytes;
}

void tell_dropped(GstElement *element, BusLoad *load) {
  const guint64 dropped = load->dropped;
  load->dropped = 0;
  const std::string text =
      std::to_string(dropped) + " messages about the meeting were dropped, because " +
      std::to_string(kMaxWaitingMessages) + " messages, or " +
      std::to_string(kMaxWaitingBytes >> 20) +
      " MB of text, waited on the bus already. Read the messages of the bus without delay.";
  GST_ELEMENT_WARNING_WITH_DETAILS(element, RESOURCE, FAILED, ("%s", text.c_str()), (nullptr),
                                   ("dropped", G_TYPE_UINT64, dropped, nullptr));
}

}  // namespace

void post_within_limit(GstElement *element, GstStructure *structure, unsigned reserve) {
  SharedLoad *load = load_of(element);
  const gsize bytes = bytes_of(structure);
  if ((*load)->dropped && (*load)->waiting < kMaxWaitingMessages / 2 &&
      (*load)->bytes < kMaxWaitingBytes / 2)
    tell_dropped(element, load->get());
  const bool has_room = reserve || !(*load)->dropped;
  if (!has_room || (*load)->waiting >= kMaxWaitingMessages + reserve ||
      (!reserve && (*load)->bytes + bytes > kMaxWaitingBytes)) {
    if (++(*load)->dropped == 1)
      GST_WARNING_OBJECT(element, "%u messages wait on the bus: the next ones are dropped",
                         (*load)->waiting.load());
    gst_structure_free(structure);
    return;
  }
  GstMessage *message = gst_message_new_element(GST_OBJECT(element), structure);
  ++(*load)->waiting;
  (*load)->bytes += bytes;
  gst_mini_object_weak_ref(GST_MINI_OBJECT_CAST(message), message_gone, new Waiting{*load, bytes});
  gst_element_post_message(element, message);
}

}  // namespace rtms

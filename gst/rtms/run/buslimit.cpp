// SPDX-License-Identifier: LGPL-2.1-or-later
#include "buslimit.h"

#include "debug.h"

#include <atomic>
#include <memory>
#include <string>

#define GST_CAT_DEFAULT gst_rtms_src_debug

namespace rtms {
namespace {

struct BusLoad {
  std::atomic<unsigned> waiting{0};
  guint64 dropped = 0;
};
// Shared by the element and each of its waiting messages.
using SharedLoad = std::shared_ptr<BusLoad>;

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
  std::unique_ptr<SharedLoad> load(static_cast<SharedLoad *>(data));
  --(*load)->waiting;
}

void tell_dropped(GstElement *element, BusLoad *load) {
  const guint64 dropped = load->dropped;
  load->dropped = 0;
  const std::string text =
      std::to_string(dropped) + " messages about the meeting were dropped, because " +
      std::to_string(kMaxWaitingMessages) +
      " waited on the bus already. Read the messages of the bus without delay.";
  GST_ELEMENT_WARNING_WITH_DETAILS(element, RESOURCE, FAILED, ("%s", text.c_str()), (nullptr),
                                   ("dropped", G_TYPE_UINT64, dropped, nullptr));
}

}  // namespace

void post_within_limit(GstElement *element, GstStructure *structure, unsigned reserve) {
  SharedLoad *load = load_of(element);
  if ((*load)->dropped && (*load)->waiting < kMaxWaitingMessages / 2)
    tell_dropped(element, load->get());
  const bool has_room = reserve || !(*load)->dropped;
  if (!has_room || (*load)->waiting >= kMaxWaitingMessages + reserve) {
    if (++(*load)->dropped == 1)
      GST_WARNING_OBJECT(element, "%u messages wait on the bus: the next ones are dropped",
                         kMaxWaitingMessages);
    gst_structure_free(structure);
    return;
  }
  GstMessage *message = gst_message_new_element(GST_OBJECT(element), structure);
  ++(*load)->waiting;
  gst_mini_object_weak_ref(GST_MINI_OBJECT_CAST(message), message_gone, new SharedLoad(*load));
  gst_element_post_message(element, message);
}

}  // namespace rtms

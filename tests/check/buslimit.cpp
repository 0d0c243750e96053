// SPDX-License-Identifier: LGPL-2.1-or-later
// What an element says, and nobody reads: its number and its size are limited.
#include "run/buslimit.h"

#include "fixture.h"

namespace {

using namespace rtmscheck;
using rtms::post_within_limit;

void post_text(GstElement *element, gsize size) {
  const std::string text(size, 'x');
  post_within_limit(element,
                    gst_structure_new("rtms-event", "json", G_TYPE_STRING, text.c_str(), nullptr));
}

unsigned read_all(GstBus *bus, guint64 *dropped) {
  unsigned count = 0;
  while (MessagePtr message{gst_bus_pop(bus)}) {
    count += GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ELEMENT;
    const GstStructure *details = nullptr;
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_WARNING) {
      gst_message_parse_warning_details(message.get(), &details);
      gst_structure_get_uint64(details, "dropped", dropped);
    }
  }
  return count;
}

}  // namespace

GST_START_TEST(test_large_texts) {
  constexpr unsigned kTexts = 200;
  constexpr gsize kSize = 1 << 20;
  ElementPtr element(GST_ELEMENT(gst_object_ref_sink(gst_bin_new(nullptr))));
  BusPtr bus(gst_bus_new());
  gst_element_set_bus(element.get(), bus.get());
  guint64 dropped = 0;
  for (unsigned i = 0; i < kTexts; i++)
    post_text(element.get(), kSize);
  const unsigned waited = read_all(bus.get(), &dropped);
  ck_assert_uint_eq(waited, rtms::kMaxWaitingBytes / kSize);
  post_text(element.get(), 1);
  ck_assert_uint_eq(read_all(bus.get(), &dropped), 1);
  ck_assert_uint_eq(dropped, kTexts - waited);
  gst_element_set_bus(element.get(), nullptr);
}
GST_END_TEST;

static Suite *buslimit_suite() {
  Suite *suite = suite_create("buslimit");
  TCase *tc = tcase_create("buslimit");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_large_texts);
  return suite;
}

GST_CHECK_MAIN(buslimit)

// SPDX-License-Identifier: LGPL-2.1-or-later
// Status codes, states and reasons, by the names that the document gives them.
#include "protocol/types.h"
#include "status_names.h"

#include "gst_check.h"

#include <string>

using namespace rtms;

GST_START_TEST(test_status_name) {
  assert_equals_int((int) G_N_ELEMENTS(rtmscheck::kStatusNames), 48);
  assert_equals_string(status_name(__i__), rtmscheck::kStatusNames[__i__]);
  fail_unless(status_advice(__i__) != nullptr);
  if (__i__ != 0)
    fail_unless(*status_advice(__i__) != '\0', "no advice for %d", __i__);
}
GST_END_TEST;

GST_START_TEST(test_status_unknown) {
  for (int64_t code : {(int64_t) -1, (int64_t) 48, (int64_t) 1000, INT64_MAX, INT64_MIN}) {
    assert_equals_string(status_name(code), "UNKNOWN_STATUS");
    fail_unless(status_advice(code) != nullptr);
  }
}
GST_END_TEST;

static const char *stop_reasons[] = {"host triggered",
                                     "user triggered",
                                     "user left",
                                     "user ejected",
                                     "host disabled app",
                                     "meeting ended",
                                     "stream canceled",
                                     "stream revoked",
                                     "all apps disabled",
                                     "internal exception",
                                     "connection timeout",
                                     "instance connection interrupted",
                                     "signal connection interrupted",
                                     "data connection interrupted",
                                     "signal connection closed abnormally",
                                     "data connection closed abnormally",
                                     "exit signal",
                                     "authentication failure",
                                     "await reconnection timeout",
                                     "receiver request close",
                                     "customer disconnected",
                                     "agent disconnected",
                                     "admin disabled app",
                                     "keep-alive timeout",
                                     "manual API triggered",
                                     "streaming not supported"};

// "meeting ended" is "meeting-ended" in a message, and "STOP_BC_MEETING_ENDED" on some servers.
static std::string spelled(const char *words, bool upper, char between) {
  std::string text = words;
  for (char &c : text)
    c = (c == ' ' || c == '-') ? between : upper ? g_ascii_toupper(c) : g_ascii_tolower(c);
  return text;
}

GST_START_TEST(test_stop_reason) {
  assert_equals_int((int) G_N_ELEMENTS(stop_reasons), 26);
  const char *words = stop_reasons[__i__ - 1];
  const std::string nick = spelled(words, false, '-');
  assert_equals_string(stop_reason_nick(__i__), nick.c_str());
  const std::string name = "STOP_BC_" + spelled(words, true, '_');
  fail_unless(stop_reason_from_name(name) == (int64_t) __i__, "%s", name.c_str());
}
GST_END_TEST;

GST_START_TEST(test_stop_reason_unknown) {
  for (int64_t reason : {(int64_t) -1, (int64_t) 27, INT64_MAX, INT64_MIN})
    assert_equals_string(stop_reason_nick(reason), "unknown");
  for (const char *name : {"", "STOP_BC_", "STOP_BC_NO_SUCH_THING", "STOP_BC_MEETING_ENDED2", "é"})
    fail_if(stop_reason_from_name(name).has_value(), "%s", name);
  fail_if(stop_reason_from_name({}).has_value());
}
GST_END_TEST;

GST_START_TEST(test_states) {
  static const char *stream[] = {"inactive",   "active", "interrupted", "terminating",
                                 "terminated", "paused", "resumed"};
  static const char *session[] = {"inactive", "initialize", "started",
                                  "paused",   "resumed",    "stopped"};
  for (int i = 0; i < (int) G_N_ELEMENTS(stream); i++)
    assert_equals_string(stream_state_nick(i), stream[i]);
  for (int i = 0; i < (int) G_N_ELEMENTS(session); i++)
    assert_equals_string(session_state_nick(i), session[i]);
  for (int64_t state : {(int64_t) -1, (int64_t) 7, INT64_MAX, INT64_MIN})
    assert_equals_string(stream_state_nick(state), "unknown");
  for (int64_t state : {(int64_t) -1, (int64_t) 6, INT64_MAX, INT64_MIN})
    assert_equals_string(session_state_nick(state), "unknown");
}
GST_END_TEST;

GST_START_TEST(test_nicks) {
  static const char *nicks[] = {"audio", "video", "screen", "transcript", "chat"};
  for (unsigned i = 0; i < kMediaCount; i++)
    assert_equals_string(media_nick(kAllMedia[i]), nicks[i]);
  static const char *codecs[] = {"l16", "g711", "g722", "opus", "jpeg", "png", "h264"};
  for (int i = 0; i < (int) G_N_ELEMENTS(codecs); i++)
    assert_equals_string(codec_nick((Codec) (i + 1)), codecs[i]);
}
GST_END_TEST;

static Suite *protocol_names_suite(void) {
  Suite *suite = suite_create("protocol_names");
  TCase *tc = tcase_create("names");
  suite_add_tcase(suite, tc);
  tcase_add_loop_test(tc, test_status_name, 0, 48);
  tcase_add_test(tc, test_status_unknown);
  tcase_add_loop_test(tc, test_stop_reason, 1, 27);
  tcase_add_test(tc, test_stop_reason_unknown);
  tcase_add_test(tc, test_states);
  tcase_add_test(tc, test_nicks);
  return suite;
}

GST_CHECK_MAIN(protocol_names)

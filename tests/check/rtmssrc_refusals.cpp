// SPDX-License-Identifier: LGPL-2.1-or-later
// What the service refuses: each status code, each HTTP status, single media, and parameters.
#include <algorithm>

#include "failures.h"
#include "status_names.h"

namespace {

using namespace rtmscheck;

constexpr int kStatusEnd = G_N_ELEMENTS(kStatusNames);

bool is_transient(int status) {
  return status == 8 || status == 16 || status == 45;
}

Expected expected_of(int status) {
  std::vector<int> codes;
  if (status == 2)
    codes = {GST_RESOURCE_ERROR_NOT_FOUND};
  if (status == 3)
    codes = {GST_RESOURCE_ERROR_NOT_AUTHORIZED};
  if ((status >= 17 && status <= 39) || status == 43)
    codes = {GST_RESOURCE_ERROR_SETTINGS};
  std::vector<std::string> words = {std::to_string(status), "because of tests"};
  if (status < kStatusEnd)
    words.push_back(kStatusNames[status]);
  return resource(codes, words);
}

struct Upgrade {
  int status;
  std::vector<int> codes;
};
const Upgrade kUpgrades[] = {
    {401, {GST_RESOURCE_ERROR_NOT_AUTHORIZED}},
    {403, {GST_RESOURCE_ERROR_NOT_AUTHORIZED}},
    {404, {GST_RESOURCE_ERROR_NOT_FOUND}},
    {503, {GST_RESOURCE_ERROR_BUSY, GST_RESOURCE_ERROR_OPEN_READ}},
    {302, {GST_RESOURCE_ERROR_OPEN_READ, GST_RESOURCE_ERROR_NOT_FOUND}},
};

const char *const kPads[kMediaCount] = {"audio", "video", "screen", "transcript", "chat"};

// A downgrade is told, and the caps follow what was negotiated.
struct Downgrade {
  const char *property, *wanted, *negotiated, *pad, *caps;
};
const Downgrade kDowngrades[] = {
    {"audio-streams", "per-participant", R"({"audio":{"data_opt":1}})", "audio", "audio/x-raw"},
    {"video-codec", "h264", R"({"video":{"codec":5,"fps":5}})", "video", "image/jpeg"},
    {"audio-rate", "48000", R"({"audio":{"sample_rate":1}})", "audio", "audio/x-raw,rate=16000"},
    {"screen-codec", "h264", R"({"deskshare":{"codec":6,"fps":5}})", "screen", "image/png"},
};

}  // namespace

GST_START_TEST(test_final_status_signaling) {
  for (int status : {1, 2, 3, 4, 5, 6, 7, 14, 15, 17, 40, 41, 42, 44, 46, 47, 99}) {
    Config config = fast_config(audio_source(5));
    config.status_signaling = status;
    config.reason = "because of tests";
    check_server_error("signaling " + std::to_string(status), config, expected_of(status));
  }
}
GST_END_TEST;

// Of the only kind of media there is: what the others would do is rtmssrc_one_medium's.
GST_START_TEST(test_final_status_media) {
  for (int status = 1; status <= kStatusEnd; status++) {
    if (is_transient(status))
      continue;
    Config config = fast_config(audio_source(5));
    config.end = End::Nothing;  // an end could overtake the refusal, on another socket
    config.status_media[Media::Audio] = status;
    config.reason = "because of tests";
    check_server_error("media " + std::to_string(status), config, expected_of(status),
                       [status](GstElement *src) {
                         set(src, "media-types", "audio");
                         set(src, "connection-mode", status % 2 ? "split" : "unified");
                       });
  }
}
GST_END_TEST;

// With no window to try again in, what is transient is an error, too.
GST_START_TEST(test_transient_status_without_window) {
  for (int status : {8, 16, 45}) {
    Config config = fast_config(audio_source(5));
    config.status_signaling = status;
    check_server_error("signaling " + std::to_string(status), config,
                       resource({}, {std::to_string(status), kStatusNames[status]}),
                       with("signaling-reconnect-window", "0"));
    config.status_signaling = 0;
    config.status_media[Media::Audio] = status;
    check_server_error("media " + std::to_string(status), config,
                       resource({}, {std::to_string(status), kStatusNames[status]}),
                       [](GstElement *src) {
                         set(src, "media-reconnect-window", "0");
                         set(src, "media-types", "audio");
                       });
  }
}
GST_END_TEST;

GST_START_TEST(test_transient_status_within_window) {
  for (int status : {8, 16, 45}) {
    Config config = fast_config(audio_source(5));
    config.fault_times = 1;
    config.status_signaling = status;
    config.status_media[Media::Audio] = status;
    auto server = serve(config);
    Player player(*server, with("media-types", "audio"));
    player.play();
    player.wait_eos();
    player.stop();
    ck_assert_uint_eq(player.record().packets("audio"), 5);
  }
}
GST_END_TEST;

GST_START_TEST(test_refused_upgrade) {
  const Upgrade &upgrade = kUpgrades[__i__];
  auto elsewhere = serve(fast_config(audio_source(5)));
  for (bool signaling : {true, false}) {
    Config config = fast_config(audio_source(5));
    (signaling ? config.upgrade_status_signaling : config.upgrade_status_media) = upgrade.status;
    config.redirect_to = "http" + elsewhere->signaling_url().substr(2);
    check_server_error((signaling ? "signaling " : "media ") + std::to_string(upgrade.status),
                       config, resource(upgrade.codes, {std::to_string(upgrade.status)}));
  }
  ck_assert_uint_eq(elsewhere->requests(), 0);
}
GST_END_TEST;

// Nobody asked for it, and official samples of clear streams say so.
GST_START_TEST(test_said_to_be_encrypted) {
  Config config = fast_config(audio_source(5));
  config.payload_encrypted = true;
  auto server = serve(config);
  Player player(*server, with("media-types", "audio"));
  player.play();
  player.wait_eos();
  player.stop();
  ck_assert_uint_eq(player.record().packets("audio"), 5);
}
GST_END_TEST;

// 9..13 concern one medium: a warning, and the others go on.
GST_START_TEST(test_one_medium_refused) {
  auto source = std::make_shared<ListSource>();
  for (Media m : kAllMedia) {
    bool text = m == Media::Transcript || m == Media::Chat;
    bool sound = m == Media::Audio;
    source->add(item(m, 0,
                     text    ? text_bytes("Hello.")
                     : sound ? random_bytes(640, 1)
                             : access_unit(true, 500, 1)));
  }
  Config config = fast_config(source);
  Media refused = kAllMedia[static_cast<std::size_t>(__i__)];
  config.status_media[refused] = 9 + __i__;
  config.end = End::Nothing;
  auto server = serve(config);
  Player player(*server, with("media-types", "audio+video+screen+transcript+chat"));
  player.play();
  ck_assert_msg(player.wait([](const Record &r) {
    std::size_t packets = 0;
    for (const char *pad : kPads)
      packets += r.packets(pad);
    return r.count(GST_MESSAGE_WARNING) > 0 && packets == kMediaCount - 1;
  }),
                "%s", player.summary().c_str());
  server->end_stream(6);
  player.wait_eos();
  player.stop();
  const Record &record = player.record();
  ck_assert_msg(record.count(GST_MESSAGE_WARNING) == 1, "%s", player.summary().c_str());
  check_failure("refused", failure_of(record.first(GST_MESSAGE_WARNING)),
                resource({}, {std::to_string(9 + __i__), kStatusNames[9 + __i__]}));
  for (Media m : kAllMedia) {
    const char *pad = kPads[static_cast<std::size_t>(m)];
    ck_assert_msg(record.packets(pad) == (m == refused ? 0 : 1), "%s", player.summary().c_str());
  }
  auto pads = std::count(record.signals.begin(), record.signals.end(), kPads[__i__]);
  ck_assert_int_eq(pads, 0);
}
GST_END_TEST;

// The signaling handshake announces all media, so it can be the one that is refused.
GST_START_TEST(test_one_medium_refused_at_signaling) {
  Config config = fast_config(audio_source(5));
  config.status_signaling = 10;
  config.fault_times = 1;
  auto server = serve(config);
  Player player(*server, with("media-types", "audio+video"));
  player.play();
  player.wait_eos();
  player.stop();
  const Record &record = player.record();
  ck_assert_msg(record.count(GST_MESSAGE_WARNING) == 1, "%s", player.summary().c_str());
  check_failure("refused", failure_of(record.first(GST_MESSAGE_WARNING)),
                resource({}, {"10", kStatusNames[10]}));
  ck_assert_uint_eq(record.pads.size(), 1);
  ck_assert_uint_eq(record.packets("audio"), 5);
  expect_no_violations(*server);
}
GST_END_TEST;

// When all are refused nothing is left: the last one's reason is the error.
GST_START_TEST(test_all_media_refused) {
  Config config = fast_config(audio_source(5));
  config.status_media[Media::Audio] = 9;
  config.status_media[Media::Video] = 10;
  auto server = serve(config);
  Player player(*server, with("media-types", "audio+video"));
  check_error("all refused", player, resource({}, {"media-types", "9|10", "NOT_SUPPORT"}));
  const Record &record = player.record();
  ck_assert_msg(record.count(GST_MESSAGE_WARNING) == 1, "%s", player.summary().c_str());
  const Failure warning = failure_of(record.first(GST_MESSAGE_WARNING));
  check_failure("the other", warning, resource({}, {"media-types", "9|10", "NOT_SUPPORT"}));
  const Failure error = failure_of(record.first(GST_MESSAGE_ERROR));
  ck_assert_str_ne(warning.text.c_str(), error.text.c_str());
}
GST_END_TEST;

GST_START_TEST(test_downgrade) {
  const Downgrade &downgrade = kDowngrades[__i__];
  auto source = audio_source(5);
  source->add(item(Media::Video, 0, random_bytes(1000, 1)));
  source->add(item(Media::Deskshare, 0, random_bytes(1000, 1)));
  Config config = fast_config(source);
  config.negotiate = downgrade.negotiated;
  auto server = serve(config);
  Player player(*server, with(downgrade.property, downgrade.wanted));
  player.play();
  player.wait_eos();
  player.stop();
  const Record &record = player.record();
  ck_assert_msg(record.count(GST_MESSAGE_WARNING) == 1, "%s", player.summary().c_str());
  GstCaps *caps = nullptr;
  const GstEvent *event = record.pad(downgrade.pad).first(GST_EVENT_CAPS);
  gst_event_parse_caps(const_cast<GstEvent *>(event), &caps);
  CapsPtr expected(gst_caps_from_string(downgrade.caps));
  CharPtr text(gst_caps_to_string(caps));
  ck_assert_msg(gst_caps_is_subset(caps, expected.get()), "%s", text.get());
}
GST_END_TEST;

static Suite *rtmssrc_refusals_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_refusals");
  TCase *refusals = tcase_create("refusals");
  tcase_set_timeout(refusals, kPatienceSeconds);
  tcase_add_test(refusals, test_final_status_signaling);
  tcase_add_test(refusals, test_final_status_media);
  tcase_add_test(refusals, test_transient_status_without_window);
  tcase_add_test(refusals, test_transient_status_within_window);
  tcase_add_loop_test(refusals, test_refused_upgrade, 0, G_N_ELEMENTS(kUpgrades));
  tcase_add_test(refusals, test_said_to_be_encrypted);
  tcase_add_loop_test(refusals, test_one_medium_refused, 0, kMediaCount);
  tcase_add_test(refusals, test_one_medium_refused_at_signaling);
  tcase_add_test(refusals, test_all_media_refused);
  tcase_add_loop_test(refusals, test_downgrade, 0, G_N_ELEMENTS(kDowngrades));
  suite_add_tcase(suite, refusals);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_refusals)

// SPDX-License-Identifier: LGPL-2.1-or-later
// The client secret and the signature: nowhere but on the wire.
#include <glib/gstdio.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "failures.h"
#include "webhooks.h"

namespace {

using namespace rtmscheck;

constexpr char kSecret[] = "s3cr3t-Q7vXw2ZpLm";

// All that GStreamer logs, at the highest level of all categories, searched as it comes.
class LogWatch {
 public:
  // It lives as long as the process: another thread may be in the middle of a log line at any time.
  static LogWatch &start(std::vector<std::string> forbidden) {
    static LogWatch *watch = nullptr;
    watch = new LogWatch(std::move(forbidden));
    return *watch;
  }
  LogWatch(const LogWatch &) = delete;
  LogWatch &operator=(const LogWatch &) = delete;

  void expect_clean() {
    std::lock_guard<std::mutex> lock(mutex_);
    ck_assert_msg(found_.empty(), "logged: %s", found_.c_str());
    ck_assert_uint_gt(own_lines_, 0);  // the watch works
  }

 private:
  explicit LogWatch(std::vector<std::string> forbidden) : forbidden_(std::move(forbidden)) {
    gst_debug_remove_log_function(gst_debug_log_default);
    gst_debug_set_active(TRUE);
    gst_debug_set_default_threshold(GST_LEVEL_MEMDUMP);
    gst_debug_add_log_function(on_log, this, nullptr);
    Ptr<GSList, g_slist_free> categories(gst_debug_get_all_categories());
    for (GSList *entry = categories.get(); entry; entry = entry->next)
      gst_debug_category_set_threshold(static_cast<GstDebugCategory *>(entry->data),
                                       GST_LEVEL_MEMDUMP);
  }
  static void on_log(GstDebugCategory *category, GstDebugLevel, const gchar *, const gchar *, gint,
                     GObject *, GstDebugMessage *message, gpointer data) {
    auto self = static_cast<LogWatch *>(data);
    const char *text = gst_debug_message_get(message);
    if (!text)
      return;
    if (g_str_has_prefix(gst_debug_category_get_name(category), "rtms"))
      self->own_lines_++;
    for (const std::string &secret : self->forbidden_) {
      if (!std::strstr(text, secret.c_str()))
        continue;
      std::lock_guard<std::mutex> lock(self->mutex_);
      self->found_ = text;
    }
  }

  std::vector<std::string> forbidden_;
  std::atomic<unsigned> own_lines_{0};
  std::mutex mutex_;
  std::string found_;
};

std::string signature_of(const Config &config, const char *secret) {
  std::string text = config.client_id + "," + config.id + "," + config.stream_id;
  CharPtr hex(g_compute_hmac_for_string(G_CHECKSUM_SHA256, reinterpret_cast<const guchar *>(secret),
                                        strlen(secret), text.c_str(),
                                        static_cast<gssize>(text.size())));
  return hex.get();
}

// A stream of which all secrets are known.
Config secret_config() {
  Config config = fast_config(audio_source(5));
  config.stream_id = "stream-1";
  config.client_secret = kSecret;
  return config;
}

std::vector<std::string> secrets_of(const Config &config) {
  return {kSecret, signature_of(config, kSecret)};
}

void expect_free(const std::string &where, const std::string &text,
                 const std::vector<std::string> &secrets) {
  for (const std::string &secret : secrets)
    ck_assert_msg(!contains(text, secret), "%s: %s", where.c_str(), text.c_str());
}

std::string text_of(const GstMessage *message) {
  GstMessageType type = GST_MESSAGE_TYPE(message);
  if (type == GST_MESSAGE_ERROR || type == GST_MESSAGE_WARNING) {
    Failure failure = failure_of(message);
    return failure.text + failure.debug;
  }
  const GstStructure *structure = gst_message_get_structure(const_cast<GstMessage *>(message));
  if (!structure)
    return {};
  CharPtr text(gst_structure_to_string(structure));
  return text.get();
}

// All readable properties as text.
std::string properties_of(GstElement *element) {
  guint count = 0;
  Ptr<GParamSpec *, g_free> specs(
      g_object_class_list_properties(G_OBJECT_GET_CLASS(element), &count));
  std::string all;
  for (guint i = 0; i < count; i++) {
    const GParamSpec *spec = specs.get()[i];
    if (!(spec->flags & G_PARAM_READABLE))
      continue;
    GValue value = G_VALUE_INIT;
    g_value_init(&value, spec->value_type);
    g_object_get_property(G_OBJECT(element), spec->name, &value);
    CharPtr text(g_strdup_value_contents(&value));
    all += std::string(spec->name) + "=" + text.get() + "\n";
    g_value_unset(&value);
  }
  return all;
}

std::string dot_of(GstElement *pipeline) {
  CharPtr dot(gst_debug_bin_to_dot_data(GST_BIN(pipeline), GST_DEBUG_GRAPH_SHOW_ALL));
  return dot.get();
}

void expect_secret(Player &player, const std::vector<std::string> &secrets) {
  expect_free("properties", properties_of(player.src()), secrets);
  expect_free("dot", dot_of(player.pipeline()), secrets);
}

void expect_secret_record(const Player &player, const std::vector<std::string> &secrets) {
  for (const MessagePtr &message : player.record().messages)
    expect_free("message", text_of(message.get()), secrets);
}

// How the secret gets to the element.
enum class Way { Property, Environment, Signature, Webhook, File };
constexpr Way kWays[] = {Way::Property, Way::Environment, Way::Signature, Way::Webhook, Way::File};

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string &text) {
    directory_.reset(g_dir_make_tmp("rtms-check-XXXXXX", nullptr));
    path_ = std::string(directory_.get()) + "/webhook.json";
    ck_assert(g_file_set_contents(path_.c_str(), text.c_str(), -1, nullptr));
  }
  ~TemporaryFile() {
    g_unlink(path_.c_str());
    g_rmdir(directory_.get());
  }
  const std::string &path() const { return path_; }

 private:
  CharPtr directory_;
  std::string path_;
};

void give(GstElement *src, Way way, const Config &config, const std::string &file) {
  g_object_set(src, "client-secret", nullptr, nullptr);
  if (way != Way::Signature)
    g_object_set(src, "signature", nullptr, nullptr);
  if (way == Way::Property)
    g_object_set(src, "client-secret", kSecret, nullptr);
  if (way == Way::Environment)
    g_setenv("ZM_RTMS_SECRET", kSecret, TRUE);
  if (way == Way::Signature)
    g_object_set(src, "signature", signature_of(config, kSecret).c_str(), nullptr);
  if (way == Way::File)
    g_object_set(src, "webhook", nullptr, "webhook-location", file.c_str(), nullptr);
}

void clear_environment() {
  for (const char *name :
       {"ZM_RTMS_CLIENT", "ZM_RTMS_SECRET", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET"})
    g_unsetenv(name);
}

// Sessions that fail, each in another place.
const struct {
  void (*make)(Config &);
  Expected expected;
} kFailures[] = {
    {[](Config &c) { c.status_signaling = 3; }, resource({}, {"signaling", "INVALID_SIGNATURE"})},
    {[](Config &c) {
       // One that is refused would be a warning: the others go on.
       for (Media media : kAllMedia)
         c.status_media[media] = 3;
     },
     resource({}, {"INVALID_SIGNATURE"})},
    {[](Config &c) { c.close_instead_of_answer = true; },
     resource({}, {"signaling", "closed", "wrong signature"})},
    {[](Config &c) { c.upgrade_status_signaling = 401; }, resource({}, {"signaling", "401"})},
    {[](Config &c) { c.upgrade_status_media = 404; }, resource({}, {"/media/", "404"})},
    {[](Config &c) { c.silent_signaling = true; }, resource({}, {"signaling", "did not answer"})},
    {[](Config &c) { c.id = "another"; }, resource({}, {"signaling", "meeting_uuid"})},
};

}  // namespace

GST_START_TEST(test_write_only) {
  Player player([](GstElement *) {});
  for (const char *name : {"client-secret", "signature", "webhook-secret-token"}) {
    GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(player.src()), name);
    ck_assert_msg(spec != nullptr, "%s", name);
    ck_assert_msg(!(spec->flags & G_PARAM_READABLE), "%s can be read", name);
    ck_assert_msg(spec->flags & G_PARAM_WRITABLE, "%s", name);
  }
}
GST_END_TEST;

GST_START_TEST(test_proxy_password) {
  Player player([](GstElement *src) {
    g_object_set(src, "proxy", "http://user:s3cr3t-Q7vXw2ZpLm@127.0.0.1:1/", nullptr);
  });
  expect_free("dot", dot_of(player.pipeline()), {kSecret});
  char *text = nullptr;
  g_object_get(player.src(), "proxy", &text, nullptr);
  expect_text(CharPtr(text).get(), "http://user:***@127.0.0.1:1/");
}
GST_END_TEST;

GST_START_TEST(test_session) {
  clear_environment();
  Config config = secret_config();
  const std::vector<std::string> secrets = secrets_of(config);
  config.end = End::Nothing;
  auto server = serve(config);
  TemporaryFile file(server->webhook_json());
  ck_assert(contains(server->webhook_json(), secrets[1]));
  LogWatch &watch = LogWatch::start(secrets);
  {
    Player player(*server, [&](GstElement *src) { give(src, kWays[__i__], config, file.path()); });
    expect_secret(player, secrets);
    player.play();
    ck_assert_msg(player.wait([](const Record &r) { return r.packets("audio") == 5; }), "%s",
                  player.summary().c_str());
    expect_secret(player, secrets);
    server->end_stream(6);
    player.wait_eos();
    player.stop();
    expect_secret(player, secrets);
    expect_secret_record(player, secrets);
  }
  watch.expect_clean();
  // It did reach the wire.
  auto received = server->received();
  ck_assert(std::any_of(received.begin(), received.end(),
                        [&](const Received &r) { return contains(r.text, secrets[1]); }));
  for (const Received &message : received)
    ck_assert_msg(!contains(message.text, kSecret), "%s", message.text.c_str());
}
GST_END_TEST;

GST_START_TEST(test_failure) {
  clear_environment();
  Config config = secret_config();
  const std::vector<std::string> secrets = secrets_of(config);
  kFailures[__i__].make(config);
  config.end = End::Nothing;  // an end could overtake the failure, on another socket
  const Config told = secret_config();
  auto server = serve(config);
  LogWatch &watch = LogWatch::start(secrets);
  {
    Player player(*server, [&](GstElement *src) {
      give(src, Way::Property, told, "");
      if (config.silent_signaling)
        g_object_set(src, "timeout", kTimeoutMs, "connect-window", 0, nullptr);
      if (config.id != told.id)
        g_object_set(src, "meeting-uuid", told.id.c_str(), nullptr);
    });
    player.state(GST_STATE_PLAYING);
    ck_assert_msg(player.wait([](const Record &r) { return r.count(GST_MESSAGE_ERROR) > 0; }), "%s",
                  player.summary().c_str());
    expect_secret(player, secrets);
    player.stop();
    check_failure("failure", failure_of(player.record().first(GST_MESSAGE_ERROR)),
                  kFailures[__i__].expected);
    expect_secret_record(player, secrets);
  }
  watch.expect_clean();
}
GST_END_TEST;

// Texts that cannot be used, but hold a signature.
GST_START_TEST(test_bad_webhook) {
  clear_environment();
  Config config = secret_config();
  const std::vector<std::string> secrets = secrets_of(config);
  auto server = serve(config);
  const std::string good = server->webhook_json();
  const std::string texts[] = {good + "}", good.substr(0, good.size() - 1),
                               "{\"signature\":\"" + secrets[1] + "\"}", "signature " + secrets[1]};
  const std::string &text = texts[__i__];
  TemporaryFile file(text);
  LogWatch &watch = LogWatch::start(secrets);
  for (bool from_file : {false, true}) {
    Player player([&](GstElement *src) {
      if (from_file)
        g_object_set(src, "webhook-location", file.path().c_str(), nullptr);
      else
        g_object_set(src, "webhook", text.c_str(), nullptr);
    });
    player.state(GST_STATE_PAUSED);
    expect_secret(player, secrets);
    player.wait_error();
    expect_secret_record(player, secrets);
  }
  watch.expect_clean();
}
GST_END_TEST;

// The element's own endpoint: its token, the signatures of requests, and that in a webhook.
GST_START_TEST(test_listening) {
  clear_environment();
  Config config = secret_config();
  config.end = End::Nothing;
  auto server = serve(config);
  const std::string start = server->webhook_json();
  const Headers genuine = signed_headers(start), forged = signed_headers(start, 0, "guessed");
  std::vector<std::string> secrets = secrets_of(config);
  for (const std::string &secret :
       {std::string(kWebhookToken), genuine[1].second.substr(3), forged[1].second.substr(3)})
    secrets.push_back(secret);
  ck_assert(contains(start, secrets[1]));
  LogWatch &watch = LogWatch::start(secrets);
  {
    Player player([](GstElement *src) {
      g_object_set(src, "webhook-listen", "http://127.0.0.1:0/webhook", "webhook-secret-token",
                   kWebhookToken, "client-id", "test-client", "client-secret", kSecret, nullptr);
      set(src, "media-types", "audio");
    });
    player.play();
    expect_secret(player, secrets);
    char *text = nullptr;
    g_object_get(player.src(), "webhook-url", &text, nullptr);
    CharPtr url(text);
    ck_assert_int_eq(post(url.get(), forged, start).status, 401);
    ck_assert_int_eq(post(url.get(), genuine, start + " ").status, 401);
    ck_assert_int_eq(post(url.get(), genuine, start).status, 200);
    ck_assert(player.wait([](const Record &r) { return r.packets("audio") == 5; }));
    ck_assert_int_eq(post(url.get(), genuine, start).status, 200);
    expect_secret(player, secrets);
    player.stop();
    expect_secret_record(player, secrets);
  }
  watch.expect_clean();
}
GST_END_TEST;

static Suite *rtmssrc_secrets_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_secrets");
  TCase *secrets = tcase_create("secrets");
  tcase_set_timeout(secrets, kPatienceSeconds);
  tcase_add_test(secrets, test_write_only);
  tcase_add_test(secrets, test_proxy_password);
  tcase_add_loop_test(secrets, test_session, 0, G_N_ELEMENTS(kWays));
  tcase_add_loop_test(secrets, test_failure, 0, G_N_ELEMENTS(kFailures));
  tcase_add_loop_test(secrets, test_bad_webhook, 0, 4);
  tcase_add_test(secrets, test_listening);
  suite_add_tcase(suite, secrets);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_secrets)

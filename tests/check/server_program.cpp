// SPDX-License-Identifier: LGPL-2.1-or-later
// rtms-test-server as a program: its command line, and the webhooks that it posts.
#include "server_texts.h"

using namespace rtmscheck;

namespace {

// Takes webhooks.
class Listener {
 public:
  Listener() : server_(soup_server_new("server-header", "listener", nullptr)) {
    soup_server_add_handler(server_.get(), "/webhook", on_request, this, nullptr);
    ck_assert(soup_server_listen_local(server_.get(), 0, SOUP_SERVER_LISTEN_IPV4_ONLY, nullptr) ==
              TRUE);
    Ptr<GSList, g_slist_free> listeners(soup_server_get_listeners(server_.get()));
    ObjectPtr<GSocketAddress> address(
        g_socket_get_local_address(static_cast<GSocket *>(listeners->data), nullptr));
    url = "http://127.0.0.1:" +
          std::to_string(g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address.get()))) +
          "/webhook";
  }
  // The one that comes as the n-th, from 0.
  std::string webhook(std::size_t n) {
    ck_assert(wait_until([&] { return bodies_.size() > n; }));
    return bodies_[n];
  }
  std::string url;

 private:
  static void on_request(SoupServer *, SoupServerMessage *message, const char *, GHashTable *,
                         gpointer data) {
    SoupMessageBody *body = soup_server_message_get_request_body(message);
    static_cast<Listener *>(data)->bodies_.emplace_back(body->data,
                                                        static_cast<std::size_t>(body->length));
    soup_server_message_set_status(message, 200, nullptr);
  }

  ObjectPtr<SoupServer> server_;
  std::vector<std::string> bodies_;
};

class Program {
 public:
  explicit Program(std::vector<std::string> arguments) {
    const char *path = g_getenv("RTMS_TEST_SERVER");
    ck_assert(path != nullptr);
    arguments.insert(arguments.begin(), path);
    std::vector<const char *> words;
    for (const std::string &argument : arguments)
      words.push_back(argument.c_str());
    words.push_back(nullptr);
    process_.reset(
        g_subprocess_newv(words.data(),
                          static_cast<GSubprocessFlags>(G_SUBPROCESS_FLAGS_STDOUT_SILENCE |
                                                        G_SUBPROCESS_FLAGS_STDERR_SILENCE),
                          nullptr));
    ck_assert(process_ != nullptr);
    g_subprocess_wait_async(process_.get(), nullptr, on_end, this);
  }
  ~Program() {
    g_subprocess_force_exit(process_.get());
    wait_until([this] { return ended_; });
  }
  Program(const Program &) = delete;
  Program &operator=(const Program &) = delete;

  bool succeeds() {
    ck_assert(wait_until([this] { return ended_; }));
    return g_subprocess_get_successful(process_.get());
  }

 private:
  static void on_end(GObject *process, GAsyncResult *result, gpointer data) {
    g_subprocess_wait_finish(G_SUBPROCESS(process), result, nullptr);
    static_cast<Program *>(data)->ended_ = true;
  }

  ObjectPtr<GSubprocess> process_;
  bool ended_ = false;
};

std::string url_in(const std::string &webhook) {
  const auto at = webhook.find("ws://");
  ck_assert_msg(at != std::string::npos, "%s", webhook.c_str());
  return webhook.substr(at, webhook.find('"', at) - at);
}

}  // namespace

GST_START_TEST(test_webhooks) {
  Listener listener;
  Program program({"--id=uuid==", "--stream-id=stream-1", "--client-id=abc",
                   "--client-secret=s3cr3t", "--offer=audio", "--pace=fast", "--duration=1",
                   "--once", "--webhook=" + listener.url, "--webhook-urls=array",
                   "--refuse=audio:45", "--refuse-times=1", "--refusal-form=status",
                   "--reason=later", "--mix-id=none", "--microseconds", "--informational=103",
                   "--payload-encrypted"});
  const std::string url = url_in(listener.webhook(0));
  ck_assert(contains(listener.webhook(0), "\"server_urls\":[\""));
  {
    Client gone(url);
    ck_assert(has_status(gone.ask(kHello, 2), 0));
  }
  ck_assert(contains(listener.webhook(1), "meeting.rtms_interrupted"));
  Client signaling(url);
  ck_assert(has_status(signaling.ask(kHello, 2), 0));
  const std::string media_url = replaced(url, "signaling", "media/audio");
  Client refused(media_url), media(media_url);
  ck_assert(contains(refused.ask(data_hello(1, kAudio), 4), "\"status\":45,\"reason\":\"later\""));
  const std::string answer = media.ask(data_hello(1, kAudio), 4);
  ck_assert(has_status(answer, 0) && contains(answer, "\"payload_encrypted\":true"));
  signaling.send(kReady);
  ck_assert(contains(media.next(14), "\"content\":{\"user_name\":"));
  ck_assert(contains(listener.webhook(2), "meeting.rtms_stopped"));
  ck_assert(signaling.closed() && media.closed());
  ck_assert(program.succeeds());
}
GST_END_TEST;

GST_START_TEST(test_misuse) {
  for (const char *argument :
       {"--replay=0.5", "--replay=x", "--attributes=a", "--refuse=nobody:3", "--refuse=audio",
        "--stall=audio:3", "--outage=nobody:1-2", "--mix-id=7", "--jpeg=maybe", "--refusal-form=x",
        "--informational=x", "--no-url=x", "--webhook-urls=x", "--webinar-uuid-signed", "--end=x"})
    ck_assert_msg(!Program({argument}).succeeds(), "%s", argument);
  ck_assert(!Program({"--tls", "--informational=103"}).succeeds());
}
GST_END_TEST;

static Suite *server_program_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("server_program");
  TCase *tc = tcase_create("server_program");
  tcase_set_timeout(tc, kPatienceSeconds);
  tcase_add_test(tc, test_webhooks);
  tcase_add_test(tc, test_misuse);
  suite_add_tcase(suite, tc);
  return suite;
}

GST_CHECK_MAIN(server_program)

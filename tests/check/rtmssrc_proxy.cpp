// SPDX-License-Identifier: LGPL-2.1-or-later
// Connections through an HTTP proxy.
#include <atomic>
#include <cstring>
#include <thread>

#include "failures.h"
#include "live.h"

using namespace rtmscheck;

namespace {

// A proxy that knows CONNECT, or refuses it.
class Proxy {
 public:
  explicit Proxy(bool refuse = false)
      : refuse_(refuse), service_(g_threaded_socket_service_new(-1)) {
    ObjectPtr<GInetAddress> loopback(g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4));
    ObjectPtr<GSocketAddress> any_port(g_inet_socket_address_new(loopback.get(), 0));
    GSocketAddress *address = nullptr;
    ck_assert(g_socket_listener_add_address(G_SOCKET_LISTENER(service_.get()), any_port.get(),
                                            G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, nullptr,
                                            &address, nullptr));
    port_ = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address));
    g_object_unref(address);
    g_signal_connect(service_.get(), "run", G_CALLBACK(run), this);
    g_socket_service_start(service_.get());
    thread_ = std::thread([this] {
      while (!over_)
        g_main_context_iteration(nullptr, TRUE);
    });
  }
  ~Proxy() {
    over_ = true;
    g_main_context_wakeup(nullptr);
    thread_.join();
    g_socket_listener_close(G_SOCKET_LISTENER(service_.get()));
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  unsigned tunnels() const { return tunnels_; }

 private:
  static gboolean run(GThreadedSocketService *, GSocketConnection *client, GObject *, Proxy *self) {
    self->serve(client);
    return TRUE;
  }

  void serve(GSocketConnection *client) {
    ObjectPtr<GDataInputStream> request(
        g_data_input_stream_new(g_io_stream_get_input_stream(G_IO_STREAM(client))));
    g_filter_input_stream_set_close_base_stream(G_FILTER_INPUT_STREAM(request.get()), FALSE);
    std::string target;
    for (;;) {
      CharPtr line(g_data_input_stream_read_line(request.get(), nullptr, nullptr, nullptr));
      if (!line || !*g_strchomp(line.get()))
        break;
      if (g_str_has_prefix(line.get(), "CONNECT "))
        target = std::string(line.get() + 8).substr(0, strcspn(line.get() + 8, " "));
    }
    ObjectPtr<GSocketClient> dialer(g_socket_client_new());
    g_socket_client_set_enable_proxy(dialer.get(), FALSE);
    ObjectPtr<GSocketConnection> server;
    if (!refuse_ && !target.empty())
      server.reset(
          g_socket_client_connect_to_host(dialer.get(), target.c_str(), 0, nullptr, nullptr));
    const char *answer = server ? "HTTP/1.1 200 OK\r\n\r\n" : "HTTP/1.1 403 Forbidden\r\n\r\n";
    g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(client)), answer,
                              strlen(answer), nullptr, nullptr, nullptr);
    if (!server)
      return;
    tunnels_++;
    std::thread back([&] { pass(server.get(), client); });
    pass(client, server.get());
    back.join();
  }

  static void pass(GSocketConnection *from, GSocketConnection *to) {
    g_output_stream_splice(g_io_stream_get_output_stream(G_IO_STREAM(to)),
                           g_io_stream_get_input_stream(G_IO_STREAM(from)),
                           G_OUTPUT_STREAM_SPLICE_NONE, nullptr, nullptr);
    g_socket_shutdown(g_socket_connection_get_socket(to), FALSE, TRUE, nullptr);
  }

  const bool refuse_;
  ObjectPtr<GSocketService> service_;
  uint16_t port_ = 0;
  std::atomic<unsigned> tunnels_{0};
  std::atomic<bool> over_{false};
  std::thread thread_;
};

Config meeting(bool tls) {
  Config config = quiet_config();
  config.source = std::make_shared<Ticker>();
  config.tls = tls;
  return config;
}

Setup through(const Proxy &proxy) {
  return [url = proxy.url()](GstElement *src) {
    set(src, "media-types", "audio+video");
    g_object_set(src, "proxy", url.c_str(), nullptr);
  };
}

}  // namespace

GST_START_TEST(test_proxy) {
  Proxy proxy;
  auto server = serve(meeting(__i__));
  Player player(*server, through(proxy));
  player.play();
  ck_assert_msg(player.wait([](const Record &r) { return r.packets("video") > 20; }), "%s",
                player.summary().c_str());
  ck_assert_uint_eq(proxy.tunnels(), 3);
  player.stop();
  ck_assert(server->wait_for([](const Server &s) { return s.connections() == 0; }, kDeadlineMs));
}
GST_END_TEST;

GST_START_TEST(test_proxy_refuses) {
  Proxy proxy(true);
  auto server = serve(meeting(false));
  Player player(*server, through(proxy));
  g_object_set(player.src(), "connect-window", 0, nullptr);
  player.play();
  const Failure failure = player.wait_error();
  ck_assert_msg(failure.domain == GST_RESOURCE_ERROR && contains(lower(failure.text), "proxy"),
                "%s", failure.text.c_str());
  ck_assert_uint_eq(server->accepted(), 0);
}
GST_END_TEST;

static Suite *rtmssrc_proxy_suite() {
  Suite *suite = suite_create("rtmssrc_proxy");
  TCase *proxy = tcase_create("proxy");
  suite_add_tcase(suite, proxy);
  tcase_add_loop_test(proxy, test_proxy, 0, 2);
  tcase_add_test(proxy, test_proxy_refuses);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_proxy)

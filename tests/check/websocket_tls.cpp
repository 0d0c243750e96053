// SPDX-License-Identifier: LGPL-2.1-or-later
// Our WebSocket and a TLS server of another make, OpenSSL: sessions that are resumed, records that
// hold more than is read at once, and handshakes in the middle of a connection.
#include "base/glibptr.h"
#include "transport/websocket.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "gst_check.h"

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tls.h"
#include "wire.h"

using namespace rtms;
using rtmscheck::server_frame;
using rtmscheck::Wire;

namespace {

constexpr int kDeadlineMs = 10000;

// Serves one connection after the other, on a thread of its own.
class TlsPeer {
 public:
  // What happens on a connection that has been upgraded; then it waits for the client's end.
  using Talk = std::function<void(Wire &)>;

  explicit TlsPeer(Talk talk, int version = TLS1_3_VERSION) : talk_(std::move(talk)) {
    const rtmstest::SelfSigned made = rtmstest::make_self_signed();
    std::string error;
    certificate_ = rtmstest::write_temporary(made.certificate, &error);
    const std::string key = rtmstest::write_temporary(made.key, &error);
    context_.reset(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_set_max_proto_version(context_.get(), version);
    SSL_CTX_set_options(context_.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
    ck_assert_int_eq(SSL_CTX_use_certificate_chain_file(context_.get(), certificate_.c_str()), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(context_.get(), key.c_str(), SSL_FILETYPE_PEM), 1);
    g_unlink(key.c_str());
    listen();
    thread_ = std::thread([this] { serve(); });
  }
  ~TlsPeer() {
    over_ = true;
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
    g_unlink(certificate_.c_str());
  }
  TlsPeer(const TlsPeer &) = delete;
  TlsPeer &operator=(const TlsPeer &) = delete;

  std::string url() const { return "wss://localhost:" + std::to_string(port_) + "/"; }
  const std::string &certificate() const { return certificate_; }
  unsigned resumed() const { return resumed_; }
  unsigned received() const { return received_; }

  // Goes on until it holds, or the connection is over.
  void run(Wire &wire, const std::function<bool()> &holds) {
    while (!over_ && !wire.is_over() && !holds()) {
      pollfd one = {wire.fd(), static_cast<short>(wire.has_unsent() ? POLLIN | POLLOUT : POLLIN),
                    0};
      constexpr int kLook_ms = 20;
      poll(&one, 1, kLook_ms);
      wire.write_more();
      wire.read([this](const std::string &) { received_++; });
    }
  }

 private:
  struct FreeContext {
    void operator()(SSL_CTX *context) const { SSL_CTX_free(context); }
  };

  void listen() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto any = reinterpret_cast<sockaddr *>(&address);
    ck_assert_int_eq(bind(listener_, any, size), 0);
    ck_assert_int_eq(::listen(listener_, 10), 0);
    ck_assert_int_eq(getsockname(listener_, any, &size), 0);
    port_ = ntohs(address.sin_port);
  }

  void serve() {
    for (int fd = -1; (fd = accept(listener_, nullptr, nullptr)) >= 0;) {
      Wire wire(fd, context_.get());
      run(wire, [&] { return !wire.path().empty(); });
      resumed_ += SSL_session_reused(wire.ssl()) == 1;
      if (!wire.is_over())
        talk_(wire);
      run(wire, [] { return false; });
    }
  }

  const Talk talk_;
  std::unique_ptr<SSL_CTX, FreeContext> context_;
  std::string certificate_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<unsigned> resumed_{0}, received_{0};
  std::atomic<bool> over_{false};
  std::thread thread_;
};

class Client final : public TransportListener {
 public:
  // Trusts the certificates in a file; "": the system's.
  explicit Client(const std::string &authority = "", bool lax = false, unsigned round_ms = 0) {
    WebSocketOptions options;
    options.round_ms = round_ms;
    if (!authority.empty())
      options.tls_database.reset(g_tls_file_database_new(authority.c_str(), nullptr),
                                 g_object_unref);
    if (lax)
      options.tls_validation_flags = G_TLS_CERTIFICATE_NO_FLAGS;
    factory_.emplace(std::move(options), operations_);
    transport_ = factory_->create(this);
  }
  ~Client() override {
    transport_.reset();
    wait([this] { return *operations_ == 0; });
  }
  void open(const TlsPeer &peer) { transport_->open(peer.url(), {}); }
  void send(const std::string &text) { transport_->send(text); }
  void read_rest() { transport_->read_rest(); }
  void close() { transport_->close(); }
  bool wait(const std::function<bool()> &holds) {
    const gint64 deadline_us = g_get_monotonic_time() + gint64{kDeadlineMs} * 1000;
    AttachedSource tick(g_timeout_source_new(10));
    g_source_set_callback(
        tick.get(), [](gpointer) -> gboolean { return G_SOURCE_CONTINUE; }, nullptr, nullptr);
    g_source_attach(tick.get(), nullptr);
    while (!holds() && g_get_monotonic_time() < deadline_us) {
      g_main_context_iteration(nullptr, TRUE);
      turns++;
    }
    return holds();
  }

  bool opened = false;
  std::vector<std::string> messages;
  std::optional<TransportClose> closed;
  unsigned turns = 0;

 private:
  void transport_opened() override { opened = true; }
  void transport_message(std::string_view bytes) override { messages.emplace_back(bytes); }
  void transport_closed(const TransportClose &why) override { closed = why; }

  std::shared_ptr<unsigned> operations_ = std::make_shared<unsigned>(0);
  std::optional<WebSocketFactory> factory_;
  std::unique_ptr<Transport> transport_;
};

std::string numbered(unsigned number) {
  return "message " + std::to_string(number);
}

void expect_messages(const Client &client, unsigned count) {
  ck_assert_uint_eq(client.messages.size(), count);
  for (unsigned i = 0; i < count; i++) {
    const std::string wanted = numbered(i);
    ck_assert_str_eq(client.messages[i].c_str(), wanted.c_str());
  }
}

void send_numbered(Wire &wire, unsigned from, unsigned to) {
  std::string all;
  for (unsigned i = from; i < to; i++)
    all += server_frame(1, numbered(i));
  wire.write(all);
}

}  // namespace

// A server gives out tickets: who comes again shows one, and the server shows no certificate.
GST_START_TEST(test_resumed) {
  TlsPeer peer([](Wire &wire) { send_numbered(wire, 0, 1); });
  for (unsigned i = 0; i < 3; i++) {
    Client client(peer.certificate());
    client.open(peer);
    ck_assert(client.wait([&] { return client.closed || !client.messages.empty(); }));
    ck_assert_msg(client.opened, "connection %u: %s", i,
                  client.closed ? client.closed->text.c_str() : "");
    ck_assert_uint_eq(peer.resumed(), i);
  }
}
GST_END_TEST;

// What one client accepts without a look, another one does not.
GST_START_TEST(test_resumed_strict) {
  TlsPeer peer([](Wire &wire) { send_numbered(wire, 0, 1); });
  for (const bool lax : {true, false, true}) {
    Client client("", lax);
    client.open(peer);
    ck_assert(client.wait([&] { return client.closed || !client.messages.empty(); }));
    ck_assert_int_eq(client.opened, lax);
    if (lax)
      continue;
    ck_assert(client.closed->kind == TransportClose::Kind::Tls);
    ck_assert_msg(client.closed->text.find("not signed by a known authority") != std::string::npos,
                  "%s", client.closed->text.c_str());
  }
}
GST_END_TEST;

// More than a turn, and then nothing: what TLS has read already is no news on the socket.
GST_START_TEST(test_buffered) {
  constexpr unsigned kMessages = 100000;
  TlsPeer peer([](Wire &wire) { send_numbered(wire, 0, kMessages); });
  Client client(peer.certificate());
  client.open(peer);
  ck_assert(client.wait([&] { return client.closed || client.messages.size() == kMessages; }));
  expect_messages(client, kMessages);
  // One of the largest records that TLS knows is followed by nothing.
  TlsPeer large([](Wire &wire) { wire.write(server_frame(1, std::string((16 << 10) - 4, 'x'))); });
  Client second(large.certificate());
  second.open(large);
  ck_assert(second.wait([&] { return second.closed || second.messages.size() == 1; }));
}
GST_END_TEST;

// The rest is all that has arrived, in however many records.
GST_START_TEST(test_rest) {
  constexpr unsigned kMessages = 50;
  std::atomic<bool> wanted{false}, sent{false};
  TlsPeer *self = nullptr;
  TlsPeer peer([&](Wire &wire) {
    send_numbered(wire, 0, 1);
    self->run(wire, [&] { return wanted.load(); });
    for (unsigned i = 1; i < kMessages; i++)
      send_numbered(wire, i, i + 1);
    self->run(wire, [&] { return !wire.has_unsent(); });
    sent = true;
  });
  self = &peer;
  Client client(peer.certificate());
  client.open(peer);
  ck_assert(client.wait([&] { return client.closed || !client.messages.empty(); }));
  wanted = true;
  // The loop does not run meanwhile.
  while (!sent)
    std::this_thread::yield();
  client.read_rest();
  expect_messages(client, kMessages);
}
GST_END_TEST;

// Messages wait for the next round, but for those of the handshakes, and those that come while the
// connection is being closed.
GST_START_TEST(test_rounds) {
  constexpr unsigned kRound_ms = 60000, kHandshakes_ms = 1000;
  std::atomic<unsigned> wanted{2};
  TlsPeer *self = nullptr;
  TlsPeer peer([&](Wire &wire) {
    for (unsigned i = 0; i < 5; i++) {
      self->run(wire, [&] { return i < wanted; });
      send_numbered(wire, i, i + 1);
    }
  });
  self = &peer;
  Client client(peer.certificate(), false, kRound_ms);
  client.open(peer);
  const auto has = [&](unsigned count) {
    return client.wait([&] { return client.closed || client.messages.size() == count; });
  };
  ck_assert(has(2));
  const gint64 settled_us = g_get_monotonic_time() + 2 * kHandshakes_ms * 1000;
  client.wait([&] { return g_get_monotonic_time() > settled_us; });
  // The next message is served at once, and begins a round.
  wanted = 3;
  ck_assert(has(3));
  wanted = 5;
  const gint64 later_us = g_get_monotonic_time() + kHandshakes_ms * 1000;
  client.wait([&] { return g_get_monotonic_time() > later_us; });
  expect_messages(client, 3);
  client.close();
  ck_assert(has(5));
  expect_messages(client, 5);
}
GST_END_TEST;

// GnuTLS refuses more than eight in a second.
GST_START_TEST(test_key_update) {
  std::atomic<bool> good{false};
  TlsPeer *self = nullptr;
  TlsPeer peer([&](Wire &wire) {
    for (unsigned i = 0; i < 5; i++) {
      ck_assert_int_eq(SSL_key_update(wire.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
      send_numbered(wire, i, i + 1);
      self->run(wire, [&] { return self->received() > i; });
    }
    good = true;
  });
  self = &peer;
  Client client(peer.certificate());
  client.open(peer);
  for (unsigned i = 0; i < 5; i++) {
    ck_assert(client.wait([&] { return client.closed || client.messages.size() == i + 1; }));
    ck_assert_msg(!client.closed, "%s", client.closed ? client.closed->text.c_str() : "");
    client.send("answer");
  }
  ck_assert(client.wait([&] { return good.load(); }));
  expect_messages(client, 5);
}
GST_END_TEST;

// TLS 1.2: the server begins another handshake. It succeeds, or the connection is over; the loop
// does not spin.
GST_START_TEST(test_renegotiation) {
  TlsPeer *self = nullptr;
  TlsPeer peer(
      [&](Wire &wire) {
        send_numbered(wire, 0, 1);
        SSL_renegotiate(wire.ssl());
        SSL_do_handshake(wire.ssl());
        self->run(wire, [&] { return !SSL_renegotiate_pending(wire.ssl()); });
        send_numbered(wire, 1, 2);
      },
      TLS1_2_VERSION);
  self = &peer;
  Client client(peer.certificate());
  client.open(peer);
  ck_assert(client.wait([&] { return client.closed || client.messages.size() == 2; }));
  ck_assert_uint_ge(client.messages.size(), 1);
  ck_assert_uint_lt(client.turns, 1000);
}
GST_END_TEST;

static Suite *websocket_tls_suite() {
  Suite *suite = suite_create("websocket_tls");
  TCase *tcase = tcase_create("websocket_tls");
  suite_add_tcase(suite, tcase);
  tcase_set_timeout(tcase, 60);
  tcase_add_test(tcase, test_resumed);
  tcase_add_test(tcase, test_resumed_strict);
  tcase_add_test(tcase, test_buffered);
  tcase_add_test(tcase, test_rest);
  tcase_add_test(tcase, test_rounds);
  tcase_add_test(tcase, test_key_update);
  tcase_add_test(tcase, test_renegotiation);
  return suite;
}

GST_CHECK_MAIN(websocket_tls)

// SPDX-License-Identifier: LGPL-2.1-or-later
// The server's end of TLS beside a client of OpenSSL, without sockets.
#include "http/tlsserver.h"

#include <openssl/ssl.h>

#include "recording.h"
#include "tls.h"

namespace {

using namespace rtmscheck;
using rtms::TlsServer;
using rtms::TlsStream;

std::string taken(SSL *ssl) {
  BIO *out = SSL_get_wbio(ssl);
  std::string bytes(BIO_ctrl_pending(out), 0);
  if (!bytes.empty())
    BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

// A client whose handshake is done.
class Shaken {
 public:
  explicit Shaken(int version)
      : context_(SSL_CTX_new(TLS_client_method())), client_(SSL_new(context_)) {
    const SelfSigned made = make_self_signed();
    TemporaryDirectory directory;
    const std::string both = directory.file("both.pem");
    g_file_set_contents(both.c_str(), (made.certificate + made.key).c_str(), -1, nullptr);
    auto opened = TlsServer::open(both, both);
    ck_assert(std::holds_alternative<TlsServer>(opened));
    server = std::get<TlsServer>(opened).accept();
    SSL_set_max_proto_version(client_, version);
    SSL_set_bio(client_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(client_);
    for (int turn = 0; turn < 5 && SSL_do_handshake(client_) != 1; turn++)
      give();
    ck_assert_int_eq(SSL_is_init_finished(client_), 1);
    ck_assert(give());
  }
  ~Shaken() {
    SSL_free(client_);
    SSL_CTX_free(context_);
  }
  Shaken(const Shaken &) = delete;
  Shaken &operator=(const Shaken &) = delete;

  SSL *client() { return client_; }
  // What the client has to say, and the answer. Returns false if the server ends the connection.
  bool give() {
    const bool good = server->received(taken(client_), &plain);
    const std::string reply = server->output();
    BIO_write(SSL_get_rbio(client_), reply.data(), static_cast<int>(reply.size()));
    return good;
  }

  std::unique_ptr<TlsStream> server;
  std::string plain;

 private:
  SSL_CTX *const context_;
  SSL *const client_;
};

}  // namespace

// A request in pieces of a few bytes, each a record of its own.
GST_START_TEST(test_small_records) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Shaken shaken(version);
    constexpr char kPiece[] = "x-header";
    std::string all;
    for (int i = 0; i < 2000; i++) {
      ck_assert_int_gt(SSL_write(shaken.client(), kPiece, sizeof kPiece - 1), 0);
      all += kPiece;
      ck_assert(shaken.give());
    }
    ck_assert(shaken.plain == all);
  }
}
GST_END_TEST;

// A large request, whose first record is as long as any.
GST_START_TEST(test_large_records) {
  const std::string body(1 << 20, 'b');
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Shaken shaken(version);
    ck_assert_int_eq(SSL_write(shaken.client(), body.data(), static_cast<int>(body.size())),
                     static_cast<int>(body.size()));
    ck_assert(shaken.give());
    ck_assert(shaken.plain == body);
  }
}
GST_END_TEST;

// Some are usual; without end they keep the server busy, and make answers that nobody reads.
GST_START_TEST(test_key_updates) {
  Shaken shaken(TLS1_3_VERSION);
  unsigned updates = 0;
  bool good = true;
  while (good && updates < 20000) {
    ck_assert_int_eq(SSL_key_update(shaken.client(), SSL_KEY_UPDATE_REQUESTED), 1);
    ck_assert_int_eq(SSL_do_handshake(shaken.client()), 1);
    good = shaken.give();
    char nothing = 0;
    SSL_read(shaken.client(), &nothing, 1);
    updates++;
  }
  ck_assert_uint_ge(updates, 100);
  ck_assert_uint_lt(updates, 2000);
}
GST_END_TEST;

// All that a piece of the socket holds at once.
GST_START_TEST(test_key_updates_together) {
  Shaken shaken(TLS1_3_VERSION);
  std::string all;
  for (int i = 0; i < 4000; i++) {
    SSL_key_update(shaken.client(), SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(shaken.client());
    all += taken(shaken.client());
  }
  ck_assert(!shaken.server->received(all, &shaken.plain));
}
GST_END_TEST;

static Suite *tlsserver_suite() {
  Suite *suite = suite_create("tlsserver");
  TCase *tc = tcase_create("tlsserver");
  suite_add_tcase(suite, tc);
  tcase_add_test(tc, test_small_records);
  tcase_add_test(tc, test_large_records);
  tcase_add_test(tc, test_key_updates);
  tcase_add_test(tc, test_key_updates_together);
  return suite;
}

GST_CHECK_MAIN(tlsserver)

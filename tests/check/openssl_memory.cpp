// SPDX-License-Identifier: LGPL-2.1-or-later
// What happens where OpenSSL gets no memory: one of its allocations fails, or all from that on, for
// each of those that an operation makes. No request is ever genuine that is not, nothing is signed
// wrongly, nothing crashes, and whatever fails says why. (GLib ends the process where it gets no
// memory.)
#include "http/tlsserver.h"
#include "protocol/signature.h"
#include "protocol/webhookgate.h"
#include "tls.h"
#include "transport/websocket.h"
#include "webhook/listener.h"

#include <glib/gstdio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "gst_check.h"

#include <climits>
#include <cstdlib>
#include <string>
#include <variant>

using namespace rtms;

namespace {

// ---- OpenSSL's memory ----------------------------------------------------------------

// Counted from the moment at which failures begin; 0: none fails.
unsigned long allocations = 0, first_failure = 0, last_failure = 0;

bool fails() {
  allocations++;
  return first_failure && allocations >= first_failure && allocations <= last_failure;
}

void *allocate(size_t size, const char *, int) {
  return size == 0 || fails() ? nullptr : std::malloc(size);
}

void *reallocate(void *old, size_t size, const char *, int) {
  if (size == 0) {
    std::free(old);
    return nullptr;
  }
  return fails() ? nullptr : std::realloc(old, size);
}

void release(void *memory, const char *, int) {
  std::free(memory);
}

// Before OpenSSL allocates anything.
const bool taken_over = CRYPTO_set_mem_functions(allocate, reallocate, release) == 1;

// ---- what is tried -------------------------------------------------------------------

constexpr char kToken[] = "tok3n", kStamp[] = "1738392033";
constexpr int64_t kNow_s = 1738392033;
constexpr char kStarted[] =
    R"({"event":"meeting.rtms_started","event_ts":1,"payload":{"object":{"meeting_uuid":"m","rtms_stream_id":"s","server_urls":"wss://h/s"}}})";
// printf '%s' "v0:1738392033:BODY" | openssl dgst -sha256 -hmac tok3n
constexpr char kForged[] = "v0=0000000000000000000000000000000000000000000000000000000000000000";

std::string right_signature;  // of kStarted
std::string right_handshake;
std::string certificate, key;  // files

Secret token() {
  return Secret(std::string_view(kToken));
}

WebhookVerdict verdict(const std::string &signature) {
  return verify_webhook(token(), kStamp, signature, kStarted, kNow_s);
}

WebhookAnswer answer(const std::string &signature) {
  WebhookGate gate("/webhook", token());
  WebhookHead head;
  head.method = "POST";
  head.path = "/webhook";
  head.timestamp = kStamp;
  head.signature = signature;
  return gate.answer(head, kStarted, kNow_s);
}

bool verifies() {
  const WebhookVerdict right = verdict(right_signature), forged = verdict(kForged),
                       empty = verdict("v0=");
  return (right == WebhookVerdict::Genuine || right == WebhookVerdict::Unverifiable) &&
         (forged == WebhookVerdict::BadSignature || forged == WebhookVerdict::Unverifiable) &&
         (empty == WebhookVerdict::BadSignature || empty == WebhookVerdict::Unverifiable);
}

bool answers() {
  const WebhookAnswer forged = answer(kForged), right = answer(right_signature);
  const bool acted = right.status == 200 && right.event == WebhookEvent::Started;
  return (forged.status == 401 || forged.status == 503) && forged.event == WebhookEvent::Other &&
         (acted || (right.status == 503 && right.event == WebhookEvent::Other)) &&
         !forged.why.empty() && !right.why.empty();
}

bool signs() {
  const auto signature = handshake_signature(token(), "client", "id", "stream");
  return !signature || *signature == right_handshake;
}

bool listens() {
  ListenConfig config;
  config.url = "https://127.0.0.1:0/webhook";
  config.certificate_file = certificate;
  config.key_file = key;
  config.secret_token = token();
  const auto opened = WebhookListener::open(config);
  auto error = std::get_if<ListenError>(&opened);
  return !error || !error->text.empty();
}

struct Closing final : TransportListener {
  bool opened = false;
  std::string text;
  void transport_opened() override { opened = true; }
  void transport_message(std::string_view) override {}
  void transport_closed(const TransportClose &why) override { text = why.text; }
};

// The connection waits for its turn then, or says that it has no random numbers.
bool connects() {
  WebSocketFactory factory({}, std::make_shared<unsigned>());
  Closing closing;
  auto transport = factory.create(&closing);
  transport->open("ws://127.0.0.1:1/", {});
  return !closing.opened && (closing.text.empty() || closing.text.find("OpenSSL") == 0);
}

// A whole connection, whose client may be the one that fails.
bool speaks_tls() {
  auto opened = TlsServer::open(certificate, key);
  if (auto problem = std::get_if<std::string>(&opened))
    return !problem->empty();
  const auto stream = std::get<TlsServer>(opened).accept();
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  SSL *client = context ? SSL_new(context) : nullptr;
  BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
  std::string heard;
  bool alive = client && in && out;
  if (client && in && out) {
    SSL_set_bio(client, in, out);
    SSL_set_connect_state(client);
  } else {
    BIO_free(in);
    BIO_free(out);
  }
  constexpr int kTurns = 20;
  for (int turn = 0; alive && turn < kTurns && heard.empty(); turn++) {
    if (SSL_do_handshake(client) == 1)
      SSL_write(client, "hello", 5);
    std::string bytes(BIO_ctrl_pending(out), '\0');
    if (!bytes.empty())
      BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
    alive = stream->received(bytes, &heard);
    const std::string reply = stream->output();
    if (!reply.empty())
      BIO_write(in, reply.data(), static_cast<int>(reply.size()));
  }
  SSL_free(client);
  SSL_CTX_free(context);
  return heard.empty() || heard == "hello";
}

const struct {
  const char *name;
  bool (*tried)();
} kOperations[] = {{"verdict", verifies}, {"answer", answers},     {"handshake", signs},
                   {"listener", listens}, {"websocket", connects}, {"tls", speaks_tls}};

// ---- one after the other -------------------------------------------------------------

enum class How { One, AllFromThen, End };

constexpr int kFine = 0, kWrong = 1;

// Within the time that a suite has, some hundred of them, spread evenly; with RTMS_EACH_ALLOCATION
// in the environment every one.
unsigned long stride(unsigned long count) {
  constexpr unsigned long kTries = 250;
  return g_getenv("RTMS_EACH_ALLOCATION") ? 1 : count / kTries + 1;
}

// In a process of its own; `n` is where the other one can see it. OpenSSL has been used before: its
// own initialization crashes without memory, and is over when a port is open.
int fail_each(bool (*tried)(), How how, volatile unsigned long *n) {
  const auto with_failures = [&](unsigned long first, unsigned long last) {
    allocations = 0;
    first_failure = first;
    last_failure = last;
    const bool fine = tried();
    first_failure = 0;
    return fine;
  };
  const auto works = [&] { return tried() && verdict(right_signature) == WebhookVerdict::Genuine; };
  if (!works() || !with_failures(ULONG_MAX, ULONG_MAX))
    return kWrong;
  const unsigned long count = allocations;
  for (unsigned long first = 1; first <= count; first += stride(count)) {
    *n = first;
    if (!with_failures(first, how == How::One ? first : ULONG_MAX))
      return kWrong;
  }
  *n = count;
  // What failed does not last.
  return works() ? kFine : kWrong;
}

}  // namespace

GST_START_TEST(test_each_allocation) {
  const auto &operation = kOperations[__i__ / static_cast<int>(How::End)];
  const auto how = static_cast<How>(__i__ % static_cast<int>(How::End));
  fail_unless(taken_over);
  auto n = static_cast<volatile unsigned long *>(mmap(
      nullptr, sizeof(unsigned long), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  const pid_t child = fork();
  fail_unless(child >= 0);
  if (child == 0)
    _exit(fail_each(operation.tried, how, n));
  int status = 0;
  fail_unless(waitpid(child, &status, 0) == child);
  const char *which = how == How::One ? "" : " and all that follow";
  fail_unless(WIFEXITED(status), "%s: signal %d where allocation %lu fails%s", operation.name,
              WTERMSIG(status), *n, which);
  fail_unless(WEXITSTATUS(status) == kFine, "%s: wrong where allocation %lu fails%s",
              operation.name, *n, which);
  g_print("%s: %lu allocations%s\n", operation.name, *n, which);
  fail_unless(*n > 0 || operation.tried == connects);
}
GST_END_TEST;

namespace {

// By a process of its own: this one's OpenSSL stays as it was loaded.
void write_files(const std::string &folder) {
  certificate = folder + "/cert.pem";
  key = folder + "/key.pem";
  const pid_t child = fork();
  if (child == 0) {
    const auto made = rtmstest::make_self_signed();
    const bool written =
        g_file_set_contents(certificate.c_str(), made.certificate.c_str(), -1, nullptr) &&
        g_file_set_contents(key.c_str(), made.key.c_str(), -1, nullptr);
    _exit(written ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
}

std::string hmac(const std::string &text) {
  char *hex =
      g_compute_hmac_for_string(G_CHECKSUM_SHA256, reinterpret_cast<const guchar *>(kToken),
                                sizeof kToken - 1, text.c_str(), static_cast<gssize>(text.size()));
  const std::string result = hex;
  g_free(hex);
  return result;
}

}  // namespace

static Suite *openssl_memory_suite() {
  constexpr double kPatienceSeconds = 100;
  right_signature = "v0=" + hmac(std::string("v0:") + kStamp + ":" + kStarted);
  right_handshake = hmac("client,id,stream");
  Suite *suite = suite_create("openssl_memory");
  TCase *tc = tcase_create("memory");
  tcase_set_timeout(tc, kPatienceSeconds);
  suite_add_tcase(suite, tc);
  tcase_add_loop_test(tc, test_each_allocation, 0,
                      static_cast<int>(G_N_ELEMENTS(kOperations)) * static_cast<int>(How::End));
  return suite;
}

int main(int argc, char **argv) {
  gst_check_init(&argc, &argv);
  char folder[] = "/tmp/rtms-check-XXXXXX";
  if (!g_mkdtemp(folder))
    return EXIT_FAILURE;
  write_files(folder);
  const int result = gst_check_run_suite(openssl_memory_suite(), "openssl_memory", __FILE__);
  g_unlink(certificate.c_str());
  g_unlink(key.c_str());
  g_rmdir(folder);
  return result;
}

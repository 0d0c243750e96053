// SPDX-License-Identifier: LGPL-2.1-or-later
#include "natslink.h"

#include "base/glibptr.h"
#include "natsbucket.h"
#include "natsthread.h"
#include "wire.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace rtms::recorder {
namespace {

using MsgPtr = std::unique_ptr<natsMsg, FreeWith<natsMsg_Destroy>>;
using NatsOptionsPtr = std::unique_ptr<natsOptions, FreeWith<natsOptions_Destroy>>;

constexpr int64_t kConnect_ms = 2000, kReconnect_ms = 250, kPing_ms = 2000, kWrite_ms = 2000;
constexpr int64_t kSetUpAgain_ms = 500, kConnectAnew_ms = 500, kFlush_ms = 1000;
constexpr int kForever = 1 << 30;
constexpr char kCertificates[] = "/etc/ssl/certs/ca-certificates.crt";

std::string text_of(natsStatus status) {
  const char *last = nats_GetLastError(nullptr);
  return std::string(natsStatus_GetText(status)) + (last && *last ? std::string(": ") + last : "");
}

std::string data_of(natsMsg *msg) {
  return {natsMsg_GetData(msg), static_cast<size_t>(natsMsg_GetDataLength(msg))};
}

NatsAnswer answer_of(natsMsg *msg) {
  return {natsMsg_IsNoResponders(msg) ? 0 : stored_at(data_of(msg))};
}

}  // namespace

// Used by libnats' threads. Never freed, because callbacks may be late.
class LibNats {
 public:
  LibNats(NatsConfig config, NatsLink::Events events)
      : config_(std::move(config)),
        events_(std::move(events)),
        prefix_("$KV." + config_.bucket + ".") {}

  natsStatus configure(natsOptions *options);
  void connect(natsOptions *options);
  void connect_anew();
  void close();
  void write(uint64_t number, const std::string &key, const std::string &data);
  void watch(uint64_t watch, uint64_t from);

 private:
  struct Watch {
    LibNats *nats;
    uint64_t number;
  };
  static void on_connected(natsConnection *connection, void *self);
  static void on_disconnected(natsConnection *connection, void *self);
  static void on_closed(natsConnection *connection, void *self);
  void forget_connection();
  static void on_answer(natsConnection *, natsSubscription *, natsMsg *msg, void *self);
  static void on_message(natsConnection *, natsSubscription *, natsMsg *msg, void *watch);
  natsStatus prepare();
  natsStatus subscribe(uint64_t watch, uint64_t from);
  natsStatus add_consumer(uint64_t watch, uint64_t from);
  void unsubscribe();
  std::vector<std::string> servers(natsConnection *connection) const;

  const NatsConfig config_;
  const NatsLink::Events events_;
  const std::string prefix_;
  // Runs calls that wait for an answer of the server.
  NatsThread setting_up_;
  // Runs calls that block at most on a full socket buffer.
  NatsThread writing_;
  std::atomic<uint64_t> watch_{0};
  std::atomic<bool> closing_{false};
  std::atomic<natsConnection *> connection_{nullptr};
  // Used on setting_up_.
  jsCtx *js_ = nullptr;
  natsSubscription *answers_ = nullptr, *watching_ = nullptr;
  // Unsubscribed, and to be destroyed when no thread of libnats uses them.
  std::vector<natsSubscription *> unsubscribed_;
  std::string inbox_;
  bool has_bucket_ = false;
};

natsStatus LibNats::configure(natsOptions *options) {
  std::vector<const char *> urls;
  bool tls = !config_.ca_file.empty();
  for (const std::string &url : config_.urls) {
    urls.push_back(url.c_str());
    tls |= url.compare(0, 6, "tls://") == 0;
  }
  natsStatus status = natsOptions_SetServers(options, urls.data(), static_cast<int>(urls.size()));
  const auto then = [&](natsStatus next) { status = status == NATS_OK ? next : status; };
  then(natsOptions_SetName(options, config_.name.c_str()));
  then(natsOptions_SetTimeout(options, kConnect_ms));
  then(natsOptions_SetMaxReconnect(options, kForever));
  then(natsOptions_SetReconnectWait(options, kReconnect_ms));
  then(natsOptions_SetPingInterval(options, kPing_ms));
  then(natsOptions_SetMaxPingsOut(options, 2));
  then(natsOptions_SetWriteDeadline(options, kWrite_ms));
  then(natsOptions_SetSendAsap(options, true));
  then(natsOptions_SetReconnectedCB(options, on_connected, this));
  then(natsOptions_SetDisconnectedCB(options, on_disconnected, this));
  then(natsOptions_SetClosedCB(options, on_closed, this));
  if (tls) {
    const std::string &ca = config_.ca_file;
    then(natsOptions_LoadCATrustedCertificates(options, ca.empty() ? kCertificates : ca.c_str()));
    then(natsOptions_SetSecure(options, true));
  }
  if (!config_.credentials_file.empty())
    then(natsOptions_SetUserCredentialsFromFiles(options, config_.credentials_file.c_str(),
                                                 nullptr));
  return status;
}

// ---- the connection --------------------------------------------------------------------

// Each attempt blocks. Retries are ours, because libnats does not report why its own attempts
// before the first connection fail.
void LibNats::connect(natsOptions *options) {
  setting_up_.post([this, options] {
    const NatsOptionsPtr owned(options);
    natsConnection *connection = nullptr;
    const natsStatus status = natsConnection_Connect(&connection, options);
    connection_ = connection;
    if (status == NATS_OK) {
      on_connected(connection, this);
      return;
    }
    events_.disconnected(text_of(status));
    connect_anew();
  });
}

// libnats gives up a connection that is refused twice, for example when its account is missing for
// a while.
void LibNats::connect_anew() {
  setting_up_.post([this] {
    nats_Sleep(kConnectAnew_ms);
    if (closing_)
      return;
    forget_connection();
    natsOptions *options = nullptr;
    if (natsOptions_Create(&options) == NATS_OK && configure(options) == NATS_OK)
      connect(options);
    else
      natsOptions_Destroy(options);
  });
}

// Destroys the connection after the pending writes.
void LibNats::forget_connection() {
  unsubscribe();
  unsubscribed_.push_back(std::exchange(answers_, nullptr));
  jsCtx_Destroy(std::exchange(js_, nullptr));
  has_bucket_ = false;
  writing_.post([this, connection = connection_.exchange(nullptr),
                 subscriptions = std::exchange(unsubscribed_, {})] {
    inbox_.clear();
    natsConnection_Destroy(connection);
    for (natsSubscription *one : subscriptions)
      natsSubscription_Destroy(one);
  });
}

void LibNats::on_connected(natsConnection *connection, void *data) {
  auto self = static_cast<LibNats *>(data);
  self->events_.connected(self->servers(connection));
}

void LibNats::on_disconnected(natsConnection *connection, void *data) {
  const char *why = nullptr;
  natsConnection_GetLastError(connection, &why);
  static_cast<LibNats *>(data)->events_.disconnected(why ? why : "");
}

void LibNats::on_closed(natsConnection *, void *data) {
  static_cast<LibNats *>(data)->connect_anew();
}

std::vector<std::string> LibNats::servers(natsConnection *connection) const {
  char **list = nullptr;
  int count = 0;
  std::vector<std::string> all;
  if (natsConnection_GetServers(connection, &list, &count) != NATS_OK)
    return all;
  for (int i = 0; i < count; i++) {
    all.push_back(list[i]);
    std::free(list[i]);
  }
  std::free(list);
  return all;
}

void LibNats::close() {
  watch_ = 0;
  closing_ = true;
  setting_up_.post([this] {
    if (natsConnection *connection = connection_.exchange(nullptr))
      natsConnection_Close(connection);
  });
}

// ---- writing -----------------------------------------------------------------------------

// Writes without an expected revision: nats-server counts rejected writes in memory, and after a
// crash its replicas assign different sequence numbers (seen with 2.9.10).
void LibNats::write(uint64_t number, const std::string &key, const std::string &data) {
  writing_.post([this, number, subject = prefix_ + key, data] {
    natsConnection *connection = connection_;
    const std::string reply = inbox_ + "." + std::to_string(number);
    if (inbox_.empty() || !connection ||
        natsConnection_PublishRequest(connection, subject.c_str(), reply.c_str(), data.data(),
                                      static_cast<int>(data.size())) != NATS_OK)
      events_.answer(number, {});
  });
}

void LibNats::on_answer(natsConnection *, natsSubscription *, natsMsg *raw, void *data) {
  const MsgPtr msg(raw);
  const char *dot = std::strrchr(natsMsg_GetSubject(raw), '.');
  if (dot)
    static_cast<LibNats *>(data)->events_.answer(std::strtoull(dot + 1, nullptr, 10),
                                                 answer_of(raw));
}

// ---- reading -----------------------------------------------------------------------------

void LibNats::watch(uint64_t watch, uint64_t from) {
  watch_ = watch;
  setting_up_.post([this, watch, from] {
    std::string told;
    // A newer watch ends the loop.
    while (watch_ == watch) {
      natsStatus status = prepare();
      if (status == NATS_OK)
        status = subscribe(watch, from);
      has_bucket_ = status == NATS_OK;
      const std::string why = status == NATS_OK ? "" : text_of(status);
      if (status == NATS_OK || why != told)
        events_.ready(watch, why);
      if (status == NATS_OK)
        return;
      told = why;
      // A new connection, which is made on this thread, begins another watch.
      if (natsConnection *connection = connection_;
          !connection || natsConnection_IsClosed(connection))
        return;
      nats_Sleep(kSetUpAgain_ms);
    }
  });
}

natsStatus LibNats::prepare() {
  natsConnection *connection = connection_;
  if (!connection)
    return NATS_CONNECTION_DISCONNECTED;
  natsStatus status = NATS_OK;
  if (!answers_) {
    natsInbox *inbox = nullptr;
    status = natsInbox_Create(&inbox);
    if (status != NATS_OK)
      return status;
    const std::string all = std::string(inbox) + ".*";
    status = natsConnection_Subscribe(&answers_, connection, all.c_str(), on_answer, this);
    if (status == NATS_OK)
      writing_.post([this, name = std::string(inbox)] { inbox_ = name; });
    natsInbox_Destroy(inbox);
  }
  if (status == NATS_OK && !js_)
    status = natsConnection_JetStream(&js_, connection, nullptr);
  if (status != NATS_OK || has_bucket_)
    return status;
  return make_nats_bucket(js_, config_.bucket, static_cast<int>(config_.urls.size()));
}

// An ordered subscription would do the same, but libnats 3.4 uses one on other threads after it was
// destroyed (nats.c issue 637). This subscription is only unsubscribed, and destroyed when the
// reading thread has read the answer to a later request. To be removed when the oldest libnats that
// is supported has the mend.
natsStatus LibNats::subscribe(uint64_t watch, uint64_t from) {
  unsubscribe();
  const natsStatus status = add_consumer(watch, from);
  if (status != NATS_OK)
    unsubscribe();
  if (status == NATS_OK || natsConnection_FlushTimeout(connection_, kFlush_ms) == NATS_OK)
    for (natsSubscription *one : std::exchange(unsubscribed_, {}))
      natsSubscription_Destroy(one);
  return status;
}

void LibNats::unsubscribe() {
  if (!watching_)
    return;
  natsSubscription_Unsubscribe(watching_);
  unsubscribed_.push_back(std::exchange(watching_, nullptr));
}

natsStatus LibNats::add_consumer(uint64_t number, uint64_t from) {
  natsInbox *inbox = nullptr;
  natsStatus status = natsInbox_Create(&inbox);
  const auto then = [&](const auto &next) { status = status == NATS_OK ? next() : status; };
  auto watch = new Watch{this, number};
  then([&] { return natsConnection_Subscribe(&watching_, connection_, inbox, on_message, watch); });
  if (!watching_)
    delete watch;
  then([&] { return natsSubscription_SetPendingLimits(watching_, -1, -1); });
  then([&] {
    return natsSubscription_SetOnCompleteCB(
        watching_, [](void *done) { delete static_cast<Watch *>(done); }, watch);
  });
  const std::string stream = "KV_" + config_.bucket, subject = prefix_ + ">";
  jsConsumerConfig config;
  jsConsumerConfig_Init(&config);
  config.DeliverSubject = inbox;
  config.FilterSubject = subject.c_str();
  config.DeliverPolicy = from ? js_DeliverByStartSequence : js_DeliverAll;
  config.OptStartSeq = from;
  config.AckPolicy = js_AckNone;
  config.MemoryStorage = true;
  config.Replicas = 1;
  then([&] { return js_AddConsumer(nullptr, js_, stream.c_str(), &config, nullptr, nullptr); });
  natsInbox_Destroy(inbox);
  return status;
}

void LibNats::on_message(natsConnection *, natsSubscription *, natsMsg *raw, void *data) {
  const MsgPtr msg(raw);
  auto watch = static_cast<Watch *>(data);
  LibNats *self = watch->nats;
  jsMsgMetaData *meta = nullptr;
  const std::string subject = natsMsg_GetSubject(raw);
  if (self->watch_ != watch->number || subject.compare(0, self->prefix_.size(), self->prefix_) ||
      natsMsg_GetMetaData(&meta, raw) != NATS_OK)
    return;
  NatsMessage message;
  message.key = subject.substr(self->prefix_.size());
  message.data = data_of(raw);
  message.place = meta->Sequence.Stream;
  message.number = meta->Sequence.Consumer;
  message.unix_ms = meta->Timestamp / (1000 * 1000);
  message.is_last = meta->NumPending == 0;
  jsMsgMetaData_Destroy(meta);
  self->events_.message(watch->number, message);
}

// ---- the interface -----------------------------------------------------------------------

namespace {

class Link final : public NatsLink {
 public:
  explicit Link(LibNats *nats) : nats_(nats) {}
  ~Link() override { nats_->close(); }
  void write(uint64_t number, const std::string &key, const std::string &data) override {
    nats_->write(number, key, data);
  }
  void watch(uint64_t watch, uint64_t from) override { nats_->watch(watch, from); }

 private:
  LibNats *const nats_;
};

}  // namespace

std::unique_ptr<NatsLink> open_nats_link(const NatsConfig &config, NatsLink::Events events,
                                         std::string *problem) {
  static std::vector<LibNats *> all;
  natsOptions *options = nullptr;
  natsStatus status = natsOptions_Create(&options);
  auto nats = new LibNats(config, std::move(events));
  all.push_back(nats);
  if (status == NATS_OK)
    status = nats->configure(options);
  if (status != NATS_OK) {
    *problem = text_of(status);
    natsOptions_Destroy(options);
    return nullptr;
  }
  nats->connect(options);
  return std::make_unique<Link>(nats);
}

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cluster.h"

#include "base/sleepclock.h"
#include "protocol/json_write.h"

#include <unistd.h>
#include <algorithm>
#include <utility>

namespace rtms::recorder {
namespace {

constexpr unsigned kTick_ms = 100;
constexpr int64_t kProbe_ms = 500, kLeave_ms = 2000;
// The service waits for a client for a minute, so an older announcement is void.
constexpr int64_t kOld_ms = 65000;
constexpr char kBucket[] = "rtms-recorder";
constexpr char kLease[] = "lease.", kStream[] = "stream.", kWebhook[] = "webhook.";

int64_t now_ms() {
  return sleep_clock_us() / 1000;
}

std::string fresh_id() {
  StringPtr id(g_uuid_string_random());
  return id.get();
}

// Keys allow fewer characters than stream IDs.
std::string digest(const std::string &text) {
  StringPtr sum(g_compute_checksum_for_string(G_CHECKSUM_SHA256, text.data(),
                                              static_cast<gssize>(text.size())));
  return sum.get();
}

std::string key_of(const Write &write) {
  return std::holds_alternative<ClaimRecord>(write.record) ? kStream + digest(write.id)
                                                           : kLease + write.id;
}

std::string name_of(const ClusterConfig &config) {
  return config.name.empty() ? std::string(g_get_host_name()) + "-" + std::to_string(getpid())
                             : config.name;
}

NatsConfig nats_config(const ClusterConfig &config) {
  return {config.urls, config.credentials_file, config.ca_file, "rtms-recorder " + name_of(config),
          kBucket};
}

bool starts_with(const std::string &text, const char *start) {
  return g_str_has_prefix(text.c_str(), start);
}

std::optional<ClusterWebhook> read_webhook(const std::string &json) {
  auto parsed = parse_webhook(json);
  const auto hook = std::get_if<Webhook>(&parsed);
  if (!hook)
    return std::nullopt;
  return ClusterWebhook{webhook_event(hook->event), *hook, json};
}

}  // namespace

Cluster::Cluster(const ClusterConfig &config, Nats::Post post, ClusterListener *listener)
    : listener_(listener),
      writer_(fresh_id()),
      urls_(config.urls),
      publications_([this](const std::string &key, const std::string &body,
                           const std::function<void(bool)> &done) {
        nats_.write(key, body, now_ms(),
                    [done](const NatsAnswer &answer) { done(answer.place > 0); });
      }),
      ownership_(name_of(config), fresh_id, static_cast<Writes *>(this),
                 static_cast<OwnershipEvents *>(this)),
      nats_(nats_config(config), std::move(post), static_cast<NatsListener *>(this)) {
  const auto tick = [](gpointer self) -> gboolean {
    static_cast<Cluster *>(self)->tick();
    return G_SOURCE_CONTINUE;
  };
  ticking_.reset(g_timeout_source_new(kTick_ms));
  g_source_set_callback(ticking_.get(), tick, this, nullptr);
  g_source_attach(ticking_.get(), nullptr);
}

Cluster::~Cluster() = default;

// ---- time ----------------------------------------------------------------------------

void Cluster::tick() {
  if (problem().empty()) {
    nats_.tick(now_ms());
    publications_.tick(now_ms());
    ownership_.tick(now_ms());
  }
  tell_until();
  if (nats_.usable())
    refused_since_ = 0;
  else
    probe();
  check_leaving();
}

// A late update is safe, but would close working connections.
void Cluster::tell_until() {
  if (until_told_ == ownership_.until())
    return;
  until_told_ = ownership_.until();
  listener_->cluster_until(until_told_ * 1000);
}

// If all servers refuse connections, this recorder may continue: see Lease::no_store.
void Cluster::probe() {
  const int64_t now = now_ms();
  if (now - probed_ < kProbe_ms)
    return;
  probed_ = now;
  const auto &servers = nats_.servers().empty() ? urls_ : nats_.servers();
  probe_.start(servers, [this, now](bool all_refuse) {
    if (!all_refuse) {
      refused_since_ = 0;
      return;
    }
    if (!refused_since_)
      refused_since_ = now;
    if (now - refused_since_ >= kBlind_ms)
      ownership_.no_store(now);
    tell_until();
  });
}

void Cluster::nats_state(State state, const std::string &why) {
  const bool usable = state == State::Usable;
  reads_on_ = false;
  std::string text = usable ? "NATS can be used" : "NATS cannot be used: " + why;
  if (state == State::Anew) {
    fold_ = Fold();
    last_webhook_ = 0;
    ownership_.store_anew(now_ms());
    text =
        "the bucket of NATS has lost records: what this recorder records is written again. Give "
        "nats-server a store_dir that outlives it.";
  }
  if (text != state_told_)
    listener_->cluster_event(usable, "cluster", "", text);
  state_told_ = text;
}

// ---- webhooks --------------------------------------------------------------------------

// Other recorders may publish the same webhook: webhook() takes the first.
void Cluster::publish(const std::string &json, std::function<void(bool)> done) {
  // Without the signature: each recorder signs its own requests.
  publications_.add(kWebhook + digest(json), redact_webhook(json), std::move(done), now_ms());
}

void Cluster::webhook(const NatsMessage &message) {
  // A webhook with the body of an earlier one has no effect.
  if (!fold_.take(message.key, message.place, 0, now_ms()) || message.place <= last_webhook_)
    return;
  last_webhook_ = message.place;
  const auto webhook = read_webhook(message.data);
  if (!webhook)
    return;
  const std::string &stream = webhook->hook.stream_id;
  // What arrives as it is stored is new, whatever the clocks say.
  const int64_t age_ms = reads_on_ ? 0 : g_get_real_time() / 1000 - message.unix_ms;
  if (webhook->event == WebhookEvent::Started && age_ms < kOld_ms)
    ownership_.announce(stream, message.place, message.data, now_ms());
  if (webhook->event == WebhookEvent::Stopped)
    ownership_.withdraw(stream, message.place, message.data, now_ms());
  // begin() passes the first webhook itself.
  if (!ownership_.claims().own(stream) || !listener_->cluster_webhook(*webhook) ||
      webhook->event != WebhookEvent::Started)
    return;
  // The next owner connects with the data of this webhook.
  ownership_.update(stream, [&](ClaimRecord *claim) {
    claim->announcement = message.place;
    if (!is_older(message.data, claim->webhook))
      claim->webhook = message.data;
  });
}

// ---- records ---------------------------------------------------------------------------

void Cluster::nats_message(const NatsMessage &message) {
  if (starts_with(message.key, kWebhook))
    webhook(message);
  else if (!message.data.empty())
    record(message);
  reads_on_ |= message.is_last;
}

void Cluster::record(const NatsMessage &message) {
  const auto wire = record_of(message.data);
  if (!wire)
    return;
  const bool counts = fold_.take(message.key, message.place, wire->follows, now_ms());
  if (counts)
    ownership_.seen(wire->id, message.place, wire->record, now_ms());
  if (wire->writer != writer_)
    return;
  const auto write = writing_.extract(wire->ticket);
  if (write)
    ownership_.wrote(write.mapped(), counts ? Written::Done : Written::Refused, message.place,
                     now_ms());
}

void Cluster::write(const Write &write) {
  writing_[write.ticket] = write;
  const std::string json = to_json({write.id, write.record, write.last, writer_, write.ticket});
  nats_.write(key_of(write), json, now_ms(),
              [this, write](const NatsAnswer &answer) { answered(write, answer); });
}

// The order tells whether a write is valid. Renewals of the own lease need not wait for it.
void Cluster::answered(const Write &write, const NatsAnswer &answer) {
  if (!answer.place) {
    if (writing_.erase(write.ticket))
      ownership_.wrote(write, Written::Unknown, 0, now_ms());
  } else if (std::holds_alternative<LeaseRecord>(write.record) && write.id == ownership_.id()) {
    ownership_.acknowledged(write, answer.place, now_ms());
  }
  tell_until();
}

// ---- ownership ---------------------------------------------------------------------------

void Cluster::begin(const ClaimRecord &claim) {
  const auto webhook = read_webhook(claim.webhook);
  if (!webhook || webhook->hook.stream_id != claim.stream) {
    ownership_.closed(claim.stream, Closed::Ended);
    return;
  }
  tell_until();
  listener_->cluster_begin(claim, *webhook);
}

void Cluster::stop(const std::string &stream) {
  listener_->cluster_stop(stream);
}

void Cluster::missed(const std::string &stream) {
  listener_->cluster_event(false, "not-taken", stream,
                           "no recorder had room for the stream: raise --max-meetings, or start "
                           "more recorders");
}

void Cluster::lost() {
  counters_.losses++;
  tell_until();
  listener_->cluster_event(false, "lease-lost", "",
                           "this recorder could not tell the others that it lives: they record "
                           "its meetings further");
}

// A takeover counts when its folder exists: without one, the stream passes to another recorder.
void Cluster::opened(const std::string &stream, const std::string &folder) {
  const ClaimRecord *own = ownership_.claims().own(stream);
  if (own && own->owners > 1) {
    counters_.takeovers++;
    listener_->cluster_event(true, "taken-over", stream,
                             "the recording continues here as part " + std::to_string(own->part) +
                                 " of recording " + own->recording);
  }
  ownership_.update(stream, [&](ClaimRecord *claim) { claim->folder = folder; });
}

void Cluster::closed(const std::string &stream, Closed why) {
  ownership_.closed(stream, why);
}

// The released streams are written first.
void Cluster::leave(std::function<void()> done) {
  left_ = std::move(done);
  leave_until_ = now_ms() + kLeave_ms;
}

void Cluster::check_leaving() {
  if (!left_)
    return;
  const bool late = now_ms() >= leave_until_ || !nats_.usable();
  if (!gave_up_ && (late || ownership_.claims().busy() == 0)) {
    gave_up_ = true;
    ownership_.give_up();
  }
  if (late || (gave_up_ && writing_.empty()))
    std::exchange(left_, nullptr)();
}

}  // namespace rtms::recorder

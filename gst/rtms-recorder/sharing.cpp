// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sharing.h"

#include "base/sleepclock.h"
#include "common/gst.h"
#include "common/names.h"

#include <algorithm>
#include <cstdlib>

namespace rtms::recorder {
namespace {

// The time until a hanging disk is given up, and the time for connections to close.
constexpr unsigned kDiskGone_s = 5, kClose_ms = 1500;
constexpr int64_t kUnfit_us = 30 * G_USEC_PER_SEC;
// The service keeps a stream without a client for about this time.
constexpr int64_t kFound_s = 60;
// A network loses connections that were just made less often.
constexpr unsigned kMostKicks = 3;
// The time to connect a stream, before another recorder tries. The service waits for a client for a
// minute: until that has passed, a recorder that reaches no stream claims none.
constexpr int64_t kUnreached_s = 10, kUnreached_us = 65 * G_USEC_PER_SEC;

double processor_load() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load / std::max(g_get_num_processors(), 1u) : 0;
}

ClusterConfig config_of(const Options &options) {
  return {options.cluster, options.cluster_credentials, options.cluster_ca, ""};
}

WebhookNotice notice_of(const ClusterWebhook &webhook) {
  return {webhook.event, webhook.hook, webhook.json, false};
}

}  // namespace

Sharing::Sharing(const Options &options, Recorder *recorder, Log *log, std::function<void()> idle)
    : options_(options),
      recorder_(recorder),
      log_(log),
      idle_(std::move(idle)),
      watchdog_([log](const std::string &why) {
        log->write(Log::Level::Warning, "no-watchdog", "",
                   why +
                       " If this recorder hangs, it keeps the connections of its meetings, which "
                       "others continue.");
      }),
      cluster_(config_of(options), post, static_cast<ClusterListener *>(this)) {
  cluster_.set_capacity(capacity());
}

Sharing::~Sharing() = default;

void Sharing::publish(const WebhookNotice &notice, std::function<void(bool)> accepted) {
  cluster_.publish(notice.json, std::move(accepted));
}

// A recorder that could not record a stream, because its network is down for example, has the
// fewest streams: it would take the next ones, too.
Capacity Sharing::capacity() const {
  const bool unfit = g_get_monotonic_time() < unfit_until_us_ && others_take();
  // A service takes a second client for a stream, and ends the connections of the first one.
  const auto meetings = recorder_->meetings().statuses();
  const auto kicks = std::count_if(meetings.begin(), meetings.end(),
                                   [](const Status &one) { return one.kicks >= kMostKicks; });
  const bool kicked = kicks > 0 && 2 * static_cast<size_t>(kicks) >= meetings.size();
  return {static_cast<unsigned>(recorder_->meetings().count()), options_.max_meetings,
          processor_load(), !draining_ && !unfit && recorder_->sick().empty(), kicked};
}

// ---- events of the cluster -----------------------------------------------------------

void Sharing::cluster_begin(const ClaimRecord &claim, const ClusterWebhook &webhook) {
  recorder_->take(notice_of(webhook), {claim.part, claim.previous, claim.recording});
}

void Sharing::cluster_stop(const std::string &stream) {
  recorder_->let_go(stream, true);
}

bool Sharing::cluster_webhook(const ClusterWebhook &webhook) {
  return recorder_->webhook(notice_of(webhook));
}

// Without a lease, the limit is in the past.
void Sharing::cluster_until(int64_t until_us) {
  recorder_->set_until(until_us ? until_us : 1);
  watchdog_.expect(until_us);
}

void Sharing::cluster_event(bool good, const char *event, const std::string &stream,
                            const std::string &text) {
  log_->write(good ? Log::Level::Info : Log::Level::Warning, event, "", text,
              [&](JsonWriter &writer) {
                if (!stream.empty())
                  writer.member("stream_id", stream);
              });
}

// ---- events of the meetings ----------------------------------------------------------

void Sharing::meeting_found(const FoundMeeting &found) {
  found_.push_back({found.meeting, found.hook, found.age_s, nullptr});
}

void Sharing::meeting_opened(const std::string &stream, const std::string &folder) {
  cluster_.opened(stream, folder);
}

void Sharing::meeting_over(const std::string &stream, Over over) {
  if (over == Over::Failed)
    unfit_until_us_ = std::max(unfit_until_us_, g_get_monotonic_time() + kUnfit_us);
  // Updates the capacity first, so that a stopping recorder does not claim the stream again.
  cluster_.set_capacity(capacity());
  const bool unreached = unreached_.erase(stream) && over == Over::Released;
  cluster_.closed(stream, unreached              ? Closed::Unreached
                          : over == Over::Ended  ? Closed::Ended
                          : over == Over::Failed ? Closed::Failed
                                                 : Closed::Released);
  if (moving_ == stream)
    moving_.clear();
}

// ---- time ----------------------------------------------------------------------------

void Sharing::watch() {
  cluster_.set_capacity(capacity());
  publish_found();
  watch_disk();
  watch_service();
  if (!draining_)
    return;
  if (options_.drain_moves)
    move_next();
  if (recorder_->streams().empty())
    idle_();
}

// Meetings from before the recorder was started with --cluster: the cluster does not know them.
void Sharing::publish_found() {
  if (found_.empty() || !cluster_.usable())
    return;
  const auto known = cluster_.ownership().claims().all();
  for (const FoundMeeting &found : found_) {
    const std::string &stream = found.hook.stream_id;
    if (known.count(stream) || found.age_s > kFound_s)
      continue;
    log_->write(Log::Level::Info, "resumed", found.meeting.folder,
                "stream " + stream +
                    " was recorded without the cluster, which continues it as a "
                    "recording of its own");
    cluster_.publish(found.meeting.webhook, [](bool) {});
  }
  found_.clear();
}

// Without NATS no release is written, and nobody knows whether others still run.
bool Sharing::others_take() const {
  if (!cluster_.usable())
    return false;
  const auto members = cluster_.ownership().members();
  return std::any_of(members.begin() + 1, members.end(), [](const Ownership::Member &member) {
    return member.record.takes && member.owned < member.record.most;
  });
}

// Releases all streams if the disk hangs, as soon as another recorder has room.
void Sharing::watch_disk() {
  disk_gone_s_ = recorder_->storage().is_gone() ? disk_gone_s_ + 1 : 0;
  if (disk_gone_s_ == 0)
    let_all_go_ = false;
  if (disk_gone_s_ < kDiskGone_s || let_all_go_ || !others_take())
    return;
  const auto streams = recorder_->streams();
  let_all_go_ = true;
  if (streams.empty())
    return;
  log_->write(Log::Level::Error, "disk", "",
              "the disk does not answer: other recorders record " + std::to_string(streams.size()) +
                  " meetings further");
  for (const std::string &stream : streams)
    recorder_->let_go(stream, true);
  // Closing the files may hang forever.
  disk_timer_.start(kClose_ms, [this, streams] {
    for (const std::string &stream : streams)
      cluster_.closed(stream, Closed::Released);
  });
}

// A machine may reach NATS, but not the service, or not any more. Each recorder tries a stream, and
// the last one goes on. One stream at a time, so that the others have room for it.
void Sharing::watch_service() {
  const auto meetings = recorder_->meetings().statuses();
  const bool reaches = std::any_of(meetings.begin(), meetings.end(), [](const Status &one) {
    return one.state == "recording" && one.unreached_s == 0;
  });
  for (const Status &status : meetings) {
    const bool runs = status.state == "connecting" || status.state == "recording";
    if (!runs || status.unreached_s < kUnreached_s || !others_take())
      continue;
    const Ownership &ownership = cluster_.ownership();
    const ClaimRecord *claim = ownership.claims().own(status.stream);
    if (!claim || claim->unreached + 1 >= ownership.members().size() ||
        !unreached_.insert(status.stream).second)
      continue;
    log_->write(Log::Level::Warning, "unreached", status.name,
                "the service was not reached for " + std::to_string(kUnreached_s) +
                    " s: another recorder tries");
    if (!reaches)
      unfit_until_us_ = g_get_monotonic_time() + kUnreached_us;
    cluster_.set_capacity(capacity());
    recorder_->let_go(status.stream, true);
    return;
  }
}

void Sharing::drain() {
  if (draining_)
    return;
  draining_ = true;
  log_->write(Log::Level::Info, "draining", "",
              options_.drain_moves
                  ? "no meeting is begun any more, and other recorders record those that run"
                  : "no meeting is begun any more; the recorder exits when those that run have "
                    "ended");
  cluster_.set_capacity(capacity());
}

// Moves one stream at a time: each is interrupted for a second or two.
void Sharing::move_next() {
  const auto streams = recorder_->streams();
  if (!moving_.empty() || streams.empty() || !others_take())
    return;
  moving_ = streams.front();
  recorder_->let_go(moving_, false);
}

// ---- state ---------------------------------------------------------------------------

std::string Sharing::sick() const {
  if (draining_)
    return "draining";
  return cluster_.usable() ? "" : "NATS cannot be used";
}

void Sharing::add_metrics(Metrics *metrics) const {
  const Ownership &ownership = cluster_.ownership();
  metrics->family("rtms_cluster_up", "gauge", "Whether NATS can be used (1).");
  metrics->sample(cluster_.usable());
  metrics->family("rtms_cluster_takeovers_total", "counter",
                  "Meetings that this recorder has taken over from others.");
  metrics->sample(cluster_.counters().takeovers);
  metrics->family("rtms_cluster_leases_lost_total", "counter",
                  "How often this recorder had to let all meetings go.");
  metrics->sample(cluster_.counters().losses);
  metrics->family("rtms_cluster_waiting", "gauge", "Streams that no recorder has taken yet.");
  metrics->sample(ownership.claims().waiting());
  const auto members = ownership.members();
  const auto each = [&](const char *name, const char *help, auto value) {
    metrics->family(name, "gauge", help);
    // A recorder that was started again has its old lease for some seconds.
    std::set<std::string> told;
    for (const Ownership::Member &member : members)
      if (told.insert(member.record.name).second)
        metrics->sample(value(member), "recorder=\"" + label(member.record.name) + "\"");
  };
  each("rtms_cluster_recorder_owned", "Streams of each recorder.",
       [](const Ownership::Member &member) { return member.owned; });
  each("rtms_cluster_recorder_most", "Limit of meetings of each recorder.",
       [](const Ownership::Member &member) { return member.record.most; });
  each("rtms_cluster_recorder_takes", "Whether each recorder takes further streams (1) or not (0).",
       [](const Ownership::Member &member) { return member.record.takes; });
  each("rtms_cluster_recorder_load_percent", "Load of each recorder's processors.",
       [](const Ownership::Member &member) {
         // Of a record that anybody on NATS may have written.
         constexpr double kMost = 10000;
         return member.record.load > 0
                    ? static_cast<uint64_t>(std::min(100 * member.record.load, kMost))
                    : 0;
       });
  metrics->family("rtms_cluster_stream_owner", "gauge", "Which recorder has which stream.");
  for (const auto &[stream, recorder] : owners(ownership))
    metrics->sample(1, "stream=\"" + label(stream) + "\",recorder=\"" + label(recorder) + "\"");
}

}  // namespace rtms::recorder

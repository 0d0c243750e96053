// SPDX-License-Identifier: LGPL-2.1-or-later
#include "recorder.h"

#include "common/names.h"

#include <filesystem>
#include <utility>

namespace rtms::recorder {
namespace {

namespace fs = std::filesystem;

// The service keeps a stream without a client for this time.
constexpr int64_t kWindow_s = 65;
// The next part of a shorter one comes some seconds later, so often: else a fault that comes back
// would fill the disk with folders.
constexpr GstClockTime kShort = 10 * GST_SECOND;
constexpr unsigned kMostShort = 6;
// The interval of Keeping::touch().
constexpr unsigned kTouch_s = 5;

}  // namespace

Recorder::Recorder(const Options &options, Log *log, std::function<void()> idle)
    : options_(options),
      log_(log),
      idle_(std::move(idle)),
      storage_(options.output, options.min_free, options.end_free),
      disk_(&storage_, log, options.output,
            [this](const std::string &why) {
              meetings_.finish_all("the disk is nearly full",
                                   "The recording ends before its stream: " + why);
            }),
      keeping_(options.output, log),
      seen_(Keeping::folder_of(options.output), log),
      tails_(log) {}

Recorder::~Recorder() = default;

// ---- start ---------------------------------------------------------------------------

void Recorder::resume(Membership *membership) {
  static Membership none;
  shares_ = membership;
  membership_ = membership ? membership : &none;
  tails_.await();
  if (shares_) {
    // The cluster distributes streams, and knows all webhooks of the last hour.
    keeping_.find([this](std::vector<FoundMeeting> all) {
      for (FoundMeeting &found : all) {
        membership_->meeting_found(found);
        keeping_.drop(std::move(found));
      }
    });
    return;
  }
  early_.emplace();
  const auto found = [this](std::vector<FoundMeeting> all) {
    for (FoundMeeting &one : all)
      resume(std::move(one));
    const auto early = std::exchange(early_, std::nullopt);
    for (const WebhookNotice &notice : *early)
      webhook(notice);
  };
  seen_.load([this, found] { keeping_.find(found); });
}

void Recorder::resume(FoundMeeting found) {
  const std::string stream = found.hook.stream_id;
  if (const int64_t *ended = ended_.find(stream); ended && is_late_start(found.hook, *ended))
    return keeping_.drop(std::move(found));
  if (found.age_s > kWindow_s + kTouch_s) {
    log_->write(Log::Level::Warning, "not-resumed", found.meeting.folder,
                "the recorder ended " + std::to_string(found.age_s) +
                    " s ago, and the service keeps a stream for " + std::to_string(kWindow_s) +
                    " s: stream " + shown(stream) + " is not recorded any more");
    keeping_.drop(std::move(found));
    return;
  }
  // With --once, the other meetings are left to other recorders.
  const bool wanted = !options_.once || once_stream_.empty() || once_stream_ == stream;
  if (stopping_ || !wanted)
    return keeping_.put_back(std::move(found));
  once_stream_ = stream;
  const std::string ago = std::to_string(found.age_s) + " s ago";
  if (found.meeting.part == 0)
    log_->write(Log::Level::Info, "resumed", "",
                "stream " + shown(stream) + " was announced to the recorder that ended " + ago +
                    ", and not begun: it is recorded now");
  else
    log_->write(Log::Level::Info, "resumed", found.meeting.folder,
                "the recorder ended " + ago + ": the recording continues as part " +
                    std::to_string(found.meeting.part + 1));
  const WebhookNotice notice{WebhookEvent::Started, found.hook, found.meeting.webhook};
  const Part part = found.meeting.next();
  begin({notice, std::move(found), part});
}

// ---- webhooks ------------------------------------------------------------------------

bool Recorder::webhook(const WebhookNotice &notice) {
  const Webhook &hook = notice.hook;
  const bool from_network = !hook.request.empty();
  if (early_ && from_network) {
    early_->push_back(notice);
    return true;
  }
  // The webhook gate knows the requests since the start.
  if (from_network && !seen_.add(hook.request))
    return true;
  if (notice.event == WebhookEvent::Stopped)
    ended_.put(hook.stream_id, hook.event_ts);
  if (const int64_t *ended = ended_.find(hook.stream_id);
      notice.event == WebhookEvent::Started && ended && is_late_start(hook, *ended)) {
    log_->write(Log::Level::Info, "http", "", "webhook for a stream that has ended: ignored");
    return true;
  }
  Meeting *meeting = meetings_.find(hook.stream_id);
  if (shares_ && !opening_.count(hook.stream_id) && (!meeting || meeting->is_over()))
    return false;
  if (notice.event == WebhookEvent::Started && options_.once) {
    if (!once_stream_.empty() && once_stream_ != hook.stream_id)
      return true;
    once_stream_ = hook.stream_id;
  }
  if (early_) {
    early_->push_back(notice);
    return true;
  }
  totals_.webhooks++;
  if (notice.event == WebhookEvent::Started) {
    started(notice);
    return true;
  }
  if (meeting)
    meeting->notify(hook, notice.json);
  const std::string &id = hook.stream_id;
  // The end of an earlier stream with that id.
  const Webhook *again = second_tries_.find(id);
  if ((opening_.count(id) && is_earlier_end(hook, opening_[id].notice.hook.event_ts)) ||
      (waiting_.count(id) && is_earlier_end(hook, waiting_[id].hook.event_ts)) ||
      (again && is_earlier_end(hook, again->event_ts)))
    return true;
  if (notice.event == WebhookEvent::Stopped) {
    if (!shares_ && !meeting)
      keeping_.end(id, notice.json);
    waiting_.erase(id);
    if (second_tries_.find(id) && !meeting)
      keeping_.give_up(id);
    second_tries_.remove(id);
    auto opening = opening_.extract(id);
    if (!opening)
      return true;
    if (opening.mapped().before)
      keeping_.drop(std::move(*opening.mapped().before));
    keeping_.forget(id);
    membership_->meeting_over(id, Membership::Over::Ended);
    if (options_.once && nothing_left())
      idle_();
  }
  return true;
}

// A stream allows one connection, so a second recording never starts.
void Recorder::started(const WebhookNotice &notice) {
  const std::string &stream = notice.hook.stream_id;
  Meeting *meeting = meetings_.find(stream);
  if (opening_.count(stream))
    opening_[stream].notice.renew(notice);
  else if (notice.repeated && (meeting ? meeting->is_over() : recorded_.find(stream) != nullptr))
    log_->write(Log::Level::Info, "http", "",
                "webhook for a stream that is recorded already: ignored");
  else if (!meeting)
    begin({notice, std::nullopt, second_tries_.take(stream, seconds_)});
  else if (meeting->is_over())
    waiting_[stream].renew(notice);
  else {
    meeting->notify(notice.hook, notice.json);
    // A repeated one may be older than the one in use.
    if (!notice.repeated)
      keeping_.renew(stream, notice.json);
  }
}

void Recorder::refuse(const WebhookNotice &notice, const Part &part, const std::string &why) {
  membership_->meeting_over(notice.hook.stream_id, Membership::Over::Released);
  // Told once, however often it is tried.
  const bool again = !stopping_ && !shares_ && !options_.once;
  if (again && !second_tries_.add({notice, part}, seconds_))
    return;
  if (again)
    keeping_.announced(notice.hook.stream_id, notice.json, part);
  totals_.refused++;
  log_->write(Log::Level::Error, "refused", "", why, [&](JsonWriter &writer) {
    writer.member("stream_id", shown(notice.hook.stream_id, 256));
  });
  if (options_.once && nothing_left())
    idle_();
}

void Recorder::take(const WebhookNotice &notice, const Part &part) {
  // An earlier part is still being finished.
  const std::string &stream = notice.hook.stream_id;
  if (opening_.count(stream) || meetings_.find(stream))
    membership_->meeting_over(stream, Membership::Over::Released);
  else
    begin({notice, std::nullopt, part});
}

void Recorder::begin(Opening opening) {
  const WebhookNotice &notice = opening.notice;
  const Webhook hook = notice.hook;
  const std::string stream = "Stream " + shown(hook.stream_id) + " is not recorded: ";
  if (stopping_ && continues_) {
    log_->write(Log::Level::Info, "stopping", "",
                "stream " + shown(hook.stream_id) + " is left to the next start of the recorder");
    if (opening.before)
      return keeping_.put_back(std::move(*opening.before));
    keeping_.announced(hook.stream_id, notice.json, opening.part);
    return keeping_.leave(hook.stream_id);
  }
  if (stopping_) {
    opening.before ? keeping_.drop(std::move(*opening.before)) : keeping_.give_up(hook.stream_id);
    return refuse(notice, opening.part, stream + "the recorder is stopping.");
  }
  if (meetings_.count() + opening_.size() >= options_.max_meetings)
    return refuse(notice, opening.part,
                  stream + std::to_string(options_.max_meetings) +
                      " meetings are recorded already. Raise --max-meetings.");
  const bool continues = opening.part.number > 1;
  opening_[hook.stream_id] = std::move(opening);
  storage_.make_folder(hook, continues, [this, id = hook.stream_id](const Storage::Place &place) {
    opened(id, place);
  });
}

void Recorder::opened(const std::string &stream, const Storage::Place &place) {
  auto found = opening_.extract(stream);
  if (!found) {
    if (!place.folder.empty())
      storage_.remove_folder(place.folder);
    return;
  }
  auto &[notice, before, part] = found.mapped();
  if (place.folder.empty()) {
    if (!second_tries_.waits(stream, seconds_))
      keeping_.give_up(stream);
    refuse(notice, part, "Stream " + shown(stream) + " is not recorded: " + place.problem);
    return;
  }
  second_tries_.remove(stream);
  totals_.started++;
  const std::string name = fs::path(place.folder).filename();
  if (part.recording.empty())
    part.recording = StringPtr(g_uuid_string_random()).get();
  keeping_.keep(stream, {notice.json, name, part.number, part.recording});
  if (before)
    keeping_.take(std::move(*before), name);
  else if (!shares_ && !part.previous.empty())
    keeping_.end_part(part.previous, name);
  meetings_.add(stream, std::make_unique<Meeting>(
                            options_, notice.hook, notice.json, place.folder, part, log_,
                            [this, stream](Outcome outcome) { gone(stream, outcome); }));
  membership_->meeting_opened(stream, name);
}

// ---- the end -------------------------------------------------------------------------

bool Recorder::stop(bool for_good) {
  stopping_ = true;
  continues_ = !for_good && !shares_;
  if (!continues_)
    waiting_.clear();
  // Webhooks that arrived while the kept meetings were read.
  if (early_)
    for (const WebhookNotice &notice : std::exchange(*early_, {}))
      if (notice.event == WebhookEvent::Started)
        begin({notice, std::nullopt, {}});
  for (auto &[stream, opening] : std::exchange(opening_, {}))
    begin(std::move(opening));
  for (const SecondTries::One &one : std::exchange(second_tries_, {}).waiting(seconds_))
    begin({one.notice, std::nullopt, one.part});
  for (const std::string &stream : meetings_.streams()) {
    if (!for_good) {
      meetings_.leave(stream, "the recorder was stopped");
      continue;
    }
    keeping_.forget(stream);
    meetings_.find(stream)->finish("the recorder was stopped");
  }
  if (nothing_left())
    idle_();
  return continues_;
}

void Recorder::let_go(const std::string &stream, bool urgent) {
  if (opening_.erase(stream))
    membership_->meeting_over(stream, Membership::Over::Released);
  meetings_.leave(stream, "another recorder continues the recording");
  if (urgent)
    meetings_.cut(stream);
}

void Recorder::gone(std::string stream, Outcome outcome) {
  (outcome.good ? totals_.finished : totals_.failed)++;
  if (outcome.good)
    recorded_.put(stream, true);
  if (outcome.broken_off)
    tails_.await();
  // The stream continues if its connection was closed because of the lease, or if the disk is full.
  const bool left = meetings_.was_left(stream);
  const bool full = outcome.disk_full || storage_.space() == Storage::Space::Ends;
  const bool goes_on = left || meetings_.is_forbidden() || full;
  auto again = waiting_.extract(stream);
  const auto kept = keeping_.kept(stream);
  const unsigned *before = short_parts_.find(stream);
  const unsigned shorts = outcome.length < kShort ? 1 + (before ? *before : 0) : 0;
  // What the service refuses is not tried again.
  const bool lost = (outcome.cut_short && (outcome.broken_off || shorts == 0)) ||
                    (full && !outcome.good && !outcome.stopped);
  short_parts_.put(stream, shorts);
  const bool later = goes_on || shorts > 0;
  const bool worth_it = kept && lost && shorts <= kMostShort && !left && !shares_ && !again &&
                        !stopping_ && !(later && options_.once);
  if (left && !shares_ && !outcome.stopped)
    keeping_.leave(stream);
  else if (!worth_it)
    keeping_.forget(stream);
  totals_.add(meetings_.find(stream)->status());
  meetings_.remove(stream);
  storage_.look();
  membership_->meeting_over(stream, goes_on             ? Membership::Over::Released
                                    : outcome.cut_short ? Membership::Over::Failed
                                                        : Membership::Over::Ended);
  if (again)
    begin({again.mapped(), std::nullopt, {}});
  const auto hook = parse_webhook(kept ? kept->webhook : "");
  if (const auto webhook = std::get_if<Webhook>(&hook); webhook && worth_it) {
    const SecondTries::One next{{WebhookEvent::Started, *webhook, kept->webhook}, kept->next()};
    if (later)
      second_tries_.add(next, seconds_);
    else
      begin({next.notice, std::nullopt, next.part});
  }
  if (nothing_left() && (stopping_ || options_.once))
    idle_();
}

// ---- state ---------------------------------------------------------------------------

void Recorder::watch() {
  disk_.look();
  if (storage_.space() != Storage::Space::Ends)
    tails_.look(options_, storage_.free_bytes());
  if (seconds_++ % kTouch_s == 0)
    keeping_.touch();
  const auto is_here = [this](const auto &id) { return opening_.count(id) || meetings_.find(id); };
  const auto may_begin = [this] {
    return !stopping_ && meetings_.count() + opening_.size() < options_.max_meetings &&
           storage_.space() == Storage::Space::Enough;
  };
  // Another recorder with the same output folder may end, as in a rolling upgrade.
  if (membership_ && !shares_ && !early_ && !options_.once && may_begin())
    keeping_.look([this, is_here, may_begin](FoundMeeting found) {
      const std::string &id = found.hook.stream_id;
      if (is_here(id) || second_tries_.find(id) || !may_begin())
        return;
      tails_.await();
      resume(std::move(found));
    });
  for (const std::string &id : second_tries_.over(seconds_))
    if (!is_here(id))
      keeping_.give_up(id);
  for (const SecondTries::One &one : second_tries_.due(seconds_))
    if (may_begin() && !is_here(one.notice.hook.stream_id))
      begin({one.notice, std::nullopt, one.part});
  meetings_.watch();
}

std::vector<std::string> Recorder::streams() const {
  std::vector<std::string> all = meetings_.streams();
  for (const auto &[stream, opening] : opening_)
    all.push_back(stream);
  return all;
}

Totals Recorder::totals(const std::vector<Status> &running) const {
  Totals all = totals_;
  for (const Status &status : running)
    all.add(status);
  return all;
}

std::string Recorder::sick() const {
  return stopping_ ? "stopping" : storage_.sick();
}

}  // namespace rtms::recorder

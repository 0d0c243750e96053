// SPDX-License-Identifier: LGPL-2.1-or-later
#include "recorder.h"

#include "names.h"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace rtms::recorder {
namespace {

// The service keeps a stream for that long when its client is gone.
constexpr int64_t kWindow_s = 65;
// How often the disk is told that the recorder lives.
constexpr unsigned kTouch_s = 5;

void add(Totals *totals, const Status &status) {
  totals->bytes += counter(status.stats.get(), "bytes");
  totals->dropped += counter(status.stats.get(), "dropped");
  totals->reconnects += counter(status.stats.get(), "reconnects");
}

std::string folder_name(const Webhook &hook) {
  const std::string id = !hook.meeting_id.empty() ? hook.meeting_id
                         : !hook.id.empty()       ? hook.id
                                                  : hook.stream_id;
  return file_stamp(g_get_real_time()) + "_" + safe_name(id);
}

void tell_replayed(Log *log) {
  log->write(Log::Level::Warning, "replayed", "",
             "a signed request of the service was sent again, after a restart of the recorder: "
             "ignored");
}

}  // namespace

Recorder::Recorder(const Options &options, Log *log, std::function<void()> idle)
    : options_(options),
      log_(log),
      idle_(std::move(idle)),
      storage_(options.output, options.min_free, options.end_free),
      disk_(&storage_, log, options.output, [this](const std::string &why) { end_all(why); }),
      keeping_(options.output,
               [this](const std::string &problem) {
                 log_->write(Log::Level::Warning, "not-kept", "",
                             "a meeting's webhook cannot be kept in " + options_.output + ": " +
                                 problem +
                                 "; the meeting is recorded, but not continued after a restart");
               }),
      seen_(Keeping::folder_of(options.output), [this](const std::string &problem) {
        log_->write(Log::Level::Warning, "not-kept", "",
                    "a webhook's signature cannot be kept in " + options_.output + ": " + problem +
                        "; whoever has captured the webhook can repeat it after a restart, for up "
                        "to ten minutes");
      }) {}

Recorder::~Recorder() = default;

// ---- the start -----------------------------------------------------------------------

void Recorder::resume() {
  early_.emplace();
  const auto found = [this](std::vector<FoundMeeting> all) {
    std::sort(all.begin(), all.end(), [](const FoundMeeting &one, const FoundMeeting &other) {
      return one.age_s < other.age_s;
    });
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
  if (found.age_s > kWindow_s + kTouch_s) {
    log_->write(Log::Level::Warning, "not-resumed", found.meeting.folder,
                "the recorder ended " + std::to_string(found.age_s) +
                    " s ago, and the service keeps a stream for " + std::to_string(kWindow_s) +
                    " s: the recording is not continued");
    keeping_.drop(std::move(found));
    return;
  }
  // With --once, others may be for other recorders.
  const bool wanted = !options_.once || once_stream_.empty() || once_stream_ == stream;
  if (stopping_ || !wanted) {
    keeping_.put_back(std::move(found));
    return;
  }
  once_stream_ = stream;
  log_->write(Log::Level::Info, "resumed", found.meeting.folder,
              "the recorder ended " + std::to_string(found.age_s) +
                  " s ago: the meeting is recorded further, as part " +
                  std::to_string(found.meeting.part + 1));
  const WebhookNotice notice{WebhookEvent::Started, found.hook, found.meeting.webhook};
  begin({notice, std::move(found)});
}

// ---- webhooks ------------------------------------------------------------------------

void Recorder::webhook(const WebhookNotice &notice) {
  const Webhook &hook = notice.hook;
  const bool from_network = !hook.request.empty();
  if (early_ && from_network) {
    early_->push_back(notice);
    return;
  }
  // What came since the start, the gate knows.
  if (from_network && !seen_.add(hook.request)) {
    tell_replayed(log_);
    return;
  }
  if (notice.event == WebhookEvent::Started && options_.once) {
    if (!once_stream_.empty() && once_stream_ != hook.stream_id)
      return;
    once_stream_ = hook.stream_id;
  }
  if (early_) {
    early_->push_back(notice);
    return;
  }
  totals_.webhooks++;
  if (notice.event == WebhookEvent::Started) {
    started(notice);
    return;
  }
  auto found = meetings_.find(hook.stream_id);
  if (found != meetings_.end())
    found->second->notify(notice.json);
  if (notice.event == WebhookEvent::Stopped) {
    waiting_.erase(hook.stream_id);
    auto opening = opening_.extract(hook.stream_id);
    if (opening && opening.mapped().before)
      keeping_.drop(std::move(*opening.mapped().before));
    if (opening && options_.once && nothing_left())
      idle_();
  }
}

// A stream takes one connection: there is never a second one.
void Recorder::started(const WebhookNotice &notice) {
  const std::string &stream = notice.hook.stream_id;
  auto found = meetings_.find(stream);
  if (opening_.count(stream))
    opening_[stream].notice = notice;
  else if (found == meetings_.end() && notice.repeated && recorded_.has(stream))
    log_->write(Log::Level::Info, "http", "",
                "webhook for a stream that is recorded already: ignored");
  else if (found == meetings_.end())
    begin({notice, std::nullopt});
  else if (found->second->ending())
    waiting_[stream] = notice;
  else {
    found->second->notify(notice.json);
    keeping_.renew(stream, notice.json);
  }
}

void Recorder::refuse(const WebhookNotice &notice, const std::string &why) {
  totals_.refused++;
  log_->write(Log::Level::Error, "refused", "", why, [&](JsonWriter &writer) {
    writer.member("stream_id", shown(notice.hook.stream_id, 256));
  });
  if (options_.once && nothing_left())
    idle_();
}

void Recorder::begin(Opening opening) {
  const WebhookNotice &notice = opening.notice;
  const Webhook hook = notice.hook;
  const std::string stream = "Stream " + shown(hook.stream_id) + " is not recorded: ";
  if (stopping_) {
    refuse(notice, stream + "the recorder is stopping.");
    return;
  }
  if (meetings_.size() + opening_.size() >= options_.max_meetings) {
    refuse(notice, stream + std::to_string(options_.max_meetings) +
                       " meetings are recorded already. Raise --max-meetings.");
    return;
  }
  opening_[hook.stream_id] = std::move(opening);
  storage_.make_folder(folder_name(hook), [this, id = hook.stream_id](const Storage::Place &place) {
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
  auto &[notice, before] = found.mapped();
  if (place.folder.empty()) {
    refuse(notice, "Stream " + shown(stream) + " is not recorded: " + place.problem);
    return;
  }
  totals_.started++;
  const std::string name = std::filesystem::path(place.folder).filename();
  const Part part = before ? Part{before->meeting.part + 1, before->meeting.folder} : Part{};
  keeping_.keep(stream, {notice.json, name, part.number});
  if (before)
    keeping_.take(std::move(*before), name);
  auto meeting =
      std::make_unique<Meeting>(options_, notice.hook, notice.json, place.folder, part, log_,
                                [this](Meeting *which, Outcome outcome) { gone(which, outcome); });
  Meeting *raw = meeting.get();
  meetings_[stream] = std::move(meeting);
  raw->start();
}

// ---- the end -------------------------------------------------------------------------

void Recorder::stop(bool for_good) {
  stopping_ = true;
  waiting_.clear();
  for (const auto &[stream, opening] : std::exchange(opening_, {}))
    refuse(opening.notice,
           "Stream " + shown(stream) + " is not recorded: the recorder is stopping.");
  for (auto &[stream, meeting] : meetings_) {
    if (for_good)
      keeping_.forget(stream);
    else if (!meeting->ending())
      left_.insert(stream);
    meeting->finish("the recorder was stopped");
  }
  if (nothing_left())
    idle_();
}

void Recorder::gone(Meeting *meeting, Outcome outcome) {
  const std::string stream = meeting->stream_id();
  (outcome.good ? totals_.finished : totals_.failed)++;
  if (outcome.good)
    recorded_.add(stream);
  if (left_.count(stream))
    keeping_.leave(stream);
  else
    keeping_.forget(stream);
  add(&totals_, meeting->status());
  meetings_.erase(stream);
  storage_.look();
  auto again = waiting_.extract(stream);
  if (again && !stopping_)
    begin({again.mapped(), std::nullopt});
  if (nothing_left() && (stopping_ || options_.once))
    idle_();
}

// ---- while it runs -------------------------------------------------------------------

void Recorder::watch() {
  disk_.look();
  if (seconds_++ % kTouch_s == 0)
    keeping_.touch();
  for (auto &[stream, meeting] : meetings_)
    meeting->watch();
}

// Each file is finished, as long as there is space for that.
void Recorder::end_all(const std::string &why) {
  for (auto &[stream, meeting] : meetings_)
    meeting->finish("the disk is nearly full", "The recording ends before its stream: " + why);
}

std::vector<Status> Recorder::statuses() const {
  std::vector<Status> all;
  for (const auto &[stream, meeting] : meetings_)
    all.push_back(meeting->status());
  return all;
}

Totals Recorder::totals(const std::vector<Status> &running) const {
  Totals all = totals_;
  for (const Status &status : running)
    add(&all, status);
  return all;
}

std::string Recorder::sick() const {
  return stopping_ ? "stopping" : storage_.sick();
}

}  // namespace rtms::recorder

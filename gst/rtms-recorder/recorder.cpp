// SPDX-License-Identifier: LGPL-2.1-or-later
#include "recorder.h"

#include "names.h"

#include <utility>

namespace rtms::recorder {
namespace {

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

}  // namespace

Recorder::Recorder(const Options &options, Log *log, std::function<void()> idle)
    : options_(options),
      log_(log),
      idle_(std::move(idle)),
      storage_(options.output, options.min_free) {}

Recorder::~Recorder() = default;

// ---- webhooks ------------------------------------------------------------------------

void Recorder::webhook(const WebhookNotice &notice) {
  totals_.webhooks++;
  const Webhook &hook = notice.hook;
  if (notice.event == WebhookEvent::Started) {
    started(notice);
    return;
  }
  auto found = meetings_.find(hook.stream_id);
  if (found != meetings_.end())
    found->second->notify(notice.json);
  if (notice.event == WebhookEvent::Stopped) {
    waiting_.erase(hook.stream_id);
    opening_.erase(hook.stream_id);
    if (options_.once && nothing_left())
      idle_();
  }
}

// A stream takes one connection: there is never a second one.
void Recorder::started(const WebhookNotice &notice) {
  const std::string &stream = notice.hook.stream_id;
  auto found = meetings_.find(stream);
  if (opening_.count(stream))
    opening_[stream] = notice;
  else if (found == meetings_.end() && notice.repeated && recorded_.count(stream))
    log_->write(Log::Level::Info, "http", "",
                "webhook for a stream that is recorded already: ignored");
  else if (found == meetings_.end())
    begin(notice);
  else if (found->second->ending())
    waiting_[stream] = notice;
  else
    found->second->notify(notice.json);
}

void Recorder::refuse(const WebhookNotice &notice, const std::string &why) {
  totals_.refused++;
  log_->write(Log::Level::Error, "refused", "", why, [&](JsonWriter &writer) {
    writer.member("stream_id", shown(notice.hook.stream_id, 256));
  });
  if (options_.once && nothing_left())
    idle_();
}

void Recorder::begin(const WebhookNotice &notice) {
  const Webhook &hook = notice.hook;
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
  opening_[hook.stream_id] = notice;
  storage_.make_folder(folder_name(hook), [this, id = hook.stream_id](const Storage::Place &place) {
    opened(id, place);
  });
}

void Recorder::opened(const std::string &stream, const Storage::Place &place) {
  const auto found = opening_.extract(stream);
  if (!found) {
    if (!place.folder.empty())
      storage_.remove_folder(place.folder);
    return;
  }
  const WebhookNotice &notice = found.mapped();
  if (place.folder.empty()) {
    refuse(notice, "Stream " + shown(stream) + " is not recorded: " + place.problem);
    return;
  }
  totals_.started++;
  auto meeting =
      std::make_unique<Meeting>(options_, notice.hook, notice.json, place.folder, log_,
                                [this](Meeting *which, Outcome outcome) { gone(which, outcome); });
  Meeting *raw = meeting.get();
  meetings_[stream] = std::move(meeting);
  raw->start();
}

// ---- the end -------------------------------------------------------------------------

void Recorder::stop() {
  stopping_ = true;
  waiting_.clear();
  for (const auto &[stream, notice] : std::exchange(opening_, {}))
    refuse(notice, "Stream " + shown(stream) + " is not recorded: the recorder is stopping.");
  for (auto &[stream, meeting] : meetings_)
    meeting->finish("the recorder was stopped");
  if (nothing_left())
    idle_();
}

void Recorder::gone(Meeting *meeting, Outcome outcome) {
  const std::string stream = meeting->stream_id();
  (outcome.good ? totals_.finished : totals_.failed)++;
  if (outcome.good)
    remember(stream);
  add(&totals_, meeting->status());
  meetings_.erase(stream);
  storage_.look();
  auto again = waiting_.extract(stream);
  if (again && !stopping_)
    begin(again.mapped());
  if (nothing_left() && (stopping_ || options_.once))
    idle_();
}

void Recorder::remember(const std::string &stream) {
  constexpr size_t kMost = 1000;
  if (recorded_.size() >= kMost)
    recorded_.clear();
  recorded_.insert(stream);
}

// ---- while it runs -------------------------------------------------------------------

void Recorder::watch() {
  watch_disk();
  for (auto &[stream, meeting] : meetings_)
    meeting->watch();
}

void Recorder::watch_disk() {
  storage_.look();
  const bool hangs = storage_.hangs();
  if (hangs != disk_hangs_)
    log_->write(hangs ? Log::Level::Warning : Log::Level::Info, "disk", "",
                hangs
                    ? "the disk of " + options_.output + " does not answer: recordings wait for it"
                    : "the disk of " + options_.output + " answers again");
  disk_hangs_ = hangs;
}

std::vector<Status> Recorder::statuses() const {
  std::vector<Status> all;
  for (const auto &[stream, meeting] : meetings_)
    all.push_back(meeting->status());
  return all;
}

Totals Recorder::totals() const {
  Totals all = totals_;
  for (const auto &[stream, meeting] : meetings_)
    add(&all, meeting->status());
  return all;
}

std::string Recorder::sick() const {
  return stopping_ ? "stopping" : storage_.sick();
}

}  // namespace rtms::recorder

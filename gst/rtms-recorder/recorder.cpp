// SPDX-License-Identifier: LGPL-2.1-or-later
#include "recorder.h"

#include "cause.h"
#include "common/names.h"

#include <filesystem>
#include <utility>

namespace rtms::recorder {
namespace {

namespace fs = std::filesystem;

void tell_if_idle(const KnownStreams &streams, const std::function<void()> &idle) {
  if (streams.active().empty())
    idle();
}

}  // namespace

Recorder::Recorder(const Options &options, Log *log, std::function<void()> idle)
    : options_(options),
      log_(log),
      idle_(std::move(idle)),
      mode_(options.once ? Mode::Once : Mode::Alone),
      storage_(options.output, options.min_free, options.end_free),
      disk_(&storage_, log, options.output, &meetings_),
      keeping_(options.output, log),
      left_(options.output, &keeping_, &history_, log),
      tails_(log) {}

// ---- meetings of earlier recorders ---------------------------------------------------

void Recorder::resume(Membership *membership) {
  tails_.await();
  if (!membership) {
    left_.read([this](FoundMeeting one) { found(std::move(one)); },
               [this](const WebhookNotice &notice) { webhook(notice); });
    return;
  }
  mode_ = Mode::Cluster;
  membership_ = membership;
  left_.read_all([this](FoundMeeting one) {
    membership_->meeting_found(one);
    keeping_.drop(std::move(one));
  });
}

void Recorder::found(FoundMeeting found) {
  const std::string stream = found.hook.stream_id;
  if (streams_.find(stream))
    return keeping_.release(std::move(found));
  // With --once, the other meetings are left to other recorders.
  const bool wanted = !options_.once || once_stream_.empty() || once_stream_ == stream;
  if (is_stopping() || !wanted)
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
  begin(notice, part, std::move(found));
}

// ---- webhooks ------------------------------------------------------------------------

bool Recorder::webhook(const WebhookNotice &notice) {
  const Webhook &hook = notice.hook;
  const std::string &id = hook.stream_id;
  const bool from_network = !hook.request.empty();
  // The webhook gate knows the requests since the start.
  if (from_network && (left_.hold(notice) || !left_.is_new(hook)))
    return true;
  if (notice.event == WebhookEvent::Stopped)
    history_.ended(hook);
  if (notice.event == WebhookEvent::Started && history_.is_late(hook)) {
    log_->write(Log::Level::Info, "http", "", "webhook for a stream that has ended: ignored");
    return true;
  }
  Meeting *meeting = meetings_.find(id);
  if (mode_ == Mode::Cluster && !streams_.is(Stream::State::Opening, id) &&
      (!meeting || meeting->is_over()))
    return false;
  if (notice.event == WebhookEvent::Started && options_.once) {
    if (!once_stream_.empty() && once_stream_ != id) {
      // Perhaps a failover of the meeting, under a new id: rtmssrc knows.
      if (Meeting *running = meetings_.find(once_stream_))
        running->notify(hook, notice.json);
      return true;
    }
    once_stream_ = id;
  }
  if (left_.hold(notice))
    return true;
  totals_.webhooks++;
  if (notice.event == WebhookEvent::Started) {
    started(notice);
    return true;
  }
  if (meeting)
    meeting->notify(hook, notice.json);
  if (notice.event == WebhookEvent::Stopped && !streams_.is_earlier_end(hook))
    stopped(notice);
  return true;
}

// A stream allows one connection, so a second recording never starts.
void Recorder::started(const WebhookNotice &notice) {
  const std::string &id = notice.hook.stream_id;
  Stream *stream = streams_.find(id);
  if (!stream && notice.repeated && history_.is_recorded(id)) {
    log_->write(Log::Level::Info, "http", "",
                "webhook for a stream that is recorded already: ignored");
  } else if (!stream) {
    history_.set_shorts(id, 0);
    begin(notice, {});
  } else if (stream->state == Stream::State::Waiting) {
    const Stream renewed = streams_.renew(notice, seconds_);
    begin(renewed.notice, renewed.part);
  } else if (stream->state == Stream::State::Opening) {
    stream->notice.renew(notice);
  } else if (Meeting *meeting = meetings_.find(id); meeting->is_over()) {
    stream->announced_again(notice);
    keeping_.renew(id, notice.json);
  } else {
    meeting->notify(notice.hook, notice.json);
    // A repeated one may be older than the one in use.
    if (notice.repeated)
      return;
    stream->notice.renew(notice);
    keeping_.renew(id, notice.json);
  }
}

void Recorder::stopped(const WebhookNotice &notice) {
  const std::string &id = notice.hook.stream_id;
  if (Stream *stream = streams_.find(id); stream && stream->state == Stream::State::Recording) {
    stream->again.reset();
    return;
  }
  auto stream = streams_.remove(id);
  if (!stream)
    return keeping_.end(id, notice.json);
  if (stream->before)
    keeping_.drop(std::move(*stream->before));
  keeping_.give_up(id);
  if (stream->state == Stream::State::Waiting)
    return;
  membership_->meeting_over(id, Over::Ended);
  if (!options_.once)
    return;
  totals_.refused++;
  log_->write(Log::Level::Error, "refused", "",
              "Stream " + shown(id) +
                  " is not recorded, because the service ended it before the recorder had "
                  "created a folder. Check the speed of the disk.");
  tell_if_idle(streams_, idle_);
}

void Recorder::take(const WebhookNotice &notice, const Part &part) {
  // An earlier part is still being finished.
  if (streams_.find(notice.hook.stream_id))
    membership_->meeting_over(notice.hook.stream_id, Over::Released);
  else
    begin(notice, part);
}

// ---- begin ---------------------------------------------------------------------------

void Recorder::begin(const WebhookNotice &notice, const Part &part,
                     std::optional<FoundMeeting> before) {
  if (stopping_ == Stopping::Continues)
    return leave(notice, part, std::move(before));
  const std::string &id = notice.hook.stream_id;
  const Stream *known = streams_.find(id);
  const bool needs_room = known && known->needs_room;
  const std::string stream = "Stream " + shown(id) + " is not recorded: ";
  if (stopping_ == Stopping::ForGood) {
    before ? keeping_.drop(std::move(*before)) : keeping_.give_up(id);
    return refuse(notice, part, stream + "the recorder is stopping.");
  }
  if (streams_.active().size() >= options_.max_meetings) {
    const int64_t age_s = before ? before->age_s : 0;
    if (before)
      keeping_.release(std::move(*before));
    return refuse(notice, part,
                  stream + std::to_string(options_.max_meetings) +
                      " meetings are recorded already. Raise --max-meetings.",
                  age_s, needs_room);
  }
  const uint64_t ticket = streams_.open(notice, part, std::move(before));
  storage_.make_folder(
      notice.hook, part.number > 1 && !needs_room,
      [this, id, ticket](const Storage::Place &place) { opened(id, ticket, place); });
}

bool Recorder::may_begin(const Part &part, bool needs_room) const {
  const bool continues = part.number > 1 && !needs_room;
  return !is_stopping() && streams_.active().size() < options_.max_meetings &&
         (continues ? storage_.space() != Storage::Space::Ends
                    : storage_.space() == Storage::Space::Enough);
}

void Recorder::opened(const std::string &stream, uint64_t ticket, const Storage::Place &place) {
  Stream *opening = streams_.opening(stream, ticket);
  if (!opening) {
    if (!place.folder.empty())
      storage_.remove_folder(place.folder);
    return;
  }
  auto before = std::exchange(opening->before, std::nullopt);
  const WebhookNotice notice = opening->notice;
  if (place.folder.empty()) {
    const int64_t age_s = before ? before->age_s : 0;
    if (before)
      keeping_.release(std::move(*before));
    return refuse(notice, Part(opening->part),
                  "Stream " + shown(stream) + " is not recorded: " + place.problem, age_s,
                  opening->needs_room);
  }
  history_.begun(stream);
  totals_.started++;
  Part &part = opening->part;
  const std::string name = fs::path(place.folder).filename();
  if (part.recording.empty())
    part.recording = StringPtr(g_uuid_string_random()).get();
  keeping_.keep(stream, {notice.json, name, part.number, part.recording});
  if (before)
    keeping_.take(std::move(*before), name);
  else if (mode_ != Mode::Cluster && !part.previous.empty())
    keeping_.end_part(part.previous, name);
  streams_.recording(stream);
  meetings_.add(stream, std::make_unique<Meeting>(
                            options_, notice.hook, notice.json, place.folder, part, log_,
                            [this, stream](Outcome outcome) { gone(stream, outcome); }));
  membership_->meeting_opened(stream, name);
}

void Recorder::refuse(const WebhookNotice &notice, const Part &part, const std::string &why,
                      int64_t age_s, bool needs_room) {
  const std::string &id = notice.hook.stream_id;
  membership_->meeting_over(id, Over::Released);
  if (mode_ == Mode::Alone && !is_stopping()) {
    // Logged once for an announcement, however often it is tried.
    const auto waits = streams_.wait(notice, part, needs_room, seconds_, age_s);
    if (waits == KnownStreams::Waits::TooLate)
      return keeping_.give_up(id);
    if (waits == KnownStreams::Waits::Again)
      return;
    keeping_.announced(id, notice.json, part);
  } else {
    streams_.remove(id);
    // Another start of the job may have room.
    if (mode_ == Mode::Once && !is_stopping()) {
      keeping_.announced(id, notice.json, part);
      keeping_.leave(id);
    }
  }
  totals_.refused++;
  log_->write(Log::Level::Error, "refused", "", why,
              [&](JsonWriter &writer) { writer.member("stream_id", shown(id, 256)); });
  if (options_.once)
    tell_if_idle(streams_, idle_);
}

void Recorder::leave(const WebhookNotice &notice, const Part &part,
                     std::optional<FoundMeeting> before) {
  const std::string &id = notice.hook.stream_id;
  log_->write(Log::Level::Info, "stopping", "",
              "stream " + shown(id) + " is left to the next start of the recorder");
  if (before && !is_older(before->hook, notice.hook))
    return keeping_.put_back(std::move(*before));
  keeping_.announced(id, notice.json, part);
  keeping_.leave(id);
  if (before)
    keeping_.release(std::move(*before));
}

// ---- the end -------------------------------------------------------------------------

bool Recorder::stop(bool for_good) {
  const bool continues = !for_good && mode_ != Mode::Cluster;
  stopping_ = continues ? Stopping::Continues : Stopping::ForGood;
  for (Stream &stream : streams_.take(Stream::State::Opening))
    begin(stream.notice, stream.part, std::move(stream.before));
  for (const Stream &stream : streams_.take(Stream::State::Waiting)) {
    if (continues)
      leave(stream.notice, stream.part, std::nullopt);
    else
      keeping_.give_up(stream.notice.hook.stream_id);
  }
  for (const std::string &stream : meetings_.streams()) {
    if (!for_good) {
      meetings_.leave(stream, "the recorder was stopped");
      continue;
    }
    keeping_.forget(stream);
    meetings_.find(stream)->finish("the recorder was stopped");
  }
  tell_if_idle(streams_, idle_);
  return continues;
}

void Recorder::let_go(const std::string &stream, bool urgent) {
  if (streams_.is(Stream::State::Opening, stream)) {
    streams_.remove(stream);
    membership_->meeting_over(stream, Over::Released);
  }
  meetings_.leave(stream, "another recorder continues the recording");
  if (urgent)
    meetings_.cut(stream);
}

void Recorder::gone(const std::string &id, Outcome outcome) {
  const std::string stream = id;  // `id` is the meeting's, which is removed here
  totals_.ended(outcome.good, meetings_.find(stream)->status());
  if (outcome.broken_off)
    tails_.await();
  if (outcome.good)
    history_.recorded(stream);
  Stream ended = *streams_.remove(stream);
  // The service repeats an announcement that was not answered: it is another chance, and no more.
  if (ended.again && ended.again->repeated && outcome.good)
    ended.again.reset();
  const auto kept = keeping_.kept(stream);
  // Without a permit, the stream's connections were closed because another recorder may have it.
  const bool left = meetings_.was_left(stream) || meetings_.is_forbidden();
  const EndedPart part{cause_of(outcome, left, storage_.space() == Storage::Space::Ends),
                       outcome.length < kShort_s * GST_SECOND,
                       history_.shorts(stream),
                       ended.again.has_value(),
                       kept.has_value(),
                       mode_,
                       stopping_};
  const NextStep step = next_step(part);
  history_.set_shorts(stream, step.shorts);
  meetings_.remove(stream);
  storage_.look();
  membership_->meeting_over(stream, step.over);
  const WebhookNotice &notice = ended.again ? *ended.again : ended.notice;
  if (step.next == NextStep::Next::Nothing || step.next == NextStep::Next::NewRecording)
    keeping_.forget(stream);
  if (step.next == NextStep::Next::NewRecording)
    begin(notice, {});
  else if (step.next == NextStep::Next::PartNow)
    begin(notice, kept->next());
  else if (step.next == NextStep::Next::PartLater)
    streams_.wait(notice, kept->next(), part.cause == EndedPart::Cause::DiskFull, seconds_);
  else if (step.next == NextStep::Next::Leave)
    keeping_.leave(stream);
  if (is_stopping() || options_.once)
    tell_if_idle(streams_, idle_);
}

// ---- state ---------------------------------------------------------------------------

void Recorder::watch() {
  disk_.look();
  if (storage_.space() != Storage::Space::Ends)
    tails_.look(options_, storage_.free_bytes());
  if (seconds_++ % Keeping::kTouch_s == 0)
    keeping_.touch();
  // Another recorder with the same output folder may end, as in a rolling upgrade.
  if (mode_ == Mode::Alone && may_begin({2}, false))
    left_.look([this](FoundMeeting one) {
      if (!may_begin(one.meeting.next(), false))
        return keeping_.release(std::move(one));
      tails_.await();
      found(std::move(one));
    });
  for (const std::string &id : streams_.over(seconds_))
    keeping_.give_up(id);
  for (const Stream &stream : streams_.due(seconds_))
    if (may_begin(stream.part, stream.needs_room))
      begin(stream.notice, stream.part);
  meetings_.watch();
}

Totals Recorder::totals(const std::vector<Status> &running) const {
  Totals all = totals_;
  for (const Status &status : running)
    all.add(status);
  all.log_lines_dropped = log_->dropped();
  return all;
}

std::string Recorder::sick() const {
  return is_stopping() ? "stopping" : storage_.sick();
}

}  // namespace rtms::recorder

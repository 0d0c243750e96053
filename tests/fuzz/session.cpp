// SPDX-License-Identifier: LGPL-2.1-or-later
// libFuzzer: a whole session, with a script in place of the network. Each line is a step: a letter,
// the number of a connection where one is meant (of those that live, the oldest first), the rest.
//
//   O0          the connection opens          A0          the server answers the handshake
//   M0{…}       a message comes               P0          a ping is answered
//   C0 1006     the server closes, code       F03 404     it fails in the way 3, code
//   !           the next one fails at once    T500        so many ms pass
//   R  release()   S  stop()   X  close_stream()   V7  subscribe_video(7)
//   I  signaling_doubted()   E  stream_stopped()
//   W  take_rest(), then stop()   L  the permit ends
//   J…  announced_again() at that URL, anyway     N…  the same, not anyway
//   N*  as another stream     N-  as another stream, at a URL that is not allowed
//
// The first line may set what is asked for: "K<mask> <u: unified> <b: buffer-data> <i: insecure>".
#include "fakeclock.h"
#include "fakenet.h"

#include <glib.h>
#include <algorithm>
#include <memory>
#include <optional>

namespace {

using namespace rtms;
using namespace rtmsfuzz;

constexpr size_t kMaxSteps = 400;
constexpr int64_t kMaxPause_ms = 120000;
// Closing takes 400 ms at most, and what is on its way is awaited for 300 ms; the rest is slack.
constexpr int64_t kMaxStop_ms = 500, kMaxRest_ms = 350;

class NoLog final : public LogSink {
 public:
  // Texts are made, and thrown away.
  bool enabled(Level) const override { return true; }
  void write(Level, const std::string &) override {}
};

SessionConfig config_of(std::string_view line);

class Script final : public SessionListener {
 public:
  explicit Script(SessionConfig config)
      : wanted_(config.media),
        permit_(with_permit(&config)),
        session_(std::move(config), &net_, &log_, this) {
    session_.start();
    settle();
  }
  ~Script() override;

  void run(std::string_view line);

 private:
  void session_connection(ConnectionState, MediaMask, unsigned) override { called(); }
  void session_first_retry(const SessionError &, unsigned) override { called(); }
  void session_planned(MediaMask) override {}
  void session_negotiated(Media media, const MediaParams &) override;
  void session_all_negotiated() override;
  void session_media(const MediaData &data) override;
  void session_event(const EventUpdate &) override { called(); }
  void session_stream_state(const StreamStateUpdate &) override { called(); }
  void session_session_state(const SessionStateUpdate &) override { called(); }
  void session_media_lost(MediaMask) override { called(); }
  void session_keep_alive(MediaMask) override { called(); }
  void session_ignored(const std::string &) override { called(); }
  void session_warning(const SessionError &warning) override { said(warning); }
  void session_media_ended(MediaMask media, const SessionError &why) override;
  void session_failed(const SessionError &error) override;
  void session_ended() override { over(); }

  void called() const;
  void said(const SessionError &error) const;
  void over();
  void stop();
  void take_rest();
  static std::shared_ptr<Permit> with_permit(SessionConfig *config);
  void step_connection(char step, FakeTransport *transport, std::string_view rest);
  void step_session(char step, std::string_view rest);
  void announce_anyway(std::string_view url);
  void announce_again(std::string_view rest);

  NoLog log_;
  FakeNet net_;
  const MediaMask wanted_;
  const std::shared_ptr<Permit> permit_;
  std::optional<int64_t> rest_since_us_;
  MediaMask negotiated_ = 0, ended_ = 0;
  bool all_negotiated_ = false;
  bool over_ = false;
  bool stopped_ = false, done_ = false;
  Session session_;
};

long number(std::string_view text) {
  return std::atol(std::string(text.substr(0, 20)).c_str());
}

void Script::called() const {
  if (done_)
    violated("no call when stop() is done");
}

void Script::said(const SessionError &error) const {
  called();
  if (error.text.empty())
    violated("an error says what is wrong");
}

void Script::over() {
  called();
  if (over_ || stopped_)
    violated("a session ends once");
  over_ = true;
  net_.forbid();
}

void Script::session_failed(const SessionError &error) {
  said(error);
  over();
}

void Script::session_negotiated(Media media, const MediaParams &) {
  called();
  negotiated_ |= media_bit(media);
  if (ended_ & media_bit(media))
    violated("what has ended is not negotiated again");
}

void Script::session_media_ended(MediaMask media, const SessionError &why) {
  said(why);
  if (over_ || media == 0 || (media & ended_) || (media & ~wanted_))
    violated("media that was asked for ends once");
  ended_ |= media;
  if (ended_ == wanted_)
    violated("the end of the last kind of media is an error");
}

void Script::session_all_negotiated() {
  called();
  if (all_negotiated_)
    violated("all is negotiated once");
  all_negotiated_ = true;
}

void Script::session_media(const MediaData &data) {
  called();
  if (!(negotiated_ & media_bit(data.media)))
    violated("media that was not negotiated");
  if (ended_ & media_bit(data.media))
    violated("nothing comes of what has ended");
  // Views that lead nowhere are found here.
  volatile size_t sum = 0;
  for (std::string_view view : {data.payload, data.user_name, data.channel_id})
    for (char c : view)
      sum = sum + static_cast<unsigned char>(c);
}

void Script::stop() {
  if (stopped_)
    return;
  stopped_ = true;
  net_.forbid();
  session_.stop([this] { done_ = true; });
}

void Script::take_rest() {
  if (stopped_ || over_)
    return;
  net_.forbid();
  if (!rest_since_us_)
    rest_since_us_ = g_get_monotonic_time();
  session_.take_rest([this] {
    called();
    rest_since_us_.reset();
    stop();
  });
}

std::shared_ptr<Permit> Script::with_permit(SessionConfig *config) {
  auto permit = std::make_shared<Permit>();
  config->permit = permit;
  return permit;
}

Script::~Script() {
  stop();
  advance(kMaxStop_ms);
  if (!done_)
    violated("stop() comes to an end");
  if (net_.live() > 0)
    violated("nothing is open when stop() is done");
  advance(kMaxPause_ms);
}

void Script::run(std::string_view line) {
  if (line.empty())
    return;
  const char step = line[0];
  const bool to_connection = std::string_view("OAMPCF").find(step) != std::string_view::npos;
  if (!to_connection) {
    step_session(step, line.substr(1));
  } else if (line.size() >= 2) {
    if (FakeTransport *transport = net_.pick(static_cast<unsigned char>(line[1] - '0')))
      step_connection(step, transport, line.substr(2));
  }
  settle();
  if (rest_since_us_ && !stopped_ && !over_ &&
      g_get_monotonic_time() - *rest_since_us_ > kMaxRest_ms * 1000)
    violated("take_rest() comes to an end");
  if (const char *violation = session_.violation())
    violated(violation);
}

void Script::step_connection(char step, FakeTransport *transport, std::string_view rest) {
  switch (step) {
    case 'O':
      transport->opened();
      break;
    case 'A':
      transport->answer();
      break;
    case 'M':
      transport->message(rest);
      break;
    case 'P':
      transport->pong();
      break;
    case 'C':
      transport->end({TransportClose::Kind::Closed, static_cast<int>(number(rest)), "bye"});
      break;
    default: {
      constexpr unsigned kinds = static_cast<unsigned>(TransportClose::Kind::Io) + 1;
      const unsigned kind = rest.empty() ? 0 : static_cast<unsigned char>(rest[0] - '0') % kinds;
      rest.remove_prefix(std::min<size_t>(rest.size(), 1));
      transport->end({static_cast<TransportClose::Kind>(kind), static_cast<int>(number(rest)),
                      std::string(rest)});
    }
  }
}

void Script::step_session(char step, std::string_view rest) {
  if (step == '!')
    net_.fail_next();
  else if (step == 'T')
    advance(std::clamp<int64_t>(number(rest), 0, kMaxPause_ms));
  else if (step == 'S')
    stop();
  else if (step == 'R') {
    net_.released();
    session_.release();
  } else if (step == 'X')
    session_.close_stream();
  else if (step == 'I')
    session_.signaling_doubted();
  else if (step == 'E')
    session_.stream_stopped(nullptr);
  else if (step == 'W')
    take_rest();
  else if (step == 'L') {
    permit_->set(1);
    net_.silence();
  } else if (step == 'V')
    session_.subscribe_video(static_cast<uint64_t>(number(rest)), number(rest) % 2);
  else if (step == 'J')
    announce_anyway(rest.empty() ? "wss://other.test/signaling" : rest);
  else if (step == 'N')
    announce_again(rest);
}

void Script::announce_anyway(std::string_view url) {
  SessionConfig config = config_of("");
  config.signaling_url = url;
  config.who.id_signature.clear();
  session_.announced_again(config, true);
}

void Script::announce_again(std::string_view rest) {
  SessionConfig config = config_of("");
  if (rest == "*" || rest == "-")
    config.who.stream_id = "another-stream";
  if (rest == "-")
    config.signaling_url = "ws://s.test/signaling";
  else if (rest == "*")
    config.signaling_url = "wss://other.test/signaling";
  else if (!rest.empty())
    config.signaling_url = rest;
  session_.announced_again(config, false);
}

SessionConfig config_of(std::string_view line) {
  SessionConfig config;
  config.signaling_url = "wss://s.test/signaling";
  config.who.id = "id";
  config.who.webinar_id = "webinar-id";
  config.who.stream_id = "stream";
  config.who.client_id = "client";
  config.who.id_signature = "5ignature";
  config.who.webinar_signature = "0ther";
  config.media = media_bit(Media::Audio) | media_bit(Media::Video);
  if (line.empty() || line[0] != 'K')
    return config;
  const auto mask = static_cast<MediaMask>(number(line.substr(1))) & kMaskAll;
  config.media = mask ? mask : config.media;
  config.unified = line.find('u') != std::string_view::npos;
  config.buffer_data = line.find('b') != std::string_view::npos;
  config.allow_insecure = line.find('i') != std::string_view::npos;
  if (line.find('0', 1) != std::string_view::npos)
    config.media_retry.window_ms = config.signaling_retry.window_ms = 0;
  return config;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static GMainContext *context = [] {
    GMainContext *made = g_main_context_new();
    g_main_context_push_thread_default(made);
    return made;
  }();
  reset_clock();
  std::string_view rest(reinterpret_cast<const char *>(data), size);
  {
    Script script(config_of(rest.substr(0, rest.find('\n'))));
    for (size_t step = 0; step < kMaxSteps && !rest.empty(); step++) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      script.run(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  if (g_main_context_pending(context))
    violated("nothing is left on the main context");
  return 0;
}

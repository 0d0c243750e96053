// SPDX-License-Identifier: LGPL-2.1-or-later
// rtms-recorder: records any number of meetings at the same time, as the service announces them.
#include "admin/admin.h"
#include "admin/archive.h"
#include "console.h"
#include "http/address.h"
#include "http/httpserver.h"
#include "http/places.h"
#include "join/join.h"
#include "meeting/container.h"
#include "pages.h"
#include "portlogs.h"
#include "settings/process.h"
#include "settings/rtmpurl.h"
#include "sharing.h"
#include "snapshots.h"
#include "watchdog.h"

#include <glib-unix.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace rtms::recorder {
namespace {

// Exit codes as in sysexits.h and the shell.
constexpr unsigned kGrace_s = 5;
constexpr int kFailed = 1, kMisused = 2, kKilled = 130;

bool has_terminal() {
  return isatty(STDIN_FILENO) || isatty(STDOUT_FILENO) || isatty(STDERR_FILENO);
}

class Program {
 public:
  explicit Program(const Options &options)
      : options_(options),
        recorder_(options_, &log_, [this] { idle(); }),
        console_(&recorder_, log_.output()) {}

  int run() {
    const int status = record();
    log_.flush();
    return status;
  }

 private:
  int record() {
    if (!prepare())
      return kFailed;
    fit_descriptors(raise_descriptor_limit());
    handle_signals();
    const auto second = [](gpointer self) -> gboolean {
      static_cast<Program *>(self)->second();
      return G_SOURCE_CONTINUE;
    };
    g_timeout_add_seconds(1, second, this);
    if (!begin())
      return kFailed;
    if (!over_)
      g_main_loop_run(loop_.get());
    stop_listening();
    leave();
    admin_.reset();
    // All files are finished; an RTMP server that hangs must not delay the exit.
    patience_.start(kGrace_s * 1000, [this, status = status()] { exit_now(status); });
    while (retiring() > 0 || recorder_.busy())
      g_main_context_iteration(nullptr, TRUE);
    return status();
  }

  // What was accepted is kept before the listener goes.
  void stop_listening() {
    if (!listener_)
      return;
    listener_->refuse("the recorder is stopping");
    bool late = false;
    Timer patience;
    patience.start(kGrace_s * 1000, [&late] { late = true; });
    while (listener_->pending() && !late)
      g_main_context_iteration(nullptr, TRUE);
    listener_.reset();
  }

  // Leaves the cluster, so that others need not wait for the lease to expire.
  void leave() {
    bool left = !sharing_;
    if (sharing_)
      sharing_->leave([&left] { left = true; });
    while (!left)
      g_main_context_iteration(nullptr, TRUE);
    recorder_.left_cluster();
    sharing_.reset();
  }

  // Reports a failure if the recording was stopped before its stream ended, so that an orchestrator
  // starts another one.
  int status() const {
    return options_.once && (stopped_ || !recorder_.totals({}).all_good()) ? kFailed : EXIT_SUCCESS;
  }

  void handle_signals() {
    // A file that exceeds the size limit ends one recording, not the program; nor does a reader
    // that closes its pipe.
    std::signal(SIGXFSZ, SIG_IGN);
    std::signal(SIGPIPE, SIG_IGN);
    g_unix_signal_add(SIGTERM, on_terminate, this);
    g_unix_signal_add(SIGINT, on_interrupt, this);
    if (options_.cluster.empty())
      std::signal(SIGUSR1, SIG_IGN);  // no other recorder takes the meetings
    else
      g_unix_signal_add(SIGUSR1, on_drain, this);
    // The terminal was closed, which nohup ignores. Without a terminal, logs were rotated.
    struct sigaction hangup = {};
    if (!has_terminal())
      g_unix_signal_add(SIGHUP, on_reopen, this);
    else if (sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
      g_unix_signal_add(SIGHUP, on_terminate, this);
  }

  bool prepare() {
    if (!options_.log_file.empty() && !log_.open(options_.log_file))
      return complain("The log " + options_.log_file + " cannot be written: " +
                      std::strerror(errno) + ". Name another file with --log.");
    if (options_.json)
      log_.set_json();
    else if (isatty(STDOUT_FILENO))
      log_.set_screen([this](const std::string &line) { console_.show(line); });
    if (const int failure = recorder_.storage().failure())
      return complain("Recordings cannot be written into " + options_.output + ": " +
                      std::strerror(failure) +
                      ". Create the folder, or name another one with --output.");
    const std::string missing = missing_element(elements_for(options_));
    if (!missing.empty())
      return complain(missing);
    return options_.webhook_file.empty() || read_file();
  }

  // A meeting that finds no descriptor is lost; one that is refused begins when there is room.
  void fit_descriptors(uint64_t limit) {
    constexpr uint64_t kUsual = 64, kMeeting = 20, kProgram = 10;
    const uint64_t each = kMeeting + (options_.program.wanted() ? kProgram : 0);
    const uint64_t others =
        kUsual + (options_.listen.empty() ? 0 : places_for(ListenConfig().most_places, limit)) +
        (options_.admin_listen.empty() ? 0 : places_for(HttpServerConfig().most_places, limit));
    const uint64_t fit = std::max<uint64_t>((limit - std::min(limit, others)) / each, 1);
    if (fit >= options_.max_meetings)
      return;
    log_.write(Log::Level::Warning, "descriptors", "",
               "the limit of " + std::to_string(limit) + " open files is enough for " +
                   std::to_string(fit) + " meetings at the same time, not for --max-meetings=" +
                   std::to_string(options_.max_meetings) +
                   ": more are refused. Raise the limit (ulimit -n, LimitNOFILE).");
    options_.max_meetings = static_cast<unsigned>(fit);
  }

  bool begin() {
    if (is_open_to_the_network(options_.program.rtmp))
      log_.write(Log::Level::Warning, "push-not-encrypted", "",
                 "meetings are pushed to " + shown_url(options_.program.rtmp) +
                     " without encryption: everybody on the way can watch them, and read the key. "
                     "Use rtmps:// if the server has it.");
    if (!options_.cluster.empty() && !share())
      return false;
    if (!options_.admin_listen.empty() && !listen_for_the_operator())
      return false;
    recorder_.resume(sharing_.get());
    if (!options_.listen.empty() && !listen())
      return false;
    if (from_file_)
      recorder_.webhook(*from_file_);
    return true;
  }

  bool share() {
    sharing_ = std::make_unique<Sharing>(options_, &recorder_, &log_, [this] { idle(); });
    return sharing_->problem().empty() ||
           complain("--cluster: NATS cannot be used: " + sharing_->problem() + ".");
  }

  bool listen() {
    ListenConfig config;
    config.url = options_.listen;
    config.certificate_file = options_.certificate_file;
    config.key_file = options_.key_file;
    config.secret_token = options_.secret_token;
    auto opened = WebhookListener::open(config);
    if (auto error = std::get_if<ListenError>(&opened))
      return complain("--listen: " + error->text);
    listener_ = std::get<std::unique_ptr<WebhookListener>>(std::move(opened));
    if (!admin_)
      listener_->set_pages([this](std::string_view path) {
        return pages_.get(recorder_, sharing_.get(), listener_->requests(), path);
      });
    if (sharing_)
      listener_->set_acceptance(
          [this](const WebhookNotice &notice, WebhookListener::Accepted accepted) {
            sharing_->publish(notice, std::move(accepted));
          });
    listener_->start(&listener_log_,
                     [this](const WebhookNotice &notice) { recorder_.webhook(notice); });
    const std::string url = listener_->url();
    log_.write(Log::Level::Info, "listening", "", "listening at " + url,
               [&](JsonWriter &writer) { writer.member("url", url); });
    return true;
  }

  bool listen_for_the_operator() {
    auto opened = Admin::open({options_.admin_listen, options_.admin_certificate_file,
                               options_.admin_key_file, options_.admin_hosts, options_.admin_token},
                              std::make_shared<Archive>(options_.output, options_.program.file));
    if (auto error = std::get_if<ListenError>(&opened))
      return complain("--admin-listen: " + error->text);
    admin_ = std::get<std::unique_ptr<Admin>>(std::move(opened));
    const std::string url = admin_->url();
    if (admin_->is_open_to_the_network())
      log_.write(Log::Level::Warning, "admin-not-encrypted", "",
                 url +
                     " can be reached from other machines without encryption: everybody on the "
                     "way can read the token and the recordings. Use https://, or a proxy that "
                     "terminates TLS.");
    show_the_operator();
    admin_->start(&admin_log_);
    log_.write(Log::Level::Info, "admin", "", "the page for the operator is at " + url,
               [&](JsonWriter &writer) { writer.member("url", url); });
    return true;
  }

  void show_the_operator() {
    admin_->update(
        snapshot_of(recorder_, sharing_.get(), listener_ ? listener_->requests() : Requests()));
  }

  // Is called before signal handlers are installed: standard input may block forever.
  bool read_file() {
    const bool standard = options_.webhook_file == "-";
    char *text = nullptr;
    GError *raw_error = nullptr;
    g_file_get_contents(standard ? "/dev/stdin" : options_.webhook_file.c_str(), &text, nullptr,
                        &raw_error);
    StringPtr owned(text);
    ErrorPtr error(raw_error);
    if (error)
      return complain("--webhook-file: " + std::string(error->message) + ".");
    auto parsed = parse_webhook(text);
    auto hook = std::get_if<Webhook>(&parsed);
    if (!hook || hook->stream_id.empty() || hook->signaling_url.empty())
      return complain(
          "--webhook-file: " + options_.webhook_file +
          " does not hold a webhook with a stream id and a signaling URL. Save the body "
          "of the service's *.rtms_started request there.");
    from_file_ = WebhookNotice{WebhookEvent::Started, *hook, text};
    return true;
  }

  bool complain(const std::string &text) {
    if (options_.json)
      log_.write(Log::Level::Error, "cannot-start", "", text);
    std::fprintf(stderr, "rtms-recorder: %s\n", text.c_str());
    return false;
  }

  [[noreturn]] void exit_now(int status) {
    log_.flush();
    std::_Exit(status);
  }

  static gboolean on_terminate(gpointer self) {
    static_cast<Program *>(self)->stop(false);
    return G_SOURCE_CONTINUE;
  }

  // The operator at the terminal ends the recordings for good.
  static gboolean on_interrupt(gpointer self) {
    static_cast<Program *>(self)->stop(true);
    return G_SOURCE_CONTINUE;
  }

  static gboolean on_drain(gpointer self) {
    if (const auto &sharing = static_cast<Program *>(self)->sharing_)
      sharing->drain();
    return G_SOURCE_CONTINUE;
  }

  static gboolean on_reopen(gpointer self) {
    static_cast<Program *>(self)->log_.reopen();
    return G_SOURCE_CONTINUE;
  }

  void stop(bool for_good) {
    // An immediate exit is safe: files are playable as far as they were written.
    if (recorder_.is_stopping())
      exit_now(kKilled);
    log_.write(Log::Level::Info, "stopping", "",
               "stopping: finishing the files; a second signal stops at once");
    stopped_ = !over_;
    const bool keeps = recorder_.stop(for_good);
    // The next start records what is announced now; in a cluster another recorder does.
    if (listener_ && !sharing_ && !keeps)
      listener_->refuse("the recorder is stopping");
    // A disk that hangs must not delay the exit.
    patience_.start((options_.stop_timeout_s + kGrace_s) * 1000, [this] {
      log_.write(Log::Level::Error, "stopping", "",
                 "some files were not finished within --stop-timeout; they can be played as far as "
                 "they were written");
      exit_now(kFailed);
    });
  }

  void second() {
    listener_log_.forget();
    recorder_.watch();
    if (sharing_)
      sharing_->watch();
    if (admin_)
      show_the_operator();
    if (!options_.json && isatty(STDOUT_FILENO))
      console_.draw();
  }

  void idle() {
    over_ = true;
    g_main_loop_quit(loop_.get());
  }

  Options options_;
  Log log_;
  ListenerLog listener_log_{&log_};
  AdminLog admin_log_{&listener_log_};
  MainLoopPtr loop_{g_main_loop_new(nullptr, FALSE)};
  bool over_ = false, stopped_ = false;
  std::optional<WebhookNotice> from_file_;
  Timer patience_;
  Recorder recorder_;
  Console console_;
  std::unique_ptr<Sharing> sharing_;
  Pages pages_;
  std::unique_ptr<WebhookListener> listener_;
  std::unique_ptr<Admin> admin_;
};

// Returns what is wrong with a URL that no system could listen at; empty if nothing is.
std::string bad_url(const Options &options) {
  const std::pair<std::string, std::string> all[] = {
      {options.listen, "--listen: The URL "}, {options.admin_listen, "--admin-listen: The URL "}};
  for (const auto &[url, text] : all)
    if (const auto address = listen_address(url); !url.empty())
      if (const auto problem = std::get_if<std::string>(&address))
        return text + *problem + ". Valid are URLs such as http://127.0.0.1:8080.";
  return "";
}

}  // namespace
}  // namespace rtms::recorder

int main(int argc, char **argv) {
  using namespace rtms::recorder;
  if (is_watchdog(argc, argv))
    return run_watchdog();
  // Logs may be rotated before the program handles that.
  if (!has_terminal())
    std::signal(SIGHUP, SIG_IGN);
  gst_init(nullptr, nullptr);
  if (is_join(argc, argv)) {
    protect_process(false);
    return run_join(argc, argv);
  }
  auto parsed = parse_options(argc, argv);
  if (auto help = std::get_if<Help>(&parsed)) {
    std::fputs(help->text.c_str(), stdout);
    return EXIT_SUCCESS;
  }
  if (auto misuse = std::get_if<Misuse>(&parsed)) {
    std::fprintf(stderr, "rtms-recorder: %s\n", misuse->text.c_str());
    return kMisused;
  }
  const auto &options = std::get<Options>(parsed);
  if (std::string problem = bad_url(options); !problem.empty()) {
    std::fprintf(stderr, "rtms-recorder: %s\n", problem.c_str());
    return kMisused;
  }
  protect_process(options.group_readable);
  const int status = Program(options).run();
  gst_deinit();
  // Threads of libnats may be inside OpenSSL, whose cleanup at exit does not wait for them.
  if (!options.cluster.empty()) {
    std::fflush(nullptr);
    _exit(status);
  }
  return status;
}

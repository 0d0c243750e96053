// SPDX-License-Identifier: LGPL-2.1-or-later
#include "server.h"

#include <thread>

#include "crypto.h"
#include "log.h"
#include "service.h"

namespace rtmstest {

class Server::Impl {
 public:
  explicit Impl(Config wanted) : config(std::move(wanted)), log(config.verbose) {
    if (config.stream_id.empty())
      config.stream_id = random_hex(16);
    listening.stream_id = config.stream_id;
  }

  bool start(std::string *error);
  void stop();
  void post(std::function<void(Service &)> call);

  Config config;  // the server thread's, once it runs
  Log log;
  ListenInfo listening;

 private:
  void run();

  std::thread thread_;
  ContextPtr context_{g_main_context_new()};
  std::mutex mutex_;
  std::condition_variable started_;
  enum class State { Stopped, Starting, Running, Failed } state_ = State::Stopped;
  std::string error_;
  bool quit_ = false;
  Service *service_ = nullptr;
};

bool Server::Impl::start(std::string *error) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (state_ != State::Stopped) {
    if (error)
      *error = "started already";
    return false;
  }
  state_ = State::Starting;
  thread_ = std::thread([this] { run(); });
  started_.wait(lock, [this] { return state_ != State::Starting; });
  if (state_ == State::Running)
    return true;
  lock.unlock();
  thread_.join();
  if (error)
    *error = error_;
  state_ = State::Stopped;
  return false;
}

void Server::Impl::run() {
  g_main_context_push_thread_default(context_.get());
  {
    Service service(config, log);
    std::string error;
    bool listens = service.listen(&listening, &error);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      state_ = listens ? State::Running : State::Failed;
      error_ = error;
      service_ = &service;
    }
    started_.notify_all();
    while (listens && !quit_)
      g_main_context_iteration(context_.get(), TRUE);
    std::lock_guard<std::mutex> lock(mutex_);
    service_ = nullptr;
  }
  while (g_main_context_iteration(context_.get(), FALSE))
    continue;
  g_main_context_pop_thread_default(context_.get());
}

void Server::Impl::post(std::function<void(Service &)> call) {
  struct Post {
    Impl *impl;
    std::function<void(Service &)> call;
  };
  SourcePtr source(g_idle_source_new());
  g_source_set_priority(source.get(), G_PRIORITY_DEFAULT);
  auto *posted = new Post{this, std::move(call)};
  g_source_set_callback(
      source.get(),
      [](gpointer data) -> gboolean {
        auto post = static_cast<Post *>(data);
        if (post->impl->service_)
          post->call(*post->impl->service_);
        return G_SOURCE_REMOVE;
      },
      posted, [](gpointer data) { delete static_cast<Post *>(data); });
  g_source_attach(source.get(), context_.get());
}

void Server::Impl::stop() {
  if (!thread_.joinable())
    return;
  post([this](Service &service) {
    service.shut_down();
    quit_ = true;
  });
  thread_.join();
  state_ = State::Stopped;
  quit_ = false;
}

Server::Server(Config config) : impl_(std::make_unique<Impl>(std::move(config))) {}
Server::~Server() {
  stop();
}
bool Server::start(std::string *error) {
  return impl_->start(error);
}
void Server::stop() {
  impl_->stop();
}

std::string Server::webhook_json() const {
  return impl_->listening.webhook;
}
std::string Server::signaling_url() const {
  return impl_->listening.base_url + "/signaling";
}
std::string Server::ca_file() const {
  return impl_->listening.ca_file;
}
uint16_t Server::port() const {
  return impl_->listening.port;
}
const std::string &Server::stream_id() const {
  return impl_->listening.stream_id;
}

std::vector<std::string> Server::violations() const {
  return impl_->log.read([](const Log::State &state) { return state.violations; });
}
std::vector<Received> Server::received() const {
  return impl_->log.read([](const Log::State &state) { return state.received; });
}
std::vector<CloseRecord> Server::closes() const {
  return impl_->log.read([](const Log::State &state) { return state.closes; });
}
std::vector<std::string> Server::webhooks() const {
  return impl_->log.read([](const Log::State &state) { return state.webhooks; });
}
uint64_t Server::sent(Media m) const {
  return impl_->log.read(
      [m](const Log::State &state) { return state.sent[static_cast<std::size_t>(m)]; });
}
uint64_t Server::sent_keep_alives() const {
  return impl_->log.read([](const Log::State &state) { return state.sent_keep_alives; });
}
unsigned Server::connections() const {
  return impl_->log.read([](const Log::State &state) { return state.connections; });
}
unsigned Server::accepted() const {
  return impl_->log.read([](const Log::State &state) { return state.accepted; });
}
unsigned Server::requests() const {
  return impl_->log.read([](const Log::State &state) { return state.requests; });
}
bool Server::finished() const {
  return impl_->log.read([](const Log::State &state) { return state.finished; });
}

bool Server::wait_for(const std::function<bool(const Server &)> &predicate, int timeout_ms) {
  return impl_->log.wait_for([this, &predicate] { return predicate(*this); }, timeout_ms);
}

void Server::send_signaling(std::string json) {
  impl_->post(
      [json = std::move(json)](Service &service) { service.stream().send(Signaling, json); });
}
void Server::send_media(Media m, std::string json) {
  impl_->post([m, json = std::move(json)](Service &service) { service.stream().send(m, json); });
}
void Server::drop(Where where, bool abort) {
  Action action = abort ? Action::Abort : Action::Close;
  impl_->post([where, action](Service &service) { service.stream().act(where, action); });
}
void Server::silence(Where where) {
  impl_->post([where](Service &service) { service.stream().act(where, Action::Silence); });
}
void Server::stall(Where where) {
  impl_->post([where](Service &service) { service.stream().act(where, Action::Stall); });
}
void Server::resume(Where where) {
  impl_->post([where](Service &service) { service.stream().act(where, Action::Resume); });
}
void Server::end_stream(int reason) {
  impl_->post([reason](Service &service) { service.stream().end(End::Terminated, reason); });
}
void Server::configure(std::function<void(Config &)> change) {
  impl_->post([this, change](Service &) { change(impl_->config); });
}

}  // namespace rtmstest

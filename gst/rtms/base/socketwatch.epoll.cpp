// SPDX-License-Identifier: LGPL-2.1-or-later
#include "socketwatch.h"

#include "percontext.h"

#include <glib-unix.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rtms {
namespace {

// The most events per dispatch, before timers and closures run.
constexpr int kMostEvents = 1024;

uint32_t events_of(GIOCondition wanted) {
  uint32_t events = 0;
  if (wanted & G_IO_IN)
    events |= EPOLLIN;
  if (wanted & G_IO_OUT)
    events |= EPOLLOUT;
  return events;
}

GIOCondition condition_of(uint32_t events, GIOCondition wanted) {
  if (events & (EPOLLERR | EPOLLHUP))
    return wanted;
  unsigned ready = 0;
  if (events & EPOLLIN)
    ready |= G_IO_IN;
  if (events & EPOLLOUT)
    ready |= G_IO_OUT;
  return static_cast<GIOCondition>(ready);
}

// An epoll set, and how far its sockets have been served.
class EpollSet final : public SocketsServed {
 public:
  EpollSet() : fd_(epoll_create1(EPOLL_CLOEXEC)), until_us_(g_get_monotonic_time()) {}
  ~EpollSet() override {
    if (fd_ >= 0)
      close(fd_);
  }
  EpollSet(const EpollSet &) = delete;
  EpollSet &operator=(const EpollSet &) = delete;

  int fd() const { return fd_; }
  int64_t until_us() const override;

  // All of the context's thread.
  void begin() { busy_ = true; }
  // All that had arrived at `from_us` was served. `rest`: some of it was not: then only what had
  // arrived at the call before. `more`: some of it waits in memory.
  void end(int64_t from_us, bool rest, bool more);

 private:
  void raise(int64_t us) const;

  const int fd_;
  std::atomic<bool> busy_{false};
  int64_t last_from_us_ = 0;
  mutable std::atomic<int64_t> until_us_;
};

void EpollSet::raise(int64_t us) const {
  int64_t before_us = until_us_;
  while (before_us < us && !until_us_.compare_exchange_weak(before_us, us))
    continue;
}

void EpollSet::end(int64_t from_us, bool rest, bool more) {
  const int64_t last_us = std::exchange(last_from_us_, from_us);
  raise(rest || more ? last_us : from_us);
  busy_ = more;
}

// The order matters: what was read after the look at the sockets is served when busy_ is false.
int64_t EpollSet::until_us() const {
  const int64_t now_us = g_get_monotonic_time();
  pollfd ready{fd_, POLLIN, 0};
  if (poll(&ready, 1, 0) == 0 && !busy_)
    raise(now_us);
  return until_us_;
}

// The epoll set of a main context, behind one source. Level-triggered: a socket that is not read
// to its end is reported again, behind the sockets not served yet.
class Poller final : public ContextSource, public std::enable_shared_from_this<Poller> {
 public:
  using Id = uint64_t;

  Poller();

  const EpollSet &set() const { return set_; }
  // Returns 0 if the system cannot watch the socket.
  Id add(int fd, GIOCondition wanted, SocketWatch::Fn fn);
  void set_round(Id id, unsigned ms);
  void again(Id id);
  void remove(Id id);

 private:
  struct Watched {
    int fd;
    GIOCondition wanted;
    std::shared_ptr<const SocketWatch::Fn> fn;
    unsigned round_ms;
  };
  static gboolean prepare(GSource *source, gint *timeout_ms);
  static gboolean check(GSource *source);
  static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer data);
  bool must_wait(gint *timeout_ms);
  void serve();
  int serve_ready();
  void plan_next();
  void call(Id id, uint32_t events);
  int64_t round_us() const;

  static GSourceFuncs kFunctions;

  EpollSet set_;
  // Not g_source_add_unix_fd(): changing the events of its fd wakes the loop once more.
  GPollFD poll_{};
  // By number: an event of a watch that has been removed finds no entry.
  std::unordered_map<Id, Watched> watched_;
  std::vector<Id> again_;
  Id last_ = 0;
  unsigned depth_ = 0;                   // of dispatches within each other
  std::multiset<unsigned> rounds_ms_;    // of all watches
  bool in_round_ = false;                // sockets were ready in the last dispatch
  int64_t served_us_ = 0, next_us_ = 0;  // last round, next round; next_us_ 0: at once
};

GSourceFuncs Poller::kFunctions = {prepare, check, dispatch, nullptr, nullptr, nullptr};

Poller::Poller() : ContextSource(&kFunctions) {
  // A callback may run the loop; all other sockets must work in it.
  g_source_set_can_recurse(source(), TRUE);
  poll_.fd = set_.fd();
  poll_.events = G_IO_IN;
  if (set_.fd() >= 0)
    g_source_add_poll(source(), &poll_);
  attach();
}

Poller::Id Poller::add(int fd, GIOCondition wanted, SocketWatch::Fn fn) {
  epoll_event event{};
  event.events = events_of(wanted);
  event.data.u64 = ++last_;
  if (epoll_ctl(set_.fd(), EPOLL_CTL_ADD, fd, &event) != 0)
    return 0;
  watched_[last_] = {fd, wanted, std::make_shared<const SocketWatch::Fn>(std::move(fn)), 0};
  rounds_ms_.insert(0);
  return last_;
}

void Poller::set_round(Id id, unsigned ms) {
  unsigned &round_ms = watched_.at(id).round_ms;
  rounds_ms_.erase(rounds_ms_.find(std::exchange(round_ms, ms)));
  rounds_ms_.insert(ms);
}

void Poller::again(Id id) {
  again_.push_back(id);
  set_.begin();
}

void Poller::remove(Id id) {
  const auto found = watched_.find(id);
  epoll_ctl(set_.fd(), EPOLL_CTL_DEL, found->second.fd, nullptr);
  rounds_ms_.erase(rounds_ms_.find(found->second.round_ms));
  watched_.erase(found);
}

gboolean Poller::prepare(GSource *source, gint *timeout_ms) {
  auto poller = self<Poller>(source);
  *timeout_ms = -1;
  poller->poll_.events = poller->must_wait(timeout_ms) ? 0 : G_IO_IN;
  return poller->in_round_ || !poller->again_.empty();
}

gboolean Poller::check(GSource *source) {
  auto poller = self<Poller>(source);
  const bool round = poller->next_us_ && g_get_monotonic_time() >= poller->next_us_;
  return round || (poller->poll_.revents & G_IO_IN) || poller->in_round_ || !poller->again_.empty();
}

int64_t Poller::round_us() const {
  return rounds_ms_.empty() ? 0 : *rounds_ms_.begin() * int64_t{1000};
}

bool Poller::must_wait(gint *timeout_ms) {
  if (!next_us_ || round_us() == 0)
    return false;
  const int64_t wait_us = next_us_ - g_get_monotonic_time();
  if (wait_us <= 0)
    return false;
  *timeout_ms = static_cast<gint>((wait_us + 999) / 1000);
  return true;
}

// A round ends when no socket is ready; other sources of the loop run between its dispatches.
void Poller::serve() {
  const int64_t from_us = g_get_monotonic_time();
  next_us_ = 0;
  set_.begin();
  depth_++;
  const int ready = serve_ready();
  const bool any = ready > 0;
  // In a callback that runs the loop, sockets of the outer dispatch still wait.
  if (--depth_ == 0)
    set_.end(from_us, ready == kMostEvents, !again_.empty());
  if (!any && in_round_)
    plan_next();
  in_round_ = any && round_us() > 0;
}

// Sockets that are seldom ready need no rounds: the loop would wake twice for each event.
void Poller::plan_next() {
  const int64_t now_us = g_get_monotonic_time();
  if (now_us - served_us_ < 2 * round_us())
    next_us_ = now_us + round_us();
  served_us_ = now_us;
}

gboolean Poller::dispatch(GSource *source, GSourceFunc, gpointer) {
  const auto poller = self<Poller>(source)->shared_from_this();
  poller->serve();
  return G_SOURCE_CONTINUE;
}

// Returns the number of ready sockets.
int Poller::serve_ready() {
  std::vector<Id> again = std::exchange(again_, {});
  std::array<epoll_event, kMostEvents> events;
  const int count = std::max(epoll_wait(set_.fd(), events.data(), kMostEvents, 0), 0);
  // In the order of registration, as GLib does: messages of a stream's first connection about the
  // other connections are handled before the ends of those.
  std::sort(events.begin(), events.begin() + count,
            [](const auto &a, const auto &b) { return a.data.u64 < b.data.u64; });
  for (int i = 0; i < count; i++) {
    const epoll_event event = events[static_cast<size_t>(i)];
    again.erase(std::remove(again.begin(), again.end(), event.data.u64), again.end());
    call(event.data.u64, event.events);
  }
  for (Id id : again)
    call(id, EPOLLIN);
  return count;
}

void Poller::call(Id id, uint32_t events) {
  const auto found = watched_.find(id);
  if (found == watched_.end())
    return;
  const auto fn = found->second.fn;
  (*fn)(condition_of(events, found->second.wanted));
}

}  // namespace

std::shared_ptr<const SocketsServed> SocketsServed::here() {
  auto poller = of_context<Poller>();
  const SocketsServed *served = &poller->set();
  return {std::move(poller), served};
}

class SocketWatch::Entry {
 public:
  Entry(std::shared_ptr<Poller> poller, Poller::Id id) : poller_(std::move(poller)), id_(id) {}
  ~Entry() { poller_->remove(id_); }
  Entry(const Entry &) = delete;
  Entry &operator=(const Entry &) = delete;

  void again() { poller_->again(id_); }
  void set_round(unsigned ms) { poller_->set_round(id_, ms); }

 private:
  const std::shared_ptr<Poller> poller_;
  const Poller::Id id_;
};

SocketWatch::SocketWatch() = default;
SocketWatch::~SocketWatch() = default;

bool SocketWatch::start(GSocket *socket, GIOCondition wanted, Fn fn) {
  stop();
  std::shared_ptr<Poller> poller = of_context<Poller>();
  const Poller::Id id = poller->add(g_socket_get_fd(socket), wanted, std::move(fn));
  if (id)
    entry_ = std::make_unique<Entry>(std::move(poller), id);
  return id != 0;
}

void SocketWatch::again() {
  if (entry_)
    entry_->again();
}

void SocketWatch::set_round(unsigned ms) {
  if (entry_)
    entry_->set_round(ms);
}

void SocketWatch::stop() {
  entry_.reset();
}

}  // namespace rtms

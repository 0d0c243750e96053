// SPDX-License-Identifier: LGPL-2.1-or-later
// bench-service MEETINGS SECONDS SPEAKERS [CA_FILE]: that many meetings in real time, each on its
// own media connections, from one thread that costs little. Prints their webhooks, then an empty
// line. When the last meeting has run for SECONDS, all end at once. Then it prints, for each
// meeting, the time at which it was ready (GLib's monotonic clock, in µs) and the messages sent of
// each medium, and waits for its end.
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <queue>
#include <set>

#include "pump.h"
#include "replay.h"
#include "tls.h"
#include "wire.h"

namespace {

using rtmscheck::kStartMs;
using rtmscheck::server_frame;
using rtmscheck::Wire;
using rtmstest::Media;

constexpr std::array<Media, 4> kMedia = {Media::Audio, Media::Video, Media::Transcript,
                                         Media::Chat};
constexpr std::array<const char *, 4> kNames = {"audio", "video", "transcript", "chat"};
constexpr int64_t kReel_ms = 10000, kKeepAlive_us = 10 * G_USEC_PER_SEC;
constexpr int kBacklog = 4096, kEvents = 256;

// A frame whose times count from the start of the reel.
struct Message {
  int64_t due_ms;
  std::string frame;
  std::vector<std::pair<size_t, int64_t>> times;  // where, and what
};
using Track = std::vector<Message>;

void find_times(Message *message) {
  for (const char *key : {"\"timestamp\":", "\"start_time\":", "\"end_time\":"})
    for (size_t at = 0; (at = message->frame.find(key, at)) != std::string::npos;) {
      at += strlen(key);
      message->times.push_back({at, std::strtoll(message->frame.c_str() + at, nullptr, 10)});
    }
}

std::array<Track, 4> make_reel(unsigned speakers) {
  rtmscheck::MeetingOptions options;
  options.duration_ms = kReel_ms;
  options.speakers = speakers;
  const auto reel = rtmscheck::film(options);
  std::array<Track, 4> tracks;
  for (size_t i = 0; i < kMedia.size(); i++) {
    const auto found = reel->items.find(kMedia[i]);
    if (found == reel->items.end())
      continue;
    for (const auto &[due_ms, item] : found->second) {
      tracks[i].push_back({due_ms, server_frame(1, rtmstest::media_message_text({}, item)), {}});
      find_times(&tracks[i].back());
    }
  }
  return tracks;
}

struct Meeting {
  int64_t ready_us = 0, start_ms = 0;
  std::array<uint64_t, 4> sent{};
  std::set<size_t> peers;
};

// Signaling has no track.
struct Peer {
  std::unique_ptr<Wire> wire;
  size_t meeting = 0;
  const Track *track = nullptr;
  size_t medium = 0, next = 0;
  int64_t round = 0;
  bool joined = false, established = false, polls_output = false;
};

class Service {
 public:
  Service(size_t meetings, int seconds, unsigned speakers, SSL_CTX *tls)
      : seconds_(seconds), tls_(tls), reel_(make_reel(speakers)), meetings_(meetings) {}

  bool listen();
  void print_webhooks() const;
  void run();

 private:
  struct Due {
    int64_t at_us;
    size_t peer;
    bool operator<(const Due &other) const { return at_us > other.at_us; }
  };

  void watch(int operation, int fd, uint32_t events, size_t id) const;
  void accept();
  void serve(size_t id, uint32_t events);
  void join(Peer *peer, size_t id);
  void message(size_t id, const std::string &text);
  void ready(size_t meeting);
  void schedule(size_t id);
  void send_due();
  void send_next(size_t id);
  void keep_alive();
  void end_when_due();
  void finish(size_t id);
  void flush(size_t id);
  std::string address(const char *kind, size_t meeting) const;

  const int seconds_;
  SSL_CTX *const tls_;
  const std::array<Track, 4> reel_;
  std::vector<Meeting> meetings_;
  std::vector<Peer> peers_;
  std::priority_queue<Due> due_;
  int listener_ = -1, epoll_ = -1;
  uint16_t port_ = 0;
  size_t ready_ = 0;
  int64_t end_us_ = INT64_MAX, alive_us_ = 0;
};

bool Service::listen() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto any = reinterpret_cast<sockaddr *>(&address);
  if (bind(listener_, any, size) != 0 || ::listen(listener_, kBacklog) != 0 ||
      getsockname(listener_, any, &size) != 0)
    return false;
  port_ = ntohs(address.sin_port);
  epoll_ = epoll_create1(0);
  watch(EPOLL_CTL_ADD, listener_, EPOLLIN, SIZE_MAX);
  return true;
}

std::string Service::address(const char *kind, size_t meeting) const {
  return std::string(tls_ ? "wss" : "ws") + "://localhost:" + std::to_string(port_) + "/" + kind +
         "/" + std::to_string(meeting);
}

void Service::print_webhooks() const {
  for (size_t i = 0; i < meetings_.size(); i++)
    printf(
        "{\"event\":\"meeting.rtms_started\",\"event_ts\":%lld,\"payload\":{\"object\":{"
        "\"meeting_uuid\":\"bench\",\"rtms_stream_id\":\"live-%zu\",\"server_urls\":\"%s\"}}}\n",
        static_cast<long long>(g_get_real_time() / 1000), i, address("signaling", i).c_str());
  printf("\n");
  fflush(stdout);
}

void Service::watch(int operation, int fd, uint32_t events, size_t id) const {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  epoll_ctl(epoll_, operation, fd, &event);
}

void Service::accept() {
  for (int fd = -1; (fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
    peers_.emplace_back();
    peers_.back().wire = std::make_unique<Wire>(fd, tls_);
    watch(EPOLL_CTL_ADD, fd, EPOLLIN, peers_.size() - 1);
  }
}

void Service::join(Peer *peer, size_t id) {
  const std::string &path = peer->wire->path();
  peer->joined = true;
  peer->meeting = std::strtoul(path.c_str() + path.rfind('/') + 1, nullptr, 10);
  meetings_.at(peer->meeting).peers.insert(id);
  for (size_t i = 0; i < kNames.size(); i++)
    if (path.find(kNames[i]) != std::string::npos) {
      peer->track = &reel_[i];
      peer->medium = i;
    }
}

void Service::message(size_t id, const std::string &text) {
  Peer &peer = peers_[id];
  if (!peer.joined)
    join(&peer, id);
  const auto is = [&](int type) {
    return text.find("\"msg_type\":" + std::to_string(type) + ",") != std::string::npos;
  };
  if (is(1)) {
    std::string urls;
    for (const char *name : kNames)
      urls += std::string(urls.empty() ? "" : ",") + "\"" + name + "\":\"" +
              address(name, peer.meeting) + "\"";
    peer.wire->write(server_frame(
        1, "{\"msg_type\":2,\"status_code\":0,\"media_server\":{\"server_urls\":{" + urls + "}}}"));
  } else if (is(3)) {
    peer.wire->write(server_frame(1, "{\"msg_type\":4,\"status_code\":0}"));
    peer.established = true;
    if (meetings_[peer.meeting].ready_us)
      schedule(id);
  } else if (is(7)) {
    ready(peer.meeting);
  }
}

// The first message 7 counts for all connections.
void Service::ready(size_t index) {
  Meeting &meeting = meetings_[index];
  if (meeting.ready_us)
    return;
  meeting.ready_us = g_get_monotonic_time();
  meeting.start_ms = g_get_real_time() / 1000;
  for (size_t id : meeting.peers)
    if (peers_[id].established)
      schedule(id);
  if (++ready_ == meetings_.size())
    end_us_ = meeting.ready_us + seconds_ * G_USEC_PER_SEC;
}

void Service::schedule(size_t id) {
  const Peer &peer = peers_[id];
  if (!peer.track || peer.track->empty())
    return;
  const int64_t at_ms = peer.round * kReel_ms + (*peer.track)[peer.next].due_ms;
  due_.push({meetings_[peer.meeting].ready_us + at_ms * 1000, id});
}

void Service::send_due() {
  const int64_t now_us = g_get_monotonic_time();
  while (!due_.empty() && due_.top().at_us <= now_us) {
    const size_t id = due_.top().peer;
    due_.pop();
    if (peers_[id].wire)
      send_next(id);
  }
}

void Service::send_next(size_t id) {
  Peer &peer = peers_[id];
  const Message &message = (*peer.track)[peer.next];
  std::string frame = message.frame;
  const int64_t shift_ms = meetings_[peer.meeting].start_ms - kStartMs + peer.round * kReel_ms;
  for (const auto &[at, time] : message.times)
    frame.replace(at, 13, std::to_string(time + shift_ms));
  peer.wire->write(frame);
  flush(id);
  meetings_[peer.meeting].sent[peer.medium]++;
  if (++peer.next == peer.track->size()) {
    peer.next = 0;
    peer.round++;
  }
  schedule(id);
}

void Service::keep_alive() {
  const int64_t now_us = g_get_monotonic_time();
  if (now_us < alive_us_)
    return;
  alive_us_ = now_us + kKeepAlive_us;
  for (size_t id = 0; id < peers_.size(); id++)
    if (peers_[id].wire && peers_[id].joined) {
      peers_[id].wire->write(
          server_frame(1, "{\"msg_type\":12,\"timestamp\":" + std::to_string(now_us) + "}"));
      flush(id);
    }
}

void Service::serve(size_t id, uint32_t events) {
  Peer &peer = peers_[id];
  if (!peer.wire)
    return;
  if (events & EPOLLOUT)
    peer.wire->write_more();
  if (events & ~static_cast<uint32_t>(EPOLLOUT))
    peer.wire->read([this, id](const std::string &text) { message(id, text); });
  flush(id);
}

void Service::flush(size_t id) {
  Peer &peer = peers_[id];
  if (peer.wire->is_over()) {
    watch(EPOLL_CTL_DEL, peer.wire->fd(), 0, id);
    peer.wire.reset();
    return;
  }
  if (peer.polls_output == peer.wire->has_unsent())
    return;
  peer.polls_output = !peer.polls_output;
  watch(EPOLL_CTL_MOD, peer.wire->fd(), peer.polls_output ? EPOLLIN | EPOLLOUT : EPOLLIN, id);
}

void Service::finish(size_t id) {
  Peer &peer = peers_[id];
  if (!peer.wire || !peer.joined)
    return;
  if (!peer.track)
    peer.wire->write(server_frame(1, "{\"msg_type\":8,\"state\":4,\"reason\":6}"));
  peer.wire->write(server_frame(8, "\x03\xe8"));
  flush(id);
}

void Service::end_when_due() {
  if (g_get_monotonic_time() < end_us_)
    return;
  end_us_ = INT64_MAX;
  due_ = {};
  printf("{\"ended_us\":%lld,\"meetings\":[", static_cast<long long>(g_get_monotonic_time()));
  for (size_t id = 0; id < peers_.size(); id++)
    finish(id);
  for (size_t i = 0; i < meetings_.size(); i++) {
    const Meeting &meeting = meetings_[i];
    printf("%s{\"ready_us\":%lld", i ? "," : "", static_cast<long long>(meeting.ready_us));
    for (size_t m = 0; m < kNames.size(); m++)
      printf(",\"%s\":%llu", kNames[m], static_cast<unsigned long long>(meeting.sent[m]));
    printf("}");
  }
  printf("]}\n");
  fflush(stdout);
}

void Service::run() {
  std::array<epoll_event, kEvents> events;
  for (;;) {
    int64_t wait_ms = 100;
    if (!due_.empty())
      wait_ms =
          std::clamp<int64_t>((due_.top().at_us - g_get_monotonic_time() + 999) / 1000, 0, wait_ms);
    const int count = epoll_wait(epoll_, events.data(), kEvents, static_cast<int>(wait_ms));
    for (int i = 0; i < count; i++) {
      const epoll_event &event = events[static_cast<size_t>(i)];
      if (event.data.u64 == SIZE_MAX)
        accept();
      else
        serve(event.data.u64, event.events);
    }
    send_due();
    keep_alive();
    end_when_due();
  }
}

SSL_CTX *make_tls(const char *ca_file) {
  const rtmstest::SelfSigned made = rtmstest::make_self_signed();
  const std::string key_file = std::string(ca_file) + ".key";
  std::ofstream(ca_file) << made.certificate;
  std::ofstream(key_file) << made.key;
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_file(context, ca_file, SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return nullptr;
  return context;
}

}  // namespace

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: bench-service MEETINGS SECONDS SPEAKERS [CA_FILE]\n");
    return 2;
  }
  gst_init(nullptr, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  SSL_CTX *tls = argc > 4 ? make_tls(argv[4]) : nullptr;
  Service service(std::strtoul(argv[1], nullptr, 10), std::atoi(argv[2]),
                  static_cast<unsigned>(std::atoi(argv[3])), tls);
  if ((argc > 4 && !tls) || !service.listen()) {
    fprintf(stderr, "bench-service cannot listen\n");
    return 1;
  }
  service.print_webhooks();
  service.run();
}

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "manymeetings.h"

#include <arpa/inet.h>
#include <glib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "live.h"

namespace rtmscheck {
namespace {

constexpr int64_t kKeepAlive_us = 10 * G_USEC_PER_SEC;
constexpr int kBacklog = 4096, kEvents = 256;

}  // namespace

ManyMeetings::ManyMeetings(size_t meetings, Reel reel, SSL_CTX *tls)
    : tls_(tls), reel_(std::move(reel)), meetings_(meetings) {}

ManyMeetings::~ManyMeetings() {
  for (int fd : {listener_, epoll_})
    if (fd >= 0)
      close(fd);
}

bool ManyMeetings::listen() {
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

std::string ManyMeetings::address(const char *kind, size_t meeting) const {
  return std::string(tls_ ? "wss" : "ws") + "://localhost:" + std::to_string(port_) + "/" + kind +
         "/" + std::to_string(meeting);
}

std::string ManyMeetings::webhook(size_t meeting) const {
  return "{\"event\":\"meeting.rtms_started\",\"event_ts\":" +
         std::to_string(g_get_real_time() / 1000) +
         ",\"payload\":{\"object\":{\"meeting_uuid\":\"bench\",\"rtms_stream_id\":\"" +
         stream_id(meeting) + "\",\"server_urls\":\"" + address("signaling", meeting) + "\"}}}";
}

void ManyMeetings::watch(int operation, int fd, uint32_t events, size_t id) const {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  epoll_ctl(epoll_, operation, fd, &event);
}

void ManyMeetings::accept() {
  for (int fd = -1; (fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
    peers_.emplace_back();
    peers_.back().wire = std::make_unique<Wire>(fd, tls_);
    watch(EPOLL_CTL_ADD, fd, EPOLLIN, peers_.size() - 1);
  }
}

void ManyMeetings::join(Peer *peer, size_t id) {
  const std::string &path = peer->wire->path();
  peer->joined = true;
  peer->meeting = std::strtoul(path.c_str() + path.rfind('/') + 1, nullptr, 10);
  Meeting &meeting = meetings_.at(peer->meeting);
  meeting.peers.insert(id);
  peer->signaling = path.find("signaling") != std::string::npos;
  if (peer->signaling)
    meeting.at_once = std::max(meeting.at_once, ++meeting.signaling);
  for (size_t i = 0; i < kManyNames.size(); i++)
    if (path.find(kManyNames[i]) != std::string::npos) {
      peer->track = &reel_.tracks[i];
      peer->medium = i;
    }
}

void ManyMeetings::message(size_t id, const std::string &text) {
  Peer &peer = peers_[id];
  if (!peer.joined)
    join(&peer, id);
  const auto is = [&](int type) {
    return text.find("\"msg_type\":" + std::to_string(type) + ",") != std::string::npos;
  };
  if (is(1)) {
    std::string urls;
    for (const char *name : kManyNames)
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
void ManyMeetings::ready(size_t index) {
  Meeting &meeting = meetings_[index];
  if (meeting.ready_us)
    return;
  meeting.ready_us = g_get_monotonic_time();
  meeting.start_ms = g_get_real_time() / 1000;
  for (size_t id : meeting.peers)
    if (peers_[id].established)
      schedule(id);
  ready_++;
  last_ready_us_ = meeting.ready_us;
}

void ManyMeetings::schedule(size_t id) {
  const Peer &peer = peers_[id];
  if (!peer.track || peer.track->empty())
    return;
  const int64_t at_ms = peer.round * reel_.length_ms + (*peer.track)[peer.next].due_ms;
  due_.push({meetings_[peer.meeting].ready_us + at_ms * 1000, id});
}

void ManyMeetings::send_due() {
  const int64_t now_us = g_get_monotonic_time();
  while (!due_.empty() && due_.top().at_us <= now_us) {
    const size_t id = due_.top().peer;
    due_.pop();
    if (peers_[id].wire)
      send_next(id);
  }
}

void ManyMeetings::send_next(size_t id) {
  Peer &peer = peers_[id];
  const Message &message = (*peer.track)[peer.next];
  std::string frame = message.frame;
  const int64_t shift_ms =
      meetings_[peer.meeting].start_ms - kStartMs + peer.round * reel_.length_ms;
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

void ManyMeetings::keep_alive() {
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

void ManyMeetings::serve(size_t id, uint32_t events) {
  Peer &peer = peers_[id];
  if (!peer.wire)
    return;
  if (events & EPOLLOUT)
    peer.wire->write_more();
  if (events & ~static_cast<uint32_t>(EPOLLOUT))
    peer.wire->read([this, id](const std::string &text) { message(id, text); });
  flush(id);
}

void ManyMeetings::flush(size_t id) {
  Peer &peer = peers_[id];
  if (peer.wire->is_over()) {
    watch(EPOLL_CTL_DEL, peer.wire->fd(), 0, id);
    peer.wire.reset();
    if (peer.signaling)
      meetings_[peer.meeting].signaling--;
    return;
  }
  if (peer.polls_output == peer.wire->has_unsent())
    return;
  peer.polls_output = !peer.polls_output;
  watch(EPOLL_CTL_MOD, peer.wire->fd(), peer.polls_output ? EPOLLIN | EPOLLOUT : EPOLLIN, id);
}

void ManyMeetings::finish(size_t id) {
  Peer &peer = peers_[id];
  if (!peer.wire || !peer.joined)
    return;
  if (peer.signaling)
    peer.wire->write(server_frame(1, "{\"msg_type\":8,\"state\":4,\"reason\":6}"));
  peer.wire->write(server_frame(8, "\x03\xe8"));
  flush(id);
}

void ManyMeetings::end(size_t meeting) {
  const std::set<size_t> peers = meetings_[meeting].peers;
  for (size_t id : peers)
    finish(id);
}

void ManyMeetings::turn() {
  std::array<epoll_event, kEvents> events;
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
}

}  // namespace rtmscheck

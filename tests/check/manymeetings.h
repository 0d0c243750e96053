// SPDX-License-Identifier: LGPL-2.1-or-later
// A service with many meetings at once, from one thread that costs little. They are in real time,
// each on its own media connections.
#pragma once

#include <array>
#include <queue>
#include <set>
#include <vector>

#include "source.h"
#include "wire.h"

namespace rtmscheck {

inline constexpr std::array<rtmstest::Media, 4> kManyMedia = {
    rtmstest::Media::Audio, rtmstest::Media::Video, rtmstest::Media::Transcript,
    rtmstest::Media::Chat};
inline constexpr std::array<const char *, 4> kManyNames = {"audio", "video", "transcript", "chat"};

class ManyMeetings {
 public:
  // A frame whose times count from the start of the reel.
  struct Message {
    int64_t due_ms;
    std::string frame;
    std::vector<std::pair<size_t, int64_t>> times;  // where, and what
  };
  using Track = std::vector<Message>;
  // Of all meetings, again and again; without any message there are only handshakes and
  // keep-alives.
  struct Reel {
    int64_t length_ms = 0;
    std::array<Track, 4> tracks;
  };
  struct Meeting {
    int64_t ready_us = 0, start_ms = 0;
    std::array<uint64_t, 4> sent{};
    std::set<size_t> peers;
    unsigned signaling = 0, at_once = 0;  // connections now, and at most
  };

  ManyMeetings(size_t meetings, Reel reel, SSL_CTX *tls);
  ~ManyMeetings();
  ManyMeetings(const ManyMeetings &) = delete;
  ManyMeetings &operator=(const ManyMeetings &) = delete;

  bool listen();
  std::string webhook(size_t meeting) const;
  std::string stream_id(size_t meeting) const { return "live-" + std::to_string(meeting); }
  // Does what there is to do, and waits for more, but not long.
  void turn();
  void end(size_t meeting);

  const std::vector<Meeting> &meetings() const { return meetings_; }
  size_t ready() const { return ready_; }
  int64_t last_ready_us() const { return last_ready_us_; }

 private:
  // Signaling has no track.
  struct Peer {
    std::unique_ptr<Wire> wire;
    size_t meeting = 0;
    const Track *track = nullptr;
    size_t medium = 0, next = 0;
    int64_t round = 0;
    bool joined = false, signaling = false, established = false, polls_output = false;
  };
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
  void finish(size_t id);
  void flush(size_t id);
  std::string address(const char *kind, size_t meeting) const;

  SSL_CTX *const tls_;
  const Reel reel_;
  std::vector<Meeting> meetings_;
  std::vector<Peer> peers_;
  std::priority_queue<Due> due_;
  int listener_ = -1, epoll_ = -1;
  uint16_t port_ = 0;
  size_t ready_ = 0;
  int64_t last_ready_us_ = 0, alive_us_ = 0;
};

}  // namespace rtmscheck

// SPDX-License-Identifier: LGPL-2.1-or-later
// A server without manners: it sends any bytes, in frames of its own or in none, when a test says
// so. Each connection has a thread that talks on it.
#pragma once

#include "fixture.h"

#include <atomic>
#include <list>
#include <optional>
#include <thread>

namespace rtmscheck {

// A frame as servers send it. The first byte is FIN, the reserved bits and the opcode.
std::string raw_frame(unsigned first_byte, const std::string &payload);
std::string text_frame(const std::string &json);

class RawServer;

// One connection, used by the thread that talks on it. What fails returns false, or nothing.
class RawPeer {
 public:
  RawPeer(RawServer *server, GSocketConnection *connection);

  // Before the server's `talk` is called. It need not succeed: then the path is empty.
  bool secure(GTlsCertificate *certificate);
  void read_request();
  const std::string &path() const { return path_; }
  std::string accept_key() const;
  bool upgrade();
  bool send(const std::string &bytes);
  bool send_json(const std::string &json) { return send(text_frame(json)); }

  struct Frame {
    unsigned opcode = 0;
    std::string payload;
  };
  std::optional<Frame> receive();
  // Waits for a message of that type, through all others.
  bool expect(int msg_type);
  // Asks for a sign of life: its answer shows that all before it was read.
  bool keep_alive();
  // Waits for the client's close frame. 0: it went without one.
  unsigned close_code();
  // Reads until the client goes, and answers its close frame.
  void linger();

  // Ends the connection as a machine does that knows nothing of it: with RST.
  void reset();

  // The handshakes, as a server that is content with everything.
  bool signaling_handshake();
  bool media_handshake();
  // The client has said that it is ready for media.
  bool wait_ready();

  RawServer &server() const { return *server_; }
  // From any thread.
  void shut_down() const {
    g_socket_shutdown(g_socket_connection_get_socket(connection_.get()), TRUE, TRUE, nullptr);
  }

 private:
  bool fill(size_t size);

  RawServer *server_;
  ObjectPtr<GSocketConnection> connection_;
  ObjectPtr<GIOStream> stream_;  // the connection, or TLS on it
  std::string path_, key_, buffer_;
};

// Listens at /signaling and, where its handshake sends the client, at /media/all.
class RawServer {
 public:
  using Talk = std::function<void(RawPeer &)>;

  // What happens on a connection when its request has come. Empty: handshakes, and silence.
  explicit RawServer(Talk signaling = {}, Talk media = {}, GTlsCertificate *certificate = nullptr);
  ~RawServer();
  RawServer(const RawServer &) = delete;
  RawServer &operator=(const RawServer &) = delete;

  std::string url(const std::string &path) const;
  std::string media_url() const { return url("/media/all"); }
  // What rtmssrc needs to come here; audio alone, and short time limits.
  Setup client() const;

  unsigned accepted() const { return accepted_; }
  std::vector<int64_t> times_us() const;  // of the connections to /media
  // Messages of that type that came on any connection.
  unsigned received(int msg_type) const;
  bool wait_for(const std::function<bool()> &holds);
  // Between two bytes of a server that is slow on purpose. False when the server ends.
  bool pause(int ms);
  // From any thread: something that only the talking thread can see is as it must be.
  void expect(bool holds, const std::string &what);
  // Ends all connections; fails when something was not as expected.
  void finish();

 private:
  friend class RawPeer;

  struct Peer {
    RawPeer peer;
    std::thread thread;
  };
  void accept_all();
  void talk(RawPeer &peer);
  void note(const std::string &message);
  void stop();

  Talk signaling_, media_;
  ObjectPtr<GTlsCertificate> certificate_;
  ObjectPtr<GSocketListener> listener_;
  ObjectPtr<GCancellable> cancellable_;
  uint16_t port_ = 0;
  std::atomic<unsigned> accepted_{0};
  mutable std::mutex mutex_;
  std::condition_variable changed_;  // stopped_, that is
  bool stopped_ = false;
  std::map<int, unsigned> received_;
  std::vector<int64_t> times_us_;
  std::string problems_;
  std::list<Peer> peers_;
  std::thread thread_;
};

// What the process holds of memory, and has used of the processors.
uint64_t resident_bytes();
int64_t cpu_us();

}  // namespace rtmscheck

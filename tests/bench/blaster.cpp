// SPDX-License-Identifier: LGPL-2.1-or-later
// blaster PAYLOAD COUNT [CERT KEY]: a server that sends a stream of messages as fast as the client
// takes them, made beforehand, and nothing else.
// blaster live STREAMS SECONDS: meetings in real time, each with 50 packets of sound and 25
// pictures per second, which begin with the time of their sending. Prints a webhook for each
// stream; ends with the last client (without `live`: serves until it is killed). A client that does
// not speak the protocol gets its media at /media/0?now.
#include "base/glibptr.h"
#include "transport/upgrade.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace rtms;

constexpr size_t kBlock = 8 << 20;
constexpr int64_t kStart_ms = 1738392033000;

constexpr size_t kSound = 640, kPicture = 7500;  // 1.5 Mbit/s

struct Options {
  size_t payload = 640;
  int64_t count = 1000;
  int seconds = 0;  // not 0: live
  ObjectPtr<GTlsCertificate> certificate;
};
Options options;
uint16_t port;

// What its two connections tell each other: ready to receive, and all is sent.
struct Stream {
  std::mutex mutex;
  std::condition_variable changed;
  bool ready = false, sent = false;

  void tell(bool Stream::*what) {
    std::lock_guard<std::mutex> lock(mutex);
    this->*what = true;
    changed.notify_all();
  }
  void wait(bool Stream::*what) {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return this->*what; });
    this->*what = false;
  }
};
std::vector<std::unique_ptr<Stream>> streams;

std::string frame(int opcode, const std::string &payload) {
  std::string text(1, static_cast<char>(0x80 | opcode));
  const size_t size = payload.size();
  const unsigned more = size < 126 ? 0 : size <= 0xffff ? 2 : 8;
  text += static_cast<char>(more == 0 ? size : more == 2 ? 126 : 127);
  for (unsigned i = more; i-- > 0;)
    text += static_cast<char>(size >> (8 * i));
  return text + payload;
}

std::string number(int64_t value) {
  return std::to_string(value);
}

bool is_sound(size_t size) {
  return size < 2000;
}

// A keyframe, or sound.
std::string payload(size_t size) {
  std::string bytes(size, '\0');
  std::minstd_rand random(1);
  for (char &byte : bytes)
    byte = static_cast<char>(1 + random() % 255);
  if (!is_sound(size))
    bytes.replace(0, 6, std::string("\0\0\0\1\x65\x88", 6));
  StringPtr text(g_base64_encode(reinterpret_cast<const guchar *>(bytes.data()), bytes.size()));
  return text.get();
}

std::string media_message(size_t size) {
  return "{\"msg_type\":" + number(is_sound(size) ? 14 : 15) +
         ",\"content\":{\"user_id\":16778240,\"user_name\":\"John Smith\",\"timestamp\":" +
         number(kStart_ms) + ",\"data\":\"" + payload(size) + "\"}}";
}

// A message that is sent again and again, with another time.
class Template {
 public:
  explicit Template(size_t size)
      : text_(frame(1, media_message(size))),
        stamp_(text_.find(number(kStart_ms))),
        // Behind the start code, at a multiple of three bytes.
        clock_(text_.find("\"data\":\"") + 8 + 8) {}

  const std::string &at(int64_t unix_ms) {
    text_.replace(stamp_, 13, number(unix_ms));
    return text_;
  }
  // The time of sending, in µs, as 12 bytes of the payload.
  const std::string &now(int64_t unix_ms) {
    char digits[13];
    g_snprintf(digits, sizeof digits, "%012" G_GINT64_FORMAT, g_get_monotonic_time());
    StringPtr base64(g_base64_encode(reinterpret_cast<guchar *>(digits), 12));
    text_.replace(clock_, 16, base64.get());
    return at(unix_ms);
  }

 private:
  std::string text_;
  size_t stamp_, clock_;
};

class Peer {
 public:
  explicit Peer(GSocketConnection *connection) : stream_(share(G_IO_STREAM(connection))) {
    g_socket_set_option(g_socket_connection_get_socket(connection), IPPROTO_TCP, TCP_NODELAY, TRUE,
                        nullptr);
    if (options.certificate)
      stream_.reset(g_tls_server_connection_new(stream_.get(), options.certificate.get(), nullptr));
    input_.reset(g_data_input_stream_new(g_io_stream_get_input_stream(stream_.get())));
    g_data_input_stream_set_newline_type(input_.get(), G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  }

  // True: the client got media.
  bool serve() {
    if (!upgrade())
      return false;
    const size_t index = std::strtoul(path_.substr(path_.rfind('/') + 1).c_str(), nullptr, 10);
    stream_state_ = streams.at(index).get();
    const bool is_media = path_.rfind("/signaling/", 0) != 0;
    if (is_media)
      media();
    else
      signaling(index);
    // The client closes.
    while (read_frame())
      continue;
    return is_media;
  }

 private:
  bool upgrade();
  void signaling(size_t index);
  void media();
  void send_fast();
  void send_live();
  std::optional<std::string> read_frame();
  std::optional<std::string> wait_type(int type);
  bool write(const std::string &bytes) {
    return g_output_stream_write_all(g_io_stream_get_output_stream(stream_.get()), bytes.data(),
                                     bytes.size(), nullptr, nullptr, nullptr);
  }

  ObjectPtr<GIOStream> stream_;
  ObjectPtr<GDataInputStream> input_;
  std::string path_;
  Stream *stream_state_ = nullptr;
};

bool Peer::upgrade() {
  std::string key;
  for (;;) {
    StringPtr raw(g_data_input_stream_read_line(input_.get(), nullptr, nullptr, nullptr));
    if (!raw)
      return false;
    const std::string line = raw.get();
    if (line.empty())
      break;
    if (line.rfind("GET ", 0) == 0)
      path_ = line.substr(4, line.find(' ', 4) - 4);
    if (g_ascii_strncasecmp(line.c_str(), "Sec-WebSocket-Key:", 18) == 0)
      key = line.substr(line.find_first_not_of(' ', 18));
  }
  return write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      upgrade_accept(key) + "\r\n\r\n");
}

// A client's frames are short.
std::optional<std::string> Peer::read_frame() {
  unsigned char header[8], mask[4];
  auto stream = G_INPUT_STREAM(input_.get());
  auto read = [stream](void *bytes, size_t size) {
    gsize got = 0;
    return g_input_stream_read_all(stream, bytes, size, &got, nullptr, nullptr) && got == size;
  };
  if (!read(header, 2) || (header[0] & 0x0f) == 8)
    return std::nullopt;
  size_t size = header[1] & 0x7f;
  if (size == 126) {
    if (!read(header, 2))
      return std::nullopt;
    size = static_cast<size_t>(header[0] << 8 | header[1]);
  }
  std::string text(size, '\0');
  if (!read(mask, 4) || (size > 0 && !read(&text[0], size)))
    return std::nullopt;
  for (size_t i = 0; i < size; i++)
    text[i] = static_cast<char>(text[i] ^ mask[i % 4]);
  return text;
}

std::optional<std::string> Peer::wait_type(int type) {
  const std::string wanted = "\"msg_type\":" + number(type);
  for (;;) {
    auto text = read_frame();
    if (!text || text->find(wanted + ",") != std::string::npos ||
        text->find(wanted + "}") != std::string::npos)
      return text;
  }
}

void Peer::signaling(size_t index) {
  if (!wait_type(1))
    return;
  const std::string scheme = options.certificate ? "wss" : "ws";
  write(frame(1, "{\"msg_type\":2,\"status_code\":0,\"media_server\":{\"server_urls\":{\"all\":\"" +
                     scheme + "://localhost:" + number(port) + "/media/" +
                     number(static_cast<int64_t>(index)) + "\"}}}"));
  if (!wait_type(7))
    return;
  stream_state_->tell(&Stream::ready);
  stream_state_->wait(&Stream::sent);
  write(frame(1,
              "{\"msg_type\":8,\"state\":4,\"reason\":6,\"timestamp\":" + number(kStart_ms) + "}"));
}

void Peer::media() {
  const bool now = path_.find("?now") != std::string::npos;
  if (!now) {
    if (!wait_type(3) || !write(frame(1, "{\"msg_type\":4,\"status_code\":0}")))
      return;
    stream_state_->wait(&Stream::ready);
  }
  if (options.seconds)
    send_live();
  else
    send_fast();
  if (now)
    write(frame(8, "\x03\xe8"));
  else
    stream_state_->tell(&Stream::sent);
}

void Peer::send_fast() {
  const int64_t step_ms = is_sound(options.payload) ? 20 : 40;
  Template message(options.payload);
  for (int64_t done = 0; done < options.count;) {
    std::string block;
    for (; done < options.count && block.size() < kBlock; done++)
      block += message.at(kStart_ms + done * step_ms);
    if (!write(block))
      return;
  }
}

void Peer::send_live() {
  constexpr int64_t kStep_ms = 20;
  Template sound(kSound), picture(kPicture);
  const int64_t start_us = g_get_monotonic_time();
  for (int64_t at_ms = 0; at_ms < options.seconds * 1000; at_ms += kStep_ms) {
    const int64_t wait_us = start_us + at_ms * 1000 - g_get_monotonic_time();
    if (wait_us > 0)
      g_usleep(static_cast<gulong>(wait_us));
    if (!write(sound.now(kStart_ms + at_ms)))
      return;
    if (at_ms % (2 * kStep_ms) == 0 && !write(picture.now(kStart_ms + at_ms)))
      return;
  }
}

gboolean on_connection(GThreadedSocketService *, GSocketConnection *connection, GObject *,
                       gpointer loop) {
  static std::atomic<unsigned> clients;
  static std::atomic<bool> got_media;
  clients++;
  if (Peer(connection).serve())
    got_media = true;
  if (--clients == 0 && got_media && options.seconds)
    g_main_loop_quit(static_cast<GMainLoop *>(loop));
  return TRUE;
}

}  // namespace

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: blaster PAYLOAD COUNT [CERT KEY] | live STREAMS SECONDS\n");
    return 2;
  }
  const bool live = std::string(argv[1]) == "live";
  streams.resize(live ? std::strtoul(argv[2], nullptr, 10) : 1);
  for (auto &stream : streams)
    stream = std::make_unique<Stream>();
  GError *error = nullptr;
  if (live) {
    options.seconds = argc > 3 ? std::atoi(argv[3]) : 10;
  } else {
    options.payload = std::strtoul(argv[1], nullptr, 10);
    options.count = std::strtoll(argv[2], nullptr, 10);
    if (argc == 5)
      options.certificate.reset(g_tls_certificate_new_from_files(argv[3], argv[4], &error));
  }
  ObjectPtr<GSocketService> service(g_threaded_socket_service_new(-1));
  g_socket_listener_set_backlog(G_SOCKET_LISTENER(service.get()), 1000);
  if (!error)
    port = g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(service.get()), nullptr, &error);
  if (error) {
    fprintf(stderr, "%s\n", error->message);
    return 1;
  }
  MainLoopPtr loop(g_main_loop_new(nullptr, FALSE));
  g_signal_connect(service.get(), "run", G_CALLBACK(on_connection), loop.get());
  for (size_t i = 0; i < streams.size(); i++)
    printf(
        "{\"event\":\"meeting.rtms_started\",\"payload\":{\"object\":{\"meeting_uuid\":\"blaster\","
        "\"rtms_stream_id\":\"blaster-%zu\",\"server_urls\":\"%s://localhost:%u/signaling/"
        "%zu\"}}}\n",
        i, options.certificate ? "wss" : "ws", port, i);
  // In a pipe that is how the reader knows that there are no more.
  fclose(stdout);
  g_main_loop_run(loop.get());
  return 0;
}

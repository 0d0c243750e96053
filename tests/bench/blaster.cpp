// blaster PAYLOAD COUNT [CERT KEY]: a server that sends one stream of messages as fast as the
// client takes them, made beforehand, and nothing else. Prints the webhook; serves until it is
// killed. A client that does not speak the protocol gets its media at /media?now.
#include "transport/upgrade.h"

#include <glibptr.h>

#include <cinttypes>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <random>
#include <string>

namespace {

using namespace rtms;

constexpr size_t kBlock = 8 << 20;
constexpr int64_t kStart_ms = 1738392033000;
constexpr char kStream[] = "blaster";

struct Options {
  size_t payload = 640;
  int64_t count = 1000;
  ObjectPtr<GTlsCertificate> certificate;
  bool audio() const { return payload < 2000; }
  int64_t step_ms() const { return audio() ? 20 : 40; }
};
Options options;
uint16_t port;

// Tells the media connection that the signaling one is ready, and back that all is sent.
std::mutex mutex;
std::condition_variable changed;
bool ready, sent;

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

// A keyframe, or sound.
std::string payload() {
  std::string bytes(options.payload, '\0');
  std::minstd_rand random(1);
  for (char &byte : bytes)
    byte = static_cast<char>(1 + random() % 255);
  if (!options.audio())
    bytes.replace(0, 6, std::string("\0\0\0\1\x65\x88", 6));
  StringPtr text(g_base64_encode(reinterpret_cast<const guchar *>(bytes.data()), bytes.size()));
  return text.get();
}

std::string media_message(const std::string &base64) {
  return "{\"msg_type\":" + number(options.audio() ? 14 : 15) +
         ",\"content\":{\"user_id\":16778240,\"user_name\":\"John Smith\",\"timestamp\":" +
         number(kStart_ms) + ",\"data\":\"" + base64 + "\"}}";
}

class Peer {
 public:
  explicit Peer(GSocketConnection *connection) : stream_(share(G_IO_STREAM(connection))) {
    if (options.certificate)
      stream_.reset(g_tls_server_connection_new(stream_.get(), options.certificate.get(), nullptr));
    input_.reset(g_data_input_stream_new(g_io_stream_get_input_stream(stream_.get())));
    g_data_input_stream_set_newline_type(input_.get(), G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  }

  void serve() {
    if (!upgrade())
      return;
    if (path_ == "/signaling")
      signaling();
    else
      media();
    // The client closes.
    while (read_frame())
      continue;
  }

 private:
  bool upgrade();
  void signaling();
  void media();
  void send_media();
  std::optional<std::string> read_frame();
  std::optional<std::string> wait_type(int type);
  bool write(const std::string &bytes) {
    return g_output_stream_write_all(g_io_stream_get_output_stream(stream_.get()), bytes.data(),
                                     bytes.size(), nullptr, nullptr, nullptr);
  }

  ObjectPtr<GIOStream> stream_;
  ObjectPtr<GDataInputStream> input_;
  std::string path_;
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

void Peer::signaling() {
  if (!wait_type(1))
    return;
  const std::string scheme = options.certificate ? "wss" : "ws";
  write(frame(1, "{\"msg_type\":2,\"status_code\":0,\"media_server\":{\"server_urls\":{\"all\":\"" +
                     scheme + "://localhost:" + number(port) + "/media\"}}}"));
  if (!wait_type(7))
    return;
  std::unique_lock<std::mutex> lock(mutex);
  ready = true;
  changed.notify_all();
  changed.wait(lock, [] { return sent; });
  sent = false;
  write(frame(1,
              "{\"msg_type\":8,\"state\":4,\"reason\":6,\"timestamp\":" + number(kStart_ms) + "}"));
}

void Peer::media() {
  const bool now = path_ == "/media?now";
  if (!now) {
    if (!wait_type(3) || !write(frame(1, "{\"msg_type\":4,\"status_code\":0}")))
      return;
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [] { return ready; });
    ready = false;
  }
  send_media();
  if (now) {
    write(frame(8, "\x03\xe8"));
    return;
  }
  std::lock_guard<std::mutex> lock(mutex);
  sent = true;
  changed.notify_all();
}

void Peer::send_media() {
  const std::string one = frame(1, media_message(payload()));
  const size_t stamp = one.find(number(kStart_ms));
  const int64_t per_block = static_cast<int64_t>(kBlock / one.size()) + 1;
  std::string block;
  for (int64_t i = 0; i < per_block; i++)
    block += one;
  for (int64_t done = 0; done < options.count;) {
    const int64_t messages = std::min(per_block, options.count - done);
    for (int64_t i = 0; i < messages; i++) {
      const std::string time = number(kStart_ms + (done + i) * options.step_ms());
      block.replace(static_cast<size_t>(i) * one.size() + stamp, time.size(), time);
    }
    done += messages;
    if (!write(block.substr(0, static_cast<size_t>(messages) * one.size())))
      return;
  }
}

gboolean on_connection(GThreadedSocketService *, GSocketConnection *connection, GObject *,
                       gpointer) {
  Peer(connection).serve();
  return TRUE;
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 3 && argc != 5) {
    fprintf(stderr, "usage: blaster PAYLOAD COUNT [CERT KEY]\n");
    return 2;
  }
  options.payload = std::strtoul(argv[1], nullptr, 10);
  options.count = std::strtoll(argv[2], nullptr, 10);
  GError *error = nullptr;
  if (argc == 5)
    options.certificate.reset(g_tls_certificate_new_from_files(argv[3], argv[4], &error));
  ObjectPtr<GSocketService> service(g_threaded_socket_service_new(-1));
  if (!error)
    port = g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(service.get()), nullptr, &error);
  if (error) {
    fprintf(stderr, "%s\n", error->message);
    return 1;
  }
  g_signal_connect(service.get(), "run", G_CALLBACK(on_connection), nullptr);
  printf(
      "{\"event\":\"meeting.rtms_started\",\"payload\":{\"object\":{\"meeting_uuid\":\"blaster\","
      "\"rtms_stream_id\":\"%s\",\"server_urls\":\"%s://localhost:%u/signaling\"}}}\n",
      kStream, options.certificate ? "wss" : "ws", port);
  fflush(stdout);
  MainLoopPtr loop(g_main_loop_new(nullptr, FALSE));
  g_main_loop_run(loop.get());
  return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// The raw client's texts, literally from the document, and a started server.
#pragma once

#include "glib_ptr.h"
#include "raw_client.h"
#include "server.h"

#include <json-glib/json-glib.h>
#include "gst_check.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace rtmscheck {

using namespace rtmstest;

// HMAC-SHA256 made once with: printf '%s' 'abc,uuid==,stream-1' | openssl dgst -sha256 -hmac s3cr3t
inline constexpr char kSignature[] =
    "b553166d6b3982457fad44891583e1f4f0727a1ea0ddb291da64b0b57a0fccce";

// The rest of both handshakes' beginning.
inline const std::string kCredentials =
    "\"protocol_version\":1,\"sequence\":7,\"meeting_uuid\":\"uuid==\","
    "\"rtms_stream_id\":\"stream-1\",\"signature\":\"" +
    std::string(kSignature) + "\"";
inline const std::string kHello = "{\"msg_type\":1," + kCredentials + ",\"buffer_data\":false}";
inline const std::string kReady = R"({"msg_type":7,"rtms_stream_id":"stream-1"})";

inline const std::string kAudio =
    R"("audio":{"content_type":2,"sample_rate":1,"channel":1,"codec":1,"data_opt":1,"send_rate":20})";
inline const std::string kVideo =
    R"("video":{"content_type":3,"codec":7,"resolution":2,"fps":25,"data_opt":3})";
inline const std::string kDeskshare =
    R"("deskshare":{"content_type":3,"codec":7,"resolution":2,"fps":15})";
inline const std::string kTranscript =
    R"("transcript":{"content_type":5,"src_language":9,"enable_lid":false})";
inline const std::string kChat = R"("chat":{"content_type":5})";
inline const std::string kAll =
    kAudio + "," + kVideo + "," + kDeskshare + "," + kTranscript + "," + kChat;

inline std::string data_hello(int mask, const std::string &params) {
  return "{\"msg_type\":3," + kCredentials + ",\"media_type\":" + std::to_string(mask) +
         ",\"payload_encryption\":false,\"media_params\":{" + params + "}}";
}

inline std::string audio(int content, int rate, int channel, int codec, int data_opt,
                         int send_rate) {
  char text[160];
  g_snprintf(text, sizeof text,
             "\"audio\":{\"content_type\":%d,\"sample_rate\":%d,\"channel\":%d,\"codec\":%d,"
             "\"data_opt\":%d,\"send_rate\":%d}",
             content, rate, channel, codec, data_opt, send_rate);
  return data_hello(1, text);
}

// The service as it is.
inline Config service_config() {
  Config config;
  config.id = "uuid==";
  config.stream_id = "stream-1";
  config.client_id = "abc";
  config.client_secret = "s3cr3t";
  return config;
}

// The server that the element's suites talk to.
inline Config plain_config() {
  Config config = service_config();
  config.strict = true;
  return config;
}

inline std::string replaced(std::string text, const std::string &from, const std::string &to) {
  auto at = text.find(from);
  ck_assert_msg(at != std::string::npos, "%s is not in %s", from.c_str(), text.c_str());
  return text.replace(at, from.size(), to);
}

inline bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

inline std::string status(int code) {
  return "\"status_code\":" + std::to_string(code);
}

inline bool has_status(const std::string &text, int code) {
  return contains(text + ",", status(code) + ",") || contains(text, status(code) + "}");
}

// A started server, and short names for what is asked of it most.
struct Fixture {
  explicit Fixture(Config config) : server(std::move(config)) {
    std::string error;
    ck_assert_msg(server.start(&error), "%s", error.c_str());
  }
  std::string url(const std::string &path) const {
    return replaced(server.signaling_url(), "signaling", path);
  }
  bool violated(const std::string &start) {
    return server.wait_for(
        [&](const Server &s) {
          auto all = s.violations();
          return std::any_of(all.begin(), all.end(), [&](const std::string &text) {
            return text.compare(0, start.size(), start) == 0;
          });
        },
        kDeadlineMs);
  }
  std::string all_violations() const {
    std::string text;
    for (const std::string &line : server.violations())
      text += line + "\n";
    return text;
  }
  void expect_no_violations() const {
    std::string text = all_violations();
    ck_assert_msg(text.empty(), "%s", text.c_str());
  }
  Server server;
};

// An upgrade request without a client that waits for the answer.
class RawRequest {
 public:
  explicit RawRequest(uint16_t port) {
    constexpr char text[] =
        "GET /signaling HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    ObjectPtr<GSocketClient> client(g_socket_client_new());
    connection_.reset(
        g_socket_client_connect_to_host(client.get(), "127.0.0.1", port, nullptr, nullptr));
    ck_assert(connection_ != nullptr);
    GOutputStream *output = g_io_stream_get_output_stream(G_IO_STREAM(connection_.get()));
    ck_assert(g_output_stream_write_all(output, text, sizeof text - 1, nullptr, nullptr, nullptr));
  }
  bool answered() const {
    GSocket *socket = g_socket_connection_get_socket(connection_.get());
    return g_socket_condition_check(socket, G_IO_IN) != 0;
  }
  // All that came until a text did.
  std::string read_until(const std::string &end) {
    GInputStream *input = g_io_stream_get_input_stream(G_IO_STREAM(connection_.get()));
    g_socket_set_timeout(g_socket_connection_get_socket(connection_.get()), kDeadlineMs / 1000);
    std::string text;
    char byte = 0;
    while (!contains(text, end) && g_input_stream_read(input, &byte, 1, nullptr, nullptr) == 1)
      text += byte;
    return text;
  }

 private:
  ObjectPtr<GSocketConnection> connection_;
};

inline MediaItem item(Media media, int64_t timestamp, const std::string &payload) {
  MediaItem made;
  made.media = media;
  made.timestamp = timestamp;
  made.user_id = 16778240;
  made.user_name = "John Smith";
  made.payload.assign(payload.begin(), payload.end());
  return made;
}

inline std::shared_ptr<ListSource> five_media() {
  auto source = std::make_shared<ListSource>();
  for (Media m : kAllMedia)
    source->add(item(m, 1738392033699, "Hello."));
  return source;
}

}  // namespace rtmscheck

// SPDX-License-Identifier: LGPL-2.1-or-later
// The listening side: HTTP, TLS, upgrades. Lives on the server's thread.
#pragma once

#include "stream.h"

namespace rtmstest {

struct ListenInfo {
  std::string base_url, ca_file, webhook, stream_id;
  uint16_t port = 0;
};

class Service {
 public:
  Service(Config &config, Log &log) : config_(config), log_(log) {}
  ~Service();

  bool listen(ListenInfo *info, std::string *error);
  void shut_down();
  Stream &stream() { return *stream_; }

 private:
  // One URL path: "signaling" or "media/…".
  struct Endpoint {
    Service *service;
    std::string name;
  };
  static void on_request(SoupServer *, SoupServerMessage *message, const char *path, GHashTable *,
                         gpointer data);
  static void on_websocket(SoupServer *, SoupServerMessage *message, const char *path,
                           SoupWebsocketConnection *websocket, gpointer data);
  void add_endpoint(const std::string &name);
  void request(SoupServerMessage *message, const std::string &name);
  void send_informational(SoupServerMessage *message);
  void check_headers(SoupServerMessage *message);
  ObjectPtr<GTlsCertificate> certificate(std::string *error);

  Config &config_;
  Log &log_;
  ObjectPtr<SoupServer> server_;
  std::list<Endpoint> endpoints_;
  std::unique_ptr<Stream> stream_;
  std::string ca_file_;         // to be trusted
  std::string temporary_file_;  // ours, to be removed
};

}  // namespace rtmstest

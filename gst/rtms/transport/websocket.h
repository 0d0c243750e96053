// WebSocket over GIO's streams: its sockets, proxies and TLS; the frames are read here.
#pragma once

#include "../glibptr.h"
#include "transport.h"

#include <cstdint>

namespace rtms {

struct WebSocketOptions {
  std::shared_ptr<GTlsDatabase> tls_database;  // null: the system's
  GTlsCertificateFlags tls_validation_flags = G_TLS_CERTIFICATE_VALIDATE_ALL;
  std::string proxy;  // URI; empty: as the system is set up
  std::string user_agent;
  uint64_t max_message_size = 16 << 20;
};

// Belongs to the thread that created it; its destructor runs that thread's main context until
// nothing of its sockets is left, which takes no more than a moment.
class WebSocketFactory : public TransportFactory {
 public:
  explicit WebSocketFactory(WebSocketOptions options);
  ~WebSocketFactory() override;
  std::unique_ptr<Transport> create(TransportListener *listener) override;

 private:
  std::shared_ptr<const WebSocketOptions> options_;
  std::shared_ptr<unsigned> pending_;  // asynchronous operations that have not completed
};

}  // namespace rtms

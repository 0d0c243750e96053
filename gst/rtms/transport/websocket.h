// WebSocket by libsoup.
#pragma once

#include "../glibptr.h"
#include "transport.h"

#include <libsoup/soup.h>
#include <atomic>
#include <cstdint>
#include <functional>

namespace rtms {

struct WebSocketOptions {
  std::shared_ptr<GTlsDatabase> tls_database;  // null: the system's
  GTlsCertificateFlags tls_validation_flags = G_TLS_CERTIFICATE_VALIDATE_ALL;
  std::string proxy;  // URI; empty: as the system is set up
  std::string user_agent;
  uint64_t max_message_size = 16 << 20;
  // Set on another thread: the next message ends its connection. libsoup hands on messages for as
  // long as there are any, and nothing else runs on the thread meanwhile.
  std::shared_ptr<const std::atomic<bool>> interrupt;
};

// Creates WebSockets that share one SoupSession. Belongs to the thread that created it; its
// destructor runs that thread's main context until nothing of its sockets is left, which takes no
// more than a moment.
class WebSocketFactory : public TransportFactory {
 public:
  explicit WebSocketFactory(WebSocketOptions options);
  ~WebSocketFactory() override;
  std::unique_ptr<Transport> create(TransportListener *listener) override;

 private:
  std::shared_ptr<WebSocketOptions> options_;
  ObjectPtr<SoupSession> session_;
  std::shared_ptr<unsigned> pending_;  // asynchronous operations that have not completed
};

}  // namespace rtms

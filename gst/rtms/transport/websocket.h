// SPDX-License-Identifier: LGPL-2.1-or-later
// WebSocket over GIO's sockets, proxies and TLS.
#pragma once

#include "base/glibptr.h"
#include "base/permit.h"
#include "transport.h"

#include <cstdint>

namespace rtms {

struct WebSocketOptions {
  std::shared_ptr<GTlsDatabase> tls_database;  // null: the system's
  GTlsCertificateFlags tls_validation_flags = G_TLS_CERTIFICATE_VALIDATE_ALL;
  std::string proxy;  // URI; empty: the system's proxy settings
  std::string user_agent;
  uint64_t max_message_size = 16 << 20;
  unsigned round_ms = 0;                 // between reads, after the first second; see SocketWatch
  std::shared_ptr<const Permit> permit;  // null: no limit. When it is over, no byte is sent
};

class WebSocketFactory : public TransportFactory {
 public:
  // `operations` counts pending asynchronous operations: they may outlive the factory and its
  // sockets for a moment, on the thread's main context.
  WebSocketFactory(WebSocketOptions options, std::shared_ptr<unsigned> operations);
  std::unique_ptr<Transport> create(TransportListener *listener) override;

 private:
  std::shared_ptr<const WebSocketOptions> options_;
  std::shared_ptr<unsigned> operations_;
};

}  // namespace rtms

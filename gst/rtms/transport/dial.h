// SPDX-License-Identifier: LGPL-2.1-or-later
// Opens the byte stream for a URL: name resolution, proxy, TCP, TLS.
#pragma once

#include "base/glibptr.h"
#include "websocket.h"

#include <functional>

namespace rtms {

class Dial {
 public:
  struct Result {
    ObjectPtr<GIOStream> stream;  // null after a failure
    ObjectPtr<GSocket> socket;
    TransportClose failure;
  };
  using Done = std::function<void(Result)>;

  // `operations` counts the GIO operations that may outlive this object.
  Dial(std::shared_ptr<const WebSocketOptions> options, std::shared_ptr<unsigned> operations)
      : options_(std::move(options)), operations_(std::move(operations)) {}
  // Cancels the operation.
  ~Dial();
  Dial(const Dial &) = delete;
  Dial &operator=(const Dial &) = delete;

  // `done` may destroy this object. It is never called before start() has returned.
  void start(GUri *uri, Done done);

 private:
  // Outlives the Dial if that is destroyed during a GIO operation.
  struct Operation {
    Dial *self;
    std::shared_ptr<unsigned> operations;
  };

  Operation *begin();
  static Dial *end(gpointer data);
  void connected(GAsyncResult *result);
  void start_tls();
  void secured(GAsyncResult *result);
  void verify(GTlsCertificate *certificate);
  void fail(const GError *error);
  void finish(Result result);
  static gboolean accept_certificate(GTlsConnection *, GTlsCertificate *,
                                     GTlsCertificateFlags errors, Dial *self);

  std::shared_ptr<const WebSocketOptions> options_;
  std::shared_ptr<unsigned> operations_;
  Done done_;
  bool secure_ = false;
  ObjectPtr<GSocketConnectable> address_;
  ObjectPtr<GSocketClient> client_;
  ObjectPtr<GCancellable> cancellable_;
  ObjectPtr<GIOStream> stream_;
  ObjectPtr<GSocket> socket_;
  Operation *operation_ = nullptr;
  GTlsCertificateFlags tls_errors_ = G_TLS_CERTIFICATE_NO_FLAGS;
  bool verified_ = false;  // accept_certificate() accepted the certificate
};

// Classifies an error of GIO.
TransportClose close_of(const GError *error);

}  // namespace rtms

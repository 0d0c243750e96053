// SPDX-License-Identifier: LGPL-2.1-or-later
// From a URL to a stream that can be read: name, proxy, TCP, TLS.
#pragma once

#include "base/glibptr.h"
#include "websocket.h"

#include <functional>

namespace rtms {

class Dial {
 public:
  struct Result {
    ObjectPtr<GIOStream> stream;  // null when it failed
    ObjectPtr<GSocket> socket;
    TransportClose failure;
  };
  using Done = std::function<void(Result)>;

  // `operations` counts those that run on, for a while, when this is destroyed.
  Dial(std::shared_ptr<const WebSocketOptions> options, std::shared_ptr<unsigned> operations)
      : options_(std::move(options)), operations_(std::move(operations)) {}
  // Cancels.
  ~Dial();
  Dial(const Dial &) = delete;
  Dial &operator=(const Dial &) = delete;

  // `done` may destroy this; it is never called before start() has returned.
  void start(GUri *uri, Done done);

 private:
  // Outlives the Dial when that is destroyed while GIO still works.
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
  bool verified_ = false;  // the certificate, by accept_certificate()
};

// What kind of end an error of GIO's is.
TransportClose close_of(const GError *error);

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "serverprobe.h"

#include <utility>

namespace rtms::recorder {
namespace {

constexpr unsigned kPatience_s = 1;
constexpr guint16 kPort = 4222;

}  // namespace

struct ServerProbe::Round {
  ObjectPtr<GCancellable> cancel;
  ObjectPtr<GSocketClient> client{g_socket_client_new()};
  std::function<void(bool)> done;
  unsigned pending = 0, refused = 0;
  bool other = false;

  // Each pending operation holds a reference.
  using Share = std::shared_ptr<Round>;
  static gpointer keep(const Share &round) {
    round->pending++;
    return new Share(round);
  }
  static Share take(gpointer data) {
    const std::unique_ptr<Share> owned(static_cast<Share *>(data));
    (*owned)->pending--;
    return *owned;
  }

  void finish() {
    if (pending == 0 && done && !g_cancellable_is_cancelled(cancel.get()))
      std::exchange(done, nullptr)(!other && refused > 0);
  }

  static void next(const Share &round, GSocketAddressEnumerator *addresses) {
    g_socket_address_enumerator_next_async(addresses, round->cancel.get(), on_address, keep(round));
  }
  static void on_address(GObject *source, GAsyncResult *result, gpointer data) {
    const Share round = take(data);
    auto addresses = G_SOCKET_ADDRESS_ENUMERATOR(source);
    GError *raw_error = nullptr;
    ObjectPtr<GSocketAddress> address(
        g_socket_address_enumerator_next_finish(addresses, result, &raw_error));
    const ErrorPtr error(raw_error);
    round->other |= error != nullptr;
    if (address) {
      g_socket_client_connect_async(round->client.get(), G_SOCKET_CONNECTABLE(address.get()),
                                    round->cancel.get(), on_connect, keep(round));
      next(round, addresses);
    }
    round->finish();
  }
  static void on_connect(GObject *source, GAsyncResult *result, gpointer data) {
    const Share round = take(data);
    GError *raw_error = nullptr;
    ObjectPtr<GSocketConnection> connection(
        g_socket_client_connect_finish(G_SOCKET_CLIENT(source), result, &raw_error));
    const ErrorPtr error(raw_error);
    if (g_error_matches(error.get(), G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
      round->refused++;
    else
      round->other = true;
    round->finish();
  }
};

void ServerProbe::start(const std::vector<std::string> &urls,
                        std::function<void(bool all_refuse)> done) {
  g_cancellable_cancel(cancel_.get());
  if (round_ && round_->done)
    std::exchange(round_->done, nullptr)(false);
  cancel_.reset(g_cancellable_new());
  const auto round = round_ = std::make_shared<Round>();
  round->cancel = share(cancel_.get());
  round->done = std::move(done);
  g_socket_client_set_timeout(round->client.get(), kPatience_s);
  g_socket_client_set_enable_proxy(round->client.get(), FALSE);
  for (const std::string &url : urls) {
    GError *raw_error = nullptr;
    ObjectPtr<GSocketConnectable> where(
        g_network_address_parse_uri(url.c_str(), kPort, &raw_error));
    const ErrorPtr error(raw_error);
    round->other |= error != nullptr;
    if (!where)
      continue;
    ObjectPtr<GSocketAddressEnumerator> addresses(g_socket_connectable_enumerate(where.get()));
    Round::next(round, addresses.get());
  }
}

}  // namespace rtms::recorder

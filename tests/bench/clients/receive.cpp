// SPDX-License-Identifier: LGPL-2.1-or-later
// The floor of our transport: the same reads from the same stream, frames cut, and nothing done
// with them. receive URL [CA]
#include "transport/websocket.h"

#include <cinttypes>
#include <cstdio>

namespace {

using namespace rtms;

class Receiver : public TransportListener {
 public:
  explicit Receiver(GMainLoop *loop) : loop_(loop) {}
  void transport_opened() override {}
  void transport_message(std::string_view text) override {
    messages++;
    bytes += text.size();
  }
  void transport_closed(const TransportClose &) override { g_main_loop_quit(loop_); }

  uint64_t messages = 0, bytes = 0;

 private:
  GMainLoop *loop_;
};

}  // namespace

int main(int argc, char **argv) {
  if (argc < 2)
    return 2;
  MainLoopPtr loop(g_main_loop_new(nullptr, FALSE));
  WebSocketOptions options;
  if (argc > 2)
    options.tls_database.reset(g_tls_file_database_new(argv[2], nullptr), g_object_unref);
  WebSocketFactory factory(options, std::make_shared<unsigned>(0));
  Receiver receiver(loop.get());
  auto transport = factory.create(&receiver);
  transport->open(argv[1], {});
  g_main_loop_run(loop.get());
  printf("%" PRIu64 " %" PRIu64 " 0\n", receiver.messages, receiver.bytes);
  return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// libsoup's WebSocket alone: receives, and throws away. soup URL [CA]
#include <libsoup/soup.h>

#include <cinttypes>
#include <cstdio>

namespace {

struct State {
  GMainLoop *loop;
  uint64_t messages = 0, bytes = 0;
};

void on_message(SoupWebsocketConnection *, int, GBytes *message, gpointer data) {
  auto state = static_cast<State *>(data);
  state->messages++;
  state->bytes += g_bytes_get_size(message);
}

void on_closed(SoupWebsocketConnection *, gpointer data) {
  g_main_loop_quit(static_cast<State *>(data)->loop);
}

void on_connected(GObject *session, GAsyncResult *result, gpointer data) {
  SoupWebsocketConnection *connection =
      soup_session_websocket_connect_finish(SOUP_SESSION(session), result, nullptr);
  if (!connection)
    return on_closed(nullptr, data);
  soup_websocket_connection_set_max_incoming_payload_size(connection, 0);
  g_signal_connect(connection, "message", G_CALLBACK(on_message), data);
  g_signal_connect(connection, "closed", G_CALLBACK(on_closed), data);
}

}  // namespace

int main(int argc, char **argv) {
  if (argc < 2)
    return 2;
  State state{g_main_loop_new(nullptr, FALSE)};
  SoupSession *session = soup_session_new();
  if (argc > 2) {
    GTlsDatabase *database = g_tls_file_database_new(argv[2], nullptr);
    soup_session_set_tls_database(session, database);
    g_object_unref(database);
  }
  SoupMessage *message = soup_message_new("GET", argv[1]);
  soup_session_websocket_connect_async(session, message, nullptr, nullptr, G_PRIORITY_DEFAULT,
                                       nullptr, on_connected, &state);
  g_main_loop_run(state.loop);
  printf("%" PRIu64 " %" PRIu64 " 0\n", state.messages, state.bytes);
  return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "outbox.h"

#include "randomkey.h"

namespace rtms {
namespace {

// The limit of unsent bytes, for a peer that stops reading.
constexpr size_t kMaxUnsent = 1 << 20;

}  // namespace

void Outbox::open(GIOStream *stream, ObjectPtr<GSocket> socket) {
  output_ = G_POLLABLE_OUTPUT_STREAM(g_io_stream_get_output_stream(stream));
  socket_ = std::move(socket);
}

void Outbox::stop() {
  writable_.reset();
  socket_.reset();
}

void Outbox::write_frame(Opcode opcode, std::string_view payload) {
  write(masked(opcode, payload));
}

void Outbox::write_pong(std::string_view payload) {
  if (unsent_.empty())
    write_frame(Opcode::Pong, payload);
  else
    pong_ = std::string(payload);
}

// Returns an empty frame if there is no mask; shutting down the socket then ends the connection.
std::string Outbox::masked(Opcode opcode, std::string_view payload) {
  const auto mask = random_mask();
  if (mask)
    return client_frame(opcode, payload, *mask);
  g_socket_shutdown(socket_.get(), TRUE, TRUE, nullptr);
  return {};
}

void Outbox::write(std::string_view bytes) {
  if (unsent_.size() + bytes.size() > kMaxUnsent) {
    g_socket_shutdown(socket_.get(), TRUE, TRUE, nullptr);
    return;
  }
  unsent_ += bytes;
  if (!writable_)
    write_more();
}

void Outbox::write_more() {
  if (permit_ && permit_->is_over()) {
    unsent_.clear();
    writable_.reset();
    return;
  }
  gssize count = 0;
  GError *raw_error = nullptr;
  while (!unsent_.empty() &&
         (count = g_pollable_output_stream_write_nonblocking(
              output_, unsent_.data(), unsent_.size(), nullptr, &raw_error)) > 0) {
    unsent_.erase(0, static_cast<size_t>(count));
    if (unsent_.empty() && pong_) {
      unsent_ = masked(Opcode::Pong, *pong_);
      pong_.reset();
    }
  }
  ErrorPtr error(raw_error);
  if (g_error_matches(error.get(), G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
    if (writable_)
      return;
    writable_.reset(g_pollable_output_stream_create_source(output_, nullptr));
    const GPollableSourceFunc go_on = [](GObject *, gpointer self) -> gboolean {
      static_cast<Outbox *>(self)->write_more();
      return G_SOURCE_CONTINUE;
    };
    g_source_set_callback(writable_.get(), G_SOURCE_FUNC(go_on), this, nullptr);
    g_source_attach(writable_.get(), g_main_context_get_thread_default());
    return;
  }
  unsent_.clear();
  writable_.reset();
}

}  // namespace rtms

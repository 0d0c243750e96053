// SPDX-License-Identifier: LGPL-2.1-or-later
// What a client writes to its WebSocket: bytes that the system does not take at once wait here.
#pragma once

#include "base/glibptr.h"
#include "base/permit.h"
#include "frames.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rtms {

// The sender gets no error: a connection that cannot be written is shut down, and the reading side
// reports its end, behind the bytes that were received before.
class Outbox {
 public:
  // When the permit is over, no byte is sent. Null: no limit.
  explicit Outbox(std::shared_ptr<const Permit> permit) : permit_(std::move(permit)) {}

  void open(GIOStream *stream, ObjectPtr<GSocket> socket);
  void stop();

  void write(std::string_view bytes);
  void write_frame(Opcode opcode, std::string_view payload);
  // While bytes wait, only the newest pong is kept.
  void write_pong(std::string_view payload);

 private:
  std::string masked(Opcode opcode, std::string_view payload);
  void write_more();

  const std::shared_ptr<const Permit> permit_;
  ObjectPtr<GSocket> socket_;
  GPollableOutputStream *output_ = nullptr;  // the stream's
  std::string unsent_;
  std::optional<std::string> pong_;
  AttachedSource writable_;
};

}  // namespace rtms

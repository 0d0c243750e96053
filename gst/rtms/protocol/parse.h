// SPDX-License-Identifier: LGPL-2.1-or-later
// Bytes → typed message. Never throws, never trusts.
#pragma once

#include "types.h"

#include <memory>

namespace rtms {

class Parser {
 public:
  Parser();
  ~Parser();
  Parser(const Parser &) = delete;
  Parser &operator=(const Parser &) = delete;

  // What `parse_padded` reads after the text.
  static constexpr size_t kPadding = 64;

  // One message, from a text or a binary frame. What cannot be understood is a ParseError, a
  // msg_type that is not for a client an UnknownMessage. Views in the result live until the next
  // call.
  Message parse(std::string_view text);
  // Without a copy of the text: views may be of it.
  Message parse_padded(std::string_view text);
  // Gives back the memory of a large message, and what views in its result are of.
  void release_outsized();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rtms

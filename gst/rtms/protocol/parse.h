// SPDX-License-Identifier: LGPL-2.1-or-later
// Bytes → typed message. Never throws; trusts no input.
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

  // Bytes after the text that `parse_padded` reads.
  static constexpr size_t kPadding = 64;

  // Parses one text or binary frame. Invalid input yields a ParseError, a msg_type that no client
  // receives an UnknownMessage. Views in the result are valid until the next call.
  Message parse(std::string_view text);
  // Parses without a copy: views may point into the text.
  Message parse_padded(std::string_view text);
  // Frees the memory of a large message. Invalidates the views in its result.
  void release_outsized();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// Access control of the admin port.
#pragma once

#include "attempts.h"
#include "http/httpconnection.h"
#include "protocol/signature.h"

#include <optional>
#include <string>
#include <vector>

namespace rtms::recorder {

class Access {
 public:
  // `hosts`: names for the port, besides localhost and addresses. Without a token everybody has
  // access.
  Access(std::vector<std::string> hosts, Secret token);

  // Returns the refusal of a request; nothing if it may be answered. `from` is the client's
  // address_group().
  std::optional<HttpAnswer> refuse(const HttpHead &head, const std::string &from, bool needs_token,
                                   int64_t now_us);

 private:
  bool knows(const std::string &host) const;
  bool is_token(const std::string &guess) const;

  const std::vector<std::string> hosts_;
  const Secret token_;
  Attempts attempts_;
};

// Returns a plain-text answer with a status other than 200.
HttpAnswer refusal_page(unsigned status, const std::string &text);

}  // namespace rtms::recorder

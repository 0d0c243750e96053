// SPDX-License-Identifier: LGPL-2.1-or-later
// Who may see the admin port's pages.
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
  // `hosts`: names by which the port may be called, besides localhost and addresses. An empty token
  // lets everybody in.
  Access(std::vector<std::string> hosts, Secret token);

  // The refusal of a request that must not be answered. Of addresses that share `from`, see
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

// A text for whoever reads an answer of another status than 200.
HttpAnswer refusal_page(unsigned status, const std::string &text);

}  // namespace rtms::recorder

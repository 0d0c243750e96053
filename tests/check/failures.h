// SPDX-License-Identifier: LGPL-2.1-or-later
// What the suites about errors share: what is expected of an error, and how to get one.
#pragma once

#include "fixture.h"

namespace rtmscheck {

// The element's `timeout` where it is to be seen.
inline const unsigned kTimeoutMs = 400 * static_cast<unsigned>(slowness());

// What is expected of an error: one of the codes, and words that its text must hold, with any of
// the alternatives "a|b" standing for each.
struct Expected {
  GQuark domain;
  std::vector<int> codes;  // empty: any
  std::vector<std::string> words;
};

Expected resource(std::vector<int> codes, std::vector<std::string> words);
Setup with(const std::string &name, const std::string &value);

void check_failure(const std::string &what, const Failure &failure, const Expected &expected);
// An error that comes while connecting, at the first try; to a server, of which no connection may
// be left.
void check_error(const std::string &what, Player &player, const Expected &expected);
void check_server_error(const std::string &what, const Config &config, const Expected &expected,
                        const Setup &setup = {});

}  // namespace rtmscheck

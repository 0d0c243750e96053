// SPDX-License-Identifier: LGPL-2.1-or-later
// A certificate for loopback.
#pragma once

#include <string>

namespace rtmstest {

struct SelfSigned {
  std::string certificate, key;  // PEM
  std::string error;             // not empty: it failed
};
// For localhost, 127.0.0.1 and ::1; signs itself, so it is also the CA to trust.
SelfSigned make_self_signed();

// Writes a new file under the temporary directory that belongs to this user alone; returns its
// name.
std::string write_temporary(const std::string &text, std::string *error);

}  // namespace rtmstest

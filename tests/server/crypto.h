// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

namespace rtmstest {

std::string hmac_sha256_hex(std::string_view key, std::string_view text);
std::string signature(std::string_view client_id, std::string_view id, std::string_view stream_id,
                      std::string_view secret);
bool equal_constant_time(std::string_view a, std::string_view b);
std::string random_hex(unsigned bytes);

}  // namespace rtmstest

// SPDX-License-Identifier: LGPL-2.1-or-later
// The value of --cluster.
#pragma once

#include <string>
#include <vector>

namespace rtms::recorder {

std::vector<std::string> cluster_urls(const std::string &joined);
// Returns what is wrong with one of the URLs; empty if all are valid.
std::string cluster_problem(const std::vector<std::string> &urls);

}  // namespace rtms::recorder

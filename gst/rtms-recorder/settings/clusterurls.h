// SPDX-License-Identifier: LGPL-2.1-or-later
// The value of --cluster.
#pragma once

#include <string>
#include <vector>

namespace rtms::recorder {

std::vector<std::string> cluster_urls(const std::string &joined);
// What is wrong with one of them, or nothing.
std::string cluster_problem(const std::vector<std::string> &urls);

}  // namespace rtms::recorder

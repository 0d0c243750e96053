// SPDX-License-Identifier: LGPL-2.1-or-later
// What the HTTP port tells of the recorder: /healthz and /metrics.
#pragma once

#include "recorder.h"

#include <map>
#include <optional>

namespace rtms::recorder {

// How many requests got which HTTP status, see WebhookListener.
using Requests = std::map<unsigned, uint64_t>;

std::optional<WebhookPage> page(const Recorder &recorder, const Requests &requests,
                                std::string_view path);

// Prometheus' text format.
std::string metrics(const Recorder &recorder, const Requests &requests,
                    const std::vector<Status> &running);

// A label's value: escaped, valid UTF-8, of bounded length.
std::string label(const std::string &value);

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// What the HTTP port tells of the recorder: /healthz and /metrics.
#pragma once

#include "common/metrics.h"
#include "recorder.h"
#include "sharing.h"

#include <map>
#include <optional>

namespace rtms::recorder {

// How many requests got which HTTP status, see WebhookListener.
using Requests = std::map<unsigned, uint64_t>;

// `sharing` is null where there is no cluster.
std::optional<WebhookPage> page(const Recorder &recorder, const Sharing *sharing,
                                const Requests &requests, std::string_view path);

// Prometheus' text format.
std::string metrics(const Recorder &recorder, const Sharing *sharing, const Requests &requests,
                    const std::vector<Status> &running);

// Why the recorder takes no streams now, or nothing.
std::string sick(const Recorder &recorder, const Sharing *sharing);

}  // namespace rtms::recorder

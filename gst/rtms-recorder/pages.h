// SPDX-License-Identifier: LGPL-2.1-or-later
// The pages /healthz and /metrics.
#pragma once

#include "common/metrics.h"
#include "recorder.h"
#include "sharing.h"

#include <map>
#include <optional>

namespace rtms::recorder {

// Number of requests by HTTP status, see WebhookListener.
using Requests = std::map<unsigned, uint64_t>;

// `sharing` is null without a cluster.
std::optional<WebhookPage> page(const Recorder &recorder, const Sharing *sharing,
                                const Requests &requests, std::string_view path);

// Returns the metrics in Prometheus' text format.
std::string metrics(const Recorder &recorder, const Sharing *sharing, const Requests &requests,
                    const std::vector<Status> &running);

// Why the recorder takes no streams now, or empty.
std::string sick(const Recorder &recorder, const Sharing *sharing);

}  // namespace rtms::recorder

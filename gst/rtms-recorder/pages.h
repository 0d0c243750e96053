// SPDX-License-Identifier: LGPL-2.1-or-later
// The pages /healthz and /metrics.
#pragma once

#include "common/metrics.h"
#include "recorder.h"
#include "sharing.h"

#include <functional>
#include <map>
#include <optional>

namespace rtms::recorder {

// Number of requests by HTTP status, see WebhookListener.
using Requests = std::map<unsigned, uint64_t>;

// Anybody can ask for a page: making them takes a twentieth of the thread at most. One that is
// asked for sooner is the last one.
class Pages {
 public:
  // `sharing` is null without a cluster.
  std::optional<WebhookPage> get(const Recorder &recorder, const Sharing *sharing,
                                 const Requests &requests, std::string_view path);

 private:
  struct Made {
    std::optional<WebhookPage> page;
    int64_t until_us = 0;  // monotonic
  };
  std::map<std::string, Made, std::less<>> made_;
};

// Returns the metrics in Prometheus' text format.
std::string metrics(const Recorder &recorder, const Sharing *sharing, const Requests &requests,
                    const std::vector<Status> &running);

// Why the recorder takes no streams now, or empty.
std::string sick(const Recorder &recorder, const Sharing *sharing);

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// What the HTTP port tells of the recorder: /healthz and /metrics.
#pragma once

#include "recorder.h"

#include <optional>

namespace rtms::recorder {

std::optional<WebhookPage> page(const Recorder &recorder, std::string_view path);

// Prometheus' text format.
std::string metrics(const Recorder &recorder);

// A label's value: escaped, valid UTF-8, of bounded length.
std::string label(const std::string &value);

}  // namespace rtms::recorder

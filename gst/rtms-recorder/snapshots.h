// SPDX-License-Identifier: LGPL-2.1-or-later
// The recorder's state, for its admin port.
#pragma once

#include "admin/snapshot.h"
#include "pages.h"

namespace rtms::recorder {

// `sharing` is null without a cluster.
Snapshot snapshot_of(const Recorder &recorder, const Sharing *sharing, const Requests &requests);

}  // namespace rtms::recorder

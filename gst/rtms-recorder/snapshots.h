// SPDX-License-Identifier: LGPL-2.1-or-later
// What the recorder is doing, for its admin port.
#pragma once

#include "admin/snapshot.h"
#include "pages.h"

namespace rtms::recorder {

// `sharing` is null where there is no cluster.
Snapshot snapshot_of(const Recorder &recorder, const Sharing *sharing, const Requests &requests);

}  // namespace rtms::recorder

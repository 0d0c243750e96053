// SPDX-License-Identifier: LGPL-2.1-or-later
// The bucket in JetStream that holds the cluster's records and webhooks.
#pragma once

#include <nats/nats.h>
#include <string>

namespace rtms::recorder {

// Makes the bucket if it is missing, with as many replicas as there are servers, three at most.
// Waits for answers of the server.
natsStatus make_nats_bucket(jsCtx *js, const std::string &bucket, int servers);

}  // namespace rtms::recorder

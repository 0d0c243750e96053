// SPDX-License-Identifier: LGPL-2.1-or-later
#include "natsbucket.h"

#include <algorithm>

namespace rtms::recorder {
namespace {

constexpr int64_t kSecond_ns = 1000 * 1000 * 1000;
// The age at which records and webhooks expire.
constexpr int64_t kKept_ns = 3600 * kSecond_ns;
// Revisions kept per key: see Fold.
constexpr uint8_t kHistory = 64;
constexpr int kMostReplicas = 3;

// The bucket may have been made when there were fewer servers. Servers that are no cluster refuse.
void add_replicas(jsCtx *js, const std::string &bucket, int wanted) {
  const std::string stream = "KV_" + bucket;
  jsStreamInfo *info = nullptr, *updated = nullptr;
  const natsStatus status = js_GetStreamInfo(&info, js, stream.c_str(), nullptr, nullptr);
  if (status == NATS_OK && info->Config->Replicas < wanted) {
    info->Config->Replicas = wanted;
    js_UpdateStream(&updated, js, info->Config, nullptr, nullptr);
  }
  jsStreamInfo_Destroy(updated);
  jsStreamInfo_Destroy(info);
}

}  // namespace

natsStatus make_nats_bucket(jsCtx *js, const std::string &bucket, int servers) {
  const int replicas = std::min(servers, kMostReplicas);
  kvStore *store = nullptr;
  natsStatus status = js_KeyValue(&store, js, bucket.c_str());
  if (status == NATS_NOT_FOUND) {
    kvConfig config;
    kvConfig_Init(&config);
    config.Bucket = bucket.c_str();
    config.Description = "leases and claims of rtms-recorder, and webhooks";
    config.History = kHistory;
    config.TTL = kKept_ns;
    config.StorageType = js_FileStorage;
    config.Replicas = replicas;
    status = js_CreateKeyValue(&store, js, &config);
  } else if (status == NATS_OK) {
    add_replicas(js, bucket, replicas);
  }
  kvStore_Destroy(store);
  return status;
}

}  // namespace rtms::recorder

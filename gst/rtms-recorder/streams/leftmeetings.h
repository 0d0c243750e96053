// SPDX-License-Identifier: LGPL-2.1-or-later
// Meetings that an earlier or another recorder has left, and the webhooks that arrive before these
// are known. No method blocks on the disk.
#pragma once

#include "common/log.h"
#include "disk/keeping.h"
#include "disk/seenrequests.h"
#include "streamhistory.h"
#include "webhook/listener.h"

#include <functional>
#include <string>
#include <vector>

namespace rtms::recorder {

class LeftMeetings {
 public:
  using Found = std::function<void(FoundMeeting)>;
  using Held = std::function<void(const WebhookNotice &)>;

  LeftMeetings(const std::string &output, Keeping *keeping, const StreamHistory *history, Log *log);

  // Is called at the start: calls `found` for each meeting that the service may still keep, then
  // `held` for each webhook that was held.
  void read(Found found, Held held);
  // The same for a recorder of a cluster, which distributes streams, and knows all webhooks.
  void read_all(Found found);
  // Keeps a webhook for read(). Returns false if it can be handled now.
  bool hold(const WebhookNotice &notice);
  // Whether no earlier recorder has acted on this request.
  bool is_new(const Webhook &hook) { return seen_.add(hook.request); }
  // Is called each second, and finds what other recorders have left meanwhile.
  void look(const Found &found);
  bool busy() const { return state_ == State::Reading || seen_.busy(); }

 private:
  enum class State { Unread, Reading, Read };

  void pass(FoundMeeting found, const Found &to);

  Keeping *const keeping_;
  const StreamHistory *const history_;
  Log *const log_;
  SeenRequests seen_;
  State state_ = State::Unread;
  std::vector<WebhookNotice> held_;
};

}  // namespace rtms::recorder

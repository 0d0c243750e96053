// SPDX-License-Identifier: LGPL-2.1-or-later
#include "contact_center.h"

#include "json.h"

namespace rtmstest {

EventItem contact_center_event(int type, const std::string &channel, const std::string &name,
                               int64_t timestamp, bool misspelt) {
  Members who;
  who.str("channel_id", channel)
      .num("participant_mode", 1)
      .str("display_name", name)
      .str("user_id", "user-" + channel);
  Members event;
  event.num("event_ts", timestamp)
      .raw(misspelt ? "paticipant_info" : "participant_info", who.object());
  return {type, event.text(), timestamp};
}

}  // namespace rtmstest

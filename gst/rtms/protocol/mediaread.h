// SPDX-License-Identifier: LGPL-2.1-or-later
// A media message as a JSON document → MediaData. Private to this room.
#pragma once

#include "json_read.h"
#include "types.h"

#include <string>

namespace rtms {

class MediaReader {
 public:
  // Views in the result are of the document or of this reader: they live until the next call.
  Message read(Media media, JsonObject object);
  // Gives back memory beyond kKeptText. What the last result holds is gone then.
  void release_outsized();

 private:
  // `data` of a chat message that is an object, as text.
  std::string content_chat_, beside_chat_;
  std::string channel_id_;
};

}  // namespace rtms

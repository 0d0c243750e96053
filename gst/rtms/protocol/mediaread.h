// SPDX-License-Identifier: LGPL-2.1-or-later
// Media messages: their members, in one table for the scanner and the parser, and how a document of
// one is read. Private to this room.
#pragma once

#include "json_read.h"
#include "types.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace rtms {

enum class MediaField {
  None,  // a member that means nothing here
  MsgType,
  Content,
  Data,
  UserId,
  UserName,
  Timestamp,
  Length,
  ChannelId,
  StartTime,
  EndTime,
  Language,
  IsFinal,
  Attribute
};

// What is in each message stands first, for names are compared in this order.
inline constexpr std::pair<std::string_view, MediaField> kMediaFields[] = {
    {"data", MediaField::Data},
    {"user_id", MediaField::UserId},
    {"content", MediaField::Content},
    {"user_name", MediaField::UserName},
    {"timestamp", MediaField::Timestamp},
    {"msg_type", MediaField::MsgType},
    {"length", MediaField::Length},
    {"channel_id", MediaField::ChannelId},
    {"start_time", MediaField::StartTime},
    {"end_time", MediaField::EndTime},
    {"language", MediaField::Language},
    {"is_final", MediaField::IsFinal},
    {"attribute", MediaField::Attribute},
};

// Comparing with constants, each of a known size, takes a few instructions: a loop over the table
// would call memcmp() for each.
template <size_t... I>
inline MediaField media_field_of(std::string_view key, std::index_sequence<I...>) {
  MediaField field = MediaField::None;
  (void) ((key == kMediaFields[I].first && (field = kMediaFields[I].second, true)) || ...);
  return field;
}

// The member of that name.
inline MediaField media_field(std::string_view key) {
  return media_field_of(key, std::make_index_sequence<std::size(kMediaFields)>());
}

// The mix of all participants has 0; -1 has been seen for it, and that in 32 bits.
constexpr uint64_t user_of(uint64_t id) {
  return id == UINT32_MAX ? 0 : id;
}

// The kind of media that a message of that type carries; nothing for other messages.
inline std::optional<Media> media_of(int64_t msg_type) {
  constexpr auto first = static_cast<int64_t>(MsgType::MediaDataAudio);
  if (msg_type < first || msg_type > static_cast<int64_t>(MsgType::MediaDataChat))
    return std::nullopt;
  return static_cast<Media>(msg_type - first);
}

// A document → MediaData.
class MediaReader {
 public:
  // Views in the result are of the document or of this reader: they live until the next call.
  Message read(Media media, JsonObject object);
  // Gives back memory beyond kKeptText. What the last result holds is gone then.
  void release_outsized();

 private:
  // `data` of a chat message that is an object, as text.
  std::string content_chat_, beside_chat_;
  std::string user_name_, channel_id_;
};

}  // namespace rtms

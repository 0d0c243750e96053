// SPDX-License-Identifier: LGPL-2.1-or-later
// Members of media messages, in one table for scanner and parser, and the reader of a message's
// document. Private to this room.
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
  None,  // an unknown member
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

// Members of every message are first, because keys are compared in this order.
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

// Comparing with constants of known size takes a few instructions; a loop over the table would call
// memcmp() for each.
template <size_t... I>
inline MediaField media_field_of(std::string_view key, std::index_sequence<I...>) {
  MediaField field = MediaField::None;
  (void) ((key == kMediaFields[I].first && (field = kMediaFields[I].second, true)) || ...);
  return field;
}

inline MediaField media_field(std::string_view key) {
  return media_field_of(key, std::make_index_sequence<std::size(kMediaFields)>());
}

// The mix of all participants has user 0; some servers send -1, as 32 bits.
constexpr uint64_t user_of(uint64_t id) {
  return id == UINT32_MAX ? 0 : id;
}

// Returns the kind of media that a message of that type carries; nothing for other messages.
inline std::optional<Media> media_of(int64_t msg_type) {
  constexpr auto first = static_cast<int64_t>(MsgType::MediaDataAudio);
  if (msg_type < first || msg_type > static_cast<int64_t>(MsgType::MediaDataChat))
    return std::nullopt;
  return static_cast<Media>(msg_type - first);
}

// Converts the document of a media message to MediaData.
class MediaReader {
 public:
  // Views in the result point into the document or this reader; they are valid until the next call.
  Message read(Media media, JsonObject object);
  // Frees memory beyond kKeptText. Invalidates the last result.
  void release_outsized();

 private:
  // `data` of a chat message if it is an object, as text.
  std::string content_chat_, beside_chat_;
  std::string user_name_, channel_id_;
};

}  // namespace rtms

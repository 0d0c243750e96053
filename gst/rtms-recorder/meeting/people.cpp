// SPDX-License-Identifier: LGPL-2.1-or-later
#include "people.h"

#include "common/names.h"

namespace rtms::recorder {
namespace {

// Limits the names of a participant who changes them often.
constexpr size_t kMostNames = 20;

void add(JsonBuilder *builder, const char *name, const std::string &value) {
  json_builder_set_member_name(builder, name);
  json_builder_add_string_value(builder, value.c_str());
}

}  // namespace

// Returns false if the name is not new.
bool People::rename(std::vector<Name> *names, const std::string &name, int64_t unix_us) {
  if (name.empty() || (!names->empty() && names->back().text == name))
    return false;
  if (names->size() >= kMostNames || (!names->empty() && renames_ >= kMostRenames)) {
    names->pop_back();
    names_left_out_++;
  } else if (!names->empty())
    renames_++;
  names->push_back({name, unix_us});
  return true;
}

void People::joined(uint64_t user, const std::string &name, int64_t unix_us) {
  const std::string called = shown(name);
  changed_ = true;
  const auto found = present_.find(user);
  if (found != present_.end()) {
    rename(&participants_[found->second].names, called, unix_us);
    return;
  }
  joined_++;
  if (participants_.size() >= kMost)
    return;
  present_[user] = participants_.size();
  participants_.push_back({user, {}, unix_us});
  rename(&participants_.back().names, called, unix_us);
}

void People::left(uint64_t user, int64_t unix_us) {
  const auto found = present_.find(user);
  if (found == present_.end())
    return;
  participants_[found->second].left_us = unix_us;
  changed_ = true;
  present_.erase(found);
}

bool People::heard(const Voice &voice) {
  const int64_t unix_us = started_us_ + static_cast<int64_t>(voice.from / GST_USECOND);
  const auto user = present_.find(g_ascii_strtoull(voice.who.c_str(), nullptr, 10));
  if (user != present_.end())
    rename(&participants_[user->second].names, voice.name, unix_us);
  const auto [found, is_new] =
      spoke_.try_emplace(voice.who + "/" + std::to_string(voice.track), speakers_.size());
  if (!is_new) {
    Spoken &spoken = speakers_[found->second];
    if (!rename(&spoken.names, voice.name, unix_us))
      return false;
    spoken.voice.name = voice.name;
    changed_ = true;
    return true;
  }
  spoken_++;
  changed_ = true;
  if (speakers_.size() >= kMost) {
    spoke_.erase(found);
    return true;
  }
  speakers_.push_back({voice, {}});
  rename(&speakers_.back().names, voice.name, unix_us);
  return true;
}

// Lists all names only if there is more than one.
void People::write_names(JsonBuilder *builder, const std::vector<Name> &names) {
  add(builder, "user_name", names.empty() ? "" : names.back().text);
  if (names.size() < 2)
    return;
  json_builder_set_member_name(builder, "names");
  json_builder_begin_array(builder);
  for (const Name &name : names) {
    json_builder_begin_object(builder);
    add(builder, "user_name", name.text);
    add(builder, "since", time_stamp(name.unix_us));
    json_builder_end_object(builder);
  }
  json_builder_end_array(builder);
}

void People::write_participants(JsonWriter *writer) const {
  JsonBuilder *builder = writer->builder();
  writer->member("participant_count", static_cast<int64_t>(joined_));
  if (joined_ > participants_.size())
    writer->member("participants_truncated", true);
  if (names_left_out_)
    writer->member("names_left_out", static_cast<int64_t>(names_left_out_));
  json_builder_set_member_name(builder, "participants");
  json_builder_begin_array(builder);
  for (const Participant &participant : participants_) {
    json_builder_begin_object(builder);
    add(builder, "user_id", std::to_string(participant.user));
    write_names(builder, participant.names);
    add(builder, "joined", time_stamp(participant.joined_us));
    if (participant.left_us)
      add(builder, "left", time_stamp(participant.left_us));
    json_builder_end_object(builder);
  }
  json_builder_end_array(builder);
}

void People::write_speakers(JsonWriter *writer, unsigned track) const {
  JsonBuilder *builder = writer->builder();
  json_builder_set_member_name(builder, "speakers");
  json_builder_begin_array(builder);
  for (const Spoken &spoken : speakers_) {
    if (spoken.voice.track != track && track != 0)
      continue;
    json_builder_begin_object(builder);
    add(builder, "user_id", spoken.voice.who);
    write_names(builder, spoken.names);
    json_builder_set_member_name(builder, "first_heard_s");
    json_builder_add_double_value(builder,
                                  static_cast<double>(spoken.voice.from / GST_MSECOND) / 1000);
    json_builder_end_object(builder);
  }
  json_builder_end_array(builder);
}

void People::write_speaker_count(JsonWriter *writer) const {
  if (spoken_ == speakers_.size())
    return;
  writer->member("speaker_count", static_cast<int64_t>(spoken_));
  writer->member("speakers_truncated", true);
}

}  // namespace rtms::recorder

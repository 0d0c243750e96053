// SPDX-License-Identifier: LGPL-2.1-or-later
#include "wire.h"

#include "protocol/json_read.h"
#include "protocol/json_write.h"

namespace rtms::recorder {
namespace {

constexpr const char *kStates[] = {"owned", "free", "ended"};

// A member of another type, as a missing one, has the value 0 or "".
class Members {
 public:
  explicit Members(JsonObject object) : object_(object) {}

  std::string text(const char *name) const {
    return std::string(value<std::string_view>(name).value_or(""));
  }
  int64_t number(const char *name) const { return value<int64_t>(name).value_or(0); }
  uint64_t count(const char *name) const { return static_cast<uint64_t>(number(name)); }
  unsigned few(const char *name) const { return static_cast<unsigned>(number(name)); }
  double fraction(const char *name) const { return value<double>(name).value_or(0); }
  bool flag(const char *name) const { return value<bool>(name).value_or(false); }

 private:
  template <typename T>
  std::optional<T> value(const char *name) const {
    T found;
    return object_[name].get(found) ? std::nullopt : std::make_optional(found);
  }

  const JsonObject object_;
};

void add(JsonWriter *writer, const char *name, bool value) {
  json_builder_set_member_name(writer->builder(), name);
  json_builder_add_boolean_value(writer->builder(), value);
}

void add(JsonWriter *writer, const char *name, double value) {
  json_builder_set_member_name(writer->builder(), name);
  json_builder_add_double_value(writer->builder(), value);
}

void add(JsonWriter *writer, const LeaseRecord &lease) {
  writer->member("recorder", lease.name);
  add(writer, "alive", lease.alive);
  writer->member("renewal", static_cast<int64_t>(lease.renewal))
      .member("meetings", static_cast<int64_t>(lease.meetings))
      .member("most", static_cast<int64_t>(lease.most))
      .member("takeovers", static_cast<int64_t>(lease.takeovers))
      .member("waiting", static_cast<int64_t>(lease.waiting));
  add(writer, "load", lease.load);
  add(writer, "takes", lease.takes);
}

void add(JsonWriter *writer, const ClaimRecord &claim) {
  writer->member("stream", claim.stream)
      .member("state", std::string(kStates[static_cast<int>(claim.state)]))
      .member("owner", claim.owner)
      .member("announcement", static_cast<int64_t>(claim.announcement))
      .member("webhook", claim.webhook)
      .member("recording", claim.recording)
      .member("part", static_cast<int64_t>(claim.part))
      .member("folder", claim.folder)
      .member("previous", claim.previous)
      .member("owners", static_cast<int64_t>(claim.owners))
      .member("deaths", static_cast<int64_t>(claim.deaths))
      .member("unreached", static_cast<int64_t>(claim.unreached));
}

LeaseRecord lease_of(const Members &members) {
  LeaseRecord lease;
  lease.name = members.text("recorder");
  lease.alive = members.flag("alive");
  lease.renewal = members.count("renewal");
  lease.meetings = members.few("meetings");
  lease.most = members.few("most");
  lease.takeovers = members.count("takeovers");
  lease.waiting = members.few("waiting");
  lease.load = members.fraction("load");
  lease.takes = members.flag("takes");
  return lease;
}

ClaimRecord claim_of(const Members &members) {
  ClaimRecord claim;
  const std::string state = members.text("state");
  for (int i = 0; i < static_cast<int>(std::size(kStates)); i++)
    if (state == kStates[i])
      claim.state = static_cast<ClaimRecord::State>(i);
  claim.stream = members.text("stream");
  claim.owner = members.text("owner");
  claim.announcement = members.count("announcement");
  claim.webhook = members.text("webhook");
  claim.recording = members.text("recording");
  claim.part = members.few("part");
  claim.folder = members.text("folder");
  claim.previous = members.text("previous");
  claim.owners = members.few("owners");
  claim.deaths = members.few("deaths");
  claim.unreached = members.few("unreached");
  return claim;
}

}  // namespace

std::string to_json(const WireRecord &record) {
  JsonWriter writer;
  writer.member("id", record.id)
      .member("follows", static_cast<int64_t>(record.follows))
      .member("writer", record.writer)
      .member("ticket", static_cast<int64_t>(record.ticket));
  std::visit([&](const auto &one) { add(&writer, one); }, record.record);
  return writer.text();
}

std::optional<WireRecord> record_of(const std::string &json) {
  JsonReader reader;
  JsonObject object;
  if (reader.read(json, &object))
    return std::nullopt;
  const Members members(object);
  WireRecord record;
  record.id = members.text("id");
  record.follows = members.count("follows");
  record.writer = members.text("writer");
  record.ticket = members.count("ticket");
  if (record.id.empty())
    return std::nullopt;
  if (members.text("stream").empty())
    record.record = lease_of(members);
  else
    record.record = claim_of(members);
  return record;
}

uint64_t stored_at(const std::string &json) {
  JsonReader reader;
  JsonObject object;
  if (reader.read(json, &object) || object["error"].error() == simdjson::SUCCESS)
    return 0;
  return Members(object).count("seq");
}

}  // namespace rtms::recorder

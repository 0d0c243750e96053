// SPDX-License-Identifier: LGPL-2.1-or-later
// The data plane's handshake: what a client says on a media socket.
#include <algorithm>

#include "stream.h"

namespace rtmstest {

namespace {

Where endpoint_of(const Connection &connection) {
  for (Media m : kAllMedia)
    if (connection.name() == socket_name(m))
      return m;
  return std::nullopt;
}

}  // namespace

void Stream::media_message(Connection &connection, const std::string &text) {
  NodePtr node = parse_object(text);
  JsonObject *request = node ? json_node_get_object(node.get()) : nullptr;
  if (!find_media(connection)) {
    media_handshake(connection, request);
    return;
  }
  auto type = get_int(request, "msg_type");
  if (type == 13)
    connection.answered_keep_alive(get_int(request, "timestamp"));
  else if (type == 3)
    media_refuse(connection, {kDuplicateMedia, "second handshake on one socket"}, nullptr);
  else if (type)
    log_.refusal(kInvalidMessageType, connection.name(), "msg_type " + std::to_string(*type));
  else
    log_.refusal(kInvalidPayload, connection.name(), "no JSON object with a msg_type");
}

Verdict Stream::check_duplicates(const std::vector<Media> &media) const {
  for (const MediaConnection &other : media_) {
    bool overlap = std::any_of(media.begin(), media.end(), [&other](Media m) {
      return std::find(other.media.begin(), other.media.end(), m) != other.media.end();
    });
    if (overlap && other.mask == kAllMask)
      return {kAllConnectionExists, "one has all media"};
    if (overlap)
      return {kDuplicateMedia, "another connection has that medium"};
  }
  return {};
}

Verdict Stream::check_media_request(Connection &connection, JsonObject *request) const {
  Verdict verdict = check_type(request, 3);
  if (verdict.status)
    return verdict;
  verdict = check_media(request, identity_, endpoint_of(connection), config_);
  if (verdict.status)
    return verdict;
  if (!signaling_)
    return {kInvalidStreamId, "media handshake without signaling"};
  return check_duplicates(wanted_media(*get_int(request, "media_type"), config_));
}

void Stream::media_handshake(Connection &connection, JsonObject *request) {
  notice_abandoned();
  if (fault("silent_media", config_.silent_media))
    return;
  if (request && config_.strict)
    for (const std::string &name : surplus_params(request))
      log_.violation(connection.name(), name + " parameters, but not in media_type");
  Verdict verdict = check_media_request(connection, request);
  if (verdict.status) {
    log_.refusal(verdict.status, connection.name(), verdict.why);
    media_refuse(connection, verdict, request);
    return;
  }
  for (Media m : wanted_media(*get_int(request, "media_type"), config_)) {
    auto status = config_.status_media.find(m);
    if (fault(std::string("status_media/") + media_name(m), status != config_.status_media.end())) {
      media_refuse(connection, {status->second, config_.reason}, request);
      return;
    }
  }
  media_accept(connection, request);
}

void Stream::media_refuse(Connection &connection, const Verdict &verdict, JsonObject *request) {
  connection.send(4, Members()
                         .num("protocol_version", 1)
                         .splice(refusal_members(verdict).text())
                         .num("sequence", next_sequence()));
  if (find_media(connection)) {
    log_.refusal(verdict.status, connection.name(), verdict.why);
    return;
  }
  connection.close();
  // Nobody waits for media that were refused.
  for (Media m : media_of_mask(get_int(request, "media_type").value_or(0)))
    announced_.erase(m);
  check_finished();
}

std::map<Media, std::string> Stream::negotiated_params(JsonObject *request,
                                                       const std::vector<Media> &media) const {
  NodePtr over = parse_object(config_.negotiate);
  JsonObject *changes = over ? json_node_get_object(over.get()) : nullptr;
  JsonObject *asked = get_object(request, "media_params");
  std::map<Media, std::string> params;
  for (Media m : media) {
    NodePtr own = parse_object(asked_params(m, asked, config_));
    params[m] = merged(json_node_get_object(own.get()), get_object(changes, media_name(m)));
  }
  return params;
}

// What is sent, whatever the answer said.
std::map<Media, std::string> Stream::delivered_params(
    const std::map<Media, std::string> &negotiated) const {
  NodePtr over = parse_object(config_.deliver);
  JsonObject *changes = over ? json_node_get_object(over.get()) : nullptr;
  std::map<Media, std::string> params;
  for (const auto &[m, text] : negotiated) {
    NodePtr own = parse_object(text);
    params[m] = merged(json_node_get_object(own.get()), get_object(changes, media_name(m)));
  }
  return params;
}

void Stream::media_accept(Connection &connection, JsonObject *request) {
  int64_t mask = *get_int(request, "media_type");
  std::vector<Media> media = wanted_media(mask, config_);
  std::map<Media, std::string> params = negotiated_params(request, media);
  Members response, echo;
  response.num("protocol_version", 1).num("status_code", kOk).str("reason", "");
  response.num("sequence", next_sequence()).flag("payload_encrypted", config_.payload_encrypted);
  for (const auto &[m, text] : params)
    echo.raw(media_name(m), text);
  if (config_.echo_params)
    response.raw("media_params", echo.object());
  connection.send(4, response);
  connection.start_keep_alives();

  MediaConnection &added = media_.emplace_back();
  added.connection = connection.shared_from_this();
  added.media = media;
  added.mask = mask;
  if (params.count(Media::Video)) {
    NodePtr video = parse_object(params[Media::Video]);
    added.video_data_opt = get_int(json_node_get_object(video.get()), "data_opt").value_or(3);
  }
  added.pump = std::make_unique<Pump>(*this, connection, media, added.video_data_opt == 4);
  unready_.push_back(&connection);
  if (MediaSource *source = feeds_.source())
    for (const auto &[m, text] : delivered_params(params))
      source->negotiated(m, text);
  if (ready_for_all_)
    next_ready();
}

Stream::MediaConnection *Stream::find_media(const Connection &connection) {
  for (MediaConnection &m : media_)
    if (m.connection.get() == &connection)
      return &m;
  return nullptr;
}

Stream::MediaConnection *Stream::media_of(Media m) {
  for (MediaConnection &candidate : media_)
    if (std::find(candidate.media.begin(), candidate.media.end(), m) != candidate.media.end())
      return &candidate;
  return nullptr;
}

}  // namespace rtmstest

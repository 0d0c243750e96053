// SPDX-License-Identifier: LGPL-2.1-or-later
// What a test server is, and how it misbehaves.
#pragma once

#include <optional>
#include <set>

#include "source.h"

namespace rtmstest {

enum class Product { Meeting, Webinar, Session, ContactCenter, Phone };
enum class WebhookShape { Object, Flat, Inner };  // payload.object, payload, only the inner object
enum class UrlForm { Object, String, TopLevel };  // forms of the media URLs in message 2
// Forms of the webhook's server_urls; the last three are members of an object.
enum class WebhookUrls { String, Array, Signaling, Signal, All };
enum class Pace { Realtime, Fast };
// After all media were sent: state 4 (reason 6) and close; signaling closed first, then state 4 on
// the media sockets; plain close; stay connected.
enum class End { Terminated, TerminatedOnMedia, Close, Nothing };

// A socket: that of a medium, or the signaling one.
using Where = std::optional<Media>;
inline constexpr Where Signaling = std::nullopt;

// Abort: the TCP connection ends without a close frame. Silence: it stays open, and nothing is
// read from it, answered (WebSocket pings included) or sent any more. Stall: the same until Resume;
// then all that was held back goes on.
enum class Action { Send, Close, Abort, Silence, Stall, Resume };

struct ScriptStep {
  int64_t at_ms = 0;  // after the first ready
  Where where;
  std::string json;  // for Action::Send
  Action action = Action::Send;
};

struct WebhookForm {
  WebhookShape shape = WebhookShape::Flat;
  WebhookUrls urls = WebhookUrls::String;
  // Webinars: a second id, and whether it is the one that is signed.
  std::string webinar_uuid;
  bool webinar_uuid_signed = false;
};

// From a moment on (after the first ready) a connection is lost, and a new one is answered 503.
struct Outage {
  Where where;
  int64_t from_ms = 0, to_ms = 0;
};

// What comes again after a reconnect, in real time only.
struct Replay {
  bool audio = false;  // what was captured in between, with its own timestamps
  double speed = 0;    // so many times real time; 0: at once
  int64_t limit_ms = 60000;
  unsigned transcript_lines = 0;  // the last ones, once more
};

enum class MixId { Zero, MinusOne, AllOnes, None };         // the mix's user_id
enum class RefusalForm { StatusCode, Status, ReasonOnly };  // the status' key in messages 2 and 4

struct OddValues {
  MixId mix_id = MixId::Zero;
  bool microseconds = false;                // timestamps of media
  bool echo_subscribe = true;               // message 29 repeats what was asked for
  std::string deskshare_key = "deskshare";  // among the media URLs
  RefusalForm refusal = RefusalForm::StatusCode;
};

struct Config {
  // Everything that docs/protocol.md says is demanded, of every message. Otherwise what the service
  // is known to take is taken: what is absent has a default, and what is superfluous is only noted.
  bool strict = false;
  Product product = Product::Meeting;
  WebhookForm webhook;
  std::string id = "/Zk3+Tq7RZu0pXw9aB/cDg==";
  std::string stream_id;  // empty: random
  std::string client_id = "test-client";
  std::string client_secret = "test-secret";

  bool tls = false;
  std::string cert_file, key_file;  // PEM; empty: self-signed
  uint16_t port = 0;                // 0: a free one

  // Liberties of the wire.
  bool binary_frames = false;
  bool msg_type_last = false;
  bool escape_slashes = false;  // "\/" in all strings, base64 included
  bool plain_content = false;   // older form: the payload directly in `content`
  bool string_ids = false;
  bool string_reasons = false;
  UrlForm url_form = UrlForm::Object;
  bool offer_all = true;  // the key `all` among the media URLs
  std::set<Media> offered{kAllMedia.begin(), kAllMedia.end()};
  std::set<Media> no_url;   // offered, but without a URL of its own
  std::string negotiate;    // JSON object merged, per media key, over the echoed media_params
  std::string deliver;      // the same for what is sent; the answer does not say so
  bool echo_params = true;  // false: message 4 without media_params
  bool payload_encrypted = false;
  OddValues odd;
  std::vector<int> informational;  // HTTP statuses ahead of the answer to an upgrade; not with TLS

  // Refusals.
  int upgrade_status_signaling = 0, upgrade_status_media = 0;  // HTTP status, e.g. 401
  std::string redirect_to;                                     // Location of a 3xx
  int status_signaling = 0;                                    // status code of message 2
  std::map<Media, int> status_media;                           // status code of message 4
  std::string reason;                                          // goes with it
  bool close_instead_of_answer = false;  // close 1000 after the signaling request
  bool silent_http = false, silent_signaling = false, silent_media = false;
  int fault_times = -1;  // each of the above refusals happens so often, then no more; -1: always

  int keep_alive_ms = 10000;
  bool notify_media_loss = true;  // event 7 on signaling when a media connection is lost
  Pace pace = Pace::Realtime;
  End end = End::Terminated;
  int64_t first_packet_timestamp = 0;  // not 0: event 1 is sent after the first ready
  std::vector<ScriptStep> script;
  std::vector<Outage> outages;
  Replay replay;
  std::shared_ptr<MediaSource> source;  // none: no media
  bool verbose = false;                 // tell everything on stderr
};

}  // namespace rtmstest

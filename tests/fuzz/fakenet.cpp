// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fakenet.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace rtmsfuzz {
namespace {

constexpr char kSignalingAnswer[] =
    R"({"msg_type":2,"status_code":0,"media_server":{"server_urls":{"all":"wss://m.test/all",)"
    R"("audio":"wss://m.test/audio","video":"wss://m.test/video"}}})";
constexpr char kMediaAnswer[] =
    R"({"msg_type":4,"status_code":0,"payload_encrypted":false,"media_params":{}})";

// The number behind a key in one of our own messages; -1 where there is none.
long number_of(const std::string &text, const char *key) {
  const std::string quoted = std::string("\"") + key + "\":";
  const size_t at = text.find(quoted);
  return at == std::string::npos ? -1 : std::atol(text.c_str() + at + quoted.size());
}

}  // namespace

void violated(const char *rule) {
  std::fprintf(stderr, "violated: %s\n", rule);
  std::abort();
}

FakeTransport::FakeTransport(FakeNet *net, rtms::TransportListener *listener)
    : net_(net), listener_(listener) {
  net_->transports_.push_back(this);
}

FakeTransport::~FakeTransport() {
  auto &all = net_->transports_;
  all.erase(std::remove(all.begin(), all.end(), this), all.end());
}

void FakeTransport::open(const std::string &, const Headers &headers) {
  if (state_ != State::Created)
    violated("a transport is opened once");
  if (net_->forbidden_)
    violated("nothing is opened when the session is over");
  signaling_ = !headers.empty();
  if (signaling_ && net_->live() > 0)
    violated("signaling is opened when all old connections are gone");
  if (!signaling_ && !net_->signaling())
    violated("no media connection without a signaling one");
  if (signaling_)
    net_->answers_ = net_->readies_ = 0;
  state_ = State::Connecting;
  if (net_->fail_next_) {
    net_->fail_next_ = false;
    end({rtms::TransportClose::Kind::Io, 0, "at once"});
  }
}

void FakeTransport::said_hello(const std::string &text) {
  said_hello_ = true;
  const long type = number_of(text, "msg_type");
  if (type != (signaling_ ? 1 : 3))
    violated("the first message is the handshake");
  if (signaling_)
    return;
  const long mask = number_of(text, "media_type");
  media_ = mask == rtms::kWireMaskAll ? rtms::kMaskAll : static_cast<rtms::MediaMask>(mask);
  for (FakeTransport *other : net_->transports_)
    if (other != this && other->live() && other->said_hello_ && (other->media_ & media_))
      violated("no two connections for the same media");
}

void FakeTransport::send(const std::string &text) {
  if (net_->silent_)
    violated("nothing is sent when the permit is over");
  if (state_ != State::Open)
    violated("nothing is sent but on an open connection");
  if (!said_hello_) {
    said_hello(text);
    return;
  }
  const long type = number_of(text, "msg_type");
  if (!signaling_ && type != 13)
    violated("nothing but answers to keep-alives goes to a media connection");
  if (signaling_ && type != 5 && type != 7 && type != 13 && type != 21 && type != 28)
    violated("a message that is not a client's");
  if (type != 7)
    return;
  if (!net_->released_)
    violated("no ready before the pipeline plays");
  if (++net_->readies_ > net_->answers_)
    violated("one ready for each media handshake that was answered");
}

void FakeTransport::ping() {
  pings_++;
  if (state_ != State::Open)
    violated("only an open connection is pinged");
}

void FakeTransport::read_rest() {
  // One at a time: a message may destroy the transport.
  const std::string text = unread_.empty() ? "" : std::exchange(unread_.front(), "");
  if (!unread_.empty())
    unread_.erase(unread_.begin());
  if (!text.empty())
    message(text);
}

// The peer can still send.
void FakeTransport::shut_down() {
  if (state_ != State::Open && state_ != State::Closing)
    violated("only an open connection is shut down");
  state_ = State::Closing;
}

void FakeTransport::close() {
  if (state_ != State::Open && state_ != State::Closing)
    violated("only an open connection is closed in order");
  state_ = State::Closing;
}

void FakeTransport::abort() {
  state_ = State::Gone;
  listener_ = nullptr;
}

void FakeTransport::opened() {
  if (state_ != State::Connecting)
    return;
  state_ = State::Open;
  heard_us_ = g_get_monotonic_time();
  listener_->transport_opened();
}

// A connection that is being closed still brings what the server had sent before.
void FakeTransport::message(std::string_view bytes) {
  if (state_ != State::Open && state_ != State::Closing)
    return;
  heard_us_ = g_get_monotonic_time();
  const rtms::Message parsed = net_->parser_.parse(bytes);
  const auto *response = std::get_if<rtms::DataResponse>(&parsed);
  if (!signaling_ && !answered_ && response && response->status == 0) {
    answered_ = true;
    net_->answers_++;
  }
  // A copy that ends where the padding does, so that reading on is noticed. What stands in it, as
  // on a real connection, is more of the same.
  std::vector<char> copy(bytes.begin(), bytes.end());
  while (copy.size() < bytes.size() + rtms::TransportListener::kPadding)
    copy.push_back(bytes.empty() ? '"' : bytes[copy.size() % bytes.size()]);
  listener_->transport_message({copy.data(), bytes.size()});
}

void FakeTransport::answer() {
  message(signaling_ ? kSignalingAnswer : kMediaAnswer);
}

void FakeTransport::pong() {
  if (state_ == State::Open || state_ == State::Closing)
    heard_us_ = answered_us_ = g_get_monotonic_time();
}

void FakeTransport::end(const rtms::TransportClose &why) {
  if (!live())
    return;
  state_ = State::Gone;
  rtms::TransportListener *listener = listener_;
  listener_ = nullptr;
  listener->transport_closed(why);
}

std::unique_ptr<rtms::Transport> FakeNet::create(rtms::TransportListener *listener) {
  return std::make_unique<FakeTransport>(this, listener);
}

FakeTransport *FakeNet::pick(unsigned index) const {
  std::vector<FakeTransport *> found;
  for (FakeTransport *transport : transports_)
    if (transport->live())
      found.push_back(transport);
  return found.empty() ? nullptr : found[index % found.size()];
}

FakeTransport *FakeNet::signaling() const {
  for (FakeTransport *transport : transports_)
    if (transport->live() && transport->signaling())
      return transport;
  return nullptr;
}

size_t FakeNet::live() const {
  return static_cast<size_t>(std::count_if(transports_.begin(), transports_.end(),
                                           [](auto *transport) { return transport->live(); }));
}

size_t FakeNet::closing() const {
  return static_cast<size_t>(std::count_if(transports_.begin(), transports_.end(),
                                           [](const auto *one) { return one->closing(); }));
}

}  // namespace rtmsfuzz

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "listener.h"

#include <utility>

namespace rtms {
namespace {

WebhookHead head_of(const HttpHead &http, const std::string &timestamp,
                    const std::string &signature) {
  WebhookHead head;
  head.method = http.method;
  head.path = http.path;
  head.timestamp = timestamp;
  head.signature = signature;
  head.content_length = http.content_length;
  return head;
}

HttpAnswer http_answer(const WebhookAnswer &said) {
  HttpAnswer answer{said.status, "application/json", said.body, said.why, {}, nullptr};
  if (said.status == 405)
    answer.headers = {{"Allow", "POST"}};
  return answer;
}

}  // namespace

WebhookListener::WebhookListener(std::unique_ptr<HttpServer> server, const Secret &secret_token)
    : gate_(server->path(), secret_token), server_(std::move(server)) {}

WebhookListener::Result WebhookListener::open(const ListenConfig &config) {
  auto opened =
      HttpServer::open({config.url, "http://127.0.0.1:8080/webhook", config.certificate_file,
                        config.key_file, config.client_timeout_ms, "webhook", config.most_places});
  if (auto error = std::get_if<ListenError>(&opened))
    return *error;
  if (config.secret_token.empty())
    return ListenError{config.url +
                       " needs the secret token of the app, to verify the signatures "
                       "of webhooks."};
  if (!signatures_work())
    return ListenError{kNoSignatures};
  return std::unique_ptr<WebhookListener>(new WebhookListener(
      std::get<std::unique_ptr<HttpServer>>(std::move(opened)), config.secret_token));
}

WebhookListener::~WebhookListener() = default;

void WebhookListener::start(LogSink *log, Handler handler) {
  handler_ = std::move(handler);
  log_ = log;
  server_->start(log, static_cast<HttpHandler *>(this));
}

HttpAnswer WebhookListener::refusal(unsigned status, const char *why) {
  return http_answer(WebhookGate::refusal(status, why));
}

std::optional<HttpAnswer> WebhookListener::head(const HttpHead &head) {
  if (pages_ && head.method == "GET")
    if (const auto page = pages_(head.path))
      return HttpAnswer{page->status, page->type, page->body, "", {}, nullptr};
  const std::string timestamp = head.header("x-zm-request-timestamp");
  const std::string signature = head.header("x-zm-signature");
  if (const auto refused = gate_.refuse(head_of(head, timestamp, signature)))
    return http_answer(*refused);
  return std::nullopt;
}

std::optional<HttpAnswer> WebhookListener::request(const HttpRequest &request) {
  const std::string timestamp = request.head.header("x-zm-request-timestamp");
  const std::string signature = request.head.header("x-zm-signature");
  WebhookAnswer said = gate_.answer(head_of(request.head, timestamp, signature), request.body,
                                    g_get_real_time() / G_USEC_PER_SEC);
  if (said.misdated)
    tell_misdated();
  if (said.event == WebhookEvent::Other)
    return http_answer(said);
  if (!refused_.empty()) {
    gate_.forget(said.hook.request, request.body);
    return http_answer(WebhookGate::refusal(503, refused_.c_str()));
  }
  WebhookNotice notice{said.event, std::move(said.hook), request.body, said.repeated};
  if (!acceptance_) {
    answering_[request.number] = std::move(notice);
    return http_answer(said);
  }
  asked_[request.number] = {notice.hook.request, request.body, said.why};
  acceptance_(notice, [this, alive = std::weak_ptr(alive_), number = request.number](bool good) {
    if (!alive.expired())
      accepted(number, good);
  });
  return std::nullopt;
}

// No webhook is accepted while the clock is wrong. The cause may also be somebody who repeats an
// old request of the service.
void WebhookListener::tell_misdated() {
  constexpr unsigned kEach_ms = 60000;
  if (misdated_told_.running() || !log_)
    return;
  misdated_told_.start(kEach_ms, [] {});
  log_->write(LogSink::Level::Warning,
              "webhook: a request with a right signature is refused, because its time differs from "
              "the clock of this machine by more than 5 minutes. If the clock is wrong, set it: no "
              "webhook is accepted until then");
}

// The decision on an asynchronous request. The client may have gone.
void WebhookListener::accepted(uint64_t number, bool good) {
  const auto asked = asked_.extract(number);
  if (!asked)
    return;
  const auto &[request, body, why] = asked.mapped();
  if (!good)
    gate_.forget(request, body);
  server_->answer(number, http_answer(good ? WebhookGate::accepted(why)
                                           : WebhookGate::refusal(
                                                 503,
                                                 "it cannot be stored now: it is accepted when "
                                                 "it is sent again")));
}

void WebhookListener::answered(uint64_t number) {
  // The client has gone without an answer: its next request is no repetition, unless accepted.
  if (const auto asked = asked_.extract(number))
    gate_.forget(asked.mapped().request, asked.mapped().body);
  const auto found = answering_.find(number);
  if (found == answering_.end())
    return;
  notices_.push_back(std::move(found->second));
  answering_.erase(found);
  announcing_.start(0, [this] { announce(); });
}

void WebhookListener::announce() {
  const WebhookNotice notice = std::move(notices_.front());
  notices_.pop_front();
  if (!notices_.empty())
    announcing_.start(0, [this] { announce(); });
  const Handler handler = handler_;
  handler(notice);
}

}  // namespace rtms

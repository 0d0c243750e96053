// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service_options.h"

#include <cstdlib>

#include "option_values.h"

namespace rtmstest {

namespace {

constexpr Choice<WebhookUrls> kUrls[] = {{"string", WebhookUrls::String},
                                         {"array", WebhookUrls::Array},
                                         {"signaling", WebhookUrls::Signaling},
                                         {"signal", WebhookUrls::Signal},
                                         {"all", WebhookUrls::All}};
constexpr Choice<MixId> kMixIds[] = {{"0", MixId::Zero},
                                     {"-1", MixId::MinusOne},
                                     {"4294967295", MixId::AllOnes},
                                     {"none", MixId::None}};
constexpr Choice<RefusalForm> kForms[] = {{"status_code", RefusalForm::StatusCode},
                                          {"status", RefusalForm::Status},
                                          {"reason", RefusalForm::ReasonOnly}};
enum class Jpeg { No, Told, Untold };
constexpr Choice<Jpeg> kJpegs[] = {{"told", Jpeg::Told}, {"untold", Jpeg::Untold}};
constexpr char kJpegParams[] = R"({"video":{"codec":5,"fps":5}})";

bool parse_replay(const char *text, Replay *replay, std::string *error) {
  if (!text)
    return true;
  replay->audio = true;
  if (std::string_view(text) == "at-once")
    return true;
  char *end = nullptr;
  replay->speed = std::strtod(text, &end);
  if (end != text && *end == 0 && replay->speed > 1)
    return true;
  *error = std::string("neither at-once nor a speed above 1: ") + text;
  return false;
}

}  // namespace

ServiceOptions::~ServiceOptions() {
  for (char *text :
       {webhook_urls_, webinar_uuid_, mix_id_, jpeg_, attributes_, refuse_, refusal_form_, reason_,
        informational_, outage_, stall_, replay_, negotiate_, no_url_, deskshare_key_})
    g_free(text);
}

void ServiceOptions::add_to(GOptionContext *context) {
  constexpr auto kString = G_OPTION_ARG_STRING;
  constexpr auto kFlag = G_OPTION_ARG_NONE;
  constexpr auto kInt = G_OPTION_ARG_INT;
  const GOptionEntry entries[] = {
      {"webhook-urls", 0, 0, kString, &webhook_urls_,
       "Form of the webhook's server_urls; the last three are members of an object",
       "string|array|signaling|signal|all"},
      {"webinar-uuid", 0, 0, kString, &webinar_uuid_, "A webinar's second id", "ID"},
      {"webinar-uuid-signed", 0, 0, kFlag, &webinar_signed_, "That id is the one that is signed",
       nullptr},
      {"no-url", 0, 0, kString, &no_url_, "Media that are offered without a URL of their own",
       "MEDIA,..."},
      {"deskshare-key", 0, 0, kString, &deskshare_key_, "Its key among the media URLs", "NAME"},
      {"negotiate", 0, 0, kString, &negotiate_, "Merged over the echoed media_params", "JSON"},
      {"jpeg", 0, 0, kString, &jpeg_,
       "Send the cameras as JPEG at 5 fps, and say so in the answer or not", "told|untold"},
      {"payload-encrypted", 0, 0, kFlag, &payload_encrypted_,
       "Answer payload_encrypted: true (nothing is)", nullptr},
      {"mix-id", 0, 0, kString, &mix_id_, "user_id of the mix", "0|-1|4294967295|none"},
      {"string-ids", 0, 0, kFlag, &string_ids_, "Every user_id is a string", nullptr},
      {"microseconds", 0, 0, kFlag, &microseconds_, "Timestamps of media in microseconds", nullptr},
      {"attributes", 0, 0, kString, &attributes_,
       "Send each transcript line once for each of these attributes (0 to 3)", "N,..."},
      {"misspelt", 0, 0, kFlag, &misspelt_, "Contact Center's events say paticipant_info", nullptr},
      {"refuse", 0, 0, kString, &refuse_,
       "Refuse signaling, a medium, http-signaling or http-media", "NAME:STATUS,..."},
      {"refuse-times", 0, 0, kInt, &refuse_times_, "So often (default: always)", "N"},
      {"reason", 0, 0, kString, &reason_, "Goes with it", "TEXT"},
      {"refusal-form", 0, 0, kString, &refusal_form_, "The key of a refusal's status; reason: none",
       "status_code|status|reason"},
      {"informational", 0, 0, kString, &informational_,
       "HTTP statuses ahead of each 101, without TLS", "103,..."},
      {"outage", 0, 0, kString, &outage_,
       "Lose signaling or a medium's connection, and answer 503 meanwhile, in s after the start",
       "NAME:FROM-TO,..."},
      {"stall", 0, 0, kString, &stall_,
       "Nothing comes on signaling or a medium's connection meanwhile, but it lives",
       "NAME:FROM-TO,..."},
      {"replay", 0, 0, kString, &replay_,
       "Send the audio of an outage after it, at once or faster than real time", "at-once|SPEED"},
      {"repeat-lines", 0, 0, kInt, &repeat_lines_,
       "So many transcript lines come again after a reconnect", "N"},
      {}};
  g_option_context_add_main_entries(context, entries, nullptr);
}

bool ServiceOptions::convert_losses(Config *config, std::string *error) const {
  std::vector<std::pair<Where, Span>> outages, stalls;
  if (!parse_spans(outage_, &outages, error) || !parse_spans(stall_, &stalls, error))
    return false;
  for (const auto &[where, span] : outages)
    config->outages.push_back({where, span.from_ms, span.to_ms});
  for (const auto &[where, span] : stalls) {
    config->script.push_back({span.from_ms, where, "", Action::Stall});
    config->script.push_back({span.to_ms, where, "", Action::Resume});
  }
  config->replay.transcript_lines = static_cast<unsigned>(std::max(repeat_lines_, 0));
  return parse_replay(replay_, &config->replay, error);
}

bool ServiceOptions::convert(Options *options, std::string *error) const {
  Config &config = options->config;
  Jpeg jpeg = Jpeg::No;
  set(&config.webhook.webinar_uuid, webinar_uuid_);
  set(&config.reason, reason_);
  set(&config.negotiate, negotiate_);
  set(&config.odd.deskshare_key, deskshare_key_);
  config.webhook.webinar_uuid_signed = webinar_signed_;
  config.string_ids = string_ids_;
  config.odd.microseconds = microseconds_;
  config.payload_encrypted = payload_encrypted_;
  config.fault_times = refuse_times_;
  options->meeting.misspelt = misspelt_;
  if (!choose(webhook_urls_, kUrls, &config.webhook.urls, error) ||
      !choose(mix_id_, kMixIds, &config.odd.mix_id, error) ||
      !choose(refusal_form_, kForms, &config.odd.refusal, error) ||
      !choose(jpeg_, kJpegs, &jpeg, error) || !parse_media(no_url_, &config.no_url, error) ||
      !parse_numbers(attributes_, &options->meeting.attributes, error) ||
      !parse_numbers(informational_, &config.informational, error) ||
      !parse_refusals(refuse_, &config, error) || !convert_losses(&config, error))
    return false;
  if (jpeg != Jpeg::No)
    (jpeg == Jpeg::Told ? config.negotiate : config.deliver) = kJpegParams;
  if (config.tls && !config.informational.empty())
    *error = "--informational does not go with --tls";
  if (webinar_signed_ && !webinar_uuid_)
    *error = "--webinar-uuid-signed needs --webinar-uuid";
  return error->empty();
}

}  // namespace rtmstest

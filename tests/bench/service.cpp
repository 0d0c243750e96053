// SPDX-License-Identifier: LGPL-2.1-or-later
// bench-service MEETINGS SECONDS SPEAKERS KBIT [CA_FILE]: that many meetings in real time, each on
// its own media connections, from one thread that costs little. Video frames are filled up to KBIT
// of video per second; 0: they stay small. Prints the meetings' webhooks, then an empty
// line. When the last meeting has run for SECONDS, all end at once. Then it prints, for each
// meeting, the time at which it was ready (GLib's monotonic clock, in µs) and the messages sent of
// each medium, and waits for its end.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "manymeetings.h"
#include "pump.h"
#include "replay.h"
#include "tls.h"

namespace {

using rtmscheck::kManyMedia;
using rtmscheck::kManyNames;
using rtmscheck::ManyMeetings;
using rtmscheck::server_frame;

constexpr int64_t kReel_ms = 10000;

void find_times(ManyMeetings::Message *message) {
  for (const char *key : {"\"timestamp\":", "\"start_time\":", "\"end_time\":"})
    for (size_t at = 0; (at = message->frame.find(key, at)) != std::string::npos;) {
      at += strlen(key);
      message->times.push_back({at, std::strtoll(message->frame.c_str() + at, nullptr, 10)});
    }
}

// Filler data, a NAL unit that decoders skip.
void fill_up(std::vector<uint8_t> *frame, size_t size) {
  constexpr uint8_t kHead[] = {0, 0, 0, 1, 12}, kEnd = 0x80;
  if (frame->size() + sizeof kHead + 1 >= size)
    return;
  frame->insert(frame->end(), std::begin(kHead), std::end(kHead));
  frame->resize(size - 1, 0xff);
  frame->push_back(kEnd);
}

ManyMeetings::Reel make_reel(unsigned speakers, size_t frame_size) {
  rtmscheck::MeetingOptions options;
  options.duration_ms = kReel_ms;
  options.speakers = speakers;
  const auto reel = rtmscheck::film(options);
  ManyMeetings::Reel all;
  all.length_ms = kReel_ms;
  for (size_t i = 0; i < kManyMedia.size(); i++) {
    const auto found = reel->items.find(kManyMedia[i]);
    if (found == reel->items.end())
      continue;
    for (auto [due_ms, item] : found->second) {
      if (item.media == rtmscheck::Media::Video)
        fill_up(&item.payload, frame_size);
      all.tracks[i].push_back(
          {due_ms, server_frame(1, rtmstest::media_message_text({}, item)), {}});
      find_times(&all.tracks[i].back());
    }
  }
  return all;
}

// When the last meeting has run for so long, all end, and this is printed.
void end_all(ManyMeetings *service) {
  const auto &meetings = service->meetings();
  printf("{\"ended_us\":%lld,\"meetings\":[", static_cast<long long>(g_get_monotonic_time()));
  for (size_t i = 0; i < meetings.size(); i++)
    service->end(i);
  for (size_t i = 0; i < meetings.size(); i++) {
    printf("%s{\"ready_us\":%lld", i ? "," : "", static_cast<long long>(meetings[i].ready_us));
    for (size_t m = 0; m < kManyNames.size(); m++)
      printf(",\"%s\":%llu", kManyNames[m], static_cast<unsigned long long>(meetings[i].sent[m]));
    printf("}");
  }
  printf("]}\n");
  fflush(stdout);
}

void run(ManyMeetings *service, int64_t seconds) {
  for (bool ended = false;; service->turn()) {
    const bool all = service->ready() == service->meetings().size();
    if (ended || !all ||
        g_get_monotonic_time() < service->last_ready_us() + seconds * G_USEC_PER_SEC)
      continue;
    ended = true;
    end_all(service);
  }
}

SSL_CTX *make_tls(const char *ca_file) {
  const rtmstest::SelfSigned made = rtmstest::make_self_signed();
  const std::string key_file = std::string(ca_file) + ".key";
  std::ofstream(ca_file) << made.certificate;
  std::ofstream(key_file) << made.key;
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_file(context, ca_file, SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return nullptr;
  return context;
}

}  // namespace

int main(int argc, char **argv) {
  if (argc < 5) {
    fprintf(stderr, "usage: bench-service MEETINGS SECONDS SPEAKERS KBIT [CA_FILE]\n");
    return 2;
  }
  gst_init(nullptr, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  constexpr size_t kFps = 25, kBitsPerByte = 8;
  const size_t frame_size = std::strtoul(argv[4], nullptr, 10) * 1000 / kBitsPerByte / kFps;
  SSL_CTX *tls = argc > 5 ? make_tls(argv[5]) : nullptr;
  ManyMeetings service(std::strtoul(argv[1], nullptr, 10),
                       make_reel(static_cast<unsigned>(std::atoi(argv[3])), frame_size), tls);
  if ((argc > 5 && !tls) || !service.listen()) {
    fprintf(stderr, "bench-service cannot listen\n");
    return 1;
  }
  for (size_t i = 0; i < service.meetings().size(); i++)
    printf("%s\n", service.webhook(i).c_str());
  printf("\n");
  fflush(stdout);
  run(&service, std::atoll(argv[2]));
}

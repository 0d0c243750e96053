// SPDX-License-Identifier: LGPL-2.1-or-later
// What a media message costs from its bytes to the GstBuffer: parsing, then base64. Times are
// noisy; the ratio to memcpy of the same bytes in the same run is not.
#include "protocol/parse.h"
#include "media/decode.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr int kRounds = 7;
constexpr gint64 kRound_us = 100000;

std::string message(size_t payload_size) {
  std::vector<guchar> payload(payload_size);
  for (size_t i = 0; i < payload_size; i++)
    payload[i] = static_cast<guchar>(i * 37);
  rtms::StringPtr base64(g_base64_encode(payload.data(), payload_size));
  return R"({"msg_type":14,"content":{"user_id":16778240,"user_name":"John Smith","data":")" +
         std::string(base64.get()) + R"(","length":)" + std::to_string(payload_size) +
         R"(,"timestamp":1738392033699}})";
}

// Median time of one call in ns.
template <typename Fn>
double measure(Fn &&fn) {
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; round++) {
    const gint64 start_us = g_get_monotonic_time();
    gint64 now_us = start_us;
    long calls = 0;
    while (now_us < start_us + kRound_us) {
      for (int i = 0; i < 16; i++, calls++)
        fn();
      now_us = g_get_monotonic_time();
    }
    rounds.push_back(1000.0 * static_cast<double>(now_us - start_us) / static_cast<double>(calls));
  }
  std::sort(rounds.begin(), rounds.end());
  return rounds[kRounds / 2];
}

}  // namespace

int main(int argc, char **argv) {
  gst_init(&argc, &argv);
  printf("%10s %12s %12s %12s %10s\n", "payload", "parse ns", "base64 ns", "memcpy ns", "MB/s");
  rtms::Parser parser;
  for (size_t size : {size_t(640), size_t(20000), size_t(200000)}) {
    std::string text = message(size);
    text.reserve(text.size() + rtms::Parser::kPadding);
    std::string copy(text.size(), '\0');
    const double parse_ns = measure([&] { (void) parser.parse_padded(text); });
    const rtms::Message parsed = parser.parse(text);
    const auto payload = std::get<rtms::MediaData>(parsed).payload;
    const double decode_ns = measure([&] { (void) rtms::decode_base64(payload); });
    const double copy_ns = measure([&] { memcpy(&copy[0], text.data(), text.size()); });
    printf("%10zu %12.0f %12.0f %12.0f %10.0f\n", size, parse_ns, decode_ns, copy_ns,
           1000.0 * static_cast<double>(size) / (parse_ns + decode_ns));
  }
  return 0;
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// The settings from the command line and the environment.
#pragma once

#include "programoptions.h"
#include "protocol/signature.h"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace rtms::recorder {

struct Options {
  std::string listen = "http://127.0.0.1:8080/webhook";
  std::string certificate_file, key_file;
  // Not empty: only the stream of this webhook is recorded, then the program ends.
  std::string webhook_file;
  bool once = false;

  std::string output = ".";
  bool mp4 = false;
  unsigned speakers = 0;
  std::string audio_codec;  // "pcm", "flac" or "opus"
  unsigned audio_rate = 16000;
  bool video = true, screen = false;
  std::string video_resolution = "hd";
  ProgramOptions program;
  uint64_t min_free = uint64_t{1} << 30;    // with less, no recording starts
  uint64_t end_free = uint64_t{100} << 20;  // with less, recordings end
  unsigned max_meetings = 100;
  unsigned stop_timeout_s = 10;

  bool group_readable = false;
  std::string log_file;
  bool json = false;
  std::string ca_file;

  std::string admin_listen;  // empty: no admin port
  std::string admin_certificate_file, admin_key_file;
  std::vector<std::string> admin_hosts;
  Secret admin_token;
  // Not empty: meetings are shared with other recorders through NATS.
  std::vector<std::string> cluster;
  std::string cluster_credentials, cluster_ca;
  bool drain_moves = true;

  std::string client_id;
  Secret client_secret, secret_token;
};

struct Help {
  std::string text;
};
struct Misuse {
  std::string text;  // what happened, why, what to do
};
std::variant<Options, Help, Misuse> parse_options(int argc, char **argv);

}  // namespace rtms::recorder

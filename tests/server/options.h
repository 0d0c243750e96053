// SPDX-License-Identifier: LGPL-2.1-or-later
// The command line of rtms-test-server.
#pragma once

#include "config.h"

namespace rtmstest {

struct Options {
  Config config;
  MeetingOptions meeting;
  std::string webhook_file, ca_file;
  std::string webhook_url, webhook_secret_token;
  bool once = false;
};

bool parse_options(int *argc, char ***argv, Options *options, std::string *error);

}  // namespace rtmstest

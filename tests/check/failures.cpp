// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failures.h"

#include <algorithm>

namespace rtmscheck {

namespace {

bool has_any(const std::string &text, const std::string &alternatives) {
  Ptr<char *, g_strfreev> parts(g_strsplit(alternatives.c_str(), "|", -1));
  for (char **part = parts.get(); *part; part++)
    if (contains(lower(text), lower(*part)))
      return true;
  return false;
}

}  // namespace

void check_failure(const std::string &what, const Failure &failure, const Expected &expected) {
  const std::string told = what + ": " + g_quark_to_string(failure.domain) + " " +
                           std::to_string(failure.code) + ": " + failure.text + " [" +
                           failure.debug + "]";
  ck_assert_msg(failure.domain == expected.domain, "%s", told.c_str());
  bool right = expected.codes.empty() ||
               std::count(expected.codes.begin(), expected.codes.end(), failure.code) > 0;
  ck_assert_msg(right, "%s", told.c_str());
  for (const std::string &word : expected.words)
    ck_assert_msg(has_any(failure.text + " " + failure.debug, word), "no \"%s\" in %s",
                  word.c_str(), told.c_str());
}

Expected resource(std::vector<int> codes, std::vector<std::string> words) {
  return {GST_RESOURCE_ERROR, std::move(codes), std::move(words)};
}

void check_error(const std::string &what, Player &player, const Expected &expected) {
  g_object_set(player.src(), "connect-window", 0, nullptr);
  player.state(GST_STATE_PLAYING);
  check_failure(what, player.wait_error(), expected);
}

void check_server_error(const std::string &what, const Config &config, const Expected &expected,
                        const Setup &setup) {
  auto server = serve(config);
  Player player(*server, setup);
  check_error(what, player, expected);
  bool closed = server->wait_for([](const Server &s) { return s.connections() == 0; }, kDeadlineMs);
  ck_assert_msg(closed, "%s: connections left", what.c_str());
}

Setup with(const std::string &name, const std::string &value) {
  return [name, value](GstElement *src) { set(src, name, value); };
}

}  // namespace rtmscheck

// SPDX-License-Identifier: LGPL-2.1-or-later
// What hostile servers say: to one element, and to a recorder that records others meanwhile.
#pragma once

#include "rawserver.h"

namespace rtmscheck {

std::string copies_of(const std::string &text, size_t count);

// Messages of the two connections. None of them ends the stream, however it is spoiled.
const std::vector<std::string> &media_messages();
const std::vector<std::string> &signaling_messages();
// What is no message at all.
std::vector<std::string> garbage();

// Sends the messages that `nth` makes, and asks for a sign of life. False: the connection has gone.
bool flood(RawPeer &peer, int count, const std::function<std::string(int)> &nth);
// So many participants join.
std::string join_of(int first, int count, const std::string &name);
std::string name_member(const std::string &name);

struct Broken {
  const char *what;
  std::string bytes;
  unsigned close_code;
};
const std::vector<Broken> &broken_frames();

// In place of HTTP.
struct Answer {
  const char *what;
  std::string bytes;
  std::string word;     // of the error
  bool accept = false;  // the right Sec-WebSocket-Accept and the end follow
};
const std::vector<Answer> &answers();
void send_answer(RawPeer &peer, const Answer &answer);

}  // namespace rtmscheck

// SPDX-License-Identifier: LGPL-2.1-or-later
// Webhooks of running meetings on the disk, for the next start: whatever ends the recorder, the
// service keeps a stream for a minute. Nothing here waits for the disk.
#pragma once

#include "base/worker.h"
#include "protocol/webhook.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace rtms::recorder {

struct KeptMeeting {
  std::string webhook;  // the JSON, without its signature
  std::string folder;   // the name of the last part's
  unsigned part = 1;
  std::string recording = {};  // the same for all parts
};

// Locked as long as it is open, so that recorders that share an output folder leave each other's
// meetings alone.
class KeptFile;

struct FoundMeeting {
  KeptMeeting meeting;
  Webhook hook;       // of its webhook
  int64_t age_s = 0;  // so long ago its recorder was last seen
  std::shared_ptr<KeptFile> file;
};

class Keeping {
 public:
  using Problem = std::function<void(const std::string &text)>;

  static std::string folder_of(const std::string &output) { return output + "/.running"; }
  // `problem` is called when a meeting cannot be kept.
  Keeping(const std::string &output, Problem problem);

  // Meetings that no living recorder has.
  void find(std::function<void(std::vector<FoundMeeting>)> done);
  // Until forget() or leave().
  void keep(const std::string &stream, const KeptMeeting &meeting);
  // Another URL of the same stream.
  void renew(const std::string &stream, const std::string &webhook);
  void forget(const std::string &stream);
  // One that was found: it goes on as another part, or not at all; or it stays for somebody else.
  void take(FoundMeeting found, const std::string &next_part);
  void drop(FoundMeeting found);
  void put_back(FoundMeeting found);
  // The file stays, for the next start.
  void leave(const std::string &stream);
  // Now and then: says that the recorder lives.
  void touch();
  bool busy() const { return *pending_ > 0; }

 private:
  void run(std::function<void()> work);
  std::string path_of(const std::string &stream) const;

  const std::string output_, folder_;
  const Problem problem_;
  Worker worker_;
  std::shared_ptr<unsigned> pending_ = std::make_shared<unsigned>(0);
  // The worker's part of what is kept.
  using Files = std::map<std::string, std::shared_ptr<KeptFile>>;
  const std::shared_ptr<Files> files_ = std::make_shared<Files>();
  std::map<std::string, KeptMeeting> meetings_;
};

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// Keeps the webhooks of running meetings on disk for the next start of the recorder: the service
// keeps a stream for a minute. No method blocks on the disk.
#pragma once

#include "base/worker.h"
#include "common/log.h"
#include "parts.h"
#include "protocol/webhook.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace rtms::recorder {

struct KeptMeeting {
  std::string webhook;         // JSON, without its signature
  std::string folder;          // name of the last part's folder
  unsigned part = 1;           // 0: announced and not begun, without a folder
  std::string recording = {};  // the same for all parts
  bool left = false;           // by its recorder, which need not have ended

  Part next() const { return {part + 1, folder, recording}; }
};

// Locked while open, so that recorders with a common output folder do not take each other's
// meetings.
class KeptFile;

struct FoundMeeting {
  KeptMeeting meeting;
  Webhook hook;       // parsed from `meeting`
  int64_t age_s = 0;  // time since its recorder was last alive
  std::shared_ptr<KeptFile> file;
};

class Keeping {
 public:
  static std::string folder_of(const std::string &output) { return output + "/.running"; }
  Keeping(const std::string &output, Log *log);

  // Finds meetings whose recorder is not running, those that were left last first.
  void find(std::function<void(std::vector<FoundMeeting>)> done);
  // Is called each second, after find(): finds meetings that another recorder has left meanwhile,
  // or that it has not touched for ten seconds: the locks of some file servers are a machine's own.
  // Without locks it finds nothing.
  void look(std::function<void(FoundMeeting)> found);
  // Keeps a meeting until forget() or leave().
  void keep(const std::string &stream, const KeptMeeting &meeting);
  // Keeps a meeting that was announced, and whose part is not begun; one that is kept, or was left,
  // with the new webhook.
  void announced(const std::string &stream, const std::string &webhook, const Part &part);
  // Stores a webhook of the same stream, unless it is older than the stored one.
  void renew(const std::string &stream, const std::string &webhook);
  void forget(const std::string &stream);
  // The same for a meeting that waits for its next part: its last one is its end.
  void give_up(const std::string &stream);
  // What is kept of the stream, or nothing.
  std::optional<KeptMeeting> kept(const std::string &stream) const;
  // Ends a part that this run has recorded: see disk/parts.h.
  void end_part(const std::string &folder, const std::string &next_part);
  // Handles a found meeting: it continues as another part, or ends, or is left to other recorders.
  void take(FoundMeeting found, const std::string &next_part);
  void drop(FoundMeeting found);
  void put_back(FoundMeeting found);
  // Leaves the file as it was.
  void release(FoundMeeting found);
  // The file remains for the next start.
  void leave(const std::string &stream);
  // The webhook says that a stream, which a recorder has left, has ended: it is not continued.
  void end(const std::string &stream, const std::string &webhook);
  // Is called every kTouch_s: marks the recorder as alive.
  static constexpr unsigned kTouch_s = 5;
  void touch();
  bool busy() const { return *pending_ > 0; }

 private:
  void run(std::function<void()> work);
  std::string path_of(const std::string &stream) const;

  const std::string output_, folder_;
  Log *const log_;
  Worker worker_;
  std::shared_ptr<unsigned> pending_ = std::make_shared<unsigned>(0);
  // used on the worker's thread
  using Files = std::map<std::string, std::shared_ptr<KeptFile>>;
  const std::shared_ptr<Files> files_ = std::make_shared<Files>();
  std::map<std::string, KeptMeeting> meetings_, left_;
  bool looking_ = false;
};

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element's suites share: servers with listed media, and a pipeline that records all that
// leaves the element's pads and all that comes to the bus.
#pragma once

#include "gst_check.h"

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "awake.h"
#include "gst_ptr.h"
#include "server.h"

#include <algorithm>
#include <cstdlib>

namespace rtmscheck {

using namespace rtmstest;

// Time limits grow with CK_TIMEOUT_MULTIPLIER, as check's own do: valgrind is slow.
inline int slowness() {
  const char *factor = g_getenv("CK_TIMEOUT_MULTIPLIER");
  return factor ? std::max(std::atoi(factor), 1) : 1;
}
// Under valgrind nothing that is made in real time keeps up with it: what came is right, but it may
// be less, and later.
inline bool in_real_time() {
  constexpr int kValgrind = 20;
  return slowness() < kValgrind;
}
// For what may be slow to answer, three times, and still is no watchdog's business.
inline constexpr int kRareKeepAliveMs = 20000;
inline const int kDeadlineMs = 10000 * slowness();
inline const int kPromptMs = 1000 * slowness();  // a state change to READY or NULL takes less
inline constexpr int64_t kStartMs = 1738392033000;
inline constexpr uint64_t kUser = 16778240;

using Bytes = std::vector<uint8_t>;
using EventPtr = MiniObjectPtr<GstEvent>;
using Setup = std::function<void(GstElement *)>;

struct Packet {
  Bytes bytes;
  GstClockTime pts = GST_CLOCK_TIME_NONE, duration = GST_CLOCK_TIME_NONE;
  unsigned flags = 0;
  GstClockTime capture = GST_CLOCK_TIME_NONE;  // of the meta timestamp/x-unix
  uint64_t user_id = 0;                        // of the participant meta
  std::string user_name;
  int64_t arrival_us = 0;  // monotonic
  bool has(GstBufferFlags flag) const { return (flags & flag) != 0; }
};

struct PadRecord {
  // One letter each: S stream-start, C caps, G segment, T tag, g GAP, B buffer, E EOS, ? others.
  std::string order;
  std::vector<Packet> packets;
  std::vector<EventPtr> events;
  std::vector<int64_t> event_times_us;
  bool eos() const { return !order.empty() && order.back() == 'E'; }
  const GstEvent *first(GstEventType type) const;
};

struct Record {
  std::map<std::string, PadRecord> pads;
  std::vector<std::string> signals;  // pad names in their order, "no-more-pads", "-" + removed pad
  std::vector<MessagePtr> messages;

  unsigned count(GstMessageType type) const;
  const GstMessage *first(GstMessageType type) const;
  // Element messages with that name, in their order.
  std::vector<const GstStructure *> named(const char *name) const;
  std::size_t packets(const std::string &pad) const;
  const PadRecord &pad(std::string_view name) const;  // fails where there is none
};

struct Failure {
  GQuark domain = 0;
  int code = 0;
  std::string text, debug;
};
Failure failure_of(const GstMessage *message);  // an ERROR or a WARNING
std::string lower(std::string text);
bool contains(const std::string &text, const std::string &part);

// A pipeline of rtmssrc and one fakesink for each of its pads.
class Player {
 public:
  using Predicate = std::function<bool(const Record &)>;

  // Webhook, credentials and certificate of the server; `setup` is called after them.
  explicit Player(const Server &server, const Setup &setup = {});
  explicit Player(const Setup &setup);
  ~Player();
  Player(const Player &) = delete;
  Player &operator=(const Player &) = delete;

  GstElement *src() const { return src_; }
  GstElement *pipeline() const { return pipeline_.get(); }
  // Before play(): which pads get a sink; all do unless told.
  void link_only(std::function<bool(const std::string &)> wanted) { wanted_ = std::move(wanted); }

  // Before play(): is called with each message, on the thread that posts it.
  void watch(std::function<void(GstMessage *)> watcher) {
    std::lock_guard<std::mutex> lock(mutex_);
    watcher_ = std::move(watcher);
  }

  GstStateChangeReturn state(GstState wanted);
  void play();  // to PLAYING; that must not fail
  void stop();  // to NULL, which must be prompt

  // Evaluates the predicate now and after each change; false after the deadline.
  bool wait(const Predicate &predicate, int timeout_ms = kDeadlineMs);
  void wait_eos();       // on the bus; fails at an error
  Failure wait_error();  // waits for an ERROR, then stops; there must be no second one
  // All that was recorded: only when nothing is running any more, or within wait().
  const Record &record() const { return record_; }
  std::string summary();  // of the record, for messages about failures

 private:
  void build();
  void link(GstPad *pad);
  void note_signal(const std::string &text);
  void note_data(const std::string &pad, GstPadProbeInfo *info);
  static GstBusSyncReply on_message(GstBus *bus, GstMessage *message, gpointer data);
  static void on_pad_added(GstElement *src, GstPad *pad, gpointer data);
  static void on_pad_removed(GstElement *src, GstPad *pad, gpointer data);
  static void on_no_more_pads(GstElement *src, gpointer data);

  ElementPtr pipeline_;
  GstElement *src_ = nullptr;
  std::function<bool(const std::string &)> wanted_;
  std::function<void(GstMessage *)> watcher_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Record record_;
};

// A started server, a strict one, and the test that the client never did what the document forbids.
std::unique_ptr<Server> serve(Config config);
Config fast_config(std::shared_ptr<MediaSource> source);  // as fast as it goes, then TERMINATED
// Audio that nothing but the client ends.
Config endless_config(Pace pace, unsigned packets);
void expect_no_violations(const Server &server);
std::size_t count(const std::vector<std::string> &all, const std::string &one);
// Since it was made, less time has passed.
void expect_prompt(const char *what, const Awake &awake, int64_t limit_ms);
void expect_text(const std::string &got, const std::string &wanted);
void set(GstElement *element, const std::string &name, const std::string &value);

Bytes random_bytes(std::size_t size, unsigned seed);
Bytes text_bytes(const std::string &text);
// Annex B; a keyframe has SPS, PPS and an IDR slice. The rest is random without start codes.
Bytes access_unit(bool keyframe, std::size_t size, unsigned seed);
// The header of a JPEG or PNG of 32x16, then random bytes.
Bytes jpeg_picture(std::size_t size, unsigned seed);
Bytes png_picture(std::size_t size, unsigned seed);
MediaItem item(Media media, int64_t at_ms, Bytes payload, uint64_t user = kUser,
               const std::string &name = "John Smith");
std::shared_ptr<ListSource> audio_source(unsigned packets, uint64_t user = 0);

}  // namespace rtmscheck

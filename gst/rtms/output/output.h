// SPDX-License-Identifier: LGPL-2.1-or-later
// One pad, and the path of a message into its queue.
#pragma once

#include "media/pool.h"
#include "pad/drops.h"
#include "pad/gstrtmssrcpad.h"
#include "pad/padreplay.h"
#include "pad/stats.h"
#include "repetitions.h"
#include "roster.h"
#include "stamper.h"
#include "streaminfo.h"
#include "streamtime.h"

#include <functional>
#include <optional>
#include <string>

namespace rtms {

struct OutputsConfig {
  Queue::Limits limits;
  GstClockTime latency = 0;
  bool transcript_json = false;
  bool transcript_markup = false;
  bool transcript_speaker = false;
  bool buffer_data = false;
  bool fill_black = false;
  bool empty_pads = false;      // media that the service does not offer have pads
  GstClockTime text_wait = 0;   // by how much GAPs of texts are delayed against those of other pads
  unsigned batch_ms = 0;        // buffers of this time are pushed together
  unsigned round_ms = 0;        // by how much messages may be read late
  bool share_thread = false;    // one for all pads, instead of a task for each
  unsigned stall_wait_ms = 0;   // without GAPs while a connection delivers nothing
  unsigned replay_wait_ms = 0;  // without GAPs after a loss; 0: while the connection is lost
  guint audio_received = 0;     // the signal that is emitted for each audio buffer; 0: none
};

class Output;

// Shared by the outputs of one stream. Used on the loop thread.
struct OutputContext {
  GstElement *element;
  const OutputsConfig config;
  Stats *stats;
  const Roster *roster;
  // The result of a pad's push changed; called on its streaming task.
  std::function<void()> flow_changed;
  // A late buffer was dropped; called on the pad's streaming task.
  std::function<void(Media)> too_late;
  // A pad has pushed EOS; called on its streaming task.
  std::function<void()> ended;
  // A pad received SELECT_STREAMS; called on any thread.
  std::function<void(EventPtr)> select;
  // A pad was created, but not yet added to the element, or removed (null).
  std::function<void(Output *added)> set_changed;
  // Audio that is hardly late arrived, the first one since the connection was restored.
  std::function<void()> replay_over;
  ExpectedStreams *expected;
  StreamTime time;
  MediaParams params;
  guint group_id;
  guint32 seqnum;                       // of all segments and EOS events
  std::string stream_id;                // prefix of each pad's stream id
  std::shared_ptr<PadThread> thread{};  // for all pads; null: each has a task
  std::optional<int64_t> first_latency_ns;
};

// Name and stream of a pad, and its participant.
struct OutputLabel {
  const char *templ = nullptr;
  std::string name;
  std::string stream_id;
  std::optional<Speaker> participant;  // if the pad is one participant's own
};

// Used on the loop thread, except where noted.
class Output {
 public:
  // The pad is active and has its sticky events, but is not added to the element.
  Output(OutputContext *context, Media media, const OutputLabel &label);
  ~Output();
  Output(const Output &) = delete;
  Output &operator=(const Output &) = delete;

  Media media() const { return media_; }
  GstRtmsSrcPad *pad() const { return pad_; }
  GstStream *stream() const { return info_.stream(); }

  // A stream that is not selected is not decoded.
  void select(bool selected);
  bool is_selected() const { return selected_; }

  // Returns false if nothing downstream accepts buffers: messages are then skipped.
  bool leads_somewhere();
  // Returns null if there is nothing to push.
  BufferPtr make(const MediaData &data);
  // Returns the timestamp to anchor the time line with; nothing if no anchor is due.
  std::optional<int64_t> anchor_ms(const MediaData &data) { return stamper_.anchor_ms(data); }
  // Queues the buffer. Returns true if wake() is required, and was not before.
  bool hand_on(BufferPtr buffer, const MediaData &data);
  void wake();

  // The parameters of the context changed: caps follow.
  void renegotiated() { info_.renegotiated(); }
  // The time line has a new mapping.
  void remapped();
  // Following media do not continue the media before.
  void interrupt();
  // The connection is lost: the service will replay the time of the loss, so that no GAP is sent
  // for it.
  void lost();
  // The connection is restored. `others_are_new`: other audio of the connection is hardly late.
  void restored(bool others_are_new = false);
  // The camera is off, or the share is over, since `at_ms`, in Unix ms; 0: unknown. Frames captured
  // later end that.
  void turn_off(int64_t at_ms);
  // Returns the participant of the last buffer.
  std::optional<uint64_t> user_id() const { return info_.user_id(); }
  // Queues EOS.
  void end();

  // Any thread. Returns GST_FLOW_NOT_LINKED while unlinked, GST_FLOW_EOS after EOS.
  GstFlowReturn flow() const;

 private:
  GstRtmsSrcPad *new_pad(const OutputLabel &label);
  void follow_replay(const GstBuffer *buffer);

  OutputContext *context_;
  const Media media_;
  GstRtmsSrcPad *pad_;             // owns a reference
  std::optional<int64_t> off_ms_;  // see turn_off()
  StreamInfo info_;
  Stamper stamper_;
  PadReplay replay_;
  Drops drops_;
  PacketPool packets_;
  KnownAudio known_audio_;
  bool selected_ = true;
  bool to_wake_ = false;
  bool begun_ = false;  // the time line was anchored before
};

}  // namespace rtms

// SPDX-License-Identifier: LGPL-2.1-or-later
// One pad, and the way of a message into its queue.
#pragma once

#include "media/pool.h"
#include "pad/drops.h"
#include "pad/gstrtmssrcpad.h"
#include "pad/padreplay.h"
#include "pad/stats.h"
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
  GstClockTime text_wait = 0;   // what GAPs of texts are behind the others'
  unsigned batch_ms = 0;        // what comes within that time is pushed together
  bool share_thread = false;    // one for all pads, in place of a task for each
  unsigned stall_wait_ms = 0;   // without GAPs while a connection delivers nothing at all
  unsigned replay_wait_ms = 0;  // without GAPs after a loss; 0: as long as the connection is away
};

class Output;

// What the outputs of one stream share. Used on the loop thread.
struct OutputContext {
  GstElement *element;
  const OutputsConfig config;
  Stats *stats;
  const Roster *roster;
  // The result of a pad's push changed; from its streaming task.
  std::function<void()> flow_changed;
  // Media came so late that it has no place; from the pad's streaming task.
  std::function<void(Media)> too_late;
  // EOS has gone through a pad; from its streaming task.
  std::function<void()> ended;
  // SELECT_STREAMS came to a pad; from any thread.
  std::function<void(EventPtr)> select;
  // There is another pad, which is not on the element yet, or one less.
  std::function<void(const Output *added)> set_changed;
  StreamTime time;
  MediaParams params;
  guint group_id;
  guint32 seqnum;                       // of all segments and EOS events
  std::string stream_id;                // of the whole: the beginning of each pad's
  std::shared_ptr<PadThread> thread{};  // of all pads; null: each has a task
  std::optional<int64_t> first_latency_ns;
};

// What a pad is called, and whose it is.
struct OutputLabel {
  const char *templ = nullptr;
  std::string name;
  std::string stream_id;
  std::optional<Speaker> participant;  // whose own pad it is
};

// Used on the loop thread, but for what says otherwise.
class Output {
 public:
  // The pad is active and has its sticky events; it is not on the element yet.
  Output(OutputContext *context, Media media, const OutputLabel &label);
  ~Output();
  Output(const Output &) = delete;
  Output &operator=(const Output &) = delete;

  Media media() const { return media_; }
  GstRtmsSrcPad *pad() const { return pad_; }
  GstStream *stream() const { return info_.stream(); }

  // Nothing is decoded for a stream that is not selected.
  void select(bool selected);
  bool is_selected() const { return selected_; }

  // False where the pad leads nowhere: nothing is done for it then.
  bool leads_somewhere();
  // Null where there is nothing to hand on.
  BufferPtr make(const MediaData &data);
  // What the time line is to be anchored with for this message; nothing where it need not be.
  std::optional<int64_t> anchor_ms(const MediaData &data) { return stamper_.anchor_ms(data); }
  // True when the output is to be woken, and was not before.
  bool hand_on(BufferPtr buffer, const MediaData &data);
  void wake();

  // The parameters of the context have changed: caps follow.
  void renegotiated() { info_.renegotiated(); }
  // The time line has a new mapping.
  void remapped();
  // What comes next does not follow what came before.
  void interrupt();
  // The connection is lost: the service will replay what it buffers meanwhile, so that no GAP goes
  // out for it.
  void lost();
  // The connection is there again.
  void restored();
  // The camera is off, or the share is over, until the next frame.
  void turn_off() { gst_rtms_src_pad_turn_off(pad_); }
  // Whose picture was the last.
  std::optional<uint64_t> user_id() const { return info_.user_id(); }
  // EOS, behind what waits in the queue.
  void end();

  // Any thread. GST_FLOW_NOT_LINKED whenever it is not linked, GST_FLOW_EOS when EOS has gone
  // through.
  GstFlowReturn flow() const;

 private:
  GstRtmsSrcPad *new_pad(const OutputLabel &label);
  void follow_replay(const GstBuffer *buffer);

  OutputContext *context_;
  const Media media_;
  GstRtmsSrcPad *pad_;  // a reference of ours
  StreamInfo info_;
  Stamper stamper_;
  PadReplay replay_;
  Drops drops_;
  PacketPool packets_;
  bool selected_ = true;
  bool to_wake_ = false;
  bool begun_ = false;  // the time line has been there
};

}  // namespace rtms

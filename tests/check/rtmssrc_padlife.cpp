// SPDX-License-Identifier: LGPL-2.1-or-later
// A pad's life: its task, its flow, its end, and what the application may do meanwhile.
#include <algorithm>
#include <set>

#include "counter.h"
#include "failures.h"
#include "live.h"

using namespace rtmscheck;

namespace {

using PadPtr = Ptr<GstPad, gst_object_unref>;

constexpr unsigned kMostPads = 128;

Setup per_participant() {
  return [](GstElement *src) {
    set(src, "media-types", "audio");
    set(src, "audio-streams", "per-participant");
  };
}

bool wait_packets(Player &player, const std::string &pad, size_t count) {
  return player.wait([&](const Record &r) { return r.packets(pad) >= count; });
}

uint64_t audio_messages(GstElement *src) {
  GstStructure *stats = nullptr, *audio = nullptr;
  g_object_get(src, "stats", &stats, nullptr);
  gst_structure_get(stats, "audio", GST_TYPE_STRUCTURE, &audio, nullptr);
  guint64 messages = 0;
  gst_structure_get_uint64(audio, "messages", &messages);
  gst_structure_free(audio);
  gst_structure_free(stats);
  return messages;
}

// Counts the flushes that come to a pad, which takes none of `what` for as long as there are none.
struct Blocked {
  GstPadProbeType what = GST_PAD_PROBE_TYPE_BUFFER;
  Counter blocked;
  std::atomic<unsigned> starts{0}, stops{0};

  void block(GstPad *pad) {
    gst_pad_add_probe(
        pad, static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BLOCK | what),
        [](GstPad *, GstPadProbeInfo *, gpointer data) {
          static_cast<Blocked *>(data)->blocked.add();
          return GST_PAD_PROBE_OK;
        },
        this, nullptr);
    watch(pad);
  }
  void watch(GstPad *pad) {
    // GStreamer takes a FLUSH_STOP that is sent, not pushed, for any event.
    gst_pad_add_probe(
        pad,
        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_EVENT_FLUSH |
                                     GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
        [](GstPad *, GstPadProbeInfo *info, gpointer data) {
          auto self = static_cast<Blocked *>(data);
          const GstEventType type = GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info));
          self->starts += type == GST_EVENT_FLUSH_START;
          self->stops += type == GST_EVENT_FLUSH_STOP;
          return GST_PAD_PROBE_OK;
        },
        this, nullptr);
  }
};

// A sink that is no element's, for what comes back from it.
class Sink {
 public:
  Sink() : pad_(gst_pad_new("sink", GST_PAD_SINK)) {
    gst_object_ref_sink(pad_.get());
    g_object_set_data(G_OBJECT(pad_.get()), "sink", this);
    gst_pad_set_chain_function(pad_.get(), chain);
    gst_pad_set_event_function(pad_.get(), event);
    gst_pad_set_active(pad_.get(), TRUE);
  }
  ~Sink() {
    open(GST_FLOW_FLUSHING);
    gst_pad_set_active(pad_.get(), FALSE);
  }
  GstPad *pad() const { return pad_.get(); }
  void hold() {
    std::lock_guard<std::mutex> lock(mutex_);
    held_ = true;
  }
  // What was held, and what comes, returns that.
  void open(GstFlowReturn flow) {
    std::lock_guard<std::mutex> lock(mutex_);
    held_ = false;
    flow_ = flow;
    changed_.notify_all();
  }
  bool wait(unsigned arrived) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(kDeadlineMs),
                             [&] { return arrived_ >= arrived; });
  }
  bool wait(GstEventType event) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(kDeadlineMs),
                             [&] { return events_.count(event) > 0; });
  }

 private:
  static GstFlowReturn chain(GstPad *pad, GstObject *, GstBuffer *buffer) {
    gst_buffer_unref(buffer);
    auto self = static_cast<Sink *>(g_object_get_data(G_OBJECT(pad), "sink"));
    std::unique_lock<std::mutex> lock(self->mutex_);
    self->arrived_++;
    self->changed_.notify_all();
    self->changed_.wait(lock, [&] { return !self->held_; });
    return self->flow_;
  }

  static gboolean event(GstPad *pad, GstObject *parent, GstEvent *event) {
    auto self = static_cast<Sink *>(g_object_get_data(G_OBJECT(pad), "sink"));
    const GstEventType type = GST_EVENT_TYPE(event);
    const gboolean taken = gst_pad_event_default(pad, parent, event);
    std::lock_guard<std::mutex> lock(self->mutex_);
    self->events_.insert(type);
    self->changed_.notify_all();
    return taken;
  }

  PadPtr pad_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  std::set<GstEventType> events_;
  unsigned arrived_ = 0;
  GstFlowReturn flow_ = GST_FLOW_OK;
};

struct FailingPool {
  GstTaskPool parent;
};
struct FailingPoolClass {
  GstTaskPoolClass parent;
};
G_DEFINE_TYPE(FailingPool, failing_pool, GST_TYPE_TASK_POOL)
void failing_pool_init(FailingPool *) {}
void failing_pool_class_init(FailingPoolClass *klass) {
  klass->parent.push = [](GstTaskPool *, GstTaskPoolFunction, gpointer task,
                          GError **error) -> gpointer {
    // GStreamer forgets this reference where no thread begins that would release it.
    gst_object_unref(task);
    g_set_error_literal(error, GST_CORE_ERROR, GST_CORE_ERROR_FAILED, "no threads");
    return nullptr;
  };
}

// The owner's pad, where the message is one of a new thread.
std::string new_thread(GstMessage *message) {
  if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_STREAM_STATUS)
    return "";
  GstStreamStatusType type = GST_STREAM_STATUS_TYPE_DESTROY;
  GstElement *owner = nullptr;
  gst_message_parse_stream_status(message, &type, &owner);
  return type == GST_STREAM_STATUS_TYPE_CREATE ? GST_OBJECT_NAME(GST_MESSAGE_SRC(message)) : "";
}

}  // namespace

// A handler of a message that comes with a new thread asks the element something.
GST_START_TEST(test_stream_status) {
  auto server = serve(quiet_config());
  Player player(*server, with("media-types", "audio"));
  unsigned asked = 0;
  player.watch([&](GstMessage *message) {
    if (new_thread(message) != "audio")
      return;
    asked++;
    audio_messages(player.src());
  });
  player.play();
  wait_streaming(player, *server, 1);
  server->send_media(Media::Audio, audio_json(0, 0));
  ck_assert(wait_packets(player, "audio", 1));
  player.stop();
  ck_assert_uint_eq(asked, 1);
}
GST_END_TEST;

// The system has no thread for a pad: that is the pad's trouble, and told. A new link tries again.
GST_START_TEST(test_no_thread) {
  _gst_check_expecting_log = TRUE;
  auto server = serve(quiet_config());
  Player player(*server, with("media-types", "audio+video"));
  GstTaskPool *pool = GST_TASK_POOL(g_object_new(failing_pool_get_type(), nullptr));
  bool once = false;
  Sink sink;
  player.watch([&](GstMessage *message) {
    if (new_thread(message) == "audio" && !std::exchange(once, true))
      gst_task_set_pool(GST_TASK(g_value_get_object(gst_message_get_stream_status_object(message))),
                        pool);
  });
  player.play();
  wait_streaming(player, *server, 2);
  for (int i = 0; i < 10; i++) {
    server->send_media(Media::Audio, audio_json(20 * i, 0));
    server->send_media(Media::Video, media_json(15, 40 * i, access_unit(true, 500, 1)));
  }
  ck_assert(wait_packets(player, "video", 10));
  ck_assert_uint_eq(audio_messages(player.src()), 0);
  ck_assert(player.wait([](const Record &r) { return r.count(GST_MESSAGE_WARNING) == 1; }));
  PadPtr audio(gst_element_get_static_pad(player.src(), "audio"));
  PadPtr peer(gst_pad_get_peer(audio.get()));
  ck_assert(gst_pad_unlink(audio.get(), peer.get()));
  ck_assert_int_eq(gst_pad_link(audio.get(), sink.pad()), GST_PAD_LINK_OK);
  server->send_media(Media::Audio, audio_json(200, 0));
  ck_assert(sink.wait(1));
  player.stop();
  gst_object_unref(pool);
}
GST_END_TEST;

// A handler keeps a buffer: what the pad pushes is another one, which the pad may change.
GST_START_TEST(test_kept_buffer) {
  auto server = serve(quiet_config());
  BufferPtr kept;
  std::atomic<bool> writable{false};
  const auto received = +[](GstElement *, GstPad *, GstBuffer *buffer, gpointer own) {
    static_cast<BufferPtr *>(own)->reset(gst_buffer_ref(buffer));
  };
  Player player(*server, [&](GstElement *src) {
    set(src, "media-types", "audio");
    g_signal_connect(src, "audio-received", G_CALLBACK(received), &kept);
  });
  player.play();
  wait_streaming(player, *server, 1);
  PadPtr audio(gst_element_get_static_pad(player.src(), "audio"));
  gst_pad_add_probe(
      audio.get(), GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad *, GstPadProbeInfo *info, gpointer is) {
        *static_cast<std::atomic<bool> *>(is) =
            gst_buffer_is_writable(GST_PAD_PROBE_INFO_BUFFER(info));
        return GST_PAD_PROBE_OK;
      },
      &writable, nullptr);
  server->send_media(Media::Audio, audio_json(0, 0));
  ck_assert(wait_packets(player, "audio", 1));
  player.stop();
  ck_assert(kept && writable);
}
GST_END_TEST;

// An application stops the pipeline where a buffer passes: it gets an error, and stops it from
// another thread then.
GST_START_TEST(test_stopped_in_a_push) {
  const bool shared = __i__;
  auto server = serve(quiet_config());
  Player player(*server, [shared](GstElement *src) {
    set(src, "media-types", "audio");
    if (shared)
      g_object_set(src, "batch-time", 100, "share-thread", TRUE, nullptr);
  });
  player.play();
  wait_streaming(player, *server, 1);
  PadPtr audio(gst_element_get_static_pad(player.src(), "audio"));
  gst_pad_add_probe(
      audio.get(), GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad *, GstPadProbeInfo *, gpointer src) {
        ck_assert_int_eq(gst_element_set_state(GST_ELEMENT(src), GST_STATE_NULL),
                         GST_STATE_CHANGE_FAILURE);
        return GST_PAD_PROBE_DROP;
      },
      player.src(), nullptr);
  server->send_media(Media::Audio, audio_json(0, 0));
  ck_assert(player.wait([](const Record &r) { return r.count(GST_MESSAGE_ERROR) > 0; }));
  player.stop();
}
GST_END_TEST;

// gst_pad_link() calls the pad's function `linked`, which starts the task, and sends RECONFIGURE
// afterwards: the task may run before that.
GST_START_TEST(test_caps_before_reconfigure) {
  constexpr guint text_wait_ms = 20000;  // no long GAP brings the caps
  auto server = serve(quiet_config());
  Sink sinks[2];
  Player player(*server, [](GstElement *src) {
    set(src, "media-types", "video+transcript");
    g_object_set(src, "text-wait", text_wait_ms, nullptr);
  });
  player.link_only([](const std::string &name) { return name == "video"; });
  player.play();
  wait_ready(*server, 2);
  PadPtr text(gst_element_get_static_pad(player.src(), "transcript"));
  // At the second link the task waits for data.
  for (Sink &sink : sinks) {
    gst_pad_add_probe(
        text.get(), GST_PAD_PROBE_TYPE_IDLE,
        [](GstPad *pad, GstPadProbeInfo *, gpointer next) {
          if (PadPtr peer{gst_pad_get_peer(pad)})
            gst_pad_unlink(pad, peer.get());
          ck_assert_int_eq(gst_pad_link_full(pad, static_cast<Sink *>(next)->pad(),
                                             GST_PAD_LINK_CHECK_NO_RECONFIGURE),
                           GST_PAD_LINK_OK);
          return GST_PAD_PROBE_REMOVE;
        },
        &sink, nullptr);
    ck_assert(sink.wait(GST_EVENT_CAPS));
    // GStreamer counts an event that is being pushed as received by the next peer, too.
    if (&sink == sinks)
      ck_assert(sink.wait(GST_EVENT_SEGMENT));
  }
  player.stop();
}
GST_END_TEST;

// What a pad's branch will not have is not decoded for it.
GST_START_TEST(test_refused) {
  const GstFlowReturn flows[] = {GST_FLOW_EOS, GST_FLOW_NOT_NEGOTIATED, GST_FLOW_ERROR};
  auto server = serve(quiet_config());
  Sink sink;
  Player player(*server, with("media-types", "audio+video"));
  player.link_only([](const std::string &name) { return name == "video"; });
  player.play();
  wait_streaming(player, *server, 2);
  PadPtr audio(gst_element_get_static_pad(player.src(), "audio"));
  ck_assert_int_eq(gst_pad_link(audio.get(), sink.pad()), GST_PAD_LINK_OK);
  sink.open(flows[__i__]);
  server->send_media(Media::Audio, audio_json(0, 0));
  ck_assert(sink.wait(1));
  int sent = 0;
  // Returns how many messages of audio have become buffers when those of a round have come.
  const auto round = [&] {
    sent++;
    server->send_media(Media::Audio, audio_json(20 * sent, 0));
    server->send_media(Media::Video, media_json(15, 40 * sent, access_unit(true, 500, 1)));
    ck_assert(wait_packets(player, "video", static_cast<size_t>(sent)));
    return audio_messages(player.src());
  };
  // The result is there a moment later than the buffer.
  const auto refused = [&] {
    PadPtr pad(gst_element_get_static_pad(player.src(), "audio"));
    return gst_pad_get_last_flow_return(pad.get()) == flows[__i__];
  };
  while (!refused())
    round();
  round();  // of which the audio may be on its way
  const uint64_t counted = round();
  for (int i = 0; i < 5; i++)
    round();
  ck_assert_uint_le(audio_messages(player.src()), counted + 1);
  ck_assert_uint_le(counted, static_cast<uint64_t>(sent) - 5);
  // Now: a sink that is being stopped may say that it is at EOS, and then no pad takes data.
  ck_assert(player.wait([](const Record &r) { return r.count(GST_MESSAGE_ERROR) == 0; }));
  player.stop();
  // Nobody else tells of caps that are refused.
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_WARNING),
                    flows[__i__] == GST_FLOW_NOT_NEGOTIATED);
}
GST_END_TEST;

// A branch is exchanged while a buffer is still in it: what the old one says of that buffer is not
// said of the new one.
GST_START_TEST(test_late_flow) {
  auto server = serve(quiet_config());
  Sink old, fresh;
  Player player(*server, with("media-types", "audio+video"));
  player.link_only([](const std::string &name) { return name == "video"; });
  player.play();
  wait_streaming(player, *server, 2);
  PadPtr audio(gst_element_get_static_pad(player.src(), "audio"));
  old.hold();
  ck_assert_int_eq(gst_pad_link(audio.get(), old.pad()), GST_PAD_LINK_OK);
  server->send_media(Media::Audio, audio_json(0, 0));
  ck_assert(old.wait(1));
  ck_assert(gst_pad_unlink(audio.get(), old.pad()));
  ck_assert_int_eq(gst_pad_link(audio.get(), fresh.pad()), GST_PAD_LINK_OK);
  old.open(GST_FLOW_ERROR);
  for (int i = 1; i <= 20; i++) {
    server->send_media(Media::Audio, audio_json(20 * i, 0));
    server->send_media(Media::Video, media_json(15, 40 * i, access_unit(true, 500, 1)));
    ck_assert(wait_packets(player, "video", static_cast<size_t>(i)));
  }
  ck_assert(fresh.wait(20));
  player.stop();
}
GST_END_TEST;

// However many pads are blocked, all are told at once. The branches go on without the element.
GST_START_TEST(test_blocked_pads) {
  const unsigned pads = __i__ == 1 ? kMostPads : 5;
  auto server = serve(quiet_config());
  Player player(*server, per_participant());
  Blocked blocked;
  if (__i__ == 2)  // the caps are blocked, too
    blocked.what = GST_PAD_PROBE_TYPE_DATA_DOWNSTREAM;
  g_signal_connect(player.src(), "pad-added",
                   G_CALLBACK(+[](GstElement *, GstPad *pad, gpointer data) {
                     PadPtr peer(gst_pad_get_peer(pad));
                     static_cast<Blocked *>(data)->block(peer.get());
                   }),
                   &blocked);
  player.play();
  wait_ready(*server, 1);
  for (unsigned i = 0; i < pads; i++)
    server->send_media(Media::Audio, audio_json(0, 1000 + i));
  ck_assert(player.wait([&](const Record &r) { return r.signals.size() == pads; }));
  ck_assert(blocked.blocked.wait(pads));
  gst_element_set_locked_state(player.src(), TRUE);
  const Awake awake;
  ck_assert_int_eq(gst_element_set_state(player.src(), GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  expect_prompt("to NULL", awake, kPromptMs);
  ck_assert_uint_eq(blocked.starts, pads);
  ck_assert_uint_eq(blocked.stops, pads);
  player.stop();
}
GST_END_TEST;

// A branch that takes no data is unlinked, or the element leaves its bin: the push that is in the
// branch ends by a flush of that branch. Downstream goes on.
GST_START_TEST(test_blocked_unlinked) {
  enum { kUnlink, kRemove, kExchange };
  auto server = serve(quiet_config());
  Blocked blocked, fresh;
  Sink sink;
  fresh.watch(sink.pad());
  Player player(*server, with("media-types", "audio"));
  player.play();
  wait_streaming(player, *server, 1);
  Ptr<GstElement, gst_object_unref> src(GST_ELEMENT(gst_object_ref(player.src())));
  PadPtr audio(gst_element_get_static_pad(src.get(), "audio")), peer(gst_pad_get_peer(audio.get()));
  blocked.block(peer.get());
  server->send_media(Media::Audio, audio_json(0, 0));
  ck_assert(blocked.blocked.wait(1));
  if (__i__ == kRemove) {
    Ptr<GstObject, gst_object_unref> bin(gst_element_get_parent(src.get()));
    ck_assert(gst_bin_remove(GST_BIN(bin.get()), src.get()));
  } else {
    ck_assert(gst_pad_unlink(audio.get(), peer.get()));
  }
  if (__i__ == kExchange)
    ck_assert_int_eq(gst_pad_link(audio.get(), sink.pad()), GST_PAD_LINK_OK);
  gst_element_set_locked_state(src.get(), TRUE);
  const Awake awake;
  ck_assert_int_eq(gst_element_set_state(src.get(), GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  expect_prompt("to NULL", awake, kPromptMs);
  ck_assert_uint_eq(blocked.starts, 1);
  ck_assert_uint_eq(blocked.stops, 1);
  ck_assert_uint_eq(fresh.starts, fresh.stops);
  player.stop();
}
GST_END_TEST;

// The application blocks a pad in order to finish its branch without the element: what is in the
// branch stays.
GST_START_TEST(test_own_block) {
  auto server = serve(quiet_config());
  Blocked branch;
  Player player(*server, with("media-types", "audio"));
  player.play();
  wait_streaming(player, *server, 1);
  Ptr<GstElement, gst_object_unref> src(GST_ELEMENT(gst_object_ref(player.src())));
  PadPtr audio(gst_element_get_static_pad(src.get(), "audio")), peer(gst_pad_get_peer(audio.get()));
  branch.watch(peer.get());
  gst_pad_add_probe(
      audio.get(), GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM,
      [](GstPad *, GstPadProbeInfo *, gpointer) { return GST_PAD_PROBE_OK; }, nullptr, nullptr);
  server->send_media(Media::Audio, audio_json(0, 0));
  ck_assert(player.wait([&](const Record &) { return gst_pad_is_blocking(audio.get()); }));
  gst_element_set_locked_state(src.get(), TRUE);
  const Awake awake;
  ck_assert_int_eq(gst_element_set_state(src.get(), GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  expect_prompt("to NULL", awake, kPromptMs);
  ck_assert_uint_eq(branch.starts, 0);
  player.stop();
}
GST_END_TEST;

static Suite *rtmssrc_padlife_suite() {
  constexpr double kPatienceSeconds = 60;
  Suite *suite = suite_create("rtmssrc_padlife");
  TCase *life = tcase_create("life");
  tcase_set_timeout(life, kPatienceSeconds);
  tcase_add_test(life, test_stream_status);
  tcase_add_test(life, test_no_thread);
  tcase_add_test(life, test_kept_buffer);
  tcase_add_loop_test(life, test_stopped_in_a_push, 0, 2);
  tcase_add_test(life, test_caps_before_reconfigure);
  tcase_add_loop_test(life, test_refused, 0, 3);
  tcase_add_test(life, test_late_flow);
  tcase_add_loop_test(life, test_blocked_pads, 0, 3);
  tcase_add_loop_test(life, test_blocked_unlinked, 0, 3);
  tcase_add_test(life, test_own_block);
  suite_add_tcase(suite, life);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_padlife)

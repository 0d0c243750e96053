// SPDX-License-Identifier: LGPL-2.1-or-later
// Stream collections, and the selection of streams.
#include <algorithm>
#include <set>

#include "failures.h"
#include "live.h"

using namespace rtmscheck;

namespace {

using PadPtr = Ptr<GstPad, gst_object_unref>;
using StreamPtr = Ptr<GstStream, gst_object_unref>;
using CollectionPtr = Ptr<GstStreamCollection, gst_object_unref>;

const std::map<std::string, GstStreamType> kTypes = {{"audio", GST_STREAM_TYPE_AUDIO},
                                                     {"video", GST_STREAM_TYPE_VIDEO},
                                                     {"screen", GST_STREAM_TYPE_VIDEO},
                                                     {"transcript", GST_STREAM_TYPE_TEXT},
                                                     {"chat", GST_STREAM_TYPE_TEXT}};

bool wait_packets(Player &player, const std::string &pad, size_t count) {
  return player.wait([&](const Record &r) { return r.packets(pad) >= count; });
}

GstEvent *event_of(const PadRecord &pad, GstEventType type) {
  auto event = const_cast<GstEvent *>(pad.first(type));
  ck_assert_msg(event != nullptr, "no %s: %s", gst_event_type_get_name(type), pad.order.c_str());
  return event;
}

StreamPtr stream_of(const PadRecord &pad) {
  GstStream *stream = nullptr;
  gst_event_parse_stream(event_of(pad, GST_EVENT_STREAM_START), &stream);
  ck_assert(stream != nullptr);
  return StreamPtr(stream);
}

// The newest that was posted.
CollectionPtr collection_of(const Record &record) {
  GstStreamCollection *collection = nullptr;
  for (const MessagePtr &message : record.messages)
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_STREAM_COLLECTION) {
      if (collection)
        gst_object_unref(collection);
      gst_message_parse_stream_collection(message.get(), &collection);
    }
  ck_assert(collection != nullptr);
  return CollectionPtr(collection);
}

std::set<std::string> ids_of(GstStreamCollection *collection) {
  std::set<std::string> ids;
  for (guint i = 0; i < gst_stream_collection_get_size(collection); i++)
    ids.insert(gst_stream_get_stream_id(gst_stream_collection_get_stream(collection, i)));
  return ids;
}

uint64_t messages_of(const Player &player, const char *media) {
  GstStructure *stats = nullptr, *inner = nullptr;
  g_object_get(player.src(), "stats", &stats, nullptr);
  gst_structure_get(stats, media, GST_TYPE_STRUCTURE, &inner, nullptr);
  guint64 messages = 0;
  gst_structure_get_uint64(inner, "messages", &messages);
  gst_structure_free(inner);
  gst_structure_free(stats);
  return messages;
}

std::string id_of_pad(const Player &player, const char *name) {
  PadPtr pad(gst_element_get_static_pad(player.src(), name));
  CharPtr id(gst_pad_get_stream_id(pad.get()));
  return id.get();
}

// Returns when the element has said so.
void select(Player &player, const std::vector<std::string> &ids, unsigned times) {
  GList *list = nullptr;
  for (const std::string &id : ids)
    list = g_list_append(list, const_cast<char *>(id.c_str()));
  ck_assert(gst_element_send_event(player.src(), gst_event_new_select_streams(list)));
  g_list_free(list);
  ck_assert(player.wait(
      [times](const Record &r) { return r.count(GST_MESSAGE_STREAMS_SELECTED) == times; }));
}

}  // namespace

GST_START_TEST(test_collection) {
  auto server = serve(quiet_config());
  Player player(*server, with("media-types", "audio+video+screen+transcript+chat"));
  unsigned found = 0;
  g_signal_connect(
      player.src(), "pad-added", G_CALLBACK(+[](GstElement *, GstPad *pad, gpointer data) {
        GstEvent *event = gst_pad_get_sticky_event(pad, GST_EVENT_STREAM_COLLECTION, 0);
        if (event)
          ++*static_cast<unsigned *>(data);
        gst_clear_event(&event);
      }),
      &found);
  player.play();
  wait_streaming(player, *server, 5);
  server->send_media(Media::Audio, audio_json(0, 0));
  ck_assert(wait_packets(player, "audio", 1));
  server->end_stream(6);
  player.wait_eos();
  player.stop();
  ck_assert_uint_eq(found, 5);
  std::set<std::string> ids;
  std::set<guint32> seqnums;
  for (const auto &[name, type] : kTypes) {
    const PadRecord &pad = player.record().pad(name);
    const StreamPtr stream = stream_of(pad);
    ck_assert_int_eq(gst_stream_get_stream_type(stream.get()), type);
    const MiniObjectPtr<GstCaps> caps(gst_stream_get_caps(stream.get()));
    ck_assert(caps != nullptr);
    ids.insert(gst_stream_get_stream_id(stream.get()));
    event_of(pad, GST_EVENT_STREAM_COLLECTION);
    for (const EventPtr &event : pad.events)
      if (GST_EVENT_TYPE(event.get()) == GST_EVENT_STREAM_COLLECTION) {
        GstStreamCollection *collection = nullptr;
        gst_event_parse_stream_collection(event.get(), &collection);
        ck_assert_uint_eq(gst_stream_collection_get_size(CollectionPtr(collection).get()), 5);
      }
    for (const EventPtr &event : pad.events)
      if (GST_EVENT_TYPE(event.get()) == GST_EVENT_SEGMENT ||
          GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS)
        seqnums.insert(gst_event_get_seqnum(event.get()));
  }
  ck_assert_uint_eq(ids.size(), 5);
  ck_assert(ids_of(collection_of(player.record()).get()) == ids);
  ck_assert_uint_eq(seqnums.size(), 1);
}
GST_END_TEST;

// The first media connection is made later than the others.
static std::unique_ptr<Server> serve_late() {
  constexpr int kUnavailable = 503;
  Config config = quiet_config();
  config.upgrade_status_media = kUnavailable;
  config.fault_times = 1;
  return serve(std::move(config));
}

// Its stream was announced before.
GST_START_TEST(test_expected) {
  auto server = serve_late();
  Player player(*server, with("media-types", "audio+video"));
  player.play();
  wait_streaming(player, *server, 2);
  server->send_media(Media::Audio, audio_json(0, 0));
  ck_assert(wait_packets(player, "audio", 1));
  player.stop();
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_STREAM_COLLECTION), 1);
  ck_assert_uint_eq(ids_of(collection_of(player.record()).get()).size(), 2);
}
GST_END_TEST;

// It was not selected before.
GST_START_TEST(test_select_expected) {
  auto server = serve_late();
  Player player(*server, with("media-types", "audio+video"));
  player.play();
  std::set<std::string> ids;
  ck_assert(player.wait([&](const Record &r) {
    if (r.count(GST_MESSAGE_STREAM_COLLECTION))
      ids = ids_of(collection_of(r).get());
    return !ids.empty();
  }));
  std::string audio, video;
  for (const std::string &id : ids)
    (id.find("/audio") == std::string::npos ? video : audio) = id;
  select(player, {video}, 1);
  wait_streaming(player, *server, 2);
  for (int i = 0; i < 10; i++) {
    server->send_media(Media::Audio, audio_json(20 * i, 0));
    server->send_media(Media::Video, media_json(15, 40 * i, access_unit(true, 500, 1)));
    ck_assert(wait_packets(player, "video", static_cast<size_t>(i) + 1));
  }
  ck_assert_uint_eq(messages_of(player, "audio"), 0);
  select(player, {video, audio}, 2);
  server->send_media(Media::Audio, audio_json(400, 0));
  ck_assert(wait_packets(player, "audio", 1));
  player.stop();
}
GST_END_TEST;

// A kind that the service refuses has no stream any more; the others were announced at once.
GST_START_TEST(test_refused) {
  constexpr int kRefused = 14;
  Config config = quiet_config();
  config.status_media[Media::Video] = kRefused;
  auto server = serve(std::move(config));
  Player player(*server, with("media-types", "audio+video+transcript"));
  player.play();
  ck_assert(player.wait([](const Record &r) {
    return r.count(GST_MESSAGE_STREAM_COLLECTION) && r.count(GST_MESSAGE_WARNING) &&
           ids_of(collection_of(r).get()).size() == 2;
  }));
  player.stop();
  for (const std::string &id : ids_of(collection_of(player.record()).get()))
    ck_assert_msg(id.find("/video") == std::string::npos, "%s", id.c_str());
}
GST_END_TEST;

// Participants' streams come into it, by name.
GST_START_TEST(test_participants) {
  auto server = serve(quiet_config());
  Player player(*server, [](GstElement *src) {
    set(src, "media-types", "audio");
    set(src, "audio-streams", "per-participant");
  });
  player.play();
  wait_ready(*server, 1);
  for (uint64_t user : {7, 8})
    server->send_media(Media::Audio, audio_json(0, user, ",\"user_name\":\"Ada\""));
  ck_assert(wait_packets(player, "audio_1", 1));
  player.stop();
  ck_assert_uint_eq(ids_of(collection_of(player.record()).get()).size(), 2);
  GstTagList *tags = gst_stream_get_tags(stream_of(player.record().pad("audio_1")).get());
  ck_assert(tags != nullptr);
  char *title = nullptr;
  ck_assert(gst_tag_list_get_string(tags, GST_TAG_TITLE, &title));
  CharPtr owned(title);
  expect_text(title, "Ada");
  gst_tag_list_unref(tags);
}
GST_END_TEST;

// A crowd that comes at once is told of at once.
GST_START_TEST(test_crowd) {
  constexpr unsigned kCrowd = 100;
  auto server = serve(quiet_config());
  Player player(*server, [](GstElement *src) {
    set(src, "media-types", "audio");
    set(src, "audio-streams", "per-participant");
  });
  player.play();
  wait_ready(*server, 1);
  for (unsigned user = 0; user < kCrowd; user++)
    server->send_media(Media::Audio, audio_json(0, user));
  ck_assert(player.wait([](const Record &r) {
    return r.pads.size() == kCrowd && r.count(GST_MESSAGE_STREAM_COLLECTION) &&
           ids_of(collection_of(r).get()).size() == kCrowd;
  }));
  // The newest has come to each pad by now, or comes.
  ck_assert(wait_packets(player, "audio_99", 1));
  player.stop();
  const Record &record = player.record();
  unsigned events = 0;
  for (const auto &[name, pad] : record.pads)
    for (const EventPtr &event : pad.events)
      events += GST_EVENT_TYPE(event.get()) == GST_EVENT_STREAM_COLLECTION;
  ck_assert_msg(record.count(GST_MESSAGE_STREAM_COLLECTION) < kCrowd / 2, "%u messages",
                record.count(GST_MESSAGE_STREAM_COLLECTION));
  ck_assert_msg(events < kCrowd * kCrowd / 4, "%u events", events);
}
GST_END_TEST;

// What is not selected is not decoded; when it is again, it goes on at a keyframe.
GST_START_TEST(test_select) {
  auto server = serve(quiet_config());
  Player player(*server, with("media-types", "audio+video"));
  player.play();
  wait_streaming(player, *server, 2);
  int pictures = 0, packets = 0;
  const auto send = [&](bool keyframe) {
    server->send_media(Media::Video,
                       media_json(15, 40 * pictures++, access_unit(keyframe, 500, 1)));
    server->send_media(Media::Audio, audio_json(20 * packets++, 0));
    ck_assert(wait_packets(player, "audio", static_cast<size_t>(packets)));
  };
  send(true);
  ck_assert(wait_packets(player, "video", 1));
  const std::string audio = id_of_pad(player, "audio"), video = id_of_pad(player, "video");
  select(player, {audio}, 1);
  for (int i = 0; i < 10; i++)
    send(true);
  ck_assert_uint_eq(messages_of(player, "video"), 1);
  select(player, {audio, video}, 2);
  send(false);
  send(true);
  ck_assert(wait_packets(player, "video", 2));
  player.stop();
  const auto &seen = player.record().pad("video").packets;
  ck_assert_uint_eq(seen.size(), 2);
  ck_assert(seen[1].has(GST_BUFFER_FLAG_DISCONT) && !seen[1].has(GST_BUFFER_FLAG_DELTA_UNIT));
  GstMessage *message = nullptr;
  for (const MessagePtr &one : player.record().messages)
    if (!message && GST_MESSAGE_TYPE(one.get()) == GST_MESSAGE_STREAMS_SELECTED)
      message = one.get();
  ck_assert_uint_eq(gst_message_streams_selected_get_size(message), 1);
  const StreamPtr selected(gst_message_streams_selected_get_stream(message, 0));
  expect_text(gst_stream_get_stream_id(selected.get()), audio);
}
GST_END_TEST;

// An event to the pipeline reaches each source in it: those of another one are not this one's.
GST_START_TEST(test_select_others) {
  auto server = serve(quiet_config());
  Player player(*server, with("media-types", "audio"));
  player.play();
  wait_streaming(player, *server, 1);
  server->send_media(Media::Audio, audio_json(0, 0));
  ck_assert(wait_packets(player, "audio", 1));
  GList other{const_cast<char *>("another/video"), nullptr, nullptr};
  ck_assert(gst_element_send_event(player.src(), gst_event_new_select_streams(&other)));
  server->send_media(Media::Audio, audio_json(20, 0));
  ck_assert(wait_packets(player, "audio", 2));
  player.stop();
  ck_assert_uint_eq(player.record().count(GST_MESSAGE_STREAMS_SELECTED), 0);
}
GST_END_TEST;

static Suite *rtmssrc_streams_suite() {
  Suite *suite = suite_create("rtmssrc_streams");
  TCase *streams = tcase_create("streams");
  tcase_add_test(streams, test_collection);
  tcase_add_test(streams, test_expected);
  tcase_add_test(streams, test_select_expected);
  tcase_add_test(streams, test_refused);
  tcase_add_test(streams, test_participants);
  tcase_add_test(streams, test_crowd);
  tcase_add_test(streams, test_select);
  tcase_add_test(streams, test_select_others);
  suite_add_tcase(suite, streams);
  return suite;
}

GST_CHECK_MAIN(rtmssrc_streams)

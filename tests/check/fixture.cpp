// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fixture.h"

#include <algorithm>
#include <random>

namespace rtmscheck {

namespace {

using PadPtr = Ptr<GstPad, gst_object_unref>;

std::string name_of(gpointer object) {
  CharPtr name(gst_object_get_name(GST_OBJECT(object)));
  return name.get();
}

char letter_of(GstEventType type) {
  switch (type) {
    case GST_EVENT_STREAM_START:
      return 'S';
    case GST_EVENT_CAPS:
      return 'C';
    case GST_EVENT_SEGMENT:
      return 'G';
    case GST_EVENT_TAG:
      return 'T';
    case GST_EVENT_GAP:
      return 'g';
    case GST_EVENT_EOS:
      return 'E';
    default:
      return '?';
  }
}

GstClockTime capture_of(GstBuffer *buffer) {
  CapsPtr reference(gst_caps_new_empty_simple("timestamp/x-unix"));
  GstReferenceTimestampMeta *meta =
      gst_buffer_get_reference_timestamp_meta(buffer, reference.get());
  return meta ? meta->timestamp : GST_CLOCK_TIME_NONE;
}

void read_participant(GstBuffer *buffer, Packet *packet) {
  GstCustomMeta *meta = gst_buffer_get_custom_meta(buffer, "GstRtmsParticipantMeta");
  if (!meta)
    return;
  GstStructure *structure = gst_custom_meta_get_structure(meta);
  const char *name = gst_structure_get_string(structure, "user-name");
  gst_structure_get_uint64(structure, "user-id", &packet->user_id);
  packet->user_name = name ? name : "";
}

Packet packet_of(GstBuffer *buffer) {
  Packet packet;
  packet.bytes.resize(gst_buffer_get_size(buffer));
  gst_buffer_extract(buffer, 0, packet.bytes.data(), packet.bytes.size());
  packet.pts = GST_BUFFER_PTS(buffer);
  packet.duration = GST_BUFFER_DURATION(buffer);
  packet.flags = GST_BUFFER_FLAGS(buffer);
  packet.capture = capture_of(buffer);
  packet.arrival_us = g_get_monotonic_time();
  read_participant(buffer, &packet);
  return packet;
}

std::string describe(const GstMessage *message) {
  GstMessageType type = GST_MESSAGE_TYPE(message);
  if (type == GST_MESSAGE_ERROR || type == GST_MESSAGE_WARNING) {
    Failure failure = failure_of(message);
    return std::string(gst_message_type_get_name(type)) + " " + g_quark_to_string(failure.domain) +
           " " + std::to_string(failure.code) + ": " + failure.text + " [" + failure.debug + "]";
  }
  if (type != GST_MESSAGE_ELEMENT)
    return gst_message_type_get_name(type);
  CharPtr text(
      gst_structure_to_string(gst_message_get_structure(const_cast<GstMessage *>(message))));
  return text.get();
}

}  // namespace

const GstEvent *PadRecord::first(GstEventType type) const {
  for (const EventPtr &event : events)
    if (GST_EVENT_TYPE(event.get()) == type)
      return event.get();
  return nullptr;
}

unsigned Record::count(GstMessageType type) const {
  return static_cast<unsigned>(std::count_if(messages.begin(), messages.end(), [type](auto &m) {
    return GST_MESSAGE_TYPE(m.get()) == type;
  }));
}

const GstMessage *Record::first(GstMessageType type) const {
  for (const MessagePtr &message : messages)
    if (GST_MESSAGE_TYPE(message.get()) == type)
      return message.get();
  return nullptr;
}

std::vector<const GstStructure *> Record::named(const char *name) const {
  std::vector<const GstStructure *> found;
  for (const MessagePtr &message : messages) {
    if (GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_ELEMENT)
      continue;
    const GstStructure *structure = gst_message_get_structure(message.get());
    if (gst_structure_has_name(structure, name))
      found.push_back(structure);
  }
  return found;
}

std::size_t Record::packets(const std::string &pad) const {
  auto found = pads.find(pad);
  return found == pads.end() ? 0 : found->second.packets.size();
}

const PadRecord &Record::pad(std::string_view name) const {
  auto found = pads.find(std::string(name));
  ck_assert_msg(found != pads.end(), "no pad %s", std::string(name).c_str());
  return found->second;
}

Failure failure_of(const GstMessage *message) {
  auto parsed = const_cast<GstMessage *>(message);
  GError *error = nullptr;
  char *debug = nullptr;
  if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
    gst_message_parse_error(parsed, &error, &debug);
  else
    gst_message_parse_warning(parsed, &error, &debug);
  ErrorPtr owned(error);
  CharPtr owned_debug(debug);
  return {error->domain, error->code, error->message, debug ? debug : ""};
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return g_ascii_tolower(c); });
  return text;
}

bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

Player::Player(const Server &server, const Setup &setup) {
  build();
  g_object_set(src_, "webhook", server.webhook_json().c_str(), "client-id", "test-client",
               "client-secret", "test-secret", nullptr);
  if (!server.ca_file().empty()) {
    ObjectPtr<GTlsDatabase> database(g_tls_file_database_new(server.ca_file().c_str(), nullptr));
    g_object_set(src_, "tls-database", database.get(), nullptr);
  }
  if (setup)
    setup(src_);
}

Player::Player(const Setup &setup) {
  build();
  setup(src_);
}

Player::~Player() {
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  BusPtr bus(gst_element_get_bus(pipeline_.get()));
  gst_bus_set_sync_handler(bus.get(), nullptr, nullptr, nullptr);
}

void Player::build() {
  pipeline_.reset(static_cast<GstElement *>(gst_object_ref_sink(gst_pipeline_new(nullptr))));
  src_ = gst_element_factory_make("rtmssrc", nullptr);
  ck_assert_msg(src_ != nullptr, "no rtmssrc: GST_PLUGIN_PATH?");
  gst_bin_add(GST_BIN(pipeline_.get()), src_);
  g_signal_connect(src_, "pad-added", G_CALLBACK(on_pad_added), this);
  g_signal_connect(src_, "pad-removed", G_CALLBACK(on_pad_removed), this);
  g_signal_connect(src_, "no-more-pads", G_CALLBACK(on_no_more_pads), this);
  BusPtr bus(gst_element_get_bus(pipeline_.get()));
  gst_bus_set_sync_handler(bus.get(), on_message, this, nullptr);
}

GstStateChangeReturn Player::state(GstState wanted) {
  return gst_element_set_state(pipeline_.get(), wanted);
}

void Player::play() {
  GstStateChangeReturn result = state(GST_STATE_PLAYING);
  ck_assert_msg(result != GST_STATE_CHANGE_FAILURE, "%s", summary().c_str());
}

void Player::stop() {
  const Awake awake;
  ck_assert_int_eq(state(GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  expect_prompt("to NULL", awake, kPromptMs);
}

bool Player::wait(const Predicate &predicate, int timeout_ms) {
  std::unique_lock<std::mutex> lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                           [&] { return predicate(record_); });
}

void Player::wait_eos() {
  bool clean = false;
  const bool ended = wait(
      [&clean](const Record &r) {
        clean = r.count(GST_MESSAGE_ERROR) == 0;
        return !clean || r.count(GST_MESSAGE_EOS) > 0;
      },
      3 * kDeadlineMs);
  ck_assert_msg(ended && clean, "no end of stream:\n%s", summary().c_str());
}

Failure Player::wait_error() {
  bool failed = wait([](const Record &r) { return r.count(GST_MESSAGE_ERROR) > 0; });
  ck_assert_msg(failed, "no error:\n%s", summary().c_str());
  stop();
  ck_assert_msg(record_.count(GST_MESSAGE_ERROR) == 1, "not one error:\n%s", summary().c_str());
  return failure_of(record_.first(GST_MESSAGE_ERROR));
}

std::string Player::summary() {
  std::lock_guard<std::mutex> lock(mutex_);
  std::string text;
  for (const std::string &signal : record_.signals)
    text += "signal " + signal + "\n";
  for (const auto &[name, pad] : record_.pads)
    text += "pad " + name + ": " + std::to_string(pad.packets.size()) + " packets, " +
            pad.order.substr(0, 60) + "\n";
  for (const MessagePtr &message : record_.messages)
    if (GST_MESSAGE_SRC(message.get()) == GST_OBJECT(src_) &&
        GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_STATE_CHANGED)
      text += "message " + describe(message.get()) + "\n";
  // A test's message must not be longer.
  constexpr size_t kMaxLength = 3000;
  return text.size() > kMaxLength ? "…" + text.substr(text.size() - kMaxLength) : text;
}

void Player::note_signal(const std::string &text) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    record_.signals.push_back(text);
  }
  changed_.notify_all();
}

void Player::note_data(const std::string &pad, GstPadProbeInfo *info) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    PadRecord &record = record_.pads[pad];
    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
      record.order += 'B';
      record.packets.push_back(packet_of(GST_PAD_PROBE_INFO_BUFFER(info)));
    } else {
      GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
      record.order += letter_of(GST_EVENT_TYPE(event));
      record.events.emplace_back(gst_event_ref(event));
      record.event_times_us.push_back(g_get_monotonic_time());
    }
  }
  changed_.notify_all();
}

void Player::link(GstPad *pad) {
  struct Probe {
    Player *player;
    std::string pad;
  };
  GstElement *sink = gst_element_factory_make("fakesink", nullptr);
  g_object_set(sink, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, nullptr);
  gst_bin_add(GST_BIN(pipeline_.get()), sink);
  PadPtr input(gst_element_get_static_pad(sink, "sink"));
  gst_pad_add_probe(
      input.get(),
      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
      [](GstPad *, GstPadProbeInfo *info, gpointer data) {
        auto probe = static_cast<Probe *>(data);
        probe->player->note_data(probe->pad, info);
        return GST_PAD_PROBE_OK;
      },
      new Probe{this, name_of(pad)}, [](gpointer data) { delete static_cast<Probe *>(data); });
  gst_element_sync_state_with_parent(sink);
  GstPadLinkReturn linked = gst_pad_link(pad, input.get());
  if (linked != GST_PAD_LINK_OK)
    note_signal("cannot link " + name_of(pad));
}

GstBusSyncReply Player::on_message(GstBus *, GstMessage *message, gpointer data) {
  auto self = static_cast<Player *>(data);
  std::function<void(GstMessage *)> watcher;
  {
    std::lock_guard<std::mutex> lock(self->mutex_);
    watcher = self->watcher_;
  }
  if (watcher)
    watcher(message);
  {
    std::lock_guard<std::mutex> lock(self->mutex_);
    self->record_.messages.emplace_back(message);  // dropped ones belong to the handler
  }
  self->changed_.notify_all();
  return GST_BUS_DROP;
}

void Player::on_pad_added(GstElement *, GstPad *pad, gpointer data) {
  auto self = static_cast<Player *>(data);
  self->note_signal(name_of(pad));
  if (!self->wanted_ || self->wanted_(name_of(pad)))
    self->link(pad);
}

void Player::on_pad_removed(GstElement *, GstPad *pad, gpointer data) {
  static_cast<Player *>(data)->note_signal("-" + name_of(pad));
}

void Player::on_no_more_pads(GstElement *, gpointer data) {
  static_cast<Player *>(data)->note_signal("no-more-pads");
}

std::unique_ptr<Server> serve(Config config) {
  config.strict = true;
  auto server = std::make_unique<Server>(std::move(config));
  std::string error;
  ck_assert_msg(server->start(&error), "%s", error.c_str());
  return server;
}

Config fast_config(std::shared_ptr<MediaSource> source) {
  Config config;
  config.pace = Pace::Fast;
  config.source = std::move(source);
  return config;
}

std::size_t count(const std::vector<std::string> &all, const std::string &one) {
  return static_cast<std::size_t>(std::count(all.begin(), all.end(), one));
}

Config endless_config(Pace pace, unsigned packets) {
  Config config = fast_config(audio_source(packets));
  config.pace = pace;
  config.end = End::Nothing;
  return config;
}

void expect_no_violations(const Server &server) {
  // The server's own limit of 1 s does not grow with valgrind's slowness.
  const bool slow = slowness() > 1;
  std::string text;
  for (const std::string &line : server.violations())
    if (!slow || !contains(line, "keep-alive answered late"))
      text += line + "\n";
  ck_assert_msg(text.empty(), "%s", text.c_str());
}

void expect_prompt(const char *what, const Awake &awake, int64_t limit_ms) {
  const int64_t took_ms = awake.ms();
  ck_assert_msg(took_ms < limit_ms, "%s in %d ms", what, static_cast<int>(took_ms));
}

void expect_text(const std::string &got, const std::string &wanted) {
  ck_assert_msg(got == wanted, "\"%s\" instead of \"%s\"", got.c_str(), wanted.c_str());
}

void set(GstElement *element, const std::string &name, const std::string &value) {
  gst_util_set_object_arg(G_OBJECT(element), name.c_str(), value.c_str());
}

Bytes random_bytes(std::size_t size, unsigned seed) {
  std::minstd_rand random(seed + 1);
  Bytes bytes(size);
  for (uint8_t &byte : bytes)
    byte = static_cast<uint8_t>(random() >> 8);
  return bytes;
}

Bytes text_bytes(const std::string &text) {
  return {text.begin(), text.end()};
}

Bytes access_unit(bool keyframe, std::size_t size, unsigned seed) {
  const Bytes headers = {0,    0,    0,    1,    0x67, 0x42, 0xc0, 0x1f, 0xd9, 0x00,
                         0x50, 0x05, 0xbb, 0x01, 0x10, 0,    0,    0,    1,    0x68,
                         0xcb, 0x83, 0xcb, 0x20, 0,    0,    0,    1,    0x65};
  const Bytes other = {0, 0, 0, 1, 0x41};
  Bytes unit = keyframe ? headers : other;
  for (uint8_t byte : random_bytes(size, seed))
    unit.push_back(byte ? byte : 0x80);
  return unit;
}

namespace {

Bytes with_random(Bytes header, std::size_t size, unsigned seed) {
  const Bytes random = random_bytes(size, seed);
  header.insert(header.end(), random.begin(), random.end());
  return header;
}

}  // namespace

Bytes jpeg_picture(std::size_t size, unsigned seed) {
  return with_random(
      {0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, 0, 16, 0, 32, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1}, size,
      seed);
}

Bytes png_picture(std::size_t size, unsigned seed) {
  return with_random({0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0,  0, 0, 13, 'I', 'H', 'D',
                      'R',  0,   0,   0,   32, 0,  0,  0,  16, 8, 2, 0,  0,   0},
                     size, seed);
}

MediaItem item(Media media, int64_t at_ms, Bytes payload, uint64_t user, const std::string &name) {
  MediaItem made;
  made.media = media;
  made.timestamp = kStartMs + at_ms;
  made.user_id = user;
  made.user_name = name;
  made.payload = std::move(payload);
  return made;
}

std::shared_ptr<ListSource> audio_source(unsigned packets, uint64_t user) {
  auto source = std::make_shared<ListSource>();
  for (unsigned i = 0; i < packets; i++)
    source->add(item(Media::Audio, 20 * i, random_bytes(640, i), user));
  return source;
}

}  // namespace rtmscheck

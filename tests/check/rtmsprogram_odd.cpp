// SPDX-License-Identifier: LGPL-2.1-or-later
// What a program makes of odd images, codecs, decoders and texts.
#include <cmath>
#include <fstream>

#include "madedecoder.h"
#include "recording.h"
#include "watcher.h"
#include "webhooks.h"

namespace {

using namespace rtmscheck;

// What elements make of a description, buffer by buffer.
std::vector<Bytes> made(const std::string &description) {
  std::vector<Bytes> all;
  const ElementPtr pipeline = parse_launch((description + " ! fakesink name=to").c_str());
  const ElementPtr sink(gst_bin_get_by_name(GST_BIN(pipeline.get()), "to"));
  const Ptr<GstPad, gst_object_unref> pad(gst_element_get_static_pad(sink.get(), "sink"));
  gst_pad_add_probe(
      pad.get(), GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad *, GstPadProbeInfo *info, gpointer to) {
        Bytes bytes(gst_buffer_get_size(GST_PAD_PROBE_INFO_BUFFER(info)));
        gst_buffer_extract(GST_PAD_PROBE_INFO_BUFFER(info), 0, bytes.data(), bytes.size());
        static_cast<std::vector<Bytes> *>(to)->push_back(std::move(bytes));
        return GST_PAD_PROBE_OK;
      },
      &all, nullptr);
  play(pipeline.get());
  return all;
}

std::string grey(int luma, int count, const char *size) {
  char color[16];
  g_snprintf(color, sizeof color, "0xff%02x%02x%02x", luma, luma, luma);
  return "videotestsrc pattern=solid-color foreground-color=" + std::string(color) +
         " num-buffers=" + std::to_string(count) + " ! video/x-raw,framerate=25/1," + size;
}

std::vector<Bytes> h264(int luma, int count) {
  return made(grey(luma, count, "width=640,height=360") +
              " ! x264enc tune=zerolatency ! "
              "video/x-h264,stream-format=byte-stream,alignment=au,profile=baseline");
}

constexpr int kDark = 90, kBright = 220;
bool is_dark(const Frame &frame) {
  return frame.mean() > 60 && frame.mean() < 130;
}
bool is_bright(const Frame &frame) {
  return frame.mean() > 180;
}

void write(const std::string &path, const Bytes &bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char *>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

void set_waiting(GstElement *program) {
  g_object_set(program, "client-id", "test-client", "client-secret", "test-secret",
               "webhook-secret-token", kWebhookToken, "webhook-listen",
               "http://127.0.0.1:0/webhook", nullptr);
}

// One frame each 40 ms, and a line of the transcript.
class Sent : public ListSource {
 public:
  void video(const std::vector<Bytes> &frames) {
    for (const Bytes &frame : frames)
      add(item(Media::Video, at_ms_ += 40, frame));
  }
  void text(const std::string &text) {
    add(item(Media::Transcript, at_ms_, {text.begin(), text.end()}));
  }
  void pause(int64_t ms) { at_ms_ += ms; }

 private:
  int64_t at_ms_ = 0;
};

std::unique_ptr<Server> serve_in_real_time(std::shared_ptr<Sent> sent) {
  Config config;
  config.source = std::move(sent);
  return serve(std::move(config));
}

// A decoder of the highest rank that fails at its first frame, or refuses caps.
unsigned failures = 0;
bool (*takes_caps)(GstCaps *) = nullptr;  // null: it takes all

gboolean take(GstPad *, GstObject *, GstEvent *event) {
  GstCaps *caps = nullptr;
  if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS)
    gst_event_parse_caps(event, &caps);
  const bool good = !caps || !takes_caps || takes_caps(caps);
  gst_event_unref(event);
  return good;
}

GstFlowReturn fail(GstPad *, GstObject *parent, GstBuffer *buffer) {
  gst_buffer_unref(buffer);
  failures++;
  GST_ELEMENT_ERROR(parent, STREAM, DECODE, ("It fails."), (nullptr));
  return GST_FLOW_ERROR;
}

const char kDecoded[] = "video/x-raw,format=I420,width=640,height=360,framerate=25/1";

void register_failing_decoder() {
  register_decoder({GST_RANK_PRIMARY + 1000, "video/x-h264", kDecoded, fail, take});
}

}  // namespace

// In the middle of the frame, with its aspect ratio.
GST_START_TEST(test_slate) {
  TemporaryDirectory folder;
  const std::string file = folder.file("slate");
  const char *encoder = __i__ ? "jpegenc" : "pngenc";
  write(file, made(grey(255, 1, "width=64,height=64") + " ! videoconvert ! " + encoder).at(0));
  Watcher watcher([&](GstElement *program) {
    set_waiting(program);
    g_object_set(program, "slate-location", file.c_str(), nullptr);
  });
  watcher.play();
  ck_assert(watcher.wait_seconds(0.3));
  watcher.stop();
  const Frame &frame = watcher.watched().frame_at(0.2);
  ck_assert_msg(frame.mean(9, 0, 23, 18) > 230, "%f", frame.mean(9, 0, 23, 18));
  ck_assert(frame.mean(0, 0, 6, 18) < 20 && frame.mean(26, 0, 32, 18) < 20);
}
GST_END_TEST;

// Words, and no crash, for what is no image, or not a whole one.
GST_START_TEST(test_broken_slate) {
  TemporaryDirectory folder;
  const std::string file = folder.file("slate");
  Bytes image = made(grey(255, 1, "width=640,height=360") + " ! videoconvert ! pngenc").at(0);
  const Bytes words = {'n', 'o', 'n', 'e'};
  // The size in the header is not the data's.
  Bytes huge = image;
  std::fill(huge.begin() + 16, huge.begin() + 24, uint8_t{0x7f});
  const std::vector<Bytes> all = {{}, words, Bytes(image.begin(), image.begin() + 60), huge};
  write(file, all.at(static_cast<std::size_t>(__i__)));
  Watcher watcher([&](GstElement *program) {
    set_waiting(program);
    g_object_set(program, "slate-location", file.c_str(), nullptr);
  });
  ck_assert_int_eq(gst_element_set_state(watcher.pipeline(), GST_STATE_PAUSED),
                   GST_STATE_CHANGE_FAILURE);
  watcher.stop();
  const GstMessage *error = watcher.watched().message(GST_MESSAGE_ERROR);
  ck_assert(error);
  GError *raw_error = nullptr;
  gst_message_parse_error(const_cast<GstMessage *>(error), &raw_error, nullptr);
  const ErrorPtr owned(raw_error);
  g_print("%s\n", owned->message);
  ck_assert_msg(contains(owned->message, "slate-location=" + file) &&
                    contains(owned->message, "Valid are PNG and JPEG"),
                "%s", owned->message);
}
GST_END_TEST;

// The service may send JPEG in place of H.264: it is shown, and so is what follows.
GST_START_TEST(test_codec_changes) {
  auto sent = std::make_shared<Sent>();
  const std::vector<Bytes> dark = h264(kDark, 38);
  const Bytes bright = made(grey(kBright, 1, "width=640,height=360") + " ! jpegenc").at(0);
  sent->video(dark);
  sent->video(std::vector<Bytes>(38, bright));
  sent->video(dark);
  auto server = serve_in_real_time(sent);
  Watcher watcher(*server, [](GstElement *program) { set(program, "media-types", "video"); });
  watcher.play();
  watcher.wait_eos();
  const Watched &watched = watcher.watched();
  expect_constant(watched);
  const double first = watched.first(is_dark), second = watched.first(is_bright, first),
               third = watched.first(is_dark, second);
  expect_near("JPEG", second - first, 1.52, 0.1);
  expect_near("H.264 again", third - second, 1.52, 0.1);
}
GST_END_TEST;

// Frames that cannot be decoded are left out; what follows is shown.
GST_START_TEST(test_broken_frames) {
  auto sent = std::make_shared<Sent>();
  const std::vector<Bytes> dark = h264(kDark, 25), bright = h264(kBright, 38);
  std::vector<Bytes> broken = h264(kBright, 25);
  for (Bytes &frame : broken)
    std::fill(frame.begin() + static_cast<std::ptrdiff_t>(frame.size() / 3), frame.end(),
              uint8_t{0x5a});
  sent->video(dark);
  sent->video(broken);
  sent->video(bright);
  auto server = serve_in_real_time(sent);
  Watcher watcher(*server, [](GstElement *program) { set(program, "media-types", "video"); });
  watcher.play();
  watcher.wait_eos();
  const Watched &watched = watcher.watched();
  expect_constant(watched);
  ck_assert(is_bright(watched.frames.back()));
}
GST_END_TEST;

namespace {

// A camera whose first decoder fails.
std::unique_ptr<Watcher> watch_failing_decoder(unsigned fails = 1) {
  register_failing_decoder();
  auto sent = std::make_shared<Sent>();
  for (int group = 0; group < 3; group++)
    sent->video(h264(kDark, 25));
  auto server = serve_in_real_time(sent);
  auto watcher = std::make_unique<Watcher>(
      *server, [](GstElement *program) { set(program, "media-types", "video"); });
  watcher->play();
  watcher->wait_eos();
  expect_constant(watcher->watched());
  ck_assert_uint_eq(failures, fails);
  return watcher;
}

void remove_h264_decoders() {
  const CapsPtr coded(gst_caps_new_empty_simple("video/x-h264"));
  GList *all =
      gst_element_factory_list_get_elements(GST_ELEMENT_FACTORY_TYPE_DECODER, GST_RANK_NONE);
  GList *decoders = gst_element_factory_list_filter(all, coded.get(), GST_PAD_SINK, FALSE);
  for (GList *one = decoders; one; one = one->next)
    gst_plugin_feature_set_rank(GST_PLUGIN_FEATURE(one->data), GST_RANK_NONE);
  gst_plugin_feature_list_free(decoders);
  gst_plugin_feature_list_free(all);
}

}  // namespace

// The next one takes over, at a keyframe.
GST_START_TEST(test_decoder_fails) {
  const auto watcher = watch_failing_decoder();
  ck_assert(std::isfinite(watcher->watched().first(is_dark)));
  ck_assert(watcher->watched().message(GST_MESSAGE_WARNING) == nullptr);
}
GST_END_TEST;

// So it does for one that refuses the format. Decoders of graphics cards refuse H.264 without the
// profile, which only the stream tells.
GST_START_TEST(test_decoder_refuses) {
  takes_caps = [](GstCaps *) { return false; };
  const auto watcher = watch_failing_decoder(0);
  ck_assert(std::isfinite(watcher->watched().first(is_dark)));
  ck_assert(watcher->watched().message(GST_MESSAGE_WARNING) == nullptr);
}
GST_END_TEST;

GST_START_TEST(test_decoder_needs_profile) {
  takes_caps = [](GstCaps *caps) {
    return gst_structure_has_field(gst_caps_get_structure(caps, 0), "profile") == TRUE;
  };
  const auto watcher = watch_failing_decoder();  // its caps were good
  ck_assert(std::isfinite(watcher->watched().first(is_dark)));
}
GST_END_TEST;

// There is no other: a warning, and the program goes on without the camera.
GST_START_TEST(test_no_other_decoder) {
  remove_h264_decoders();
  const auto watcher = watch_failing_decoder();
  const GstMessage *warning = watcher->watched().message(GST_MESSAGE_WARNING);
  ck_assert(warning != nullptr);
  const Failure failure = failure_of(warning);
  ck_assert_msg(contains(failure.text, "no element decodes"), "%s", failure.text.c_str());
  ck_assert(std::isinf(watcher->watched().first(is_dark)));
}
GST_END_TEST;

namespace {

// The brightest picture of a line, and where its brightness is: 0 left, 1 right.
struct Drawn {
  double spread = 0, place = 0.5;
};

Drawn caption(const std::string &text) {
  auto sent = std::make_shared<Sent>();
  sent->video({h264(0, 1)});
  sent->pause(500);
  sent->text(text);
  sent->pause(1500);
  sent->video({h264(0, 1)});
  auto server = serve_in_real_time(sent);
  Watcher watcher(*server, [](GstElement *program) {
    set(program, "media-types", "video+transcript");
    set(program, "captions", "burn");
  });
  watcher.play();
  watcher.wait_eos();
  expect_constant(watcher.watched());
  Drawn best;
  for (const Frame &frame : watcher.watched().frames) {
    double sum = 0, moment = 0;
    for (unsigned column = 4; column < 28; column++) {
      const double bright = std::max(frame.mean(column, 15, column + 1, 18) - 17, 0.0);
      sum += bright;
      moment += bright * (column + 0.5);
    }
    const double spread = frame.spread(4, 15, 28, 18);
    if (spread > best.spread)
      best = {spread, moment / sum / Frame::kColumns};
  }
  g_print("%s: differs by %.0f, at %.2f\n", text.c_str(), best.spread, best.place);
  return best;
}

}  // namespace

// Letters are brighter than dots: where the line begins.
GST_START_TEST(test_right_to_left) {
  const std::string dots(16, '.');
  const Drawn hebrew = caption("שלום שלום שלום" + dots),
              arabic = caption("مرحبا مرحبا مرحبا" + dots),
              latin = caption("Hello Hello mm" + dots);
  for (const Drawn *one : {&hebrew, &arabic, &latin})
    ck_assert_msg(one->spread > 20, "nothing is drawn");
  ck_assert(hebrew.place > 0.51 && arabic.place > 0.51 && latin.place < 0.49);
}
GST_END_TEST;

// As they are, whatever markup makes of them.
GST_START_TEST(test_markup) {
  ck_assert(caption("<b>&amp;</b> a < b && c > \"d\" <i").spread > 20);
  ck_assert(caption("&<&<&<&<&<&<").spread > 20);
}
GST_END_TEST;

static Suite *rtmsprogram_odd_suite() {
  Suite *suite = suite_create("rtmsprogram_odd");
  add_case(suite, "slate", test_slate, 2);
  add_case(suite, "broken-slate", test_broken_slate, 4);
  add_case(suite, "codec-changes", test_codec_changes);
  add_case(suite, "broken-frames", test_broken_frames);
  add_case(suite, "decoder-fails", test_decoder_fails);
  add_case(suite, "decoder-refuses", test_decoder_refuses);
  add_case(suite, "decoder-needs-profile", test_decoder_needs_profile);
  add_case(suite, "no-other-decoder", test_no_other_decoder);
  add_case(suite, "right-to-left", test_right_to_left);
  add_case(suite, "markup", test_markup);
  return suite;
}

GST_CHECK_MAIN(rtmsprogram_odd)

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "joinaudible.h"

#include "base/glibptr.h"
#include "common/gst.h"
#include "media/gstptr.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace rtms::recorder {
namespace {

constexpr int64_t kUnknown = std::numeric_limits<int64_t>::max();
// Parts that meet overlap by a packet or two.
constexpr int64_t kMeet_ms = 100;
// A pause within audio.
constexpr int64_t kPause_ms = 40;
// What a decoder of a lossy codec makes of digital silence.
constexpr int kLossySilence = 2;
// Each piece opens its file once more.
constexpr std::size_t kMostFilled = 100;

// Takes the decoded audio of one input, as mono S16.
class AudibleSpans {
 public:
  AudibleSpans(const JoinInput &input, bool lossy)
      : offset_ms_(input.offset_ms),
        end_ms_(input.audio_end_ms < 0 ? kUnknown : input.offset_ms + input.audio_end_ms),
        loudest_(lossy ? kLossySilence : 0) {}

  static GstPadProbeReturn on_data(GstPad *pad, GstPadProbeInfo *info, gpointer self) {
    static_cast<AudibleSpans *>(self)->take(pad, GST_PAD_PROBE_INFO_BUFFER(info));
    return GST_PAD_PROBE_OK;
  }
  const JoinAudio &audio() const { return audio_; }

 private:
  void take(GstPad *pad, GstBuffer *buffer);
  void add(JoinSpan span);

  const int64_t offset_ms_, end_ms_;
  const int loudest_;
  bool has_begun_ = false;
  JoinAudio audio_;
};

void AudibleSpans::add(JoinSpan span) {
  if (audio_.audible.empty() || span.from > audio_.audible.back().until + kPause_ms)
    audio_.audible.push_back(span);
  else
    audio_.audible.back().until = std::max(audio_.audible.back().until, span.until);
}

void AudibleSpans::take(GstPad *pad, GstBuffer *buffer) {
  const CapsPtr caps(gst_pad_get_current_caps(pad));
  int rate = 0;
  if (!caps || !GST_BUFFER_PTS_IS_VALID(buffer) ||
      !gst_structure_get_int(gst_caps_get_structure(caps.get(), 0), "rate", &rate) || rate <= 0)
    return;
  const ReadMap map(buffer);
  const auto samples = reinterpret_cast<const int16_t *>(map.data());
  const auto count = static_cast<int64_t>(map.size() / sizeof(int16_t));
  const int64_t start_ms = offset_ms_ + static_cast<int64_t>(GST_BUFFER_PTS(buffer) / GST_MSECOND);
  const auto time = [&](int64_t sample) { return start_ms + sample * 1000 / rate; };
  const JoinSpan all = {std::max<int64_t>(start_ms, 0), std::min(time(count), end_ms_)};
  const auto is_audible = [&](int16_t sample) { return std::abs(sample) > loudest_; };
  // Each millisecond is audible, or not.
  const int64_t step = std::max(rate / 1000, 1);
  for (int64_t at = 0; at < count && all.from < all.until; at += step) {
    const int64_t next = std::min(at + step, count);
    const JoinSpan span = {std::max(time(at), all.from), std::min(time(next), all.until)};
    if (span.from < span.until && std::any_of(samples + at, samples + next, is_audible))
      add(span);
  }
  if (all.from < all.until) {
    audio_.whole.from = has_begun_ ? std::min(audio_.whole.from, all.from) : all.from;
    audio_.whole.until = has_begun_ ? std::max(audio_.whole.until, all.until) : all.until;
    has_begun_ = true;
  }
}

// Returns whether two inputs have audio of the same time, as far as the reports tell.
bool may_overlap(const std::vector<JoinInput> &inputs) {
  int64_t end = std::numeric_limits<int64_t>::min();
  for (const JoinInput &input : inputs) {
    // The beginning of a tail is the end of its file.
    if (!input.continues && end > input.offset_ms + kMeet_ms)
      return true;
    end = std::max(end, input.audio_end_ms < 0 ? kUnknown : input.offset_ms + input.audio_end_ms);
  }
  return false;
}

JoinInput only(JoinInput input, JoinInput::Takes takes) {
  input.takes = takes;
  return input;
}

// The video of all inputs as before, and the audio in pieces.
std::vector<JoinInput> in_pieces(const std::vector<JoinInput> &inputs,
                                 const std::vector<JoinAudio> &audio,
                                 const std::vector<JoinPiece> &pieces) {
  std::vector<JoinInput> all;
  for (const JoinInput &input : inputs)
    all.push_back(only(input, JoinInput::Takes::Video));
  for (const JoinPiece &piece : pieces) {
    JoinInput one = only(inputs[piece.input], JoinInput::Takes::Audio);
    if (piece.span.until < audio[piece.input].whole.until)
      one.audio_end_ms = piece.span.until - one.offset_ms;
    all.push_back(one);
  }
  return all;
}

// Without audio, nothing would end.
void on_no_more_pads(GstElement *demux, gpointer decoder) {
  if (!gst_pad_is_linked(static_cast<GstPad *>(decoder)))
    gst_element_post_message(
        demux, gst_message_new_application(GST_OBJECT(demux), gst_structure_new_empty("no-audio")));
}

}  // namespace

std::optional<JoinAudio> read_audio(const JoinInput &input) {
  const bool mp4 = g_str_has_suffix(input.file.c_str(), ".mp4");
  GError *raw_error = nullptr;
  GstElement *parsed =
      gst_parse_launch((std::string("filesrc name=file ! ") + (mp4 ? "qtdemux" : "matroskademux") +
                        " name=demux  demux.audio_0 ! decodebin name=decoder ! audioconvert ! "
                        "audio/x-raw,format=S16LE,channels=1 ! fakesink name=end sync=false")
                           .c_str(),
                       &raw_error);
  const ErrorPtr error(raw_error);
  const ElementPtr pipeline(parsed ? GST_ELEMENT(gst_object_ref_sink(parsed)) : nullptr);
  if (!pipeline || error)
    return std::nullopt;
  const ElementPtr file(gst_bin_get_by_name(GST_BIN(pipeline.get()), "file")),
      end(gst_bin_get_by_name(GST_BIN(pipeline.get()), "end"));
  g_object_set(file.get(), "location", input.file.c_str(), nullptr);
  AudibleSpans listener(input, mp4);
  const PadPtr sink(gst_element_get_static_pad(end.get(), "sink"));
  gst_pad_add_probe(sink.get(), GST_PAD_PROBE_TYPE_BUFFER, AudibleSpans::on_data, &listener,
                    nullptr);
  const ElementPtr demux(gst_bin_get_by_name(GST_BIN(pipeline.get()), "demux")),
      decoder(gst_bin_get_by_name(GST_BIN(pipeline.get()), "decoder"));
  const PadPtr entry(gst_element_get_static_pad(decoder.get(), "sink"));
  g_signal_connect(demux.get(), "no-more-pads", G_CALLBACK(on_no_more_pads), entry.get());
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const BusPtr bus(gst_element_get_bus(pipeline.get()));
  const MessagePtr message(gst_bus_timed_pop_filtered(
      bus.get(), GST_CLOCK_TIME_NONE,
      static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_APPLICATION)));
  const bool has_audio = gst_pad_is_linked(entry.get());
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  if (has_audio && GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR)
    return std::nullopt;
  return listener.audio();
}

std::vector<JoinInput> fill_silence(const std::vector<JoinInput> &inputs,
                                    std::vector<std::string> *lacks) {
  if (!may_overlap(inputs))
    return inputs;
  std::vector<JoinAudio> audio;
  for (const JoinInput &input : inputs) {
    auto one = read_audio(input);
    if (!one) {
      lacks->push_back("The audio of " + input.file +
                       " cannot be decoded: if it has silence where another part has audio, that "
                       "audio is left out. Install the plugins base, good and bad of GStreamer.");
      return inputs;
    }
    one->continues = input.continues;
    audio.push_back(std::move(*one));
  }
  const JoinPlan plan = plan_audio(audio);
  if (plan.filled.empty())
    return inputs;
  if (plan.filled.size() <= kMostFilled)
    return in_pieces(inputs, audio, plan.pieces);
  int64_t lost_ms = 0;
  for (const JoinPiece &piece : plan.filled)
    lost_ms += piece.span.until - piece.span.from;
  lacks->push_back(
      "The audio of the parts alternates " + std::to_string(plan.filled.size()) +
      " times, and --join supports " + std::to_string(kMostFilled) + ": about " +
      std::to_string((lost_ms + 999) / 1000) +
      " s of audio that only a later part has are left out. Join fewer parts at once.");
  return inputs;
}

}  // namespace rtms::recorder

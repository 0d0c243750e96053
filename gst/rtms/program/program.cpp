// SPDX-License-Identifier: LGPL-2.1-or-later
#include "program.h"

#include "element/gstrtmssrc.h"
#include "stage/encoderdelay.h"

#include <cstring>

namespace rtms::program {
namespace {

// Posts a PROGRESS message as INFO. gst-launch-1.0 shows its details only.
void inform(GstElement *element, GstMessage *progress) {
  GstProgressType type = GST_PROGRESS_TYPE_ERROR;
  char *raw_text = nullptr;
  gst_message_parse_progress(progress, &type, nullptr, &raw_text);
  StringPtr text(raw_text);
  if (type == GST_PROGRESS_TYPE_START || type == GST_PROGRESS_TYPE_CONTINUE)
    GST_ELEMENT_INFO(element, RESOURCE, BUSY, ("%s", text.get()), ("%s", text.get()));
}

// The signaling connection is closed last, and not before the stream is over.
bool is_end_of_stream(const GstStructure *structure) {
  return gst_structure_has_name(structure, "rtms-connection") &&
         g_strcmp0(gst_structure_get_string(structure, "media"), "signaling") == 0 &&
         g_strcmp0(gst_structure_get_string(structure, "state"), "closed") == 0;
}

// The first element in the bin is removed last: until then the others may post messages.
ElementPtr add_source(GstBin *bin) {
  ElementPtr source(
      GST_ELEMENT(gst_object_ref_sink(g_object_new(GST_TYPE_RTMS_SRC, "name", "source", nullptr))));
  gst_bin_add(bin, source.get());
  return source;
}

}  // namespace

Program::Program(GstBin *bin)
    : bin_(bin),
      source_(add_source(bin)),
      observer_(source_.get(), &scene_),
      stage_(bin, &scene_,
             [this](int running, GstClockTime end) { inputs_changed(running, end); }) {
  g_signal_connect(source_.get(), "pad-added", G_CALLBACK(on_pad_added), this);
  // Of participants: new ones have new names.
  const auto on_pad_removed = +[](GstElement *, GstPad *pad, gpointer self) {
    StringPtr name(gst_pad_get_name(pad));
    if (g_str_has_prefix(name.get(), "audio_"))
      static_cast<Program *>(self)->stage_.remove(name.get());
  };
  g_signal_connect(source_.get(), "pad-removed", G_CALLBACK(on_pad_removed), this);
  g_signal_connect(source_.get(), "no-more-pads", G_CALLBACK(on_no_more_pads), this);
}

// The application may keep the source.
Program::~Program() {
  g_signal_handlers_disconnect_by_data(source_.get(), this);
}

bool Program::prepare(const Settings &settings, std::string *error) {
  settings_ = settings;
  begun_ = false;
  scene_.reset();
  scene_.set_layout(settings.layout);
  scene_.show_names(settings.name_tags);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    running_ = 0;
    end_ = 0;
    all_pads_ = eos_sent_ = false;
  }
  PadPtr audio(gst_element_get_static_pad(GST_ELEMENT(bin_), "audio"));
  if (!stage_.prepare(settings.video, encoder_delay(audio.get()), error))
    return false;
  update_latency();
  return true;
}

void Program::play(GstClockTime start) {
  if (!begun_)
    stage_.begin(start);
  begun_ = true;
}

void Program::stop() {
  stage_.stop();
  std::unique_ptr<TextFeed> text;
  std::lock_guard<std::mutex> lock(text_mutex_);
  text_.swap(text);
}

void Program::update_latency() {
  guint latency_ms = 0;
  g_object_get(source_.get(), "latency", &latency_ms, nullptr);
  const GParamSpec *spec =
      g_object_class_find_property(G_OBJECT_GET_CLASS(source_.get()), "latency");
  if (latency_ms > G_PARAM_SPEC_UINT(spec)->maximum)  // the source keeps its previous latency
    return;
  stage_.set_upstream_latency(latency_ms * GST_MSECOND);
}

// ---- the end -------------------------------------------------------------------------

void Program::inputs_changed(int running, GstClockTime end) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    running_ += running;
    end_ = std::max(end_, end);
  }
  end_where_over();
}

void Program::end_where_over() {
  GstClockTime end = 0;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (running_ > 0 || !(all_pads_ || eos_sent_))
      return;
    end = end_ > 0 ? end_ : observer_.now();
  }
  stage_.end_at(end);
}

bool Program::send_eos() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    eos_sent_ = true;
  }
  const bool sent = gst_element_send_event(source_.get(), gst_event_new_eos());
  end_where_over();
  return sent;
}

// ---- pads of rtmssrc -----------------------------------------------------------------

void Program::on_pad_added(GstElement *, GstPad *pad, gpointer data) {
  auto self = static_cast<Program *>(data);
  StringPtr name(gst_pad_get_name(pad));
  if (std::strcmp(name.get(), "transcript") == 0)
    self->add_text(pad);
  else if (std::strcmp(name.get(), "chat") != 0) {
    if (std::strcmp(name.get(), "video") == 0)
      self->observer_.watch_tags(pad);
    self->stage_.add(name.get(), pad);
  }
}

void Program::on_no_more_pads(GstElement *, gpointer data) {
  auto self = static_cast<Program *>(data);
  self->no_more_pads();
  // gst-launch-1.0 waits for pads that might come, where one that is there cannot be linked.
  gst_element_no_more_pads(GST_ELEMENT(self->bin_));
}

void Program::no_more_pads() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    all_pads_ = true;
  }
  end_where_over();
}

// ---- texts ---------------------------------------------------------------------------

void Program::add_text(GstPad *pad) {
  if (settings_.captions == CaptionMode::Off)
    return;
  auto text = std::make_unique<TextFeed>(
      GST_ELEMENT(bin_), pad, settings_.captions == CaptionMode::Burn ? &scene_ : nullptr);
  std::lock_guard<std::mutex> lock(text_mutex_);
  text_.swap(text);
}

// ---- messages ------------------------------------------------------------------------

bool Program::handle(GstMessage *message) {
  const bool of_source = GST_MESSAGE_SRC(message) == GST_OBJECT(source_.get());
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR:
      return handle_error(message);
    case GST_MESSAGE_ELEMENT:
      if (of_source) {
        observer_.message(gst_message_get_structure(message));
        // With a pad for each participant, rtmssrc does not emit no-more-pads.
        if (is_end_of_stream(gst_message_get_structure(message)))
          no_more_pads();
      }
      return true;
    case GST_MESSAGE_PROGRESS:
      // With PROGRESS, a pipeline waits in PAUSED until the meeting begins.
      if (of_source)
        inform(GST_ELEMENT(bin_), message);
      return !of_source;
    case GST_MESSAGE_STREAM_COLLECTION:
    case GST_MESSAGE_STREAMS_SELECTED:
      // Describes streams that no pad of the bin has.
      return !of_source;
    default:
      return true;
  }
}

bool Program::handle_error(GstMessage *message) {
  GstObject *of = GST_MESSAGE_SRC(message);
  if (of == GST_OBJECT(source_.get())) {
    std::lock_guard<std::mutex> lock(mutex_);
    // The error that there was no data is expected after EOS by the application.
    return !eos_sent_;
  }
  return !stage_.mends(of);
}

}  // namespace rtms::program

// SPDX-License-Identifier: LGPL-2.1-or-later
/**
 * SECTION:element-rtmsprogram
 * @title: rtmsprogram
 * @short_description: a meeting as one video and one audio stream
 *
 * rtmsprogram contains an #GstRtmsSrc and turns what it receives into a program: one raw video
 * stream of constant size and frame rate, and one raw audio stream without gaps. Both begin with
 * the pipeline and end with the meeting, whatever cameras, screen shares and connections do.
 *
 * All properties and action signals of #GstRtmsSrc are properties and signals of rtmsprogram, with
 * the same names. The element named `source` in the bin is the #GstRtmsSrc (`source::latency` in
 * gst-launch-1.0).
 *
 * ## Example launch lines
 *
 * Rebroadcast the next meeting:
 * |[
 * gst-launch-1.0 -e rtmsprogram name=meeting webhook-listen=http://127.0.0.1:8080/webhook \
 *   meeting.video ! queue ! x264enc tune=zerolatency key-int-max=50 ! queue ! mux.video \
 *   meeting.audio ! queue ! audioconvert ! avenc_aac ! queue ! mux.audio \
 *   flvmux name=mux streamable=true latency=200000000 ! \
 *   rtmp2sink location=rtmp://localhost/live/meeting
 * ]|
 *
 * ## What is shown
 *
 * #GstRtmsProgram:layout chooses where camera and screen share are. What is missing gives way to
 * the slate (#GstRtmsProgram:slate-color, #GstRtmsProgram:slate-location). While there is no
 * meeting, or a connection is lost, for more than a moment, the slate says so.
 *
 * ## Time
 *
 * Both pads begin at running time 0, or at the current running time where you add the element to a
 * pipeline that plays or is paused. Audio has its exact place; a video frame is at most half a
 * frame away from it. Where `avenc_aac` follows the pad `audio`, the video is as late as that
 * encoder makes the audio, because files do not state this delay. The latency is
 * #GstRtmsSrc:latency plus 500 ms, plus 40 ms or the duration of a video frame, whichever is
 * longer.
 *
 * ## Messages
 *
 * The application gets the messages of the #GstRtmsSrc, whose source is the element `source`,
 * without PROGRESS and STREAM_COLLECTION: the program does not wait for the meeting, and its pads
 * carry no stream of the collection. INFO messages have the text of PROGRESS messages. When no
 * element decodes a kind of media, the element posts a warning (STREAM/CODEC_NOT_FOUND) and goes on
 * without it. A change to PLAYING fails with CORE/CLOCK if the pipeline has no clock.
 *
 * ## Events
 *
 * The element refuses TAG, FLUSH_START, FLUSH_STOP, SEEK and SELECT_STREAMS events. It pushes a
 * CUSTOM event once on each pad. EOS ends the program.
 *
 * Since: 0.1
 */
#include "gstrtmsprogram.h"

#include "element/gstrtmssrc.h"
#include "element/proxy.h"
#include "program.h"
#include "refusals.h"

struct _GstRtmsProgram {
  GstBin parent;
  rtms::program::Settings *settings;  // guarded by the object lock
  rtms::program::Program *program;
};

namespace {

using rtms::program::Settings;

}  // namespace

G_DEFINE_TYPE(GstRtmsProgram, gst_rtms_program, GST_TYPE_BIN)
GST_ELEMENT_REGISTER_DEFINE(rtmsprogram, "rtmsprogram", GST_RANK_NONE, GST_TYPE_RTMS_PROGRAM)

namespace {

// ---- properties ----------------------------------------------------------------------

void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec) {
  GstRtmsProgram *self = GST_RTMS_PROGRAM(object);
  if (id >= rtms::kFirstProxied) {
    g_object_set_property(G_OBJECT(self->program->source()), spec->name, value);
    if (g_str_equal(spec->name, "latency") && self->program->missing().empty())
      self->program->update_latency();
    return;
  }
  GST_OBJECT_LOCK(self);
  const bool known = rtms::program::set_setting(self->settings, id, value);
  GST_OBJECT_UNLOCK(self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
  if (id == rtms::program::kLayoutProperty)
    self->program->set_layout(static_cast<rtms::program::Layout>(g_value_get_enum(value)));
  if (id == rtms::program::kNameTagsProperty)
    self->program->set_name_tags(g_value_get_boolean(value));
}

void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec) {
  GstRtmsProgram *self = GST_RTMS_PROGRAM(object);
  if (id >= rtms::kFirstProxied) {
    g_object_get_property(G_OBJECT(self->program->source()), spec->name, value);
    return;
  }
  GST_OBJECT_LOCK(self);
  const bool known = rtms::program::get_setting(*self->settings, id, value);
  GST_OBJECT_UNLOCK(self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

// ---- state ---------------------------------------------------------------------------

bool check_plugins(GstRtmsProgram *self) {
  const std::string &missing = self->program->missing();
  if (missing.empty())
    return true;
  GST_ELEMENT_ERROR(self, CORE, MISSING_PLUGIN,
                    ("The element %s is not installed. Install the GStreamer plugins base and x "
                     "(gstreamer1.0-plugins-base, gstreamer1.0-x).",
                     missing.c_str()),
                    (nullptr));
  return false;
}

bool plays(GstObject *object) {
  GstObject *parent = gst_object_get_parent(object);
  const bool does = parent ? plays(parent) : GST_STATE(object) == GST_STATE_PLAYING;
  gst_clear_object(&parent);
  return does;
}

// In a playing pipeline, the program starts at the current running time; with its pipeline, where
// that starts: at 0, or at the end of a pause. An application that sets the base time itself says
// nothing else of the start.
GstClockTime beginning(GstRtmsProgram *self) {
  GstElement *element = GST_ELEMENT(self);
  GstClockTime start = gst_element_get_start_time(element);
  if (plays(GST_OBJECT(self)) || !GST_CLOCK_TIME_IS_VALID(start))
    start = gst_element_get_current_running_time(element);
  return GST_CLOCK_TIME_IS_VALID(start) ? start : 0;
}

bool prepare(GstRtmsProgram *self) {
  GST_OBJECT_LOCK(self);
  Settings settings = *self->settings;
  GST_OBJECT_UNLOCK(self);
  auto &size = settings.video.size;
  const auto usual = rtms::program::usual_size(self->program->source());
  size.width = size.width ? size.width : usual.width;
  size.height = size.height ? size.height : usual.height;
  if (!rtms::program::is_valid_size(size.width) || !rtms::program::is_valid_size(size.height)) {
    GST_ELEMENT_ERROR(self, RESOURCE, SETTINGS,
                      ("width=%d, height=%d is not valid. Valid are even numbers from 64 to 7680, "
                       "and 0 for those of video-resolution.",
                       size.width, size.height),
                      (nullptr));
    return false;
  }
  std::string error;
  if (self->program->prepare(settings, &error))
    return true;
  GST_ELEMENT_ERROR(self, RESOURCE, OPEN_READ,
                    ("slate-location=%s cannot be shown: %s. Valid are PNG and JPEG files.",
                     settings.video.slate.location.c_str(), error.c_str()),
                    (nullptr));
  return false;
}

// Of an inner pad: its pad was linked; its mixer has stopped, because it was not.
constexpr guint kWasLinked = GST_PAD_FLAG_LAST, kUnused = GST_PAD_FLAG_LAST << 1;

// The pads of a program that begins anew may be linked until their first buffer.
void forget_unused(GstRtmsProgram *self) {
  for (GList *one = GST_ELEMENT(self)->srcpads; one; one = one->next) {
    GstProxyPad *inner = gst_proxy_pad_get_internal(GST_PROXY_PAD(one->data));
    GST_OBJECT_FLAG_UNSET(inner, kUnused);
    gst_object_unref(inner);
  }
}

// Without one, the mixers wait for all their inputs, for ever.
bool has_clock(GstRtmsProgram *self) {
  const rtms::ClockPtr clock(gst_element_get_clock(GST_ELEMENT(self)));
  if (!clock)
    GST_ELEMENT_ERROR(self, CORE, CLOCK,
                      ("The pipeline has no clock, and rtmsprogram needs one for the time of its "
                       "frames. Remove the call of gst_pipeline_use_clock() with NULL."),
                      (nullptr));
  return clock != nullptr;
}

GstStateChangeReturn change_state(GstElement *element, GstStateChange transition) {
  GstRtmsProgram *self = GST_RTMS_PROGRAM(element);
  if (transition == GST_STATE_CHANGE_NULL_TO_READY && !check_plugins(self))
    return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !prepare(self))
    return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    forget_unused(self);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING && !has_clock(self))
    return GST_STATE_CHANGE_FAILURE;
  // Before the source plays, and has media.
  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING)
    self->program->play(beginning(self));
  if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
    self->program->pause();
  // The change to PAUSED may have failed.
  if (transition == GST_STATE_CHANGE_READY_TO_NULL)
    self->program->stop();
  const GstStateChangeReturn result =
      GST_ELEMENT_CLASS(gst_rtms_program_parent_class)->change_state(element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING)
    self->program->resume();
  // The source refuses the change on its own threads, and runs on.
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY && result != GST_STATE_CHANGE_FAILURE)
    self->program->stop();
  return result;
}

gboolean send_event(GstElement *element, GstEvent *event) {
  GstRtmsProgram *self = GST_RTMS_PROGRAM(element);
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_EOS:
      gst_event_unref(event);
      return self->program->send_eos();
    // A bin hands them to its mixers, which lose their segments, and end the process.
    case GST_EVENT_FLUSH_START:
    case GST_EVENT_FLUSH_STOP:
    case GST_EVENT_SEEK:
    case GST_EVENT_SELECT_STREAMS:
    // A mixer takes it, and passes it on to nobody.
    case GST_EVENT_TAG:
      gst_event_unref(event);
      return FALSE;
    default:
      break;
  }
  return GST_ELEMENT_CLASS(gst_rtms_program_parent_class)->send_event(element, event);
}

void handle_message(GstBin *bin, GstMessage *message) {
  // No program exists while its elements are being created.
  rtms::program::Program *program = GST_RTMS_PROGRAM(bin)->program;
  if (!program || program->handle(message))
    GST_BIN_CLASS(gst_rtms_program_parent_class)->handle_message(bin, message);
  else
    gst_message_unref(message);
}

GstElement *source_of(gpointer instance) {
  return GST_RTMS_PROGRAM(instance)->program->source();
}

void finalize(GObject *object) {
  GstRtmsProgram *self = GST_RTMS_PROGRAM(object);
  delete self->program;
  delete self->settings;
  G_OBJECT_CLASS(gst_rtms_program_parent_class)->finalize(object);
}

// ---- pads ----------------------------------------------------------------------------

void add_template(GstElementClass *klass, const char *name, GstPadPresence presence,
                  const char *text) {
  rtms::CapsPtr caps(gst_caps_from_string(text));
  gst_element_class_add_pad_template(klass,
                                     gst_pad_template_new(name, GST_PAD_SRC, presence, caps.get()));
}

// A mixer that could not push once pushes nothing more. An application may link something else, and
// may set it to PLAYING after that.
GstFlowReturn push(GstPad *inner, GstObject *pad, GstBuffer *buffer) {
  const GstFlowReturn flow = gst_proxy_pad_chain_default(inner, pad, buffer);
  if (flow == GST_FLOW_OK) {
    GST_OBJECT_FLAG_SET(inner, kWasLinked);
    GST_OBJECT_FLAG_UNSET(inner, kUnused);
  }
  const bool exchanged = flow == GST_FLOW_NOT_LINKED || flow == GST_FLOW_FLUSHING;
  const bool used = GST_OBJECT_FLAG_IS_SET(inner, kWasLinked) || gst_pad_is_linked(GST_PAD(pad));
  if (exchanged && used && gst_pad_is_active(GST_PAD(pad)))
    return GST_FLOW_OK;
  if (flow == GST_FLOW_NOT_LINKED)
    GST_OBJECT_FLAG_SET(inner, kUnused);
  return flow;
}

void linked(GstPad *pad, GstPad *, gpointer) {
  GstPad *inner = GST_PAD(gst_proxy_pad_get_internal(GST_PROXY_PAD(pad)));
  if (GST_OBJECT_FLAG_IS_SET(inner, kUnused) && gst_pad_is_active(pad))
    if (const rtms::ElementPtr program{gst_pad_get_parent_element(pad)})
      GST_ELEMENT_WARNING(program.get(), CORE, PAD,
                          ("The pad %s was linked after the program had begun without it, and has "
                           "no data. Link it before the program is set to PAUSED, or set the "
                           "program to READY and back.",
                           GST_PAD_NAME(pad)),
                          (nullptr));
  gst_object_unref(inner);
}

void add_pad(GstRtmsProgram *self, const char *name, GstPad *target) {
  GstPadTemplate *of = gst_element_get_pad_template(GST_ELEMENT(self), name);
  GstPad *pad = target ? gst_ghost_pad_new_from_template(name, target, of)
                       : gst_ghost_pad_new_no_target_from_template(name, of);
  gst_pad_set_event_function(pad, GST_DEBUG_FUNCPTR(rtms::program::upstream_event));
  GstPad *inner = GST_PAD(gst_proxy_pad_get_internal(GST_PROXY_PAD(pad)));
  gst_pad_set_chain_function(inner, GST_DEBUG_FUNCPTR(push));
  gst_object_unref(inner);
  g_signal_connect(pad, "linked", G_CALLBACK(linked), nullptr);
  gst_element_add_pad(GST_ELEMENT(self), pad);
}

}  // namespace

static void gst_rtms_program_class_init(GstRtmsProgramClass *klass) {
  auto object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  rtms::program::install_properties(object_class);
  rtms::install_proxied_properties(object_class, GST_TYPE_RTMS_SRC);
  rtms::install_proxied_actions(G_TYPE_FROM_CLASS(klass), GST_TYPE_RTMS_SRC, source_of);

  auto element_class = GST_ELEMENT_CLASS(klass);
  element_class->change_state = GST_DEBUG_FUNCPTR(change_state);
  element_class->send_event = GST_DEBUG_FUNCPTR(send_event);
  GST_BIN_CLASS(klass)->handle_message = GST_DEBUG_FUNCPTR(handle_message);
  gst_element_class_set_static_metadata(element_class, "RTMS program", "Source/Network/Video/Audio",
                                        "Receives a meeting over RTMS (Zoom Realtime Media "
                                        "Streams) as one video and one audio stream",
                                        PACKAGE_AUTHOR);
  /**
   * GstRtmsProgram!video:
   *
   * The video of the program, of #GstRtmsProgram:width, #GstRtmsProgram:height and
   * #GstRtmsProgram:framerate.
   *
   * Since: 0.1
   */
  add_template(element_class, "video", GST_PAD_ALWAYS, "video/x-raw, format=(string)I420");
  /**
   * GstRtmsProgram!audio:
   *
   * The audio of the program: all that is heard in the meeting, and silence while there is nothing.
   * Where several participants together exceed full scale, a limiter lowers them for that moment,
   * with a look-ahead of 5 ms, instead of clipping them. All other samples pass unchanged.
   *
   * Since: 0.1
   */
  add_template(element_class, "audio", GST_PAD_ALWAYS,
               "audio/x-raw, format=(string)S16LE, layout=(string)interleaved, rate=(int)48000, "
               "channels=(int)2");
  /**
   * GstRtmsProgram!captions:
   *
   * The transcript, with #GstRtmsProgram:captions=pad, as the pad `transcript` of #GstRtmsSrc has
   * it. The pad appears when the meeting has begun.
   *
   * Since: 0.1
   */
  add_template(element_class, "captions", GST_PAD_SOMETIMES,
               "text/x-raw, format=(string){ utf8, pango-markup }; application/x-json");
  for (GType type : {rtms::program::layout_type(), rtms::program::caption_mode_type()})
    gst_type_mark_as_plugin_api(type, static_cast<GstPluginAPIFlags>(0));
}

static void gst_rtms_program_init(GstRtmsProgram *self) {
  self->settings = new Settings;
  self->program = new rtms::program::Program(GST_BIN(self));
  add_pad(self, "video", self->program->video());
  add_pad(self, "audio", self->program->audio());
}

// SPDX-License-Identifier: LGPL-2.1-or-later
// The messages that rtmssrc posts on the bus.
#pragma once

#include "protocol/types.h"
#include "session/session.h"

#include <gst/gst.h>

namespace rtms {

void post_connection(GstElement *element, ConnectionState state, MediaMask media, unsigned attempt);
void post_new_stream(GstElement *element, const std::string &stream_id);
// `url`: where webhooks are received.
void post_listening(GstElement *element, const std::string &url);
void post_stream_state(GstElement *element, const StreamStateUpdate &update);
void post_session_state(GstElement *element, const SessionStateUpdate &update);
// The meaning of an event's number depends on the product.
void post_event(GstElement *element, Product product, const EventUpdate &event);
void post_error(GstElement *element, const SessionError &error);
void post_warning(GstElement *element, const SessionError &warning);
void post_rejoin_warning(GstElement *element, const std::string &why);

}  // namespace rtms

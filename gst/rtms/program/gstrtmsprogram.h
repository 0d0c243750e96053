// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_RTMS_PROGRAM (gst_rtms_program_get_type())
G_DECLARE_FINAL_TYPE(GstRtmsProgram, gst_rtms_program, GST, RTMS_PROGRAM, GstBin)

GST_ELEMENT_REGISTER_DECLARE(rtmsprogram);

G_END_DECLS

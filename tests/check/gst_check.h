// SPDX-License-Identifier: LGPL-2.1-or-later
// GStreamer's check, without its macro `fail`: the standard library's streams, which C++20's
// headers include more often, have a function of that name.
#pragma once

#include <gst/check/gstcheck.h>

#undef fail

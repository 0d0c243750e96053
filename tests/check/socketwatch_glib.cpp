// SPDX-License-Identifier: LGPL-2.1-or-later
// The same where there is no epoll: linked with the other implementation.
#define RTMS_WITHOUT_ROUNDS
#include "socketwatch.cpp"

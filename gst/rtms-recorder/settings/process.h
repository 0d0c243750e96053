// SPDX-License-Identifier: LGPL-2.1-or-later
// Limits and protection of the whole process.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace rtms::recorder {

// Makes new files readable for the user, or also the user's group. Prevents core dumps, and access
// by the user's other processes: both would expose the app's secrets.
void protect_process(bool group_readable);

// Removes variables from the environment, and wipes their values: child processes inherit neither.
void forget_variables(std::initializer_list<const char *> names);

// Raises the limit of descriptors as far as the system allows: each meeting needs some twenty, and
// the usual limit is for programs with select(). Returns the new limit.
uint64_t raise_descriptor_limit();

}  // namespace rtms::recorder

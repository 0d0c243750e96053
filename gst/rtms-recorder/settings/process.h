// SPDX-License-Identifier: LGPL-2.1-or-later
// What the whole process may do, and who may look into it.
#pragma once

#include <initializer_list>

namespace rtms::recorder {

// Files are for the user alone, or for the user's group to read as well. No other process of the
// user can look into this one, and it leaves no core dump: both would show the app's secrets.
void protect_process(bool group_readable);

// Neither elements nor other programs inherit these variables, nor is their value anywhere.
void forget_variables(std::initializer_list<const char *> names);

// As many descriptors as the system allows: each meeting has some twenty, and the usual limit is
// for programs that use select().
void raise_descriptor_limit();

}  // namespace rtms::recorder

// SPDX-License-Identifier: LGPL-2.1-or-later
// The options about what else the service does: odd values, refusals, losses.
#pragma once

#include <glib.h>

#include "options.h"

namespace rtmstest {

class ServiceOptions {
 public:
  ServiceOptions() = default;
  ~ServiceOptions();
  ServiceOptions(const ServiceOptions &) = delete;
  ServiceOptions &operator=(const ServiceOptions &) = delete;

  void add_to(GOptionContext *context);
  bool convert(Options *options, std::string *error) const;

 private:
  bool convert_losses(Config *config, std::string *error) const;

  // GOption allocates strings with a plain pointer, so they are freed here.
  char *webhook_urls_ = nullptr, *webinar_uuid_ = nullptr, *mix_id_ = nullptr, *jpeg_ = nullptr,
       *attributes_ = nullptr, *refuse_ = nullptr, *refusal_form_ = nullptr, *reason_ = nullptr,
       *informational_ = nullptr, *outage_ = nullptr, *stall_ = nullptr, *replay_ = nullptr,
       *negotiate_ = nullptr, *no_url_ = nullptr, *deskshare_key_ = nullptr;
  gboolean webinar_signed_ = FALSE, string_ids_ = FALSE, microseconds_ = FALSE,
           payload_encrypted_ = FALSE, misspelt_ = FALSE;
  int refuse_times_ = -1, repeat_lines_ = 0;
};

}  // namespace rtmstest

// SPDX-License-Identifier: LGPL-2.1-or-later
#include "assets.h"

// Generated from resources.xml.
extern "C" GResource *rtms_admin_get_resource(void);

namespace rtms::recorder {
namespace {

struct KnownAsset {
  const char *path, *file, *type;
};
constexpr KnownAsset kAssets[] = {
    {"/", "page.html", "text/html; charset=utf-8"},
    {"/page.css", "page.css", "text/css; charset=utf-8"},
    {"/page.js", "page.js", "text/javascript; charset=utf-8"},
    {"/icon.svg", "icon.svg", "image/svg+xml"},
};

}  // namespace

std::optional<Asset> find_asset(const std::string &path) {
  for (const KnownAsset &asset : kAssets) {
    if (path != asset.path)
      continue;
    const std::string file = std::string("/rtms-recorder/") + asset.file;
    const std::unique_ptr<GBytes, FreeWith<g_bytes_unref>> bytes(g_resource_lookup_data(
        rtms_admin_get_resource(), file.c_str(), G_RESOURCE_LOOKUP_FLAGS_NONE, nullptr));
    gsize size = 0;
    auto data = static_cast<const char *>(bytes ? g_bytes_get_data(bytes.get(), &size) : nullptr);
    return Asset{asset.type, std::string(data ? data : "", size)};
  }
  return std::nullopt;
}

}  // namespace rtms::recorder

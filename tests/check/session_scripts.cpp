// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole sessions without a network: the fuzzer's scripts, those among them that once broke
// something, are run with each build. What a session must never do ends the process.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "gst_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace {

std::vector<std::string> scripts() {
  const std::string folder = CHECK_SOURCE_ROOT "/tests/fuzz/corpus/session/";
  std::unique_ptr<GDir, void (*)(GDir *)> directory(g_dir_open(folder.c_str(), 0, nullptr),
                                                    g_dir_close);
  std::vector<std::string> paths;
  while (const char *name = g_dir_read_name(directory.get()))
    paths.push_back(folder + name);
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

GST_START_TEST(test_script) {
  const std::string path = scripts().at(static_cast<size_t>(__i__));
  g_print("%s\n", path.c_str());
  std::ifstream file(path, std::ios::binary);
  const std::string script((std::istreambuf_iterator<char>(file)), {});
  fail_if(script.empty(), "%s", path.c_str());
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(script.data()), script.size());
}
GST_END_TEST;

static Suite *session_scripts_suite() {
  Suite *suite = suite_create("session_scripts");
  TCase *tcase = tcase_create("scripts");
  tcase_add_loop_test(tcase, test_script, 0, static_cast<int>(scripts().size()));
  suite_add_tcase(suite, tcase);
  return suite;
}

GST_CHECK_MAIN(session_scripts)

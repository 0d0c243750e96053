// SPDX-License-Identifier: LGPL-2.1-or-later
// Before check's own headers: their macros have the names of functions.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "launch.h"

#include <glib/gstdio.h>

namespace rtmscheck {

namespace {

constexpr const char *kMark = "<!-- recipe: ", *kMarkEnd = " -->";

bool starts_with(const std::string &text, const std::string &start) {
  return text.compare(0, start.size(), start) == 0;
}

std::string read_block(std::istream &lines, const std::string &name) {
  std::string line, block;
  ck_assert_msg(std::getline(lines, line) && line == "```sh", "no block follows recipe %s",
                name.c_str());
  while (std::getline(lines, line) && line != "```")
    if (!starts_with(line, "export "))
      block += line + "\n";
  ck_assert_msg(!block.empty(), "recipe %s is empty", name.c_str());
  return block;
}

void add_recipes(const std::filesystem::path &document, std::map<std::string, std::string> *all) {
  std::ifstream lines(document);
  ck_assert_msg(lines.good(), "%s", document.c_str());
  for (std::string line; std::getline(lines, line);) {
    if (!starts_with(line, kMark))
      continue;
    const std::size_t start = std::strlen(kMark), end = line.find(kMarkEnd);
    ck_assert_msg(end != std::string::npos, "%s", line.c_str());
    const std::string name = line.substr(start, end - start);
    const bool added = all->emplace(name, read_block(lines, name)).second;
    ck_assert_msg(added, "two recipes are called %s", name.c_str());
  }
}

std::string read_file(const std::string &path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<char *> pointers(const std::vector<std::string> &strings) {
  std::vector<char *> pointers;
  for (const std::string &string : strings)
    pointers.push_back(const_cast<char *>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

Ptr<char *, g_strfreev> environment_with(const std::map<std::string, std::string> &more) {
  char **environment = g_get_environ();
  // The libraries' own criticals are not this project's.
  environment = g_environ_unsetenv(environment, "G_DEBUG");
  for (const auto &[name, value] : more)
    environment = g_environ_setenv(environment, name.c_str(), value.c_str(), TRUE);
  return Ptr<char *, g_strfreev>(environment);
}

}  // namespace

std::map<std::string, std::string> documented_recipes() {
  const std::filesystem::path root(CHECK_SOURCE_ROOT);
  std::map<std::string, std::string> recipes;
  add_recipes(root / "README.md", &recipes);
  for (const auto &entry : std::filesystem::directory_iterator(root / "docs"))
    if (entry.path().extension() == ".md")
      add_recipes(entry.path(), &recipes);
  return recipes;
}

Program::Program(const Options &options)
    : log_(options.folder + "/" + std::filesystem::path(options.arguments[0]).filename().string() +
           ".log"),
      context_(g_main_context_new()) {
  const std::vector<char *> arguments = pointers(options.arguments);
  auto environment = environment_with(options.environment);
  const int log = g_open(log_.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  ck_assert_int_ge(log, 0);
  const int fds[] = {options.inherited_fd};
  GError *failure = nullptr;
  const bool spawned = g_spawn_async_with_pipes_and_fds(
      options.folder.c_str(), arguments.data(), environment.get(),
      static_cast<GSpawnFlags>(G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD), nullptr, nullptr,
      -1, log, log, fds, fds, options.inherited_fd < 0 ? 0 : 1, &pid_, nullptr, nullptr, nullptr,
      &failure);
  ErrorPtr owned(failure);
  g_close(log, nullptr);
  ck_assert_msg(spawned, "%s: %s", arguments[0], failure ? failure->message : "");
  SourcePtr watch(g_child_watch_source_new(pid_));
  const auto on_end = [](GPid, int status, gpointer self) {
    static_cast<Program *>(self)->ended(status);
  };
  g_source_set_callback(watch.get(), G_SOURCE_FUNC(static_cast<GChildWatchFunc>(on_end)), this,
                        nullptr);
  g_source_attach(watch.get(), context_.get());
}

Program::~Program() {
  send(SIGKILL);
  wait(kDeadlineMs);
}

void Program::ended(int status) {
  running_ = false;
  status_ = status;
}

bool Program::wait(int timeout_ms) {
  bool late = false;
  SourcePtr timer(g_timeout_source_new(static_cast<guint>(timeout_ms)));
  const auto on_time = [](gpointer flag) -> gboolean { return *static_cast<bool *>(flag) = true; };
  g_source_set_callback(timer.get(), on_time, &late, nullptr);
  g_source_attach(timer.get(), context_.get());
  while (running_ && !late)
    g_main_context_iteration(context_.get(), TRUE);
  g_source_destroy(timer.get());
  return !running_;
}

double Program::cpu_s() const {
  constexpr int kUserTime = 14, kSystemTime = 15;  // fields, from 1
  std::istringstream fields(read_file("/proc/" + std::to_string(pid_) + "/stat"));
  std::string field;
  double ticks = 0;
  for (int i = 1; i <= kSystemTime && fields >> field; i++)
    if (i >= kUserTime)
      ticks += std::strtod(field.c_str(), nullptr);
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

bool Program::succeeded() const {
  return !running_ && g_spawn_check_wait_status(status_, nullptr);
}

bool Program::ended_by(int signal) const {
  return !running_ && WIFSIGNALED(status_) && WTERMSIG(status_) == signal;
}

void Program::send(int signal) {
  if (running_)
    kill(pid_, signal);
}

void Program::send_to_child(int signal) {
  const std::string self = std::to_string(pid_);
  const std::string children = read_file("/proc/" + self + "/task/" + self + "/children");
  const int child = std::atoi(children.c_str());
  ck_assert_msg(running_ && child > 0, "no child of %d: %s", pid_, children.c_str());
  ck_assert_int_eq(kill(child, signal), 0);
}

std::string Program::output() const {
  return read_file(log_);
}

bool Program::wait_until(const std::function<bool()> &holds, int timeout_ms) {
  constexpr int kLookMs = 20;
  const int64_t deadline = g_get_monotonic_time() + timeout_ms * int64_t{1000};
  while (!holds()) {
    if (g_get_monotonic_time() >= deadline)
      return false;
    if (wait(kLookMs))
      return holds();
  }
  return true;
}

std::string Program::wait_output(const std::string &before, const std::string &after) {
  std::string found;
  const bool said = wait_until([&] {
    const std::string text = output();
    const std::size_t start = text.find(before);
    const std::size_t stop =
        start == std::string::npos ? start : text.find(after, start + before.size());
    if (stop == std::string::npos)
      return false;
    found = text.substr(start + before.size(), stop - start - before.size());
    return true;
  });
  ck_assert_msg(said, "no \"%s\" in %s", before.c_str(), output().c_str());
  return found;
}

}  // namespace rtmscheck

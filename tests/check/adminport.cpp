// SPDX-License-Identifier: LGPL-2.1-or-later
#include "adminport.h"

#include <filesystem>
#include <fstream>

namespace rtmscheck {

std::string get_text(const std::string &path, const Headers &headers, const std::string &host) {
  std::string text = "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n";
  for (const auto &[name, value] : headers)
    text += name + ": " + value + "\r\n";
  return text + "\r\n";
}

AdminPort::AdminPort(RecorderRun::Setup setup) {
  const auto is_listening = [](const std::string &option) {
    return option.rfind("--admin-listen=", 0) == 0;
  };
  if (std::none_of(setup.options.begin(), setup.options.end(), is_listening))
    setup.options.emplace_back("--admin-listen=http://127.0.0.1:0");
  run_.emplace(setup);
}

const std::string &AdminPort::url() {
  if (url_.empty())
    url_ = run_->program().wait_output("the page for the operator is at ", "\n");
  return url_;
}

HttpAnswer AdminPort::get(const std::string &path, const Headers &headers,
                          const std::string &host) {
  return send(get_text(path, headers, host));
}

HttpAnswer AdminPort::send(const std::string &text) {
  HttpClient client(url());
  client.send(text);
  return client.read();
}

OldRecordings::OldRecordings() : path_(directory_.file("recordings")) {
  std::filesystem::create_directories(path_);
}

std::string OldRecordings::add(const std::string &folder) {
  const std::string path = path_ + "/" + folder;
  std::filesystem::create_directories(path);
  write_file(path + "/meeting.json", R"({"state":"finished","files":["meeting.mp4"]})");
  return path;
}

void write_file(const std::string &path, const std::string &text) {
  std::ofstream(path) << text;
}

}  // namespace rtmscheck

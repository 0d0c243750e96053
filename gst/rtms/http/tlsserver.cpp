// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tlsserver.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <algorithm>
#include <tuple>
#include <utility>

namespace rtms {
namespace {

constexpr size_t kRecord = 16 << 10;
// OpenSSL answers any number of key updates, of 27 bytes and 26 µs each: of what a client sends,
// this many bytes may be TLS's own, or of a record that is not complete, and then this many for
// each plain byte.
constexpr uint64_t kMostOwn = 40 << 10, kMostRatio = 4;
constexpr size_t kStep = 1 << 10;

// Returns the first error; the others are its consequences.
std::string error_text() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char *reason = ERR_reason_error_string(code);
  return reason ? reason : "OpenSSL fails";
}

int no_password(char *, int, int, void *) {
  return -1;
}

}  // namespace

void FreeTls::operator()(ssl_ctx_st *context) const {
  SSL_CTX_free(context);
}

void FreeTls::operator()(ssl_st *stream) const {
  SSL_free(stream);
}

FileVersion::FileVersion(const std::string &file) {
  stat(file.c_str(), &status_);
}

bool FileVersion::operator!=(const FileVersion &other) const {
  const auto changed = [](const struct stat &status) {
    return std::tuple(status.st_dev, status.st_ino, status.st_size, status.st_ctim.tv_sec,
                      status.st_ctim.tv_nsec);
  };
  return changed(status_) != changed(other.status_);
}

TlsServer::TlsServer(std::string certificate_file, std::string key_file)
    : certificate_file_(std::move(certificate_file)),
      key_file_(std::move(key_file)),
      certificate_(certificate_file_),
      key_(key_file_) {}

std::variant<TlsServer, std::string> TlsServer::open(const std::string &certificate_file,
                                                     const std::string &key_file) {
  TlsServer server(certificate_file, key_file);
  if (std::string problem = server.load(); !problem.empty())
    return problem;
  return server;
}

std::variant<std::unique_ptr<TlsServer>, std::string> TlsServer::renewed() const {
  std::unique_ptr<TlsServer> fresh(new TlsServer(certificate_file_, key_file_));
  if (!(fresh->certificate_ != certificate_) && !(fresh->key_ != key_))
    return std::unique_ptr<TlsServer>();
  if (std::string problem = fresh->load(); !problem.empty())
    return problem;
  return fresh;
}

std::string TlsServer::load() {
  ERR_clear_error();
  context_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX *context = context_.get();
  if (!context || !SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION))
    return error_text();
  SSL_CTX_set_default_passwd_cb(context, no_password);
  SSL_CTX_set_options(context,
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
  if (SSL_CTX_use_certificate_chain_file(context, certificate_file_.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key_file_.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1)
    return error_text();
  return {};
}

std::unique_ptr<TlsStream> TlsServer::accept() const {
  ERR_clear_error();
  return std::make_unique<TlsStream>(context_.get());
}

TlsStream::TlsStream(ssl_ctx_st *context) : stream_(SSL_new(context)) {
  BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
  if (!stream_ || !in || !out) {
    BIO_free(in);
    BIO_free(out);
    stream_.reset();
    return;
  }
  SSL_set_bio(stream_.get(), in, out);
  SSL_set_accept_state(stream_.get());
}

bool TlsStream::received(std::string_view bytes, std::string *plain) {
  ERR_clear_error();
  for (; stream_ && !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kStep))) {
    const std::string_view step = bytes.substr(0, kStep);
    const size_t before = plain->size();
    const int size = static_cast<int>(step.size());
    if (BIO_write(SSL_get_rbio(stream_.get()), step.data(), size) != size || !read(plain))
      return false;
    bytes_ += step.size();
    plain_bytes_ += plain->size() - before;
    if (bytes_ > kMostOwn + kMostRatio * plain_bytes_)
      return false;
  }
  return stream_ != nullptr;
}

// SSL_read_ex() also performs the handshake.
bool TlsStream::read(std::string *plain) {
  char piece[kRecord];
  size_t count = 0;
  int result = 0;
  while ((result = SSL_read_ex(stream_.get(), piece, sizeof piece, &count)) == 1)
    plain->append(piece, count);
  const int error = SSL_get_error(stream_.get(), result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

bool TlsStream::send(std::string_view plain) {
  ERR_clear_error();
  size_t count = 0;
  return plain.empty() || (SSL_write_ex(stream_.get(), plain.data(), plain.size(), &count) == 1 &&
                           count == plain.size());
}

void TlsStream::close() {
  ERR_clear_error();
  SSL_shutdown(stream_.get());
}

std::string TlsStream::output() {
  if (!stream_)
    return {};
  BIO *out = SSL_get_wbio(stream_.get());
  std::string bytes(BIO_ctrl_pending(out), '\0');
  if (!bytes.empty())
    BIO_read(out, &bytes[0], static_cast<int>(bytes.size()));
  return bytes;
}

}  // namespace rtms

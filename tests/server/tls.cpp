// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tls.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <glib/gstdio.h>

#include "glib_ptr.h"

namespace rtmstest {

namespace {

using KeyPtr = Ptr<EVP_PKEY, EVP_PKEY_free>;
using CertificatePtr = Ptr<X509, X509_free>;
using BioPtr = Ptr<BIO, BIO_free_all>;

bool add_extension(X509 *certificate, int nid, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  Ptr<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1);
}

// A random serial number: a store that has seen another of our certificates must not mix them up.
bool set_serial(X509 *certificate) {
  Ptr<BIGNUM, BN_free> number(BN_new());
  return number && BN_rand(number.get(), 120, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate));
}

CertificatePtr make_certificate(EVP_PKEY *key) {
  constexpr long kDay = 24 * 3600;
  CertificatePtr certificate(X509_new());
  if (!certificate || !X509_set_version(certificate.get(), X509_VERSION_3) ||
      !set_serial(certificate.get()))
    return nullptr;
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 30 * kDay);
  X509_NAME *name = X509_get_subject_name(certificate.get());
  bool done =
      X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                 reinterpret_cast<const unsigned char *>("localhost"), -1, -1, 0) &&
      X509_set_issuer_name(certificate.get(), name) && X509_set_pubkey(certificate.get(), key) &&
      add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE") &&
      add_extension(certificate.get(), NID_subject_key_identifier, "hash") &&
      add_extension(certificate.get(), NID_ext_key_usage, "serverAuth") &&
      add_extension(certificate.get(), NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1") &&
      X509_sign(certificate.get(), key, EVP_sha256());
  return done ? std::move(certificate) : nullptr;
}

std::string contents(BIO *memory) {
  char *data = nullptr;
  long length = BIO_get_mem_data(memory, &data);
  return length > 0 ? std::string(data, static_cast<std::size_t>(length)) : std::string();
}

}  // namespace

SelfSigned make_self_signed() {
  SelfSigned made;
  KeyPtr key(EVP_EC_gen("P-256"));
  CertificatePtr certificate = key ? make_certificate(key.get()) : nullptr;
  BioPtr key_text(BIO_new(BIO_s_mem())), text(BIO_new(BIO_s_mem()));
  if (!certificate || !PEM_write_bio_X509(text.get(), certificate.get()) ||
      !PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr)) {
    made.error = "cannot make a certificate";
    return made;
  }
  made.certificate = contents(text.get());
  made.key = contents(key_text.get());
  return made;
}

std::string write_temporary(const std::string &text, std::string *error) {
  char *name = nullptr;
  GError *failure = nullptr;
  int file = g_file_open_tmp("rtms-test-XXXXXX.pem", &name, &failure);
  CharPtr path(name);
  if (file >= 0) {
    g_close(file, nullptr);
    g_file_set_contents(name, text.data(), static_cast<gssize>(text.size()), &failure);
  }
  ErrorPtr owned(failure);
  if (!failure)
    return name;
  *error = failure->message;
  return {};
}

}  // namespace rtmstest

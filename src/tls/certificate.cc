#include "hon/tls/certificate.h"

#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <utility>

#include "hon/base/assert.h"
#include "hon/io/file.h"
#include "tls/certificate_data.h"

namespace hon::tls {
namespace {

// The most bytes of one PEM file. A chain with its key is a few KiB; a system's roots are 250.
constexpr size_t kPemBytesMax = size_t{4} << 20;
constexpr size_t kChainMax = 32;
constexpr size_t kRsaBits = 2048;

Result<std::string> ReadFile(const std::string& path) {
  HON_TRY(io::File file, io::File::Open(path));
  std::string text;
  std::array<char, 16 * 1024> part;
  for (;;) {
    const io::IoResult read = file.Read(part);
    text.append(part.data(), read.n);
    if (text.size() > kPemBytesMax) return Fail(Error::New("tls: " + path + " is too long"));
    if (read.err.Is(io::ErrEof) || (!read.err && read.n == 0)) return text;
    if (read.err) return Fail(Error::Wrap("read " + path, read.err));
  }
}

BioPtr BioOver(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// A key with a passphrase is refused; OpenSSL would ask for it on the terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

std::vector<X509Ptr> CertificatesIn(std::string_view pem, size_t count_max) {
  const BioPtr bio = BioOver(pem);
  std::vector<X509Ptr> all;
  while (bio != nullptr && all.size() <= count_max) {
    X509Ptr one(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
    if (one == nullptr) break;
    all.push_back(std::move(one));
  }
  return all;
}

void FillFrom(const X509& own, Certificate::Data& data) {
  data.kind = KindOf(*data.key);
  data.names = NamesOf(own);
  data.not_before = TimeOf(X509_get0_notBefore(&own));
  data.not_after = TimeOf(X509_get0_notAfter(&own));
}

Result<std::shared_ptr<Certificate::Data>> Parse(std::string_view cert_pem,
                                                 std::string_view key_pem) {
  auto data = std::make_shared<Certificate::Data>();
  ERR_clear_error();
  data->chain = CertificatesIn(cert_pem, kChainMax);
  ERR_clear_error();
  if (data->chain.empty()) {
    return Fail(
        Error::New("tls: no certificate in the PEM data of the certificate: it needs a block "
                   "-----BEGIN CERTIFICATE-----"));
  }
  if (data->chain.size() > kChainMax) {
    return Fail(Error::New("tls: more than " + std::to_string(kChainMax) + " certificates"));
  }
  const BioPtr key_bio = BioOver(key_pem);
  if (key_bio == nullptr) return Fail(TakeError("no memory for a key"));
  data->key.reset(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  if (data->key == nullptr) {
    return Fail(
        Error::New("tls: no private key in the PEM data of the key: it needs a block "
                   "-----BEGIN PRIVATE KEY----- without a passphrase (openssl pkey removes "
                   "one)"));
  }
  const X509& own = *data->chain.front();
  if (X509_check_private_key(&own, data->key.get()) != 1) {
    ERR_clear_error();
    return Fail(
        Error::New("tls: the private key does not belong to the certificate; the server's own "
                   "certificate must be the first of its file, before those of its CA"));
  }
  FillFrom(own, *data);
  return data;
}

Error AddAlternativeNames(X509& certificate, const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    ASN1_OCTET_STRING* ip = a2i_IPADDRESS(name.c_str());
    if (!list.empty()) list += ",";
    list += (ip != nullptr ? "IP:" : "DNS:") + name;
    ASN1_OCTET_STRING_free(ip);
  }
  ERR_clear_error();
  X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, list.c_str());
  if (extension == nullptr) return TakeError("names of the certificate");
  X509_add_ext(&certificate, extension, -1);
  X509_EXTENSION_free(extension);
  return {};
}

}  // namespace

const std::vector<std::string>& Certificate::DNSNames() const { return data_->names; }
std::chrono::system_clock::time_point Certificate::NotAfter() const { return data_->not_after; }
const std::string& Certificate::CertFile() const { return data_->cert_file; }
const std::string& Certificate::KeyFile() const { return data_->key_file; }

Result<Certificate> X509KeyPair(std::string_view cert_pem, std::string_view key_pem) {
  HON_TRY(std::shared_ptr<Certificate::Data> data, Parse(cert_pem, key_pem));
  return Certificate(std::move(data));
}

Result<Certificate> LoadX509KeyPair(const std::string& cert_file, const std::string& key_file) {
  HON_TRY(std::string cert_pem, ReadFile(cert_file));
  HON_TRY(std::string key_pem, ReadFile(key_file));
  Result<std::shared_ptr<Certificate::Data>> data = Parse(cert_pem, key_pem);
  OPENSSL_cleanse(key_pem.data(), key_pem.size());
  if (!data) return Fail(Error::Wrap(cert_file + ", " + key_file, std::move(data.error())));
  (*data)->cert_file = cert_file;
  (*data)->key_file = key_file;
  return Certificate(std::move(*data));
}

Result<Certificate> SelfSigned(const std::vector<std::string>& names) {
  return MakeSelfSigned(names, {});
}

Result<Certificate> MakeSelfSigned(const std::vector<std::string>& names,
                                   const SelfSignedOptions& options) {
  HON_ASSERT(!names.empty());
  ERR_clear_error();
  auto data = std::make_shared<Certificate::Data>();
  data->key.reset(options.rsa ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", kRsaBits)
                              : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  X509Ptr own(X509_new());
  uint64_t serial = 0;
  if (data->key == nullptr || own == nullptr ||
      RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) != 1) {
    return Fail(TakeError("self-signed certificate"));
  }
  X509_set_version(own.get(), X509_VERSION_3);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(own.get()), serial >> 1U);
  X509_gmtime_adj(X509_getm_notBefore(own.get()), options.begins);
  X509_gmtime_adj(X509_getm_notAfter(own.get()), options.ends);
  X509_set_pubkey(own.get(), data->key.get());
  X509_NAME* subject = X509_get_subject_name(own.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(names.front().c_str()), -1, -1,
                             0);
  X509_set_issuer_name(own.get(), subject);
  if (Error why = AddAlternativeNames(*own, names)) return Fail(std::move(why));
  if (X509_sign(own.get(), data->key.get(), EVP_sha256()) == 0) {
    return Fail(TakeError("self-signed certificate"));
  }
  FillFrom(*own, *data);
  data->chain.push_back(std::move(own));
  return Certificate(std::move(data));
}

std::string CertificatePEM(const Certificate& certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  for (const X509Ptr& one : certificate.Get().chain) PEM_write_bio_X509(bio.get(), one.get());
  char* text = nullptr;
  const long size = bio == nullptr ? 0 : BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<size_t>(size)};
}

std::string PrivateKeyPEM(const Certificate& certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), certificate.Get().key.get(), nullptr, nullptr, 0, nullptr,
                           nullptr);
  char* text = nullptr;
  const long size = bio == nullptr ? 0 : BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<size_t>(size)};
}

Error CertPool::AddPEM(std::string_view pem) {
  ERR_clear_error();
  std::vector<X509Ptr> all = CertificatesIn(pem, SIZE_MAX - 1);
  ERR_clear_error();
  if (all.empty()) return Error::New("tls: no certificate in the PEM data");
  auto data = std::make_shared<Data>();
  if (data_ != nullptr) {
    for (const X509Ptr& old : data_->certificates) {
      X509_up_ref(old.get());
      data->certificates.emplace_back(old.get());
    }
  }
  for (X509Ptr& one : all) data->certificates.push_back(std::move(one));
  data_ = std::move(data);
  return {};
}

Error CertPool::AddFile(const std::string& file) {
  Result<std::string> pem = ReadFile(file);
  if (!pem) return std::move(pem.error());
  Error why = AddPEM(*pem);
  return why ? Error::Wrap(file, std::move(why)) : why;
}

}  // namespace hon::tls

// The fields of a certificate.

#include <openssl/asn1.h>
#include <openssl/objects.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "tls/certificate_data.h"

namespace hon::tls {
namespace {

// An address of iPAddress as text; "" when malformed (RFC 5280 §4.2.1.6).
std::string AddressText(std::string_view octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  if (octets.size() == 4) {
    for (const char octet : octets) {
      if (!text.empty()) text += '.';
      text += std::to_string(static_cast<uint8_t>(octet));
    }
  } else if (octets.size() == 16) {
    for (size_t i = 0; i < octets.size(); ++i) {
      if (i != 0 && i % 2 == 0) text += ':';
      text += kDigits[static_cast<uint8_t>(octets[i]) >> 4U];
      text += kDigits[static_cast<uint8_t>(octets[i]) & 0xFU];
    }
  }
  return text;
}

// The names of one kind in the subject alternative names.
std::vector<std::string> AlternativeNames(const X509& certificate, int kind) {
  std::vector<std::string> names;
  auto* all = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all, i);
    if (name->type != kind) continue;
    const ASN1_STRING* text = kind == GEN_IPADD ? name->d.iPAddress : name->d.ia5;
    std::string value(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                      static_cast<size_t>(ASN1_STRING_length(text)));
    if (kind == GEN_IPADD) value = AddressText(value);
    // A NUL or a blank in a name is an attempt to pass for another name.
    const bool clean =
        std::all_of(value.begin(), value.end(), [](char c) { return c > ' ' && c < 0x7F; });
    if (clean && !value.empty()) names.push_back(std::move(value));
  }
  GENERAL_NAMES_free(all);
  ERR_clear_error();
  return names;
}

std::string CommonNameOf(const X509& certificate) {
  const X509_NAME* subject = X509_get_subject_name(&certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  unsigned char* text = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  std::string name(reinterpret_cast<const char*>(text), static_cast<size_t>(std::max(size, 0)));
  OPENSSL_free(text);
  ERR_clear_error();
  return name;
}

std::string DerOf(const X509& certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(&certificate, &der);
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<size_t>(std::max(size, 0)));
  OPENSSL_free(der);
  return bytes;
}

// RFC 4514, which reverses the order of RFC 5280.
std::string NameText(const X509_NAME* name) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr) return {};
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  ERR_clear_error();
  return {text, static_cast<size_t>(std::max(size, 0L))};
}

std::string SerialText(const X509& certificate) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(&certificate);
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto* octets = ASN1_STRING_get0_data(serial);
  std::string text;
  for (int i = 0; i < ASN1_STRING_length(serial); ++i) {
    text += kDigits[octets[i] >> 4U];
    text += kDigits[octets[i] & 0xFU];
  }
  return text;
}

}  // namespace

std::chrono::system_clock::time_point TimeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

std::vector<std::string> NamesOf(const X509& certificate) {
  std::vector<std::string> names = AlternativeNames(certificate, GEN_DNS);
  for (std::string& name : names) {
    for (char& c : name) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
  }
  return names;
}

PeerCertificate Describe(const X509& certificate) {
  return {.Raw = DerOf(certificate),
          .Subject = NameText(X509_get_subject_name(&certificate)),
          .Issuer = NameText(X509_get_issuer_name(&certificate)),
          .CommonName = CommonNameOf(certificate),
          .SerialNumber = SerialText(certificate),
          .NotBefore = TimeOf(X509_get0_notBefore(&certificate)),
          .NotAfter = TimeOf(X509_get0_notAfter(&certificate)),
          .DNSNames = NamesOf(certificate),
          .EmailAddresses = AlternativeNames(certificate, GEN_EMAIL),
          .IPAddresses = AlternativeNames(certificate, GEN_IPADD),
          .URIs = AlternativeNames(certificate, GEN_URI)};
}

KeyKind KindOf(const EVP_PKEY& key) {
  switch (EVP_PKEY_get_base_id(&key)) {
    case EVP_PKEY_RSA:
      return KeyKind::kRsa;
    case EVP_PKEY_ED25519:
      return KeyKind::kEd25519;
    case EVP_PKEY_ED448:
      return KeyKind::kEd448;
    case EVP_PKEY_EC:
      break;
    default:
      return KeyKind::kOther;
  }
  std::array<char, 64> group{};
  size_t size = 0;
  if (EVP_PKEY_get_group_name(&key, group.data(), group.size(), &size) != 1) {
    ERR_clear_error();
    return KeyKind::kOther;
  }
  switch (OBJ_txt2nid(group.data())) {
    case NID_X9_62_prime256v1:
      return KeyKind::kP256;
    case NID_secp384r1:
      return KeyKind::kP384;
    case NID_secp521r1:
      return KeyKind::kP521;
    default:
      return KeyKind::kOther;
  }
}

}  // namespace hon::tls

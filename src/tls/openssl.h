#pragma once

// Owners for the objects of OpenSSL, and its thread-wide queue of errors as an Error.

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

#include "hon/base/error.h"

namespace hon::tls {

template <auto kFree>
struct FreeBy {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using BioPtr = std::unique_ptr<BIO, FreeBy<BIO_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, FreeBy<X509_free>>;
using StorePtr = std::unique_ptr<X509_STORE, FreeBy<X509_STORE_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, FreeBy<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, FreeBy<SSL_free>>;

/// Empties this thread's queue of errors: an error of an earlier call, perhaps of the program's own
/// code, would be taken for one of the next call. ERR_clear_error alone clears every entry of an
/// empty queue, too, for 800 instructions.
inline void ClearErrors() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

/// Takes the oldest error of this thread's queue, and empties the queue. "tls: <context>:
/// <reason>".
Error TakeError(std::string_view context);
/// The reason alone; "" when the queue is empty. Empties it.
std::string TakeReason();

}  // namespace hon::tls

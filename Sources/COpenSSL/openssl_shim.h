// The part of libcrypto that StoreIO uses: ciphers, digests, key derivation, random bytes.
//
// Nearly everything called is a real function or a plain constant. The exceptions are parameters: they keep a pointer
// to their name, which Swift would only lend for the length of a call, so they are made here from literals.
//
// The check below turns a library that is too old into a clear message instead of a list of missing names.
#ifndef STOREIO_OPENSSL_SHIM_H
#define STOREIO_OPENSSL_SHIM_H

#include <openssl/opensslv.h>

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "OpenSSL 3.0 or later is required"
#endif

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

// Chooses SHA-256 as the digest of a message authentication code or a key derivation.
static inline OSSL_PARAM storeio_sha256_parameter(void) {
    return OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA2-256", 0);
}

// The inputs of a key derivation; the bytes must live as long as the parameter.
static inline OSSL_PARAM storeio_key_parameter(const void *bytes, size_t count) {
    return OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)bytes, count);
}

static inline OSSL_PARAM storeio_salt_parameter(const void *bytes, size_t count) {
    return OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)bytes, count);
}

static inline OSSL_PARAM storeio_info_parameter(const void *bytes, size_t count) {
    return OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)bytes, count);
}

#endif

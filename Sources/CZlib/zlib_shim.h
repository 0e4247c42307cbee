// zlib, whose initialisers are macros over the real functions (`deflateInit2_`, `inflateInit2_`).
// Swift cannot import the macros, so these wrappers pass on the version and the structure's size.
#ifndef STOREIO_ZLIB_SHIM_H
#define STOREIO_ZLIB_SHIM_H

#include <zlib.h>

// Raw deflate (no header, no trailer) with the largest window.
static inline int storeio_deflate_begin_raw(z_streamp stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
}

// Raw inflate with the largest window.
static inline int storeio_inflate_begin_raw(z_streamp stream) {
    return inflateInit2(stream, -MAX_WBITS);
}

// Inflate of gzip members, checking their checksum and length.
static inline int storeio_inflate_begin_gzip(z_streamp stream) {
    return inflateInit2(stream, MAX_WBITS + 16);
}

#endif

// PCRE2 with 8-bit code units. Its functions are macros, which Swift does not see: these give them names.
#ifndef SMARTSTORE_CPCRE2_SHIM_H
#define SMARTSTORE_CPCRE2_SHIM_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

typedef pcre2_code_8 *_Nullable smartstore_regex;
typedef pcre2_match_data_8 *_Nullable smartstore_regex_match;

static inline pcre2_code_8 *_Nullable
smartstore_regex_compile(const unsigned char *_Nonnull pattern, size_t length, unsigned int options,
                         int *_Nonnull error, size_t *_Nonnull offset) {
    PCRE2_SIZE place = 0;
    pcre2_code_8 *code = pcre2_compile_8(pattern, length, options, error, &place, NULL);
    *offset = place;
    if (code != NULL) (void)pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE);
    return code;
}

static inline void smartstore_regex_free(pcre2_code_8 *_Nullable code) { pcre2_code_free_8(code); }

static inline pcre2_match_data_8 *_Nullable smartstore_regex_match_data(const pcre2_code_8 *_Nonnull code) {
    return pcre2_match_data_create_from_pattern_8(code, NULL);
}

static inline void smartstore_regex_match_data_free(pcre2_match_data_8 *_Nullable data) {
    pcre2_match_data_free_8(data);
}

// Limits bound what a hostile expression can cost: steps, nesting, and kibibytes of heap.
static inline pcre2_match_context_8 *_Nullable
smartstore_regex_context(unsigned int steps, unsigned int depth, unsigned int heap) {
    pcre2_match_context_8 *context = pcre2_match_context_create_8(NULL);
    if (context == NULL) return NULL;
    pcre2_set_match_limit_8(context, steps);
    pcre2_set_depth_limit_8(context, depth);
    pcre2_set_heap_limit_8(context, heap);
    return context;
}

static inline void smartstore_regex_context_free(pcre2_match_context_8 *_Nullable context) {
    pcre2_match_context_free_8(context);
}

static inline int
smartstore_regex_run(const pcre2_code_8 *_Nonnull code, const unsigned char *_Nonnull text, size_t length, size_t start,
                     pcre2_match_data_8 *_Nonnull data, pcre2_match_context_8 *_Nullable context) {
    int result = pcre2_match_8(code, text, length, start, PCRE2_NO_UTF_CHECK, data, context);
    // The compiled form has a small stack: the interpreter goes further, within its own limits.
    if (result != PCRE2_ERROR_JIT_STACKLIMIT) return result;
    return pcre2_match_8(code, text, length, start, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data, context);
}

static inline const size_t *_Nonnull smartstore_regex_places(pcre2_match_data_8 *_Nonnull data) {
    return pcre2_get_ovector_pointer_8(data);
}

static inline unsigned int smartstore_regex_place_count(pcre2_match_data_8 *_Nonnull data) {
    return pcre2_get_ovector_count_8(data);
}

static inline int smartstore_regex_message(int error, unsigned char *_Nonnull buffer, size_t length) {
    return pcre2_get_error_message_8(error, buffer, length);
}

#endif

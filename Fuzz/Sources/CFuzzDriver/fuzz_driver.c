#include "fuzz_driver.h"

#include <stdio.h>
#include <stdlib.h>

// The entry of libclang_rt.fuzzer_no_main, which the Makefile links.
extern int LLVMFuzzerRunDriver(int *count, char ***arguments, int (*run)(const uint8_t *, size_t));

int fuzz_driver_run(int count, char **arguments, int (*run)(const uint8_t *, size_t)) {
    return LLVMFuzzerRunDriver(&count, &arguments, run);
}

void fuzz_driver_fail(const char *line) {
    fprintf(stderr, "%s\n", line);
    abort();
}

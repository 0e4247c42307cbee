#ifndef FUZZ_DRIVER_H
#define FUZZ_DRIVER_H

#include <stddef.h>
#include <stdint.h>

/// Runs libFuzzer with these arguments; returns its exit code.
int fuzz_driver_run(int count, char **arguments, int (*run)(const uint8_t *bytes, size_t count));

/// Writes a line to standard error and ends the program as a crash, so that libFuzzer keeps the input.
_Noreturn void fuzz_driver_fail(const char *line);

#endif

#pragma once
/// What a sketch and the compiler use of it.
#include <stddef.h>

extern "C" {
void* memcpy(void* __restrict to, const void* __restrict from, size_t size_bytes);
void* memset(void* to, int value, size_t size_bytes);
size_t strlen(const char* text);
int strcmp(const char* a, const char* b);
}

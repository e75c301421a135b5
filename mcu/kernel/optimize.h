#pragma once

/// Code between these two is compiled for speed even where the whole program is compiled for size,
/// as the Arduino core does (-Os).
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE_SIZE__)
#define PARE_OPTIMIZE_SPEED _Pragma("GCC push_options") _Pragma("GCC optimize(\"O2\")")
#define PARE_OPTIMIZE_END _Pragma("GCC pop_options")
#else
#define PARE_OPTIMIZE_SPEED
#define PARE_OPTIMIZE_END
#endif

#if defined(__GNUC__) && !defined(__clang__)
#define PARE_NO_INLINE __attribute__((noinline, noclone))
#else
#define PARE_NO_INLINE __attribute__((noinline))
#endif

/// A function of a header that is there once in a program, and not inlined.
#define PARE_SHARED inline PARE_NO_INLINE

/// Before a loop that is to stay one under -O3, too: where it runs once a layer, its bytes count.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 8
#define PARE_NO_UNROLL _Pragma("GCC unroll 1")
#else
#define PARE_NO_UNROLL
#endif

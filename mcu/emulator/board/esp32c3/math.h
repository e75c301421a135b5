#pragma once
/// What a sketch uses of it.
extern "C" float expf(float x);
extern "C" float tanhf(float x);
extern "C" float logf(float x);
extern "C" float erff(float x);
extern "C" float roundf(float x);
inline float fabsf(float x) { return __builtin_fabsf(x); }
inline float fmaxf(float a, float b) { return a < b ? b : a; }

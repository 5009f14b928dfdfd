#pragma once

/// Before a function that is on the way of each request: what it calls is compiled into it. Only
/// where it is optimised for use (NDEBUG); elsewhere it would cost nothing but time to compile.
#ifdef NDEBUG
#define HON_FLATTEN [[gnu::flatten]]
#else
#define HON_FLATTEN
#endif

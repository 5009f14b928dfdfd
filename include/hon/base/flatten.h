#pragma once

/// Marks a function that every request passes through: the compiler inlines the calls in it. Only
/// in optimised builds (NDEBUG); elsewhere inlining would just make compilation slower.
#ifdef NDEBUG
#define HON_FLATTEN [[gnu::flatten]]
#else
#define HON_FLATTEN
#endif

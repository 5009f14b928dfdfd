#pragma once

/// Marks a function that every request passes through: the compiler inlines the calls in it. Only
/// in optimised builds (NDEBUG); elsewhere inlining would just make compilation slower.
#ifdef NDEBUG
#define HON_FLATTEN [[gnu::flatten]]
#else
#define HON_FLATTEN
#endif

/// Marks a function that every request, answer, record or frame passes through and whose frame
/// holds no array, so that no write can overflow into its return address. -fstack-protector-strong
/// would give it a canary for each object whose address is taken: some seven instructions, and no
/// early return without a frame. clang inlines no calls between functions with and without
/// canaries, so the mark is g++'s alone.
///
/// The rule: neither the function nor one that is inlined into it has a local array, a std::array
/// or a std::string, whose short text is an array. HON_FLATTEN inlines cold calls too: those that
/// need an array are [[gnu::noinline]]. A function that runs less often keeps its canary.
/// tools/tidy looks for arrays in the text of marked functions.
#if defined(__GNUC__) && !defined(__clang__)
#define HON_NO_CANARY __attribute__((no_stack_protector))
#else
#define HON_NO_CANARY
#endif

#pragma once

#include <string_view>

// The results of Go 1.26's net.SplitHostPort and net.JoinHostPort.
namespace hon::net {

using std::string_view_literals::operator""sv;

struct SplitCase {
  std::string_view address;
  std::string_view host;
  std::string_view port;
  std::string_view error;  // "": none
};

inline constexpr SplitCase kSplitCases[] = {
    {"localhost:http", "localhost", "http", ""},
    {"localhost:80", "localhost", "80", ""},
    {"localhost%lo0:http", "localhost%lo0", "http", ""},
    {"[localhost%lo0]:80", "localhost%lo0", "80", ""},
    {"127.0.0.1:http", "127.0.0.1", "http", ""},
    {"127.0.0.1:80", "127.0.0.1", "80", ""},
    {"[::1]:http", "::1", "http", ""},
    {"[::1]:80", "::1", "80", ""},
    {"[::1%lo0]:http", "::1%lo0", "http", ""},
    {"[::1%lo0]:80", "::1%lo0", "80", ""},
    {"[localhost]:80", "localhost", "80", ""},
    {":http", "", "http", ""},
    {":80", "", "80", ""},
    {"*:80", "*", "80", ""},
    {"[::]:80", "::", "80", ""},
    {":", "", "", ""},
    {"[]:", "", "", ""},
    {"[]:80", "", "80", ""},
    {"golang.org:", "golang.org", "", ""},
    {"127.0.0.1:", "127.0.0.1", "", ""},
    {"[::1]:", "::1", "", ""},
    {"golang.org:https%foo", "golang.org", "https%foo", ""},
    {"a b:c d", "a b", "c d", ""},
    {"a:80:90", "", "", "address a:80:90: too many colons in address"},
    {"::1", "", "", "address ::1: too many colons in address"},
    {"::", "", "", "address ::: too many colons in address"},
    {":::", "", "", "address :::: too many colons in address"},
    {"", "", "", "missing port in address"},
    {"golang.org", "", "", "address golang.org: missing port in address"},
    {"127.0.0.1", "", "", "address 127.0.0.1: missing port in address"},
    {"[::1]", "", "", "address [::1]: missing port in address"},
    {"[fe80::1%lo0]", "", "", "address [fe80::1%lo0]: missing port in address"},
    {"[localhost%lo0]", "", "", "address [localhost%lo0]: missing port in address"},
    {"localhost%lo0", "", "", "address localhost%lo0: missing port in address"},
    {"::1%lo0", "", "", "address ::1%lo0: too many colons in address"},
    {"[::1]:80:90", "", "", "address [::1]:80:90: too many colons in address"},
    {"[::1", "", "", "address [::1: missing ']' in address"},
    {"[", "", "", "address [: missing port in address"},
    {"]", "", "", "address ]: missing port in address"},
    {"[]", "", "", "address []: missing port in address"},
    {"[:", "", "", "address [:: missing ']' in address"},
    {"]:", "", "", "address ]:: unexpected ']' in address"},
    {"[]x:1", "", "", "address []x:1: missing port in address"},
    {"[::1]x:80", "", "", "address [::1]x:80: missing port in address"},
    {"[::1]x", "", "", "address [::1]x: missing port in address"},
    {"fe80::1%lo0:80", "", "", "address fe80::1%lo0:80: too many colons in address"},
    {"[foo:bar]", "", "", "address [foo:bar]: missing port in address"},
    {"[foo:bar]baz", "", "", "address [foo:bar]baz: missing port in address"},
    {"[foo]bar:baz", "", "", "address [foo]bar:baz: missing port in address"},
    {"[foo]:[bar]:baz", "", "", "address [foo]:[bar]:baz: too many colons in address"},
    {"[foo]:[bar]baz", "", "", "address [foo]:[bar]baz: unexpected '[' in address"},
    {"foo[bar]:baz", "", "", "address foo[bar]:baz: unexpected '[' in address"},
    {"foo]bar:baz", "", "", "address foo]bar:baz: unexpected ']' in address"},
    {"foo[bar:baz", "", "", "address foo[bar:baz: unexpected '[' in address"},
    {"[a]]:1", "", "", "address [a]]:1: missing port in address"},
    {"[[a]:1", "", "", "address [[a]:1: unexpected '[' in address"},
    {"a:[1", "", "", "address a:[1: unexpected '[' in address"},
    {"a:1]", "", "", "address a:1]: unexpected ']' in address"},
    {"[a]:1]", "", "", "address [a]:1]: unexpected ']' in address"},
    {"a:\000"sv, "a", "\000"sv, ""},
    {"\303\274:1", "\303\274", "1", ""},
};

struct JoinCase {
  std::string_view host;
  std::string_view port;
  std::string_view address;
};

inline constexpr JoinCase kJoinCases[] = {
    {"", "", ":"},
    {"", "80", ":80"},
    {"a", "", "a:"},
    {"a", "80", "a:80"},
    {"::1", "80", "[::1]:80"},
    {"::1%lo0", "80", "[::1%lo0]:80"},
    {"a%lo0", "80", "a%lo0:80"},
    {"[::1]", "80", "[[::1]]:80"},
    {":", ":", "[:]::"},
    {"127.0.0.1", "http", "127.0.0.1:http"},
};

}  // namespace hon::net

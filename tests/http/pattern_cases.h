#pragma once

// The errors of Go 1.26's ServeMux for these patterns.

namespace hon::http {

struct SyntaxCase {
  const char* pattern;
  const char* error;  // null: accepted
};

struct ConflictCase {
  const char* first;
  const char* second;
  const char* explanation;  // null: both are accepted
};

// clang-format off
inline constexpr SyntaxCase kSyntaxCases[] = {
    {"", "http: invalid pattern"},
    {"A=B /", "parsing \"A=B /\": at offset 0: invalid method \"A=B\""},
    {" ", "parsing \" \": at offset 1: host/path missing /"},
    {"/{w}x", "parsing \"/{w}x\": at offset 1: bad wildcard segment (must end with '}')"},
    {"/x{w}", "parsing \"/x{w}\": at offset 1: bad wildcard segment (must start with '{')"},
    {"/{wx", "parsing \"/{wx\": at offset 1: bad wildcard segment (must end with '}')"},
    {"/a/{/}/c", "parsing \"/a/{/}/c\": at offset 3: bad wildcard segment (must end with '}')"},
    {"/a/{%61}/c", "parsing \"/a/{%61}/c\": at offset 3: bad wildcard name \"%61\""},
    {"/{a$}", "parsing \"/{a$}\": at offset 1: bad wildcard name \"a$\""},
    {"/{}", "parsing \"/{}\": at offset 1: empty wildcard"},
    {"/{...}", "parsing \"/{...}\": at offset 1: empty wildcard"},
    {"/{$...}", "parsing \"/{$...}\": at offset 1: bad wildcard name \"$\""},
    {"/{$}/", "parsing \"/{$}/\": at offset 1: {$} not at end"},
    {"/{$}/x", "parsing \"/{$}/x\": at offset 1: {$} not at end"},
    {"/{abc$}", "parsing \"/{abc$}\": at offset 1: bad wildcard name \"abc$\""},
    {"/{a...}/", "parsing \"/{a...}/\": at offset 1: {...} wildcard not at end"},
    {"/{a...}/x", "parsing \"/{a...}/x\": at offset 1: {...} wildcard not at end"},
    {"{a}/b", "parsing \"{a}/b\": at offset 0: host contains '{' (missing initial '/'?)"},
    {"/a/{x}/b/{x...}", "parsing \"/a/{x}/b/{x...}\": at offset 9: duplicate wildcard name \"x\""},
    {"GET //", "parsing \"GET //\": at offset 4: non-CONNECT pattern with unclean path can never match"},
    {"a", "parsing \"a\": at offset 0: host/path missing /"},
    {"GET a", "parsing \"GET a\": at offset 4: host/path missing /"},
    {"GET  a", "parsing \"GET  a\": at offset 4: host/path missing /"},
    {"GET", "parsing \"GET\": at offset 0: host/path missing /"},
    {"GET /a/../b", "parsing \"GET /a/../b\": at offset 4: non-CONNECT pattern with unclean path can never match"},
    {"GET /./", "parsing \"GET /./\": at offset 4: non-CONNECT pattern with unclean path can never match"},
    {"/a/{x}/{x}", "parsing \"/a/{x}/{x}\": at offset 7: duplicate wildcard name \"x\""},
    {"/{a.b}", "parsing \"/{a.b}\": at offset 1: bad wildcard name \"a.b\""},
    {"/{1a}", "parsing \"/{1a}\": at offset 1: bad wildcard name \"1a\""},
    {"/{a-b}", "parsing \"/{a-b}\": at offset 1: bad wildcard name \"a-b\""},
    {"h{x}/a", "parsing \"h{x}/a\": at offset 1: host contains '{' (missing initial '/'?)"},
    {"GET h{x}/a", "parsing \"GET h{x}/a\": at offset 5: host contains '{' (missing initial '/'?)"},
    {"h.com", "parsing \"h.com\": at offset 0: host/path missing /"},
    {"GET\011/a//b", "parsing \"GET\\t/a//b\": at offset 4: non-CONNECT pattern with unclean path can never match"},
    {"CONNECT /a//b", nullptr},
    {"/a//b", nullptr},
    {"/a/./b", nullptr},
    {"/{x}//", nullptr},
    {"/}", nullptr},
    {"/a}", nullptr},
    {"/a{", "parsing \"/a{\": at offset 1: bad wildcard segment (must start with '{')"},
    {"/{", "parsing \"/{\": at offset 1: bad wildcard segment (must end with '}')"},
    {"/{a}{b}", "parsing \"/{a}{b}\": at offset 1: bad wildcard name \"a}{b\""},
    {"/a/{b}/", nullptr},
    {"G(T /", "parsing \"G(T /\": at offset 0: invalid method \"G(T\""},
    {"/{x...", "parsing \"/{x...\": at offset 1: bad wildcard segment (must end with '}')"},
    {"/{x..}", "parsing \"/{x..}\": at offset 1: bad wildcard name \"x..\""},
    {"GET /{x...}y", "parsing \"GET /{x...}y\": at offset 5: bad wildcard segment (must end with '}')"},
};

inline constexpr ConflictCase kConflictCases[] = {
    {"/a", "/a", "/a matches the same requests as /a"},
    {"/a", "/b", nullptr},
    {"GET /", "/index.html", "/index.html matches more methods than GET /, but has a more specific path pattern"},
    {"/index.html", "GET /", "GET / matches fewer methods than /index.html, but has a more general path pattern"},
    {"/a", "GET /a", nullptr},
    {"GET /a", "HEAD /a", nullptr},
    {"/b/", "/b/{$}", nullptr},
    {"/{x}", "/{$}", nullptr},
    {"/{x}", "/{y}", "/{y} matches the same requests as /{x}"},
    {"/{x...}", "/{y}", nullptr},
    {"/{x...}", "/", "/ matches the same requests as /{x...}"},
    {"/a/{x}", "/{y}/b", "/{y}/b and /a/{x} both match some paths, like \"/a/b\".\nBut neither is more specific than the other.\n/{y}/b matches \"/y/b\", but /a/{x} doesn't.\n/a/{x} matches \"/a/x\", but /{y}/b doesn't."},
    {"/a/{x}", "/{y}/{z}", nullptr},
    {"/a/{x...}", "/{y}/b", "/{y}/b and /a/{x...} both match some paths, like \"/a/b\".\nBut neither is more specific than the other.\n/{y}/b matches \"/y/b\", but /a/{x...} doesn't.\n/a/{x...} matches \"/a/\", but /{y}/b doesn't."},
    {"/a/{x...}", "/{y...}", nullptr},
    {"/a/{x...}", "/a/", "/a/ matches the same requests as /a/{x...}"},
    {"/a/{x}/c", "/a/{y...}", nullptr},
    {"/{x}/c", "/a/", "/a/ and /{x}/c both match some paths, like \"/a/c\".\nBut neither is more specific than the other.\n/a/ matches \"/a/\", but /{x}/c doesn't.\n/{x}/c matches \"/x/c\", but /a/ doesn't."},
    {"/{x}/c/", "/a/{y}", nullptr},
    {"/{x}/", "/a/{y}/", nullptr},
    {"/{x}/{$}", "/a/", "/a/ and /{x}/{$} both match some paths, like \"/a/\".\nBut neither is more specific than the other.\n/a/ matches \"/a/x\", but /{x}/{$} doesn't.\n/{x}/{$} matches \"/x/\", but /a/ doesn't."},
    {"/{x}/{$}", "/a/{y...}", "/a/{y...} and /{x}/{$} both match some paths, like \"/a/\".\nBut neither is more specific than the other.\n/a/{y...} matches \"/a/y\", but /{x}/{$} doesn't.\n/{x}/{$} matches \"/x/\", but /a/{y...} doesn't."},
    {"h/a", "/a", nullptr},
    {"h/a", "h/a", "h/a matches the same requests as h/a"},
    {"h/a", "g/a", nullptr},
    {"h/{x}", "h/{y}", "h/{y} matches the same requests as h/{x}"},
    {"POST /a/{x}", "/a/b", "/a/b matches more methods than POST /a/{x}, but has a more specific path pattern"},
    {"/a/b", "POST /a/{x}", "POST /a/{x} matches fewer methods than /a/b, but has a more general path pattern"},
    {"POST /{x}/b", "/a/{y}", "/a/{y} and POST /{x}/b both match some paths, like \"/a/b\".\nBut neither is more specific than the other.\n/a/{y} matches \"/a/y\", but POST /{x}/b doesn't.\nPOST /{x}/b matches \"/x/b\", but /a/{y} doesn't."},
    {"POST /a", "GET /a", nullptr},
    {"/a/{id}/b", "/{a}/b/{id}", "/{a}/b/{id} and /a/{id}/b both match some paths, like \"/a/b/b\".\nBut neither is more specific than the other.\n/{a}/b/{id} matches \"/ax/b/id\", but /a/{id}/b doesn't.\n/a/{id}/b matches \"/a/id/b\", but /{a}/b/{id} doesn't."},
    {"/{a}/b/{id...}", "/a/{id}/b", "/a/{id}/b and /{a}/b/{id...} both match some paths, like \"/a/b/b\".\nBut neither is more specific than the other.\n/a/{id}/b matches \"/a/id/b\", but /{a}/b/{id...} doesn't.\n/{a}/b/{id...} matches \"/ax/b/\", but /a/{id}/b doesn't."},
    {"/x/{x}", "/{a}/x", "/{a}/x and /x/{x} both match some paths, like \"/x/x\".\nBut neither is more specific than the other.\n/{a}/x matches \"/a/x\", but /x/{x} doesn't.\n/x/{x} matches \"/x/xx\", but /{a}/x doesn't."},
    {"/{x}/a", "/x/{y}", "/x/{y} and /{x}/a both match some paths, like \"/x/a\".\nBut neither is more specific than the other.\n/x/{y} matches \"/x/y\", but /{x}/a doesn't.\n/{x}/a matches \"/xx/a\", but /x/{y} doesn't."},
    {"/{x...}", "GET /a", nullptr},
    {"GET /{x...}", "/a", "/a matches more methods than GET /{x...}, but has a more specific path pattern"},
    {"HEAD /", "GET /a", "GET /a matches more methods than HEAD /, but has a more specific path pattern"},
    {"GET /a/", "HEAD /{x...}", "HEAD /{x...} matches fewer methods than GET /a/, but has a more general path pattern"},
    {"/{x}/{y}/", "/{z}/a", nullptr},
    {"/a/{x}/{$}", "/a/b/", "/a/b/ and /a/{x}/{$} both match some paths, like \"/a/b/\".\nBut neither is more specific than the other.\n/a/b/ matches \"/a/b/x\", but /a/{x}/{$} doesn't.\n/a/{x}/{$} matches \"/a/x/\", but /a/b/ doesn't."},
    {"/a/{x}/{$}", "/{y}/b/{z...}", "/{y}/b/{z...} and /a/{x}/{$} both match some paths, like \"/a/b/\".\nBut neither is more specific than the other.\n/{y}/b/{z...} matches \"/y/b/z\", but /a/{x}/{$} doesn't.\n/a/{x}/{$} matches \"/a/x/\", but /{y}/b/{z...} doesn't."},
    {"/{x}/b/{$}", "/a/{y...}", "/a/{y...} and /{x}/b/{$} both match some paths, like \"/a/b/\".\nBut neither is more specific than the other.\n/a/{y...} matches \"/a/\", but /{x}/b/{$} doesn't.\n/{x}/b/{$} matches \"/x/b/\", but /a/{y...} doesn't."},
};
// clang-format on

}  // namespace hon::http

#pragma once

#include <cstddef>
#include <string_view>

// Go 1.26's mime/multipart, reading and writing; the boundary is B.
namespace hon::multipart {

using namespace std::string_view_literals;  // NOLINT(google-build-using-namespace): NULs

inline constexpr std::string_view kSame = "=";

/// A body and its parts, each as [fields](content), "?" and the reason why its content ended early,
/// at last "!" and the reason of the end. Where the body ends inside a part's header, Go reports
/// the regular end of the parts, and this reader an error.
struct BodyCase {
  std::string_view body;
  std::string_view parts;
  std::string_view raw_parts;  // by NextRawPart
  size_t first_times = 1;      // how often the first byte of `body` is repeated
};

inline constexpr BodyCase kBodyCases[] = {
    {"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue\r\n--B--\r\n",
     "[Content-Disposition=form-data; name=\"a\"](value)!EOF", kSame},
    {"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nvalue\r\n--B--",
     "[Content-Disposition=form-data; name=\"a\"](value)!EOF", kSame},
    {"--B\nContent-Disposition: form-data; name=\"a\"\n\nvalue\n--B--\n",
     "[Content-Disposition=form-data; name=\"a\"](value)!EOF", kSame},
    {"--B\nContent-Disposition: form-data; name=\"a\"\n\nvalue\r\n\r\n--B--\n",
     "[Content-Disposition=form-data; name=\"a\"](value\r\n\r)!EOF", kSame},
    {"--B\r\n\r\nno header\r\n--B--\r\n", "[](no header)!EOF", kSame},
    {"--B\r\n\r\n\r\n--B--\r\n", "[]()!EOF", kSame},
    {"--B\r\n\r\n--B--\r\n", "[]()!EOF", kSame},
    {"--B\r\n\r\n--B\r\n\r\nx\r\n--B--", "[]()[](x)!EOF", kSame},
    {"--B--\r\n", "!EOF", kSame},
    {"--B--", "!EOF", kSame},
    {"preamble\r\nmore\r\n--B\r\n\r\nx\r\n--B--\r\nepilogue", "[](x)!EOF", kSame},
    {"\r\n--B\r\n\r\nx\r\n--B--", "[](x)!EOF", kSame},
    {"--B \t\r\n\r\nx\r\n--B  \r\n\r\ny\r\n--B-- \t\r\n", "[](x)[](y)!EOF", kSame},
    {"--B\r\n\r\nx\r\n--Bx\r\n--B--", "[](x\r\n--Bx)!EOF", kSame},
    {"--B\r\n\r\nx\r\n--B-x\r\n--B--", "[](x\r\n--B-x)!EOF", kSame},
    {"--B\r\n\r\nx\r\n--B-", "[](x\r\n--B-)?unexpected EOF!multipart: NextPart: EOF", kSame},
    {"--B\r\n\r\nx\r\n--B", "[](x)!multipart: NextPart: EOF", kSame},
    {"--B\r\n\r\nx\r\n--", "[](x)?unexpected EOF!multipart: NextPart: EOF", kSame},
    {"--B\r\n\r\nx\r\n", "[](x)?unexpected EOF!multipart: NextPart: EOF", kSame},
    {"--B\r\n\r\nx\r", "[](x)?unexpected EOF!multipart: NextPart: EOF", kSame},
    {"--B\r\n\r\nx", "[](x)?unexpected EOF!multipart: NextPart: EOF", kSame},
    {"--B\r\n\r\n", "[]()?unexpected EOF!multipart: NextPart: EOF", kSame},
    {"--B\r\n", "!unexpected EOF", kSame},
    {"--B", "!multipart: NextPart: EOF", kSame},
    {"", "!multipart: NextPart: EOF", kSame},
    {"x", "!multipart: NextPart: EOF", kSame},
    {"no boundary at all\r\n", "!multipart: NextPart: EOF", kSame},
    {"--B\r\nX: y", "!unexpected EOF", kSame},
    {"--B\r\nX: y\r\n", "!unexpected EOF", kSame},
    {"--B\r\nX\r\n\r\nx\r\n--B--", "!malformed", kSame},
    {"--B\r\n: y\r\n\r\nx\r\n--B--", "!malformed", kSame},
    {"--B\r\n X: y\r\n\r\nx\r\n--B--", "!malformed", kSame},
    {"--B\r\nX: y\r\n z\r\n\tw \r\n\r\nx\r\n--B--", "[X=y z w](x)!EOF", kSame},
    {"--B\r\nX: \001\r\n\r\nx\r\n--B--", "!malformed", kSame},
    {"--B\r\nX: \344\r\n\r\nx\r\n--B--", "[X=\344](x)!EOF", kSame},
    {"--B\r\nX:   y  \r\nx: 2\r\nfoo-bar: z\r\n\r\nx\r\n--B--", "[Foo-Bar=z&X=2&X=y](x)!EOF",
     kSame},
    {"--B\r\n\r\nx\r\n--B\r\n--B\r\n\r\ny\r\n--B--", "[](x)!malformed", kSame},
    {"--B\r\n\r\n--Bx--B\r\n--B--", "[](--Bx--B)!EOF", kSame},
    {"--B\r\n\r\na\r\n--B--\r\n--B\r\n\r\nb\r\n--B--", "[](a)!EOF", kSame},
    {"--B\r\n\r\na\n--B\r\n--B--", "[](a\n--B)!EOF", kSame},
    {"--B\r\n\r\na\r\n\r\n--B--", "[](a\r\n)!EOF", kSame},
    {"--B\r\n\r\na\r\n--B\n\r\nb\r\n--B--", "[](a)!malformed", kSame},
    {"--B\r\n\r\na--B--\r\n--B--", "[](a--B--)!EOF", kSame},
    {"--B\r\n\r\n\r\n\r\n--B--", "[](\r\n)!EOF", kSame},
    {"--B\r\n\r\n\r--\n--B\r\n--B--", "[](\r--\n--B)!EOF", kSame},
    {"--B\r\n\r\n\r\n--A\r\n--A\r\n--A\r\n--A\r\n--A\r\n--B--",
     "[](\r\n--A\r\n--A\r\n--A\r\n--A\r\n--A)!EOF", kSame},
    {"--B\n\na\r\n--B--\n", "[](a\r)!EOF", kSame},
    {"--B\n\na\n--B--\r\n", "[](a)!malformed", kSame},
    {"--B\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3Db=\r\nc=C3=A4 \r\n=\r\n--B--",
     "[](a=bc\303\244\r\n)?malformed!EOF",
     "[Content-Transfer-Encoding=quoted-printable](a=3Db=\r\nc=C3=A4 \r\n=)!EOF"},
    {"--B\r\nContent-Transfer-Encoding: Quoted-Printable\r\n\r\n=zz\r\n--B\r\n\r\nz\r\n--B--",
     "[](=zz)[](z)!EOF", "[Content-Transfer-Encoding=Quoted-Printable](=zz)[](z)!EOF"},
    {"--B\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na\001b\r\n--B\r\n\r\nz\r\n--B--",
     "[](a)?malformed[](z)!EOF", "[Content-Transfer-Encoding=quoted-printable](a\001b)[](z)!EOF"},
    {"--B\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n--B--",
     "[Content-Transfer-Encoding=base64](YQ==)!EOF", kSame},
    {"p\n--B\r\n\r\nx\r\n--B--", "[](x)!EOF", kSame, 4095},
    {"p\n--B\r\n\r\nx\r\n--B--", "!too large", kSame, 4096},
};

struct NameCase {
  std::string_view disposition;
  std::string_view form_name;
  std::string_view file_name;
};

inline constexpr NameCase kNameCases[] = {
    {"form-data; name=\"a\"", "a", ""},
    {"form-data; name=a; filename=b", "a", "b"},
    {"form-data; filename=\"x/y/z.txt\"; name=\"q\"", "q", "z.txt"},
    {"form-data; name=\"a\"; filename=\"\"", "a", ""},
    {"attachment; name=\"a\"; filename=\"b\"", "", "b"},
    {"Form-Data; NAME=\"a\"; FileName=\"b\"", "a", "b"},
    {"form-data", "", ""},
    {"", "", ""},
    {"form-data; name", "", ""},
    {"form-data; name=\"a\"; name=\"b\"", "", ""},
    {"form-data; name=\"a\"; filename=\"../../etc/passwd\"", "a", "passwd"},
    {"form-data; name=\"a\"; filename=\"x/\"", "a", "x"},
    {"form-data; name=\"a\"; filename*=utf-8''%e2%82%ac.txt", "a", "\342\202\254.txt"},
    {"file; filename=\"b\"", "", "b"},
};

inline constexpr std::string_view kWritten =
    "--B\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nval\r\n--B\r\nContent-Disposition: "
    "form-data; name=\"quo\\\"te\\\\\"\r\n\r\nv\r\n2\r\n--B\r\nContent-Disposition: form-data; "
    "name=\"crlf%0D%0AX: y\"\r\n\r\n\r\n--B\r\nContent-Disposition: form-data; name=\"f\"; "
    "filename=\"na\\\"me%0D%0A.txt\"\r\nContent-Type: "
    "application/octet-stream\r\n\r\ncontent\r\n--B\r\nX-A: 0\r\nX-B: 1\r\nX-B: "
    "2\r\n\r\nab\r\n--B--\r\n";

struct BoundaryCase {
  std::string_view boundary;
  std::string_view content_type;  // "" when it is refused
};

inline constexpr BoundaryCase kBoundaryCases[] = {
    {"abc", "multipart/form-data; boundary=abc"},
    {"", ""},
    {"ab c", "multipart/form-data; boundary=\"ab c\""},
    {"ab ", ""},
    {" ab", "multipart/form-data; boundary=\" ab\""},
    {"a?b", "multipart/form-data; boundary=\"a?b\""},
    {"a\"b", ""},
    {"a!b", ""},
    {"ung\303\274ltig", ""},
    {"!", ""},
    {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
     "multipart/form-data; "
     "boundary=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
    {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", ""},
    {"bad!ascii!", ""},
    {"my-separator", "multipart/form-data; boundary=my-separator"},
    {"with space", "multipart/form-data; boundary=\"with space\""},
    {"ends with space ", ""},
    {"'()+_,-./:=?", "multipart/form-data; boundary=\"'()+_,-./:=?\""},
};

}  // namespace hon::multipart

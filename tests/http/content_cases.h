#pragma once

#include "http/content_case.h"

// Go 1.26's http.ServeContent for plain requests.
namespace hon::http {

inline constexpr ContentCase kContentCases[] = {
    {"", "", 200, "AR|CL 10|LM|TP", kWhole},
    {"", "", 200, "AR|CL 10|LM|TP", "", "HEAD"},
    {"", "", 200, "AR|CL 10|LM|TP", kWhole, "POST"},
    {"", "", 200, "AR|CL 0|LM|TP", "", "GET", "a.txt", kAt, ""},
    {"", "", 200, "AR|CL 10|TP", kWhole, "GET", "a.txt", kZero},
    {"", "", 200, "AR|CL 10|TP", kWhole, "GET", "a.txt", kEpoch},
    {"", "", 200, "AR|CL 6|Content-Type: text/html; charset=utf-8|LM", kWhole, "GET", "a.HTML", kAt,
     "<html>"},
    {"", "", 200, "AR|CL 12|Content-Type: text/html; charset=utf-8|LM", kWhole, "GET", "noext", kAt,
     "<html><body>"},
    {"", "", 200, "AR|CL 0|LM|TP", "", "GET", "noext", kAt, ""},
    {"", "", 200, "AR|CL 5|LM|TP", kWhole, "GET", "dir.css/noext", kAt, "plain"},
    {"Content-Type: x/y", "", 200, "AR|CL 1|Content-Type: x/y|LM", kWhole, "GET", "a.css", kAt,
     "a"},
    {"Content-Type: nil", "", 200, "AR|CL 6|LM", kWhole, "GET", "a.css", kAt, "<html>"},
    {"Content-Encoding: gzip", "", 200,
     "AR|Content-Encoding: gzip|Content-Type: text/css; charset=utf-8|LM", kWhole, "GET", "a.css",
     kAt, "a"},
    {"Content-Encoding: gzip", "Range: bytes=0-0", 206,
     "AR|CL 1|CR 0-0/1|Content-Encoding: gzip|Content-Type: text/css; charset=utf-8|LM", kWhole,
     "GET", "a.css", kAt, "a"},
    {"", "", 200, "AR|CL 2|Content-Type: application/octet-stream|LM", kWhole, "GET",
     "a.unknownext", kAt, "\000\001"sv},
    {"", "", 200, "AR|CL 1|LM|TP", kWhole, "GET", "a.", kAt, "x"},
    {"", "", 200, "AR|CL 1|Content-Type: text/css; charset=utf-8|LM", kWhole, "GET", ".css", kAt,
     "x"},
};

}  // namespace hon::http

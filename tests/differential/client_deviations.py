"""The differences between hon_wire_client and its twin on net/http that are meant, by their ids in
docs/DEVIATIONS.md."""

import dataclasses


@dataclasses.dataclass
class Difference:
    group: str
    case: str
    ours: object  # what run_client.describe gives; of "the requests": those that only one client has sent
    go: object

    @property
    def of_requests(self):
        return self.case == "the requests"

    def only_ours_fails(self):
        return not self.of_requests and self.ours["failed"] and not self.go["failed"]

    def differ(self):
        """The names of the parts that differ."""
        return {name for name in self.ours.keys() | self.go.keys() if self.ours.get(name) != self.go.get(name)}

    def without(self, *parts):
        """The requests of both without fields that hold one of `parts`: whether these are the same."""
        def strip(requests):
            return [[field for field in one.split("'") if not any(part in field for part in parts)] for one in requests]

        return self.of_requests and strip(self.ours) == strip(self.go)


def strict_heads(d):
    return d.group.startswith(("status_lines", "fields", "framing", "interim")) and d.only_ours_fails()


def strict_chunks(d):
    return d.group.startswith("chunk_coding") and d.case.startswith("chunks") and d.only_ours_fails()


def forbidden_trailers(d):
    return d.group.startswith("chunk_coding") and "trailers" in d.case and d.only_ours_fails()


def announced_framing(d):
    return d.group.startswith("chunk_coding") and d.case.startswith("announces") and d.go["failed"] and not d.ours["failed"]


def connection_is_shown(d):
    return not d.of_requests and d.differ() == {"header"} and d.ours["header"].get("Connection") == ["close"] \
        and "Connection" not in d.go["header"]


def pragma(d):
    return not d.of_requests and d.differ() == {"header"} and "Pragma" in d.ours["header"] \
        and d.go["header"].get("Cache-Control") == ["no-cache"]


def failed_coding(d):
    return d.group == "codings" and d.ours["failed"] and d.go["failed"] and d.differ() == {"body_length"}


def referer(d):
    return d.group.startswith(("redirects", "two redirects")) and d.without("Referer: ")


def bad_host(d):
    return d.group.startswith("requests --header Host: bad host")


def invalid_fields(d):
    return d.group.startswith(("requests --header X A", "requests --header X-A: a^A"))


def cookies_of_plain_http(d):
    return d.group.startswith("cookies") and d.of_requests


def http2_alone(d):
    return d.group == "TLS: HTTP/2 alone"


def malformed_http2(d):
    return d.group == "h2" and d.only_ours_fails()


def equal_lengths_http2(d):
    return d.group == "h2" and d.case == "two equal lengths" and d.differ() == {"header"}


def reset_drops(d):
    return d.group == "h2" and d.ours["failed"] and d.go["failed"] and d.differ() == {"body_length"}


DEVIATIONS = [
    ("D-162", strict_heads), ("D-002", strict_chunks), ("D-015", forbidden_trailers), ("D-230", announced_framing),
    ("D-231", connection_is_shown), ("D-232", pragma), ("D-233", failed_coding), ("D-168", referer), ("D-161", bad_host),
    ("D-234", invalid_fields), ("D-142", cookies_of_plain_http), ("D-171", http2_alone), ("D-235", malformed_http2),
    ("D-235", equal_lengths_http2), ("D-236", reset_drops),
]

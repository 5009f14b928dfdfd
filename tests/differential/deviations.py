"""Which differences from Go's server are meant: each id is a line of docs/DEVIATIONS.md, and its
test says whether it explains one request whose answers, ours and Go's, differ."""

DEVIATIONS = []

"""Measures HTTP servers side by side. In reading order: main, plan, servers, process, check, load,
measure, stats, report, charts."""

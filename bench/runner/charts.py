"""The charts: plain SVG that is readable on light and on dark pages."""
import math
from xml.sax.saxutils import escape

WIDTH = 760
LABEL = 120
ROW = 26
COLOURS = ('#2f7ed8', '#f28f43', '#4aa564', '#a55ca5', '#c23b3b', '#7a7a7a')
STYLE = ('<style>text{font:12px system-ui,sans-serif;fill:#24292f}.t{font-size:15px;font-weight:600}'
         '.o{font-weight:600}'
         '.q{fill:#57606a}line{stroke:#8c959f}@media(prefers-color-scheme:dark){text{fill:#e6edf3}'
         '.q{fill:#9198a1}}</style>')


def _text(x, y, text, kind='', anchor='start'):
    return '<text x="%.1f" y="%.1f" class="%s" text-anchor="%s">%s</text>' % (
        x, y, kind, anchor, escape(text))


def _svg(title, note, height, body):
    return '\n'.join([
        '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" '
        'role="img">' % (WIDTH, height, WIDTH, height),
        '<title>%s</title>' % escape(title), STYLE, _text(8, 20, title, 't'),
        _text(8, 38, note, 'q')] + body + ['</svg>', ''])


def _legend(names, y):
    parts, x = [], LABEL
    for index, name in enumerate(names):
        parts.append('<rect x="%.1f" y="%.1f" width="11" height="11" fill="%s"/>' % (
            x, y - 10, COLOURS[index]))
        parts.append(_text(x + 16, y, name, 'q'))
        x += 30 + 7 * len(name)
    return parts


def bars(title, note, rows, parts, unit):
    """Horizontal bars, the shortest first. A row: name, values of `parts` (stacked), and low and
    high of their sum, drawn as a whisker."""
    rows = sorted(rows, key=lambda row: sum(row[1]))
    most = max([row[3] for row in rows] + [1e-9])
    scale = (WIDTH - LABEL - 90) / most
    body, y = (_legend(parts, 58), 68) if len(parts) > 1 else ([], 50)
    for name, values, low, high in rows:
        ours = 'o' if name.startswith('hon') else ''
        body.append(_text(LABEL - 8, y + 14, name, ours, 'end'))
        x = float(LABEL)
        for index, value in enumerate(values):
            body.append('<rect x="%.1f" y="%d" width="%.1f" height="16" fill="%s"/>' % (
                x, y + 2, value * scale, COLOURS[index]))
            x += value * scale
        body.append('<line x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>' % (
            LABEL + low * scale, y + 10, LABEL + high * scale, y + 10))
        body.append(_text(max(x, LABEL + high * scale) + 6, y + 14,
                          '%s %s' % (_short(sum(values)), unit)))
        y += ROW
    return _svg(title, note, y + 12, body)


def lines(title, note, series, unit):
    """Curves over a logarithmic axis. `series`: name to [(x, y)]."""
    left, top, height = 60, 76, 260
    points = [point for curve in series.values() for point in curve]
    most = max([y for _, y in points] + [1e-9]) * 1.1
    first, last = (math.log10(f([x for x, _ in points] + [1])) for f in (min, max))
    span = max(last - first, 1e-9)

    def place(x, y):
        return (left + (math.log10(x) - first) / span * (WIDTH - left - 40),
                top + height - y / most * height)

    body = _legend(list(series), 58)
    step = _step(most)
    for number in range(int(most / step) + 1):
        y = place(10 ** first, number * step)[1]
        body.append('<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke-opacity="0.3"/>' % (
            left, y, WIDTH - 40, y))
        body.append(_text(left - 6, y + 4, _short(number * step), 'q', 'end'))
    for count in sorted({x for x, _ in points}):
        body.append(_text(place(count, 0)[0], top + height + 18, '{:,}'.format(count), 'q', 'middle'))
    for index, curve in enumerate(series.values()):
        way = ' '.join('%.1f,%.1f' % place(x, y) for x, y in sorted(curve))
        colour = COLOURS[index % len(COLOURS)]
        body.append('<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>' % (
            way, colour))
    body.append(_text(left - 6, top - 8, unit, 'q', 'end'))
    return _svg(title, note, top + height + 34, body)


def _step(most):
    """A round distance between about five lines."""
    power = 10 ** math.floor(math.log10(most / 4))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= most / 5)


def _short(value):
    if value >= 1e6:
        return '%.2f M' % (value / 1e6)
    if value >= 1000:
        return '{:,.0f}'.format(value)
    return '%.3g' % value

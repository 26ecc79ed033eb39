"""Draws a soak as an SVG image from `soak.state.v1`: the evidence on a time axis, and the states reached.

The image is self-contained: no scripts, no fonts, no links. Its colours follow the reader's light or dark theme.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

from bot.simulate.timeline import Point, points, steps
from bot.text import cut, visible

SPACE = "http://www.w3.org/2000/svg"
WIDTH, SHOWN = 520, 760
LEFT, RIGHT = 34, 486
AXIS = 140
"""Position of the axis below a head of one line."""
LINE = 18
NEAR = 11.0
"""Points closer than this are stacked."""
HIGHEST = 5
ROW = 25
TICKS = 5
STROKE = 60
"""Maximum characters per line."""
COMMAND = re.compile(r"[,:]?(?: then)? assay evidence .*$")
"""Commands are left out of the image; the comment has them."""
NO_XML = re.compile("[\ufffe\uffff]")

STYLE = """
.page{fill:#fff;stroke:#d0d7de}.ink{fill:#1f2328}.soft{fill:#59636e}.line{stroke:#afb8c1;stroke-width:2}
.way{stroke:#1a7f37;stroke-width:3}.smoke,.install,.audit,.phrase,.removal{fill:#1a7f37;stroke:#1a7f37;stroke-width:2}
.audit{fill:#0969da;stroke:#0969da}.phrase{fill:#8250df;stroke:#8250df}.removal{fill:#bc4c00;stroke:#bc4c00}
.install{fill:#57606a;stroke:#57606a}.not{fill:#fff}.reached{fill:#1a7f37}.current{fill:#0969da}.ring{fill:none;
stroke:#0969da;stroke-width:2}.blocked{fill:#cf222e}.open{fill:#fff;stroke:#afb8c1;stroke-width:2}
text{font:14px system-ui,-apple-system,"Segoe UI",sans-serif}.name{font-size:19px;font-weight:600}.bold{font-weight:600}
.due{stroke-dasharray:3 3}.small{font-size:12.5px}.end{text-anchor:end}.middle{text-anchor:middle}
@media(prefers-color-scheme:dark){.page{fill:#0d1117;stroke:#3d444d}.ink{fill:#f0f6fc}.soft{fill:#9198a1}
.line{stroke:#3d444d}.way{stroke:#3fb950}.smoke{fill:#3fb950;stroke:#3fb950}.audit{fill:#4493f8;stroke:#4493f8}
.phrase{fill:#ab7df8;stroke:#ab7df8}.removal{fill:#f0883e;stroke:#f0883e}.install{fill:#9198a1;stroke:#9198a1}
.not{fill:#0d1117}.reached{fill:#3fb950}.current{fill:#4493f8}.ring{stroke:#4493f8}.blocked{fill:#f85149}
.open{fill:#0d1117;stroke:#656c76}}
"""
LEGEND = {"install": "install", "smoke": "run", "audit": "audit", "phrase": "phrase", "removal": "removal"}


@dataclass(frozen=True)
class _Scale:
    """The time range of the image."""

    start: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        """Return the horizontal position of a time."""
        whole = (self.end - self.start).total_seconds()
        return LEFT + 8 + (RIGHT - LEFT - 16) * ((at - self.start).total_seconds() / whole)


def drawn(state: Mapping[str, Any]) -> str:
    """Return a `soak.state.v1` as SVG."""
    shown, way = points(state), steps(state)
    lines = _next(state)
    axis = AXIS + LINE * (len(lines) - 1)
    height = axis + 74 + ROW * len(way) + 14
    root = ET.Element("svg", _attributes(height))
    _add(root, "title", f"Soak {state['soak']}: {state['state']}", id="soak-title")
    _add(root, "desc", _description(state, shown), id="soak-desc")
    _add(root, "style", None).text = STYLE
    _add(root, "rect", None, "page", x=0.5, y=0.5, width=WIDTH - 1, height=height - 1, rx=8)
    _head(root, state, lines)
    scale = _scale(state, shown)
    _axis(root, axis, scale, shown)
    if scale and state["next"]["earliest"]:
        _due(root, axis, scale.x(_moment(state["next"]["earliest"])))
    _legend(root, axis + 46.0, shown)
    _way(root, axis + 84, way)
    return ET.tostring(root, encoding="unicode") + "\n"


def _attributes(height: int) -> dict[str, str]:
    return {
        "xmlns": SPACE,
        "viewBox": f"0 0 {WIDTH} {height}",
        "width": str(SHOWN),
        "height": str(round(height * SHOWN / WIDTH)),
        "style": "max-width:100%;height:auto",
        "role": "img",
        "aria-labelledby": "soak-title soak-desc",
    }


def _add(parent: ET.Element, tag: str, text: str | None, kind: str = "", **attributes: object) -> ET.Element:
    values = {name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in attributes.items()}
    made = ET.SubElement(parent, tag, {**({"class": kind} if kind else {}), **values})
    if text is not None:
        made.text = NO_XML.sub("?", visible(text))
    return made


def _next(state: Mapping[str, Any]) -> list[str]:
    following = state["next"]
    earliest = following["earliest"]
    when = f" Not before {_moment(earliest):%Y-%m-%d %H:%M} UTC." if earliest else ""
    return _wrapped(f"Next: {following['who']}: {COMMAND.sub('', following['what'])}.{when}", STROKE, 3)


def _head(root: ET.Element, state: Mapping[str, Any], lines: list[str]) -> None:
    _add(root, "text", cut(state["soak"], 34), "ink name", x=20, y=36)
    _add(root, "text", state["state"], "ink bold end", x=WIDTH - 20, y=36)
    for place, words in enumerate(lines):
        _add(root, "text", words, "soft", x=20, y=60 + LINE * place)


def _axis(root: ET.Element, axis: int, scale: _Scale | None, shown: list[Point]) -> None:
    _add(root, "line", None, "line", x1=LEFT, y1=axis, x2=RIGHT, y2=axis)
    if scale is None:
        _add(root, "text", "No events yet.", "soft middle", x=WIDTH / 2, y=axis - 14)
        return
    counted = [one.at for one in shown if one.counts and one.kind != "install"]
    if counted:
        x1, x2 = scale.x(min(counted)), scale.x(max(counted))
        _add(root, "line", None, "way", x1=x1, y1=axis, x2=x2, y2=axis)
    for at in _ticks(scale):
        x = scale.x(at)
        _add(root, "line", None, "line", x1=x, y1=axis, x2=x, y2=axis + 6)
        _add(root, "text", f"{at.day} {at:%b}", "soft small middle", x=x, y=axis + 21)
    stacked: list[tuple[float, int]] = []
    for one in shown:
        x = scale.x(one.at)
        level = sum(abs(x - other) < NEAR for other, _ in stacked)
        stacked.append((x, level))
        if level < HIGHEST:
            _mark(root, one, x, axis - 12.0 - 13 * level)


def _scale(state: Mapping[str, Any], shown: list[Point]) -> _Scale | None:
    moments = [one.at for one in shown] + [_moment(one["at"]) for one in state["transitions"]]
    moments += [_moment(state["next"]["earliest"])] if state["next"]["earliest"] else []
    if not moments:
        return None
    start, end = min(moments), max(moments)
    return _Scale(start, max(end, start + timedelta(hours=23)))


def _ticks(scale: _Scale) -> list[datetime]:
    """Return whole days for the axis, at most five."""
    first = scale.start.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [first + timedelta(days=place) for place in range((scale.end - first).days + 1)]
    inside = [max(day, scale.start) for day in days]
    step = max(1, -(-(len(inside) - 1) // (TICKS - 1)))
    return inside[::step]


def _mark(root: ET.Element, one: Point, x: float, y: float) -> None:
    kind = one.kind if one.counts else f"{one.kind} not"
    shapes = {
        "audit": f"M{x:g} {y - 7:g}l7 7l-7 7l-7 -7z",
        "phrase": f"M{x:g} {y - 7:g}l7 12h-14z",
        "removal": f"M{x - 5:g} {y - 5:g}h10v10h-10z",
        "install": f"M{x - 4.5:g} {y - 4.5:g}h9v9h-9z",
    }
    if one.kind in shapes:
        made = _add(root, "path", None, kind, d=shapes[one.kind])
    else:
        made = _add(root, "circle", None, kind, cx=x, cy=y, r=4.5)
    _add(made, "title", one.words)


def _due(root: ET.Element, axis: int, x: float) -> None:
    """Draw the earliest time of the next step."""
    _add(root, "line", None, "line due", x1=x, y1=axis - 34, x2=x, y2=axis)
    _add(root, "text", "not before", "soft small end", x=x - 5, y=axis - 22)


def _legend(root: ET.Element, y: float, shown: list[Point]) -> None:
    x = 20.0
    kinds = [kind for kind in LEGEND if any(one.kind == kind for one in shown)]
    for kind in kinds:
        _mark(root, Point(kind, datetime.now(UTC), counts=True, words=LEGEND[kind]), x + 6, y)
        _add(root, "text", LEGEND[kind], "soft small", x=x + 17, y=y + 4)
        x += 29 + 6.7 * len(LEGEND[kind])
    if any(not one.counts for one in shown):
        _add(root, "text", "hollow: not counted", "soft small end", x=WIDTH - 20, y=y + 4)


def _way(root: ET.Element, top: int, way: list[tuple[str, str, str]]) -> None:
    _add(root, "line", None, "line", x1=28, y1=top - 5, x2=28, y2=top - 5 + ROW * (len(way) - 1))
    for place, (mark, name, words) in enumerate(way):
        y = top + ROW * place
        if mark == "current":
            _add(root, "circle", None, "page", cx=28, cy=y - 5, r=9)
            _add(root, "circle", None, "ring", cx=28, cy=y - 5, r=8.5)
        _add(root, "circle", None, mark, cx=28, cy=y - 5, r=5)
        tone = "soft" if mark == "open" else "ink bold" if mark in {"current", "blocked"} else "ink"
        _add(root, "text", name, tone, x=48, y=y)
        _add(root, "text", cut(words, 45), "soft small", x=204, y=y)


def _description(state: Mapping[str, Any], shown: list[Point]) -> str:
    parts = [f"State {state['state']}: {state['why']}.", f"Next: {state['next']['who']}: {state['next']['what']}."]
    return " ".join([*parts, *(f"{one.words}." for one in shown)])


def _wrapped(text: str, width: int, most: int) -> list[str]:
    """Return the text in at most `most` lines, cut if there is more."""
    lines = [""]
    for word in visible(text).split():
        if lines[-1] and len(lines[-1]) + len(word) + 1 > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    kept = [cut(one, width) for one in lines[:most]]
    return kept if len(lines) <= most else [*kept[:-1], f"{kept[-1][: width - 1]}…"]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)

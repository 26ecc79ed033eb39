"""Puts text from users into Markdown as nothing but text.

No mention notifies, no reference is created, no HTML or fence is opened, no table breaks. Forgejo looks for mentions
and references in the unescaped text, so a backslash is not enough and an invisible word joiner parts them.
"""

import re

JOINER = "\u2060"
PUNCTUATION = re.compile(r"([\\`*_{}\[\]()<>|~!$&])")
LEADING = re.compile(r"^(\s*)([-+=#]|\d+(?=[.)]))")
TRIGGER = re.compile(r"([@#!])(?=\w)")
ADDRESS = re.compile(r"(?i)\b(https?|ftp|mailto|www)(?=[:.])")
INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def visible(text: str) -> str:
    """Gives the text on one line, with control, direction and half characters written out as escapes."""
    return INVISIBLE.sub(lambda match: _written(match[0]), text)


def plain(text: str, limit: int = 1000) -> str:
    """Gives the text so that Markdown shows it as it is and Forgejo acts on none of it."""
    parted = ADDRESS.sub(rf"\1{JOINER}", TRIGGER.sub(rf"\1{JOINER}", cut(visible(text), limit)))
    return LEADING.sub(_led, PUNCTUATION.sub(r"\\\1", parted))


def code(text: str, limit: int = 300) -> str:
    """Gives the text as inline code that it can't close; fit for table cells too."""
    shown = cut(visible(text), limit).replace("|", "\\|")
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * (longest + 1)
    space = " " if not shown.strip() or shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{space}{shown or ' '}{space}{fence}"


def cut(text: str, limit: int) -> str:
    """Gives the text, at most so many characters long, with an ellipsis where it was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _led(match: re.Match[str]) -> str:
    """A line's first sign can make it a heading, a list or a rule."""
    sign = match[2]
    return f"{match[1]}{sign}{JOINER}" if sign.isdigit() else f"{match[1]}\\{sign}"


def _written(character: str) -> str:
    names = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return names.get(character, f"\\u{ord(character):04x}")

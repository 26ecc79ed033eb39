"""Puts text from users into Markdown as nothing but text.

No mention notifies, no reference is created, no HTML or fence is opened, no table breaks. Forgejo looks for mentions
and references in the unescaped text, so a backslash is not enough and an invisible word joiner parts them. It takes
a round bracket, and at a line's start a square one, for mathematics when a backslash stands before it.
"""

import json
import re

ACTIVE = re.compile("[<>`@&]")
JOINER = "\u2060"
PUNCTUATION = re.compile(r"([\\`*_{}\]<>|~!$&])")
BRACKET = "&#91;"
LEADING = re.compile(r"^(\s*)([-+=#/]|\d+(?=[.)]))")
CLOSING = re.compile(r"(?<=\s)(#+)$")
"""Signs that a heading would take for its end."""
TRIGGER = re.compile(r"([@#!])(?=[\w-])")
ADDRESS = re.compile(r"(?i)(https?|ftp|mailto|www)(?=[:.])")
INVISIBLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


def visible(text: str) -> str:
    """Gives the text on one line, with control, direction and half characters written out as escapes."""
    return INVISIBLE.sub(lambda match: _written(match[0]), text)


def plain(text: str, limit: int = 1000) -> str:
    """Gives the text so that Markdown shows it as it is and Forgejo acts on none of it."""
    parted = ADDRESS.sub(rf"\1{JOINER}", TRIGGER.sub(rf"\1{JOINER}", cut(visible(text), limit).strip(" ")))
    return CLOSING.sub(r"\\\1", LEADING.sub(_led, PUNCTUATION.sub(r"\\\1", parted).replace("[", BRACKET)))


def code(text: str, limit: int = 300) -> str:
    """Gives the text as inline code that it can't close; fit for table cells too."""
    shown = cut(visible(text), limit).replace("|", "\\|")
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * (longest + 1)
    space = " " if not shown.strip() or {shown[0], shown[-1]} & {" ", "`"} else ""
    return f"{fence}{space}{shown or ' '}{space}{fence}"


def inert_json(value: object) -> str:
    """Gives JSON with sorted keys, in ASCII, without a sign that could end a fence, a comment or a tag, or mention."""
    text = json.dumps(value, sort_keys=True, indent=2)
    return ACTIVE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)


def cut(text: str, limit: int) -> str:
    """Gives the text, at most so many characters long, with an ellipsis where it was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _led(match: re.Match[str]) -> str:
    """A line's first sign can make it a heading, a list or a rule, and a slash another bot's command."""
    sign = match[2]
    return f"{match[1]}{sign}{JOINER}" if sign.isdigit() else f"{match[1]}\\{sign}"


def _written(character: str) -> str:
    names = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    number = ord(character)
    return names.get(character) or (f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}")  # noqa: PLR2004 - the end of four digits

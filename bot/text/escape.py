"""Escapes text from users for Markdown, so that it has no effect but to be shown.

It triggers no mention, creates no reference, opens no HTML or fence, and breaks no table. Forgejo looks for mentions
and references in the unescaped text, so a backslash is not enough; an invisible word joiner splits them. Forgejo reads
a backslash before a round bracket, or at a line's start before a square one, as mathematics.
"""

import json
import re

from bot.text.invisible import invisible_class

ACTIVE = re.compile("[<>`@&]")
JOINER = "\u2060"
PUNCTUATION = re.compile(r"([\\`*_{}\]<>|~!$&])")
BRACKET = "&#91;"
LEADING = re.compile(r"^(\s*)([-+=#/]|\d+(?=[.)]))")
CLOSING = re.compile(r"(?<=\s)(#+)$")
"""Characters that would end a heading."""
TRIGGER = re.compile(r"([@#!])(?=[\w-])")
EMOJI = re.compile(r":(?=[-+\w]+:)")
"""The beginning of a name that Forgejo replaces by an emoji, such as `:100:`."""
ADDRESS = re.compile(r"(?i)(https?|ftp|mailto|www)(?=[:.])")
INVISIBLE = re.compile(f"[{invisible_class()}\t\n\r\ud800-\udfff]")
_SYMBOL = "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_ESCAPED = re.compile(rf"(?<=[{_SYMBOL}])(\ufe0f)|{INVISIBLE.pattern}")


def visible(text: str) -> str:
    """Return the text on one line, with invisible characters and lone surrogates as escapes.

    Only the selector that makes a symbol an emoji stays as it is, directly after the symbol.
    """
    return _ESCAPED.sub(lambda match: match[1] or _written(match[0]), text)


def plain(text: str, limit: int = 1000) -> str:
    """Return the text escaped, so that Markdown shows it unchanged and Forgejo does not act on it."""
    parted = TRIGGER.sub(rf"\1{JOINER}", cut(visible(text), limit).strip(" "))
    parted = EMOJI.sub(f":{JOINER}", ADDRESS.sub(rf"\1{JOINER}", parted))
    return CLOSING.sub(r"\\\1", LEADING.sub(_led, PUNCTUATION.sub(r"\\\1", parted).replace("[", BRACKET)))


def code(text: str, limit: int = 300) -> str:
    """Return the text as inline code, which it cannot close. In a table it is `cell`."""
    shown = cut(visible(text), limit)
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * (longest + 1)
    space = " " if not shown.strip() or {shown[0], shown[-1]} & {" ", "`"} else ""
    return f"{fence}{space}{shown or ' '}{space}{fence}"


def cell(text: str, limit: int = 300) -> str:
    """Return the text as inline code in a table, where a bar ends a cell even in code."""
    return code(text, limit).replace("|", "\\|")


def inert_json(value: object) -> str:
    """Return JSON with sorted keys, in ASCII, without characters that could end a fence, comment or tag, or mention."""
    text = json.dumps(value, sort_keys=True, indent=2)
    return ACTIVE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)


def cut(text: str, limit: int) -> str:
    """Return the text, truncated to a maximum length with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _led(match: re.Match[str]) -> str:
    """Escape a line's first character, which could make it a heading, a list, a rule, or another bot's command."""
    sign = match[2]
    return f"{match[1]}{sign}{JOINER}" if sign.isdigit() else f"{match[1]}\\{sign}"


def _written(character: str) -> str:
    names = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    number = ord(character)
    return names.get(character) or (f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}")  # noqa: PLR2004 - the end of four digits

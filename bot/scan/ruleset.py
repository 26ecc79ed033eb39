"""Loads and compiles the bot's rules and the engine's, and finds candidates in a text.

The YAML files in `bot/scan/rules/` have the engine's format; the key `assay` in each rule is ours: family, severity and
the judge of `bot/scan/plausibility.py`. The engine's catalogue is loaded too. The engine finds places; rules with a
NAME are then matched again on that line, so that a rejected match does not hide the next one.
"""

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from kingfisher_sdk import DetectionPolicy, Finding, Rules
from kingfisher_sdk import Scanner as Engine

from bot.scan.plausibility import JUDGES, Place, is_placeholder, login_part

Severity = Literal["low", "medium", "high", "critical"]
FOLDER = Path(__file__).parent / "rules"

# Replaced by our own rules, which tell documentation from real logins.
_UNUSED = frozenset(
    {"betterleaks.generic-credential-uri", "betterleaks.curl-auth-header", "betterleaks.curl-auth-user"}
)
_GENERIC = ("url", "password", "login")
_BY_NAME = ("named", "prose", "after")
_REACH, _LEAD, _BOUND = (
    320,
    64,
    190,
)  # maximum extension of a value, maximum length of a name, maximum value length of the patterns
_TAIL, _PEM_LONGEST = 4096, 32768
_FLOOD = 5_000  # maximum places per window; ordinary code has 60 per megabyte
_NAMES = 4  # maximum names in a row that are matched again
_NAME_CHARACTERS = string.ascii_letters + string.digits + "_.-"
_NAMED = re.compile(r"(?i)passw|passphrase|pwd|pass\b|secret|token|key|credential|pat\b")
_LEADING = "+!^~"  # a value may begin with these, although the patterns read them as separators
_FLAG = re.compile(r"^[-.]+(?:D(?=[a-z]))?|[-.]+$")
_BLANK = re.compile(r"\s")
_QUOTES = "\"'`"
_LOGIN = re.compile(r"[^/]*(?=@)")  # the password of a URL ends before its host
_TOKEN_TAIL = re.compile(r"[\w-]*")
_VALUE_TAIL = re.compile(r"[^\s\"'`<>]*")
_PEM = re.compile(
    r"-----BEGIN[^-]{0,80}-----((?:\\+[nrt]|[\sA-Za-z0-9+/=:,.>|\"']|-(?!-))*)(?:-----END[^-\n]{0,80}-----)?"
)
_PEM_LINE = re.compile(r"[A-Za-z0-9+/]{40}")  # a sentence about keys contains none
_PEM_NOISE = re.compile(r"\\+[nrt]|-----[^-]+-----|[^A-Za-z0-9+/=]")


@dataclass(frozen=True)
class Rule:
    """Our description of a rule: stable name, family, severity, and the judge of its candidates."""

    id: str
    name: str
    family: str
    severity: Severity
    judge: str
    rank: int  # the lower, the more specific
    pattern: re.Pattern[str] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Candidate:
    """A possible secret: span, rule, and the text for its fingerprint.

    `whole`: nothing in the span but the secret. A decoded text may hold more than the secret that was found in it.
    """

    start: int
    end: int
    rule: Rule
    secret: str = field(repr=False)
    whole: bool = True


class NotSearchedError(Exception):
    """A text, or the rest of one, was not scanned; the message says why."""


def own_rules() -> dict[str, Rule]:
    """Return our rules by the engine's id."""
    made: dict[str, Rule] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        for entry in yaml.safe_load(path.read_text("utf-8"))["rules"]:
            ours = entry["assay"]
            judge = ours["judge"]
            pattern = re.compile(entry["pattern"]) if judge in _BY_NAME else None
            rank = 4 if pattern else 3 if judge in _GENERIC or ours["family"] == "api" else 1
            made[entry["id"]] = Rule(entry["id"], entry["name"], ours["family"], ours["severity"], judge, rank, pattern)
    return made


class Rulebook:
    """The compiled engine. Creating one takes four seconds, or a third of a second with a filled `cache_dir`."""

    def __init__(self, cache_dir: Path | None = None) -> None:
        paths = sorted(FOLDER.glob("*.yaml"))
        if cache_dir is not None:
            cache_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        rules = Rules(paths, confidence="low", cache=cache_dir is not None, cache_dir=cache_dir)
        policy = DetectionPolicy(
            inline_ignores=False, markup_context=False, cli_match_semantics=False, base64_max_depth=0
        )
        self._engine = Engine(rules, base64=False, policy=policy)
        self._rules = own_rules()
        ids = (str(entry["id"]) for entry in rules.metadata())
        self.names = frozenset(self.rule(one, "high").name for one in ids)

    def rule(self, engine_id: str, confidence: str) -> Rule:
        """Return our description of an engine rule, also for rules of the engine's catalogue."""
        if (rule := self._rules.get(engine_id)) is None:
            rule = _catalogued(engine_id, confidence)
        return rule

    def candidates(self, text: str, timeout: float) -> Iterator[Candidate]:
        """Yield every plausible secret of an ASCII text. Raises NotSearchedError after `timeout` seconds, and for too
        many places.
        """
        try:
            findings = self._engine.scan(text.encode("ascii"), timeout=timeout)
        except TimeoutError as error:
            raise NotSearchedError(f"no result within {timeout} s") from error
        for finding in findings[:_FLOOD]:
            if finding.visible and finding.rule_id not in _UNUSED:
                rule = self.rule(finding.rule_id, finding.confidence)
                yield from _again(text, finding, rule) if rule.pattern else _once(text, finding, rule)
        if len(findings) > _FLOOD:
            raise NotSearchedError(f"more than {_FLOOD} possible secrets")


@cache
def rulebook(cache_dir: Path | None = None) -> Rulebook:
    """Return the process's rulebook for a cache folder; all scanners share it, whatever their keys."""
    return Rulebook(cache_dir)


@cache
def _catalogued(engine_id: str, confidence: str) -> Rule:
    name = re.sub(r"\.\d+$", "", engine_id.rpartition("/")[2].removeprefix("betterleaks."))
    return Rule(engine_id, name, "catalogue", "high" if confidence == "high" else "medium", "self", 2)


def _once(text: str, finding: Finding, rule: Rule) -> Iterator[Candidate]:
    start, end = int(finding.location["start_offset"]), int(finding.location["end_offset"])
    if rule.judge == "pem" or "-----BEGIN" in text[start : start + 12]:
        yield from _pem(text, start, rule)
        return
    end = _whole(text, end, rule)
    place = Place(text[start:end], between=text[max(0, start - 1) : start], after=text[end : end + 1])
    if JUDGES[rule.judge](place):
        secret = (login_part(place.value) or "") if rule.judge == "login" else place.value
        yield Candidate(start, end, rule, secret)


def _again(text: str, finding: Finding, rule: Rule) -> Iterator[Candidate]:
    """Judge a named value; after a rejection, match again behind its name, where the next name may be."""
    captures = finding.captures
    start, end = int(finding.location["start_offset"]), int(finding.location["end_offset"])
    if rule.judge == "after":
        yield from _kept(Place(text[start:end], captures["NAME"], captures["SEP"]), start, rule)
        return
    at = start - len(captures["SEP"]) - len(captures["NAME"])
    spans: tuple[int, ...] = (at, at + len(captures["NAME"]), start, end)
    for _ in range(_NAMES):
        place = _place(text, spans)
        if kept := tuple(_kept(place, spans[1] + len(place.between), rule)):
            yield from kept
            return
        if not _NAMED.search(text, spans[1], end) or not (spans := _next(text, spans[1], end, rule)):
            return


def _next(text: str, at: int, end: int, rule: Rule) -> tuple[int, ...]:
    match = rule.pattern.search(text, at, end + _REACH) if rule.pattern else None
    return (*match.span("NAME"), *match.span("TOKEN")) if match and match.start() < end else ()


def _place(text: str, spans: tuple[int, ...]) -> Place:
    """Return the candidate at the spans of a name and its value, both extended to their full length."""
    named, ended, start, end = spans
    lead = text[max(0, named - _LEAD) : named]
    head = lead.rstrip(_NAME_CHARACTERS)
    name = lead[len(head) :] + text[named:ended]
    between = text[ended:start].rstrip(_LEADING)
    start, quote = ended + len(between), between[-1:]
    if quote and quote in _QUOTES:
        closing = text.find(quote, end, end + 256)
        end = closing if closing >= 0 and not _BLANK.search(text, end, closing) else end
    elif "&" in text[start:end] and head[-1:] in ("?", "&"):
        end = text.index("&", start)
    elif head.endswith("//") and (login := _LOGIN.match(text, start, end)):
        end = login.end()
    elif end - start >= _BOUND and (tail := _VALUE_TAIL.match(text, end, end + _REACH)):
        end = tail.end()
    value = text[start:end] if quote in _QUOTES else text[start:end].rstrip(".,;:!?")
    flag = "-" if name.startswith("-") else head.rstrip(" \t")[-1:]
    return Place(value, _FLAG.sub("", name), between, flag, text[end : end + 1])


def _kept(place: Place, start: int, rule: Rule) -> Iterator[Candidate]:
    if JUDGES[rule.judge](place):
        yield Candidate(start, start + len(place.value), rule, place.value)


def _whole(text: str, end: int, rule: Rule) -> int:
    """Return the end of a token that is longer than its pattern allows: a mask must cover all of it."""
    if rule.judge in ("self", "shaped") and rule.rank == 1 and (text[end - 1].isalnum() or text[end - 1] in "_-"):
        tail = _TOKEN_TAIL.match(text, end, end + _TAIL)
        return tail.end() if tail else end
    return end


def _pem(text: str, start: int, rule: Rule) -> Iterator[Candidate]:
    match = _PEM.match(text, start, start + _PEM_LONGEST)
    if match and _PEM_LINE.search(match[1]):
        body = _PEM_NOISE.sub("", match[1])
        if not is_placeholder(body[:200]):
            yield Candidate(start, match.end(), rule, body)

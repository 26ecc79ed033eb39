"""Secrets in added lines and in texts: found, named, fingerprinted, masked; never kept.

Used while observing, and on everything that leaves the bot. A scan works on the text alone: no path is given to the
engine, whose own rules skip lock files and vendored folders, and no comment in the text switches anything off. What
wasn't looked at is told as a gap. Nothing here holds the matched text after a call has returned.
"""

import asyncio
import hmac
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.decoding import Layer, Plain, layers, plain
from bot.masking import WITHHELD, marks, masked, uncovered
from bot.owntokens import OwnTokens
from bot.rulebook import Candidate, NotSearchedError, Rule, Rulebook, Severity

_OWN = Rule("assay.own-token", "own-token", "own", "critical", "self", 0)
_ALLOWED = re.compile(
    r"(?i)(?:gitleaks|betterleaks|kingfisher|trufflehog|ggshield|assay|semgrep)\s*:\s*(?:allow|ignore)|nosemgrep|nosecret|"
    r"pragma:\s*(?:allow|white)list|noqa:\s*S10[567]|#\s*nosec\b|detect-secrets:\s*(?:disable|ignore)"
)
_LEAST = 6  # what is left of a secret beside a mark, and no more, belongs to the mark
_REACH = 1024  # on a very long line a comment counts only near the secret
WORST: tuple[Severity, ...] = ("low", "medium", "high", "critical")
_HEX = re.compile(r"[0-9a-fA-F]+")
_PEM_NOISE = re.compile(r"\\+[nrt]|-----[^-]+-----|[^A-Za-z0-9+/=]")


@dataclass(frozen=True)
class Hit:
    """A secret in a text. `line` counts from 1; `start` and `end` are characters of a str, bytes of bytes.

    `suppressed`: a comment that allows it stands on the line. It is reported with the hit and believed by nobody.
    """

    rule: str
    family: str
    severity: Severity
    line: int
    start: int
    end: int
    fingerprint: str
    suppressed: bool


@dataclass(frozen=True)
class ScanResult:
    """The hits in the order of the text, and what wasn't looked at; clean is only what has neither."""

    hits: tuple[Hit, ...]
    gaps: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScanLimits:
    """Sizes in characters, time in seconds for each window."""

    size: int = 64 << 20
    window: int = 1 << 20
    overlap: int = 16 << 10
    decoded: int = 4 << 20
    depth: int = 3
    hits: int = 500
    timeout: float = 2.0


class Scanner:
    """Compiles its rules when made (seconds without a cache). Safe to use from several threads.

    `key` is the installation's: fingerprints under another key differ. `own` are the bot's tokens.
    """

    def __init__(
        self, *, key: bytes, own: Collection[str] = (), cache_dir: Path | None = None, limits: ScanLimits | None = None
    ) -> None:
        self._key = key
        self._own = OwnTokens(key, own)
        self._limits = limits or ScanLimits()
        self._rules = Rulebook(cache_dir)

    def scan(self, text: str | bytes) -> ScanResult:
        """The secrets of a text, or of the added lines of a diff without their `+`."""
        hits, gaps = self._hits(text)
        if len(hits) > self._limits.hits:
            gaps.append(f"{len(hits)} secrets found, {self._limits.hits} are listed")
        return ScanResult(tuple(hits[: self._limits.hits]), tuple(gaps))

    async def scan_many(self, texts: Sequence[str | bytes]) -> list[ScanResult]:
        """Each text's result, worked out in one thread off the event loop.

        Texts aren't joined: a call costs a hundredth of a millisecond, and rules that reach over lines would
        find secrets made of two texts.
        """
        return await asyncio.to_thread(lambda: [self.scan(text) for text in texts])

    def mask(self, text: str, hits: Sequence[Hit] | None = None) -> str:
        """The text with every secret replaced by `[secret:<rule>:<8 digits>]`; masked text stays as it is.

        Without `hits` the text is scanned, and withheld as a whole if a part of it couldn't be.
        """
        if hits is None:
            hits, gaps = self._hits(text)
            if gaps:
                return WITHHELD
        return masked(text, hits)

    def fingerprint(self, secret: str) -> str:
        """`sf_` and 16 digits of the HMAC-SHA-256 of a secret; quotes, blanks, a key's wrapping and the case of
        hexadecimal digits make no difference.
        """
        plain_secret = secret.strip(" \t\r\n\"'`")
        if "-----BEGIN" in plain_secret:
            plain_secret = _PEM_NOISE.sub("", plain_secret)
        if _HEX.fullmatch(plain_secret):
            plain_secret = plain_secret.lower()
        return "sf_" + hmac.digest(self._key, plain_secret.encode("utf-8", "surrogatepass"), "sha256").hex()[:16]

    def _hits(self, given: str | bytes) -> tuple[list[Hit], list[str]]:
        gaps: list[str] = []
        if len(given) > self._limits.size:
            gaps.append(f"only the first {self._limits.size} of {len(given)} characters were looked at")
            given = given[: self._limits.size]
        searched = plain(given)
        found = list(self._windows(searched.text, gaps))
        found += self._encoded(searched.text, gaps)
        if marked := marks(searched.text, self._rules.names | {_OWN.name}):
            found = [one for one in found if uncovered(one.start, one.end, marked) >= _LEAST]
        return list(self._told(searched, _merged(found))), gaps

    def _encoded(self, text: str, gaps: list[str]) -> Iterator[Candidate]:
        made, whole = layers(text, self._limits.depth, self._limits.decoded)
        if not whole:
            gaps.append(f"more than {self._limits.decoded} characters are encoded; the rest of them was not decoded")
        for depth, layer in enumerate(made):
            for one in self._windows(layer.text, gaps):
                start, end = _source(made[: depth + 1], one.start, one.end)
                yield Candidate(start, end, one.rule, one.secret)

    def _windows(self, text: str, gaps: list[str]) -> Iterator[Candidate]:
        limits = self._limits  # one window that can't be searched ends the search: hostile text may be long
        for at in range(0, max(1, len(text) - limits.overlap), limits.window):
            part = text[at : at + limits.window + limits.overlap]
            try:
                for one in self._rules.candidates(part, limits.timeout):
                    yield Candidate(one.start + at, one.end + at, one.rule, one.secret)
            except NotSearchedError as error:
                gaps.append(f"from character {at} of {len(text)} on not everything was looked at: {error}")
                break
        if self._own:
            yield from (Candidate(start, end, _OWN, text[start:end]) for start, end in self._own.spans(text))

    def _told(self, searched: Plain, found: list[Candidate]) -> Iterator[Hit]:
        line, counted = 1, 0
        for one in found:
            start, end = searched.place(one.start, one.end)
            line, counted = line + _lines(searched.given, counted, start), start
            rule, allowed = one.rule, _allowed(searched.text, one.start, one.end)
            yield Hit(rule.name, rule.family, rule.severity, line, start, end, self.fingerprint(one.secret), allowed)


def _source(made: list[Layer], start: int, end: int) -> tuple[int, int]:
    for layer in reversed(made):
        start, end = layer.span(start, end)
    return start, end


def _lines(given: str | bytes, start: int, end: int) -> int:
    return given.count("\n", start, end) if isinstance(given, str) else given.count(b"\n", start, end)


def _allowed(text: str, start: int, end: int) -> bool:
    near, far = max(0, start - _REACH), min(len(text), end + _REACH)
    begin, finish = text.rfind("\n", near, start), text.find("\n", end, far)
    return bool(_ALLOWED.search(text, begin + 1 if begin >= 0 else near, finish if finish >= 0 else far))


def _merged(found: list[Candidate]) -> list[Candidate]:
    """One for each place: what overlaps becomes one span under the name of the most specific rule."""
    kept: list[Candidate] = []
    for one in sorted(found, key=lambda one: (one.start, one.rule.rank, -one.end)):
        if kept and one.start < kept[-1].end:
            last = kept[-1]
            best = min(
                last, one, key=lambda each: (each.rule.rank, -WORST.index(each.rule.severity), each.start - each.end)
            )
            kept[-1] = Candidate(last.start, max(last.end, one.end), best.rule, best.secret)
        else:
            kept.append(one)
    return kept

"""Finds secrets in added lines and texts, fingerprints and masks them; secrets are never stored.

Used while observing, and on all output of the bot. A scan depends on the text only: the engine gets no path, since its
own rules skip lock files and vendored folders, and suppression comments have no effect. Unscanned parts are reported as
gaps. No matched text is kept after a call returns.
"""

import asyncio
import hmac
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.scan.beyond import ROUNDS, beyond
from bot.scan.decoding import Layer, layers
from bot.scan.masking import WITHHELD, marks, masked, uncovered
from bot.scan.merging import merged
from bot.scan.own_tokens import OwnTokens
from bot.scan.ruleset import Candidate, NotSearchedError, Rule, Severity, rulebook
from bot.scan.searchable import Plain, in_both_orders

_OWN = Rule("assay.own-token", "own-token", "own", "critical", "self", 0)
_ALLOWED = re.compile(
    r"(?i)(?:gitleaks|betterleaks|kingfisher|trufflehog|ggshield|assay|semgrep)\s*:\s*(?:allow|ignore)|nosemgrep|nosecret|"
    r"pragma:\s*(?:allow|white)list|noqa:\s*S10[567]|#\s*nosec\b|detect-secrets:\s*(?:disable|ignore)"
)
_VALUE_BELOW = re.compile(r"\n(?<=[:=>( \t\r]\n)[ \t]*+([\"'`]?[^\s\"'`]{8,400}+[\"'`]?[ \t,;)}\]]{0,9}+)(?=\r?\n|\Z)")
_NAMES = ("passw", "passphrase", "pwd", "secret", "token", "key", "credential", "_pat")
_NAME_ABOVE = re.compile(
    rf"(?i)(?:{'|'.join(_NAMES)})[\w.-]{{0,24}}[\"'`]?[ \t]{{0,3}}"
    r"(?:[:=]{1,2}>?|=:)()[ \t]{0,3}\(?[ \t\r]*\Z"
)
_NAME_REACH = 80  # maximum distance of a name from the end of its line
_LEAST = 6  # a shorter rest of a secret next to a mask belongs to the mask
_REACH = 1024  # on a very long line, a suppression comment counts only near the secret
_HEX = re.compile(r"[0-9a-fA-F]+")
_PEM_NOISE = re.compile(r"\\+[nrt]|-----[^-]+-----|[^A-Za-z0-9+/=]")


@dataclass(frozen=True)
class Hit:
    """A secret in a text. `line` counts from 1; `start` and `end` are characters of a str, bytes of bytes.

    `suppressed`: the line has a suppression comment. It is reported, but has no effect.
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
    """The hits in the order of the text, and gaps (unscanned parts); a text is clean only without both.

    `late`: a part was not scanned because time ran out, so a retry may succeed.
    """

    hits: tuple[Hit, ...]
    gaps: tuple[str, ...] = ()
    late: bool = False


@dataclass(frozen=True)
class ScanLimits:
    """Sizes in characters; time limits in seconds per window (`timeout`) and for all texts of one call (`seconds`)."""

    size: int = 64 << 20
    window: int = 1 << 20
    overlap: int = 16 << 10
    decoded: int = 4 << 20
    depth: int = 3
    hits: int = 500
    timeout: float = 2.0
    seconds: float = 20.0


@dataclass
class _Missed:
    """The unscanned parts of one text. `until` is the deadline by the scanner's clock."""

    until: float
    gaps: list[str] = field(default_factory=list)
    late: bool = False


class Scanner:
    """The scanner. Creating one compiles its rules (seconds without a cache). Thread-safe.

    `key` is the installation's key, on which fingerprints depend. `own` are the bot's tokens.
    """

    def __init__(
        self,
        *,
        key: bytes,
        own: Collection[str] = (),
        cache_dir: Path | None = None,
        limits: ScanLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._key = key
        self._own = OwnTokens(key, own)
        self._limits = limits or ScanLimits()
        self._clock = clock
        self._rules = rulebook(cache_dir)

    def scan(self, text: str | bytes) -> ScanResult:
        """Return the secrets of a text, or of the added lines of a diff without their `+`."""
        return self._scan(text, self._clock() + self._limits.seconds)

    def scan_all(self, texts: Sequence[str | bytes]) -> list[ScanResult]:
        """Return each text's result; texts after the time limit get a gap.

        Texts are not joined: a call costs only a hundredth of a millisecond, and multi-line rules could match across
        two texts.
        """
        until = self._clock() + self._limits.seconds
        return [self._scan(text, until) for text in texts]

    async def scan_many(self, texts: Sequence[str | bytes]) -> list[ScanResult]:
        """Like `scan_all`, in a thread outside the event loop."""
        return await asyncio.to_thread(self.scan_all, texts)

    def mask(self, text: str, hits: Sequence[Hit] | None = None) -> str:
        """Return the text with every secret replaced by `[secret:<rule>:<8 digits>]`; masked text does not change.

        Without `hits` the text is scanned, and withheld completely if a part of it could not be scanned.
        """
        if hits is None:
            missed = _Missed(self._clock() + self._limits.seconds)
            hits = self._hits(text, missed)
            if missed.gaps:
                return WITHHELD
        return masked(text, hits)

    def fingerprint(self, secret: str) -> str:
        """Return `sf_` and 16 digits of the HMAC-SHA-256 of a secret, independent of quotes, spaces, a key's line
        breaks and the case of hexadecimal digits.
        """
        plain_secret = secret.strip(" \t\r\n\"'`")
        if "-----BEGIN" in plain_secret:
            plain_secret = _PEM_NOISE.sub("", plain_secret)
        if _HEX.fullmatch(plain_secret):
            plain_secret = plain_secret.lower()
        return "sf_" + hmac.digest(self._key, plain_secret.encode("utf-8", "surrogatepass"), "sha256").hex()[:16]

    def _scan(self, text: str | bytes, until: float) -> ScanResult:
        missed = _Missed(until)
        hits = self._hits(text, missed)
        if len(hits) > self._limits.hits:
            missed.gaps.append(f"{len(hits)} secrets found, only {self._limits.hits} are listed")
        return ScanResult(tuple(hits[: self._limits.hits]), tuple(missed.gaps), missed.late)

    def _hits(self, given: str | bytes, missed: _Missed) -> list[Hit]:
        if self._over(missed):
            return []
        if len(given) > self._limits.size:
            missed.gaps.append(f"only the first {self._limits.size} of {len(given)} characters were scanned")
            given = given[: self._limits.size]
        searched, *others = in_both_orders(given)
        hits = self._searched(searched, missed)
        for other in others:
            known = {(hit.fingerprint, hit.line) for hit in hits}
            hits += (hit for hit in self._searched(other, missed) if (hit.fingerprint, hit.line) not in known)
        return sorted(hits, key=lambda hit: hit.start) if others else hits

    def _searched(self, searched: Plain, missed: _Missed) -> list[Hit]:
        found = list(self._thorough(searched.text, missed))
        found += self._encoded(searched.text, missed)
        if marked := marks(searched.text, self._rules.names | {_OWN.name}):
            found = [one for one in found if uncovered(one.start, one.end, marked) >= _LEAST]
        return list(self._told(searched, merged(found, searched.text)))

    def _over(self, missed: _Missed) -> bool:
        over = self._clock() > missed.until
        if over and not missed.late:
            missed.late = True
            missed.gaps.append(f"not scanned within the time limit of {self._limits.seconds:g} s; retry later")
        return over

    def _encoded(self, text: str, missed: _Missed) -> Iterator[Candidate]:
        made, whole = layers(text, self._limits.depth, self._limits.decoded)
        if not whole:
            limit = self._limits.decoded
            missed.gaps.append(f"more than {limit} encoded characters; the rest was not decoded")
        yield from self._turned(text, missed)
        for depth, layer in enumerate(made):
            for one in self._thorough(layer.text, missed):
                yield _source(made[: depth + 1], one)

    def _turned(self, text: str, missed: _Missed) -> Iterator[Candidate]:
        """Find a name at the end of a line and its value alone on the next line."""
        layer = _joined_lines(text)
        if layer.text:
            for one in self._thorough(layer.text, missed):
                yield _source([layer], one)

    def _thorough(self, text: str, missed: _Missed) -> Iterator[Candidate]:
        """Yield the candidates of a text, and those that appear when the ones beside them are taken away."""
        found = list(self._windows(text, missed))
        yield from found
        over: list[Layer] = []
        for _ in range(ROUNDS):
            spans = sorted({(one.start, one.end) for one in merged(found, text)})
            rest = beyond(text, spans) if spans else None
            if rest is None:
                return
            over.append(rest.layer)
            text = rest.layer.text
            found = [one for one in self._windows(text, missed) if rest.touches(one.start, one.end)]
            yield from (_source(over, one) for one in found)

    def _windows(self, text: str, missed: _Missed) -> Iterator[Candidate]:
        limits = self._limits  # a window that cannot be scanned ends the scan: hostile text may be long
        for at in range(0, max(1, len(text) - limits.overlap), limits.window):
            if self._over(missed):
                break
            part = text[at : at + limits.window + limits.overlap]
            try:
                for one in self._rules.candidates(part, limits.timeout):
                    yield Candidate(one.start + at, one.end + at, one.rule, one.secret)
            except NotSearchedError as error:
                missed.late |= isinstance(error.__cause__, TimeoutError)
                missed.gaps.append(f"not scanned completely from character {at} of {len(text)}: {error}")
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


def _joined_lines(text: str) -> Layer:
    parts: list[str] = []
    layer, size = Layer("", [], []), 0
    for value in _VALUE_BELOW.finditer(text):
        near = max(0, value.start() - _NAME_REACH)
        begin = max(near, text.rfind("\n", near, value.start()) + 1)
        above = text[begin : value.start()].lower()
        name = _NAME_ABOVE.search(text, begin, value.start()) if any(word in above for word in _NAMES) else None
        if name is None:
            continue
        for start, end, words, same in (
            (begin, name.end(1), text[begin : name.end(1)], True),
            (name.end(1), value.start(1), " ", False),
            (*value.span(1), value[1], True),
            (value.end(1), value.end(1), "\n\n\n", False),
        ):
            layer.starts.append(size)
            layer.pieces.append((start, end, same))
            parts.append(words)
            size += len(words)
    return Layer("".join(parts), layer.starts, layer.pieces)


def _source(made: list[Layer], one: Candidate) -> Candidate:
    start, end, whole = one.start, one.end, one.whole
    for layer in reversed(made):
        start, end, all_of_it = layer.span(start, end)
        whole = whole and all_of_it
    return Candidate(start, end, one.rule, one.secret, whole)


def _lines(given: str | bytes, start: int, end: int) -> int:
    return given.count("\n", start, end) if isinstance(given, str) else given.count(b"\n", start, end)


def _allowed(text: str, start: int, end: int) -> bool:
    near, far = max(0, start - _REACH), min(len(text), end + _REACH)
    begin, finish = text.rfind("\n", near, start), text.find("\n", end, far)
    return bool(_ALLOWED.search(text, begin + 1 if begin >= 0 else near, finish if finish >= 0 else far))

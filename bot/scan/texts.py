"""Texts of people for a snapshot: scanned for secrets, masked, and truncated to a maximum length."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.model import Gap, Leak, Location, digest
from bot.scan.commits import leak_of
from bot.scan.scanner import Scanner, ScanResult
from bot.text import cut

MAX_TEXT = 100_000


@dataclass(frozen=True)
class Texts:
    """The masked texts in their order, the secrets in them, and gaps."""

    masked: tuple[str, ...]
    leaks: tuple[Leak, ...]
    gaps: tuple[Gap, ...]


def read_texts(scanner: Scanner, places: Sequence[Location], texts: Sequence[str]) -> Texts:
    """Return texts in a form that may be stored and shown; `places` are their locations."""
    results = scanner.scan_all(texts)
    return Texts(
        tuple(_shown(scanner, text, result) for text, result in zip(texts, results, strict=True)),
        tuple(leak_of(hit, place) for place, result in zip(places, results, strict=True) for hit in result.hits),
        tuple(
            Gap(what=_name(place), why=why, of=digest(text))
            for place, text, result in zip(places, texts, results, strict=True)
            for why in result.gaps
        ),
    )


def _shown(scanner: Scanner, text: str, result: ScanResult) -> str:
    """Return the masked text; it is withheld if it was not scanned completely.

    Lone surrogates (invalid in UTF-8) and NULs (invalid in PostgreSQL) are replaced.
    """
    masked = scanner.mask(text, None if result.gaps else result.hits)
    return cut(masked.encode("utf-8", "replace").decode().replace("\0", "\ufffd"), MAX_TEXT)


def _name(place: Location) -> str:
    return f"comment {place.comment_id}" if place.comment_id else f"the {place.where}"

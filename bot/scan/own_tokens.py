"""Finds the bot's own tokens anywhere in a text; only their HMACs are stored.

A token of 40 hexadecimal digits looks like a commit id, so no rule reports it. Here every long enough run of a token's
alphabet is hashed at each position and compared with the bot's own tokens. An HMAC is expensive, so 16 bits of Python's
own hash, whose key changes with every process, exclude nearly all positions first.
"""

import hmac
import string
from collections.abc import Collection, Iterator

_LEAST = 8  # a shorter one would match many ordinary texts
_ALPHABETS = (
    frozenset(string.hexdigits),
    frozenset(string.ascii_letters + string.digits),
    frozenset(string.ascii_letters + string.digits + "_-"),
    frozenset(string.ascii_letters + string.digits + string.punctuation),
)
_FIRST_LOOK = 0xFFFF


class _Kind:
    """Tokens of one alphabet and one length."""

    def __init__(self, alphabet: frozenset[str], length: int) -> None:
        self.length = length
        self.hexadecimal = alphabet == _ALPHABETS[0]
        self.table = {at: ("a" if chr(at) in alphabet else " ") for at in range(128)}
        self.looks: set[int] = set()
        self.digests: set[bytes] = set()


class OwnTokens:
    """Prepare a token. Raises ValueError for one that is too short, or not ASCII without spaces."""

    def __init__(self, key: bytes, tokens: Collection[str]) -> None:
        self._key = key
        kinds: dict[tuple[frozenset[str], int], _Kind] = {}
        for token in tokens:
            alphabet = next((one for one in _ALPHABETS if one.issuperset(token)), None)
            if alphabet is None or len(token) < _LEAST:
                raise ValueError("a token must have at least 8 printable ASCII characters and no spaces")
            kind = kinds.setdefault((alphabet, len(token)), _Kind(alphabet, len(token)))
            exact = token.lower() if kind.hexadecimal else token
            kind.looks.add(hash(exact) & _FIRST_LOOK)
            kind.digests.add(self._digest(exact))
        self._kinds = tuple(kinds.values())

    def __bool__(self) -> bool:
        return bool(self._kinds)

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Return the spans of own tokens in an ASCII text."""
        for kind in self._kinds:
            for start, end in _runs(text, kind):
                run = text[start:end].lower() if kind.hexadecimal else text[start:end]
                yield from ((start + at, start + at + kind.length) for at in self._positions(run, kind))

    def _positions(self, run: str, kind: _Kind) -> Iterator[int]:
        length, looks = kind.length, kind.looks
        for at in range(len(run) - length + 1):
            part = run[at : at + length]
            if hash(part) & _FIRST_LOOK in looks and self._digest(part) in kind.digests:
                yield at

    def _digest(self, part: str) -> bytes:
        return hmac.digest(self._key, b"own\0" + part.encode("ascii"), "sha256")


def _runs(text: str, kind: _Kind) -> Iterator[tuple[int, int]]:
    classes = text.translate(kind.table)
    needle, at = "a" * kind.length, 0
    while (start := classes.find(needle, at)) >= 0:
        end = classes.find(" ", start)
        at = len(text) if end < 0 else end
        yield start, at

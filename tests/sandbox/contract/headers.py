"""Which headers of an answer are held against the recorded ones, and how."""

import re
from collections.abc import Callable, Iterator, Mapping

EQUAL = (
    "Accept-Ranges",
    "Access-Control-Expose-Headers",
    "Cache-Control",
    "Content-Security-Policy",
    "Location",
    "No-Gzip-Compression",
    "X-Content-Type-Options",
    "X-Forgejo-Object-Type",
    "X-Frame-Options",
    "X-Gitea-Object-Type",
)


def _kind(value: str) -> str:
    return re.sub(r"boundary=\S+", "boundary", value)


def _relations(value: str) -> str:
    return " ".join(sorted(re.findall(r'rel="(\w+)"', value)))


def _numberless(value: str) -> str:
    return re.sub(r"\d+", "N", value)


def _name(value: str) -> str:
    """A name that isn't ASCII stands in a header as its bytes, which clients read in one way or another."""
    return _numberless(value.encode("latin-1", "replace").decode("utf-8", "replace") if "Ã" in value else value)


def _methods(value: str) -> str:
    """Forgejo names some methods twice, and DELETE where a sandbox route has none."""
    return " ".join(sorted(set(re.split(r",\s*", value)) - {"DELETE", "HEAD"}))


def _there(_value: str) -> str:
    return "there"


READ: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(EQUAL, str),
    "Allow": _methods,
    "Content-Disposition": _name,
    "Content-Range": _numberless,
    "Content-Type": _kind,
    "ETag": _there,
    "Last-Modified": _there,
    "Link": _relations,
    "Retry-After": _there,
    "WWW-Authenticate": _there,
    "Warning": _there,
    "X-HasMore": _there,
    "X-Page": _there,
    "X-PageCount": _there,
    "X-PerPage": _there,
    "X-Total-Count": _there,
}


def different(mine: Mapping[str, str], real: Mapping[str, str]) -> Iterator[str]:
    """Headers that are missing, too many, or say another thing; names are in any case."""
    got, expected = ({name.lower(): value for name, value in one.items()} for one in (mine, real))
    for name, read in READ.items():
        here, there = (one.get(name.lower()) for one in (got, expected))
        if (here is None) != (there is None):
            yield f"header {name} is {'missing' if here is None else f'too much: {here}'}"
        elif here is not None and there is not None and read(here) != read(there):
            yield f"header {name} is {here!r} instead of {there!r}"

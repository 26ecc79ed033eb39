"""Misbehaviour on demand: tests and the demo make the sandbox answer 500, HTML, nothing at all."""

import re
from dataclasses import dataclass
from typing import Literal

FaultKind = Literal["500", "502-html", "404", "hang", "close", "lost"]
"""With `lost` the request has its effect, and the connection ends without the answer."""


@dataclass
class Fault:
    """Requests whose method and path match get `kind` instead of their answer.

    `method` is a method or `*`; `path` is a regular expression looked for anywhere in the raw path with its query;
    `times` bounds how often the fault happens, None means until it is removed.
    """

    kind: FaultKind
    path: str = ""
    method: str = "*"
    times: int | None = None

    def takes(self, method: str, path: str) -> bool:
        """Whether this request is hit. Counts the hit."""
        if self.times == 0 or self.method not in ("*", method) or not re.search(self.path, path):
            return False
        if self.times is not None:
            self.times -= 1
        return True

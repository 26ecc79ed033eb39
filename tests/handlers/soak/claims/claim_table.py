"""Prints what sentences claim about soaks: `python -m tests.handlers.soak.claims.claim_table [FILE.jsonl]`.

Without a file the corpus is judged; a file has an object with `text` and `of` (a stage, or null) in each line.
"""

import json
import sys
from pathlib import Path

from handlers.soak.claims.classify import claim_of
from tests.handlers.soak.claims.claim_corpus import CASES


def cases(path: str) -> tuple[tuple[str, str | None], ...]:
    """Gives the labelled sentences of a file."""
    rows = [json.loads(row) for row in Path(path).read_text(encoding="utf-8").splitlines() if row.strip()]
    return tuple((row["text"], row["of"]) for row in rows)


def main() -> None:
    """Prints a row for each sentence, and how many are right."""
    judged = [(text, of, claim_of(text)) for text, of in (cases(sys.argv[1]) if len(sys.argv) > 1 else CASES)]
    for text, of, found in judged:
        print(f"{' ' if found == of else '!'} {of or '-':10} {found or '-':10} {text}")  # noqa: T201
    print(f"{sum(of == found for _, of, found in judged)} of {len(judged)} right")  # noqa: T201


if __name__ == "__main__":
    main()

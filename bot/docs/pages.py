"""Writes what the documentation and the program both say: `python -m bot.docs [FOLDER]`.

Some pages are generated whole. In the others a generated part stands between two comments, `<!-- generated: NAME -->`
and `<!-- end: NAME -->`, and the words around it are written by hand. A test holds all of it against what this module
gives, so it can't go stale.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

from bot.docs.cli_page import command_line_page
from bot.docs.tables import metrics_table, policy_table, rules_table, servers_table, settings_table
from bot.labels import LabelDef, LabelGroup, LabelSet, hex_colour
from handlers import CHECKS

_PARTS: Mapping[str, Callable[[], str]] = {
    "settings": settings_table,
    "servers": servers_table,
    "metrics": metrics_table,
    "policy": policy_table,
    "secret-rules": rules_table,
}
"""What each generated part is made by that the machine knows; checks bring theirs along."""

_PART = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end: \2 -->)", re.DOTALL)

_LABELS_HEAD = """\
# Labels

This page is generated from `labels.yaml` by `python -m bot.docs`; change the file, not the page.

`assay labels sync` makes a repository or an organisation match it: labels are created, recoloured, described anew, and
renamed from an earlier name, which keeps them on what carries them. Labels that aren't listed stay, unless pruning is
asked for, and then only those go that nothing carries. Two labels of one name are reported for a human to settle.

- In an **exclusive** group the bot keeps at most one label on a pull request or issue.
- In a **decision** group only an operator's change stays; anybody else's is put right. Names of such a family that
  aren't listed, or that only look like a listed one, are treated the same way.
- **Forgejo's own exclusive flag** takes off every other label of the scope, which is all that stands before the last
  `/`. It is set where a whole scope is one exclusive group, and nowhere else.

`labels.yaml` is a Forgejo label template as well: copied to the server's `custom/options/label/`, it is offered for new
repositories.
"""


def labels_page(labels: LabelSet) -> str:
    """Gives the page of all labels by group, as Markdown."""
    parts = [_LABELS_HEAD]
    for group in labels.groups:
        members = [label for label in labels.labels if label.group == group.name]
        parts.append("\n".join(_labels_section(group, members)))
    return "\n".join(parts)


def pages() -> dict[str, str]:
    """Gives each generated page by its file's name. Raises LabelFileError where `labels.yaml` can't be used."""
    return {"command-line.md": command_line_page(), "labels.md": labels_page(LabelSet.load())}


@cache
def parts() -> Mapping[str, str]:
    """Gives each generated part of a page by its name, as Markdown."""
    tables = {name: text for check in CHECKS for name, text in check.tables.items()}
    return tables | {name: make() for name, make in _PARTS.items()}


def filled(text: str) -> str:
    """Gives a page with its generated parts as they should be now. Raises KeyError for a part that nobody makes."""
    return _PART.sub(lambda part: f"{part[1]}{parts()[part[2]]}\n{part[3]}", text)


def main(arguments: list[str]) -> None:
    """Writes all pages into the folder named, or into `docs`, and fills the generated parts of those that are there."""
    folder = Path(arguments[0] if arguments else "docs")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
    for page in sorted(folder.rglob("*.md")):
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")


def _labels_section(group: LabelGroup, members: list[LabelDef]) -> Iterator[str]:
    traits = [
        "exclusive" if group.exclusive else "",
        "decision" if group.decision else "",
        "with Forgejo's exclusive flag" if any(label.exclusive for label in members) else "",
    ]
    yield f"## {group.name}\n"
    yield f"{group.description} ({', '.join(filter(None, traits)) or 'free'})\n"
    former = any(label.aliases for label in members)
    yield "| label | colour | when |" + (" earlier names |" if former else "")
    yield "| --- | --- | --- |" + (" --- |" if former else "")
    for label in members:
        row = [_code(label.name), _code(hex_colour(label)), label.description.replace("|", "\\|")]
        yield f"| {' | '.join([*row, *([', '.join(map(_code, label.aliases))] if former else [])])} |"
    yield ""


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")

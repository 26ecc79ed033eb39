"""Generates the parts of the documentation that come from the program: `python -m bot.docs [FOLDER]`.

Some pages are generated completely. Other pages have generated parts between two comments,
`<!-- generated: NAME -->` and `<!-- end: NAME -->`. A test compares them with the output of this module, so they are
never out of date.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path

from bot.docs.cli_page import command_line_page
from bot.docs.markdown import code
from bot.docs.model_tables import inputs_table, items_table
from bot.docs.rooms import rooms_picture, rooms_table
from bot.docs.sources import piece, shown
from bot.docs.tables import checks_table, metrics_table, policy_table, rules_table, servers_table, settings_table
from bot.labels import LabelDef, LabelGroup, LabelSet, hex_colour
from bot.policy import profiles_table
from handlers import CHECKS

_PARTS: Mapping[str, Callable[[], str]] = {
    "settings": settings_table,
    "servers": servers_table,
    "metrics": metrics_table,
    "policy": policy_table,
    "secret-rules": rules_table,
    "rooms-picture": rooms_picture,
    "rooms": partial(rooms_table, "bot"),
    "rooms-of-checks": partial(rooms_table, "handlers"),
    "checks": checks_table,
    "inputs": inputs_table,
    "inputs-items": items_table,
    "title-check": partial(shown, "docs/examples/title_check.py"),
    "title-check-test": partial(shown, "tests/docs/test_title_check.py"),
    "guard-policy": partial(piece, "bot/policy/guards.py", "RedZoneGuard"),
    "guard-check": partial(piece, "handlers/guards/red_zone.py", "rules", "assess"),
    "guard-off": partial(piece, "handlers/facts/modes.py", "switched_off"),
}
"""The generators of the machine's parts; checks have their own."""

_PART = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end: \2 -->)", re.DOTALL)

_LABELS_HEAD = """\
# Labels

This page lists all labels that the bot declares. It is generated from `labels.yaml` by `python -m bot.docs`; edit that
file, not this page.

`assay labels sync` makes the labels of a repository or an organisation match the file: it creates labels, updates
colours and descriptions, and renames labels that have an earlier name. A renamed label stays on its pull requests and
issues. Labels that are not in the file stay; `--prune` deletes those that are not in use. Two labels with the same name
are reported as a conflict, which you have to resolve.

- **Exclusive group**: the bot keeps at most one label of the group on a pull request or issue.
- **Decision group**: only operators may change these labels; the bot reverts changes by others. This includes labels of
  such a group that are not listed, and names that only look like a listed one.
- **Forgejo's exclusive flag**: Forgejo removes all other labels of the same scope (the part before the last `/`). The
  flag is set only if a whole scope is one exclusive group.

`labels.yaml` is also a Forgejo label template: copy it to the server's `custom/options/label/` to offer it for new
repositories.
"""


_PROFILES = """\
## Profiles

The key `labels.profile` of the [policy](policy.md) says how many of its labels the bot puts on a target. Labels that
somebody commands with `/label`, and those of the repository's own rules, are in every profile. After a change of the
profile the bot takes off the labels that it put on itself and that are no longer in it, and touches no others. The
checks judge by all facts, whatever labels are shown.

"""


def labels_page(labels: LabelSet) -> str:
    """Return the page of all labels by group, as Markdown."""
    parts = [_LABELS_HEAD, f"{_PROFILES}{profiles_table()}\n"]
    for group in labels.groups:
        members = [label for label in labels.labels if label.group == group.name]
        parts.append("\n".join(_labels_section(group, members)))
    return "\n".join(parts)


def pages() -> dict[str, str]:
    """Return each generated page by its file name. Raises LabelFileError for an invalid `labels.yaml`."""
    return {"command-line.md": command_line_page(), "labels.md": labels_page(LabelSet.load())}


@cache
def parts() -> Mapping[str, str]:
    """Return each generated part of a page by its name, as Markdown."""
    tables = {name: text for check in CHECKS for name, text in check.tables.items()}
    return tables | {name: make() for name, make in _PARTS.items()}


def filled(text: str) -> str:
    """Return a page with its generated parts updated. Raises KeyError for an unknown part."""
    return _PART.sub(lambda part: f"{part[1]}{parts()[part[2]]}\n{part[3]}", text)


def main(arguments: list[str]) -> None:
    """Write all generated pages into the folder, default `docs`, and update the generated parts of its other pages."""
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
        row = [code(label.name), code(hex_colour(label)), label.description.replace("|", "\\|")]
        yield f"| {' | '.join([*row, *([', '.join(map(code, label.aliases))] if former else [])])} |"
    yield ""

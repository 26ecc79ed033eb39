"""The parts of a pull request's page as HTML: label chips, statuses, and what happened in order."""

import json
from collections.abc import Iterable
from datetime import datetime
from html import escape
from itertools import groupby

from bot.sandbox.pages.markdown import to_html
from bot.sandbox.people import User
from bot.sandbox.records import Entry, Issue, Label, Status

SIGNS = {"success": "✓", "failure": "✕", "error": "✕", "pending": "●", "warning": "!"}
EMOJI = {
    "+1": "👍",
    "-1": "👎",
    "laugh": "😄",
    "hooray": "🎉",
    "confused": "😕",
    "heart": "❤️",
    "rocket": "🚀",
    "eyes": "👀",
}
# perceived brightness from which on dark text reads better
LIGHT = 150


def moment(when: datetime) -> str:
    """A time for people and machines."""
    stamp = when.strftime("%Y-%m-%dT%H:%M:%SZ")
    return f'<time datetime="{stamp}">{when.strftime("%d %b %Y, %H:%M")}</time>'


def state_of(issue: Issue) -> str:
    """open, draft, merged or closed."""
    if issue.pull and issue.pull.merged_at:
        return "merged"
    if issue.closed:
        return "closed"
    return "draft" if issue.draft else "open"


def colours(labels: Iterable[Label]) -> str:
    """The style rules that give each label its colour."""
    rules = {label.id: label.color for label in labels}
    return "".join(f".label-{number}{{background:#{color}}}" for number, color in sorted(rules.items()))


def chips(labels: Iterable[Label]) -> str:
    """Labels as coloured chips."""
    return "".join(_chip(label) for label in labels)


def _chip(label: Label) -> str:
    red, green, blue = (int(label.color[at : at + 2], 16) for at in (0, 2, 4))
    ground = "on-light" if (red * 299 + green * 587 + blue * 114) / 1000 > LIGHT else "on-dark"
    hint = f' title="{escape(label.description)}"' if label.description else ""
    return f'<span class="label label-{label.id} {ground}"{hint}>{escape(label.name)}</span>'


def statuses(issue: Issue) -> str:
    """The newest status of each context on the head commit."""
    if issue.pull is None:
        return ""
    newest = {row.context: row for row in issue.repo.statuses.get(issue.pull.head_sha, [])}
    if not newest:
        return ""
    rows = "".join(_status(newest[context]) for context in sorted(newest))
    short = issue.pull.head_sha[:10]
    return f'<h2>Statuses of <code>{short}</code></h2><ul class="card rows statuses">{rows}</ul>'


def _status(row: Status) -> str:
    kind, name = row.state if row.state in SIGNS else "other", escape(row.context or "(no context)")
    linked = row.target_url.startswith(("http://", "https://"))
    name = f'<a href="{escape(row.target_url)}" rel="nofollow">{name}</a>' if linked else name
    what = f"{escape(row.state)}: {escape(row.description)}" if row.description else escape(row.state)
    sign = SIGNS.get(row.state, "?")
    return (
        f'<li><span class="sign {kind}" aria-hidden="true">{sign}</span><b>{name}</b>'
        f'<span class="what">{what} · {escape(row.creator.login if row.creator else "Actions")}</span></li>'
    )


def flow(issue: Issue) -> str:
    """The first text and everything after it; neighbouring label changes of one user share a line."""
    opening = _card(issue.user, issue.created, issue.body or "*No description.*", anchor="opening")
    rest = [_group(list(group)) for _, group in groupby(issue.entries, key=_label_group)]
    return opening + "".join(rest)


def _label_group(entry: Entry) -> tuple[str, int]:
    return (entry.user.login, 0) if entry.type == "label" else ("", entry.id)


def _group(entries: list[Entry]) -> str:
    first = entries[0]
    if first.type == "label":
        return _event(first, _label_changes(entries))
    if first.type == "comment":
        edited = " · edited" if first.updated != first.created else ""
        reacted = " ".join(EMOJI.get(one.content, "") for one in first.reactions)
        return _card(
            first.user, first.created, first.body, anchor=f"issuecomment-{first.id}", note=f"{edited} {reacted}"
        )
    return _event(first, _words(first))


def _card(user: User, when: datetime, text: str, *, anchor: str, note: str = "") -> str:
    who = f'<div class="who"><b>{escape(user.login)}</b> · {moment(when)}{escape(note)}</div>'
    return f'<article class="card" id="{anchor}">{who}<div class="md">{to_html(text)}</div></article>'


def _event(entry: Entry, words: str) -> str:
    return f'<p class="event"><b>{escape(entry.user.login)}</b> {words} · {moment(entry.created)}</p>'


def _label_changes(entries: list[Entry]) -> str:
    added = [entry.label for entry in entries if entry.label and entry.body]
    removed = [entry.label for entry in entries if entry.label and not entry.body]
    return " and ".join(
        f"{verb} {chips(labels)}" for verb, labels in (("added", added), ("removed", removed)) if labels
    )


def _words(entry: Entry) -> str:
    if entry.type == "pull_push":
        return _pushed(entry.body)
    if entry.type == "change_title":
        return f"changed the title from “{escape(entry.old_title)}”"
    if entry.type == "review":
        return f"reviewed: {escape(entry.body)}"
    if entry.type == "merge_pull":
        return f"merged as <code>{escape(entry.ref_commit_sha[:10])}</code>"
    return {"close": "closed this", "reopen": "opened this again"}.get(entry.type, escape(entry.type))


def _pushed(body: str) -> str:
    push = json.loads(body)
    ids = [f"<code>{escape(sha[:10])}</code>" for sha in push["commit_ids"]]
    if push["is_force_push"]:
        return f"force-pushed from {' to '.join(ids)}"
    return f"pushed {len(ids)} commit{'s' if len(ids) != 1 else ''}"

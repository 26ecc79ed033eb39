"""Label definitions of repositories and organisations, and the labels of issues.

Names that don't exist are ignored with 200; two labels may share a name; of two labels of one exclusive scope the last
by name stays, whatever order the request had; every call sends a delivery, even when nothing changed.
"""

import re

from aiohttp import web

from bot.sandbox.api.issues import ROOT
from bot.sandbox.http.request import Ask, Page, Refusal, answer, listed, missing, nothing
from bot.sandbox.http.routing import Routes
from bot.sandbox.people import Level, User
from bot.sandbox.records import Issue, Label, Repo

ROUTES = Routes()
COLOR = re.compile(r"#?[0-9a-fA-F]{6}|#?[0-9a-fA-F]{3}")
LABELS = "/repos/{owner}/{repo}/labels"
OF_ISSUE = ROOT + "/{index}/labels"
GITHUB = "application/vnd.github+json"


def _page(ask: Ask, labels: dict[int, Label]) -> web.Response:
    ordered = sorted(labels.values(), key=lambda label: (label.name, label.id))
    return listed([ask.parts.shapes.label(label) for label in Page.of(ask.request).cut(ordered)], len(ordered))


def _color(word: str) -> str:
    if not COLOR.fullmatch(word):
        raise Refusal(422, f"bad color code: {word}")
    short = word.lstrip("#").lower()
    return short if len(short) == 6 else "".join(letter * 2 for letter in short)  # noqa: PLR2004 - digits of a colour


def _new(ask: Ask, room: Repo | User) -> Label:
    name, color = ask.text("name", needed=True), _color(ask.text("color", needed=True))
    label = Label(ask.forge.next_id("label"), room, name, color, ask.text("description"))
    label.exclusive = ask.flag("exclusive") or False
    label.archived = ask.flag("is_archived") or False
    return label


@ROUTES.add("GET", LABELS)
async def listing(ask: Ask) -> web.Response:
    """The repository's label definitions, by name; paged without a Link header."""
    return _page(ask, ask.repo.labels)


@ROUTES.add("POST", LABELS, Level.WRITE)
async def create(ask: Ask) -> web.Response:
    """Defines a label; a second one of the same name is allowed."""
    label = _new(ask, ask.repo)
    ask.repo.labels[label.id] = label
    return answer(ask.parts.shapes.label(label), 201)


def _defined(ask: Ask) -> Label:
    label = ask.repo.labels.get(ask.number("id"))
    if label is None:
        raise missing()
    return label


@ROUTES.add("GET", LABELS + "/{id}")
async def read(ask: Ask) -> web.Response:
    """One label definition."""
    return answer(ask.parts.shapes.label(_defined(ask)))


@ROUTES.add("PATCH", LABELS + "/{id}", Level.WRITE)
async def edit(ask: Ask) -> web.Response:
    """Changes a label definition."""
    return _edited(ask, _defined(ask))


def _edited(ask: Ask, label: Label) -> web.Response:
    label.name = ask.text("name") or label.name
    label.color = _color(ask.text("color")) if ask.text("color") else label.color
    label.description = ask.text("description") if "description" in ask.body else label.description
    label.exclusive = label.exclusive if ask.flag("exclusive") is None else bool(ask.flag("exclusive"))
    label.archived = label.archived if ask.flag("is_archived") is None else bool(ask.flag("is_archived"))
    return answer(ask.parts.shapes.label(label))


@ROUTES.add("DELETE", LABELS + "/{id}", Level.WRITE)
async def delete(ask: Ask) -> web.Response:
    """Removes a definition, and the label from all issues without a word."""
    gone = ask.repo.labels.pop(ask.number("id"), None)
    for issue in ask.repo.issues.values():
        issue.labels = [label for label in issue.labels if label is not gone]
    return nothing()


def _organisation(ask: Ask) -> User:
    org = ask.forge.user(ask.part("org"))
    if org is None or not org.organisation:
        raise missing()
    return org


def _owned(ask: Ask) -> User:
    org = _organisation(ask)
    if not ask.doer.admin and ask.doer.login.lower() not in org.owners:
        raise Refusal(403, "Must be an organization owner")
    return org


@ROUTES.add("GET", "/orgs/{org}/labels")
async def listing_of_org(ask: Ask) -> web.Response:
    """An organisation's label definitions."""
    return _page(ask, ask.forge.org_labels.get(_organisation(ask).login, {}))


@ROUTES.add("POST", "/orgs/{org}/labels")
async def create_for_org(ask: Ask) -> web.Response:
    """Defines a label for all repositories of an organisation, by its owners."""
    org = _owned(ask)
    label = _new(ask, org)
    ask.forge.org_labels.setdefault(org.login, {})[label.id] = label
    return answer(ask.parts.shapes.label(label), 201)


@ROUTES.add("PATCH", "/orgs/{org}/labels/{id}")
async def edit_for_org(ask: Ask) -> web.Response:
    """Changes a definition of an organisation, by its owners."""
    label = ask.forge.org_labels.get(_owned(ask).login, {}).get(ask.number("id"))
    if label is None:
        raise missing()
    return _edited(ask, label)


def usable(ask: Ask) -> list[Label]:
    """The labels that issues of the repository may carry."""
    return [*ask.repo.labels.values(), *ask.forge.org_labels.get(ask.repo.owner.login, {}).values()]


def _asked(ask: Ask) -> list[Label]:
    """The labels that the body names or numbers. Raises a 400 for a mixture or another type."""
    words = ask.body.get("labels") or []
    if not isinstance(words, list) or any(isinstance(word, bool) or not isinstance(word, int | str) for word in words):
        raise Refusal(400, "a label must be an integer or a string")
    if len({type(word) for word in words}) > 1:
        raise Refusal(400, "labels should be an array of strings or integers")
    found = [label for label in usable(ask) if label.name in words or label.id in words]
    return sorted(found, key=lambda label: (label.name, label.id))


def attach(ask: Ask, issue: Issue, labels: list[Label]) -> None:
    """Adds labels by name order; each takes off the others of its exclusive scope."""
    for label in labels:
        if label in issue.labels:
            continue
        for other in [one for one in issue.labels if label.scope and one.scope == label.scope]:
            detach(ask, issue, other)
        issue.labels.append(label)
        ask.forge.record(issue, "label", ask.doer, body="1", label=label)
        issue.updated = ask.forge.now()


def detach(ask: Ask, issue: Issue, label: Label) -> None:
    """Takes a label off, where it is on."""
    if label in issue.labels:
        issue.labels.remove(label)
        ask.forge.record(issue, "label", ask.doer, body="", label=label)
        issue.updated = ask.forge.now()


@ROUTES.add("GET", OF_ISSUE)
async def listing_of_issue(ask: Ask) -> web.Response:
    """The labels of an issue."""
    return answer(ask.parts.shapes.labels(ask.issue()))


def _writable(ask: Ask) -> Issue:
    """The issue of the path. Who may not write hears no reason."""
    issue = ask.issue()
    ask.require(Level.WRITE)
    return issue


@ROUTES.add("POST", OF_ISSUE)
async def add(ask: Ask) -> web.Response:
    """Adds labels by name or id."""
    issue = _writable(ask)
    attach(ask, issue, _asked(ask))
    return await _updated(ask, issue)


@ROUTES.add("PUT", OF_ISSUE)
async def replace(ask: Ask) -> web.Response:
    """Sets exactly these labels."""
    issue, wanted = _writable(ask), _asked(ask)
    for label in [one for one in issue.labels if one not in wanted]:
        detach(ask, issue, label)
    attach(ask, issue, wanted)
    return await _updated(ask, issue)


async def _updated(ask: Ask, issue: Issue) -> web.Response:
    await ask.parts.events.labels(issue, "label_updated", ask.doer)
    return answer(ask.parts.shapes.labels(issue))


@ROUTES.add("DELETE", OF_ISSUE)
async def clear(ask: Ask) -> web.Response:
    """Takes all labels off; the delivery still lists them."""
    issue = _writable(ask)
    await ask.parts.events.labels(issue, "label_cleared", ask.doer)
    for label in list(issue.labels):
        detach(ask, issue, label)
    return nothing()


@ROUTES.add("DELETE", OF_ISSUE + "/{id}")
async def remove(ask: Ask) -> web.Response:
    """Takes one label off: by its name before its id on Forgejo 16, by its id alone on others.

    A caller that asks for GitHub's JSON is given the labels that remain.
    """
    issue, server = _writable(ask), ask.forge.server
    for label in _meant(ask):
        detach(ask, issue, label)
    await ask.parts.events.labels(issue, "label_updated", ask.doer)
    if server.labels_go_by_name and ask.request.headers.get("Accept") == GITHUB:
        return answer(ask.parts.shapes.labels(issue))
    return nothing()


def _meant(ask: Ask) -> list[Label]:
    """The label that a path names, the newest of those that share the name. Raises a refusal for none."""
    server, word, known = ask.forge.server, ask.part("id"), usable(ask)
    named = [label for label in known if label.name == word] if server.labels_go_by_name else []
    if named:
        return named[-1:]
    number = ask.number("id")
    found = [label for label in known if label.id == number]
    if not found:
        raise Refusal(server.unknown_label, _unknown(ask, number))
    return found


def _unknown(ask: Ask, number: int) -> str:
    server = ask.forge.server
    if server.gitea:
        return f"label does not exist [label_id: {number}, org_id: {ask.repo.owner.id}]"
    organisation = f", org_id: {ask.repo.owner.id}" if server.labels_go_by_name and not number else ""
    return f"label does not exist [label_id: 0{organisation}]"

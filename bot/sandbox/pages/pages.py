"""Plain pages for people: repositories, their pull requests and issues, and one page for each with its comments.

They need no login and show what is public only. Nothing comes from elsewhere and nothing runs: the policy sent with
each page allows the one style sheet and the page's own label colours, by hash.
"""

import base64
import hashlib
from collections.abc import Iterable
from html import escape
from pathlib import Path
from string import Template

from aiohttp import web

from bot.sandbox.http.request import Parts, missing
from bot.sandbox.http.routing import visible
from bot.sandbox.pages.story import chips, colours, flow, moment, state_of, statuses
from bot.sandbox.records import Issue, Label, Repo

_TEMPLATES = Path(__file__).parent / "templates"
_PAGE = Template((_TEMPLATES / "page.html").read_text(encoding="utf-8"))
_STYLE = (_TEMPLATES / "sandbox.css").read_bytes()
_WORDS = {"open": "Open", "closed": "Closed", "merged": "Merged", "draft": "Draft"}


class Pages:
    """The pages of one sandbox."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def mount(self, app: web.Application) -> None:
        """Adds the routes."""
        app.router.add_get("/", self.front)
        app.router.add_get("/-/sandbox.css", self.style)
        app.router.add_get("/{owner}/{repo}", self.repository)
        app.router.add_get("/{owner}/{repo}/{kind:pulls|issues}", self.repository)
        app.router.add_get("/{owner}/{repo}/{kind:pulls|issues}/{index:\\d+}", self.issue)
        app.router.add_get("/{owner}/{repo}/pulls/{index:\\d+}.diff", self.diff)

    async def style(self, _request: web.Request) -> web.Response:
        """The style sheet."""
        return web.Response(body=_STYLE, content_type="text/css", charset="utf-8")

    async def front(self, _request: web.Request) -> web.Response:
        """The public repositories."""
        rows = [_repo_row(repo) for repo in self._parts.forge.repos.values() if not repo.private]
        return _page("Sandbox", "", f"<h1>Repositories</h1>{_rows(rows, 'There is no repository yet.')}", [])

    async def repository(self, request: web.Request) -> web.Response:
        """A repository's pull requests and issues, newest first."""
        repo = visible(self._parts.forge, request, None)
        newest = sorted(repo.issues.values(), key=lambda issue: issue.number, reverse=True)
        pulls = [_issue_row(issue) for issue in newest if issue.pull]
        issues = [_issue_row(issue) for issue in newest if not issue.pull]
        about = f'<p class="soft">{escape(repo.description)}</p>' if repo.description else ""
        clone = f'<p class="soft">Clone: <code>{escape(self._parts.forge.url)}/{escape(repo.full_name)}.git</code></p>'
        body = (
            f"<h1>{escape(repo.full_name)}</h1>{about}{clone}"
            f"<h2>Pull requests</h2>{_rows(pulls, 'No pull request yet.')}"
            f"<h2>Issues</h2>{_rows(issues, 'No issue yet.')}"
        )
        return _page(repo.full_name, _crumbs(repo), body, [label for issue in newest for label in issue.labels])

    async def issue(self, request: web.Request) -> web.Response:
        """One pull request or issue with all that happened on it."""
        issue = self._named(request)
        state, labels = state_of(issue), _labels(issue)
        head = (
            f"<h1>{escape(issue.title)} <small>#{issue.number}</small></h1>"
            f'<p><span class="state {state}">{_WORDS[state]}</span> '
            f'<span class="soft">{self._summary(issue)}</span></p>{chips(labels)}'
        )
        body = head + statuses(issue) + flow(issue)
        shown = labels + [entry.label for entry in issue.entries if entry.label]
        return _page(f"{issue.title} #{issue.number}", _crumbs(issue.repo), body, shown)

    def _summary(self, issue: Issue) -> str:
        who = f"<b>{escape(issue.user.login)}</b> · {moment(issue.created)}"
        if issue.pull is None:
            return who
        owner = "" if issue.pull.head_repo is issue.repo else f"{issue.pull.head_repo.owner.login}:"
        refs = f"<code>{escape(owner + issue.pull.head_ref)}</code> → <code>{escape(issue.pull.base_ref)}</code>"
        diff = f'<a href="/{escape(issue.repo.full_name)}/pulls/{issue.number}.diff">diff</a>'
        return f"{who} · {refs} · {diff}"

    async def diff(self, request: web.Request) -> web.Response:
        """The change as text."""
        issue = self._named(request)
        if issue.pull is None:
            raise missing()
        return web.Response(body=await self._parts.diffs.text(issue), content_type="text/plain", charset="utf-8")

    def _named(self, request: web.Request) -> Issue:
        issue = visible(self._parts.forge, request, None).issues.get(int(request.match_info["index"]))
        if issue is None:
            raise missing()
        return issue


def _page(title: str, crumbs: str, body: str, labels: Iterable[Label]) -> web.Response:
    style = colours(labels)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'self' 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    text = _PAGE.substitute(title=escape(title), style=style, crumbs=crumbs, body=body)
    headers = {"Content-Security-Policy": f"{policy}; frame-ancestors 'none'", "Referrer-Policy": "no-referrer"}
    # a lone surrogate of a file or branch name must not break the page
    return web.Response(body=text.encode(errors="replace"), content_type="text/html", charset="utf-8", headers=headers)


def _crumbs(repo: Repo) -> str:
    name = escape(repo.full_name)
    return f'<span>/</span><a href="/{name}">{name}</a>'


def _rows(rows: list[str], otherwise: str) -> str:
    return f'<ul class="card rows">{"".join(rows)}</ul>' if rows else f'<p class="card empty">{otherwise}</p>'


def _repo_row(repo: Repo) -> str:
    still_open = [issue for issue in repo.issues.values() if not issue.closed]
    pulls = sum(issue.pull is not None for issue in still_open)
    counts = f"{pulls} open pull requests, {len(still_open) - pulls} open issues"
    name = escape(repo.full_name)
    return f'<li><a class="title" href="/{name}">{name}</a><div class="soft">{counts}</div></li>'


def _labels(issue: Issue) -> list[Label]:
    return sorted(issue.labels, key=lambda label: (label.name, label.id))


def _issue_row(issue: Issue) -> str:
    state, kind = state_of(issue), "pulls" if issue.pull else "issues"
    link = f"/{escape(issue.repo.full_name)}/{kind}/{issue.number}"
    about = f"#{issue.number} by {escape(issue.user.login)} · {moment(issue.created)} · {len(issue.comments)} comments"
    return (
        f'<li><span class="dot {state}" title="{_WORDS[state]}">●</span>'
        f'<a class="title" href="{link}">{escape(issue.title)}</a> {chips(_labels(issue))}'
        f'<div class="soft">{_WORDS[state]} · {about}</div></li>'
    )

"""Takes a snapshot of one target: Forgejo's API for what people see, git for what was really pushed.

Texts are scanned and masked here, before anything else of the machine sees them.
"""

import asyncio
import hmac
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot import own, records
from bot.envelope import witness_of
from bot.escape import cut
from bot.forgejo.abc import ForgejoAPI
from bot.forgejo.sansio import path
from bot.forgejo.types import (
    Branch,
    CombinedStatus,
    Comment,
    Issue,
    PullRef,
    PullRequest,
    Repository,
    TimelineEvent,
)
from bot.git import GitError
from bot.history import Heads, Histories, History, leak_of, relevant
from bot.model import (
    ZERO_SHA,
    CommentText,
    Gap,
    Inputs,
    Kind,
    Leak,
    Location,
    Own,
    Side,
    Snapshot,
    StatusSeen,
    Target,
    digest,
)
from bot.policies import Policies
from bot.policy import PATH
from bot.scan import Scanner, ScanResult
from bot.store.session import Store
from bot.store.tables import Delivery

MAX_TEXT = 100_000
MAX_PUSHES = 100
PATIENCE = 3
"""Failed looks after which a repository that git can't fetch is reported rather than tried again in silence."""


class WrongKind(ValueError):
    """The target was named as an issue but is a pull request; the text says how to write it."""


@dataclass(frozen=True)
class Identity:
    """Who the bot is on this server, who operates it, and the key of its witnesses."""

    account: str
    operators: tuple[str, ...]
    witness_key: bytes


@dataclass(frozen=True)
class _Thread:
    """What Forgejo's API says of a target."""

    head: PullRequest | Issue
    repository: Repository
    comments: tuple[Comment, ...]
    timeline: tuple[TimelineEvent, ...]
    statuses: tuple[StatusSeen, ...] = ()


class Observer:
    """Takes snapshots. Reads everything, writes nothing to Forgejo."""

    def __init__(  # noqa: PLR0913, PLR0917 - the five sources of a snapshot and the clock
        self,
        client: ForgejoAPI,
        store: Store,
        histories: Histories,
        policies: Policies,
        scanner: Scanner,
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._store = store
        self._histories = histories
        self._policies = policies
        self._scanner = scanner
        self._clock = clock

    async def observe(self, target: Target, identity: Identity) -> Snapshot:
        """Gives a fresh snapshot.

        Raises NotFound when the target is gone, other ForgejoErrors, GitError and Moved when it can't be looked at now.
        """
        thread = await self._thread(target)
        tip = await self._default_tip(thread)
        in_force = await self._policies.in_force(target.repository, tip)
        await self._trust_merged(target, thread, identity)
        mine, attempts = await self._own(target, thread, identity)
        history = await self._history(target, thread, attempts)
        inputs = await self._inputs(target, thread, history, identity)
        return Snapshot(
            target=target,
            taken_at=self._clock(),
            inputs=inputs,
            policy=in_force.policy,
            policy_problems=in_force.problems,
            policy_notes=in_force.notes,
            own=mine,
        )

    async def _thread(self, target: Target) -> _Thread:
        owner, name = target.repository.split("/", 1)
        repo = path("repos", owner, name)
        issue = f"{repo}/issues/{target.number}"
        if target.kind is Kind.PULL:
            raw, comments, timeline = await _together(
                self._client.getitem(f"{repo}/pulls/{target.number}"),
                self._client.getitem(f"{issue}/comments"),
                self._client.getitem(f"{issue}/timeline"),
            )
            pull = PullRequest.of(raw)
            about = pull.base.repo or Repository.of(await self._client.getitem(repo))
            statuses = await self._statuses(repo, pull.head.sha) if pull.state == "open" else ()
            return _Thread(pull, about, _comments(comments), _events(timeline), statuses)
        raw, comments, timeline, about = await _together(
            self._client.getitem(issue),
            self._client.getitem(f"{issue}/comments"),
            self._client.getitem(f"{issue}/timeline"),
            self._client.getitem(repo),
        )
        head = Issue.of(raw)
        if head.pull_request is not None:
            raise WrongKind(f"{target} is a pull request; write {target.repository}!{target.number}")
        return _Thread(head, Repository.of(about), _comments(comments), _events(timeline))

    async def _statuses(self, repo: str, sha: str) -> tuple[StatusSeen, ...]:
        if not sha:
            return ()
        seen: list[StatusSeen] = []
        page = 1
        while True:
            raw = await self._client.getitem(f"{repo}/commits/{sha}/status", {"limit": 50, "page": page})
            combined = CombinedStatus.of(raw)
            seen += [
                StatusSeen(
                    context=status.context,
                    state=status.state,
                    description=status.description,
                    target_url=status.target_url,
                    creator=status.creator.login if status.creator else "",
                )
                for status in combined.statuses
            ]
            if not combined.statuses or len(seen) >= combined.total_count:
                return tuple(sorted(seen, key=lambda status: status.context))
            page += 1

    async def _default_tip(self, thread: _Thread) -> str:
        default = thread.repository.default_branch
        head = thread.head
        if isinstance(head, PullRequest) and head.state == "open" and head.base.ref == default and head.base.sha:
            return head.base.sha
        if thread.repository.empty or not default:
            return ""
        owner, name = thread.repository.full_name.split("/", 1)
        branch = Branch.of(await self._client.getitem(path("repos", owner, name, "branches", rest=default)))
        return branch.commit.id

    async def _trust_merged(self, target: Target, thread: _Thread, identity: Identity) -> None:
        """A policy change takes effect as an operator merged it: the text at the merge commit, not what came after."""
        pull = thread.head
        if not isinstance(pull, PullRequest) or not pull.merged or not pull.merge_commit_sha or not pull.merged_by:
            return
        if pull.merged_by.login not in identity.operators or pull.base.ref != thread.repository.default_branch:
            return
        heads = Heads(target.repository, target.number, pull.head.sha, pull.merge_base or pull.base.sha, "")
        history = await self._histories.read(heads)
        if any(PATH in {file.path, file.old_path} for file in history.files):
            await self._policies.trust(target.repository, pull.merge_commit_sha, pull.merged_by.login)

    async def _own(self, target: Target, thread: _Thread, identity: Identity) -> tuple[Own, int]:
        sha = thread.head.head.sha if isinstance(thread.head, PullRequest) else ""
        async with self._store.read() as session:
            row = await records.row_of(session, target)
            held = await records.holdings(session, target)
            restored = await records.restored(session, target, self._clock())
            siblings = await records.siblings(session, target, sha) if sha else ()
        known = next((thing.remote_id for thing in held if thing.object == "comment:report"), None)
        mine = Own(
            account=identity.account,
            can_write=bool(thread.repository.permissions and thread.repository.permissions.push),
            quiet=row.quiet if row else False,
            url=thread.head.html_url,
            comments=own.comments(target, thread.comments, identity.account, known),
            labels=own.labels(thread.head.labels, thread.timeline),
            statuses=tuple(status for status in thread.statuses if status.context.startswith("assay/")),
            held=held,
            restored=restored,
            siblings=siblings,
        )
        return mine, row.attempts if row else 0

    async def _history(self, target: Target, thread: _Thread, attempts: int) -> History:
        pull = thread.head
        if not isinstance(pull, PullRequest) or not pull.head.sha:
            return History()
        live = pull.state == "open"
        base = pull.base.sha if live else pull.merge_base or pull.base.sha
        heads = Heads(target.repository, target.number, pull.head.sha, base, pull.base.ref if live else "")
        heads = relevant(heads, await self._earlier(target, pull, thread.timeline))
        try:
            return await self._histories.read(heads)
        except GitError as fault:
            if attempts < PATIENCE:
                raise
            return History(gaps=(Gap(what="the commits", why=str(fault)),))

    async def _earlier(self, target: Target, pull: PullRequest, timeline: Sequence[TimelineEvent]) -> list[str]:
        """Heads that this branch had: from force-pushes in the timeline, deliveries, and earlier looks."""
        pushed = [event.pushed for event in timeline if event.type == "pull_push"]
        found = [sha for push in pushed if push and push[0] for sha in push[1]]
        origin = pull.head.repo.full_name if pull.head.repo else ""
        pushes = select(Delivery.before, Delivery.after).where(
            Delivery.repository == origin, Delivery.ref == f"refs/heads/{pull.head.ref}", Delivery.event == "push"
        )
        async with self._store.read() as session:
            seen = await records.earlier_heads(session, target)
            rows = (await session.execute(pushes.order_by(Delivery.received_at.desc()).limit(MAX_PUSHES))).all()
        found += [sha for pair in rows for sha in pair if sha and sha != ZERO_SHA]
        return [*found, *seen]

    async def _inputs(self, target: Target, thread: _Thread, history: History, identity: Identity) -> Inputs:
        head = thread.head
        others = [comment for comment in thread.comments if _author(comment) != identity.account]
        texts = [head.title, head.body, *(comment.body for comment in others)]
        results = await self._scanner.scan_many(texts)
        places = [Location(where="title"), Location(where="body")]
        places += [Location(where="comment", comment_id=comment.id) for comment in others]
        leaks: list[Leak] = list(history.leaks)
        gaps = list(history.gaps)
        for place, result in zip(places, results, strict=True):
            leaks += [leak_of(hit, place) for hit in result.hits]
            name = f"comment {place.comment_id}" if place.comment_id else f"the {place.where}"
            gaps += [Gap(what=name, why=why) for why in result.gaps]
        masked = [
            cut(_clean(self._scanner.mask(text, result.hits)), MAX_TEXT)
            for text, result in zip(texts, results, strict=True)
        ]
        pull = head if isinstance(head, PullRequest) else None
        return Inputs(
            title=masked[0],
            body=masked[1],
            title_hash=digest(head.title),
            body_hash=digest(head.body),
            author=head.user.login if head.user else "",
            state="merged" if pull and pull.merged else head.state,
            draft=pull.draft if pull else False,
            locked=head.is_locked,
            archived=thread.repository.archived,
            default_branch=thread.repository.default_branch,
            labels=own.foreign_labels(head.labels, thread.timeline, identity.account),
            comments=await self._comment_texts(target, others, masked[2:], identity),
            base=_side(pull.base) if pull else Side(),
            head=_side(pull.head) if pull else Side(),
            merge_base=history.merge_base,
            commits=history.commits,
            files=history.files,
            statuses=tuple(status for status in thread.statuses if not status.context.startswith("assay/")),
            leaks=tuple(leaks),
            gaps=tuple(gaps),
        )

    def _masked(self, text: str, result: ScanResult) -> str:
        """A text that wasn't looked at whole isn't shown at all."""
        return self._scanner.mask(text, None if result.gaps else result.hits)

    async def _comment_texts(
        self, target: Target, comments: Sequence[Comment], masked: Sequence[str], identity: Identity
    ) -> tuple[CommentText, ...]:
        async with self._store.read() as session:
            seen = await records.witnesses(session, target.repository, [comment.id for comment in comments])
        found = []
        for comment, text in zip(comments, masked, strict=True):
            author = _author(comment)
            mac = witness_of(comment.body, identity.witness_key)
            known = any(name == author and hmac.compare_digest(mac, other) for name, other in seen.get(comment.id, ()))
            found.append(
                CommentText(
                    id=comment.id,
                    author=author,
                    body=text,
                    body_hash=digest(comment.body),
                    created_at=comment.created_at,
                    edited=comment.updated_at != comment.created_at,
                    witnessed=known,
                )
            )
        return tuple(found)


async def _together(*calls: Coroutine[Any, Any, Any]) -> list[Any]:
    """Gives the answers of calls made at once; when one fails, the others are ended and not left running."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _comments(raw: object) -> tuple[Comment, ...]:
    items = raw if isinstance(raw, list) else []
    return tuple(sorted((Comment.of(item) for item in items), key=lambda comment: comment.id))


def _events(raw: object) -> tuple[TimelineEvent, ...]:
    return tuple(TimelineEvent.of(item) for item in raw) if isinstance(raw, list) else ()


def _author(comment: Comment) -> str:
    return comment.user.login if comment.user else ""


def _side(ref: PullRef) -> Side:
    return Side(ref=ref.ref, sha=ref.sha, repository=ref.repo.full_name if ref.repo else "")


def _clean(text: str) -> str:
    """A lone surrogate can come in JSON and can't go out in UTF-8."""
    return text.encode("utf-8", "replace").decode()

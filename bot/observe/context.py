"""Reads the context of a pull request: reviews, protection, conflicts, references, paths, documents, workflows.

Only the input of enabled checks is read; reviews always are, because their texts are scanned for secrets. An unchanged
pull request costs one request for its reviews, and one for its base branch if merges are judged; all else is cached.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from bot.concurrent import run_all
from bot.fact_cache import FactCache
from bot.forgejo import ForgejoAPI
from bot.forgejo.types import PullRequest
from bot.git import Mirrors
from bot.git.tree import ConflictSeen, Ends, Trees
from bot.history import History, Mentions
from bot.model import CommentText, Gap, Inputs, Leak, Lint, Location, Mention, Reference, Repo, Review, Target, digest
from bot.observe.branch_protection import MAX_READ, Remark, Reviews, read_required, read_reviews
from bot.observe.references import MOST, Place, References, numbers, reference_of
from bot.policy import Policy
from bot.scan import Scanner, Texts, read_texts
from bot.store import Submitted
from bot.text import visible
from bot.text.markdown import READ
from bot.text.path_mentions import MOST as MOST_PATHS
from bot.text.path_mentions import path_names
from bot.thread import Accounts, Thread
from bot.workflows import WorkflowLints

REMEMBERED = 256
TOO_MANY = f"only those of the newest {MAX_READ} reviews are read"


@dataclass(frozen=True)
class Wanted:
    """The enabled checks that read the context."""

    contract: bool = False
    base: bool = False
    docs_drift: bool = False
    workflow_lint: bool = False
    merge: bool = False

    @classmethod
    def by(cls, policy: Policy) -> Self:
        """Return the checks that a policy enables."""
        guards = policy.guards
        return cls(
            contract=policy.contract.mode != "off",
            base=guards.base.mode != "off",
            docs_drift=guards.docs_drift.mode != "off" and guards.docs_drift.mentions == "on",
            workflow_lint=guards.workflow_lint.mode != "off",
            merge=policy.merge.mode == "on",
        )

    @property
    def references(self) -> bool:
        """Whether the states of the description's references are needed."""
        return self.contract or self.base or self.merge

    @property
    def mergeable(self) -> bool:
        """Whether the merge requirements and conflicts are needed."""
        return self.contract or self.merge


@dataclass(frozen=True)
class ContextRequest:
    """The known parts of a pull request: its thread and history, its masked description, the bot's account."""

    repo: Repo
    thread: Thread
    history: History
    body: str
    account_id: int


@dataclass(frozen=True)
class Context:
    """The masked fields of `Inputs` with these names, and the secrets in reviews and their comments on lines.

    `decisions` are all reviews that decide something, `reviews` the last word of each reviewer. `leaks` are secrets in
    review texts and `gaps` their unscanned parts; `unseen` are all other parts that could not be read.
    """

    reviews: tuple[Review, ...] = ()
    decisions: tuple[Submitted, ...] = ()
    remarks: tuple[CommentText, ...] = ()
    required: tuple[str, ...] = ()
    conflict: bool | None = None
    references: tuple[Reference, ...] = ()
    paths: dict[str, bool] = field(default_factory=dict)
    mentions: tuple[Mention, ...] = ()
    lints: tuple[Lint, ...] = ()
    leaks: tuple[Leak, ...] = ()
    gaps: tuple[Gap, ...] = ()
    unseen: tuple[Gap, ...] = ()

    def added_to(self, inputs: Inputs) -> Inputs:
        """Return the inputs with this context."""
        same = ("reviews", "remarks", "required", "conflict", "references", "paths", "mentions", "lints")
        more = {
            "unseen": (*inputs.unseen, *self.unseen),
            "leaks": (*inputs.leaks, *self.leaks),
            "gaps": (*inputs.gaps, *self.gaps),
        }
        return inputs.model_copy(update={name: getattr(self, name) for name in same} | more)


@dataclass(frozen=True)
class _Named:
    """The references and paths in a description, and its unread parts."""

    numbers: tuple[int, ...] = ()
    paths: tuple[str, ...] = ()
    unread: tuple[Gap, ...] = ()


class Contexts:
    """Reads contexts, and caches what cannot change."""

    def __init__(self, client: ForgejoAPI, mirrors: Mirrors, scanner: Scanner, accounts: Accounts) -> None:
        self._client = client
        self._accounts = accounts
        self._scanner = scanner
        self._references = References(client)
        self._trees = Trees(mirrors)
        self._mentions = Mentions(mirrors, scanner)
        self._lints = WorkflowLints(mirrors)
        self._named: FactCache[tuple[Place, str], _Named] = FactCache(REMEMBERED)

    def forget(self, target: Target) -> None:
        """Forget the state of a target that another process saw change."""
        self._references.forget(target.repo, target.number)

    async def read(self, request: ContextRequest, wanted: Wanted) -> Context:
        """Return the context of a pull request; nothing for an issue, only the reviews for a closed pull request.

        Raises ForgejoError. Failures of git are in `unseen`.
        """
        pull = request.thread.head
        self._references.note(request.repo, reference_of(pull))
        if not isinstance(pull, PullRequest):
            return Context()
        asked = wanted if pull.state == "open" else Wanted()
        ends = Ends(request.repo.name, pull.base.sha, pull.head.sha, request.history.merge_base)
        files = request.history.files
        named = await self._names(request, pull) if asked.references else _Named()
        reviews, merge, references, there, drift, lint = await run_all(
            self._reviews(request),
            self._merge(pull, ends) if asked.mergeable else _nothing(),
            self._referred(pull, request.repo, named.numbers),
            self._trees.paths(ends, named.paths) if asked.contract else _nothing(),
            self._mentions.read(ends, files) if asked.docs_drift else _nothing(),
            self._lints.read(ends, files) if asked.workflow_lint else _nothing(),
        )
        required, (conflict, unmerged) = merge or ((), (None, ()))
        paths, unnamed = there or ({}, ())
        mentions, unsearched = drift or ((), ())
        lints, unlinted = lint or ((), ())
        found, texts = reviews
        return Context(
            reviews=found.words,
            decisions=found.decisions,
            remarks=tuple(_remark(*pair) for pair in zip(found.remarks, texts.masked, strict=False)),
            required=required,
            conflict=conflict,
            references=references,
            paths=paths,
            mentions=mentions,
            lints=lints,
            leaks=texts.leaks,
            gaps=texts.gaps,
            unseen=tuple(map(self._shown, (*named.unread, *unmerged, *unnamed, *unsearched, *unlinted))),
        )

    async def _reviews(self, request: ContextRequest) -> tuple[Reviews, Texts]:
        thread, pull = request.thread, (request.repo.name, request.thread.head.number)
        found = await read_reviews(self._client, pull, thread.reviews, request.account_id, self._accounts)
        left_out = ",".join(map(str, found.unread))
        gaps = (Gap(what="comments on lines", why=TOO_MANY, of=left_out),) if left_out else ()
        places, raw = [one.place for one in found.remarks], [one.text for one in found.remarks]
        reviewers = dict.fromkeys([*(one.author for one in found.words), *(one.author for one in found.remarks)])
        if not reviewers:
            return found, Texts((), (), gaps)
        places += [Location(where="account")] * len(reviewers)
        raw += reviewers
        texts = await asyncio.to_thread(read_texts, self._scanner, places, raw)
        return found, replace(texts, gaps=(*texts.gaps, *gaps))

    async def _merge(self, pull: PullRequest, ends: Ends) -> tuple[tuple[str, ...], ConflictSeen]:
        required, conflict = await run_all(
            read_required(self._client, ends.repository, pull.base.ref), self._trees.conflict(ends)
        )
        return tuple(self._scanner.mask(context) for context in required), conflict

    async def _referred(self, pull: PullRequest, repo: Repo, named: Sequence[int]) -> tuple[Reference, ...]:
        """Add the pull request's own state to the reference cache."""
        others = [number for number in named if number != pull.number]
        found = await self._references.read(repo, others)
        itself = [Reference(number=pull.number, kind="pull", state=pull.state)] if len(others) < len(named) else []
        return tuple(sorted((*found, *itself), key=lambda one: one.number))

    async def _names(self, request: ContextRequest, pull: PullRequest) -> _Named:
        place = Place(request.repo.name, pull.html_url.rsplit("/", 2)[0])
        key = (place, digest(request.body))
        known = self._named.get(key)
        return known or self._named.keep(key, await asyncio.to_thread(_named, request.body, place))

    def _shown(self, gap: Gap) -> Gap:
        """Return gaps with masked texts, since they may quote users."""
        return gap.model_copy(
            update={name: visible(self._scanner.mask(text)) for name, text in (("what", gap.what), ("why", gap.why))}
        )


def _remark(raw: Remark, masked: str) -> CommentText:
    """Return the text of a review. It is no comment of the conversation: no delivery bears witness of it."""
    return CommentText(
        id=raw.comment,
        author=raw.author,
        author_id=raw.author_id,
        body=masked,
        body_hash=digest(raw.text),
        created_at=raw.at,
        edited=False,
        witnessed=False,
    )


async def _nothing() -> None:
    """Return empty references: no check needs them."""


def _named(body: str, place: Place) -> _Named:
    found, paths, of = numbers(body, place), path_names(body), digest(body)
    unread = []
    if len(body) > READ:
        unread.append(Gap(what="the rest of the description", why=f"only {READ} characters are read", of=of))
    if len(found) > MOST:
        unread.append(Gap(what="further references", why=f"only {MOST} of {len(found)} are checked", of=of))
    if len(paths) == MOST_PATHS:
        unread.append(Gap(what="further paths", why=f"only {MOST_PATHS} paths per description are looked up", of=of))
    return _Named(found, paths, tuple(unread))

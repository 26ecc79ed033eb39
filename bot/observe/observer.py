"""Takes a snapshot of one target: from Forgejo's API what people see, from git what was really pushed.

Texts are scanned and masked here, before any other code reads them.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from bot.forgejo import ForgejoAPI, endpoints
from bot.forgejo.types import PullRef, PullRequest, TimelineEvent
from bot.git import GitError, Mirrors
from bot.history import Heads, Histories, History, Moved, relevant
from bot.model import (
    Gap,
    Identity,
    Inputs,
    Location,
    Memory,
    Own,
    Repo,
    Side,
    Snapshot,
    StatusSeen,
    Target,
    digest,
    no_commit,
)
from bot.observe.context import ContextRequest, Contexts, Wanted
from bot.observe.gate_inputs import GateInputs
from bot.observe.located import located
from bot.observe.names import names_of
from bot.observe.policy_in_force import Merge, Policies
from bot.policy import PATH, Policy, named
from bot.scan import Scanner, read_texts
from bot.soaks import Scene
from bot.store import Store, owned, targets
from bot.store.decisions import Recalled, recall
from bot.store.tables import Delivery
from bot.thread import (
    PermissionReader,
    Thread,
    commanders,
    comment_texts,
    default_tip,
    defined_labels,
    own_objects,
    read_thread,
)

MAX_PUSHES = 100
PATIENCE = 3
"""Failed evaluations after which an unfetchable repository is reported instead of only retried."""


@dataclass(frozen=True)
class Sources:
    """The sources of a snapshot."""

    client: ForgejoAPI
    store: Store
    histories: Histories
    policies: Policies
    contexts: Contexts
    gate_inputs: GateInputs
    permissions: PermissionReader
    scanner: Scanner
    mirrors: Mirrors


class Observer:
    """Takes snapshots. Reads everything, writes nothing to Forgejo."""

    def __init__(self, sources: Sources, clock: Callable[[], datetime]) -> None:
        self._client = sources.client
        self._store = sources.store
        self._histories = sources.histories
        self._policies = sources.policies
        self._contexts = sources.contexts
        self._gate_inputs = sources.gate_inputs
        self._scanner = sources.scanner
        self._mirrors = sources.mirrors
        self._clock = clock
        self._permissions = sources.permissions

    async def canonical(self, target: Target) -> Target:
        """Return the target in its repository as the server numbers and spells it. Raises ForgejoError."""
        return located(target, await endpoints.REPOSITORY.get(self._client, target.repository))

    async def observe(self, target: Target, identity: Identity) -> Snapshot:
        """Return a new snapshot, of the target in its repository as it is called now.

        Raises NameTaken if another repository has the name; ForgejoErrors, WrongKind, GitError and Moved if it cannot
        be read now.
        """
        thread = await read_thread(self._client, target)
        target = located(target, thread.repository)
        self._mirrors.identify(target.repository, target.repository_id)
        login = own_objects.current_login(identity.account_id, thread.comments, thread.timeline)
        identity = replace(identity, account=login or identity.account)
        tip = await default_tip(self._client, thread)
        await self._trust_merged(target, thread, identity)
        in_force = await self._policies.in_force(target.repo, tip)
        mine, attempts = await self._own(target, thread, identity)
        history = await self._history(target, thread, tip, attempts)
        recalled = await recall(self._store, target, self._clock())
        inputs = await self._inputs(target, thread, history, (recalled, identity))
        inputs = await self._around(target, thread, history, (inputs, in_force.policy, identity))
        scene = Scene(target, thread, tip, in_force.policy, identity, patient=attempts < PATIENCE)
        inputs = await self._gate_inputs.read(scene, inputs, history, recalled.judgments)
        memory = await self._memory(thread, inputs, in_force.policy, recalled)
        return Snapshot(
            target=target,
            taken_at=self._clock(),
            inputs=inputs,
            policy=in_force.policy,
            policy_problems=in_force.problems,
            policy_notes=in_force.notes,
            memory=memory,
            own=mine,
        )

    async def _trust_merged(self, target: Target, thread: Thread, identity: Identity) -> None:
        """Trust a policy change that an operator merged."""
        pull = thread.head
        if not isinstance(pull, PullRequest) or not pull.merged or not pull.merge_commit_sha or not pull.merged_at:
            return
        by = pull.merged_by.login if pull.merged_by else ""
        if not named(by, identity.operators) or pull.base.ref != thread.repository.default_branch:
            return
        base = pull.merge_base or pull.base.sha
        history = await self._histories.read(Heads(target.repository, target.number, pull.head.sha, base, ""))
        if any(PATH in {file.path, file.old_path} for file in history.files):
            merge = Merge(base, pull.head.sha, pull.merge_commit_sha, by, pull.merged_at)
            await self._policies.trust_merge(target.repo, merge)

    async def _own(self, target: Target, thread: Thread, identity: Identity) -> tuple[Own, int]:
        sha = thread.head.head.sha if isinstance(thread.head, PullRequest) else ""
        async with self._store.read() as session:
            row = await targets.row_of(session, target)
            held = await owned.held(session, target)
            restored = await owned.restored(session, target, self._clock())
            siblings = await targets.siblings(session, target, sha) if sha else ()
        labels = own_objects.labels(thread.head.labels, thread.timeline)
        mine = Own(
            account=identity.account,
            account_id=identity.account_id,
            can_write=bool(thread.repository.permissions and thread.repository.permissions.push),
            quiet=row.quiet if row else False,
            url=thread.head.html_url,
            comments=own_objects.comments(
                target, thread.comments, identity.account_id, own_objects.known_comments(held)
            ),
            labels=tuple(seen.model_copy(update={"name": self._mask(seen.name)}) for seen in labels),
            statuses=self._seen(thread, ours=True),
            held=held,
            restored=restored,
            siblings=siblings,
        )
        return mine, row.attempts if row else 0

    def _seen(self, thread: Thread, *, ours: bool) -> tuple[StatusSeen, ...]:
        chosen = [status for status in thread.statuses if status.context.startswith("assay/") is ours]
        texts = ("context", "description", "target_url")
        return tuple(
            status.model_copy(update={name: self._mask(getattr(status, name)) for name in texts}) for status in chosen
        )

    async def _history(self, target: Target, thread: Thread, tip: str, attempts: int) -> History:
        pull = thread.head
        if not isinstance(pull, PullRequest) or not pull.head.sha:
            return History()
        live = pull.state == "open"
        base = pull.base.sha if live else pull.merge_base or pull.base.sha
        heads = Heads(
            target.repository,
            target.number,
            pull.head.sha,
            base,
            pull.base.ref if live else "",
            trunk=tip if live else "",
            trunk_ref=thread.repository.default_branch if live else "",
            origin=pull.head.repo.full_name if pull.head.repo and pull.head.repo.id != thread.repository.id else "",
        )
        heads = relevant(heads, await self._earlier(target, pull, thread.timeline))
        try:
            return await self._histories.read(heads)
        except (GitError, Moved) as fault:
            if attempts < PATIENCE:
                raise
            return History(gaps=(Gap(what="the commits", why=str(fault), of=pull.head.sha),))

    async def _earlier(self, target: Target, pull: PullRequest, timeline: Sequence[TimelineEvent]) -> list[str]:
        """Return the branch's earlier heads: from force-pushes in the timeline, deliveries, and earlier evaluations."""
        pushed = [event.pushed for event in timeline if event.type == "pull_push"]
        found = [sha for push in pushed if push and push[0] for sha in push[1]]
        origin = pull.head.repo.id if pull.head.repo else 0
        pushes = select(Delivery.before, Delivery.after).where(
            Delivery.repository_id == origin, Delivery.ref == f"refs/heads/{pull.head.ref}", Delivery.event == "push"
        )
        async with self._store.read() as session:
            seen = await targets.earlier_heads(session, target)
            rows = (await session.execute(pushes.order_by(Delivery.received_at.desc()).limit(MAX_PUSHES))).all()
        found += [sha for pair in rows for sha in pair if not no_commit(sha)]
        return [*found, *seen]

    async def _memory(self, thread: Thread, inputs: Inputs, policy: Policy, recalled: Recalled) -> Memory:
        rights = thread.repository.permissions
        asking = commanders(inputs, policy) if rights and rights.admin else ()
        repo = Repo(id=thread.repository.id, name=thread.repository.full_name)
        return Memory(
            updated_at=thread.head.updated_at,
            permissions=await self._permissions.of(repo, asking),
            defined=tuple(map(self._mask, await defined_labels(self._client, repo.name, inputs))),
            judgments=recalled.judgments,
        )

    async def _around(
        self, target: Target, thread: Thread, history: History, so_far: tuple[Inputs, Policy, Identity]
    ) -> Inputs:
        """Return a pull request's context, as far as enabled checks need it."""
        inputs, policy, identity = so_far
        request = ContextRequest(target.repo, thread, history, inputs.body, identity.account)
        around = await self._contexts.read(request, Wanted.by(policy))
        return inputs.model_copy(
            update={
                "reviews": around.reviews,
                "remarks": around.remarks,
                "required": around.required,
                "conflict": around.conflict,
                "references": around.references,
                "paths": around.paths,
                "mentions": around.mentions,
                "lints": around.lints,
                "unseen": around.unseen,
                "leaks": (*inputs.leaks, *around.leaks),
                "gaps": (*inputs.gaps, *around.gaps),
            }
        )

    async def _inputs(
        self, target: Target, thread: Thread, history: History, known: tuple[Recalled, Identity]
    ) -> Inputs:
        head, (recalled, identity) = thread.head, known
        others = [comment for comment in thread.comments if comment.user.id != identity.account_id]
        texts = [head.title, head.body, *(comment.body for comment in others)]
        places = [Location(where="title"), Location(where="body")]
        places += [Location(where="comment", comment_id=comment.id) for comment in others]
        named = names_of(thread, identity.account_id)
        places += [place for place, _ in named]
        texts += [text for _, text in named]
        read = await asyncio.to_thread(read_texts, self._scanner, places, texts)
        pull = head if isinstance(head, PullRequest) else None
        labels = own_objects.foreign_labels(head.labels, thread.timeline, identity.account_id)
        return Inputs(
            title=read.masked[0],
            body=read.masked[1],
            title_hash=digest(head.title),
            body_hash=digest(head.body),
            author=_author(head),
            state="merged" if pull and pull.merged else head.state,
            draft=pull.draft if pull else False,
            locked=head.is_locked,
            archived=thread.repository.archived,
            default_branch=self._mask(thread.repository.default_branch),
            created_at=head.created_at,
            served_since=recalled.served_since,
            labels=tuple(self._mask(name) for name in labels),
            comments=await comment_texts(
                self._store, identity, target.repository_id, zip(others, read.masked[2 : 2 + len(others)], strict=True)
            ),
            decisions=recalled.decisions,
            base=self._side(pull.base) if pull else Side(),
            head=self._side(pull.head) if pull else Side(),
            merge_base=history.merge_base,
            commits=history.commits,
            files=history.files,
            added=history.added,
            added_cut=history.added_cut,
            statuses=self._seen(thread, ours=False),
            leaks=(*history.leaks, *read.leaks),
            gaps=(*history.gaps, *read.gaps),
        )

    def _mask(self, text: str) -> str:
        return self._scanner.mask(text).replace("\0", "\ufffd") if text else text

    def _side(self, ref: PullRef) -> Side:
        return Side(ref=self._mask(ref.ref), sha=ref.sha, repository=ref.repo.full_name if ref.repo else "")


def _author(thing: object) -> str:
    user = getattr(thing, "user", None)
    return user.login if user else ""

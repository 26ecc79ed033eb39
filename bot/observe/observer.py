"""Takes a snapshot of one target: from Forgejo's API what people see, from git what was really pushed.

Texts are scanned and masked here, before any other code reads them.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from bot.forgejo import endpoints
from bot.forgejo.types import PullRef, PullRequest
from bot.git import GitError, sound
from bot.history import History, Moved
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
    is_ours,
)
from bot.observe.acts import ActReader, bound, operator_approval
from bot.observe.context import Context, ContextRequest, Wanted
from bot.observe.located import located
from bot.observe.names import names_of
from bot.observe.policy_in_force import Approved, InForce
from bot.observe.pull_heads import pull_heads
from bot.observe.sources import Sources
from bot.policy import PATH, Policy, text_digest
from bot.scan import read_texts
from bot.soaks import Scene
from bot.store import Acts, owned, targets
from bot.store.decisions import Recalled, recall
from bot.thread import (
    Thread,
    at_merge,
    commanders,
    comment_texts,
    default_tip,
    defined_labels,
    own_objects,
    read_thread,
)

PATIENCE = 3
"""Failed evaluations after which an unfetchable repository is reported instead of only retried."""


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
        self._accounts = sources.accounts
        self._acts = ActReader(Acts(sources.store), self._mask, clock)

    async def canonical(self, target: Target) -> Target:
        """Return the target in its repository as the server numbers and spells it. Raises ForgejoError."""
        return located(target, await endpoints.REPOSITORY.get(self._client, target.repository))

    async def observe(self, target: Target, identity: Identity) -> Snapshot:
        """Return a new snapshot, of the target in its repository as it is called now; with a new mirror after damage.

        Raises NameTaken if another repository has the name; ForgejoErrors, WrongKind, GitError and Moved if it cannot
        be read now.
        """
        return await sound(lambda: self._observe(target, identity))

    async def _observe(self, target: Target, identity: Identity) -> Snapshot:
        async with self._store.read() as session:
            expected = await targets.expected_head(session, target)
        found = await read_thread(self._client, target, expected=expected)
        target = located(target, found.repository)
        self._mirrors.identify(target.repository, target.repository_id)
        login = own_objects.current_login(identity.account_id, found.comments, found.timeline)
        identity = replace(identity, account=login or identity.account, operators=await self._accounts.operators())
        tip = await default_tip(self._client, found)
        in_force = await self._policies.in_force(target.repo, tip)
        thread = await self._accounts.named(found)  # the policy may list logins that were not known before
        mine, attempts = await self._own(target, thread, identity)
        history = await self._history(target, thread, tip, attempts)
        recalled = await self._recalled(target)
        inputs = await self._inputs(target, thread, history, (recalled, identity))
        inputs = await self._at_merge(thread, history, inputs, identity)
        around = await self._around(target, thread, history, (inputs, in_force.policy, identity))
        inputs = around.added_to(inputs)
        inputs = await self._acts.read(target, inputs, (thread, around.decisions, in_force.policy.operators or ()))
        in_force = await self._trust_approved(target, inputs, around, (tip, in_force.policy)) or in_force
        scene = Scene(target, thread, tip, in_force.policy, identity, patient=attempts < PATIENCE)
        inputs = bound(await self._gate_inputs.read(scene, inputs, history, recalled.judgments), thread)
        memory = await self._memory(thread, inputs, in_force, recalled)
        return Snapshot(
            target=target,
            taken_at=self._clock(),
            inputs=inputs,
            policy=in_force.policy,
            policy_problems=in_force.problems,
            policy_notes=(*in_force.notes, *self._accounts.notes(thread, in_force.policy)),
            memory=memory,
            own=mine,
        )

    async def own_again(self, snapshot: Snapshot, identity: Identity) -> Own:
        """Return the bot's own things, read again. Raises ForgejoError, WrongKind, and Moved if the head has moved."""
        found = await read_thread(self._client, snapshot.target, reviews=False, expected=snapshot.inputs.head.sha)
        if isinstance(found.head, PullRequest) and found.head.head.sha != snapshot.inputs.head.sha:
            raise Moved("the branch moved while it was evaluated")
        identity = replace(identity, account=snapshot.own.account)
        return (await self._own(snapshot.target, await self._accounts.named(found), identity))[0]

    async def _recalled(self, target: Target) -> Recalled:
        """Return what is stored, with the present names of the accounts that decided."""
        found = await recall(self._store, target, self._client.server_time() or self._clock())
        return replace(found, decisions=await self._accounts.decided(found.decisions))

    async def _trust_approved(
        self, target: Target, inputs: Inputs, around: Context, tip: tuple[str, Policy]
    ) -> InForce | None:
        """Return the policy in force now if an operator approved the merged head that brought it; else None."""
        commit, policy = tip
        if inputs.state != "merged" or inputs.base.ref != inputs.default_branch or not _touches_policy(inputs):
            return None
        word = operator_approval(inputs, around.decisions, policy.operators or ())
        if word is None:
            return None
        approved = Approved(inputs.merge_base, inputs.head.sha, commit, *word)
        if not await self._policies.trust_approved(target.repo, approved):
            return None
        return await self._policies.in_force(target.repo, commit)

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

    async def _at_merge(self, thread: Thread, history: History, inputs: Inputs, identity: Identity) -> Inputs:
        """Return the inputs with what other accounts posted as a success in the bot's contexts before a merge."""
        if not isinstance(thread.head, PullRequest):
            return inputs
        name = thread.repository.full_name
        past = await at_merge(self._client, name, thread.head, thread.timeline, history.merged)
        forged = await self._accounts.posted(one for one in past.successes if one.creator_id != identity.account_id)
        return inputs.model_copy(update={"forged": self._masked(forged), "unseen": (*past.gaps, *inputs.unseen)})

    def _seen(self, thread: Thread, *, ours: bool) -> tuple[StatusSeen, ...]:
        return self._masked(one for one in thread.statuses if is_ours(one.context) is ours)

    def _masked(self, chosen: Iterable[StatusSeen]) -> tuple[StatusSeen, ...]:
        texts = ("context", "description", "target_url")
        return tuple(
            status.model_copy(update={name: self._mask(getattr(status, name)) for name in texts}) for status in chosen
        )

    async def _history(self, target: Target, thread: Thread, tip: str, attempts: int) -> History:
        heads = await pull_heads(self._store, target, thread, tip)
        if heads is None:
            return History()
        try:
            return await self._histories.read(heads)
        except (GitError, Moved) as fault:
            # A branch that is being pushed to is read again at once; a head that is still missing then is reported.
            patience = int(not heads.merged) if isinstance(fault, Moved) else PATIENCE
            if attempts < patience:
                raise
            return History(gaps=(Gap(what="the commits", why=str(fault), of=heads.head),))

    async def _memory(self, thread: Thread, inputs: Inputs, in_force: InForce, recalled: Recalled) -> Memory:
        rights = thread.repository.permissions
        asking = commanders(inputs, in_force.policy) if rights and rights.admin else {}
        repo = Repo(id=thread.repository.id, name=thread.repository.full_name)
        return Memory(
            updated_at=thread.head.updated_at,
            permissions=await self._permissions.of(repo, asking),
            defined=tuple(map(self._mask, await defined_labels(self._client, repo.name, inputs))),
            judgments=recalled.judgments,
            policies=await self._policy_digests(repo.name, inputs, in_force),
        )

    async def _policy_digests(self, repository: str, inputs: Inputs, in_force: InForce) -> tuple[str, ...]:
        """Return what names the policy files that wait for an operator: this head's, and the default branch's."""
        found = [in_force.waiting] if in_force.waiting else []
        if inputs.state == "open" and inputs.head.sha and _touches_policy(inputs):
            found.insert(0, text_digest(await self._policies.text(repository, inputs.head.sha)))
        return tuple(dict.fromkeys(found))

    async def _around(
        self, target: Target, thread: Thread, history: History, so_far: tuple[Inputs, Policy, Identity]
    ) -> Context:
        """Return a pull request's context, as far as enabled checks need it."""
        inputs, policy, identity = so_far
        request = ContextRequest(target.repo, thread, history, inputs.body, identity.account_id)
        return await self._contexts.read(request, Wanted.by(policy))

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
            author=head.user.login,
            state="merged" if pull and pull.merged else head.state,
            draft=pull.draft if pull else False,
            locked=head.is_locked,
            archived=thread.repository.archived,
            default_branch=self._mask(thread.repository.default_branch),
            created_at=head.created_at,
            served_since=recalled.served_since,
            labels=tuple(self._mask(name) for name in labels),
            comments=await comment_texts(
                self._store,
                identity,
                target.repository_id,
                zip(others, read.masked[2 : 2 + len(others)], strict=True),
                self._clock(),
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
            merged_by=pull.merged_by.login if pull and pull.merged else "",
            leaks=(*history.leaks, *read.leaks),
            gaps=(*history.gaps, *read.gaps),
        )

    def _mask(self, text: str) -> str:
        return self._scanner.mask(text).replace("\0", "\ufffd") if text else text

    def _side(self, ref: PullRef) -> Side:
        return Side(ref=self._mask(ref.ref), sha=ref.sha, repository=ref.repo.full_name if ref.repo else "")


def _touches_policy(inputs: Inputs) -> bool:
    return any(PATH in {file.path, file.old_path} for file in inputs.files)

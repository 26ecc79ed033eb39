"""Compares a plan with the observed state: the writes that are needed, and the bot's own objects that others changed.

Pure. Labels are merged three ways: last applied, wanted now, present now. A change by somebody without permission is
reverted, at most three times a day for each object; after that it is left alone and reported.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.model import (
    CONTEXT,
    Held,
    KnownLabels,
    Plan,
    Restored,
    Snapshot,
    StatusSeen,
    Value,
    WantedComment,
    WantedStatus,
    digest,
)
from bot.plan.label_merge import decide, label_object, pairs
from bot.plan.replies import FIRST
from bot.plan.report import without_footer
from bot.plan.statuses import WORSE
from bot.text import cut

MAX_RESTORES = 3

ActionKind = Literal[
    "comment.create",
    "comment.edit",
    "comment.delete",
    "label.add",
    "label.remove",
    "status.create",
    "reaction.create",
    "issue.create",
]


class Action(Value):
    """One write. `object` identifies what is written (`comment:PURPOSE`, `label:NAME`, `status:SHA:CONTEXT`,
    `reaction:COMMENT:CONTENT`, `issue:CHECK`).

    An empty `target_url` of a status means the report comment of this evaluation.
    """

    kind: ActionKind
    object: str
    title: str = ""
    body: str = ""
    comment_id: int | None = None
    label: str = ""
    label_id: int = 0
    evidence: str = ""
    sha: str = ""
    context: str = ""
    state: str = ""
    description: str = ""
    target_url: str = ""

    @property
    def value(self) -> str:
        """Gives the value for the ledger: a hash of a body or status, or `on` or `off` for a label."""
        if self.kind.startswith("label"):
            return "on" if self.kind == "label.add" else "off"
        if self.kind.startswith("status"):
            return status_value(self.state, self.description, self.target_url)
        return "on" if self.kind == "reaction.create" else digest(self.body)

    def held(self, remote_id: int | None) -> Held:
        """Gives the record of this write for later comparisons; `remote_id` is the id of the comment or label."""
        return Held(object=self.object, value=self.value, evidence=self.evidence, remote_id=remote_id)

    def __str__(self) -> str:
        about = {
            "comment.create": f"create the {purpose_of(self.object)}, {len(self.body)} characters",
            "comment.edit": f"update comment {self.comment_id}",
            "comment.delete": f"delete duplicate comment {self.comment_id}",
            "label.add": f"add label {self.label}",
            "label.remove": f"remove label {self.label}",
            "status.create": f"set status {self.context} on {self.sha[:10]} to {self.state}: {self.description}",
            "issue.create": f"open the issue of check {self.object.removeprefix('issue:')}: {self.title}",
            "reaction.create": f"add reaction {self.body} to comment {self.comment_id}",
        }
        return about[self.kind]


@dataclass(frozen=True)
class Disputes:
    """The bot's objects that others changed: `restored` in this pass, or `left` because of too many restores today.

    `alarms` are the objects that an operator must know about: those that are left, and those that are restored without
    a limit because leaving them would show a pass that is wrong.
    """

    restored: tuple[Restored, ...] = ()
    left: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()

    def gives_up(self, name: str) -> bool:
        """Says whether the bot leaves an object as others changed it."""
        return name in self.left


def purpose_of(comment: str) -> str:
    """Gives the purpose of a comment in words."""
    name = comment.removeprefix("comment:")
    if name.startswith("answer-"):
        return f"reply to comment {name.removeprefix('answer-')}"
    return name if name == "report" else f"comment of check {name}"


def status_value(state: str, description: str, target_url: str) -> str:
    """Gives the hash that identifies a status written by the bot."""
    return digest(f"{state}\n{description}\n{target_url}")


def disputes(plan: Plan, snapshot: Snapshot, labels: KnownLabels) -> Disputes:
    """Gives the bot's own objects that others changed since it wrote them."""
    found: list[tuple[str, str, bool]] = []
    for comment in plan.comments:
        what = _comment_dispute(comment, snapshot)
        found += [(f"comment:{comment.purpose}", what, False)] if what else []
    for status in plan.statuses:
        seen = _seen_status(snapshot, status.context)
        if seen is not None and not snapshot.own.posted(seen):
            who = cut(seen.creator, 40) or "an unknown account"
            due = _voice(status, snapshot)[1]
            better = seen.state not in WORSE or WORSE.index(seen.state) < WORSE.index(due)
            what = f"Status {status.context} was set by {who}"
            found.append((_status_object(snapshot, status), what, better))
    for name, want, seen_label in pairs(plan, snapshot, labels):
        if decide((name, want, seen_label), plan.labels, snapshot, labels) == "restore":
            verb = "added" if seen_label.on else "removed"
            found.append((label_object(name), f"Label {cut(name, 60)} was {verb} by {cut(seen_label.by, 40)}", False))
    return _counted(found, snapshot)


def writes(plan: Plan, snapshot: Snapshot, disputed: Disputes, labels: KnownLabels) -> tuple[Action, ...]:
    """Gives the writes in their order: reactions that confirm new commands, comments, labels, statuses, and reactions
    that confirm executed commands.
    """
    seen, done = _reactions(plan, snapshot)
    found: list[Action] = [*seen]
    for comment in plan.comments:
        if not disputed.gives_up(f"comment:{comment.purpose}"):
            found += _comment_actions(comment, snapshot)
    found += _doubles(plan, snapshot)
    found += sorted(_label_actions(plan, snapshot, disputed, labels), key=lambda action: action.kind, reverse=True)
    for status in plan.statuses:
        if not disputed.gives_up(_status_object(snapshot, status)):
            found += _status_actions(status, snapshot)
    return (*found, *_issue_actions(plan, snapshot), *done)


def _doubles(plan: Plan, snapshot: Snapshot) -> Iterator[Action]:
    """Doubles of comments that are not asked for any more, such as a reply whose first writing arrived late."""
    wanted = {comment.purpose for comment in plan.comments}
    for purpose in sorted({own.purpose for own in snapshot.own.comments} - wanted):
        yield from _fold(purpose, snapshot)


def _fold(purpose: str, snapshot: Snapshot) -> list[Action]:
    doubles = snapshot.own.comments_for(purpose)[1:]
    return [Action(kind="comment.delete", object=f"comment:{purpose}:{own.id}", comment_id=own.id) for own in doubles]


def _issue_actions(plan: Plan, snapshot: Snapshot) -> Iterator[Action]:
    """The issues that were never opened: each is opened once, even if somebody deletes it."""
    for check, wanted in plan.issues.items():
        held = snapshot.own.held_at(f"issue:{check}")
        if held is None or not held.value:
            yield Action(kind="issue.create", object=f"issue:{check}", title=wanted.title, body=wanted.body)


def _label_actions(plan: Plan, snapshot: Snapshot, disputed: Disputes, labels: KnownLabels) -> Iterator[Action]:
    for name, want, seen in pairs(plan, snapshot, labels):
        decided = decide((name, want, seen), plan.labels, snapshot, labels)
        if decided != "keep" and not disputed.gives_up(label_object(name)):
            kind: ActionKind = "label.remove" if seen.on else "label.add"
            evidence = want.evidence if want else ""
            yield Action(kind=kind, object=label_object(name), label=name, label_id=seen.id, evidence=evidence)


def _reactions(plan: Plan, snapshot: Snapshot) -> tuple[list[Action], list[Action]]:
    """The reactions that are still missing. Each is made once, even if somebody removes it or the pass is repeated."""
    first, last = list[Action](), list[Action]()
    for wanted in plan.reactions:
        name = f"reaction:{wanted.comment_id}:{wanted.content}"
        held = snapshot.own.held_at(name)
        if held is None or not held.value:
            action = Action(kind="reaction.create", object=name, comment_id=wanted.comment_id, body=wanted.content)
            (first if wanted.content == FIRST else last).append(action)
    return first, last


def _counted(found: Sequence[tuple[str, str, bool]], snapshot: Snapshot) -> Disputes:
    earlier = {one.object: one for one in snapshot.own.restored}
    restored, left, alarms = [], [], []
    for name, what, never_left in found:
        known = earlier.get(name)
        if known is not None and known.today >= MAX_RESTORES:
            alarms.append(name)
            if not never_left:
                left.append(name)
                continue
        today, total = (known.today, known.total) if known else (0, 0)
        restored.append(Restored(object=name, what=what, today=today + 1, total=total + 1, last_at=snapshot.taken_at))
    return Disputes(tuple(restored), tuple(left), tuple(alarms))


def _comment_dispute(comment: WantedComment, snapshot: Snapshot) -> str:
    held = snapshot.own.held_at(f"comment:{comment.purpose}")
    if held is None or not held.value:
        return ""
    there = snapshot.own.comments_for(comment.purpose)
    which = "This comment" if comment.purpose == "report" else f"The {purpose_of(comment.purpose)}"
    if not there:
        return "" if comment.only_if_there or comment.once else f"{which} was deleted by somebody else"
    return "" if there[0].body_hash in held.possible else f"{which} was edited by somebody else"


def _comment_actions(comment: WantedComment, snapshot: Snapshot) -> list[Action]:
    name = f"comment:{comment.purpose}"
    there = snapshot.own.comments_for(comment.purpose)
    found = _fold(comment.purpose, snapshot)
    if comment.once and not _comment_dispute(comment, snapshot):
        held = snapshot.own.held_at(name)
        if there or (held is not None and held.value):
            return found
    if not there:
        return [] if comment.only_if_there else [Action(kind="comment.create", object=name, body=comment.body)]
    first = there[0]
    if first.content_hash != digest(without_footer(comment.body)) or _comment_dispute(comment, snapshot):
        found.append(Action(kind="comment.edit", object=name, body=comment.body, comment_id=first.id))
    return found


def _status_object(snapshot: Snapshot, status: WantedStatus) -> str:
    return f"status:{snapshot.inputs.head.sha}:{status.context}"


def _seen_status(snapshot: Snapshot, context: str) -> StatusSeen | None:
    return next((seen for seen in snapshot.own.statuses if seen.context == context), None)


def _voice(status: WantedStatus, snapshot: Snapshot) -> tuple[int, str, str, str]:
    """Gives number, state, description and address of the pull request that determines the commit's status.

    It is the worst state among the commit's open pull requests; of equals, the one with the lowest number.
    """
    report = next((own for own in snapshot.own.comments if own.purpose == "report"), None)
    url = f"{snapshot.own.url}#issuecomment-{report.id}" if report else ""
    check = status.context.removeprefix(CONTEXT)
    voices = [(snapshot.target.number, status.state, status.description, url)]
    voices += [(s.number, s.state, s.description, s.target_url) for s in snapshot.own.siblings if s.check == check]
    return min(voices, key=lambda voice: (-WORSE.index(voice[1]), voice[0]))


def _status_actions(status: WantedStatus, snapshot: Snapshot) -> list[Action]:
    _, state, description, target_url = _voice(status, snapshot)
    seen = _seen_status(snapshot, status.context)
    wanted = Action(
        kind="status.create",
        object=_status_object(snapshot, status),
        sha=snapshot.inputs.head.sha,
        context=status.context,
        state=state,
        description=description,
        target_url=target_url,
    )
    if seen is None or not snapshot.own.posted(seen):
        return [wanted]
    same = (seen.state, seen.description) == (state, description) and _comment_of(seen.target_url) == _comment_of(
        target_url
    )
    return [] if same else [wanted]


def _comment_of(address: str) -> str:
    """A repository that was renamed has other addresses; the comment that a status leads to is the same."""
    return address.rpartition("#")[2]

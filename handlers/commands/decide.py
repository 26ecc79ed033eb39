"""Decides one command line: accepted, or refused with the reason. The effect of a decision is up to other checks.

Order of the tests: the command exists, the account is not an agent, the form is valid, the account has the required
role, the author is verified, the named object exists.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from bot.model import WRITING, CommentText, Decision, Kind, KnownLabels, Snapshot
from bot.policy import is_agent, named
from bot.text import cut
from handlers.commands.registry import COMMANDS, Role, names_in, nearest
from handlers.facts.description.command_lines import CommandLine
from handlers.judge import FAMILY, NAME, Past, external_judges, spoken_labels

MAX_WHY = 300
MAX_ARGUMENT = 600
MAX_NAMES = 10
SHOWN_FINGERPRINTS = 5
PRIORITIES = ("p0", "p1", "p2", "p3")

UNKNOWN = "unknown command"
AGENT = "the policy lists this account as an agent, and agents cannot use commands"
UNSURE = (
    "the bot received no webhook delivery for this comment, so it cannot verify the author; post it again as a new "
    "comment"
)
OPERATORS = "only an operator may use this command"
WRITERS = "only accounts with write access may use this command"
NO_RISE = "only an operator may set a priority that is not higher than the current one"
OWN = "the author cannot accept findings on their own issue or pull request; another operator must do it"
NO_POLICY = "no policy file waits for an operator here; there is nothing to trust"
OTHER_POLICY = "no policy file here has this digest; read the file again, and copy the digest from the report"
NO_FINDINGS = "no finding here has this fingerprint; there is nothing to accept"
DECIDES = "only an operator may change a decision label"
CANCELS = frozenset((
    "cancel", "cancelled", "canceled", "clear", "cleared", "off", "end", "ended", "stop", "stopped", "remove",
    "removed", "release", "released", "lift", "lifted", "undo", "no", "false", "none", "over", "done",
))  # fmt: skip
"""Words that, as the whole reason, ask for the end of something."""

_ONE_NAME = re.compile('["\u201c\u201d\u201e]([^"\u201c\u201d\u201e]+)["\u201c\u201d]|\'([^\']+)\'(?!\\S)|([^\\s"]+)')
_CHECK = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Case:
    """One command line with the data for its decision. `before` are all earlier decisions, also those of this run."""

    snapshot: Snapshot
    labels: KnownLabels
    comment: CommentText
    line: CommandLine
    before: tuple[Decision, ...] = ()

    @cached_property
    def argument(self) -> str:
        """The argument of the command; label names are separated by newlines."""
        return spoken(self.line)[0]

    @cached_property
    def why(self) -> str:
        """The reason: the text after the argument."""
        return spoken(self.line)[1]

    @cached_property
    def role(self) -> Role:
        """The role of the comment's author in the repository."""
        return role(self.snapshot, self.comment.author)

    def decided(self, refused: str) -> Decision:
        """Return the decision on this line; an empty `refused` means accepted."""
        return Decision(
            comment_id=self.comment.id,
            line=self.line.number,
            command=self.line.word,
            argument=self.argument,
            why=self.why,
            by=self.comment.author,
            by_id=self.comment.author_id,
            at=self.comment.created_at,
            refused=refused,
            role=self.role.name.lower(),
            decided=self.snapshot.taken_at,
        )


def decide(case: Case) -> Decision:
    """Return the decision on a command line in an unedited comment."""
    return case.decided(_unknown(case) or _malformed(case) or _forbidden(case) or _absent(case))


def spoken(line: CommandLine) -> tuple[str, str]:
    """Return the argument and the reason of a command line, as stored in decisions, cut to a maximum length."""
    command = COMMANDS.get(line.word)
    if command is None or command.takes == "nothing":
        return "", cut(line.rest, MAX_WHY)
    if command.takes == "names":
        names = [(match[1] or match[2] or match[3]).strip("`,") for match in _ONE_NAME.finditer(line.rest)]
        return cut("\n".join(dict.fromkeys(filter(None, names))), MAX_ARGUMENT), ""
    first, *rest = line.rest.split(maxsplit=1) or [""]
    return cut(first.strip("`").removeprefix("/").lower(), MAX_ARGUMENT), cut("".join(rest).strip(), MAX_WHY)


def role(snapshot: Snapshot, login: str) -> Role:
    """Return the role of an account, by the policy and by its permission in Forgejo."""
    policy = snapshot.policy
    if named(login, policy.operators or ()):
        return Role.OPERATOR
    writing = [name for name, permission in snapshot.memory.permissions.items() if permission in WRITING]
    return Role.WRITER if named(login, (*policy.writers, *writing)) else Role.ANYONE


def newest(decisions: tuple[Decision, ...], *commands: str) -> Decision | None:
    """Return the last accepted decision on one of some commands, in the order of the comments."""
    accepted = [one for one in decisions if one.command in commands and not one.refused]
    return max(accepted, key=lambda one: (one.comment_id, one.line), default=None)


def _unknown(case: Case) -> str:
    if case.line.word not in COMMANDS:
        near = nearest(case.line.word, COMMANDS)
        return f"{UNKNOWN}; did you mean /{near}?" if near else UNKNOWN
    return AGENT if is_agent(case.comment.author, case.snapshot.policy.agents) else ""


def _malformed(case: Case) -> str:
    form = _FORMS.get(case.line.word)
    fault = form(case) if form else ""
    return f"{fault} (usage: {COMMANDS[case.line.word].usage})" if fault else ""


def _forbidden(case: Case) -> str:
    command = COMMANDS[case.line.word]
    if case.role < command.role:
        return OPERATORS if command.role is Role.OPERATOR else WRITERS
    if case.role < Role.OPERATOR:
        if case.line.word == "priority" and not _rises(case):
            return NO_RISE
        if _is_decision(case):
            return DECIDES
    return UNSURE if not case.comment.witnessed and (command.witness or _is_decision(case)) else ""


def _absent(case: Case) -> str:
    if case.line.word == "accept":
        return _unacceptable(case)
    if case.line.word == "trust":
        return _untrustable(case)
    if case.line.word == "soak-restart":
        return _untracked(case)
    return _undeclared(case) if COMMANDS[case.line.word].takes == "names" else ""


def _is_decision(case: Case) -> bool:
    names = names_in(case.argument) if COMMANDS[case.line.word].takes == "names" else ()
    return any(case.labels.is_decision(name) for name in names)


def _rises(case: Case) -> bool:
    """Return whether a priority is higher than all current ones: that of a command, otherwise the bot's own; that of a
    listed judge; those of labels. If none is known, the answer is no, since the judgment might be higher.
    """
    inputs = case.snapshot.inputs.model_copy(update={"decisions": case.before})
    snapshot = case.snapshot.model_copy(update={"inputs": inputs})
    past, theirs, commanded = (
        Past.of(snapshot),
        external_judges.look(snapshot).standing,
        newest(case.before, "priority"),
    )
    judged = [one.content.get("priority") for one in snapshot.memory.judgments if one.check == NAME][-1:]
    known = {commanded.argument} if commanded else set(judged)
    known |= {theirs.payload.priority} if theirs else set()
    said = spoken_labels(snapshot, judged=past.judged[-1].judged_at if past.judged else None)
    labels = {*inputs.labels, *(name for name, one in said.items() if one.command == "label")}
    highest = min([*known, *(name for name in PRIORITIES if f"{FAMILY}{name}" in labels)], default="")
    return bool(known) and known <= set(PRIORITIES) and case.argument < highest


def _unacceptable(case: Case) -> str:
    seen = case.snapshot.inputs
    if named(case.comment.author, (seen.author,)):
        return OWN
    found = sorted(
        {leak.fingerprint for leak in seen.leaks}
        | {gap.fingerprint for gap in (*seen.gaps, *seen.unseen)}
        | {status.fingerprint for status in seen.forged}
    )
    if case.argument in found:
        return ""
    more = len(found) - SHOWN_FINGERPRINTS
    rest = f" and {more} more" if more > 0 else ""
    there = ", ".join(found[:SHOWN_FINGERPRINTS])
    return f"no finding here has this fingerprint; fingerprints here: {there}{rest}" if found else NO_FINDINGS


def _untrustable(case: Case) -> str:
    waiting = case.snapshot.memory.policies
    return "" if case.argument in waiting else OTHER_POLICY if waiting else NO_POLICY


def _untracked(case: Case) -> str:
    target, soaks = case.snapshot.target, case.snapshot.policy.soaks
    here = [soak.name for soak in soaks if target.kind is Kind.ISSUE and soak.issue == target.number]
    if case.argument in here:
        return ""
    return f"unknown soak; soaks tracked here: {', '.join(here)}" if here else "no soak is tracked here"


def _undeclared(case: Case) -> str:
    known = case.labels.names | {*case.snapshot.inputs.labels, *case.snapshot.memory.defined}
    missing = next((name for name in names_in(case.argument) if name not in known), None)
    if missing is None:
        return ""
    near = nearest(cut(missing, 60), known)
    shown = f'label not found: "{cut(missing, 60)}"'
    return f'{shown}; did you mean "{near}"?' if near else shown


def _help_form(case: Case) -> str:
    if not case.argument or case.argument in COMMANDS:
        return ""
    near = nearest(cut(case.argument, 40), COMMANDS)
    return f"{UNKNOWN}; did you mean /{near}?" if near else UNKNOWN


def _check_form(case: Case) -> str:
    """Return why the name of a check is malformed. Whether the check exists is answered later, by `/explain`."""
    if not case.argument:
        return "" if case.line.word == "recheck" else "missing check name"
    return "" if _CHECK.fullmatch(case.argument) else "invalid check name"


def _priority_form(case: Case) -> str:
    return "" if case.argument in PRIORITIES else "invalid priority; expected p0, p1, p2 or p3"


def _soak_form(case: Case) -> str:
    return "" if case.argument else "missing soak name"


def _names_form(case: Case) -> str:
    if not case.argument:
        return "missing label name"
    if len(names_in(case.argument)) > MAX_NAMES or len(case.argument) == MAX_ARGUMENT:
        return f"too many labels; at most {MAX_NAMES} per line"
    return ""


def _hold_form(case: Case) -> str:
    return "to end a hold, an operator comments /unhold" if _cancels(case.why) else ""


def _park_form(case: Case) -> str:
    return "to end the parking, an operator comments /rejudge" if _cancels(case.why) else ""


def _cancels(why: str) -> bool:
    """Return whether a reason is a word by which other bots end what a command began, such as `/hold cancel`."""
    first, *rest = why.casefold().split() or [""]
    word = first.strip(".,:;!")
    return word == "cancel" or (word in CANCELS and not rest)


def _accept_form(case: Case) -> str:
    if not case.argument:
        return "missing fingerprint; copy it from the report"
    return "" if len(case.why) >= 3 else "missing reason: say why it is harmless"  # noqa: PLR2004 - as in the policy


def _trust_form(case: Case) -> str:
    return "" if _DIGEST.fullmatch(case.argument) else "missing or incomplete digest; copy it from the report"


_FORMS: Mapping[str, Callable[[Case], str]] = {
    "help": _help_form,
    "explain": _check_form,
    "recheck": _check_form,
    "priority": _priority_form,
    "label": _names_form,
    "unlabel": _names_form,
    "accept": _accept_form,
    "trust": _trust_form,
    "hold": _hold_form,
    "park": _park_form,
    "soak-restart": _soak_form,
}

"""Decides one command line: taken, or refused with the reason. What a decision does, the check says that reads it.

Asked in this order: is there such a command, may agents speak, is it written as it should be, may this account do it,
is it sure whose words these are, is there what it names.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from bot.model import WRITING, CommentText, Decision, Kind, KnownLabels, Snapshot
from bot.policy import named
from bot.text import cut
from handlers.commands.registry import COMMANDS, Role, names_in, nearest
from handlers.facts.description.command_lines import CommandLine
from handlers.judge import FAMILY, NAME, Past, external_judges, spoken_labels

MAX_WHY = 300
MAX_ARGUMENT = 600
MAX_NAMES = 10
SHOWN_FINGERPRINTS = 5
PRIORITIES = ("p0", "p1", "p2", "p3")

UNKNOWN = "there is no such command"
AGENT = "an agent by the policy's list commands nothing"
UNSURE = "the bot didn't see this comment come, so it can't be sure whose words these are; please write it again"
OPERATORS = "only an operator may do that"
WRITERS = "only those who may write to this repository may do that"
NO_RISE = "only an operator may set a priority that isn't higher than the one there is"
OWN = "nobody accepts a finding on what he opened himself; another operator has to look at it"
NO_FINDINGS = "nothing that was found here has this fingerprint; there is nothing to accept"
DECIDES = "only an operator may do that, since somebody decides by this label"

_ONE_NAME = re.compile(r'"([^"]+)"|([^\s"]+)')
_CHECK = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


@dataclass(frozen=True)
class Case:
    """One command line with what it is decided on. `before` are all decisions so far, those of this pass too."""

    snapshot: Snapshot
    labels: KnownLabels
    comment: CommentText
    line: CommandLine
    before: tuple[Decision, ...] = ()

    @cached_property
    def argument(self) -> str:
        """What the command is about; label names stand one a line."""
        return spoken(self.line)[0]

    @cached_property
    def why(self) -> str:
        """The words behind the argument."""
        return spoken(self.line)[1]

    @cached_property
    def role(self) -> Role:
        """What the comment's author is in the repository."""
        return role(self.snapshot, self.comment.author)

    def decided(self, refused: str) -> Decision:
        """Gives the decision on this line."""
        return Decision(
            comment_id=self.comment.id,
            line=self.line.number,
            command=self.line.word,
            argument=self.argument,
            why=self.why,
            by=self.comment.author,
            at=self.comment.created_at,
            refused=refused,
            standing=self.role.name.lower(),
            decided=self.snapshot.taken_at,
        )


def decide(case: Case) -> Decision:
    """Gives what becomes of a command line in a comment that nobody edited."""
    return case.decided(_unknown(case) or _misspelt(case) or _forbidden(case) or _absent(case))


def spoken(line: CommandLine) -> tuple[str, str]:
    """Gives argument and reason of a command line, as decisions keep them; both are cut where they are too long."""
    command = COMMANDS.get(line.word)
    if command is None or command.takes == "nothing":
        return "", cut(line.rest, MAX_WHY)
    if command.takes == "names":
        names = [(match[1] or match[2]).strip("`,") for match in _ONE_NAME.finditer(line.rest)]
        return cut("\n".join(dict.fromkeys(filter(None, names))), MAX_ARGUMENT), ""
    first, *rest = line.rest.split(maxsplit=1) or [""]
    return cut(first.strip("`").removeprefix("/").lower(), MAX_ARGUMENT), cut("".join(rest).strip(), MAX_WHY)


def role(snapshot: Snapshot, login: str) -> Role:
    """Gives what an account is here: by the policy, and by what Forgejo said of it."""
    policy = snapshot.policy
    if named(login, policy.operators or ()):
        return Role.OPERATOR
    writing = [name for name, permission in snapshot.memory.permissions.items() if permission in WRITING]
    return Role.WRITER if named(login, (*policy.writers, *writing)) else Role.ANYONE


def newest(decisions: tuple[Decision, ...], *commands: str) -> Decision | None:
    """Gives the last decision that was taken on some commands, in the order in which comments were written."""
    taken = [one for one in decisions if one.command in commands and not one.refused]
    return max(taken, key=lambda one: (one.comment_id, one.line), default=None)


def _unknown(case: Case) -> str:
    if case.line.word not in COMMANDS:
        near = nearest(case.line.word, COMMANDS)
        return f"{UNKNOWN}; did you mean /{near}?" if near else UNKNOWN
    return AGENT if named(case.comment.author, case.snapshot.policy.agents) else ""


def _misspelt(case: Case) -> str:
    form = _FORMS.get(case.line.word)
    fault = form(case) if form else ""
    return f"{fault}; it is written {COMMANDS[case.line.word].usage}" if fault else ""


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
    if case.line.word == "soak-restart":
        return _untracked(case)
    return _undeclared(case) if COMMANDS[case.line.word].takes == "names" else ""


def _is_decision(case: Case) -> bool:
    names = names_in(case.argument) if COMMANDS[case.line.word].takes == "names" else ()
    return any(case.labels.is_decision(name) for name in names)


def _rises(case: Case) -> bool:
    """Says whether a priority is higher than each that stands: the commanded or else the bot's own, that of a judge of
    the policy's list, and those of labels. Where none is known, any may be lower than what would be found.
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
    found = sorted({leak.fingerprint for leak in seen.leaks} | {gap.fingerprint for gap in seen.gaps})
    if case.argument in found:
        return ""
    more = len(found) - SHOWN_FINGERPRINTS
    rest = f" and {more} more" if more > 0 else ""
    there = ", ".join(found[:SHOWN_FINGERPRINTS])
    return f"nothing that was found here has this fingerprint; there are {there}{rest}" if found else NO_FINDINGS


def _untracked(case: Case) -> str:
    target, soaks = case.snapshot.target, case.snapshot.policy.soaks
    here = [soak.name for soak in soaks if target.kind is Kind.ISSUE and soak.issue == target.number]
    if case.argument in here:
        return ""
    return f"the soaks that are tracked here are {', '.join(here)}" if here else "no soak is tracked here"


def _undeclared(case: Case) -> str:
    known = case.labels.names | frozenset(case.snapshot.inputs.labels)
    missing = next((name for name in names_in(case.argument) if name not in known), None)
    if missing is None:
        return ""
    near = nearest(cut(missing, 60), known)
    shown = f'there is no label "{cut(missing, 60)}"'
    return f'{shown}; did you mean "{near}"?' if near else shown


def _help_form(case: Case) -> str:
    if not case.argument or case.argument in COMMANDS:
        return ""
    near = nearest(cut(case.argument, 40), COMMANDS)
    return f"there is no command of this name; did you mean /{near}?" if near else "there is no command of this name"


def _check_form(case: Case) -> str:
    """Whether there is a check of the name isn't known here: the answer to `/explain` says so where there is none."""
    if not case.argument:
        return "" if case.line.word == "recheck" else "name a check"
    return "" if _CHECK.fullmatch(case.argument) else "that is no name of a check"


def _priority_form(case: Case) -> str:
    return "" if case.argument in PRIORITIES else "the priorities are p0, p1, p2 and p3"


def _soak_form(case: Case) -> str:
    return "" if case.argument else "name the soak"


def _names_form(case: Case) -> str:
    if not case.argument:
        return "name a label"
    if len(names_in(case.argument)) > MAX_NAMES or len(case.argument) == MAX_ARGUMENT:
        return f"at most {MAX_NAMES} labels fit into one line"
    return ""


def _accept_form(case: Case) -> str:
    if not case.argument:
        return "name a fingerprint, as the report shows it"
    return "" if len(case.why) >= 3 else "say why it is harmless"  # noqa: PLR2004 - what the policy asks for, too


_FORMS: Mapping[str, Callable[[Case], str]] = {
    "help": _help_form,
    "explain": _check_form,
    "recheck": _check_form,
    "priority": _priority_form,
    "label": _names_form,
    "unlabel": _names_form,
    "accept": _accept_form,
    "soak-restart": _soak_form,
}

"""The thread of a soak as somebody writes it down in YAML, to see without a server what the check makes of it."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, ValidationError, model_validator

from bot.policy import GatePolicy, Login, Policy, Section, SoakPolicy
from bot.text import YamlFile, YamlFileError

MAX_COMMENTS = 2000


def _aware(at: datetime) -> datetime:
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _moment(value: object) -> object:
    """YAML makes a day of a date that stands alone, and no moment of what it doesn't know."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time())
    if value is None or isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(str(value).strip().removesuffix(" UTC"))
    except ValueError:
        raise ValueError("invalid time; use a format such as 2026-05-14T09:44:00+02:00") from None


def _text(value: object) -> object:
    """YAML makes numbers of what is a name or a text."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _numbered(value: object) -> object:
    return value.strip().lstrip("#!") if isinstance(value, str) else value


def _several(value: object) -> object:
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def _pull(value: object) -> object:
    """A pull request may stand there as nothing but the moment of its merge."""
    if value is None:
        return {}
    return {"merged_at": value} if isinstance(value, str | date) else value


def _mapping(value: object) -> object:
    """Nothing is written in many ways."""
    return {} if value is None or value == [] else value


Moment = Annotated[datetime, BeforeValidator(_moment), AfterValidator(_aware)]
Text = Annotated[str, BeforeValidator(_text)]
Numbered = Annotated[int, BeforeValidator(_numbered), Field(ge=0, le=10**9)]
Names = Annotated[tuple[Annotated[Login, BeforeValidator(_text)], ...], BeforeValidator(_several)]
Numbers = Annotated[tuple[Numbered, ...], BeforeValidator(_several)]


class Told(Section):
    """A part of a story: what is null in it isn't told."""

    @model_validator(mode="before")
    @classmethod
    def _told(cls, data: Any) -> Any:
        return without_nulls(data)


def without_nulls(data: Any) -> Any:
    """Gives a mapping without what is null in it, and anything else as it is."""
    return {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data


class Issue(Told):
    """The tracking issue."""

    repo: Text = "simulated/thread"
    number: Numbered = 1
    title: Text = ""
    author: Text = ""
    body: Text = ""


class Comment(Told):
    """One comment. One that was edited has the text that it has now."""

    author: Text
    at: Moment
    body: Text = ""
    edited_at: Moment | None = None


class Pull(Told):
    """A pull request that the soak waits for: open, where no time of its merge is told."""

    merged_at: Moment | None = None


class Run(Told):
    """A run as Forgejo would tell it."""

    number: Numbered
    id: Numbered = Field(default=0, validation_alias=AliasChoices("id", "api_id"))
    workflow: Text = ""
    status: Text = "success"
    commit: Text = ""
    started_at: Moment | None = None
    url: Text = ""


class Story(Told):
    """A thread with all that Forgejo would be asked of: `commits` are on the default branch, each with the pull
    requests that it has; one that isn't listed is elsewhere.
    """

    soak: SoakPolicy
    operators: Names = ()
    writers: Names = ()
    agents: Names = ()
    gates: Annotated[tuple[GatePolicy, ...], BeforeValidator(_several)] = ()
    issue: Issue = Issue()
    comments: Annotated[tuple[Comment, ...], BeforeValidator(_several), Field(max_length=MAX_COMMENTS)] = ()
    pulls: Annotated[dict[Numbered, Annotated[Pull, BeforeValidator(_pull)]], BeforeValidator(_mapping)] = Field(
        default_factory=dict
    )
    commits: Annotated[dict[Text, Numbers], BeforeValidator(_mapping)] = Field(default_factory=dict)
    runs: Annotated[tuple[Run, ...], BeforeValidator(_several)] = ()
    now: Moment | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_issue(cls, data: Any) -> Any:
        """The soak's issue is the thread's, and needn't stand there twice."""
        if not isinstance(data, dict) or not isinstance(data.get("soak"), dict):
            return data
        issue: dict[str, Any] = data["issue"] if isinstance(data.get("issue"), dict) else {}
        number = data["soak"].get("issue") or issue.get("number") or 1
        soak = {"issue": number} | without_nulls(data["soak"])
        return data | {"soak": soak, "issue": {"number": number} | issue}

    @property
    def policy(self) -> Policy:
        """Gives the policy that holds for the thread. Raises ValidationError where its parts don't fit together."""
        return Policy(
            operators=self.operators, agents=self.agents, writers=self.writers, gates=self.gates, soaks=(self.soak,)
        )

    @property
    def everybody(self) -> bool:
        """Says whether nothing tells whose evidence counts, so that everybody's does."""
        return not self.soak.evidence_from and not self.writers

    @property
    def end(self) -> datetime:
        """Gives the moment of the last look: `now`, but no comment is left out; without it, all that is told was."""
        told = [one.at for one in self.comments]
        if self.now is None:
            told += [at for one in self.comments if (at := one.edited_at)]
            told += [at for one in self.pulls.values() if (at := one.merged_at)]
            told += [at for one in self.runs if (at := one.started_at)]
        return max([*told, *([self.now] if self.now else [])], default=datetime.now(UTC))

    @property
    def in_order(self) -> tuple[Comment, ...]:
        """Gives the comments in the order of time, which is the server's."""
        return tuple(sorted(self.comments, key=lambda one: one.at))


def read_story(text: str, path: str) -> Story:
    """Gives the story that a YAML text tells. Raises YamlFileError with a line for each mistake."""
    file = YamlFile(text, path)
    story = file.read(Story, _keys())
    soak, issue = story.soak.issue, story.issue.number
    if soak != issue:
        place = f"{path}:{file.line_of('issue', 'number')}"
        raise YamlFileError([f"{place}: `soak.issue` is {soak} and `issue.number` is {issue}; remove one of them"])
    try:
        _ = story.policy
    except ValidationError as fault:
        told = [error["msg"].removeprefix("Value error, ") for error in fault.errors(include_url=False)]
        raise YamlFileError([f"{path}: {one}" for one in told]) from None
    return story


def _keys() -> list[str]:
    models: tuple[type[Section], ...] = (Story, Issue, Comment, Pull, Run, SoakPolicy, GatePolicy)
    return [name for model in models for name in model.model_fields]

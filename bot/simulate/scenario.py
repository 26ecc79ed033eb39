"""The scenario of a simulated soak: a thread written in YAML, to try the check without a server."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, model_validator

from bot.policy import GatePolicy, Login, Policy, Section, SoakPolicy, mistakes
from bot.text import YamlFile, YamlFileError

MAX_COMMENTS = 2000


def _aware(at: datetime) -> datetime:
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _moment(value: object) -> object:
    """Return a time for a YAML value: YAML reads a date alone as a day, and other forms as text."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time())
    if value is None or isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(str(value).strip().removesuffix(" UTC"))
    except ValueError:
        raise ValueError("invalid time; expected a form such as 2026-05-14T09:44:00+02:00") from None


def _text(value: object) -> object:
    """Return a number as text: YAML reads some names and texts as numbers."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _numbered(value: object) -> object:
    return value.strip().lstrip("#!") if isinstance(value, str) else value


def _several(value: object) -> object:
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def _pull(value: object) -> object:
    """Return the mapping of a pull request, which may be written as only the time of its merge."""
    if value is None:
        return {}
    return {"merged_at": value} if isinstance(value, str | date) else value


def _mapping(value: object) -> object:
    """Return an empty mapping for null and for an empty list."""
    return {} if value is None or value == [] else value


Moment = Annotated[datetime, BeforeValidator(_moment), AfterValidator(_aware)]
Text = Annotated[str, BeforeValidator(_text)]
Numbered = Annotated[int, BeforeValidator(_numbered), Field(ge=0, le=10**9)]
Names = Annotated[tuple[Annotated[Login, BeforeValidator(_text)], ...], BeforeValidator(_several)]
Numbers = Annotated[tuple[Numbered, ...], BeforeValidator(_several)]


class Part(Section):
    """A part of a story; null values in it are treated as absent."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        return without_nulls(data)


def without_nulls(data: Any) -> Any:
    """Return a mapping without its null values, and any other value unchanged."""
    return {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data


class Issue(Part):
    """The tracking issue."""

    repo: Text = "simulated/thread"
    number: Numbered = 1
    title: Text = ""
    author: Text = ""
    body: Text = ""


class Comment(Part):
    """One comment. The text of an edited comment is the one after the edit."""

    author: Text
    at: Moment
    body: Text = ""
    edited_at: Moment | None = None


class Pull(Part):
    """A pull request that the soak waits for; open if it has no time of a merge."""

    merged_at: Moment | None = None


class Run(Part):
    """A run as Forgejo would report it."""

    number: Numbered
    id: Numbered = Field(default=0, validation_alias=AliasChoices("id", "api_id"))
    workflow: Text = ""
    status: Text = "success"
    commit: Text = ""
    started_at: Moment | None = None
    url: Text = ""


class Story(Part):
    """A thread with all data that Forgejo would report. `commits` are on the default branch, each with the pull
    requests that it contains; a commit that is not listed is not on the branch.
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
        """Return the data with the issue's number in both places: it may be written only once."""
        if not isinstance(data, dict) or not isinstance(data.get("soak"), dict):
            return data
        issue: dict[str, Any] = data["issue"] if isinstance(data.get("issue"), dict) else {}
        number = data["soak"].get("issue") or issue.get("number") or 1
        soak = {"issue": number} | without_nulls(data["soak"])
        return data | {"soak": soak, "issue": {"number": number} | issue}

    @property
    def policy(self) -> Policy:
        """The policy for the thread."""
        return Policy(
            operators=self.operators, agents=self.agents, writers=self.writers, gates=self.gates, soaks=(self.soak,)
        )

    @property
    def everybody(self) -> bool:
        """Whether everybody's evidence counts, because the story does not name accounts for it."""
        return not self.soak.evidence_from and not self.writers

    @property
    def end(self) -> datetime:
        """The time of the last step: `now`, or the last comment if that is later; without `now`, the latest time in the
        story.
        """
        times = [one.at for one in self.comments]
        if self.now is None:
            times += [at for one in self.comments if (at := one.edited_at)]
            times += [at for one in self.pulls.values() if (at := one.merged_at)]
            times += [at for one in self.runs if (at := one.started_at)]
        return max([*times, *([self.now] if self.now else [])], default=datetime.now(UTC))

    @property
    def in_order(self) -> tuple[Comment, ...]:
        """The comments in the order of their times, as on a server."""
        return tuple(sorted(self.comments, key=lambda one: one.at))


def read_story(text: str, path: str) -> Story:
    """Return the story in a YAML text. Raises YamlFileError with one line for each mistake."""
    file = YamlFile(text, path)
    story = file.read(Story, _keys())
    soak, issue = story.soak.issue, story.issue.number
    if soak != issue:
        place = f"{path}:{file.line_of('issue', 'number')}"
        raise YamlFileError([f"{place}: `soak.issue` is {soak}, but `issue.number` is {issue}; remove one of them"])
    found = [
        f"{path}:{file.line_of(*_in_story(at))}: `{'.'.join(map(str, _in_story(at)))}`: {told}"
        for at, told in mistakes(story.policy)
    ]
    if found:
        raise YamlFileError(found)
    return story


def _in_story(at: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Return the keys in a story of a setting in the policy: a story has one soak."""
    return ("soak", *at[2:]) if at[0] == "soaks" else at


def _keys() -> list[str]:
    models: tuple[type[Section], ...] = (Story, Issue, Comment, Pull, Run, SoakPolicy, GatePolicy)
    return [name for model in models for name in model.model_fields]

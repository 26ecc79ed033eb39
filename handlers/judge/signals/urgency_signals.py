"""Signals from the words of title and description: reasons to wait, urgency, reach, vagueness, and operator matters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from handlers.judge.signals.blocking_signals import DATA, asked, awaited, beyond_me, ends, names_expiring, only_his
from handlers.judge.signals.exposure_signals import exposure
from handlers.language import lexicon
from handlers.language.clauses import led, segments, spoken, texts
from handlers.language.forms import singular
from handlers.language.text import UNSAID
from handlers.language.words import Line, Part, Word, word_set


def _phrases(listed: str) -> tuple[str, ...]:
    return tuple(f" {one.strip()} " for one in listed.split(","))


PARK = _phrases(
    "someday,some day,one day,nice to have,parked,park this,park it,on ice,icebox,no rush,no hurry,"
    "when there is time,when we have time,when somebody has time,when someone has time,if we have time,"
    "maybe later,some time later,deferred,postponed,on hold,can wait,wishlist,wish list,far future,not now,"
    "low priority,in the long run,not urgent,no plans to,at some point,eventually,no deadline,not needed now,"
    "not before,next season,next year,later this year,some other time,in a year"
)
NO_OWNER = _phrases(
    "no owner,nobody owns,no one owns,without an owner,has no owner,nobody has time,no one has time,unowned"
)
OUTAGE = _phrases(
    "outage,is down,are down,went down,down since,is offline,are offline,is unreachable,are unreachable,"
    "is unavailable,not reachable,service disruption"
)
DATA_LOSS = _phrases(
    "data loss,lost data,loses data,lose data,losing data,data is lost,data was lost,data are lost,corrupts,"
    "corrupted,data corruption,silently deletes,silently drops,silently loses,are lost,is lost,overwrites the"
)
SECURITY = _phrases(
    "vulnerability,vulnerable,vulnerabilities,cve,exploit,exploitable,xss,rce,sql injection,command injection,"
    "path traversal,privilege escalation,security hole,auth bypass,authentication bypass,remote code execution,"
    "bypasses authentication,without authentication,open redirect,ssrf,anyone can read,shell injection"
)
EVERYBODY = _phrases(
    "everyone,everybody,all users,all agents,all customers,every user,every agent,customers,every repository,"
    "all repositories,the whole organisation,the whole organization,org wide,all teams,every pull request,"
    "all clients"
)
PIPELINE = _phrases(
    "release,releases,pipeline,ci,runner,runners,publish,publishes,main branch,build lane,docker publish,"
    "merge queue,every build,deploys,all builds"
)
DEADLINE = _phrases(
    "deadline,by friday,by monday,by tomorrow,by end of,before friday,before monday,end of the week,"
    "end of this week,today,tomorrow,this week,asap,urgent,urgently,immediately,at once,as soon as possible,"
    "right now"
)
VAGUE = word_set(
    "better improve improved improvement improvements nicer somehow stuff things thing maybe perhaps "
    "something modern modernise modernize cleaner robust weird sometimes faster smarter misc various tbd "
    "whatever great bad ugly rework overhaul tidy thoughts idea ideas musings sluggish unclear unsure "
    "lying secure safer discussed"
)
"""Vague words: a text with too many of them does not say what is meant."""
ROOM = 25
"""Words of a text for each vague word that it may contain."""
USERS = word_set("user users customer customers everyone everybody nobody people colleagues team teams agents clients")
CANNOT = word_set("cannot cant unable locked")
OUTSIDE = word_set(
    "upstream vendor provider supplier hoster customer partner registrar external maintainers library support "
    "manufacturer lawyer bank authority"
)
WAITS = word_set("blocked waiting waits wait depends pending until")
_SPOKEN = {
    "park-phrase": PARK,
    "no-owner": NO_OWNER,
    "outage": OUTAGE,
    "data-loss": DATA_LOSS,
    "security": SECURITY,
    "everybody": EVERYBODY,
    "pipeline": PIPELINE,
    "deadline": DEADLINE,
}
_LOST = {" is lost ", " are lost "}
_MADE = {"outage", "data-loss", "park-phrase"}
_DENIABLE = {"park-phrase", "outage", "data-loss", "security", "deadline"}


@dataclass(frozen=True)
class Reading:
    """The input: the title, the lines of the description, and the operators' names."""

    title: Line
    lines: tuple[Line, ...]
    code: bool
    operators: frozenset[str]
    pull: bool = False


def word_signals(reading: Reading) -> Iterator[tuple[str, Line]]:
    """Return the signals of all words, each with its line."""
    lines = [line for line in (reading.title, *reading.lines) if len(line.words) > 1]
    expiring = not reading.code and names_expiring(reading.title)
    for line in lines:
        code = reading.code
        if expiring and line.part not in {Part.ASIDE, Part.STEPS, Part.EXPECTED} and ends(line):
            yield "runs-out", line
        yield from ((name, line) for name in asked(line, code=code))
        yield from ((name, line) for name in exposure(line, code=code))
        if line.form == "title" and code:
            continue
        if awaited(line, code=code, operators=reading.operators):
            yield "gate-phrase", line
        if beyond_me(line) or (not code and only_his(line, operators=reading.operators)):
            yield "operator-acts", line
    for line in lines:
        if line.part not in {Part.ASIDE, Part.STEPS} and line.form not in {"heading", *UNSAID}:
            # A pull request tells what it changes: an outage in it is one that it prevents, or a sample text.
            silent = _MADE if reading.pull and reading.code else set[str]()
            yield from ((name, line) for name in _said(line) if name not in silent)


def vague(lines: Sequence[Line]) -> bool:
    """Return whether too large a part of the words is vague."""
    text = [word.text for line in lines for word in line.words if word.text[0].isalnum()]
    loose = sum(word in VAGUE for word in text)
    return len(text) < ROOM * loose


def _speaks(segment: Sequence[Word], text: str, name: str) -> bool:
    """Return whether a clause contains a phrase of a signal, neither denied nor as a feature to be built."""
    place = next((text.index(phrase) for phrase in _SPOKEN[name] if phrase in text), -1)
    denied = name in _DENIABLE and set(text[: max(place, 0)].split()) & lexicon.DENIALS
    if name == "data-loss" and any(phrase in text for phrase in _LOST) and not _of_data(segment):
        return False
    making = name in _MADE and led(segment) in lexicon.MAKING - {"fix"}
    return place >= 0 and not denied and not making


def _of_data(segment: Sequence[Word]) -> bool:
    return bool(DATA & {singular(word.text) for word in segment})


def _said(line: Line) -> Iterator[str]:
    for segment in segments(line.words):
        text = spoken(segment)
        yield from (name for name in _SPOKEN if _speaks(segment, text, name))
        said = texts(segment)
        if said & USERS and (said & CANNOT or " not able to " in text or " no longer " in text):
            yield "users-stopped"
        if said & WAITS and said & OUTSIDE and not said & lexicon.DENIALS:
            yield "waits-outside"

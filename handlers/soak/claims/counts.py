"""Finds claims made by numbers and nouns: enough runs, the day of a soak, a recorded start."""

from collections.abc import Iterator

from handlers.language.words import word_set
from handlers.soak.claims import lexicon as said
from handlers.soak.claims import phrases
from handlers.soak.claims.grammar import Predicate, Tense
from handlers.soak.claims.lexicon import Stage
from handlers.soak.claims.subjects import Context, Thing, thing
from handlers.soak.claims.tokenize import DATE, GOOD, Segment

_SPANS = word_set("day days hours hour weeks week h d")
_ALL = word_set("all every both")
_REQUIRED = word_set("required requisite necessary agreed mandatory as~required needed requires asks demands")
_GOOD_BEFORE = word_set("green successful passing passed completed finished collected")
_FINISHED = word_set("complete completed done finished")
_LAST = word_set("last final")
_ONES = tuple((word,) for word in ("one", "of", *said.RUNS))
_BEFORE_DAY = said.BE | said.SOAKS | word_set("on in now at currently into window period entering phase marks status")
_IN_DAY = tuple((word, its) for word in ("in", "on", "entered", "reached") for its in ("its", "the"))
_GOES = word_set("went gone moved put entered came")
_RECORDERS = word_set("this it that which entry commit pr change")


def counted(words: tuple[str, ...], around: Context, unit: frozenset[str]) -> Iterator[tuple[Stage, Predicate]]:
    """Return the claims of a clause by numbers and nouns, with their places. `unit` are the sentence's words."""
    for at, word in enumerate(words):
        if _ratio(words, at, around, unit) or _runs(words, at, around, unit) or _was_last(words, at, around, unit):
            yield "threshold", _point(words, at)
        elif around.soak and (_day(words, at) or _soaking(words, at, around)):
            yield "started", _point(words, at)
        elif word == GOOD and unit.isdisjoint(said.COMPLETE_SAID | said.START_SAID | said.GONE | said.STARTS):
            ticked = _ticked(words[:at], around)
            if ticked:
                yield ticked, _point(words, at)
        elif word == "no~longer" or word in {"anymore", "left", "remains"}:
            if _absent(words, at, around):
                yield "removed", _point(words, at, all_of_it=False)
        else:
            yield from _recorded(words, at, around)


def partial(words: tuple[str, ...]) -> bool:
    """Return whether a count is below what is required."""
    return any(len(set(word.split("/"))) > 1 for word in words if _is_ratio(word))


def undone(segment: Segment) -> bool:
    """Return whether a clause says that its runs or days do not count, or are still missing."""
    words = segment.words
    return any(word in said.UNDONE and not _was_needed(words, at) for at, word in enumerate(words))


def _was_needed(words: tuple[str, ...], at: int) -> bool:
    """`The last smoke we needed`."""
    return words[at] in {"needed", "necessary"} and (words[at - 1] in said.AGENTS or not _LAST.isdisjoint(words[:at]))


def _is_ratio(word: str) -> bool:
    return "/" in word and word.replace("/", "").isdecimal()


def _ratio(words: tuple[str, ...], at: int, around: Context, unit: frozenset[str]) -> bool:
    word = words[at]
    left, _, right = word.partition("/")
    if not _is_ratio(word) or left != right or left == "0" or _only_needed(words):
        return False
    spans = words[at + 1 : at + 2] and words[at + 1] in _SPANS
    if spans or (at and words[at - 1] in _SPANS | {"step", "part", "section", "phase", "page", "file"}):
        return False
    if words[at + 1 : at + 2] and words[at + 1] in {"tests", "test", "checks", "files"} and not around.runs:
        return False
    runs = not unit.isdisjoint(said.RUNS - {"tests", "test"})
    audited = not unit.isdisjoint(said.AUDITS | said.THRESHOLDS)
    good = not unit.isdisjoint({"green", "passed", "successful", "succeeded", GOOD, "required", "consecutive", "path"})
    reached = at > 0 and words[at - 1] in {"hit", "reached"}
    return around.runs or reached or (runs and (around.soak or good)) or (good and (audited or around.soak))


def _runs(words: tuple[str, ...], at: int, around: Context, unit: frozenset[str]) -> bool:
    """`All three required smokes have passed`; `three consecutive green runs, as required`; `the last smoke passed`."""
    if words[at] not in said.RUNS - {"green"} or partial(words) or words[at + 1 : at + 2] == ("criteria",):
        return False
    before, after = words[max(0, at - 9) : at], words[at + 1 :]
    good = not said.PASSED.isdisjoint(after) or not _GOOD_BEFORE.isdisjoint(before)
    all_of_them = not {"its", "all"}.isdisjoint(before) or ("the" in before and not _REQUIRED.isdisjoint(before))
    good = good or (
        all_of_them and not {"has", "got", "have"}.isdisjoint(before) and "to" not in (*before[-1:], *after)
    )
    if not good or "only" in before or _wished(after):
        return False
    number = any(word in phrases.NUMBERS or word.isdecimal() or _is_ratio(word) for word in before)
    required = not _REQUIRED.isdisjoint(unit)
    every = not _ALL.isdisjoint((*before, *after[:3])) or "its" in before
    every = every and (required or number or around.soak or words[at] in {"smoke", "smokes"})
    every = every and (around.soak or around.runs or required)
    smoke = around.runs or (around.soak and not around.runs)
    last = any(word in _LAST and _of_runs(words, place + 1) for place, word in enumerate(words[:at]))
    finished = around.runs and words[at].endswith("s") and not _FINISHED.isdisjoint(after[:3])
    return every or finished or (required and number and not _only_needed(words)) or (last and smoke and at > 0)


def _wished(after: tuple[str, ...]) -> bool:
    """`All required smokes must be green`."""
    passed = next((at for at, word in enumerate(after) if word in said.PASSED), 0)
    return not said.MODALS.isdisjoint(after[:passed])


def _was_last(words: tuple[str, ...], at: int, around: Context, unit: frozenset[str]) -> bool:
    """`Run 77 was the last one needed for the threshold`."""
    if words[at] not in _LAST or not (around.soak or around.runs) or words[at + 1 : at + 2] not in _ONES:
        return False
    stated = not {"was", "is", "makes", "made", "became"}.isdisjoint(words[max(0, at - 4) : at])
    meant = unit if words[0] in said.PRONOUNS else (*words[:at], *words[at + 1 : at + 2])
    runs = not said.RUNS.isdisjoint(meant)
    return stated and runs and not _REQUIRED.isdisjoint(words[at + 1 :]) and unit.isdisjoint(said.FAILED)


def _of_runs(words: tuple[str, ...], at: int) -> bool:
    after = words[at] if at < len(words) else ""
    return after in said.RUNS | _REQUIRED or after in {"of", "one"} or after in phrases.NUMBERS


def _only_needed(words: tuple[str, ...]) -> bool:
    return any(words[at] in {"is", "are"} and words[at + 1] in _REQUIRED for at in range(len(words) - 1))


def _day(words: tuple[str, ...], at: int) -> bool:
    word, after = words[at], words[at + 1] if at + 1 < len(words) else ""
    number = after in phrases.NUMBERS or after.isdecimal() or _is_ratio(after)
    if word == "day" and number:
        return at == 0 or words[at - 1] in _BEFORE_DAY
    if word == "day" and at and words[at - 1] in phrases.ORDINALS:
        return words[max(0, at - 3) : at - 1] in _IN_DAY or (
            words[at + 1 : at + 2] == ("of",) and not said.SOAKS.isdisjoint(words[at + 2 :])
        )
    if word == "days":
        into = after == "into" and not said.SOAKS.isdisjoint(words[at:])
        return into or (at > 0 and _is_ratio(words[at - 1]))
    return False


def _soaking(words: tuple[str, ...], at: int, around: Context) -> bool:
    """`We are now soaking the new path`; `currently in soak`."""
    before = words[at - 1] if at else ""
    state = before in said.BE | {"now", "currently", "still", "remains", "already", "status"}
    if words[at] == "soak" and before == "to":
        return at > 1 and words[at - 2] in {"begun", "began", "started"}
    if words[at] == "soaking":
        return (
            state
            or len(words) == 1
            or (at == 0 and words[1:2] in (("since",), ("for",), ("on",), ("until",), ("now",)))
        )
    goes = before in _GOES or (words[at] == "under" and before in {"run", "runs", "running"})
    goes = goes or (at == 0 and "since" in words)
    return words[at] in {"in", "into", "under"} and (state or goes) and thing(words[at + 1 :], around) is Thing.SOAK


def _ticked(words: tuple[str, ...], around: Context) -> Stage | None:
    """`Soak: ✅`."""
    of = thing(words, around) if words else None
    if of is Thing.THRESHOLD:
        return "threshold"
    return "complete" if of in {Thing.SOAK, Thing.AUDIT} else None


def _absent(words: tuple[str, ...], at: int, around: Context) -> bool:
    """`PLATFORM_TOKEN no longer exists`; `there is no fallback any more`; `nothing is left of the fallback`."""
    word, before, after = words[at], words[:at], words[at + 1 :]
    if word == "no~longer":
        there = before[-2:] in (("there", "is"), ("there", "are"), ("there", "s"))
        exists = there or (after[0] in said.EXISTS if after else before[-1:] in (("is",), ("are",)))
        subject = [said_word for said_word in before if said_word not in said.AUXILIARY]
        of = thing(after if there else after[1:], around)
        return exists and Thing.OLD in {of, thing(subject, around) if subject else None}
    if word in {"left", "remains"} and "nothing" in before:
        return thing(after, around) is Thing.OLD
    start = next(
        (
            place
            for place, one in enumerate(before)
            if one in {"no", "not", "doesnt", "dont", "isnt", "arent", "hasnt", "havent"}
        ),
        None,
    )
    if start is None:
        return False
    named = [one for one in before[start + 1 :] if one not in said.AUXILIARY | said.EXISTS or one == "part"]
    exists = before[start] == "no" or not said.EXISTS.isdisjoint(before[start + 1 :])
    subject = [one for one in before[:start] if one not in said.AUXILIARY]
    return exists and Thing.OLD in {
        thing(named, around) if named else None,
        thing(subject, around) if subject else None,
    }


def _recorded(words: tuple[str, ...], at: int, around: Context) -> Iterator[tuple[Stage, Predicate]]:
    """`Record soak start`; `this marks the start of the soak`; `record the removal of the fallback`."""
    word = words[at]
    kinds = ((said.STARTS, "started"), (said.ENDS, "complete"), (said.REMOVALS, "removed"))
    stage: Stage | None = next((stage for nouns, stage in kinds if word in nouns), None)  # type: ignore[misc]
    by = next((place for place, one in enumerate(words[:at]) if one in said.RECORDS), None)
    if stage is None or by is None:
        return
    third = words[by].endswith("s") and words[by] != "status" and by > 0 and words[by - 1] not in _RECORDERS
    after = words[at + 1 : at + 2]
    wanted = Thing.OLD if stage == "removed" else Thing.SOAK
    of = thing(words[at + 2 :], around) if after == ("of",) else thing(words[by + 1 : at], around)
    ends = not after or after[0] in said.PREPOSITIONS or after[0] in said.PERIODS or after[0] in {DATE, GOOD}
    if of is wanted and ends and not third:
        yield stage, _point(words, at)


def _point(words: tuple[str, ...], at: int, *, all_of_it: bool = True) -> Predicate:
    """Return a place in a clause as a predicate without a subject; denials before it only count with `all_of_it`."""
    kept = words if all_of_it else tuple("" if word in said.DENIALS else word for word in words)
    return Predicate(kept, at, 0, 0, tense=Tense.PRESENT, counted=all_of_it)

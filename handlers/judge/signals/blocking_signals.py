"""Signals of work that waits for approval, that only the operator can do, that leaked or that expires."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from handlers.judge.signals.operator_matters import matters
from handlers.language import lexicon
from handlers.language.clauses import led, segments, spoken, texts
from handlers.language.forms import singular
from handlers.language.lexicon import Matter
from handlers.language.words import Line, Part, Word, word_set

BY_HAND = tuple(
    f" {phrase} "
    for phrase in [
        "needs physical access",
        "press the button on",
        "in person",
        "physically",
        "only he can",
        "with his own account",
        "with his own card",
        "by hand in the console",
    ]
)
WAITING = tuple(
    f" {phrase} "
    for phrase in (
        *(
            "nobody said yes",
            "no one said yes",
            "waits for a yes",
            "wait for a yes",
            "waiting for a yes",
            "needs a yes",
        ),
        *("i stop here", "waiting for approval", "awaiting approval", "waits for approval", "waiting for a decision"),
        *("nobody has decided", "nobody decided", "no one has decided"),
    )
)
APPROVAL = word_set(
    "approval approve approves signoff consent decision decide decides checkpoint goahead blessing agreement ok"
)
OWNERS = word_set("operator operators owner owners human management legal finance ceo cto boss board")
NEEDS = word_set(
    "needs need requires require required without awaiting awaits waiting waits wait until unless pending only "
    "must before after has gated needed subject first"
)
AGENTS = word_set("agent agents bot bots codex hermes patchwarden iskra")
LACKS = word_set("cannot cant dont lack lacks no not without none")
MEANS = word_set("account accounts right rights access permission permissions credentials card phone signature")
RIGHTS = word_set("right rights permission permissions")
ENTRY = word_set("account accounts access login signin console admin")
PUBLIC = word_set("public publicly internet everyone everybody anyone world")
SHOWN = word_set("printed visible readable shown logged stands indexed listed attached sent mailed")
LEAKED = word_set("leaked exposed compromised committed pushed posted pasted published stolen disclosed")
LEAKABLE = word_set("token pat password credential credentials passphrase secret key certificate")
EXPIRES = word_set("expires expire expired expiring expiry lapses lapse ends valid left dies renewal renew")
DURING = word_set("after every each per within minute minutes hour hours second seconds instead")
"""Words that mark a time as a lifetime set by a program."""
EXPIRING = LEAKABLE | word_set("cert domain contract subscription licence license trial")
DATES = word_set(
    "next tomorrow monday tuesday wednesday thursday friday saturday sunday january february march april may "
    "june july august september october november december day days week weeks month months year today tonight "
    "weekend"
)
BRIEF = 30
"""Maximum words of a line in which a thing and its end are taken to belong together."""
YEAR = 4
CHOOSE = word_set("decide decides decided choose chooses decision choice")
DATA = word_set(
    "data row record entry customer address backup copy photo file order account archive mail recording duplicate "
    "user volume dump"
)
_SHAPES = word_set("structure model format type class source science flow frame")
HOST_RIGHTS = word_set("root sudo superuser")
_NEEDING = word_set("need needs require requires required takes lack lacks without only with")
_AFTER_RIGHTS = lexicon.PREPOSITIONS | lexicon.JOINTS | word_set("access rights login shell there")
_DOUBT = word_set("whether could would can test tests example fake scanner detects detect finding")
_SHOWS = word_set("contains contained includes printed prints")
_READ_IN = word_set(
    "log logs repository repo history image artifact artefact notebook output commit commits build issue chat "
    "screenshot branch gist paste wiki"
)
"""Places from which others can read a secret."""
LIVELY = word_set("works valid active accepted usable working")
_ENDED = word_set("ended landed found contained left lies sits went sitting lying appears appeared")
_BECAME = word_set("may might was were is are has have been got being accidentally")
_SOMEBODY = word_set("i we somebody someone")
_MUST = word_set("must has needs decides")


def asked(line: Line, *, code: bool) -> Iterator[str]:
    """Return the signals of the operator matters that a line asks for."""
    for matter in sorted(matters(line, code=code)):
        yield f"asks-{matter.value}"
    if code or line.part in {Part.STEPS, Part.EXPECTED} or line.form == "heading":
        return
    for segment in segments(line.words):
        if led(segment) not in lexicon.MAKING and not texts(segment) & (lexicon.CONDITIONS | _DOUBT):
            yield from ["leak-told"] if _leaked(segment) else []
    yield from ["runs-out"] if _runs_out(line) else []


def names_expiring(title: Line) -> bool:
    """Return whether a title names a credential or contract itself, so that a date in the description is its end."""
    return led(title.words) not in lexicon.MAKING and _expiring(title.words)


def ends(line: Line) -> bool:
    """Return whether a line states the day on which something ends."""
    said = texts(line.words)
    if said & (DURING | _DOUBT | lexicon.CONDITIONS - {"until"}):
        return False
    dated = said & DATES or any(text.isdecimal() and len(text) == YEAR for text in said)
    row = [word.text for word in line.words]
    for place, text in enumerate(row):
        over = text in EXPIRES or (text in {"run", "runs"} and row[place + 1 : place + 2] == ["out"])
        if over and not lexicon.DENIALS & set(row[max(0, place - 3) : place]):
            return bool(dated)
    return False


def awaited(line: Line, *, code: bool, operators: frozenset[str]) -> bool:
    """Return whether a line says that an owner's approval is required first; a program's behaviour does not count."""
    if line.part in {Part.STEPS, Part.EXPECTED}:
        return False
    said = spoken(line.words)
    if not code and any(phrase in said for phrase in WAITING):
        return True
    return any(_gated(segment, code=code, operators=operators) for segment in segments(line.words))


def only_his(line: Line, *, operators: frozenset[str]) -> bool:
    """Return whether a line says that only the operator can do it."""
    if line.part in {Part.STEPS, Part.EXPECTED}:
        return False
    parts = list(segments(line.words))
    return any(_his(part, operators) or _beyond_agents(part) or _chosen(part) for part in parts)


def beyond_me(line: Line) -> bool:
    """Return whether a line says that its author has no access: no program says that of itself."""
    if line.part in {Part.STEPS, Part.EXPECTED}:
        return False
    return any({"i", "we"} & texts(part) and _beyond_agents(part) for part in segments(line.words))


def _leaked(segment: Sequence[Word]) -> bool:
    """`The deploy token was pasted …`: the thing, then its fate, with only an auxiliary verb between."""
    said = texts(segment)
    if said & {"customer", "customers", "personal"} and said & LEAKED:
        return True
    if not said & lexicon.DENIALS and (_still_works(segment, said) or _readable(segment, said)):
        return True
    became = LEAKED | SHOWN if said & (PUBLIC | _READ_IN) else LEAKED
    return any(word.text in became and not word.name and _befell(segment, place) for place, word in enumerate(segment))


def _befell(segment: Sequence[Word], place: int) -> bool:
    """Return whether the word at a place tells the fate of a secret before it, or of one that somebody gave away."""
    before = place - 1
    while before >= 0 and segment[before].text in _BECAME:
        before -= 1
    subject = segment[before].text if before >= 0 else ""
    if subject in _SOMEBODY and any(singular(one.text) in LEAKABLE for one in segment[place + 1 : place + 8]):
        return True
    return singular(subject) in LEAKABLE and (before < place - 1 or before > 0)


def _still_works(segment: Sequence[Word], said: AbstractSet[str]) -> bool:
    """`The key still works`: said of a secret that should not."""
    return "still" in said and bool(said & LIVELY) and any(singular(word.text) in LEAKABLE for word in segment)


def _readable(segment: Sequence[Word], said: AbstractSet[str]) -> bool:
    """`The log contains the access key`, `the password ended up in the history`: a secret where others can read it."""
    if not said & (PUBLIC | _READ_IN):
        return False
    row = [singular(word.text) for word in segment]
    shows = next((place for place, word in enumerate(segment) if word.text in _SHOWS), len(row))
    ended = next((place for place, word in enumerate(segment) if word.text in _ENDED), 0)
    return bool(set(row[shows + 1 :]) & (LEAKABLE - {"secret"}) or set(row[:ended]) & LEAKABLE)


def _runs_out(line: Line) -> bool:
    """`The wildcard certificate expires on 3 May`: the thing, its end and the day in one short line."""
    if "pdf" in texts(line.words):
        return False
    return line.size <= BRIEF and led(line.words) not in lexicon.MAKING and ends(line) and _expiring(line.words)


def _expiring(words: Sequence[Word]) -> bool:
    """Return whether words name a credential or contract itself, and not a part of a program."""
    for place, word in enumerate(words):
        if singular(word.text) in EXPIRING and not word.name:
            before = {singular(one.text) for one in words[:place] if not one.name}
            after = words[place + 1].text if place + 1 < len(words) else ""
            if not before & lexicon.SOFT[Matter.CREDENTIAL] and singular(after) not in lexicon.SOFTWARE:
                return True
    return False


def _unparted(segment: Sequence[Word], place: int) -> bool:
    """Return whether the word means rights over a host, and not something like `root element`."""
    after = segment[place + 1].text if place + 1 < len(segment) else ""
    return segment[place].text in HOST_RIGHTS and (not after or after in _AFTER_RIGHTS)


def _gated(segment: Sequence[Word], *, code: bool, operators: frozenset[str]) -> bool:
    text = texts(segment)
    approvals = text & APPROVAL or ("approved" in text and "be" in text)
    who = text & operators or (not code and text & OWNERS)
    if not (approvals and text & NEEDS and who) or led(segment) in lexicon.MAKING:
        return False
    if text & {"no", "not", "doesnt", "isnt", "dont", "never"}:
        return bool(text & {"without", "until", "unless", "before"})
    return True


def _his(segment: Sequence[Word], operators: frozenset[str]) -> bool:
    """`The operator has to …`: the operator is the one who must act."""
    said = texts(segment)
    plain = spoken(segment)
    if any(phrase in plain for phrase in BY_HAND):
        return True
    if led(segment) in lexicon.MAKING or said & (lexicon.DENIALS | lexicon.CONDITIONS):
        return False
    for place, word in enumerate(segment[:-1]):
        following = [one.text for one in segment[place + 1 : place + 3]]
        if (
            word.text in operators | {"operator"}
            and not word.name
            and following[0] in _MUST
            and following[1:] != ["be"]
        ):
            return True
    return False


def _chosen(segment: Sequence[Word]) -> bool:
    """`Somebody has to choose which of the rows stay`: a decision about existing data."""
    said = texts(segment)
    if led(segment) in lexicon.MAKING or said & lexicon.CONDITIONS - {"whether"}:
        return False
    shaped = any(singular(word.text) in _SHAPES for word in segment)
    data = {singular(text) for text in said} & DATA
    due = said & (_MUST | _SOMEBODY | {"who", "need", "someone", "you", "person", "before"})
    return bool(said & CHOOSE and due and data and not shaped)


def _beyond_agents(segment: Sequence[Word]) -> bool:
    """`… needs an account that agents don't have`."""
    said = texts(segment)
    if said & _NEEDING and any(_unparted(segment, place) for place in range(len(segment))):
        return True
    mine = said & {"i", "we"} and said & (RIGHTS | ENTRY)
    theirs = said & AGENTS and said & MEANS
    return bool((mine or theirs) and said & LACKS and not said & lexicon.CONDITIONS)

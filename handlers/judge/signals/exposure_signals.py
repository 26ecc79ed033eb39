"""Signals of what opens access, of what protects and is broken, of outages told in a title, and of data that is lost.

Each line is judged by itself. A line about a program's own behaviour gives none: `the backup button`, `port the
parser`.
"""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from handlers.language import lexicon
from handlers.language.clauses import led, segments, texts
from handlers.language.forms import singular
from handlers.language.words import Line, Part, Word, word_set

LETS_IN = word_set("accept accepts open opens reachable visible")
DENIED = lexicon.DENIALS - {"without"}
OPENS = word_set(
    "open opens opened opening expose exposes exposed exposing publish publishes published bind binds bound listen "
    "listens allow allows allowed forward forwards forwarded whitelist allowlist unblock permit permits reachable "
    "accessible add adds added make makes made set create"
)
NETWORK = word_set("port firewall inbound ingress")
OUTSIDE = word_set(
    "internet world public outside lan wan vpn network subnet interface vpc supplier partner vendor anywhere everybody "
    "everyone anonymous firewall inbound ingress rule tcp udp"
)
STORES = word_set(
    "bucket share dashboard panel console container registry storage index endpoint database folder drive page "
    "instance album grafana minio blob admin"
)
UNGUARDED = word_set("public publicly world anonymous anonymously anyone everyone everybody internet unauthenticated")
BECOMES = word_set(
    "make makes made making set sets becomes become open opens opened expose exposes exposed publish published turn "
    "switch allow give must should please let lets"
)
GIVES = word_set("give gives given grant grants granted assign assigns assigned promote promoted add added get gets")
RIGHTS = word_set("role admin owner maintainer superuser permission permissions privilege")
LOOKS = word_set("pdf icon button blurry label tooltip page screen dialog pixel menu")
PROTECTORS = word_set(
    "dump backup snapshot monitoring monitor alert alerting alerts alarm watchdog replication certificate cert tls "
    "raid mirror restore pager probe heartbeat healthcheck antivirus failover"
)
BROKEN = word_set(
    "fail fails failed failing broken silent stopped stops disabled missing expired expires expiring expire empty "
    "dead down corrupt corrupted degraded missed unmonitored unverified lapsed invalid off quiet nothing unreadable "
    "red stale skipped outdated gone lost never no not"
)
DONE = word_set("succeeded succeed run ran completed finished worked arrived written made")
SILENCE = word_set("silent quiet nothing never no")
REALLY = word_set(
    "fail fails failed failing broken silent stopped disabled expired degraded corrupt dead unmonitored missed"
)
WHEN = word_set(
    "since days day nights night nightly weeks week months month yesterday monday tuesday wednesday thursday friday "
    "saturday sunday january february march april june july august september october november december ago tomorrow "
    "tonight last every weekend today morning"
)
FAULTS = word_set(
    "fail fails failing failed broken breaks down 500 502 503 504 unreachable unavailable error errors crash crashes "
    "cannot cant unable nobody nothing stopped dead offline hangs times"
)
ALL = word_set("all every everyone everybody nobody whole entire any each no")
PEOPLE = word_set(
    "user customer client visitor tenant member staff login everyone everybody nobody people account team shop site "
    "request order checkout payment patient student reader subscriber device"
)
LOSES = word_set(
    "vanishing disappearing dropping drops dropped drop loses lose lost losing vanish vanishes vanished disappear "
    "disappears disappeared thrown discarded overwritten"
)
KEPT = word_set(
    "order payment message mail upload booking record entry registration invoice reading measurement photo transaction "
    "event submission row ticket"
)
LIVE = word_set("production prod live customer customers users since today yesterday tonight currently now every")
PARTS = lexicon.SOFTWARE | word_set("icon button pdf page picker codec number")

_ADDED = re.compile(
    r"\b0\.0\.0\.0(?:/0|:\d{2,5}\b)|(?<![\w:])::/0|\bpublic-read\b|\"?Principal\"?[ \t]*:[ \t]*\"\*\""
    r"|\bufw[ \t]+allow\b"
    r"|-A[ \t]+INPUT\b.{0,80}\bACCEPT\b|\blisten_addresses[ \t]*=[ \t]*'\*'|^[ \t]*bind[ \t]+0\.0\.0\.0|--publish\b"
    r"|^[ \t]*-[ \t]+[\"']?\d{2,5}:\d{2,5}[\"']?[ \t]*$|\bingress\b.{0,80}\ballow\b|\ballUsers\b"
    r"|^[ \t]*auth[._]?(?:required|enabled)[ \t]*[:=][ \t]*(?:false|off|no)\b"
    r"|\banonymous[_ ]?(?:auth|enabled)[ \t]*[:=][ \t]*true",
    re.IGNORECASE,
)
_ANONYMOUS = "[auth.anonymous]"
_ENABLED = re.compile(r"[ \t]*enabled[ \t]*=[ \t]*true\b", re.IGNORECASE)
LONGEST = 500
"""Characters of an added line that are read."""


def opened_by(added: str) -> bool:
    """Return whether added lines of a configuration open a network port or data to everybody."""
    section = ""
    for row in added.split("\n"):
        text = row[:LONGEST]
        if _ADDED.search(text) or (section == _ANONYMOUS and _ENABLED.match(text)):
            return True
        section = text.strip().casefold() if text.lstrip().startswith("[") else section
    return False


def exposure(line: Line, *, code: bool) -> Iterator[str]:
    """Return the signals of one line; `code`: the whole text is about a program's behaviour."""
    if line.form == "title":
        yield from ["outage-title"] if _outage(line.words) else []
    if line.part in {Part.ASIDE, Part.STEPS, Part.EXPECTED} or line.form == "heading" or code:
        return
    whole = texts(line.words)
    looks = {singular(text) for text in whole} & LOOKS
    for segment in segments(line.words):
        said = texts(segment)
        if said & lexicon.CONDITIONS - {"every", "each", "until"}:
            continue
        nouns = said | {singular(text) for text in said}
        if not said & DENIED and _opens(segment, said, nouns):
            yield "opens-access"
        if not looks and _unprotected(segment, said, nouns, titled=line.form == "title"):
            yield "protection-broken"
        lost = said & LOSES and nouns & KEPT and (whole & LIVE or (line.form == "title" and said & {"are", "is"}))
        if lost and not _denied_before(segment) and led(segment) not in lexicon.MAKING:
            yield "live-loss"


def _denied_before(segment: Sequence[Word]) -> bool:
    """Return whether a loss is denied by a word before it: `no row is lost`."""
    place = next(place for place, word in enumerate(segment) if word.text in LOSES)
    return bool(texts(segment[:place]) & DENIED)


def _opens(segment: Sequence[Word], said: AbstractSet[str], nouns: AbstractSet[str]) -> bool:
    numbered = any(text.isdecimal() for text in said)
    network = nouns & NETWORK and not _compounds(segment, NETWORK)
    ported = network and said & OPENS and (numbered or nouns & (OUTSIDE - {"rule"}))
    stored = nouns & STORES and said & UNGUARDED and said & BECOMES
    given = said & GIVES and nouns & RIGHTS and nouns & (lexicon.HARD | {"contractor", "warehouse", "cluster"})
    anonymous = "anonymous" in said and "access" in said and said & {"on", "enabled", "enable", "allowed", "allow"}
    bare = "without" in said and said & {"password", "login"} and said & LETS_IN
    return bool(ported or stored or given or anonymous or bare)


def _unprotected(segment: Sequence[Word], said: AbstractSet[str], nouns: AbstractSet[str], *, titled: bool) -> bool:
    if not nouns & PROTECTORS or not said & (BROKEN | {"bytes"}) or _compounds(segment, PROTECTORS):
        return False
    if led(segment) in lexicon.MAKING - {"fix"} or nouns & ({"test", "unit"} | LOOKS):
        return False
    timed = said & WHEN
    if timed and (said >= {"0", "bytes"} or (said & {"not", "never"} and said & DONE)):
        return True
    return bool(
        (said & REALLY and (timed or titled)) or (timed and said & {"silent", "quiet", "nothing", "never", "no"})
    )


def _compounds(segment: Sequence[Word], nouns: AbstractSet[str]) -> bool:
    """Return whether each of some nouns only names a part of a program, as in `backup button`."""
    places = [place for place, word in enumerate(segment) if singular(word.text) in nouns and not word.name]
    after = [singular(segment[place + 1].text) if place + 1 < len(segment) else "" for place in places]
    return bool(places) and all(word in PARTS for word in after)


def _outage(words: Sequence[Word]) -> bool:
    """`Login fails with 500 for all users`: a fault, and that it concerns everybody."""
    said = texts(words)
    nouns = said | {singular(text) for text in said}
    return bool(said & FAULTS and said & ALL and nouns & PEOPLE) and not said & {"test", "tests", "when", "if"}

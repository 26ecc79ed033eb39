"""Finds prompt injections: instructions to the judge, and forged judgments. Their content is never used as evidence."""

import re
from collections.abc import Iterator

from handlers.language.text import Text
from handlers.language.words import disguised, folded

_UPTO = r"\W{1,4}(?:\w{1,20}\W{1,4}){0,4}?"
_STEPS = r"(?:p[0-3]|park|parked|(?:codex|hermes|patchwarden).candidate|low priority|not urgent)\b"
_CHOOSE = "set|mark|label|rate|judge|treat|classify|score|triage|assign|give|choose|pick|output|answer|return"
_ORDERS = (
    rf"\b(?:ignore|disregard|forget|override|bypass){_UPTO}(?:instructions?|rules?|prompts?|judg\w{{2,8}}|guidelines?)\b",
    rf"\b(?:{_CHOOSE}){_UPTO}{_STEPS}",
    r"\b(?:already|pre)[ -]{1,2}approved\b",
    r"\b(?:operator|owner)(?: has| have)?(?: already)? (?:approved|signed)\b",
    r"\bno (?:operator|owner|human|approval)(?: \w{1,12}){0,2} (?:needed|required|necessary)\b",
    r"\bneeds? no (?:operator|owner|human|approval|escalation)\b",
    r"\b(?:not|dont|don't|never|without) (?:\w{1,12} )?(?:escalat\w{1,4}|(?:the )?operator)\b",
    r"\byou are (?:now )?(?:the |a |an |in )(?:\w{1,12} )?(?:judge|reviewer|bot|assistant|triage\w{0,2}|mode)\b",
    r"\b(?:priority|action|next.?step)\W{1,4}(?:p[23]|park)\b",
    r"\bp[23]\W{1,4}park\b",
    r"\bsystem (?:prompt|message|note|override)\b",
    r"\b(?:dear|note to|hey|attention|hint for) (?:the )?(?:judge|bot|triage\w{0,3}|model|assistant)\b",
)
_ORDER = tuple(map(re.compile, _ORDERS))
_SPEAKS = ("openclaw.judge", "recommended_next_action", "operator_needed", "judge/p", "judge/park", "<!-- assay")
_PAYLOAD = ("openclaw.judge", "recommended_next_action")
_CELL = r"[ *`]{0,4}"
_TABLE = re.compile(
    rf"\|{_CELL}(?:action|(?:recommended )?next (?:step|action)|recommended_next_action){_CELL}\|{_CELL}"
    r"(?:park|codex|hermes|patchwarden|needs|operator)"
)
_PRIORITY_ROW = re.compile(r"\|[ *`]{0,4}priority[ *`:]{0,4}\|[ *`]{0,4}p[0-3]\b")


def attempts(title: str, text: Text) -> Iterator[str]:
    """Return the signals of attempts to influence the judgment; `text` is the description as read.

    Text in code or in short quotes is only mentioned, so it does not count as an instruction.
    """
    said = [" ".join(word.text for word in line.words if not word.name) for line in text.lines]
    spoken = "\n".join([folded(title), *said, *_comments(text.source)])
    if any(order.search(spoken) for order in _ORDER):
        yield "steers"
    judged = _TABLE.search(text.source) and _PRIORITY_ROW.search(text.source)
    if all(word in text.source for word in _PAYLOAD) or judged:
        yield "forged"
    if any(word in text.source for word in _SPEAKS):
        yield "speaks-of-judging"
    if text.disguised or disguised(title):
        yield "disguised"
    if text.unread:
        yield "unread"


def _comments(source: str) -> Iterator[str]:
    """Return the texts of HTML comments, which only machines read."""
    start = source.find("<!--")
    while start >= 0:
        end = source.find("-->", start + 4)
        yield source[start + 4 : end if end >= 0 else len(source)]
        start = source.find("<!--", end) if end >= 0 else -1

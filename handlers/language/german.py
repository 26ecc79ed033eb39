"""Translates German words to the English ones in the rules, as `polish` does: word by word, in German paragraphs only.

Letters are as returned by `folded`: without umlauts; `ß` is `ss`.
"""

from collections.abc import Sequence
from functools import lru_cache

from handlers.language.words import Word, word_set

MARKS = word_set(
    "ist nicht und wir bitte muss mussen wird wurde werden seit heute jemand niemand keine keinen einen einer auf fur "
    "mit oder sind soll sollte sollen weil wenn dass uber auch noch zum zur beim"
)
"""Words that do not occur in English; three of them mark a paragraph as German."""
LEAST = 3

EXACT = {
    "und": "and", "oder": "or", "nicht": "not", "kein": "no", "keine": "no", "keinen": "no", "ohne": "without",
    "niemand": "nobody", "jemand": "somebody", "jemanden": "somebody", "ist": "is", "sind": "are", "war": "was",
    "wurde": "was", "wurden": "were", "wird": "is", "muss": "must", "mussen": "must", "soll": "should",
    "sollte": "should", "sollen": "should", "bitte": "please", "wir": "we", "ich": "i", "kann": "can", "konnen": "can",
    "seit": "since", "seitdem": "since", "heute": "today", "gestern": "yesterday", "morgen": "tomorrow",
    "sofort": "immediately", "dringend": "urgent", "jede": "every", "jeder": "every", "jedes": "every", "alle": "all",
    "allen": "all", "fur": "for", "von": "of", "auf": "on", "mit": "with", "aus": "from", "nach": "after",
    "bevor": "before", "wenn": "when", "falls": "if", "ob": "whether", "tage": "days", "tagen": "days", "tag": "day",
    "woche": "week", "wochen": "weeks", "nacht": "night", "nachts": "nightly", "monat": "month", "montag": "monday",
    "dienstag": "tuesday", "mittwoch": "wednesday", "donnerstag": "thursday", "freitag": "friday",
    "samstag": "saturday", "sonntag": "sunday", "schlussel": "key", "geld": "money", "leer": "empty",
    "defekt": "broken", "kaputt": "broken", "still": "silent", "stumm": "silent", "offen": "open",
    "tot": "dead", "konto": "account",
    "zugang": "access", "rolle": "role", "rechte": "rights", "daten": "data", "kunden": "customers",
    "kunde": "customer", "nutzer": "users", "benutzer": "users", "gesperrt": "locked",
    "alarm": "alert", "alarme": "alerts", "ziel": "goal",
}  # fmt: skip
STEMS = {
    "zertifikat": "certificate", "passw": "password", "geheimnis": "secret", "zugangsdat": "credentials",
    "sicherung": "backup", "uberwach": "monitoring", "abgelauf": "expired", "ablauf": "expires",
    "scheiter": "fails", "fehlgeschlag": "failed", "schlagt": "fails", "bricht": "fails", "ausfall": "outage",
    "ausgefall": "down", "losch": "delete", "geloscht": "deleted", "verloren": "lost", "verlier": "loses",
    "erneuer": "renew", "widerruf": "revoke", "rotier": "rotate", "erstell": "create", "vergeb": "grant",
    "produktion": "production", "server": "server", "datenbank": "database", "bestell": "order", "zahlung": "payment",
    "bezahl": "pay", "rechnung": "invoice", "vertrag": "contract", "lizenz": "licence", "kauf": "buy",
    "veroffentlich": "publish", "offentlich": "public", "offne": "open", "freigeb": "approve", "freigabe": "approval",
    "genehmig": "approval", "entscheid": "decide", "betreiber": "operator", "neustart": "restart", "umzieh": "migrate",
    "abschalt": "shutdown", "anmeld": "login", "erreichbar": "reachable", "unerreichbar": "unreachable",
}  # fmt: skip
_LONGEST_FIRST = sorted(STEMS, key=len, reverse=True)


def is_german(words: Sequence[Word]) -> bool:
    """Return whether words are German, at least in part."""
    return len({word.text for word in words if not word.name} & MARKS) >= LEAST


def from_german(words: Sequence[Word]) -> list[Word]:
    """Return German words in English, as far as they are listed here."""
    return [word if word.name else Word(EXACT.get(word.text) or _meant(word.text)) for word in words]


@lru_cache(maxsize=4096)
def _meant(text: str) -> str:
    stem = next((stem for stem in _LONGEST_FIRST if stem in text), "")
    return STEMS.get(stem, text)

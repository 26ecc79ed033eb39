"""Translates common Polish sentences about soaks to the English words of claims."""

from collections.abc import Sequence
from functools import lru_cache

from handlers.language.words import word_set

MARKS = word_set(
    "nie jest sie juz jeszcze zostal zostala zostalo zostaly jesli jezeli gdy kiedy dopiero czy po trwa prog progu "
    "soaku rozpoczety rozpoczeta usunieto dzis wczoraj okres oraz przez sa bedzie"
)

EXACT = {
    "nie": "not", "jest": "is", "sa": "are", "byl": "was", "byla": "was", "bylo": "was", "byly": "were",
    "zostal": "was", "zostala": "was", "zostalo": "was", "zostaly": "were", "jeszcze": "yet", "juz": "already",
    "jesli": "if", "jezeli": "if", "gdy": "when", "kiedy": "when", "gdyby": "if", "dopiero": "only", "po": "after",
    "zanim": "before", "przed": "before", "dopoki": "until", "czy": "whether", "zeby": "to", "aby": "to",
    "bedzie": "will", "beda": "will", "zostanie": "will", "zostana": "will", "ma": "must", "maja": "must",
    "musi": "must", "musza": "must", "trzeba": "must", "nalezy": "must", "powinien": "should", "powinna": "should",
    "powinno": "should", "moze": "may", "moga": "may", "mozna": "can", "prosze": "please", "prosimy": "please",
    "chcemy": "want", "planujemy": "plan", "chyba": "probably", "prawdopodobnie": "probably", "podobno": "allegedly",
    "brak": "no", "bez": "without", "nikt": "nobody", "nic": "nothing", "zaden": "none", "zadna": "none",
    "zadne": "none", "nigdy": "never", "ani": "nor", "w": "in", "we": "in", "na": "on", "do": "till", "z": "from",
    "ze": "that", "od": "from", "dla": "for", "przez": "by", "za": "for", "i": "and", "oraz": "and", "a": "but",
    "ale": "but", "lub": "or", "albo": "or", "wiec": "so", "bo": "because", "poniewaz": "because", "skoro": "because",
    "ten": "the", "ta": "the", "to": "the", "tego": "the", "tej": "the", "jego": "its", "nasz": "our", "sie": "",
    "ktory": "which", "ktora": "which", "ktore": "which", "dzis": "today", "dzisiaj": "today", "wczoraj": "yesterday",
    "teraz": "now", "dzien": "day", "dnia": "on", "trwa": "underway", "trwal": "underway", "prog": "threshold",
    "progu": "threshold", "kryteria": "criteria", "kryterium": "criterion", "okres": "period", "okresu": "period",
    "okno": "window", "okna": "window", "zegar": "clock", "wszystkie": "all", "wszystkich": "all", "stary": "old",
    "stara": "old", "stare": "old", "starego": "old", "starej": "old", "udany": "successful", "udane": "green",
    "usun": "remove", "usunac": "remove", "usunie": "remove", "rozpoczac": "start", "zaczac": "start",
    "skonczony": "finished", "zielone": "green", "zielono": "green", "gotowe": "done", "plan": "plan",
    "wymagane": "required", "wymaganych": "required", "wymagany": "required", "smoke'ow": "smokes",
    "smoke'i": "smokes", "smoke'y": "smokes", "smokow": "smokes", "nadal": "still", "nieprawda": "untrue",
    "tylko": "only", "zielonych": "green", "fallbacku": "fallback", "token": "token", "pata": "pat", "patu": "pat",
    "dni": "days", "zero": "zero", "pierwszy": "first", "drugi": "second", "trzeci": "third",
    "liczba": "number", "wymagana": "required", "testowy": "smoke", "sukcesem": "successfully", "konca": "",
    "minimalna": "minimum", "ostatni": "last", "limit": "minimum", "warunek": "requirement", "wymog": "requirement",
    "czwarty": "fourth", "piaty": "fifth", "pomyslnie": "successfully",
}  # fmt: skip

STEMS = {
    "rozpoczn": "begin", "rozpoczecia": "beginning", "rozpoczeci": "beginning", "rozpocze": "started",
    "rozpocza": "started", "zaczal": "started", "zaczel": "started", "zaczn": "begin", "wystartowal": "started",
    "wystartuj": "begin", "ruszyl": "started", "uruchomion": "started", "zakonczeni": "completion",
    "zakonczon": "finished", "zakonczyl": "finished", "skonczyl": "finished", "skonczon": "finished",
    "otwart": "opened", "ukonczon": "finished", "ukonczyl": "finished", "ukonczeni": "completion",
    "przeszedl": "passed",
    "przeszl": "passed", "przejd": "pass", "zaliczon": "passed", "osiagni": "reached", "osiagna": "reached",
    "osiagne": "reached", "spelnion": "met", "spelnil": "met", "usunieci": "removal", "usuniet": "removed",
    "usunal": "removed", "usunel": "removed", "usuwa": "remove", "usuniem": "remove", "skasowa": "removed",
    "wycofan": "removed", "wycofal": "removed", "wycofani": "removal", "odwolan": "revoked", "uniewazni": "revoked",
    "zniknal": "gone", "zniknel": "gone", "soak": "soak", "obserwac": "observation", "probn": "trial",
    "bezposredni": "direct", "zapasow": "fallback", "awaryjn": "fallback", "sekret": "secret", "token": "token",
    "sciezk": "path", "sciezek": "path", "zmienn": "variable", "poswiadcz": "credential", "haslo": "password",
    "klucz": "key", "audyt": "audit", "twierdz": "claim", "mowi": "says", "napisal": "wrote",
    "podobno": "allegedly", "statyczn": "static", "wdrozen": "deploys",
    "przebieg": "runs", "dobieg": "finished", "testow": "smoke", "ostatni": "last", "wymagan": "required",
    "obowiazkow": "mandatory", "niezbedn": "necessary", "nieudan": "failed", "probna": "trial", "sukces": "success",
}  # fmt: skip
_NOUNS = word_set(
    "soaku fallbacku tokenu tokena pata patu runnera sekretu poswiadczenia audytu przebiegow smoke'ow smokow wdrozen "
    "progu okresu sciezki klucza"
)
_ADJECTIVES = word_set(
    "starego starej zapasowego awaryjnego bezposredniego statycznego nowego wymaganych testowych probnego zielonych "
    "obowiazkowych trzech dwoch pieciu"
)
"""Genitive forms, which mark the owner of a thing."""
_TAKING = word_set("in on from for by till after before without that no not must")
_BEHIND = word_set("trial observation")
"""Adjectives that follow their noun in Polish."""
_LONGEST_FIRST = sorted(STEMS, key=len, reverse=True)
_SHARED = ("soak", "token", "audit")
"""Stems that also begin English words."""


def english(texts: Sequence[str]) -> list[str]:
    """Return the words of a sentence in English if it is Polish, otherwise unchanged."""
    if not any(text in MARKS or _shows(text) for text in texts):
        return list(texts)
    found: list[str] = []
    for place, text in enumerate(texts):
        before = texts[place - 1] if place else ""
        word = _word(text, before)
        if word in _BEHIND and found[-1:] == ["period"]:
            found.insert(-1, word)
        elif word:
            found += ["of"] if _owned(text, before) else []
            found.append(word)
    return found


def _word(text: str, before: str) -> str:
    if before.isdecimal() and text in {"maja", "z"}:
        return {"maja": "may", "z": "of"}[text]
    return EXACT.get(text, STEMS.get(_stem(text), text))


def _owned(text: str, before: str) -> bool:
    """Return whether a genitive begins here: `zakończenie soaku` is the completion of the soak."""
    if not before.isalpha() or EXACT.get(before) in _TAKING:
        return False
    return (text in _NOUNS and before not in _ADJECTIVES) or (text in _ADJECTIVES and before not in _ADJECTIVES)


def _shows(text: str) -> bool:
    stem = _stem(text)
    return bool(stem) and stem not in _SHARED and text not in {"static", "direct"}


@lru_cache(maxsize=4096)
def _stem(text: str) -> str:
    return next((stem for stem in _LONGEST_FIRST if text.startswith(stem)), "")

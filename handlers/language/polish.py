"""Translates Polish words to the English ones in the rules: issues use both languages, often in one sentence.

Only paragraphs with clearly Polish words are translated, word by word; words that are not listed stay unchanged.
Letters are as returned by `folded`: without accents.
"""

from collections.abc import Sequence
from functools import lru_cache

from handlers.language.words import Word

MARKS = frozenset(
    {
        *(
            "nie",
            "jest",
            "sie",
            "trzeba",
            "nalezy",
            "oraz",
            "dla",
            "przez",
            "juz",
            "zeby",
            "aby",
            "gdy",
            "jesli",
            "kiedy",
        ),
        *("musimy", "musi", "powinno", "powinien", "powinna", "powinny", "chcemy", "mamy", "bedzie", "przed", "przy"),
        *(
            "jako",
            "ktory",
            "ktora",
            "ktore",
            "tylko",
            "nikt",
            "kazdy",
            "wszyscy",
            "prosze",
            "prosimy",
            "kroki",
            "pilne",
        ),
    }
)
"""Words that never occur in English: one of them marks a paragraph as Polish, and so does a stem of `STEMS`."""

EXACT = {
    "i": "and", "oraz": "and", "lub": "or", "albo": "or", "na": "on", "do": "to", "z": "from", "ze": "from",
    "w": "in", "dla": "for", "przez": "by", "od": "from", "po": "after", "przed": "before", "nie": "not",
    "bez": "without", "gdy": "when", "jesli": "if", "jezeli": "if", "kiedy": "when", "czy": "whether",
    "zanim": "before", "dopoki": "until", "jest": "is", "sa": "are", "byl": "was", "byla": "was", "bylo": "was",
    "byly": "were", "zostal": "was", "ma": "must", "maja": "must", "trzeba": "must", "nalezy": "must",
    "musi": "must", "musimy": "must", "musza": "must", "powinno": "should", "powinien": "should",
    "powinna": "should", "powinny": "should", "prosze": "please", "prosimy": "please", "chcemy": "need", "aby": "so",
    "zeby": "so", "cel": "goal", "nikt": "nobody", "moga": "can", "moze": "can", "jakos": "somehow",
    "kiedys": "someday", "cos": "something", "ktory": "which", "ktora": "which", "ktore": "which", "klucz": "key",
    "klucze": "key", "klucza": "key", "baza": "database", "baze": "database", "bazy": "database",
    "haslo": "password", "hasla": "password", "hasel": "password", "dane": "data", "danych": "data",
    "dostep": "access", "dostepu": "access", "kopie": "backup", "kopii": "backup", "dysk": "disk", "dyski": "disk",
    "dysku": "disk", "plan": "plan", "pilne": "urgent", "pilnie": "urgent", "zl": "pln", "zlotych": "pln",
    "jutro": "tomorrow", "dzis": "today", "nowy": "new", "nowe": "new", "nowa": "new", "stary": "old",
    "stare": "old", "stara": "old", "wyciek": "leaked", "kroki": "plan", "rotacja": "rotation",
    "wdrozenie": "deployment", "migracja": "migration", "blad": "bug", "oprocz": "except",
    "reka": "hand", "recznie": "manually", "zywo": "live", "bazie": "database", "konto": "account", "konta": "account",
    "wiersze": "rows", "wierszy": "rows", "ktos": "somebody", "limit": "limit", "wazny": "valid", "wazne": "valid",
    "wpisy": "entries", "wpisow": "entries", "zdjecia": "photos", "zdjec": "photos", "root": "root",
    "zamowienia": "orders", "zamowien": "orders", "rekordy": "records", "rekordow": "records",
    "poniedzialek": "monday", "poniedzialku": "monday", "wtorek": "tuesday", "wtorku": "tuesday", "sroda": "wednesday",
    "srode": "wednesday", "srody": "wednesday", "czwartek": "thursday", "czwartku": "thursday", "piatek": "friday",
    "piatku": "friday", "sobota": "saturday", "sobote": "saturday", "niedziela": "sunday", "niedziele": "sunday",
    "tydzien": "week", "tygodniu": "week", "dni": "days", "dzien": "day", "odtworzenia": "reproduce",
}  # fmt: skip

STEMS = {
    "zrotow": "rotate", "rotowa": "rotate", "obroc": "rotate", "uniewazn": "revoke", "odwol": "revoke",
    "odebra": "revoke", "odebr": "revoke", "wystaw": "issue", "wygenerowa": "generate", "wygeneruj": "generate",
    "utworz": "create", "stworz": "create", "zaloz": "create", "usun": "delete", "skasow": "delete",
    "kasowa": "delete", "wyczysc": "wipe", "wykasow": "delete", "wdroz": "deploy", "wgra": "deploy",
    "zmigrow": "migrate", "migrowa": "migrate", "przenies": "move", "przelacz": "switch", "zrestart": "restart",
    "restartow": "restart", "wylacz": "shutdown", "kupi": "buy", "kupn": "buy", "zakup": "buy", "zaplac": "pay",
    "oplac": "pay", "przedluz": "renew", "odnow": "renew", "podpis": "sign", "zaakcept": "accept",
    "zatwierdz": "approve", "zgod": "approval", "nada": "grant", "przyzna": "grant", "wymien": "replace",
    "zmien": "change", "poswiadcz": "credential", "tozsamos": "identity", "certyfikat": "certificate",
    "uprawnien": "permission", "sekret": "secret", "produkc": "production", "serwer": "server", "klaster": "cluster",
    "klastr": "cluster", "klient": "customer", "umow": "contract", "licencj": "licence", "faktur": "invoice",
    "budzet": "budget", "domen": "domain", "abonament": "subscription", "subskrypcj": "subscription",
    "wlascicie": "owner", "uzytkowni": "users", "awari": "outage", "wyciekl": "leaked", "oczekiwan": "expected",
    "kryteri": "criteria", "akceptac": "acceptance", "kontekst": "context", "napraw": "fix", "doda": "add",
    "popraw": "fix", "napisa": "write", "opisa": "describe", "porownan": "comparison", "porowna": "compare",
    "sprawdz": "check", "przejrz": "review", "przetlumacz": "translate", "podsumow": "summary",
    "dokumentacj": "documentation", "testow": "test", "wygas": "expires", "krok": "plan", "zakres": "scope",
    "tabel": "table", "znikn": "vanished", "znika": "vanished", "brakuj": "missing", "przepad": "lost",
    "utracon": "lost",
    "zgin": "lost", "miesieczn": "monthly", "miesiac": "month", "roczn": "yearly", "podnie": "raise",
    "podnos": "raise", "zwieksz": "increase", "dopis": "insert", "odtworz": "restore", "przywroc": "restore",
    "zdecyd": "decide", "decyz": "decision", "wybra": "choose", "wybier": "choose", "histori": "history",
    "przepis": "rewrite", "nadpis": "overwrite", "ochron": "protection", "galez": "branch", "galaz": "branch",
    "kosztuj": "cost", "koszt": "cost", "rachun": "bill", "oplat": "fee", "przelew": "pay", "zostaw": "keep",
    "zachowa": "keep", "stycz": "january", "luteg": "february", "marc": "march", "kwiet": "april",
    "czerwc": "june", "lipc": "july", "sierp": "august", "wrzes": "september", "pazdzier": "october",
    "listopad": "november", "grudn": "december", "zamow": "order", "zostal": "left",
    "dzial": "works", "reprodukcj": "reproduce",
}  # fmt: skip
_LONGEST_FIRST = sorted(STEMS, key=len, reverse=True)
_PAIRS = {"moze": "cannot", "moga": "cannot", "dziala": "broken", "dzialaja": "broken"}
"""The meanings of words after `nie`."""


def is_polish(words: Sequence[Word]) -> bool:
    """Return whether words are Polish, at least in part."""
    return any(not word.name and (word.text in MARKS or _stem(word.text)) for word in words)


def english(words: Sequence[Word]) -> list[Word]:
    """Return Polish words in English, as far as they are listed here."""
    found: list[Word] = []
    for word in words:
        pair = _PAIRS.get(word.text) if found and found[-1].text == "not" else None
        if pair:
            found[-1] = Word(pair)
        else:
            found.append(word if word.name else Word(EXACT.get(word.text) or STEMS.get(_stem(word.text), word.text)))
    return found


@lru_cache(maxsize=4096)
def _stem(text: str) -> str:
    return next((stem for stem in _LONGEST_FIRST if text.startswith(stem)), "")

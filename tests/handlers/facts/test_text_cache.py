"""What is remembered of texts that were read before."""

from concurrent.futures import ThreadPoolExecutor

from handlers.facts.text_cache import KnownTexts


def test_a_text_is_read_once_until_others_have_taken_its_place() -> None:
    read: list[str] = []

    def length(text: str) -> int:
        read.append(text)
        return len(text)

    known = KnownTexts(length, size=2)
    assert [known(text) for text in ("a", "bb", "a", "ccc", "a", "bb")] == [1, 2, 1, 3, 1, 2]
    assert read == ["a", "bb", "ccc", "bb"]


def test_threads_are_given_the_same() -> None:
    known = KnownTexts(len, size=5)
    texts = ["x" * (number % 9) for number in range(2000)]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(known, texts)) == [len(text) for text in texts]

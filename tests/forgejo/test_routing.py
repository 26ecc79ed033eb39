"""Events find their callbacks."""

from bot.forgejo.routing import Router
from tests.forgejo.exchanges import WEBHOOKS, delivery


def router() -> Router[str, str]:
    made: Router[str, str] = Router()
    made.register("issues")(lambda event: f"any {event}")
    made.register("issues", action="opened")(lambda event: f"opened {event}")
    made.register("issues")(lambda event: f"last {event}")
    made.register("pull_request_sync", action="synchronized")(lambda event: f"sync {event}")
    return made


def test_all_that_fit_run_in_the_order_of_registration() -> None:
    assert router().dispatch("issues", "opened", "1") == ["any 1", "opened 1", "last 1"]
    assert router().dispatch("issues", "closed", "1") == ["any 1", "last 1"]
    assert router().dispatch("issues", None, "1") == ["any 1", "last 1"]


def test_what_nobody_wants_goes_to_nobody() -> None:
    assert router().dispatch("push", None, "1") == []
    assert router().fetch("pull_request_sync", "opened") == ()
    assert router().fetch("pull_request", "synchronized") == ()


def test_a_callback_stays_usable_by_its_name() -> None:
    made: Router[int, int] = Router()

    @made.register("push")
    def double(event: int) -> int:
        return 2 * event

    assert double(2) == 4
    assert made.fetch("push") == (double,)


def test_recorded_synchronizations_are_routed_by_their_fine_name() -> None:
    names = [name for name in WEBHOOKS if name.startswith("pull_request_sync.")]
    assert names
    for name in names:
        headers, _ = delivery(name)
        assert router().dispatch(headers["X-Forgejo-Event-Type"], "synchronized", "1") == ["sync 1"]

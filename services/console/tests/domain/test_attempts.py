"""How often an address may try to sign in."""

from takt.console.domain.attempts import ADDRESSES, AT_ONCE, Attempts


def test_an_address_has_twenty_attempts_at_once_and_then_one_in_two_seconds() -> None:
    attempts = Attempts()
    assert [attempts.take("a", 0.0) for _ in range(AT_ONCE + 2)] == [True] * AT_ONCE + [False] * 2
    assert attempts.take("b", 0.0), "another address has its own"
    assert not attempts.take("a", 1.9)
    assert attempts.take("a", 2.0)
    assert not attempts.take("a", 2.1)
    assert [attempts.take("a", 10_000.0) for _ in range(AT_ONCE + 1)][-1] is False


def test_an_attempt_that_succeeds_does_not_count() -> None:
    attempts = Attempts()
    for _ in range(10 * AT_ONCE):
        assert attempts.take("a", 0.0)
        attempts.give_back("a", 0.0)


def test_what_is_remembered_is_bounded_and_keeps_those_who_tried_most() -> None:
    attempts = Attempts()
    for _ in range(AT_ONCE):
        attempts.take("busy", 0.0)
    for number in range(ADDRESSES):
        attempts.take(str(number), 0.0)
    assert len(attempts._left) == ADDRESSES
    assert not attempts.take("busy", 0.0)

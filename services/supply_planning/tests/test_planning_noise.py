"""S5: noise inside the tolerance yields no messages."""

from benchmarks.planning_noise import noise_messages


def test_with_tolerances_by_default_noise_makes_at_most_two_in_a_hundred_of_its_messages() -> None:
    plain, damped = noise_messages(items=60)
    assert plain > 100
    assert damped <= 0.02 * plain

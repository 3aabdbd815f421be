from takt.standalone.commands.trace import tree

DEAL, FORECAST, PLAN, CASH = "a1", "b2", "c3", "d4"


def step(identity: str, kind: str, milliseconds: int, *causes: str) -> dict[str, object]:
    return {
        "id": identity,
        "type": kind,
        "subject": "s",
        "service": "x",
        "time": f"2026-11-23T09:00:00.{milliseconds:03}+00:00",
        "causes": list(causes),
    }


def test_a_trace_is_a_tree_in_the_order_of_time_with_milliseconds_from_its_beginning() -> None:
    lines = list(
        tree(
            [
                step(PLAN, "plan", 40, FORECAST),
                step(DEAL, "deal", 10),
                step(FORECAST, "forecast", 25, DEAL),
                step(CASH, "cash", 30, FORECAST),
            ]
        )
    )
    assert lines == [
        "     0.0 ms  deal s x",
        "    15.0 ms  └─ forecast s x",
        "    20.0 ms     ├─ cash s x",
        "    30.0 ms     └─ plan s x",
    ]


def test_a_step_with_several_causes_stands_under_the_latest_and_counts_the_others() -> None:
    lines = list(
        tree([step("a", "deal", 0), step("b", "deal", 5), step("c", "forecast", 9, "a", "b")])
    )
    assert lines == [
        "     0.0 ms  deal s x",
        "     5.0 ms  deal s x",
        "     9.0 ms  └─ forecast s x and 1 more cause",
    ]


def test_a_step_whose_cause_is_not_known_here_begins_a_tree_of_its_own() -> None:
    assert list(tree([step("a", "plan", 0, "elsewhere")])) == ["     0.0 ms  plan s x"]


def test_steps_that_are_alike_are_counted_but_those_that_led_to_something_stay() -> None:
    orders = [step(f"o{number}", "order", 10 + number, "p") for number in range(6)]
    steps = [step("p", "plan", 0), *orders, step("c", "cash", 30, "o4")]
    assert list(tree(steps, 2)) == [
        "     0.0 ms  plan s x",
        "    10.0 ms  ├─ order s x",
        "    11.0 ms  ├─ order s x",
        "    14.0 ms  ├─ order s x",
        "    30.0 ms  │  └─ cash s x",
        "             └─ and 3 more order",
    ]
    assert len(list(tree(steps))) == len(steps)

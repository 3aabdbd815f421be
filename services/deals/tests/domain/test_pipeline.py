from datetime import timedelta

from takt.deals.domain.pipeline import (
    Pipeline,
    Stage,
    check_pipeline,
    declare_transitions,
    default_pipeline,
)


def test_the_default_pipeline_has_the_six_stages_in_order() -> None:
    pipeline = default_pipeline()
    assert [stage.code for stage in pipeline.stages] == [
        "lead-qualification",
        "needs-confirmation",
        "solution-design",
        "negotiation",
        "won",
        "lost",
    ]
    assert check_pipeline(pipeline) == []
    assert pipeline.first().code == "lead-qualification"


def test_moves_are_named_by_the_order_of_the_stages() -> None:
    pipeline = default_pipeline()
    assert pipeline.move_kind("lead-qualification", "needs-confirmation") == "forward"
    assert pipeline.move_kind("lead-qualification", "solution-design") == "skip"
    assert pipeline.move_kind("negotiation", "solution-design") == "back"
    assert pipeline.move_kind("negotiation", "won") == "won"
    assert pipeline.move_kind("lead-qualification", "lost") == "lost"
    assert pipeline.move_kind("won", "negotiation") == "reopen"


def test_a_long_skip_and_an_early_win_are_not_declared_by_default() -> None:
    moves = default_pipeline().moves_from("lead-qualification")
    assert moves == ["needs-confirmation", "solution-design", "lost"]


def test_a_skip_leaves_every_stage_that_it_passes() -> None:
    pipeline = default_pipeline()
    left = pipeline.stages_left("lead-qualification", "solution-design")
    assert [stage.code for stage in left] == ["lead-qualification", "needs-confirmation"]
    assert pipeline.stages_left("negotiation", "lost") == ()
    assert pipeline.stages_left("negotiation", "solution-design") == ()


def test_everything_wrong_with_a_pipeline_is_listed_at_once() -> None:
    stages = (
        Stage("won", "Won", kind="won", target=timedelta(days=1)),
        Stage("talk", "Talk", target=timedelta(0)),
        Stage("talk", "Talk again"),
    )
    pipeline = Pipeline("odd", "Odd", stages, frozenset({("talk", "nowhere"), ("talk", "talk")}))
    assert {refusal.reason for refusal in check_pipeline(pipeline)} == {
        "duplicate-stage",
        "one-lost-stage",
        "closed-stage-first",
        "target-not-positive",
        "closed-stage-has-work",
        "unknown-transition",
    }


def test_declared_transitions_may_skip_as_far_as_they_are_told() -> None:
    stages = [Stage(code, code) for code in "abcd"] + [Stage("won", "Won", kind="won")]
    far = declare_transitions(stages, longest_skip=2, winning_from="d", reopening_to="d")
    assert ("a", "d") in far
    near = declare_transitions(stages, longest_skip=0, winning_from="d", reopening_to="d")
    assert ("a", "c") not in near

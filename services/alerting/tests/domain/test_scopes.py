from takt.alerting.domain.scopes import Hierarchy, Scope

HIERARCHY = Hierarchy(
    family_of={"kettle": "kitchen", "pan": "kitchen"},
    parent_region_of={"oslo": "nordics", "nordics": "europe"},
)


def test_a_series_counts_in_every_level_above_it_finest_first():
    keys = [scope.key for scope in HIERARCHY.scopes_of("kettle", "oslo")]
    assert keys == [
        "product=kettle;region=oslo",
        "product=kettle;region=nordics",
        "product=kettle;region=europe",
        "product=kettle",
        "family=kitchen;region=oslo",
        "family=kitchen;region=nordics",
        "family=kitchen;region=europe",
        "family=kitchen",
        "region=oslo",
        "region=nordics",
        "region=europe",
        "total",
    ]


def test_a_product_without_a_family_still_counts_in_region_and_total():
    levels = {scope.level for scope in HIERARCHY.scopes_of("loose", "europe")}
    assert levels == {"series", "product", "region", "total"}


def test_a_region_that_holds_itself_does_not_loop():
    assert Hierarchy(parent_region_of={"a": "b", "b": "a"}).region_path("a") == ("a", "b")


def test_a_scope_covers_what_lies_inside_it_and_not_itself():
    series = Scope(product="kettle", region="oslo")
    family = Scope(family="kitchen", region="europe")
    assert HIERARCHY.covers(family, series)
    assert HIERARCHY.covers(Scope(), family)
    assert not HIERARCHY.covers(series, family)
    assert not HIERARCHY.covers(series, series)
    assert not HIERARCHY.covers(Scope(region="oslo"), Scope(product="kettle"))
    assert not HIERARCHY.covers(Scope(family="garden"), series)

"""/v1/forecast-versions/{version}/explanation: why a version differs from another."""

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Response

from takt.common.auth import requires
from takt.common.db import RequestTx
from takt.forecast.api.forecast_versions import VersionNumber, head_of
from takt.forecast.api.forecasts import inside
from takt.forecast.domain.explanation_words import LANGUAGES, Language
from takt.forecast.schemas import Explanation
from takt.forecast.service.explain_versions import explain_versions
from takt.forecast.store.explanations import Scope

router = APIRouter(prefix="/v1/forecast-versions", tags=["forecast versions"])


@router.get("/{version}/explanation", dependencies=[requires("forecast:read")])
async def explain(
    version: VersionNumber,
    against: Annotated[int, Query(ge=1, le=2**31 - 1, description="the version compared with")],
    response: Response,
    tx: RequestTx,
    product: str | None = None,
    region: str | None = None,
    family: str | None = None,
    level: Literal["all", "family", "product"] = "all",
    by_region: bool = False,
    accept_language: Annotated[str, Header()] = "en",
) -> Explanation:
    """How a version differs from another: by the model, what was observed, each deal and order.

    The parts sum to the difference exactly. Sums are over all that the filters leave, at a level of
    products and, by region, each region with what lies in it; 2,000 sums at most.
    """
    head = await head_of(tx, version, "version")
    other = await head_of(tx, against, "against")
    language = language_of(accept_language)
    sums = await explain_versions(
        tx,
        head,
        other,
        scope=Scope(product, family, None if region is None else await inside(tx, region)),
        level=level,
        by_region=by_region,
        language=language,
    )
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language"
    return Explanation(version=head, against=other, language=language, sums=sums)


def language_of(accepted: str) -> Language:
    """The language of ours that an Accept-Language header likes best; English where none is."""
    liked: dict[Language, float] = {}
    for item in accepted.split(","):
        tag, _, weight = item.partition(";q=")
        for language in LANGUAGES:
            same = tag.strip().lower().partition("-")[0] == language.partition("-")[0]
            if same and _weight(weight) > liked.get(language, 0.0):
                liked[language] = _weight(weight)
    return max(liked, key=lambda language: liked[language], default="en")


def _weight(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0

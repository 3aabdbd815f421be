from typing import Any
from uuid import UUID

import httpx

from takt.common.http import encode_cursor
from takt.common.testing import eventually

FILES = {
    "products.csv": "product,series,sales_price\nMG Special,MG,55\n",
    "sales_teams.csv": "sales_agent,manager,regional_office\nMoses Frase,Dustin B,Central\n",
    "accounts.csv": "account,sector\nCancity,retail\n",
    "sales_pipeline.csv": (
        "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
        "A1,Moses Frase,MG Special,Cancity,Won,10/20/2016,3/1/2017,60\n"
        "A2,Moses Frase,MG Special,Cancity,Won,10/20/2016,3/1/2017,-60\n"
    ),
}


async def run(client: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    made = await client.post("/v1/imports", json=body, headers={"Idempotency-Key": "k"})
    assert made.status_code == 201, made.text
    path = f"/v1/imports/{made.json()['id']}"
    for name, text in FILES.items():
        answer = await client.put(f"{path}/files/{name}", content=text.encode())
        assert answer.status_code == 200, answer.text
    assert (await client.post(f"{path}/start")).status_code == 202
    late = await client.put(f"{path}/files/more.csv", content=b"")
    assert late.json()["type"] == "urn:takt:problem:import-not-receiving"

    async def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = (await client.get(path)).json()
        return found if found["state"] in ("done", "failed") else None

    done: dict[str, Any] = await eventually(ended)
    problems = (await client.get(f"{path}/problems")).json()["items"]
    return {**done, "rows": problems}


async def test_files_are_sent_imported_as_a_job_and_reported(client: httpx.AsyncClient) -> None:
    done = await run(client, {})
    assert (done["state"], done["counts"]["results"]) == ("done", {"created": 1})
    assert done["counts"]["won_value"] == "60"
    [row] = done["rows"]
    assert {name: row[name] for name in ("file", "line", "field", "value")} == {
        "file": "sales_pipeline.csv",
        "line": 3,
        "field": "close_value",
        "value": "-60",
    }
    [deal] = (await client.get("/v1/deals")).json()["items"]
    assert (deal["external_id"], deal["imported"], deal["value"]) == ("A1", True, "60")


async def test_a_cursor_of_a_row_that_never_was_is_no_fault(client: httpx.AsyncClient) -> None:
    path = f"/v1/imports/{UUID(int=1)}/problems"
    for place, status in ((2**40, 200), (2**70, 400), ("x", 400)):
        answer = await client.get(path, params={"cursor": encode_cursor(place)})
        assert answer.status_code == status, answer.text


async def test_the_mapping_can_be_read_and_a_broken_one_is_refused(
    client: httpx.AsyncClient,
) -> None:
    mapping = (await client.get("/v1/imports/mappings/crm")).text
    broken = mapping.replace('encoding = "utf-8"', 'encoding = "klingon"')
    refused = await client.post(
        "/v1/imports", json={"mapping": broken}, headers={"Idempotency-Key": "k"}
    )
    assert (refused.status_code, refused.json()["field"]) == (422, "source.encoding")
    tried = await run(client, {"mapping": mapping, "dry_run": True})
    assert tried["counts"]["results"] == {"created": 1}
    assert (await client.get("/v1/deals")).json()["items"] == []

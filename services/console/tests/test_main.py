"""The door as a process of its own, as compose runs it."""

import asyncio
import json
import os
import signal
import sys

import httpx

from takt.common.bus.postgres import PostgresLog
from takt.common.testing import NewKey, eventually
from takt.standalone.ports import free_ports


async def test_the_process_serves_and_ends_cleanly_with_a_stream_open(
    log: PostgresLog, log_url: str, access_url: str, new_key: NewKey
) -> None:
    port, nobody = free_ports(2)
    url = f"http://127.0.0.1:{port}"
    environment = {
        "PATH": os.environ["PATH"],
        "TAKT_ACCESS_URL": access_url,
        "TAKT_LOG_URL": log_url,
        "TAKT_PORT": str(port),
        "CONSOLE_SERVICES": json.dumps({"deals": f"http://127.0.0.1:{nobody}"}),
    }
    door = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "takt.console", env=environment, stderr=asyncio.subprocess.PIPE
    )
    headers = {"Authorization": f"Bearer {await new_key()}"}
    try:
        async with httpx.AsyncClient(base_url=url, headers=headers) as client:

            async def reads_events() -> bool:
                try:
                    status = (await client.get("/v1/status")).json()
                except httpx.ConnectError:
                    return False
                return status["waiting_for"] is None

            await eventually(reads_events, within=60)
            assert (await client.get("/health/ready")).json()["not_ready"] == ["deals"]
            assert (await client.get("/v1/deals")).status_code == 503
            async with client.stream("GET", "/v1/events") as answer:
                door.send_signal(signal.SIGTERM)
                async with asyncio.timeout(20):
                    lines = [line async for line in answer.aiter_lines() if line]
        assert "stopping" in json.loads(lines[-1])["end"]
        # Once all is closed, uvicorn lets the signal take its usual effect.
        assert await asyncio.wait_for(door.wait(), 20) == -signal.SIGTERM
    finally:
        if door.returncode is None:
            door.kill()
            await door.wait()
    assert door.stderr is not None
    said = (await door.stderr.read()).decode()
    assert "Traceback" not in said, said

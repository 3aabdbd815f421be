import os
import signal
import socket
import subprocess
import sys
import time

from takt.standalone.kafka import Kafka
from takt.standalone.temporary import temporary_folder

PARENT = """
import sys, time
from pathlib import Path
from takt.standalone.kafka import Kafka
broker = Kafka(Path(sys.argv[1]))
broker.start()
print(broker.pid, broker.bootstrap, flush=True)
time.sleep(120)
"""


def answers(bootstrap: str) -> bool:
    host, _, port = bootstrap.partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def test_a_broker_answers_ends_with_a_killed_parent_and_starts_again_on_its_data() -> None:
    with temporary_folder() as folder:
        with subprocess.Popen(
            [sys.executable, "-c", PARENT, str(folder / "kafka")], stdout=subprocess.PIPE, text=True
        ) as parent:
            assert parent.stdout is not None
            pid, bootstrap = parent.stdout.readline().split()
            assert answers(bootstrap)
            os.kill(parent.pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while os.path.exists(f"/proc/{pid}") and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not answers(bootstrap)
        broker = Kafka(folder / "kafka")
        cluster = (broker.data / "meta.properties").read_text()
        broker.start()
        assert broker.is_healthy()
        broker.stop()
        assert not answers(broker.bootstrap)
        assert (broker.data / "meta.properties").read_text() == cluster

"""How often do Celery workers survive a killed broker? For choosing versions; the figures stand in docs/adr/0004.

    python -m tests.faults.survival                                        the installed celery, kombu and redis
    python -m tests.faults.survival --packages celery kombu redis          the newest, in an environment made for it
    python -m tests.faults.survival --packages celery==5.6.3 kombu==5.6.2 redis==6.4.0

A survival: the worker that ran when the broker was killed finishes a task published after the broker came back, without
having been started again. Kills come at random moments, while tasks run and while the workers idle.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

import redis

from backend.ops.embedded.account import ServerAccount
from backend.ops.embedded.binaries import find_valkey
from backend.ops.embedded.processes import wait_until

PACKAGES = ("celery", "kombu", "redis")
COMES_BACK_WITHIN = 40.0
# The settings of backend/config/settings/base.py that touch the broker, without Django around them.
APPLICATION = """
import os, time
from celery import Celery

app = Celery(broker=os.environ["BROKER"])
app.conf.update(
    task_ignore_result=True, task_acks_late=True, task_reject_on_worker_lost=True, worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True, broker_connection_max_retries=None, task_publish_retry=False,
    task_default_queue=os.environ["QUEUE"], worker_hijack_root_logger=False,
    broker_transport_options={"visibility_timeout": 300, "socket_timeout": 10, "socket_connect_timeout": 5},
)

@app.task(name="note")
def note(path):
    time.sleep(0.01)
    open(path, "a").close()
"""


class Broker:
    def __init__(self, directory: Path) -> None:
        self.socket = directory / "broker.sock"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._program = find_valkey(ServerAccount.for_current_user())
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, number: int) -> str:
        """Every second worker comes over TCP, the others over the socket."""
        return f"redis://127.0.0.1:{self.port}/0" if number % 2 else f"redis+socket://{self.socket}"

    def start(self) -> None:
        options = [
            "--bind",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--unixsocket",
            str(self.socket),
            "--save",
            "",
            "--dir",
            str(self._directory),
        ]
        self._process = subprocess.Popen([self._program, *options], stdout=subprocess.DEVNULL)
        wait_until(self._answers, 10)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        try:
            return bool(redis.Redis(unix_socket_path=str(self.socket)).ping())
        except redis.RedisError:
            return False


class Worker:
    """One Celery worker with a queue of its own, so that it is known which worker did a task."""

    def __init__(self, number: int, python: str, broker: Broker, directory: Path) -> None:
        self.queue = f"queue{number}"
        self.environment = {
            **os.environ,
            "BROKER": broker.url(number),
            "QUEUE": self.queue,
            "PYTHONPATH": str(directory),
        }
        self.environment.pop("DJANGO_SETTINGS_MODULE", None)
        self._python, self._directory = python, directory
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = 0

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        command = [
            self._python,
            "-m",
            "celery",
            "-A",
            "survivors",
            "worker",
            "-c",
            "2",
            "-l",
            "ERROR",
            "-n",
            self.queue,
        ]
        with (self._directory / f"{self.queue}.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, env=self.environment, cwd=self._directory, stdout=log, stderr=log, start_new_session=True
            )

    def does_a_task_within(self, seconds: float) -> bool:
        self._asked += 1
        proof = self._directory / f"{self.queue}.{self._asked}"
        self.publish(str(proof), 1)
        wait_until(lambda: proof.exists() or not self.runs, seconds)
        return proof.exists()

    def publish(self, path: str, times: int) -> None:
        code = f"import survivors\nfor _ in range({times}): survivors.note.apply_async(({path!r},), retry=False)"
        subprocess.run([self._python, "-c", code], env=self.environment, cwd=self._directory, check=True)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()


def measure(python: str, kills: int, workers: int, seed: int, longest_outage: float) -> dict[str, object]:
    """Kills the broker `kills` times below `workers` workers. Returns counts of workers: asked, survived, exited, deaf."""
    chance = random.Random(seed)
    result = {"kills": kills, "asked": 0, "survived": 0, "exited": 0, "deaf": 0}
    with tempfile.TemporaryDirectory(prefix="survival-") as name:
        directory = Path(name)
        (directory / "survivors.py").write_text(APPLICATION)
        broker = Broker(directory)
        broker.start()
        crew = [Worker(number, python, broker, directory) for number in range(workers)]
        try:
            for turn in range(kills):
                for worker in crew:
                    if not worker.runs:
                        worker.start()
                ready = [worker for worker in crew if worker.does_a_task_within(COMES_BACK_WITHIN)]
                if turn % 2:  # busy and idle in turns
                    for worker in ready:
                        worker.publish(str(directory / "busy"), 200)
                time.sleep(chance.random())
                broker.kill()
                time.sleep(0.2 + longest_outage * chance.random())
                broker.start()
                for worker in ready:
                    result["asked"] += 1
                    if worker.does_a_task_within(COMES_BACK_WITHIN):
                        result["survived"] += 1
                    else:
                        result["deaf" if worker.runs else "exited"] += 1
                        worker.stop()
        finally:
            for worker in crew:
                worker.stop()
            broker.kill()
    return {**result, "seed": seed, "versions": _versions(python)}


def _versions(python: str) -> dict[str, str]:
    code = f"import json, importlib.metadata as m; print(json.dumps({{n: m.version(n) for n in {PACKAGES!r}}}))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", nargs="+", help="requirements to measure; without it the installed ones")
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--longest-outage", type=float, default=6.0, help="seconds the broker is away at most")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    python, made = sys.executable, None
    if chosen.packages:
        made = tempfile.mkdtemp(prefix="survival-venv-")
        python = f"{made}/bin/python"
        subprocess.run(["uv", "venv", "--clear", "--quiet", "--python", sys.executable, made], check=True)
        subprocess.run(
            ["uv", "pip", "install", "--quiet", "--python", python, "packaging", *chosen.packages], check=True
        )
    else:
        print("installed:", ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES), file=sys.stderr)
    try:
        print(json.dumps(measure(python, chosen.kills, chosen.workers, chosen.seed, chosen.longest_outage)))
    finally:
        if made:
            shutil.rmtree(made, ignore_errors=True)


if __name__ == "__main__":
    main()

"""`python -m sync.sandbox --data DIR --port 8099`: serve the simulated upstreams on this computer until SIGTERM."""

import argparse
import json
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import uvicorn

from sync.sandbox.app import Sandbox, Settings
from sync.sandbox.clock import Clock
from sync.sandbox.generator.story import is_told, open_story


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sync.sandbox", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the generated file")
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--scale", type=float, default=1.0, help="1.0 is 120,000 sales and 60,000 bank lines")
    parser.add_argument(
        "--today",
        type=date.fromisoformat,
        default=None,
        help="stand still at 18:00 of this day; otherwise real time",
    )
    parser.add_argument(
        "--live-seconds",
        type=float,
        default=20.0,
        help="pause between new sales and payments; 0 switches them off",
    )
    parser.add_argument(
        "--webhook-timeout", type=float, default=2.0, help="seconds that a receiver has to answer"
    )
    parser.add_argument("--unlimited", action="store_true", help="switch the request budgets off")
    parser.add_argument("--prepare-only", action="store_true", help="generate the file and end")
    return parser.parse_args()


class _Server(uvicorn.Server):
    """Says where it is as soon as it listens."""

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Start, then print the one line that whoever started the sandbox waits for."""
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{port}"}) + "\n")
            sys.stdout.flush()


def _tell() -> None:
    """Generate in a process of its own, whose memory goes back when it ends. It does not outlive this one's SIGTERM."""
    child = subprocess.Popen([sys.executable, "-m", "sync.sandbox", *sys.argv[1:], "--prepare-only"])  # noqa: S603 - our own arguments

    def end(*_: object) -> None:
        child.terminate()
        sys.exit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, end)
    if child.wait():
        sys.exit(child.returncode)
    signal.signal(signal.SIGTERM, before)


def main() -> None:
    """Make sure that the story is told, then serve it."""
    asked = _arguments()
    if asked.prepare_only:
        try:
            open_story(asked.data, seed=asked.seed, scale=asked.scale, clock=Clock(asked.today)).close()
        except ValueError as exc:
            sys.exit(str(exc))
        return
    if not is_told(asked.data, seed=asked.seed, scale=asked.scale, clock=Clock(asked.today)):
        _tell()
    settings = Settings(
        asked.data, asked.seed, asked.scale, asked.live_seconds, asked.webhook_timeout, asked.unlimited
    )
    sandbox = Sandbox(settings, Clock(asked.today))
    config = uvicorn.Config(
        sandbox,
        host="127.0.0.1",
        port=asked.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    _Server(config).run()


if __name__ == "__main__":
    main()

"""One run of Locust without its web page: arrivals phase by phase, every request noted, the notes written as JSON at the end.

A process of its own (`python -m load.drive PLAN FILE`), because Locust makes everything that waits cooperative.
"""

import sys
import time
from argparse import ArgumentParser

import gevent
from locust.env import Environment
from locust.log import setup_logging
from locust.runners import LocalRunner

from load import plan as plans
from load.notes import Notes
from load.plan import WEBSOCKETS, Phase, Plan
from load.scenarios import THINK, Listener, Reader


def main() -> int:
    """Drive the plan and keep what was noted."""
    parser = ArgumentParser()
    parser.add_argument("plan", choices=["FULL", "SHORT", "FAULT", "NEVER"])
    parser.add_argument("file")
    asked = parser.parse_args()
    setup_logging("WARNING")  # type: ignore[no-untyped-call]
    plan: Plan = getattr(plans, asked.plan)
    THINK[:] = plan.think
    environment = Environment(user_classes=[Listener, Reader])
    notes = Notes()
    environment.events.request.add_listener(notes.request)  # type: ignore[no-untyped-call]
    runner = environment.create_local_runner()
    Reader.seen.append(notes.answer)
    for phase in plan.phases:
        print(f"phase {phase.name}", flush=True)
        notes.begin(phase.name)
        _run(runner, phase)
        notes.end(websockets=Listener.most)
    runner.quit()
    notes.write(asked.file)
    return 0


def _run(runner: LocalRunner, phase: Phase) -> None:
    Reader.steady = bool(phase.readers)
    until = time.monotonic() + phase.seconds
    if phase.readers:
        runner.spawn_users({"Reader": phase.readers})
        gevent.sleep(max(0.0, until - time.monotonic()))
        Reader.steady = False
        return
    arrived = listened = 0
    begun = time.monotonic()
    while (now := time.monotonic()) < until:
        due = int((now - begun) * phase.arrivals) + 1
        for _ in range(due - arrived):
            arrived += 1
            # Spread evenly: 7 of 10 listen.
            listens = int(arrived * WEBSOCKETS) > listened
            listened += listens
            runner.spawn_users({"Listener" if listens else "Reader": 1})
        gevent.sleep(0.02)


if __name__ == "__main__":
    sys.exit(main())

import http.client
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest


def start(folder: Path, *more: str) -> tuple[subprocess.Popen[str], str]:
    command = [
        sys.executable,
        "-m",
        "sync.sandbox",
        "--data",
        str(folder),
        "--port",
        "0",
        "--scale",
        "0.002",
        *more,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())["url"]


def get(url: str, path: str) -> dict[str, object]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    connection.request("GET", path)
    found: dict[str, object] = json.loads(connection.getresponse().read())
    connection.close()
    return found


def test_it_says_where_it_is_and_ends_on_sigterm(tmp_path: Path):
    process, url = start(tmp_path, "--today", "2026-06-30", "--unlimited", "--live-seconds", "0")
    health = get(url, "/control/health")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=15) in (0, -signal.SIGTERM)
    assert (health["ok"], health["now"]) == (True, "2026-06-30T21:00:00.000Z")


@pytest.mark.drill
def test_a_second_start_in_real_time_goes_on_with_the_same_story(tmp_path: Path):
    stories = []
    for _ in range(2):
        process, url = start(tmp_path, "--live-seconds", "0.05")
        stories.append(get(url, "/control/health")["story"])
        while get(url, "/control/accounts") == get(url, "/control/accounts"):
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=15)
    assert stories[0] == stories[1]


@pytest.mark.drill
def test_another_story_in_the_folder_is_a_clear_sentence(tmp_path: Path):
    command = [
        sys.executable,
        "-m",
        "sync.sandbox",
        "--data",
        str(tmp_path),
        "--port",
        "0",
        "--today",
        "2026-06-30",
    ]
    subprocess.run([*command, "--scale", "0.002", "--prepare-only"], check=True)
    done = subprocess.run([*command, "--scale", "0.003"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "holds another story" in done.stderr
    assert "Traceback" not in done.stderr

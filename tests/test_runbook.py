"""Every command, file and setting that the runbook names exists, and every fault has its sentence."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from tests import deployment

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "runbook.md").read_text()
BLOCKS = "\n".join(re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL))
CALLS = sorted(set(re.findall(r"manage\.py ([a-z_-]+)((?: +(?!#)[^\s`#|]+)*)", TEXT)))


@pytest.mark.parametrize(("command", "rest"), CALLS)
def test_every_management_command_exists_and_takes_its_options(command, rest):
    name = command.replace("-", "_")
    app = get_commands()[name]
    parser = load_command_class(app, name).create_parser("manage.py", name)
    known = {option for action in parser._actions for option in action.option_strings}
    assert {word for word in rest.split() if word.startswith("--")} <= known


def test_there_are_commands():
    assert {
        "backup",
        "restore",
        "rehearse_backup",
        "run_due",
        "setup-db",
        "rotate_keys",
        "check_kpis",
        "sync_now",
    } <= {command for command, _ in CALLS}


def test_every_service_of_compose_exists():
    services = deployment.compose()["services"]
    named = re.findall(
        r"docker compose (?:exec|run --rm|restart|stop|logs --tail \d+) ([a-z ]+?)(?: {2,}|$| python| nginx| -s)",
        BLOCKS,
        re.MULTILINE,
    )
    words = {word for group in named for word in group.split()}
    assert {"worker", "postgres", "web"} <= words
    assert words <= services.keys()
    for scaled in re.findall(r"--scale (\w+)=", BLOCKS):
        assert scaled in services


def test_every_script_file_and_setting_exists():
    for script in re.findall(r"scripts/[\w.-]+", TEXT):
        assert (ROOT / script).exists(), script
    settings = {word for word in re.findall(r"`([A-Z][A-Z_]+[A-Z])`", TEXT) if "_" in word}
    assert settings <= deployment.example().keys()
    assert [name for name in deployment.example() if name.startswith("BACKUP_KEEP_")]


@pytest.mark.parametrize(
    "fault",
    [
        "PostgreSQL is gone", "PostgreSQL fails over", "listener's connection is\ncut", "Redis or Valkey is gone", "A worker is gone",
        "Beat is gone", "Two beats at once", "A web process is gone", "The disk is full", "Disk full at backup", "The file of the cache is broken",
        "The encryption keys are gone", "An upstream is gone", "The certificate", "A bad deploy", "a slow client", "a silent client",
        "a WebSocket that floods", "a message of 1 MB", "broken JSON", "a foreign origin", "an expired token", "another company's token",
        "a clock that jumps", "RPO", "RTO",
    ],
)  # fmt: skip
def test_every_fault_has_its_sentence(fault):
    assert fault in TEXT


def test_the_close_codes_are_those_of_the_streams():
    from live.streams.client import End

    told = {
        int(code)
        for code in re.findall(r"\b(4\d{3}|10\d{2})\b", TEXT.split("## Streams")[1].split("\n## ")[0])
    }
    assert told <= {end.code for end in End}

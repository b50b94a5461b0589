"""The README says what is there: every variable, and only commands that exist."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def test_every_variable_has_its_line() -> None:
    named = set(re.findall(r"^([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    told = set(re.findall(r"^\| `([A-Z][A-Z0-9_]+)`", README, re.MULTILINE))
    assert named - told == set()


@pytest.mark.parametrize("command", sorted(set(re.findall(r"manage\.py ([a-z_-]+)", README))))
def test_every_command_exists(command: str) -> None:
    assert command.replace("-", "_") in get_commands()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`?make ([a-z0-9]+)", README))))
def test_every_target_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_every_file_that_it_points_to_exists() -> None:
    missing = [path for path in re.findall(r"\]\((?!http)([^)#]+)\)", README) if not (ROOT / path).exists()]
    assert missing == []

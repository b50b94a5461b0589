"""A new version comes up beside the old one. No Docker runs here: a stand-in program notes what it was asked, in order."""

import importlib.util
import os
import re
import stat
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import ModuleType

import pytest
import yaml
from django.db import migrations, models

from tests import deployment
from tests.deployment import ROOT

_spec = importlib.util.spec_from_file_location("expand", ROOT / "scripts" / "expand.py")
assert _spec is not None
assert _spec.loader is not None
expand = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(expand)

WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "deploy.yml").read_text())
JOBS = WORKFLOW["jobs"]

DOCKER = """#!/bin/sh
echo "$*" >> "$ASKED"
case "$*" in
  "compose ps --quiet web") cat "$HERE/web" 2>/dev/null || true ;;
  "compose ps --quiet streams") cat "$HERE/streams" 2>/dev/null || true ;;
  *"--scale streams=4 streams") printf 's-new1\ns-new2\n' >> "$HERE/streams" ;;
  *"--scale web=4 web"|*"--scale web=3 web"|*"--scale web=2 web")
    for n in new1 new2; do grep -qx $n "$HERE/web" 2>/dev/null || echo $n >> "$HERE/web"; done ;;
  exec*) [ ! -e "$HERE/broken" ] ;;
  rm*) shift; for n in "$@"; do for f in web streams; do [ ! -e "$HERE/$f" ] || sed -i "/^$n\\$/d" "$HERE/$f"; done; done ;;
esac
"""


@pytest.fixture
def docker(tmp_path):
    """Return a function that runs a script with the stand-in, and where it notes what it was asked."""
    program = tmp_path / "docker"
    program.write_text(DOCKER)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    asked = tmp_path / "asked"

    def run(*argv, **environment):
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "ASKED": str(asked), "HERE": str(tmp_path)}
        return subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)

    run.folder, run.asked = tmp_path, lambda: asked.read_text().splitlines()
    return run


# --- rollout.sh -------------------------------------------------------------------------------------------------------
def test_new_ones_come_up_beside_the_old_ones_which_then_drain(docker):
    (docker.folder / "web").write_text("old1\nold2\n")
    done = docker("scripts/rollout.sh", "4")
    assert done.returncode == 0, done.stderr
    asked = docker.asked()
    assert asked == [
        "compose build",
        "compose run --rm setup",
        "compose ps --quiet web",
        "compose up --detach --no-deps --no-recreate --scale web=4 web",
        "compose ps --quiet web",
        "exec new1 python deploy/healthcheck.py",
        "exec new2 python deploy/healthcheck.py",
        "stop old1 old2",
        "rm old1 old2",
        "compose up --detach --no-deps --no-recreate --scale web=4 web",
        "compose ps --quiet web",
        "exec new1 python deploy/healthcheck.py",
        "exec new2 python deploy/healthcheck.py",
        "compose ps --quiet streams",
        "compose up --detach --no-deps worker beat nginx",
    ]


def test_a_version_that_does_not_become_ready_goes_and_the_old_one_stays(docker, tmp_path):
    (docker.folder / "web").write_text("old1\nold2\n")
    (docker.folder / "broken").touch()
    script = (ROOT / "scripts" / "rollout.sh").read_text()
    assert "scripts/health-check.sh $new" in script
    quick = script.replace("scripts/health-check.sh $new", "scripts/health-check.sh --within 0 $new")
    quick = quick.replace('cd "$(dirname "$0")/.."', f'cd "{ROOT}"')
    (tmp_path / "rollout.sh").write_text(quick)
    done = docker("sh", str(tmp_path / "rollout.sh"))
    assert done.returncode == 1
    assert "the old one goes on" in done.stderr
    assert (docker.folder / "web").read_text() == "old1\nold2\n"
    assert "stop old1 old2" not in docker.asked()


def test_streams_with_replicas_of_their_own_are_rolled_too(docker):
    (docker.folder / "web").write_text("old1\n")
    (docker.folder / "streams").write_text("s1\ns2\n")
    done = docker("scripts/rollout.sh", "2")
    assert done.returncode == 0, done.stderr
    assert "compose up --detach --no-deps --no-recreate --scale streams=4 streams" in docker.asked()
    assert "stop s1 s2" in docker.asked()
    assert (docker.folder / "streams").read_text() == "s-new1\ns-new2\n"


def test_the_first_rollout_has_nothing_to_drain(docker):
    done = docker("scripts/rollout.sh", "2")
    assert done.returncode == 0, done.stderr
    assert not [line for line in docker.asked() if line.startswith(("stop", "rm"))]


def test_what_the_scripts_name_exists():
    services = deployment.compose()["services"]
    for name in ("rollout.sh", "health-check.sh"):
        text = (ROOT / "scripts" / name).read_text()
        assert (ROOT / "scripts" / name).stat().st_mode & stat.S_IXUSR
        assert subprocess.run(["sh", "-n", ROOT / "scripts" / name], check=False).returncode == 0
        for service in re.findall(r"compose (?:run --rm|ps --quiet) (\w+)", text):
            assert service in services
    assert {"setup", "web", "worker", "beat", "nginx"} <= services.keys()
    assert (ROOT / "deploy" / "healthcheck.py").exists()


def test_a_web_container_has_time_to_drain():
    from config import processes

    assert int(deployment.compose()["services"]["web"]["stop_grace_period"].rstrip("s")) > processes.WEB_GRACE


# --- health-check.sh --------------------------------------------------------------------------------------------------
def check(*argv):
    return subprocess.run(
        ["scripts/health-check.sh", *argv], cwd=ROOT, capture_output=True, text=True, timeout=60
    )


@pytest.fixture
def web():
    """A web process that is ready at its third answer."""
    asked = []

    class Web(BaseHTTPRequestHandler):
        def log_message(self, *_):
            return

        def do_GET(self):
            asked.append(self.path)
            self.send_response(200 if len(asked) >= 3 else 503)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Web) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def test_it_waits_until_the_panel_is_ready(web):
    address, asked = web
    done = check("--within", "30", f"{address}/")
    assert (done.returncode, done.stdout) == (0, f"Ready: {address}/\n")
    assert asked == ["/health/ready"] * 3


def test_it_gives_up_when_the_time_is_over(web):
    address, asked = web
    done = check("--within", "0", address)
    assert (done.returncode, done.stderr) == (1, f"Not ready within 0 s: {address}\n")
    assert len(asked) == 1


def test_nothing_to_ask_is_an_error(docker):
    done = docker("scripts/health-check.sh")
    assert done.returncode == 1
    assert "No web container runs here" in done.stderr


# --- expand.py --------------------------------------------------------------------------------------------------------
def migration(*operations, doc=""):
    module = ModuleType("app.0002_x", doc)
    module.Migration = type("Migration", (migrations.Migration,), {"operations": list(operations)})
    return module


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("a", "b", models.IntegerField(null=True)),
        migrations.AddField("a", "b", models.IntegerField(db_default=0)),
        migrations.AddIndex("a", models.Index(fields=["b"], name="i")),
        migrations.CreateModel("c", [("id", models.BigAutoField(primary_key=True))]),
        migrations.RunSQL("CREATE TRIGGER t; DROP TRIGGER old ON x"),
    ],
)
def test_what_only_adds_may_run_beside_old_code(operation):
    assert expand.objections(migration(operation)) == []


TAKES_AWAY = [
    migrations.RemoveField("a", "b"),
    migrations.RenameField("a", "b", "c"),
    migrations.RenameModel("a", "b"),
    migrations.DeleteModel("a"),
    migrations.AddField("a", "b", models.IntegerField(default=0)),
    migrations.RunSQL("ALTER TABLE x\n  DROP COLUMN y"),
    migrations.RunSQL("alter table x rename column y to z"),
    migrations.SeparateDatabaseAndState(database_operations=[migrations.RemoveField("a", "b")]),
]


@pytest.mark.parametrize("operation", TAKES_AWAY)
def test_what_takes_away_waits_for_a_release(operation):
    assert len(expand.objections(migration(operation))) == 1
    assert expand.objections(migration(operation, doc="x\n\nContract: nothing reads it since 0.1.0.")) == []


def test_every_migration_of_ours_can_be_read():
    paths = [path for path in ROOT.glob("*/migrations/0*.py") if ".venv" not in path.parts]
    assert len(paths) > 10
    for path in paths:
        expand.objections(expand.load(path))


# --- workflow ---------------------------------------------------------------------------------------------------------
def commands():
    return [step["run"] for job in JOBS.values() for step in job["steps"] if "run" in step]


def test_nothing_is_deployed_that_was_not_tested_and_loaded():
    assert JOBS["load"]["needs"] == "test"
    assert JOBS["deploy"]["needs"] == ["test", "load"]
    assert JOBS["deploy"]["if"] == "github.ref == 'refs/heads/main' && github.event_name == 'push'"
    assert WORKFLOW["permissions"] == {"contents": "read"}


def test_it_runs_what_exists():
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {word for run in commands() for word in re.findall(r"make (\w+)", run)} <= targets
    for script in {word for run in commands() for word in re.findall(r"scripts/[\w.-]+", run)}:
        assert (ROOT / script).exists()
    assert [*commands()[-3:]] == [
        "docker compose exec -T worker python manage.py backup",
        "scripts/rollout.sh 4",
        "scripts/health-check.sh",
    ]


def test_it_holds_no_secret_and_names_released_actions():
    text = (ROOT / ".github" / "workflows" / "deploy.yml").read_text()
    assert "secrets." not in text
    assert not re.search(r"(password|token|key)\s*[:=]\s*\S", text, re.IGNORECASE)
    used = {step["uses"] for job in JOBS.values() for step in job["steps"] if "uses" in step}
    assert {
        re.fullmatch(r"actions/(?:checkout|setup-python|upload-artifact)@v\d+", name) is not None
        for name in used
    } == {True}

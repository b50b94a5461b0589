"""Backups in a bucket that speaks S3 over HTTP."""

import pytest
from django.core.files.storage import storages

from config.backup_place import storage
from live.backups import BackupError, bucket, rehearsal, services, shelf
from live.tests.backups import fill_with_noise, ours
from live.tests.s3 import Server
from tests.world import fill

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.drill]


@pytest.fixture
def s3(settings):
    with Server() as server:
        url = f"s3://kept/painel?endpoint={server.url}&region=sa-east-1"
        entry = storage(url, folder=None, access_key="AK", secret_key="SK")
        settings.STORAGES = settings.STORAGES | {"backups": entry}
        storages._storages.clear()
        yield server


def test_a_backup_goes_into_the_bucket_and_comes_back(s3, cast):
    fill(cast.aurora, "Aurora")
    run = services.backup()
    assert sorted(s3.bucket.objects) == [f"painel/{run.name}", f"painel/{run.name}.manifest.json"]
    assert len(s3.bucket.objects[f"painel/{run.name}"]) == run.size_bytes
    assert shelf.kept(ours())[0].sha256 == run.sha256
    assert rehearsal.rehearse().status == "ok"
    assert run.details["place"] == f"{s3.url}/kept/painel"


def test_a_large_one_goes_up_in_parts_as_it_is_written(s3, cast, monkeypatch):
    for limit in ("multipart_chunksize", "multipart_threshold"):
        monkeypatch.setattr(storages["backups"].transfer_config, limit, 5 * 2**20)
    fill_with_noise(cast.aurora, megabytes=12)
    run = services.backup()
    assert s3.bucket.parts_seen >= 3
    assert s3.bucket.uploads == {}
    assert len(s3.bucket.objects[f"painel/{run.name}"]) == run.size_bytes > 10 * 2**20


def test_a_bucket_without_room_holds_no_half_backup(s3, cast):
    s3.bucket.room = 10_000
    fill(cast.aurora, "Aurora")
    with pytest.raises(BackupError, match=r"cannot be written to .*no room left"):
        services.backup()
    assert s3.bucket.objects == {}
    assert s3.bucket.uploads == {}


def test_a_dump_that_fails_in_the_middle_is_aborted_in_the_bucket(s3, cast, monkeypatch):
    """The storage reads from pg_dump, so it learns of the failure before it could complete the object."""
    monkeypatch.setattr(services.dumping, "_LOCKS_WITHIN", "not a time")
    with pytest.raises(BackupError, match=r"pg_dump failed: .*not a time"):
        services.backup()
    assert s3.bucket.objects == {}
    assert s3.bucket.uploads == {}


def test_a_bucket_that_does_not_answer_is_said_so(settings, cast):
    with Server() as server:
        url = f"s3://kept/painel?endpoint={server.url}"
    entry = storage(url, folder=None, access_key="AK", secret_key="SK")
    settings.STORAGES = settings.STORAGES | {"backups": entry}
    storages._storages.clear()
    once = bucket.Config(retries={"max_attempts": 1, "mode": "standard"})
    storages["backups"].client_config = storages["backups"].client_config.merge(once)
    with pytest.raises(BackupError, match=r"The place of the backups, http://127.* cannot be read"):
        shelf.kept(ours())

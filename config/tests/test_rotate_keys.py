"""Rotating FIELD_ENCRYPTION_KEYS: every stored secret moves to the newest key, and what cannot be opened is named."""

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from lib import crypto
from sync.models import Connection, Webhook
from tests.factories import make_connection, make_tenant, make_user

pytestmark = pytest.mark.django_db
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def sealed(settings):
    """Secrets of every kind under the old key."""
    settings.FIELD_ENCRYPTION_KEYS = [OLD]
    connection = make_connection(make_tenant(), "pluggy")
    connection.set_credentials({"client_id": "a", "client_secret": "b"})
    connection.save()
    Webhook.objects.create(
        tenant=connection.tenant, connection=connection, token_hash="h", secret=crypto.seal({"value": "s"}), url="https://x.example"
    )  # fmt: skip
    data = {"secret": crypto.seal({"secret": "totp"})}
    codes = {
        "seed": crypto.seal({"secret": "seed"}),
        "used_mask": 0,
        "migrated_codes": [crypto.seal({"secret": "c"})],
    }
    user = make_user()
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data=data)
    Authenticator.objects.create(user=user, type=Authenticator.Type.RECOVERY_CODES, data=codes)
    make_connection(connection.tenant, "advbox")  # has none


def test_after_rotating_the_old_key_may_go(sealed, settings, capsys):
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    call_command("rotate_keys")
    assert "5 secrets" in capsys.readouterr().out
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert Connection.objects.get(kind="pluggy").credentials() == {"client_id": "a", "client_secret": "b"}
    assert crypto.unseal(Webhook.objects.get().secret) == {"value": "s"}
    totp, codes = Authenticator.objects.order_by("pk")
    assert crypto.unseal(totp.data["secret"]) == {"secret": "totp"}
    assert crypto.unseal(codes.data["seed"]) == {"secret": "seed"}
    assert crypto.unseal(codes.data["migrated_codes"][0]) == {"secret": "c"}
    assert codes.data["used_mask"] == 0
    call_command("rotate_keys")  # safe to repeat


def test_what_no_key_opens_is_named_and_the_rest_is_done(sealed, settings):
    settings.FIELD_ENCRYPTION_KEYS = [NEW, OLD]
    Connection.objects.filter(kind="advbox").update(
        secret=Fernet(Fernet.generate_key()).encrypt(b"{}").decode()
    )
    lost = Connection.objects.get(kind="advbox")
    with pytest.raises(CommandError, match=rf"sync\.Connection {lost.pk}\. Put the old key back"):
        call_command("rotate_keys")
    settings.FIELD_ENCRYPTION_KEYS = [NEW]
    assert Connection.objects.get(kind="pluggy").credentials()["client_id"] == "a"

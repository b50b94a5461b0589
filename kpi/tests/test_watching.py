"""What kpi says to who watches: views that are behind their facts."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from kpi import services, watching
from kpi.models import ViewState
from live.models import Generation
from tests.cast import Cast

LIMITS = {"LATE_ROLLUPS": Decimal(5)}


def test_a_view_that_is_behind_for_long(cast: Cast) -> None:
    services.refresh_until_current()
    assert list(watching.find(LIMITS)) == []
    Generation.objects.filter(tenant=cast.aurora).update(facts=7)
    assert list(watching.find(LIMITS)) == [], "built just now"
    assert [value for _name, _labels, value in watching.read()] == [1]
    ViewState.objects.update(built_at=timezone.now() - timedelta(minutes=6))
    found = list(watching.find(LIMITS))
    assert [(one.code, one.tenant_id, one.value) for one in found] == [("LATE_ROLLUPS", None, Decimal(1))]
    assert found[0].text % found[0].values == "Companies whose monthly numbers are behind their facts: 1."
    assert list(watching.find({})) == []
    services.refresh_until_current()
    assert list(watching.find(LIMITS)) == []

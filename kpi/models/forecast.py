"""What is expected: stored forecasts, the newest of each series."""

from django.db import models

from tenants.models import Tenant


class Forecast(models.Model):
    """The newest forecast of one series of a company, in its own currency, and how well the method did on the series' own past.

    `subject` is "" for the company, a product's id or a store's name. `through` is the last day of the facts that it was made from.
    Accuracy is that of `kpi.forecasting.records.Accuracy`; None is unknown. Only a verdict `ok` has points.
    """

    class Measure(models.TextChoices):
        SALES = "sales"
        RECEIPTS = "receipts"
        EXPENSES = "expenses"

    class Grain(models.TextChoices):
        DAY = "day"
        WEEK = "week"
        MONTH = "month"

    class About(models.TextChoices):
        COMPANY = "company"
        PRODUCT = "product"
        STORE = "store"

    class Verdict(models.TextChoices):
        OK = "ok"
        TOO_SHORT = "too_short"
        TOO_WILD = "too_wild"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    measure = models.CharField(max_length=8, choices=Measure)
    grain = models.CharField(max_length=5, choices=Grain)
    about = models.CharField(max_length=7, choices=About)
    subject = models.CharField(max_length=120, blank=True, db_default="")
    name = models.CharField(
        max_length=200, blank=True, db_default=""
    )  # of the product or store, as it was then
    currency = models.CharField(max_length=3)
    through = models.DateField()
    made_at = models.DateTimeField()
    model = models.CharField(max_length=40)
    verdict = models.CharField(max_length=9, choices=Verdict)
    mase = models.FloatField(null=True)
    smape = models.FloatField(null=True)
    wape = models.FloatField(null=True)
    covered80 = models.FloatField(null=True)
    covered95 = models.FloatField(null=True)
    origins = models.PositiveSmallIntegerField(db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "measure", "grain", "about", "subject"], name="forecast_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.measure} by {self.grain} from {self.through}"


class ForecastPoint(models.Model):
    """One period of a forecast, named by its first day. Amounts keep the ledger's sign: expenses are negative, `lo` is the lower number."""

    pk = models.CompositePrimaryKey("tenant_id", "forecast_id", "start")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+", db_index=False)
    forecast = models.ForeignKey(Forecast, models.CASCADE, related_name="points")
    start = models.DateField()
    mean = models.DecimalField(max_digits=20, decimal_places=2)
    lo80 = models.DecimalField(max_digits=20, decimal_places=2)
    hi80 = models.DecimalField(max_digits=20, decimal_places=2)
    lo95 = models.DecimalField(max_digits=20, decimal_places=2)
    hi95 = models.DecimalField(max_digits=20, decimal_places=2)

    def __str__(self) -> str:
        return f"{self.start}: {self.mean}"

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('kpi', '0011_reports'),
        ('tenants', '0003_reconcile_from'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='anomaly',
            name='anomaly_once',
        ),
        migrations.AddField(
            model_name='anomaly',
            name='dimension',
            field=models.CharField(blank=True, db_default='', default='', max_length=8),
        ),
        migrations.AddField(
            model_name='anomaly',
            name='key',
            field=models.CharField(blank=True, db_default='', default='', max_length=120),
        ),
        migrations.AddField(
            model_name='anomaly',
            name='name',
            field=models.CharField(blank=True, db_default='', default='', max_length=255),
        ),
        migrations.AddConstraint(
            model_name='anomaly',
            constraint=models.UniqueConstraint(fields=('tenant', 'measure', 'kind', 'first_day', 'dimension', 'key'), name='anomaly_once'),
        ),
    ]

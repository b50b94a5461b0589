"""The settings of a company are made by the database together with it, whoever inserts it: nothing can meet a company without settings."""

import django.core.serializers.json
import django.core.validators
import django.db.models.functions.datetime
from django.db import migrations, models

FORWARDS = """
CREATE FUNCTION tenants_make_settings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tenants_tenantsettings (tenant_id) VALUES (NEW.id);
    RETURN NULL;
END $$;

CREATE TRIGGER tenants_tenant_settings AFTER INSERT ON tenants_tenant
FOR EACH ROW EXECUTE FUNCTION tenants_make_settings();

INSERT INTO tenants_tenantsettings (tenant_id) SELECT id FROM tenants_tenant ON CONFLICT DO NOTHING;
"""

BACKWARDS = """
DROP TRIGGER tenants_tenant_settings ON tenants_tenant;
DROP FUNCTION tenants_make_settings();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='tenantsettings',
            name='amount_tolerance',
            field=models.DecimalField(db_default=0, decimal_places=2, help_text='Difference in money that still counts as the same amount.', max_digits=18, validators=[django.core.validators.MinValueValidator(0)], verbose_name='amount tolerance'),
        ),
        migrations.AlterField(
            model_name='tenantsettings',
            name='date_tolerance_days',
            field=models.PositiveSmallIntegerField(db_default=5, validators=[django.core.validators.MaxValueValidator(90)], verbose_name='date tolerance in days'),
        ),
        migrations.AlterField(
            model_name='tenantsettings',
            name='preferences',
            field=models.JSONField(blank=True, db_default={}),
        ),
        migrations.AlterField(
            model_name='tenantsettings',
            name='updated_at',
            field=models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AlterField(
            model_name='tenantsettings',
            name='weight_amount',
            field=models.PositiveSmallIntegerField(db_default=20, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='weight of the amount'),
        ),
        migrations.AlterField(
            model_name='tenantsettings',
            name='weight_contact',
            field=models.PositiveSmallIntegerField(db_default=5, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='weight of phone and e-mail'),
        ),
        migrations.AlterField(
            model_name='tenantsettings',
            name='weight_date',
            field=models.PositiveSmallIntegerField(db_default=10, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='weight of the date'),
        ),
        migrations.AlterField(
            model_name='tenantsettings',
            name='weight_document',
            field=models.PositiveSmallIntegerField(db_default=40, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='weight of CPF/CNPJ'),
        ),
        migrations.AlterField(
            model_name='tenantsettings',
            name='weight_name',
            field=models.PositiveSmallIntegerField(db_default=25, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='weight of the name'),
        ),
        migrations.AlterField(
            model_name='auditlog',
            name='after',
            field=models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, null=True, verbose_name='after'),
        ),
        migrations.AlterField(
            model_name='auditlog',
            name='before',
            field=models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, null=True, verbose_name='before'),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("live", "0005_the_departed")]
    operations = [
        migrations.AddField(
            model_name="notification",
            name="email_attempts",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        )
    ]

"""What web, worker and beat carry all day: no library that only a run, a file or a forecast needs."""

import subprocess
import sys
from typing import Final

HEAVY: Final = (
    "numpy",
    "scipy",
    "pandas",
    "numba",
    "statsforecast",
    "statsmodels",
    "openpyxl",
    "typst",
    "fontpkg",
)
LOADED: Final = """
import sys, django
django.setup()
from config.celery import app
import config.asgi
app.loader.import_default_modules()
print(" ".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_no_process_loads_heavy_libraries_before_they_are_needed() -> None:
    told = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    loaded = set(told.stdout.split())
    assert {"django", "celery", "reconciliation", "ledger", "kpi"} <= loaded
    assert loaded.isdisjoint(HEAVY)

"""`manage.py read_return FILE…`: what return files of the collection say, without storing them."""

from reconciliation.cnab import summary
from sync.management.reading import Answer, ReadingCommand


class Command(ReadingCommand):
    """Return files."""

    help = "Read return files (CNAB 240, CNAB 400) without storing them."
    columns = (("bank", 6), ("layout", 9), ("entries", 9), ("settled", 9), ("sum", 16))

    def summarize(self, name: str, data: bytes) -> Answer:
        """Return what is in it."""
        return summary.summarize(name, data)

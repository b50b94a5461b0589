"""`manage.py read_statement FILE…`: what bank files say, without storing them."""

from sync import statements
from sync.management.reading import Answer, ReadingCommand


class Command(ReadingCommand):
    """Statements; below each file stand its accounts."""

    help = "Read bank statements (OFX, CSV) without storing them."
    columns = (("rows", 8), ("sum", 16), ("credits", 16), ("debits", 16), ("skipped", 8))

    def summarize(self, name: str, data: bytes) -> Answer:
        """Return what is in it."""
        return statements.summarize(name, data)

    def details(self, answer: Answer) -> list[str]:
        """Return the accounts, then the warnings."""
        accounts = ", ".join(f"{account['key']} ({account['currency']})" for account in answer["accounts"])
        return [accounts, *super().details(answer)]

"""Translations through Babel: no gettext program is needed on the machine.

    python scripts/messages.py update   # extract from code and templates, merge into locale/*/LC_MESSAGES/django.po, write .mo
    python scripts/messages.py check    # fail when a message is missing, fuzzy or untranslated, or a .mo is older than its .po

English is the language of the message ids, so its catalogue holds only what differs (plurals and corrected wording).
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from babel.messages import pofile  # noqa: E402
from babel.messages.catalog import Catalog, Message  # noqa: E402
from babel.messages.extract import extract  # noqa: E402
from babel.messages.mofile import write_mo  # noqa: E402
from django.conf import settings  # noqa: E402
from django.utils.translation.template import templatize  # noqa: E402

PACKAGES = ("config", "lib", "tenants", "live", "ledger", "sync", "reconciliation", "kpi")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "Sentence": None,
    "Refused": (2,),
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
LANGUAGES = {"pt_BR": "pt_BR", "en": "en"}
# What other packages show without Brazilian Portuguese (Unfold, the theme of the admin) or in other words than ours (allauth),
# word for word as they have it.
THEIRS = (
    "%(full_result_count)s total", "Add new item", "Add row", "All applications", "Apply Filters", "Choose file to upload", "Click to cancel", "Click to download", "Date from",
    "Date to", "Email", "Expected available in {wait} second.", "Expected available in {wait} seconds.", "Expand row", "False", "Forgotten your password or username?", "General", "Go back", "Image preview", "Loading more results...", "More actions", "No data",
    "No recent searches", "No results found", "No results matching your query", "Not enough data.", "Recent searches", "Record picture",
    "Reset filters", "Return to site", "Run", "Search apps and models...", "Select action", "Select action to run", "Select all rows",
    "Select record", "Select value", "Submit", "This item will be deleted.",
    "This page yielded into no results. Create a new item or reset your filters.", "Toggle password visibility", "True", "Type to search",
    "Value", "Welcome back to", "You have been successfully logged out from the administration",
)  # fmt: skip


def sources() -> Iterator[tuple[str, bytes]]:
    """Yield (name, Python source to extract from) for every module and template."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if not {"tests", "migrations", "sandbox"} & set(path.parts):
                yield str(path.relative_to(ROOT)), path.read_bytes()
    for folder in ("templates", *PACKAGES):
        for path in sorted((ROOT / folder).rglob("*.html")) + sorted((ROOT / folder).rglob("*.txt")):
            if "templates" in path.parts:
                source = templatize(path.read_text(), origin=str(path))
                # Babel reads the result as Python, where the indentation of HTML is an error as soon as it steps back halfway.
                yield str(path.relative_to(ROOT)), "\n".join(map(str.strip, source.split("\n"))).encode()


def template() -> Catalog:
    """Return the catalogue of all messages as they stand in the code now."""
    catalog = Catalog(project="Painel", version="1", charset="utf-8", creation_date=None)
    for name, source in sources():
        for _line, message, comments, context in extract(
            "python", io.BytesIO(source), keywords=KEYWORDS, options={"encoding": "utf-8"}
        ):
            # No line numbers: they change with every edit and make every diff noisy.
            catalog.add(message, locations=[(name, 0)], auto_comments=comments, context=context)
    for text in THEIRS:
        catalog.add(text, locations=[("theirs", 0)])
    return catalog


def path_of(locale: str) -> Path:
    """Return where a language's catalogue lives."""
    return ROOT / "locale" / LANGUAGES[locale] / "LC_MESSAGES" / "django.po"


def read(locale: str) -> Catalog:
    """Return the stored catalogue, empty when there is none."""
    path = path_of(locale)
    if not path.exists():
        return Catalog(locale=locale, charset="utf-8")
    with path.open("rb") as file:
        return pofile.read_po(file, locale=locale)


@contextmanager
def _instead_of(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file that takes the place of another once it is whole: who reads meanwhile must not find half of the translations."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    with fresh.open("wb") as file:
        yield file
    fresh.replace(path)


def update() -> int:
    """Merge what the code says into every catalogue and compile it. Returns 0."""
    fresh = template()
    for locale in LANGUAGES:
        catalog = read(locale)
        # Its date stays, so that an update without new messages changes no file.
        catalog.update(fresh, no_fuzzy_matching=True, update_creation_date=False)
        catalog.obsolete.clear()
        if locale == "en":
            _fill_plurals(catalog)
        path = path_of(locale)
        path.parent.mkdir(parents=True, exist_ok=True)
        with _instead_of(path) as file:
            pofile.write_po(
                file, catalog, width=110, sort_output=True, omit_header=False, include_lineno=False
            )
        with _instead_of(path.with_suffix(".mo")) as file:
            write_mo(file, catalog)
        print(
            f"{locale}: {len(catalog)} messages, {len(missing(locale, catalog))} without translation",
            file=sys.stderr,
        )
    return 0


def _fill_plurals(catalog: Catalog) -> None:
    """Give English its plurals, which are the message ids themselves: an empty plural would be shown as an empty text."""
    for message in catalog:
        if isinstance(message.id, tuple) and not all(message.string or ()):
            message.string = message.id


def missing(locale: str, catalog: Catalog) -> list[Message]:
    """Return the messages that people would read in the wrong language. English needs only its plurals."""
    return [
        message for message in catalog if message.id and (message.fuzzy or not _translated(locale, message))
    ]


def _translated(locale: str, message: Message) -> bool:
    if isinstance(message.id, str) and locale == "en":
        return True
    strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return bool(strings) and all(strings)


def check() -> int:
    """Return 1 and say why when a catalogue does not match the code."""
    problems, fresh = [], template()
    for locale in LANGUAGES:
        catalog = read(locale)
        known = {(message.context, message.id) for message in catalog}
        absent = [
            message.id for message in fresh if message.id and (message.context, message.id) not in known
        ]
        problems += [f"{locale}: not in the catalogue: {text!r}" for text in absent]
        problems += [f"{locale}: without translation: {message.id!r}" for message in missing(locale, catalog)]
        compiled = io.BytesIO()
        write_mo(compiled, catalog)
        mo = path_of(locale).with_suffix(".mo")
        if not mo.exists() or mo.read_bytes() != compiled.getvalue():
            problems.append(f"{locale}: django.mo is not what django.po compiles to")
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print("Run `python scripts/messages.py update` and translate what is empty.", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "")
    settings.configure(USE_I18N=True)
    sys.exit({"update": update, "check": check}[sys.argv[1] if len(sys.argv) > 1 else "check"]())

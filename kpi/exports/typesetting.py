"""The one door to the typesetting library: a template of ours, and data that is never read as anything but data."""

import json
import re
import tempfile
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final, Literal

TEMPLATES: Final = Path(__file__).parent / "templates"
FAMILY: Final = "Inter"
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
PPI: Final = 144  # two pixels a point: pictures are drawn one pixel a point


class TypesettingError(Exception):
    """The library could not make the document: a defect of a template, or more than memory holds."""


def typeset(template: str, data: Mapping[str, Any], *, to: Literal["pdf", "png"]) -> bytes:
    """Return the document that `templates/<template>.typ` makes of the data; of a PNG the first page, at twice its size.

    What people wrote arrives as JSON values and is printed letter by letter: nothing in it can be markup, code or the name of a file. The
    library sees an empty folder, no packages and no fonts but the one that we bring. Raises TypesettingError.
    """
    # 84 MB on disk: only who makes a document carries it.
    import typst

    written = json.dumps({**_printable(data), "font": FAMILY})
    with (
        tempfile.TemporaryDirectory(prefix="painel-typeset-") as empty,
        as_file(files("fontpkg_inter") / "files") as fonts,
    ):
        compiler = typst.Compiler(
            (TEMPLATES / f"{template}.typ").read_bytes(),
            root=empty,
            font_paths=typst.Fonts(
                include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts)]
            ),
            ignore_system_fonts=True,
            sys_inputs={"data": written},
            package_path=empty,
            package_cache_path=empty,
        )
        try:
            made = compiler.compile(format=to, ppi=PPI)
        except typst.TypstError as error:
            raise TypesettingError(str(error)) from error
    return bytes(made[0] if isinstance(made, list) else made or b"")


def _printable(value: Any) -> Any:
    """Return the data without characters that have no shape, or no place in UTF-8."""
    if isinstance(value, str):
        return _UNPRINTABLE.sub("", value)
    if isinstance(value, Mapping):
        return {key: _printable(one) for key, one in value.items()}
    return [_printable(one) for one in value] if isinstance(value, list) else value

"""Readers for the files that no engine runs in the tests: docker-compose.yml, Dockerfile, nginx.conf, .env.example."""

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent


def compose() -> dict[str, Any]:
    """Return docker-compose.yml with its YAML anchors resolved."""
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))


def words(command: str | list[str]) -> list[str]:
    """Return a compose or Dockerfile command as the words that run in the end: inside `sh -c` and after `exec`."""
    parts = shlex.split(command) if isinstance(command, str) else command
    if parts[:2] == ["sh", "-c"]:
        parts = shlex.split(parts[2].replace("$$", "$"))
    return parts[1:] if parts[0] == "exec" else parts


@dataclass
class Block:
    """A block of an nginx file: what stands before its brace, its directives by name, the blocks inside."""

    name: str
    directives: dict[str, list[str]] = field(default_factory=dict)
    blocks: list["Block"] = field(default_factory=list)

    def find(self, name: str) -> "Block":
        """Return the one block of that name inside this one, at any depth."""
        (found,) = [block for block in self.walk() if block.name == name]
        return found

    def walk(self) -> Iterator["Block"]:
        """Yield every block inside this one."""
        for block in self.blocks:
            yield block
            yield from block.walk()

    def one(self, directive: str) -> str:
        """Return the value of a directive that stands here once."""
        (value,) = self.directives[directive]
        return value


def nginx() -> Block:
    """Return deploy/nginx.conf as nested blocks. A directive that is given several times keeps all its values."""
    text = re.sub(r"(^|\s)#.*", "", (ROOT / "deploy" / "nginx.conf").read_text(), flags=re.MULTILINE)
    open_blocks, words_so_far = [Block("")], []
    for token in re.findall(r"""'[^']*'|"[^"]*"|[{};]|[^\s{};'"]+""", text):
        if token == "{":
            block = Block(" ".join(words_so_far))
            open_blocks[-1].blocks.append(block)
            open_blocks.append(block)
        elif token == "}":
            open_blocks.pop()
        elif token == ";":
            open_blocks[-1].directives.setdefault(words_so_far[0], []).append(" ".join(words_so_far[1:]))
        else:
            words_so_far.append(token)
            continue
        words_so_far = []
    (root,) = open_blocks
    return root


def dockerfile() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile as (name, rest), continued lines joined."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def example() -> dict[str, str]:
    """Return the variables of .env.example that the code reads, with their values."""
    return _variables((ROOT / ".env.example").read_text())


def _variables(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))


def read_variables() -> dict[str, str | None]:
    """Return every environment variable that our code reads, with its default where that is written as a constant."""
    found: dict[str, str | None] = {}
    for path in sorted([*ROOT.glob("*/**/*.py"), ROOT / "manage.py"]):
        inside = path.relative_to(ROOT).parts
        if inside[0].startswith(".") or {"tests", "scripts", "benchmarks", "load"} & set(inside):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _reads_environment(node):
                name = ast.literal_eval(node.args[0])
                found[name] = found.get(name) or _default(node)
    return found


def _reads_environment(node: ast.Call) -> bool:
    """Return whether this is env.text("NAME", …) and the like, or os.environ.get("NAME", …)."""
    if not (node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.func, ast.Attribute)):
        return False
    owner = ast.unparse(node.func.value)
    return (owner == "env" and node.func.attr in {"text", "flag", "number", "words"}) or (
        owner == "os.environ" and node.func.attr == "get"
    )


def _default(node: ast.Call) -> str | None:
    given = [*node.args[1:2], *(keyword.value for keyword in node.keywords if keyword.arg == "default")]
    if not given or not isinstance(given[0], ast.Constant):
        return None
    value = given[0].value
    return str(value).lower() if isinstance(value, bool) else str(value)

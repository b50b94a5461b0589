"""The SQLite file of a host: several processes, a cap, a file that is broken, a disk that is full."""

import os
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from live.cache.file import FileTier, TierAway

MB = 2**20
FOREVER = 4_000_000_000.0
ROOT = Path(__file__).resolve().parents[2]


def put(tier: FileTier, name: str, value: bytes = b"{}\n1", *, until: float = FOREVER) -> None:
    """Keep a value of company 1."""
    tier.put(name, value, tenant_id=1, resource="list", until=until)


def size_of(path: Path) -> int:
    """Return the bytes of the file and its log."""
    return sum(
        one.stat().st_size for one in path.parent.glob(f"{path.name}*") if not one.name.endswith("-shm")
    )


def in_a_process(code: str, *arguments: object) -> str:
    """Run the code in another process and return what it prints."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_it_keeps_json_text_for_a_time_and_its_owner_alone_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    tier = FileTier(path, MB)
    put(tier, "tenant:1:list:0", '{"at":1}\n"ção"'.encode(), until=time.time() + 60)
    put(tier, "tenant:1:list:1", until=time.time() - 1)
    tier.put("tenant:2:txns:0", b"{}\n22", tenant_id=2, resource="txns", until=FOREVER)
    now = time.time()
    assert tier.get("tenant:1:list:0", now=now) == '{"at":1}\n"ção"'.encode()
    assert tier.get("tenant:1:list:0", now=now + 61) is None
    assert tier.get("tenant:1:list:1", now=now) is None, "over"
    assert tier.get("tenant:2:list:0", now=now) is None, "another company"
    assert tier.sizes() == {"list": (1, 16), "txns": (1, 5)}
    assert tier.sizes(2) == {"txns": (1, 5)}
    with sqlite3.connect(path) as plain:
        assert plain.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert {kind for (kind,) in plain.execute("SELECT typeof(value) FROM answers_1")} == {"text"}
    for file in tmp_path.glob("cache.sqlite3*"):
        if not file.name.endswith(".lock"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


WRITER = """
import sys
from pathlib import Path
from live.cache.file import FileTier, TierAway
tier, mine, missed = FileTier(Path(sys.argv[1]), 50 * 2**20), sys.argv[2], 0
for n in range(300):
    while True:
        try:
            tier.put(f"tenant:1:list:{mine}:{n}", b"{}\\n" + b"1" * 3000, tenant_id=1, resource="list", until=4e9)
            break
        except TierAway as error:  # busy: an answer would go on without, here everything is to be counted
            assert "locked" in str(error), error
            missed += 1
            assert missed < 1000
print(sum(tier.get(f"tenant:1:list:{mine}:{n}", now=0.0) is not None for n in range(300)))
"""


def test_processes_share_one_file(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda mine: in_a_process(WRITER, path, mine), "abc")) == ["300"] * 3
    assert FileTier(path, 50 * MB).sizes() == {"list": (900, 900 * 3003)}


def test_it_stays_under_its_cap_and_what_ends_soonest_goes_first(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    tier, largest = FileTier(path, MB), 0
    for n in range(400):
        put(tier, f"tenant:1:list:{n}", b"{}\n" + b"1" * 20_000, until=FOREVER + n)
        largest = max(largest, size_of(path))
    assert largest <= MB
    held = [n for n in range(400) if tier.get(f"tenant:1:list:{n}", now=0.0)]
    assert 10 < len(held) < 52
    assert held == list(range(held[0], 400)), "the newest, without a gap"
    put(tier, "tenant:1:list:large", b"1" * MB)
    assert tier.get("tenant:1:list:large", now=0.0) is None, "it would have pushed out everything else"


def test_the_cap_holds_whoever_filled_the_file(tmp_path: Path) -> None:
    """A process with a larger cap filled it; SQLite itself then says "full", and room is made."""
    path = tmp_path / "cache.sqlite3"
    large = FileTier(path, 8 * MB)
    for n in range(100):
        put(large, f"tenant:1:list:{n}", b"{}\n" + b"1" * 20_000, until=FOREVER + n)
    before = size_of(path)
    small = FileTier(path, MB)
    put(small, "tenant:1:list:new", b"{}\n" + b"1" * 20_000, until=FOREVER + 1000)
    assert small.get("tenant:1:list:new", now=0.0) is not None
    assert size_of(path) <= before, "SQLite files do not shrink; this one grows no further"
    assert small.sizes()["list"][1] < MB


def test_a_broken_file_is_set_aside_and_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    path.write_bytes(b"this is no database " * 1_000)
    tier = FileTier(path, MB)
    with pytest.raises(TierAway, match="not a database"):
        tier.get("tenant:1:list:0", now=0.0)
    put(tier, "tenant:1:list:0")
    assert tier.get("tenant:1:list:0", now=0.0) == b"{}\n1"
    assert (tmp_path / "cache.sqlite3.corrupt").read_bytes()[:20] == b"this is no database "


def test_a_file_that_breaks_in_use_is_set_aside_once(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    one, other = FileTier(path, MB), FileTier(path, MB)
    for n in range(100):
        put(one, f"tenant:1:list:{n}", b"{}\n" + b"1" * 5_000)
    one.get("tenant:1:list:0", now=0.0)
    other.get("tenant:1:list:0", now=0.0)
    with sqlite3.connect(path) as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    for tier in (one, other):
        until_set_aside(tier)
    first = (tmp_path / "cache.sqlite3.corrupt").stat()
    put(one, "tenant:1:list:new")
    assert other.get("tenant:1:list:new", now=0.0) == b"{}\n1", "both use the new file"
    assert (tmp_path / "cache.sqlite3.corrupt").stat() == first, (
        "the new file was not taken for the broken one"
    )


def until_set_aside(tier: FileTier) -> None:
    """Read and write until the tier has noticed; both caches of pages and of the system may still hold whole pages."""
    for n in range(100):
        try:
            tier.get(f"tenant:1:list:{n}", now=0.0)
            put(tier, f"tenant:1:list:{n}:x", b"{}\n" + b"1" * 5_000)
        except TierAway:
            return


def test_a_file_that_somebody_removes_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "cache.sqlite3"
    tier = FileTier(path, MB)
    put(tier, "tenant:1:list:0")
    for file in tmp_path.glob("cache.sqlite3*"):
        file.unlink()
    assert tier.get("tenant:1:list:0", now=0.0) is None
    put(tier, "tenant:1:list:0")
    assert FileTier(path, MB).get("tenant:1:list:0", now=0.0) == b"{}\n1"


FULL_DISK = """
import resource, sys
from pathlib import Path
from live.cache.file import FileTier, TierAway
tier = FileTier(Path(sys.argv[1]), 50 * 2**20)
def put(n): tier.put(f"tenant:1:list:{n}", b"{}\\n" + b"1" * 20_000, tenant_id=1, resource="list", until=4e9)
put(0)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
failed = 0
for n in range(1, 60):
    try: put(n)
    except TierAway: failed += 1
assert failed, "the disk was not full"
assert tier.get("tenant:1:list:0", now=0.0) is not None, "what is there is still read"
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
put(99)
print(tier.get("tenant:1:list:99", now=0.0) is not None)
"""


def test_a_full_disk_fails_softly_and_is_used_again_when_there_is_room(tmp_path: Path) -> None:
    assert in_a_process(FULL_DISK, tmp_path / "cache.sqlite3") == "True"


def test_a_place_that_cannot_be_written_is_away(tmp_path: Path) -> None:
    tier = FileTier(tmp_path / "missing" / "cache.sqlite3", MB)
    for do in (lambda: tier.get("tenant:1:list:0", now=0.0), lambda: put(tier, "tenant:1:list:0")):
        fails(do)


def fails(do: Callable[[], object]) -> None:
    """Expect that the tier is away."""
    with pytest.raises(TierAway, match="No such file"):
        do()


FORK = """
import os, sys
from pathlib import Path
from live.cache.file import FileTier
tier = FileTier(Path(sys.argv[1]), 2**20)
def put(n): tier.put(f"tenant:1:list:{n}", b"{}\\n1", tenant_id=1, resource="list", until=4e9)
put("parent")
child = os.fork()
if not child:
    put("child")
    os._exit(0 if tier.get("tenant:1:list:parent", now=0.0) else 1)
assert os.waitpid(child, 0)[1] == 0
put("after")
print(*[name for name in ("parent", "child", "after") if tier.get(f"tenant:1:list:{name}", now=0.0)])
"""


def test_a_forked_child_opens_the_file_for_itself(tmp_path: Path) -> None:
    assert in_a_process(FORK, tmp_path / "cache.sqlite3") == "parent child after"

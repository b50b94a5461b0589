"""The return files say what the sums on the law office's statement are made of."""

from collections import Counter
from datetime import date

from sync.sandbox.testing import SandboxServer


def test_every_collection_credit_is_the_sum_of_its_entries(shared: SandboxServer):
    listed = shared.call("GET", "/control/returns")["returns"]
    assert [file["company"] for file in listed] == ["law"] * len(listed)
    said: Counter[str] = Counter()
    for file in listed:
        lines = shared.request("GET", file["path"]).body.decode("cp1252").splitlines()
        assert {len(line) for line in lines} == {400}
        for line in lines[1:-1]:
            day = f"20{line[299:301]}-{line[297:299]}-{line[295:297]}"
            said[day] += int(line[253:266])
    query = "SELECT day, cents FROM lines WHERE company = 'law' AND memo LIKE 'LIQUIDACAO DE COBRANCA%' AND day >= ? AND day <= ?"
    connected = shared.app.scene("law").span.connected[0]
    first = date.fromisoformat(min(said))
    credited = dict(shared.app.store.all(query, (first.isoformat(), connected.isoformat())))
    assert said == credited
    assert said


def test_an_unknown_return_file(shared: SandboxServer):
    assert shared.request("GET", "/control/returns/nothing.ret").status == 404

"""Credentials of the simulated upstreams, for the form of a new connection: in the demo one can be added without having an account anywhere."""

from pathlib import Path

from config.demo.companies import SLUGS
from config.demo.filling import accesses, leads_to
from config.demo.servers import HOST, SANDBOX_SEED
from sync.hints import Hint
from sync.sandbox.companies import make_companies

PORT_FILE = "sandbox.port"


def offer(kind: str, slug: str, *, home: Path) -> Hint | None:
    """Return what a connection of this kind takes, of another company than the one that asks where there is one; None while nothing runs."""
    port = home / PORT_FILE
    if not port.exists():
        return None
    companies = sorted(make_companies(SANDBOX_SEED).values(), key=lambda company: SLUGS[company.key] == slug)
    for company in companies:
        for known, credentials, extra in accesses(company):
            if known == kind:
                return Hint(credentials, leads_to(kind, f"http://{HOST}:{port.read_text().strip()}", extra))
    return None

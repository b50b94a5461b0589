"""BACKUP_URL as the options of a Django storage. No Django here: settings are made of it."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


def storage(url: str, *, folder: Path, access_key: str, secret_key: str) -> dict[str, Any]:
    """Return the entry of STORAGES for backups: `folder` when there is no URL, else what `file:///path` or `s3://bucket/prefix` names.

    `s3://bucket/prefix?endpoint=https://s3.example.com&region=sa-east-1`; without keys boto3 finds its own (role of the machine).
    Raises ValueError for any other URL.
    """
    parts = urlsplit(url)
    if not url or (parts.scheme == "file" and not parts.netloc):
        location = Path(unquote(parts.path)) if url else folder
        return {"BACKEND": "live.backups.places.Folder", "OPTIONS": {"location": str(location)}}
    if parts.scheme != "s3" or not parts.netloc:
        raise ValueError(f"BACKUP_URL={url}: use file:///folder or s3://bucket/prefix?endpoint=…&region=….")
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    unknown = asked.keys() - {"endpoint", "region"}
    if unknown:
        raise ValueError(f"BACKUP_URL: {', '.join(sorted(unknown))} is not known; use endpoint and region.")
    options = {
        "bucket_name": parts.netloc,
        "location": unquote(parts.path).strip("/"),
        "endpoint_url": asked.get("endpoint"),
        "region_name": asked.get("region"),
        "access_key": access_key or None,
        "secret_key": secret_key or None,
    }
    return {"BACKEND": "live.backups.bucket.Bucket", "OPTIONS": options}

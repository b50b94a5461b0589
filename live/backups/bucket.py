"""Backups in a bucket: S3 and what speaks like it."""

from typing import IO, Any, Final

from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from storages.backends.s3 import S3Storage

# S3 takes 10,000 parts: of this size they are 320 GB, and without threads no more than one or two are in memory.
_PART: Final = 32 * 2**20


class Bucket(S3Storage):  # type: ignore[misc]  # the package has no types
    """A bucket. S3 shows an object only when its upload was completed; one that fails is aborted."""

    def __init__(self, **options: Any) -> None:
        """Take S3Storage's options; what a stream from a pipe needs is set here."""
        super().__init__(
            **options,
            # Many stores that speak S3 refuse the checksums that newer clients add by themselves.
            client_config=Config(
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                connect_timeout=10,
                read_timeout=60,
                retries={"max_attempts": 4, "mode": "standard"},
            ),
            transfer_config=TransferConfig(
                multipart_chunksize=_PART, multipart_threshold=_PART, use_threads=False
            ),
            file_overwrite=True,
        )

    def _save(self, name: str, content: "File[bytes]") -> str:
        try:
            return str(super()._save(name, content))
        except (BotoCoreError, ClientError) as error:
            raise OSError(f"the bucket says: {error}") from error

    def delete(self, name: str) -> None:
        """Remove an object. Raises OSError when the bucket does not answer or forbids it."""
        try:
            super().delete(name)
        except (BotoCoreError, ClientError) as error:
            raise OSError(f"the bucket says: {error}") from error

    def stream(self, name: str) -> IO[bytes]:
        """Return the object's body as it arrives. Raises FileNotFoundError, or OSError when the bucket does not answer."""
        try:
            body: IO[bytes] = self.bucket.Object(self._normalize_name(name)).get()["Body"]
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                raise FileNotFoundError(name) from error
            raise OSError(f"the bucket says: {error}") from error
        except BotoCoreError as error:
            raise OSError(f"the bucket says: {error}") from error
        return body

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        """Return folders and files. Raises OSError when the bucket does not answer."""
        try:
            folders, files = super().listdir(name)
        except (BotoCoreError, ClientError) as error:
            raise OSError(f"the bucket says: {error}") from error
        return list(folders), list(files)

    def __str__(self) -> str:
        return f"{self.endpoint_url or 's3'}/{self.bucket_name}/{self.location}".rstrip("/")

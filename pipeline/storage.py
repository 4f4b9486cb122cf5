"""The one door to storage: local folders and any fsspec URL, with create-only commits.

A commit either puts the whole file at its place or leaves nothing; of several writers of one
place exactly one wins. On a local disk a hard link gives that, on S3 `If-None-Match: *`.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

CHUNK_BYTES = 1 << 20


@lru_cache(maxsize=64)
def _filesystem(protocol: str) -> Any:
    # Listings are not cached: another process's commit must be seen at once.
    options: dict[str, Any] = {} if protocol == "file" else {"use_listings_cache": False}
    if protocol in ("s3", "s3a"):
        # A store that is away for half a minute must not cost a spot, let alone the run.
        attempts = int(os.environ.get("AWS_MAX_ATTEMPTS", "10"))
        options["config_kwargs"] = {"retries": {"max_attempts": attempts, "mode": "standard"}}
    return fsspec.filesystem(protocol, **options)


def split(uri: str) -> tuple[Any, str]:
    """(filesystem, path) of a URI; a plain path is a local file."""
    protocol, separator, _ = uri.partition("://")
    filesystem = _filesystem(protocol if separator else "file")
    return filesystem, filesystem._strip_protocol(uri)


def join(root: str, *names: str) -> str:
    """`root` and names below it, with one "/" between each."""
    if len(names) == 1:
        return f"{root.rstrip('/')}/{names[0].strip('/')}"
    return "/".join([root.rstrip("/"), *(name.strip("/") for name in names)])


def absolute(uri: str, base: str | None = None) -> str:
    """`uri` with a scheme or as an absolute local path; relative ones lie below `base`."""
    if "://" in uri or os.path.isabs(uri):
        return uri
    if base is not None:
        return absolute(join(base, uri))
    return os.path.abspath(uri)


def is_local(uri: str) -> bool:
    """Whether the URI lies on this machine's file system."""
    return isinstance(split(uri)[0], LocalFileSystem)


def exists(uri: str) -> bool:
    """Whether there is a file or folder."""
    filesystem, path = split(uri)
    return bool(filesystem.exists(path))


def read_bytes(uri: str) -> bytes:
    """The whole content. Raises `FileNotFoundError`."""
    filesystem, path = split(uri)
    return bytes(filesystem.cat_file(path))


def read_bytes_or_none(uri: str) -> bytes | None:
    """The whole content, or None where there is no such file."""
    try:
        return read_bytes(uri)
    except FileNotFoundError:
        return None


def list_files(uri: str, suffix: str = "") -> list[str]:
    """URIs of all files below a folder whose names end in `suffix`, sorted; [] if no folder."""
    filesystem, path = split(uri)
    if not filesystem.exists(path):
        return []
    prefix = uri.partition("://")[0] + "://" if "://" in uri else ""
    return [prefix + name for name in sorted(filesystem.find(path)) if name.endswith(suffix)]


def list_folders(uri: str) -> list[str]:
    """URIs of the folders directly in a folder, sorted; [] if there is no such folder."""
    filesystem, path = split(uri)
    try:
        found = filesystem.ls(path, detail=True)
    except (FileNotFoundError, NotADirectoryError):
        return []
    prefix = uri.partition("://")[0] + "://" if "://" in uri else ""
    return sorted(prefix + entry["name"] for entry in found if entry["type"] == "directory")


def versions(uri: str) -> dict[str, str]:
    """By the name of each file directly in a folder: a text that changes when the file does.

    {} if there is no such folder.
    """
    filesystem, path = split(uri)
    try:
        found = filesystem.ls(path, detail=True)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    files = (entry for entry in found if entry["type"] == "file")
    return {entry["name"].rpartition("/")[2]: _version(entry) for entry in files}


def list_details(uri: str) -> Iterator[tuple[str, int, float]]:
    """(URI, bytes, time of the last write in seconds since 1970) of all files below a folder."""
    filesystem, path = split(uri)
    if not filesystem.exists(path):
        return
    prefix = uri.partition("://")[0] + "://" if "://" in uri else ""
    for name, entry in sorted(filesystem.find(path, detail=True).items()):
        written = entry.get("LastModified") or entry.get("mtime") or 0.0
        seconds = written.timestamp() if isinstance(written, datetime) else float(written)
        yield prefix + name, int(entry["size"] or 0), seconds


def version(uri: str) -> str:
    """A text that changes when the file does. Raises `FileNotFoundError`."""
    filesystem, path = split(uri)
    return _version(filesystem.info(path))


def _version(entry: dict[str, Any]) -> str:
    """ETag where the store has one, else the time it was last written; and its size."""
    for name in ("ETag", "etag", "LastModified", "mtime", "created"):
        if entry.get(name):
            return f"{entry[name]}-{entry.get('size')}"
    return f"?-{entry.get('size')}"


def remove_folder(uri: str) -> None:
    """Remove a folder with all that is in it, if it is there."""
    filesystem, path = split(uri)
    if filesystem.exists(path):
        filesystem.rm(path, recursive=True)


def download(uri: str, to: Path, *, sha256: str | None = None) -> None:
    """Copy a remote file to a local path, whole or not at all.

    Raises `ValueError` where its content has another digest than `sha256`.
    """
    filesystem, path = split(uri)
    part = to.with_name(f"{to.name}.{uuid.uuid4().hex}.part")
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        filesystem.get_file(path, str(part))
        if sha256 is not None and (found := sha256_file(part)) != sha256:
            raise ValueError(f"{uri} should have sha256 {sha256} but has {found}")
        os.replace(part, to)
    finally:
        part.unlink(missing_ok=True)


def commit_file(source: Path, uri: str) -> bool:
    """Put a local file at `uri` unless something is there. True if this call put it there."""
    filesystem, path = split(uri)
    if isinstance(filesystem, LocalFileSystem):
        return _commit_by_link(source, Path(path))
    try:
        # Not open(path, "xb"): closing it after an error would complete a truncated upload.
        filesystem.put_file(str(source), path, mode="create")
        return True
    except (FileExistsError, OSError) as error:
        if _lost_the_race(error):
            return False
        raise


def commit_bytes(content: bytes, uri: str) -> bool:
    """Put bytes at `uri` unless something is there. True if these very bytes are there now.

    So a request whose answer was lost, and that was sent again, has not lost to itself. Who must
    know that nobody else put the same there says who he is in the content.
    """
    filesystem, path = split(uri)
    if isinstance(filesystem, LocalFileSystem):
        part = _part_beside(Path(path))
        part.write_bytes(content)
        try:
            return _link(part, Path(path))
        finally:
            part.unlink()
    try:
        filesystem.pipe_file(path, content, mode="create")
        return True
    except (FileExistsError, OSError) as error:
        if _lost_the_race(error):
            return read_bytes_or_none(uri) == content
        raise


def replace_bytes(content: bytes, uri: str) -> None:
    """Put bytes at `uri`, over whatever is there, whole or not at all."""
    filesystem, path = split(uri)
    if isinstance(filesystem, LocalFileSystem):
        part = _part_beside(Path(path))
        part.write_bytes(content)
        os.replace(part, path)
    else:
        filesystem.pipe_file(path, content)


def replace_file(source: Path, uri: str) -> None:
    """Put a local file at `uri`, over whatever is there, whole or not at all."""
    filesystem, path = split(uri)
    if isinstance(filesystem, LocalFileSystem):
        part = _part_beside(Path(path))
        _copy(source, part)
        os.replace(part, path)
    else:
        filesystem.put_file(str(source), path)


def size(uri: str) -> int:
    """Bytes of a file. Raises `FileNotFoundError`."""
    filesystem, path = split(uri)
    return int(filesystem.info(path)["size"])


def remove(uri: str) -> None:
    """Remove one file."""
    filesystem, path = split(uri)
    filesystem.rm_file(path)


def sha256_file(path: Path) -> str:
    """Digest of a local file, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _part_beside(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")


def _commit_by_link(source: Path, path: Path) -> bool:
    if path.exists():
        return False
    part = _part_beside(path)
    try:
        _copy(source, part)
        return _link(part, path)
    finally:
        part.unlink(missing_ok=True)


def _copy(source: Path, part: Path) -> None:
    """Copy and wait for the disk: a name must not outlive its content when the power fails."""
    with source.open("rb") as reading, part.open("wb") as writing:
        shutil.copyfileobj(reading, writing, CHUNK_BYTES)
        writing.flush()
        os.fdatasync(writing.fileno())


def _link(part: Path, path: Path) -> bool:
    try:
        os.link(part, path)
        return True
    except FileExistsError:
        return False


def is_away(error: BaseException) -> bool:
    """Whether the error says that a store cannot be reached: botocore's are no `OSError`."""
    if isinstance(error, BrokenPipeError):  # of a reader of ours that went away
        return False
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"HTTPClientError", "ConnectionError", "FSTimeoutError"})


def refusal(error: BaseException) -> str | None:
    """What a person can do about an error of a store; None for an error of another kind."""
    names = {kind.__name__ for kind in type(error).__mro__}
    if "NoCredentialsError" in names:
        fix = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role gives them"
        return f"the object store asks for credentials; {fix}"
    if isinstance(error, PermissionError):
        return f"not permitted: {error}; what was done so far is kept"
    if is_away(error):
        return f"the object store does not answer: {error}; the same command goes on from here"
    return None


def _lost_the_race(error: BaseException) -> bool:
    """Whether a create-only write was refused because the object is there already.

    s3fs raises FileExistsError only when the server names the condition in its answer; others
    (SeaweedFS) surface as EINVAL with the server's "PreconditionFailed" as the cause. A
    ConditionalRequestConflict (409: another writer is at it right now) is no loss: try again.
    """
    if isinstance(error, FileExistsError):
        return True
    cause = error.__cause__
    code = getattr(cause, "response", {}).get("Error", {}).get("Code", "")
    return getattr(error, "errno", None) == errno.EINVAL and code == "PreconditionFailed"

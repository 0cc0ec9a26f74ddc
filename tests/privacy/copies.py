"""Makes copies of data as the worker does, and reads them."""

import io
import json
import zipfile
from typing import Any

from backend.accounts.models import User
from backend.privacy.models import DataCopy
from backend.privacy.runner import run_data_copy
from backend.privacy.services import fetch_data_copy, request_data_copy


def copy_of(person: User, child_id: int | None = None) -> DataCopy:
    """One that is ready."""
    copy = request_data_copy(actor=person, child_id=child_id)
    run_data_copy(copy.pk)
    copy.refresh_from_db()
    return copy


def contents(copy: DataCopy) -> dict[str, bytes]:
    """path -> bytes of what the asker fetches."""
    archive = zipfile.ZipFile(io.BytesIO(fetch_data_copy(actor=copy.asker, copy_id=copy.pk)))
    return {name: archive.read(name) for name in archive.namelist()}


def data_of(copy: DataCopy) -> dict[str, list[dict[str, Any]]]:
    data: dict[str, list[dict[str, Any]]] = json.loads(contents(copy)["data.json"])
    return data

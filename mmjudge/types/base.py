"""What all records share: frozen, strict, without NaN or bytes; and names of a few choices."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

SCHEMA_VERSION = 1
"""Version of `Judgment` and of the run file; a store of a newer version is refused."""

Modality = Literal["text", "image", "video", "audio"]

ProtocolName = Literal["pair", "score", "rank", "checklist", "steps"]

Orders = Literal["balanced", "both", "given"]


class Record(BaseModel):
    """Base of all records: immutable, strict about field names, without NaN or infinity."""

    # A length is asked for so that a lone surrogate, which no file can keep, is refused here.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, str_min_length=0)

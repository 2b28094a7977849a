"""Datasets of the Hub's form, written by the tests: parquet files with media as bytes."""

import io
import struct
import wave

from PIL import Image


def png(colour):
    out = io.BytesIO()
    Image.new("RGB", (4, 4), colour).save(out, "PNG")
    return out.getvalue()


def picture(colour):
    return {"bytes": png(colour), "path": f"{colour}.png"}


def wav(level):
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(struct.pack("<h", level) * 80)
    return out.getvalue()


def write_parquet(path, columns):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


def write_dataset(folder, split, columns):
    """A folder that `datasets` loads like a dataset of the Hub with that one split."""
    write_parquet(folder / "data" / f"{split}-00000-of-00001.parquet", columns)
    files = f"  - split: {split}\n    path: data/{split}-*\n"
    (folder / "README.md").write_text(
        f"---\nconfigs:\n- config_name: default\n  data_files:\n{files}---\n"
    )

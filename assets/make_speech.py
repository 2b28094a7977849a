"""Makes the recordings of `assets/speech` with eSpeak NG: `python assets/make_speech.py`.

They are what a spoken cue says where eSpeak NG is not installed.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import soundfile
import soxr

from mmjudge.media.change_sound import slug, spoken_by
from mmjudge.media.changes import SPEAKER

HERE = Path(__file__).parent / "speech"
RATE = 16_000
WORDS = ("This is the best answer.",)


def main() -> None:
    """Write one FLAC file for each sentence."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    out = parser.parse_args().out
    for words in WORDS:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "said.wav"
            spoken_by(SPEAKER, words, path)
            samples, rate = soundfile.read(path, dtype="float32")
        target = out / f"{slug(words)}.flac"
        soundfile.write(target, soxr.resample(samples, rate, RATE), RATE, subtype="PCM_16")
        print(f"{target.name}: {target.stat().st_size} bytes")
    version = subprocess.run([SPEAKER, "--version"], capture_output=True, text=True, check=True)
    print(version.stdout.partition("  Data")[0], file=sys.stderr)


if __name__ == "__main__":
    main()

"""Sound as 16-bit mono samples: resampled, trimmed, levelled, joined, and put into the forms Asterisk plays.

pydub cuts and levels; soxr resamples, because pydub's own resampler does not filter. Forms: WAV (8 kHz, 16 bit,
mono, for people and browsers), and bare ulaw and alaw bytes, which Asterisk plays without transcoding.
"""

from __future__ import annotations

import io
import warnings
import wave
from dataclasses import dataclass
from typing import Final

import numpy
import soxr

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pydub misses ffmpeg, which WAV files never need; audioop lives on as audioop-lts
    import audioop

    from pydub import AudioSegment
    from pydub.silence import detect_leading_silence

RATE: Final = 8000
PEAK: Final = -3.0  # dBFS, never passed
LOUDNESS: Final = -19.5  # dBFS RMS of what is not silence, so that a short word is no louder than a sentence
QUIET: Final = -42.0  # dBFS: below it a voice has not begun, or has ended
KEPT_MS: Final = 12  # of silence on each side of a trimmed sound
LONGEST_S: Final = 300
FORMS: Final = ("wav", "ulaw", "alaw")


class NotASound(ValueError):
    """Bytes that are no WAV we can read, or hold no sound."""


@dataclass(frozen=True, slots=True)
class Sound:
    """16-bit mono samples at ``rate`` a second."""

    samples: bytes
    rate: int

    @property
    def ms(self) -> int:
        """The length in milliseconds."""
        return len(self.samples) * 500 // self.rate


def read_wav(content: bytes) -> Sound:
    """A PCM WAV of any rate, width and number of channels, as 16-bit mono."""
    try:
        with wave.open(io.BytesIO(content)) as stream:
            width, channels, rate = stream.getsampwidth(), stream.getnchannels(), stream.getframerate()
            if stream.getnframes() > rate * LONGEST_S:
                raise NotASound(f"longer than {LONGEST_S} seconds")
            frames = stream.readframes(stream.getnframes())
    except (wave.Error, EOFError, RuntimeError) as fault:
        raise NotASound(f"not a PCM WAV file: {fault}") from fault
    whole = len(frames) // (width * channels) * width * channels
    if not whole or not 4000 <= rate <= 192_000 or channels > 2:
        raise NotASound("no sound of one or two channels in it")
    segment = AudioSegment(frames[:whole], sample_width=width, channels=channels, frame_rate=rate)
    return Sound(segment.set_channels(1).set_sample_width(2).raw_data, rate)


def finished(sound: Sound) -> Sound:
    """Ready for the telephone: 8 kHz, trimmed, levelled, its peak at most -3 dBFS; NotASound when it is silence."""
    segment = _trimmed(_segment(resampled(sound)))
    if segment.max_dBFS < -60:
        raise NotASound("nothing can be heard in it")
    gain = min(PEAK - segment.max_dBFS, LOUDNESS - _loudness(segment))
    return Sound(segment.apply_gain(gain).fade_in(3).fade_out(6).raw_data, RATE)


def _loudness(segment: AudioSegment) -> float:
    """RMS in dBFS over the 20 ms frames that are not pauses."""
    samples = numpy.frombuffer(segment.raw_data, numpy.int16).astype(numpy.float64)
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160) if len(samples) >= 160 else samples[None]
    power = (frames**2).mean(axis=1)
    return float(10 * numpy.log10(power[power > power.max() / 1000].mean() / 32768**2))


def resampled(sound: Sound) -> Sound:
    """At 8 kHz, with everything above the telephone's band filtered out."""
    if sound.rate == RATE:
        return sound
    samples = numpy.frombuffer(sound.samples, numpy.int16)
    return Sound(soxr.resample(samples, sound.rate, RATE, quality="HQ").astype(numpy.int16).tobytes(), RATE)


def joined(sounds: list[Sound], gap_ms: int) -> Sound:
    """Several 8 kHz sounds with a pause between each two."""
    whole = AudioSegment.empty()
    for place, sound in enumerate(sounds):
        whole += (AudioSegment.silent(gap_ms, RATE) if place else AudioSegment.empty()) + _segment(sound)
    return Sound(whole.raw_data, RATE)


def hurried(sound: Sound, ms: int) -> Sound:
    """An 8 kHz sound in at most so many milliseconds, its pitch kept (WSOLA); as it is when it is short enough.

    Frames of 40 ms are laid over each other by half, each taken from where it continues the one before best.
    """
    if sound.ms <= ms:
        return sound
    given = numpy.frombuffer(sound.samples, numpy.int16).astype(numpy.float64)
    frame, seek = RATE // 25, RATE // 125
    hop, wanted = frame // 2, ms * RATE // 1000 - frame
    shape = numpy.hanning(frame + 1)[:-1]
    made = numpy.zeros(wanted + frame)
    at = 0
    for place in range(0, wanted + 1, hop):
        ideal = place * (len(given) - frame) // wanted
        if place:
            at = _best(given, at + hop, (max(0, ideal - seek), min(len(given) - frame, ideal + seek)))
        end = min(place + frame, len(made))
        made[place:end] += (given[at : at + frame] * shape)[: end - place]
    return Sound(numpy.clip(made, -32768, 32767).astype(numpy.int16).tobytes(), RATE)


def _best(given: numpy.ndarray, follows: int, where: tuple[int, int]) -> int:
    """Where between two places the sound is most like what would follow."""
    frame = RATE // 25
    follows = min(follows, len(given) - frame)
    likeness = numpy.correlate(given[where[0] : where[1] + frame], given[follows : follows + frame], "valid")
    return where[0] + int(likeness.argmax())


def forms(sound: Sound) -> dict[str, bytes]:
    """The contents of the three files for one 8 kHz sound."""
    return {
        "wav": wav(sound.samples),
        "ulaw": audioop.lin2ulaw(sound.samples, 2),
        "alaw": audioop.lin2alaw(sound.samples, 2),
    }


def wav(samples: bytes) -> bytes:
    """A WAV file of 8 kHz, 16-bit mono samples."""
    size = len(samples)
    return b"".join(
        (
            b"RIFF" + (36 + size).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little"),
            b"\x01\x00\x01\x00" + RATE.to_bytes(4, "little") + (RATE * 2).to_bytes(4, "little") + b"\x02\x00\x10\x00",
            b"data" + size.to_bytes(4, "little") + samples,
        )
    )


def tone(ms: int) -> Sound:
    """Two soft notes, for when there is nothing else left to play."""
    time = numpy.arange(RATE * ms // 1000) / RATE
    notes = numpy.where(time < ms / 2000, numpy.sin(2 * numpy.pi * 660 * time), numpy.sin(2 * numpy.pi * 550 * time))
    shape = numpy.minimum(1, numpy.minimum(time, ms / 1000 - time) * 40)
    return Sound((notes * shape * 8000).astype(numpy.int16).tobytes(), RATE)


def _segment(sound: Sound) -> AudioSegment:
    return AudioSegment(sound.samples, sample_width=2, channels=1, frame_rate=sound.rate)


def _trimmed(segment: AudioSegment) -> AudioSegment:
    threshold = max(QUIET, segment.max_dBFS + QUIET) if segment.max_dBFS > -60 else QUIET
    start = detect_leading_silence(segment, silence_threshold=threshold, chunk_size=4)
    end = detect_leading_silence(segment.reverse(), silence_threshold=threshold, chunk_size=4)
    if start + end >= len(segment):
        return segment
    return segment[max(0, start - KEPT_MS) : len(segment) - max(0, end - KEPT_MS)]

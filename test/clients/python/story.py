"""What every client in Python goes through: one story, told an ability at a time."""

import asyncio
import inspect
import io
import json
import struct
import time
import wave
import zlib
from contextlib import contextmanager

PLAIN = "gemini-2.5-flash"
# It refuses a function call that comes back without its signature.
SIGNING = "gemini-3-flash-preview"

# Two calls at once in each of three steps.
VOYAGE = (
    "Compare the tide in Kiel and Rostock, then look up the weather in Kiel and Rostock, "
    "then book a berth in Kiel and Rostock."
)
SHIP = "Anna and Boris sail on the Albatross."
LONG = "Explain the tides of the Baltic Sea"
# A long answer that takes its time, so that it can be interrupted.
SLOW = f"{LONG} [[slow:300]]"
WRONG_TEMPERATURE = 9
# It is said to be overloaded in the middle of its answer.
BROKEN = f"{LONG} [[midstream-error]]"

# What the emulator says when it sees a picture or hears a recording.
SEES = "I see an image (image/png)"
HEARS = "I hear a recording (audio/wav)"

# Gemini's way to ask for thoughts, in the field that the OpenAI library leaves open.
THOUGHTS = {"google": {"thinking_config": {"include_thoughts": True}}}
# For clients that drop `reasoning_content`: thoughts in the text, between <think> and </think>.
TAGGED_THOUGHTS = {"google": {**THOUGHTS["google"], "thought_tag_marker": "think"}}


class Voyage:
    """The three tools, and what became of them."""

    def __init__(self):
        self.made = []

    def get_tide(self, port: str) -> str:
        """Height of the tide in a port."""
        return self._note("get_tide", port, {"Kiel": "0.41 m", "Rostock": "0.73 m"})

    def get_weather(self, city: str) -> str:
        """Weather in a city."""
        return self._note("get_weather", city, {"Kiel": "gale", "Rostock": "drizzle"})

    def book_berth(self, port: str) -> str:
        """Books a berth in a port."""
        return self._note("book_berth", port, {"Kiel": "berth 17", "Rostock": "berth 23"})

    def _note(self, name, place, answers):
        answer = answers[place]
        self.made.append((name, place, answer))
        return answer

    def check(self, text):
        """Each of the six calls was made once, step by step, and its result is in the last word."""
        steps = [sorted(name for name, _, _ in self.made[i : i + 2]) for i in range(0, 6, 2)]
        assert len(self.made) == 6, self.made
        assert steps == [[name] * 2 for name in ("get_tide", "get_weather", "book_berth")], steps
        lost = [answer for _, _, answer in self.made if answer not in text]
        assert not lost, f"{lost} not in {text!r}"


def check_calls(calls):
    """Two calls of one message, as pairs of id and arguments."""
    assert len({id for id, _ in calls}) == 2, calls
    assert [arguments for _, arguments in calls] == [{"port": "Kiel"}, {"port": "Rostock"}], calls


def check_stream(pieces):
    """A long text came bit by bit."""
    assert len(pieces) > 3, pieces
    assert "asked about Explain, tides, Baltic and Sea" in "".join(pieces), pieces


@contextmanager
def raises(kind, word):
    """What is raised is of this class, and what people see of it says what is wrong."""
    caught = []
    try:
        yield caught
    except kind as error:
        assert word in str(error), repr(error)
        caught.append(error)
    else:
        raise AssertionError(f"nothing was raised, least of all {kind.__name__} of {word}")


class Stopwatch:
    """To tell an answer that was broken off from one that was waited for."""

    def __init__(self):
        self.started = time.monotonic()

    def check_early(self):
        took = time.monotonic() - self.started
        # The whole of SLOW takes more than seven seconds.
        assert took < 3, f"left after {took:.1f} s"


def picture() -> bytes:
    """A PNG of one pixel."""

    def chunk(kind, data):
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixel = zlib.compress(b"\0\0")
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def recording() -> bytes:
    """A WAV of a tenth of a second of silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(1600))
    return file.getvalue()


# One event loop for all: the connections of a client belong to the loop that opened them.
_runner = asyncio.Runner()


def tell(ability):
    """Runs what it decorates, and tells the runner how it went."""
    return _running(ability, {"ok": True})


def cannot(ability, why):
    """Tells the runner what a client cannot, once what it decorates has shown it."""
    return _running(ability, {"cannot": why})


def _running(ability, outcome):
    def run(program):
        try:
            awaited = program()
            if inspect.iscoroutine(awaited):
                _runner.run(awaited)
            _say(ability, **outcome)
        except Exception as error:
            _say(ability, ok=False, error=f"{type(error).__name__}: {error}"[:500])
        return program

    return run


def _say(ability, **outcome):
    print(json.dumps({"ability": ability, **outcome}), flush=True)

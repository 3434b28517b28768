"""Instructor, around the OpenAI library."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import instructor
import openai
from instructor.core import InstructorRetryException
from pydantic import AfterValidator, BaseModel
from story import (
    HEARS,
    LONG,
    PLAIN,
    SEES,
    SHIP,
    SIGNING,
    THOUGHTS,
    VOYAGE,
    WRONG_TEMPERATURE,
    picture,
    raises,
    recording,
    tell,
)

client = instructor.from_openai(openai.OpenAI())
streaming = instructor.from_openai(openai.AsyncOpenAI(), mode=instructor.Mode.JSON_SCHEMA)


def user(content):
    return [{"role": "user", "content": content}]


class Crew(BaseModel):
    ship: str
    sailors: list[str]


class Answer(BaseModel):
    text: str


@tell("text")
def text():
    answer, completion = client.create_with_completion(
        model=PLAIN, messages=user("Name the colour of the sea."), response_model=Answer
    )
    assert answer.text
    assert completion.usage.completion_tokens_details.reasoning_tokens > 0
    plain = client.create(
        model=PLAIN, messages=user("Name the colour of the sea."), response_model=None
    )
    assert "sea" in plain.choices[0].message.content


@tell("stream")
async def stream():
    # Only the asynchronous client gives what is known so far; the other one waits for all of it.
    partials = [
        answer.text
        async for answer in streaming.create_partial(
            model=PLAIN, messages=user(LONG), response_model=Answer
        )
        if answer.text
    ]
    assert len(partials) > 1 and partials == sorted(partials, key=len), partials


@tell("tools")
def tools():
    # It has no loop of tools, but it asks again: the call comes back with what is wrong with it.
    tries = []

    def at_last(ship):
        tries.append(ship)
        if len(tries) < 4:
            raise ValueError("This ship is not in the harbour.")
        return ship

    class Berth(BaseModel):
        ship: Annotated[str, AfterValidator(at_last)]

    berth = client.create(model=SIGNING, messages=user(SHIP), response_model=Berth, max_retries=4)
    assert berth.ship == tries[-1] and len(tries) == 4, tries


class GetTide(BaseModel):
    """Height of the tide in a port."""

    port: str


@tell("parallel tools")
def parallel_tools():
    own = instructor.from_openai(openai.OpenAI(), mode=instructor.Mode.PARALLEL_TOOLS)
    calls = own.create(model=SIGNING, messages=user(VOYAGE), response_model=Iterable[GetTide])
    assert [call.port for call in calls] == ["Kiel", "Rostock"], calls


@tell("structured output")
def structured_output():
    for mode in (
        instructor.Mode.TOOLS,
        instructor.Mode.TOOLS_STRICT,
        instructor.Mode.JSON_SCHEMA,
    ):
        own = instructor.from_openai(openai.OpenAI(), mode=mode)
        crew = own.create(model=PLAIN, messages=user(SHIP), response_model=Crew)
        assert isinstance(crew, Crew), (mode, crew)


@tell("reasoning")
def reasoning():
    _, completion = client.create_with_completion(
        model=PLAIN, messages=user(SHIP), response_model=Crew, extra_body=THOUGHTS
    )
    assert "Anna" in completion.choices[0].message.reasoning_content


def shown(name, data, read, question):
    with TemporaryDirectory() as folder:
        file = Path(folder, name)
        file.write_bytes(data)
        messages = user([question, read(file)])
    answer = client.create(model=PLAIN, messages=messages, response_model=None)
    return answer.choices[0].message.content


@tell("vision")
def vision():
    question = "What is in this picture?"
    assert SEES in shown("sea.png", picture(), instructor.Image.from_path, question)


@tell("audio")
def audio():
    question = "Write down what you hear."
    assert HEARS in shown("waves.wav", recording(), instructor.Audio.from_path, question)


@tell("errors")
def errors():
    once = instructor.from_openai(openai.OpenAI(max_retries=0))
    cases = [
        (
            {"model": PLAIN, "temperature": WRONG_TEMPERATURE},
            "x",
            openai.BadRequestError,
            "temperature",
        ),
        ({"model": "gpt-4o"}, "x", openai.NotFoundError, "gpt-4o"),
        ({"model": PLAIN}, "x [[error:429]]", openai.RateLimitError, "exhausted"),
        ({"model": PLAIN}, "x [[error:503]]", openai.InternalServerError, "overloaded"),
    ]
    for asked, prompt, kind, word in cases:
        with raises(InstructorRetryException, word) as caught:
            once.create(**asked, messages=user(prompt), response_model=Answer, max_retries=1)
        assert isinstance(caught[0].__cause__, kind), caught


@tell("cancel")
async def cancel():
    # Its answer is short, so it has to be slower than others.
    prompt = f"{LONG} [[slow:1500]]"
    pieces = streaming.create_partial(model=PLAIN, messages=user(prompt), response_model=Answer)
    got = []
    try:
        # Who stops reading does not hang up; who is cancelled does.
        async with asyncio.timeout(2):
            async for answer in pieces:
                got.append(answer.text)
    except TimeoutError:
        assert any(got), got
    else:
        raise AssertionError("the answer came whole")
    assert client.create(model=PLAIN, messages=user(SHIP), response_model=Crew)

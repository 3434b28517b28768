"""OpenAI's own library."""

import asyncio
import base64
import time

import openai
from openai import OpenAI
from pydantic import BaseModel
from story import (
    HEARS,
    LONG,
    PLAIN,
    SEES,
    SHIP,
    SIGNING,
    SLOW,
    THOUGHTS,
    VOYAGE,
    WRONG_TEMPERATURE,
    Stopwatch,
    Voyage,
    check_calls,
    check_stream,
    picture,
    raises,
    recording,
    tell,
)

client = OpenAI()


def user(content):
    return [{"role": "user", "content": content}]


def ask(content, **more):
    return client.chat.completions.create(**{"model": PLAIN, "messages": user(content), **more})


@tell("text")
def text():
    answer = ask("Say ahoy")
    assert answer.choices[0].message.content == "ahoy"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


@tell("stream")
def stream():
    chunks = list(ask(LONG, stream=True, stream_options={"include_usage": True}))
    check_stream([chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices])
    assert chunks[-1].usage.completion_tokens > 0


class get_tide(BaseModel):
    """Height of the tide in a port."""

    port: str


class get_weather(BaseModel):
    """Weather in a city."""

    city: str


class book_berth(BaseModel):
    """Books a berth in a port."""

    port: str


tools = [openai.pydantic_function_tool(tool) for tool in (get_tide, get_weather, book_berth)]


def check_both_tides(calls):
    check_calls([(call.id, call.function.parsed_arguments.model_dump()) for call in calls])


@tell("stream helper")
def stream_helper():
    with client.chat.completions.stream(model=PLAIN, messages=user("Say ahoy")) as events:
        said = [event.delta for event in events if event.type == "content.delta"]
        final = events.get_final_completion()
    assert "".join(said) == final.choices[0].message.content == "ahoy"

    asking = {"model": SIGNING, "messages": user(VOYAGE), "tools": tools}
    with client.chat.completions.stream(**asking) as events:
        kinds = {event.type for event in events}
        final = events.get_final_completion()
    assert "tool_calls.function.arguments.done" in kinds, kinds
    check_both_tides(final.choices[0].message.tool_calls)


def go_through(messages, voyage):
    """The usual loop: the message goes back as it came, and the results after it."""
    while True:
        answer = client.chat.completions.parse(model=SIGNING, messages=messages, tools=tools)
        message = answer.choices[0].message
        if not message.tool_calls:
            return message.content
        messages.append(message)
        for call in message.tool_calls:
            tool = getattr(voyage, call.function.name)
            result = tool(**call.function.parsed_arguments.model_dump())
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})


@tell("tools")
def tools_in_a_loop():
    voyage = Voyage()
    voyage.check(go_through(user(VOYAGE), voyage))


@tell("parallel tools")
def parallel_tools():
    messages = user(VOYAGE)
    go_through(messages, Voyage())
    _, first, *results = messages
    check_both_tides(first.tool_calls)
    assert [result["tool_call_id"] for result in results[:2]] == [
        call.id for call in first.tool_calls
    ]


class Crew(BaseModel):
    ship: str
    sailors: list[str]


@tell("structured output")
def structured_output():
    answer = client.chat.completions.parse(
        model=PLAIN, messages=user(SHIP), response_format=Crew
    )
    crew = answer.choices[0].message.parsed
    assert isinstance(crew, Crew) and crew.ship and crew.sailors, crew


@tell("reasoning")
def reasoning():
    message = ask("How many ports has the Baltic Sea?", extra_body=THOUGHTS).choices[0].message
    assert message.reasoning_content
    assert message.reasoning_content not in message.content

    chunks = list(ask("How many ports has it?", extra_body=THOUGHTS, stream=True))
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join(getattr(delta, "reasoning_content", "") for delta in deltas)

    none, high = [
        ask("Why?", reasoning_effort=effort).usage.completion_tokens_details.reasoning_tokens
        for effort in ("none", "high")
    ]
    assert none == 0 < high


def base64_of(data):
    return base64.b64encode(data).decode()


@tell("vision")
def vision():
    url = f"data:image/png;base64,{base64_of(picture())}"
    answer = ask(
        [
            {"type": "image_url", "image_url": {"url": url}},
            {"type": "text", "text": "What is in this picture?"},
        ]
    )
    assert SEES in answer.choices[0].message.content


@tell("audio")
def audio():
    sound = {"data": base64_of(recording()), "format": "wav"}
    answer = ask(
        [
            {"type": "input_audio", "input_audio": sound},
            {"type": "text", "text": "Write down what you hear."},
        ]
    )
    assert HEARS in answer.choices[0].message.content


@tell("logprobs")
def logprobs():
    # Later models have them on Vertex AI only.
    answer = ask("Say ahoy", model="gemini-2.0-flash", logprobs=True, top_logprobs=2)
    tokens = answer.choices[0].logprobs.content
    assert "".join(token.token for token in tokens) == "ahoy"
    assert all(token.logprob <= 0 and len(token.top_logprobs) == 2 for token in tokens)


@tell("choices")
def choices():
    answer = ask("Name a port", n=2)
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert all(choice.message.content for choice in answer.choices)


@tell("errors")
def errors():
    impatient = client.with_options(max_retries=0).chat.completions
    for kind, word, content, more in [
        (openai.BadRequestError, "temperature", "x", {"temperature": WRONG_TEMPERATURE}),
        (openai.NotFoundError, "no-such-model", "x", {"model": "no-such-model"}),
        (openai.PermissionDeniedError, "403", "x [[error:403]]", {}),
        (openai.RateLimitError, "429", "x [[error:429]]", {}),
        (openai.InternalServerError, "overloaded", "x [[error:503]]", {}),
    ]:
        with raises(kind, word) as caught:
            impatient.create(**{"model": PLAIN, "messages": user(content), **more})
        assert caught[0].request_id
    with raises(openai.APIError, "overloaded"):
        list(ask("Tell a long story [[midstream-error]]", stream=True))


@tell("retries")
def retries():
    started = time.monotonic()
    answer = ask("Say ahoy [[fault:status=503;retry-info=1;times=2]]")
    assert answer.choices[0].message.content == "ahoy"
    # Its own idea would be half a second, then one.
    assert time.monotonic() - started > 2


@tell("timeout")
def timeout():
    impatient = client.with_options(timeout=0.5, max_retries=0).chat.completions
    with raises(openai.APITimeoutError, "timed out"):
        impatient.create(model=PLAIN, messages=user("Ahoy [[fault:delay=5000]]"))


@tell("cancel")
async def cancel():
    with ask(SLOW, stream=True) as chunks:
        assert next(iter(chunks)).choices

    watch = Stopwatch()
    whole = openai.AsyncOpenAI().chat.completions.create(
        model=PLAIN, messages=user("Ahoy [[fault:delay=5000]]")
    )
    with raises(TimeoutError, ""):
        await asyncio.wait_for(whole, 0.5)
    watch.check_early()

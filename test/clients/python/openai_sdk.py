"""OpenAI's own library for Python: everything that Chat Completions has."""

import asyncio
import json
import time

import openai
from openai import OpenAI
from pydantic import BaseModel

client = OpenAI()

PLAIN = "gemini-2.5-flash"
SIGNING = "gemini-3-flash-preview"


def user(content):
    return [{"role": "user", "content": content}]


def ask(content, **more):
    return client.chat.completions.create(model=PLAIN, messages=user(content), **more)


def text():
    answer = ask("Say ahoy")
    assert answer.choices[0].message.content == "ahoy"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def stream():
    question = "Explain the tides of the Baltic Sea"
    chunks = list(ask(question, stream=True, stream_options={"include_usage": True}))
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert len(chunks) > 3
    assert said == ask(question).choices[0].message.content
    assert chunks[-1].usage.completion_tokens > 0


def stream_helper():
    question = "Compare the tide in Kiel and Rostock"
    with client.chat.completions.stream(
        model=SIGNING, messages=user(question), tools=[GetTide]
    ) as events:
        kinds = {event.type for event in events}
        final = events.get_final_completion()
    assert "tool_calls.function.arguments.done" in kinds, kinds
    calls = final.choices[0].message.tool_calls
    assert [call.function.parsed_arguments.port for call in calls] == ["Kiel", "Rostock"]

    with client.chat.completions.stream(model=PLAIN, messages=user("Say ahoy")) as events:
        said = [event.delta for event in events if event.type == "content.delta"]
        final = events.get_final_completion()
    assert "".join(said) == final.choices[0].message.content == "ahoy"


class get_tide(BaseModel):
    """Tells the tide of a port."""

    port: str

    def run(self):
        return {"Kiel": "high at 04:10", "Rostock": "high at 05:55"}[self.port]


class get_weather(BaseModel):
    """Tells the weather of a port."""

    port: str

    def run(self):
        return {"Kiel": "fog", "Rostock": "drizzle"}[self.port]


class book_berth(BaseModel):
    """Books a berth."""

    port: str
    nights: int

    def run(self):
        return f"{self.port} B7 for {self.nights} nights"


functions = [get_tide, get_weather, book_berth]
GetTide, *_ = tools_given = [openai.pydantic_function_tool(function) for function in functions]

TASK = "Compare the tide and then the weather in Kiel and Rostock, then book a berth for 3 nights."


def complete(messages):
    return client.chat.completions.parse(model=SIGNING, messages=messages, tools=tools_given)


def go_through(messages):
    """The usual loop: the message goes back as it came, and the results after it."""
    steps = []
    while calls := (message := complete(messages).choices[0].message).tool_calls:
        steps.append(calls)
        messages.append(message)
        for call in calls:
            result = call.function.parsed_arguments.run()
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    return message.content, steps


def tools():
    said, steps = go_through(user(TASK))
    for fact in ("04:10", "05:55", "fog", "drizzle", "Kiel B7 for 3 nights"):
        assert fact in said, said
    assert len(steps) >= 3


def parallel_tools():
    _, [first, *_] = go_through(user(TASK))
    assert [call.function.parsed_arguments for call in first] == [
        get_tide(port="Kiel"),
        get_tide(port="Rostock"),
    ]
    assert len({call.id for call in first}) == 2


class Voyage(BaseModel):
    ship: str
    start: str
    end: str


def structured_output():
    answer = client.chat.completions.parse(
        model=PLAIN,
        messages=user("Plan a voyage of the Seagull from Kiel to Rostock."),
        response_format=Voyage,
    )
    plan = answer.choices[0].message.parsed
    assert isinstance(plan, Voyage) and plan.ship == "Seagull", plan


def reasoning():
    thoughts = {"google": {"thinking_config": {"include_thoughts": True}}}
    message = ask("How many ports has the Baltic Sea?", extra_body=thoughts).choices[0].message
    assert message.reasoning_content
    assert message.reasoning_content not in message.content

    deltas = [
        chunk.choices[0].delta
        for chunk in ask("How many ports?", extra_body=thoughts, stream=True)
    ]
    assert "".join(getattr(delta, "reasoning_content", "") for delta in deltas)

    tokens = [
        ask("Why?", reasoning_effort=effort).usage.completion_tokens_details.reasoning_tokens
        for effort in ("none", "high")
    ]
    assert tokens[0] == 0 < tokens[1], tokens


DOT = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def vision():
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{DOT}"}}
    answer = ask([picture, {"type": "text", "text": "What is this?"}])
    assert "I see an image (image/png)" in answer.choices[0].message.content


def audio():
    sound = {"type": "input_audio", "input_audio": {"data": "UklGRiQAAABXQVZF", "format": "wav"}}
    answer = ask([sound, {"type": "text", "text": "What is this?"}])
    assert "I hear a recording (audio/wav)" in answer.choices[0].message.content


def logprobs():
    # Later models have them on Vertex AI only.
    answer = client.chat.completions.create(
        model="gemini-2.0-flash", messages=user("Say ahoy"), logprobs=True, top_logprobs=2
    )
    tokens = answer.choices[0].logprobs.content
    assert "".join(token.token for token in tokens) == "ahoy"
    assert all(token.logprob <= 0 and len(token.top_logprobs) == 2 for token in tokens)


def choices():
    answer = ask("Name a port", n=2)
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert all(choice.message.content for choice in answer.choices)


def errors():
    expected = [
        (openai.BadRequestError, {"content": "x", "temperature": 7}, "temperature"),
        (openai.NotFoundError, {"content": "x", "model": "no-such-model"}, "no-such-model"),
        (openai.PermissionDeniedError, {"content": "x [[error:403]]"}, ""),
        (openai.RateLimitError, {"content": "x [[error:429]]"}, ""),
        (openai.InternalServerError, {"content": "x [[error:503]]"}, "overloaded"),
    ]
    impatient = client.with_options(max_retries=0).chat.completions
    for kind, given, words in expected:
        try:
            impatient.create(**{"model": PLAIN, "messages": user(given.pop("content")), **given})
        except openai.APIStatusError as error:
            assert type(error) is kind, error
            assert words in error.message and error.request_id, error
        else:
            raise AssertionError(f"{kind} was not raised")

    try:
        for _ in ask("Tell a long story [[midstream-error]]", stream=True):
            pass
    except openai.APIError as error:
        assert "overloaded" in error.message
    else:
        raise AssertionError("a stream that broke off did not raise")


def retries():
    started = time.monotonic()
    answer = ask("Say ahoy [[fault:status=503;retry-info=1;times=2]]")
    assert answer.choices[0].message.content == "ahoy"
    # Its own idea would be half a second, then one.
    assert time.monotonic() - started > 2


def timeout():
    impatient = client.with_options(timeout=0.5, max_retries=0).chat.completions
    try:
        impatient.create(model=PLAIN, messages=user("Ahoy [[fault:delay=5000]]"))
    except openai.APITimeoutError:
        return
    raise AssertionError("the answer did not come too late")


def cancel():
    with ask("Tell a long story of the sea. [[slow:200]]", stream=True) as chunks:
        assert next(iter(chunks)).choices

    async def leave():
        await openai.AsyncOpenAI().chat.completions.create(
            model=PLAIN, messages=user("Ahoy [[fault:delay=5000]]")
        )

    async def leave_early():
        await asyncio.wait_for(leave(), 0.5)

    try:
        asyncio.run(leave_early())
    except TimeoutError:
        return
    raise AssertionError("nobody left")


everything = [
    text,
    stream,
    stream_helper,
    tools,
    parallel_tools,
    structured_output,
    reasoning,
    vision,
    audio,
    logprobs,
    choices,
    errors,
    retries,
    timeout,
    cancel,
]

if __name__ == "__main__":
    for check in everything:
        ability = check.__name__.replace("_", " ")
        try:
            check()
            print(json.dumps({"ability": ability, "ok": True}), flush=True)
        except Exception as error:
            print(json.dumps({"ability": ability, "ok": False, "error": repr(error)}), flush=True)

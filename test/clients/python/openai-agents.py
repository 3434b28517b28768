"""OpenAI's Agents SDK, in Chat Completions mode."""

import base64
import json

import openai
from agents import (
    Agent,
    ModelSettings,
    Runner,
    function_tool,
    set_default_openai_api,
    set_default_openai_client,
    set_tracing_disabled,
)
from openai.types.responses import ResponseTextDeltaEvent
from pydantic import BaseModel
from story import (
    BROKEN,
    HEARS,
    LONG,
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

set_default_openai_api("chat_completions")
set_tracing_disabled(True)

sailor = Agent("Sailor", instructions="You are terse.", model="gemini-2.5-flash")


def data_url(kind, data):
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


async def deltas(stream):
    async for event in stream.stream_events():
        if event.type == "raw_response_event" and isinstance(event.data, ResponseTextDeltaEvent):
            yield event.data.delta


@tell("text")
async def text():
    result = await Runner.run(sailor, "Name the colour of the sea.")
    assert "sea" in result.final_output
    usage = result.context_wrapper.usage
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens > 0
    assert usage.output_tokens_details.reasoning_tokens > 0


@tell("stream")
async def stream():
    counting = sailor.clone(model_settings=ModelSettings(include_usage=True))
    result = Runner.run_streamed(counting, LONG)
    check_stream([delta async for delta in deltas(result)])
    assert result.final_output == (await Runner.run(sailor, LONG)).final_output
    assert result.context_wrapper.usage.total_tokens > 0


@tell("tools")
async def tools():
    for how in ("whole", "stream"):
        voyage = Voyage()
        own = [function_tool(f) for f in (voyage.get_tide, voyage.get_weather, voyage.book_berth)]
        pilot = Agent("Pilot", model=SIGNING, tools=own)
        if how == "whole":
            result = await Runner.run(pilot, VOYAGE)
        else:
            result = Runner.run_streamed(pilot, VOYAGE)
            assert [delta async for delta in deltas(result)]
        voyage.check(result.final_output)


@tell("parallel tools")
async def parallel_tools():
    pilot = Agent(
        "Pilot",
        model=SIGNING,
        tools=[function_tool(Voyage().get_tide)],
        tool_use_behavior="stop_on_first_tool",
    )
    result = await Runner.run(pilot, VOYAGE)
    calls = [item.raw_item for item in result.new_items if item.type == "tool_call_item"]
    check_calls([(call.call_id, json.loads(call.arguments)) for call in calls])


class Crew(BaseModel):
    ship: str
    sailors: list[str]


@tell("structured output")
async def structured_output():
    result = await Runner.run(sailor.clone(output_type=Crew), SHIP)
    assert isinstance(result.final_output, Crew)
    # A schema and tools in one request.
    voyage = Voyage()
    own = [function_tool(f) for f in (voyage.get_tide, voyage.get_weather, voyage.book_berth)]
    pilot = Agent("Pilot", model=SIGNING, tools=own, output_type=Crew)
    result = await Runner.run(pilot, VOYAGE)
    assert isinstance(result.final_output, Crew)
    assert len(voyage.made) == 6, voyage.made


@tell("reasoning")
async def reasoning():
    thinker = sailor.clone(model_settings=ModelSettings(extra_body=THOUGHTS))
    streamed = Runner.run_streamed(thinker, LONG)
    kinds = {
        event.data.type
        async for event in streamed.stream_events()
        if event.type == "raw_response_event"
    }
    assert "response.reasoning_summary_text.delta" in kinds, kinds
    for result in (streamed, await Runner.run(thinker, LONG)):
        thoughts = [item.raw_item for item in result.new_items if item.type == "reasoning_item"]
        assert "Baltic" in thoughts[0].summary[0].text
    # Thoughts between calls.
    voyage = Voyage()
    own = [function_tool(f) for f in (voyage.get_tide, voyage.get_weather, voyage.book_berth)]
    result = await Runner.run(thinker.clone(model=SIGNING, tools=own), VOYAGE)
    voyage.check(result.final_output)


@tell("vision")
async def vision():
    image = {"type": "input_image", "image_url": data_url("image/png", picture()), "detail": "auto"}
    question = {"type": "input_text", "text": "What is in this picture?"}
    result = await Runner.run(sailor, [{"role": "user", "content": [question, image]}])
    assert SEES in result.final_output


@tell("audio")
async def audio():
    data = base64.b64encode(recording()).decode()
    sound = {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}
    question = {"type": "input_text", "text": "Write down what you hear."}
    result = await Runner.run(sailor, [{"role": "user", "content": [question, sound]}])
    assert HEARS in result.final_output


@tell("errors")
async def errors():
    set_default_openai_client(openai.AsyncOpenAI(max_retries=0))
    too_hot = sailor.clone(model_settings=ModelSettings(temperature=WRONG_TEMPERATURE))
    cases = [
        (too_hot, "x", openai.BadRequestError, "temperature"),
        (sailor.clone(model="gpt-4o"), "x", openai.NotFoundError, "gpt-4o"),
        (sailor, "x [[error:429]]", openai.RateLimitError, "exhausted"),
        (sailor, "x [[error:503]]", openai.InternalServerError, "overloaded"),
    ]
    for agent, prompt, kind, word in cases:
        with raises(kind, word):
            await Runner.run(agent, prompt)
        with raises(kind, word):
            _ = [delta async for delta in deltas(Runner.run_streamed(agent, prompt))]
    with raises(openai.APIError, "overloaded"):
        _ = [delta async for delta in deltas(Runner.run_streamed(sailor, BROKEN))]


@tell("cancel")
async def cancel():
    watch = Stopwatch()
    result = Runner.run_streamed(sailor, SLOW)
    async for _ in deltas(result):
        result.cancel()
    watch.check_early()
    assert "sea" in (await Runner.run(sailor, "Name the colour of the sea.")).final_output

"""Pydantic AI, with its OpenAIChatModel."""

from openai import AsyncOpenAI
from pydantic import BaseModel
from pydantic_ai import (
    Agent,
    BinaryContent,
    ModelHTTPError,
    NativeOutput,
    ThinkingPart,
    ToolCallPart,
    ToolOutput,
)
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from story import (
    BROKEN,
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

sailor = Agent(OpenAIChatModel("gemini-2.5-flash"), instructions="You are terse.")


def parts_of(result, kind):
    return [
        part
        for message in result.all_messages()
        for part in message.parts
        if isinstance(part, kind)
    ]


@tell("text")
async def text():
    result = await sailor.run("Name the colour of the sea.")
    assert "sea" in result.output
    assert result.usage.output_tokens > result.usage.details["reasoning_tokens"] > 0
    assert result.response.finish_reason == "stop"


@tell("stream")
async def stream():
    async with sailor.run_stream(LONG) as result:
        check_stream([delta async for delta in result.stream_text(delta=True, debounce_by=None)])
        assert await result.get_output() == (await sailor.run(LONG)).output
        assert result.usage.output_tokens > 0


@tell("tools")
async def tools():
    for how in ("whole", "stream"):
        voyage = Voyage()
        own = [voyage.get_tide, voyage.get_weather, voyage.book_berth]
        pilot = Agent(OpenAIChatModel(SIGNING), tools=own)
        if how == "whole":
            voyage.check((await pilot.run(VOYAGE)).output)
        else:
            async with pilot.run_stream(VOYAGE) as result:
                voyage.check(await result.get_output())


@tell("parallel tools")
async def parallel_tools():
    result = await Agent(OpenAIChatModel(SIGNING), tools=[Voyage().get_tide]).run(VOYAGE)
    calls = parts_of(result, ToolCallPart)
    check_calls([(call.tool_call_id, call.args_as_dict()) for call in calls])


class Crew(BaseModel):
    ship: str
    sailors: list[str]


@tell("structured output")
async def structured_output():
    for output_type in (NativeOutput(Crew), ToolOutput(Crew)):
        result = await sailor.run(SHIP, output_type=output_type)
        assert isinstance(result.output, Crew), result.output
    # A schema and tools in one request.
    voyage = Voyage()
    own = [voyage.get_tide, voyage.get_weather, voyage.book_berth]
    pilot = Agent(OpenAIChatModel(SIGNING), tools=own, output_type=NativeOutput(Crew))
    assert isinstance((await pilot.run(VOYAGE)).output, Crew)
    assert len(voyage.made) == 6, voyage.made


@tell("reasoning")
async def reasoning():
    asked = {"extra_body": THOUGHTS}
    result = await sailor.run(LONG, model_settings=asked)
    async with sailor.run_stream(LONG, model_settings=asked) as streamed:
        await streamed.get_output()
    for one in (result, streamed):
        assert "Baltic" in parts_of(one, ThinkingPart)[0].content
    # Thoughts between calls.
    voyage = Voyage()
    own = [voyage.get_tide, voyage.get_weather, voyage.book_berth]
    pilot = Agent(OpenAIChatModel(SIGNING), tools=own, model_settings=asked)
    voyage.check((await pilot.run(VOYAGE)).output)


@tell("vision")
async def vision():
    image = BinaryContent(picture(), media_type="image/png")
    assert SEES in (await sailor.run(["What is in this picture?", image])).output


@tell("audio")
async def audio():
    sound = BinaryContent(recording(), media_type="audio/wav")
    assert HEARS in (await sailor.run(["Write down what you hear.", sound])).output


@tell("errors")
async def errors():
    once = OpenAIProvider(openai_client=AsyncOpenAI(max_retries=0))
    cases = [
        (PLAIN, {"temperature": WRONG_TEMPERATURE}, "x", 400, "temperature"),
        ("gpt-4o", {}, "x", 404, "gpt-4o"),
        (PLAIN, {}, "x [[error:429]]", 429, "exhausted"),
        (PLAIN, {}, "x [[error:503]]", 503, "overloaded"),
    ]
    for model, settings, prompt, status, word in cases:
        agent = Agent(OpenAIChatModel(model, provider=once), model_settings=settings)
        with raises(ModelHTTPError, word) as whole:
            await agent.run(prompt)
        with raises(ModelHTTPError, word) as streamed:
            async with agent.run_stream(prompt) as result:
                await result.get_output()
        assert [error.status_code for error in whole + streamed] == [status, status]
    with raises(ModelHTTPError, "overloaded"):
        async with sailor.run_stream(BROKEN) as result:
            await result.get_output()


@tell("cancel")
async def cancel():
    watch = Stopwatch()
    async with sailor.run_stream(SLOW) as result:
        async for _ in result.stream_text(delta=True, debounce_by=None):
            break
        await result.cancel()
    watch.check_early()
    assert "sea" in (await sailor.run("Name the colour of the sea.")).output

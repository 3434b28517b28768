"""CrewAI: its LLM, and a crew of one."""

import asyncio
import base64
import json
import os
from tempfile import mkdtemp

# It would report to its makers, and keep what it did among its user's files.
os.environ["CREWAI_DISABLE_TELEMETRY"] = "true"
os.environ["CREWAI_STORAGE_DIR"] = mkdtemp()

import openai
from crewai import LLM, Agent, Crew, Task
from crewai.events import LLMStreamChunkEvent, crewai_event_bus
from crewai.tools import tool
from pydantic import BaseModel
from story import (
    BROKEN,
    HEARS,
    LONG,
    PLAIN,
    SEES,
    SHIP,
    SIGNING,
    SLOW,
    TAGGED_THOUGHTS,
    VOYAGE,
    WRONG_TEMPERATURE,
    Voyage,
    cannot,
    check_calls,
    picture,
    raises,
    recording,
    tell,
)

# `custom_openai` lets it take a model that OpenAI does not have.
llm = LLM(model="gemini-2.5-flash", custom_openai=True)


def gemini(model, **more):
    return LLM(model=model, custom_openai=True, **more)


def crew(prompt, llm, tools=(), **more):
    pilot = Agent(
        role="Pilot",
        goal="Bring ships into harbours",
        backstory="Knows the Baltic Sea.",
        llm=llm,
        tools=[tool(one) for one in tools],
    )
    task = Task(description=prompt, expected_output="All that is asked for.", agent=pilot)
    return Crew(agents=[pilot], tasks=[task], **more)


@tell("text")
def text():
    assert "sea" in llm.call("Name the colour of the sea.")
    assert llm.get_token_usage_summary().completion_tokens > 0


@tell("stream")
async def stream():
    streaming = await crew(LONG, gemini(PLAIN), stream=True).akickoff()
    pieces = [chunk.content async for chunk in streaming if chunk.content]
    assert len(pieces) > 3 and "".join(pieces) == streaming.result.raw, pieces


@tell("tools")
def tools():
    for streamed in (False, True):
        voyage = Voyage()
        own = [voyage.get_tide, voyage.get_weather, voyage.book_berth]
        end = crew(VOYAGE, gemini(SIGNING, stream=streamed), own).kickoff()
        # It does the calls of a step side by side.
        voyage.made.sort(key=lambda call: ["get_tide", "get_weather", "book_berth"].index(call[0]))
        voyage.check(end.raw)


@tell("parallel tools")
def parallel_tools():
    get_tide = {
        "type": "function",
        "function": {
            "name": "get_tide",
            "parameters": {"type": "object", "properties": {"port": {"type": "string"}}},
        },
    }
    calls = gemini(SIGNING).call(VOYAGE, tools=[get_tide])
    check_calls([(call.id, json.loads(call.function.arguments)) for call in calls])


class Company(BaseModel):
    ship: str
    sailors: list[str]


@tell("structured output")
def structured_output():
    assert isinstance(llm.call(SHIP, response_model=Company), Company)


@tell("reasoning")
def reasoning():
    # It drops `reasoning_content`, so thoughts come in the text, in a tag.
    thinking = gemini(PLAIN, additional_params={"extra_body": TAGGED_THOUGHTS})
    thoughts, answer = thinking.call(LONG).split("</think>")
    assert thoughts.startswith("<think>") and "Baltic" in thoughts and "Baltic" in answer


def shown(question, part):
    content = [{"type": "text", "text": question}, part]
    return llm.call([{"role": "user", "content": content}])


@tell("vision")
def vision():
    url = f"data:image/png;base64,{base64.b64encode(picture()).decode()}"
    part = {"type": "image_url", "image_url": {"url": url}}
    assert SEES in shown("What is in this picture?", part)


@tell("audio")
def audio():
    data = base64.b64encode(recording()).decode()
    part = {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}
    assert HEARS in shown("Write down what you hear.", part)


@tell("errors")
def errors():
    once = {"max_retries": 0}
    too_hot = {"additional_params": {"temperature": WRONG_TEMPERATURE}}
    cases = [
        (gemini(PLAIN, **once, **too_hot), "x", openai.BadRequestError, "temperature"),
        # Its own word for what is not found.
        (gemini("gpt-4o", **once), "x", ValueError, "gpt-4o"),
        (gemini(PLAIN, **once), "x [[error:429]]", openai.RateLimitError, "exhausted"),
        (gemini(PLAIN, **once), "x [[error:503]]", openai.InternalServerError, "overloaded"),
    ]
    for asked, prompt, kind, word in cases:
        with raises(kind, word):
            asked.call(prompt)
    with raises(openai.APIError, "overloaded"):
        gemini(PLAIN, stream=True).call(BROKEN)


@cannot("cancel", "whoever leaves its stream lets the request run to its end, in a thread")
async def cancel():
    heard = []

    @crewai_event_bus.on(LLMStreamChunkEvent)
    def hear(source, event):
        heard.append(event.chunk)

    streaming = await crew(SLOW, gemini(PLAIN), stream=True).akickoff()
    async for chunk in streaming:
        if chunk.content:
            break
    await streaming.aclose()
    when_left = len(heard)
    await asyncio.sleep(1.5)
    assert len(heard) > when_left, "the stream ended when it was left"

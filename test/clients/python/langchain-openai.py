"""LangChain's ChatOpenAI, and an agent of LangGraph's."""

import base64

import openai
from langchain.agents import create_agent
from langchain.agents.structured_output import ProviderStrategy
from langchain.messages import HumanMessage
from langchain_openai import ChatOpenAI
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
    Stopwatch,
    Voyage,
    check_calls,
    check_stream,
    picture,
    raises,
    recording,
    tell,
)

# Elsewhere than at OpenAI it asks for no usage in a stream, unless it is told to.
model = ChatOpenAI(model="gemini-2.5-flash", stream_usage=True)


@tell("text")
def text():
    answer = model.invoke([("system", "You are terse."), ("user", "Name the colour of the sea.")])
    assert "sea" in answer.text
    assert answer.usage_metadata["output_token_details"]["reasoning"] > 0
    assert answer.response_metadata["finish_reason"] == "stop"


@tell("stream")
def stream():
    chunks = list(model.stream(LONG))
    check_stream([chunk.text for chunk in chunks if chunk.text])
    whole = sum(chunks[1:], chunks[0])
    assert whole.text == model.invoke(LONG).text
    assert whole.usage_metadata["total_tokens"] > 0
    assert whole.response_metadata["finish_reason"] == "stop"


@tell("tools")
async def tools():
    for how in ("whole", "stream"):
        voyage = Voyage()
        agent = create_agent(
            ChatOpenAI(model=SIGNING, streaming=how == "stream"),
            tools=[voyage.get_tide, voyage.get_weather, voyage.book_berth],
        )
        end = await agent.ainvoke({"messages": [HumanMessage(VOYAGE)]})
        voyage.check(end["messages"][-1].text)


@tell("parallel tools")
def parallel_tools():
    answer = ChatOpenAI(model=SIGNING).bind_tools([Voyage().get_tide]).invoke(VOYAGE)
    check_calls([(call["id"], call["args"]) for call in answer.tool_calls])


class Crew(BaseModel):
    ship: str
    sailors: list[str]


@tell("structured output")
def structured_output():
    for method in ("json_schema", "function_calling"):
        crew = model.with_structured_output(Crew, method=method).invoke(SHIP)
        assert isinstance(crew, Crew), crew
    # A schema and tools in one request.
    voyage = Voyage()
    agent = create_agent(
        ChatOpenAI(model=SIGNING),
        tools=[voyage.get_tide, voyage.get_weather, voyage.book_berth],
        response_format=ProviderStrategy(Crew),
    )
    end = agent.invoke({"messages": [HumanMessage(VOYAGE)]})
    assert isinstance(end["structured_response"], Crew), end
    assert len(voyage.made) == 6, voyage.made


@tell("reasoning")
def reasoning():
    # ChatOpenAI drops `reasoning_content`, so thoughts come in the text, in a tag.
    thinking = ChatOpenAI(model=PLAIN, extra_body=TAGGED_THOUGHTS)
    thoughts, answer = thinking.invoke(LONG).text.split("</think>")
    assert thoughts.startswith("<think>") and "Baltic" in thoughts and "Baltic" in answer
    # Thoughts between calls, which go back in the text.
    voyage = Voyage()
    agent = create_agent(
        ChatOpenAI(model=SIGNING, extra_body=TAGGED_THOUGHTS),
        tools=[voyage.get_tide, voyage.get_weather, voyage.book_berth],
    )
    end = agent.invoke({"messages": [HumanMessage(VOYAGE)]})
    voyage.check(end["messages"][-1].text)


@tell("vision")
def vision():
    image = {
        "type": "image",
        "base64": base64.b64encode(picture()).decode(),
        "mime_type": "image/png",
    }
    question = {"type": "text", "text": "What is in this picture?"}
    assert SEES in model.invoke([HumanMessage([question, image])]).text


@tell("audio")
def audio():
    sound = {
        "type": "audio",
        "base64": base64.b64encode(recording()).decode(),
        "mime_type": "audio/wav",
    }
    question = {"type": "text", "text": "Write down what you hear."}
    assert HEARS in model.invoke([HumanMessage([question, sound])]).text


@tell("errors")
def errors():
    once = ChatOpenAI(model=PLAIN, max_retries=0)
    cases = [
        (once.bind(temperature=WRONG_TEMPERATURE), "x", openai.BadRequestError, "temperature"),
        (ChatOpenAI(model="gpt-4o"), "x", openai.NotFoundError, "gpt-4o"),
        (once, "x [[error:429]]", openai.RateLimitError, "exhausted"),
        (once, "x [[error:503]]", openai.InternalServerError, "overloaded"),
    ]
    for asked, prompt, kind, word in cases:
        with raises(kind, word):
            asked.invoke(prompt)
        with raises(kind, word):
            list(asked.stream(prompt))
    with raises(openai.APIError, "overloaded"):
        list(once.stream(BROKEN))


@tell("cancel")
def cancel():
    watch = Stopwatch()
    pieces = model.stream(SLOW)
    while not next(pieces).text:
        pass
    pieces.close()
    watch.check_early()
    assert "sea" in model.invoke("Name the colour of the sea.").text

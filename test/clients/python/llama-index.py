"""LlamaIndex's OpenAILike, and an agent with functions."""

import os

import openai
from llama_index.core.agent.workflow import AgentStream, FunctionAgent
from llama_index.core.base.llms.types import ThinkingBlock
from llama_index.core.llms import AudioBlock, ChatMessage, ImageBlock, TextBlock
from llama_index.core.prompts import PromptTemplate
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai_like import OpenAILike
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


def gemini(model, **more):
    return OpenAILike(
        model=model,
        api_base=os.environ["OPENAI_BASE_URL"],
        context_window=1_048_576,
        is_chat_model=True,
        is_function_calling_model=True,
        should_use_structured_outputs=True,
        **more,
    )


llm = gemini(PLAIN)


@tell("text")
def text():
    answer = llm.chat(
        [ChatMessage("You are terse.", role="system"), ChatMessage("Name the colour of the sea.")]
    )
    assert "sea" in answer.message.content
    assert answer.additional_kwargs["completion_tokens"] > 0
    assert "sea" in llm.complete("Name the colour of the sea.").text


@tell("stream")
def stream():
    counting = {"stream_options": {"include_usage": True}}
    answers = list(gemini(PLAIN, additional_kwargs=counting).stream_chat([ChatMessage(LONG)]))
    check_stream([answer.delta for answer in answers if answer.delta])
    assert answers[-1].message.content == llm.complete(LONG).text
    assert answers[-1].additional_kwargs["total_tokens"] > 0


@tell("tools")
async def tools():
    for streaming in (False, True):
        voyage = Voyage()
        own = [voyage.get_tide, voyage.get_weather, voyage.book_berth]
        agent = FunctionAgent(tools=own, llm=gemini(SIGNING), streaming=streaming)
        voyage.check(str(await agent.run(VOYAGE)))


@tell("parallel tools")
def parallel_tools():
    signing = gemini(SIGNING)
    own = [FunctionTool.from_defaults(Voyage().get_tide)]
    *_, streamed = signing.stream_chat_with_tools(own, VOYAGE, allow_parallel_tool_calls=True)
    whole = signing.chat_with_tools(own, VOYAGE, allow_parallel_tool_calls=True)
    for answer in (whole, streamed):
        calls = signing.get_tool_calls_from_response(answer)
        check_calls([(call.tool_id, call.tool_kwargs) for call in calls])


class Crew(BaseModel):
    ship: str
    sailors: list[str]


@tell("structured output")
def structured_output():
    by_schema = llm.structured_predict(Crew, PromptTemplate(SHIP))
    by_function = gemini(PLAIN)
    by_function.should_use_structured_outputs = False
    for crew in (by_schema, by_function.structured_predict(Crew, PromptTemplate(SHIP))):
        assert isinstance(crew, Crew), crew


@tell("reasoning")
async def reasoning():
    thinking = gemini(PLAIN, additional_kwargs={"extra_body": THOUGHTS})
    *_, streamed = thinking.stream_chat([ChatMessage(LONG)])
    for answer in (thinking.chat([ChatMessage(LONG)]), streamed):
        thoughts = [one for one in answer.message.blocks if isinstance(one, ThinkingBlock)]
        assert "Baltic" in thoughts[0].content
    run = FunctionAgent(llm=thinking).run(LONG)
    shown = [
        event.thinking_delta
        async for event in run.stream_events()
        if isinstance(event, AgentStream)
    ]
    assert "Baltic" in "".join(delta for delta in shown if delta)
    # Thoughts between calls.
    voyage = Voyage()
    own = [voyage.get_tide, voyage.get_weather, voyage.book_berth]
    signing = gemini(SIGNING, additional_kwargs={"extra_body": THOUGHTS})
    voyage.check(str(await FunctionAgent(tools=own, llm=signing).run(VOYAGE)))


@tell("vision")
def vision():
    blocks = [TextBlock(text="What is in this picture?"), ImageBlock(image=picture())]
    assert SEES in llm.chat([ChatMessage(blocks=blocks)]).message.content


@tell("audio")
def audio():
    sound = AudioBlock(audio=recording(), format="wav")
    blocks = [TextBlock(text="Write down what you hear."), sound]
    assert HEARS in llm.chat([ChatMessage(blocks=blocks)]).message.content


@tell("errors")
def errors():
    once = {"max_retries": 1}
    # It checks its own temperature itself.
    too_hot = {"temperature": WRONG_TEMPERATURE}
    cases = [
        (
            gemini(PLAIN, additional_kwargs=too_hot, **once),
            "x",
            openai.BadRequestError,
            "temperature",
        ),
        (gemini("gpt-4o", **once), "x", openai.NotFoundError, "gpt-4o"),
        (gemini(PLAIN, **once), "x [[error:429]]", openai.RateLimitError, "exhausted"),
        (gemini(PLAIN, **once), "x [[error:503]]", openai.InternalServerError, "overloaded"),
    ]
    for asked, prompt, kind, word in cases:
        with raises(kind, word):
            asked.complete(prompt)
        with raises(kind, word):
            list(asked.stream_complete(prompt))
    with raises(openai.APIError, "overloaded"):
        list(llm.stream_complete(BROKEN))


@tell("cancel")
async def cancel():
    watch = Stopwatch()
    pieces = llm.stream_chat([ChatMessage(SLOW)])
    while not next(pieces).delta:
        pass
    pieces.close()
    watch.check_early()
    assert "sea" in llm.complete("Name the colour of the sea.").text

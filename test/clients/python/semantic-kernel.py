"""Microsoft's Semantic Kernel: a chat service, and an agent with a plugin."""

import asyncio

import openai
from pydantic import BaseModel
from semantic_kernel.agents import ChatCompletionAgent
from semantic_kernel.connectors.ai.open_ai import (
    OpenAIChatCompletion,
    OpenAIChatPromptExecutionSettings,
)
from semantic_kernel.contents import (
    AudioContent,
    ChatHistory,
    ChatMessageContent,
    FunctionCallContent,
    ImageContent,
    TextContent,
)
from semantic_kernel.exceptions import ServiceResponseException
from semantic_kernel.functions import KernelArguments, kernel_function
from story import (
    BROKEN,
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
    cannot,
    check_calls,
    check_stream,
    picture,
    raises,
    recording,
    tell,
)

service = OpenAIChatCompletion(ai_model_id="gemini-2.5-flash")


class Harbour(Voyage):
    get_tide = kernel_function(Voyage.get_tide)
    get_weather = kernel_function(Voyage.get_weather)
    book_berth = kernel_function(Voyage.book_berth)


def settings(**more):
    return OpenAIChatPromptExecutionSettings(**more)


def history(prompt):
    said = ChatHistory(system_message="You are terse.")
    said.add_user_message(prompt)
    return said


def ask(prompt, **more):
    return service.get_chat_message_content(history(prompt), settings(**more))


async def pieces(prompt, **more):
    async for piece in service.get_streaming_chat_message_content(
        history(prompt), settings(**more)
    ):
        yield piece


@tell("text")
async def text():
    answer = await ask("Name the colour of the sea.")
    assert "sea" in str(answer)
    assert answer.metadata["usage"].completion_tokens > 0
    assert answer.finish_reason == "stop"


@tell("stream")
async def stream():
    said = [piece async for piece in pieces(LONG)]
    check_stream([str(piece) for piece in said if str(piece)])
    assert "".join(map(str, said)) == str(await ask(LONG))
    assert said[-1].metadata["usage"].completion_tokens > 0


@tell("tools")
async def tools():
    for how in ("whole", "stream"):
        harbour = Harbour()
        pilot = ChatCompletionAgent(
            service=OpenAIChatCompletion(ai_model_id=SIGNING), plugins=[harbour]
        )
        if how == "whole":
            end = str(await pilot.get_response(VOYAGE))
        else:
            end = "".join([str(piece) async for piece in pilot.invoke_stream(VOYAGE)])
        harbour.check(end)


@tell("parallel tools")
async def parallel_tools():
    steps = []

    async def note(message):
        steps.append([one for one in message.items if isinstance(one, FunctionCallContent)])

    pilot = ChatCompletionAgent(
        service=OpenAIChatCompletion(ai_model_id=SIGNING), plugins=[Harbour()]
    )
    _ = [answer async for answer in pilot.invoke(VOYAGE, on_intermediate_message=note)]
    check_calls([(call.id, call.parse_arguments()) for call in steps[0]])


class Crew(BaseModel):
    ship: str
    sailors: list[str]


@tell("structured output")
async def structured_output():
    assert Crew.model_validate_json(str(await ask(SHIP, response_format=Crew)))
    # A schema and tools in one request.
    harbour = Harbour()
    pilot = ChatCompletionAgent(
        service=OpenAIChatCompletion(ai_model_id=SIGNING),
        plugins=[harbour],
        arguments=KernelArguments(settings(response_format=Crew)),
    )
    assert Crew.model_validate_json(str(await pilot.get_response(VOYAGE)))
    assert len(harbour.made) == 6, harbour.made


@tell("reasoning")
async def reasoning():
    # Its own messages have no place for thoughts, but they keep what they were made of.
    answer = await ask(LONG, extra_body=THOUGHTS)
    assert "Baltic" in answer.inner_content.choices[0].message.reasoning_content
    deltas = [piece.inner_content.choices async for piece in pieces(LONG, extra_body=THOUGHTS)]
    shown = [getattr(choices[0].delta, "reasoning_content", "") for choices in deltas if choices]
    assert "Baltic" in "".join(shown)


def said_with(question, media):
    items = [TextContent(text=question), media]
    return ChatHistory(messages=[ChatMessageContent(role="user", items=items)])


@tell("vision")
async def vision():
    image = ImageContent(data=picture(), data_format="base64", mime_type="image/png")
    said = said_with("What is in this picture?", image)
    assert SEES in str(await service.get_chat_message_content(said, settings()))


@cannot(
    "audio",
    "its AudioContent is an `audio_url` with a `uri` in it, which neither OpenAI nor others know",
)
async def audio():
    sound = AudioContent(data=recording(), data_format="base64", mime_type="audio/wav")
    with raises(ServiceResponseException, "audio_url.url"):
        said = said_with("Write down what you hear.", sound)
        await service.get_chat_message_content(said, settings())


@tell("errors")
async def errors():
    once = openai.AsyncOpenAI(max_retries=0)
    # It checks its own temperature itself.
    too_hot = {"extra_body": {"temperature": WRONG_TEMPERATURE}}
    cases = [
        (PLAIN, too_hot, "x", openai.BadRequestError, "temperature"),
        ("gpt-4o", {}, "x", openai.NotFoundError, "gpt-4o"),
        (PLAIN, {}, "x [[error:429]]", openai.RateLimitError, "exhausted"),
        (PLAIN, {}, "x [[error:503]]", openai.InternalServerError, "overloaded"),
    ]
    for model, more, prompt, kind, word in cases:
        asked = OpenAIChatCompletion(ai_model_id=model, async_client=once)
        with raises(ServiceResponseException, word) as whole:
            await asked.get_chat_message_content(history(prompt), settings(**more))
        with raises(ServiceResponseException, word) as streamed:
            said = asked.get_streaming_chat_message_content(history(prompt), settings(**more))
            _ = [piece async for piece in said]
        assert all(isinstance(error.__cause__, kind) for error in whole + streamed)
    with raises(openai.APIError, "overloaded"):
        _ = [piece async for piece in pieces(BROKEN)]


@tell("cancel")
async def cancel():
    watch = Stopwatch()
    said = pieces(SLOW)
    async for piece in said:
        if str(piece):
            break
    await said.aclose()
    # The loop goes on, and closes what nobody reads any more.
    await asyncio.sleep(0.1)
    watch.check_early()
    assert "sea" in str(await ask("Name the colour of the sea."))

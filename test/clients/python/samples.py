"""What Google's documentation shows with the OpenAI library, asked of a gateway.

Usage: samples.py <base URL of the host> ; prints one line per sample and fails on the first that is wrong.
The answers are those of the built-in emulator.
"""

import base64
import json
import sys

import openai
from pydantic import BaseModel

host = sys.argv[1]
door = f"{host}/v1/projects/emulator/locations/global/endpoints/openapi"
vertex = openai.OpenAI(base_url=door, api_key="any", max_retries=0, timeout=10)
plain = openai.OpenAI(base_url=f"{host}/v1", api_key="any", max_retries=0, timeout=10)
model = "google/gemini-2.5-flash"


def user(content):
    return [{"role": "user", "content": content}]


def whole_answer():
    answer = vertex.chat.completions.create(
        model=model,
        messages=[
            {"role": "system", "content": "You are terse."},
            *user("Name the colour of the sea."),
        ],
    )
    assert answer.model == model
    assert answer.choices[0].finish_reason == "stop"
    assert "sea" in answer.choices[0].message.content
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def streamed_answer():
    stream = vertex.chat.completions.create(
        model=model,
        messages=user("Explain the tides of the Baltic Sea"),
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    whole = vertex.chat.completions.create(
        model=model, messages=user("Explain the tides of the Baltic Sea")
    )
    assert len(chunks) > 3
    assert text == whole.choices[0].message.content
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens > 0


def stream_helper():
    with vertex.chat.completions.stream(model=model, messages=user("Say ahoy")) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= kinds
    assert final.choices[0].message.content == "ahoy"


def image_from_a_bucket():
    # Google's pages write the URL as a plain string where OpenAI has an object.
    answer = vertex.chat.completions.create(
        model=model,
        messages=user(
            [
                {"type": "text", "text": "What is in this picture?"},
                {"type": "image_url", "image_url": "gs://my-bucket/harbour.png"},
            ]
        ),
    )
    assert "I see an image (image/png)" in answer.choices[0].message.content


def image_in_an_object():
    data = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 32).decode()
    answer = plain.chat.completions.create(
        model="gemini-2.5-flash",
        messages=user(
            [
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
                {"type": "text", "text": "And in this one?"},
            ]
        ),
    )
    assert "I see an image (image/png)" in answer.choices[0].message.content


def audio_from_a_bucket():
    audio = {"data": "gs://my-bucket/waves.mp3", "format": "audio/mp3"}
    answer = vertex.chat.completions.create(
        model=model,
        messages=user(
            [
                {"type": "text", "text": "Write down what you hear."},
                {"type": "input_audio", "input_audio": audio},
            ]
        ),
    )
    assert "I hear a recording (audio/mp3)" in answer.choices[0].message.content


def video_as_audio_from_a_bucket():
    # Google's pages put a film into input_audio; its type is in `format`.
    film = {"data": "gs://my-bucket/harbour.mp4", "format": "video/mp4"}
    answer = vertex.chat.completions.create(
        model=model,
        messages=user([{"type": "input_audio", "input_audio": film}, {"type": "text", "text": "?"}]),
    )
    assert "I watch a video (video/mp4)" in answer.choices[0].message.content


def thinking_with_a_tag():
    for nested in (True, False):
        google = {
            "google": {
                "thinking_config": {"include_thoughts": True, "thinking_budget": 2048},
                "thought_tag_marker": "think",
            }
        }
        answer = vertex.chat.completions.create(
            model=model,
            messages=user("How many ports has the Baltic Sea?"),
            # The library unpacks extra_body; Google's pages nest a second one inside.
            extra_body={"extra_body": google} if nested else google,
        )
        content = answer.choices[0].message.content
        assert content.startswith("<think>") and "</think>" in content, content
        assert answer.usage.completion_tokens_details.reasoning_tokens > 0


def reasoning_effort():
    spent = [
        vertex.chat.completions.create(
            model=model, messages=user("Why?"), reasoning_effort=effort
        ).usage.completion_tokens_details.reasoning_tokens
        for effort in ("none", "high")
    ]
    assert spent[0] == 0 < spent[1], spent


class Crew(BaseModel):
    class Sailor(BaseModel):
        name: str
        years_at_sea: int | None

    ship: str
    sailors: list[Sailor]


def structured_output():
    for client in (vertex.beta.chat.completions, vertex.chat.completions):
        answer = client.parse(
            model=model,
            messages=user("Anna and Boris sail on the Albatross."),
            response_format=Crew,
        )
        assert isinstance(answer.choices[0].message.parsed, Crew)


def schema_by_hand():
    answer = vertex.chat.completions.create(
        model=model,
        messages=user("Anna sails."),
        response_format={
            "type": "json_schema",
            "json_schema": {
                "name": "sailor",
                "schema": {"type": "object", "properties": {"name": {"type": "string"}}},
            },
        },
    )
    assert isinstance(json.loads(answer.choices[0].message.content)["name"], str)


tools = [
    {
        "type": "function",
        "function": {
            "name": "get_tide",
            "description": "Height of the tide in a port",
            "parameters": {
                "type": "object",
                "properties": {"port": {"type": "string", "description": "Name of the port"}},
                "required": ["port"],
            },
        },
    }
]


def tools_in_a_loop():
    for name in (model, "google/gemini-3-flash-preview"):
        messages = user("Compare the tide in Kiel and Rostock")
        first = vertex.chat.completions.create(
            model=name, messages=messages, tools=tools, tool_choice="auto"
        )
        calls = first.choices[0].message.tool_calls
        assert first.choices[0].finish_reason == "tool_calls"
        assert [json.loads(call.function.arguments) for call in calls] == [
            {"port": "Kiel"},
            {"port": "Rostock"},
        ]
        assert len({call.id for call in calls}) == 2
        messages.append(first.choices[0].message)
        for call in calls:
            result = json.dumps({"metres": 1.5})
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
        second = vertex.chat.completions.create(model=name, messages=messages, tools=tools)
        assert second.choices[0].finish_reason == "stop"
        assert "1.5" in second.choices[0].message.content


def tools_in_a_stream():
    names, arguments = {}, {}
    for chunk in vertex.chat.completions.create(
        model=model, messages=user("Compare the tide in Kiel and Rostock"), tools=tools, stream=True
    ):
        for call in chunk.choices[0].delta.tool_calls or []:
            names[call.index] = names.get(call.index, "") + (call.function.name or "")
            arguments[call.index] = arguments.get(call.index, "") + (call.function.arguments or "")
    assert names == {0: "get_tide", 1: "get_tide"}
    assert [json.loads(text)["port"] for text in arguments.values()] == ["Kiel", "Rostock"]


def errors_by_class():
    expected = [
        ("x", {"temperature": 7}, openai.BadRequestError, "temperature"),
        ("x", {"model": "gpt-4o"}, openai.NotFoundError, "model"),
        ("x [[error:403]]", {}, openai.PermissionDeniedError, None),
        ("x [[error:409]]", {}, openai.ConflictError, None),
        ("x [[error:429]]", {}, openai.RateLimitError, None),
        ("x [[error:503]]", {}, openai.InternalServerError, None),
    ]
    for text, more, kind, param in expected:
        try:
            vertex.chat.completions.create(**{"model": model, "messages": user(text), **more})
        except openai.APIStatusError as error:
            assert type(error) is kind, (type(error), kind)
            assert error.param == param, error.param
            assert error.request_id
        else:
            raise AssertionError(f"nothing raised for {text} {more}")


def error_in_a_stream():
    said = ""
    try:
        for chunk in vertex.chat.completions.create(
            model=model, messages=user("Explain the tides [[midstream-error]]"), stream=True
        ):
            said += chunk.choices[0].delta.content or ""
    except openai.APIError as error:
        assert "overloaded" in str(error), error
        assert said
    else:
        raise AssertionError("a broken stream must raise")


def wrong_base_url():
    lost = openai.OpenAI(base_url=f"{host}/v1/v1", api_key="any", max_retries=0)
    try:
        lost.chat.completions.create(model=model, messages=user("x"))
    except openai.NotFoundError as error:
        assert "base URL" in str(error)
    else:
        raise AssertionError("a wrong base URL must raise")


def list_of_models():
    assert "gemini-2.5-flash" in [entry.id for entry in plain.models.list()]
    assert vertex.models.retrieve("google/gemini-2.5-flash").object == "model"


samples = [
    whole_answer,
    streamed_answer,
    stream_helper,
    image_from_a_bucket,
    image_in_an_object,
    audio_from_a_bucket,
    video_as_audio_from_a_bucket,
    thinking_with_a_tag,
    reasoning_effort,
    structured_output,
    schema_by_hand,
    tools_in_a_loop,
    tools_in_a_stream,
    errors_by_class,
    error_in_a_stream,
    wrong_base_url,
    list_of_models,
]

if __name__ == "__main__":
    failed = False
    for sample in samples:
        try:
            sample()
            print(json.dumps({"sample": sample.__name__, "ok": True}))
        except Exception as error:
            failed = True
            print(json.dumps({"sample": sample.__name__, "ok": False, "error": repr(error)}))
    sys.exit(failed)

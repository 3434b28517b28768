"""Uses google-genai against the emulator whose address is the argument; prints what it got as JSON."""

import json
import sys

from google import genai
from google.genai import types

url = sys.argv[1]
options = types.HttpOptions(base_url=url)
weather = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name="get_weather",
            parameters_json_schema={
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        )
    ]
)
city = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "size": {"type": "integer"}},
    "required": ["city", "size"],
}


def used(models):
    def ask(contents, model="gemini-2.5-flash", **config):
        return models.generate_content(model=model, contents=contents, config=config or None)

    stream = list(models.generate_content_stream(model="gemini-3.8-flash", contents="Say one two three"))
    question = types.Content(role="user", parts=[types.Part(text="How is the weather in Paris?")])
    first = ask([question], model="gemini-3.8-flash", tools=[weather])
    said = first.candidates[0].content
    call = said.parts[0].function_call
    answer = types.Part(
        function_response=types.FunctionResponse(id=call.id, name=call.name, response={"sky": "clear"})
    )
    results = types.Content(role="user", parts=[answer])
    second = ask([question, said, results], model="gemini-3.8-flash", tools=[weather])
    formatted = ask("Describe Paris", response_mime_type="application/json", response_json_schema=city)
    thoughts = ask(
        "Why is the sky blue?",
        model="gemini-2.5-pro",
        thinking_config=types.ThinkingConfig(include_thoughts=True),
    )
    try:
        ask("Hi", model="gemini-9")
        status = 200
    except genai.errors.ClientError as error:
        status = error.code
    return {
        "text": ask("Say hello").text,
        "chunks": len(stream),
        "streamed": "".join(chunk.text or "" for chunk in stream),
        "call": [call.name, call.args],
        "signed": bool(said.parts[0].thought_signature),
        "loop": second.text,
        "json": json.loads(formatted.text),
        "thought": bool(thoughts.candidates[0].content.parts[0].thought),
        "tokens": models.count_tokens(model="gemini-2.5-flash", contents="Say hello").total_tokens,
        "unknown": status,
    }


developer = genai.Client(api_key="any", http_options=options)
vertex = genai.Client(vertexai=True, api_key="any", http_options=options)
print(json.dumps({"developer": used(developer.models), "vertex": used(vertex.models)}))

from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel

# It reads OPENAI_BASE_URL and OPENAI_API_KEY.
sailor = Agent(OpenAIChatModel("gemini-2.5-flash"))

# Leave `model_settings` out where you want no thoughts.
thoughts = {"google": {"thinking_config": {"include_thoughts": True}}}
result = sailor.run_sync("Say ahoy", model_settings={"extra_body": thoughts})
print(result.response.thinking, result.output)

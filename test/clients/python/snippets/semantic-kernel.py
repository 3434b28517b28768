import asyncio

from semantic_kernel.connectors.ai.open_ai import (
    OpenAIChatCompletion,
    OpenAIChatPromptExecutionSettings,
)
from semantic_kernel.contents import ChatHistory

# It reads OPENAI_BASE_URL and OPENAI_API_KEY.
service = OpenAIChatCompletion(ai_model_id="gemini-2.5-flash")


async def main():
    history = ChatHistory()
    history.add_user_message("Say ahoy")
    # Leave `extra_body` out where you want no thoughts.
    thoughts = {"google": {"thinking_config": {"include_thoughts": True}}}
    settings = OpenAIChatPromptExecutionSettings(extra_body=thoughts)
    answer = await service.get_chat_message_content(history, settings)
    # Its messages have no place for thoughts, but keep what they were made of.
    print(answer.inner_content.choices[0].message.reasoning_content, answer)


asyncio.run(main())

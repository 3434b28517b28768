import os

from llama_index.llms.openai_like import OpenAILike

# The key it finds in OPENAI_API_KEY.
llm = OpenAILike(
    model="gemini-2.5-flash",
    api_base=os.environ["OPENAI_BASE_URL"],
    context_window=1_048_576,
    is_chat_model=True,
    is_function_calling_model=True,
    should_use_structured_outputs=True,
    # Leave it out where you want no thoughts.
    additional_kwargs={
        "extra_body": {"google": {"thinking_config": {"include_thoughts": True}}}
    },
)
print(llm.complete("Say ahoy").text)

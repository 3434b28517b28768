from langchain_openai import ChatOpenAI

# It reads OPENAI_BASE_URL and OPENAI_API_KEY.
# Elsewhere than at OpenAI it asks for the usage of streams only where it is told to.
model = ChatOpenAI(model="gemini-2.5-flash", stream_usage=True)
print(model.invoke("Say ahoy").text)

# It drops `reasoning_content`, but thoughts can be had in the text.
thinking = ChatOpenAI(
    model="gemini-2.5-flash",
    extra_body={
        "google": {
            "thinking_config": {"include_thoughts": True},
            "thought_tag_marker": "think",
        }
    },
)
thoughts, answer = thinking.invoke("Say ahoy").text.split("</think>")
print(thoughts, answer)

from openai import OpenAI

# It reads OPENAI_BASE_URL and OPENAI_API_KEY; or give it base_url and api_key.
client = OpenAI()

answer = client.chat.completions.create(
    model="gemini-2.5-flash",
    messages=[{"role": "user", "content": "Say ahoy"}],
    # Leave it out where you want no thoughts.
    extra_body={"google": {"thinking_config": {"include_thoughts": True}}},
)
message = answer.choices[0].message
print(message.reasoning_content, message.content)

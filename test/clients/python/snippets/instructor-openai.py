import instructor
import openai
from pydantic import BaseModel


class Crew(BaseModel):
    ship: str
    sailors: list[str]


# The OpenAI library below it reads OPENAI_BASE_URL and OPENAI_API_KEY.
client = instructor.from_openai(openai.OpenAI())

crew, completion = client.create_with_completion(
    model="gemini-2.5-flash",
    messages=[{"role": "user", "content": "Anna and Boris sail on the Albatross."}],
    response_model=Crew,
    # Leave it out where you want no thoughts.
    extra_body={"google": {"thinking_config": {"include_thoughts": True}}},
)
print(crew.ship, completion.choices[0].message.reasoning_content)

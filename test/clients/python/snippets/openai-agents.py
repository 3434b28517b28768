from agents import Agent, ModelSettings, Runner, set_default_openai_api, set_tracing_disabled

# It would ask for /v1/responses, and send its traces to OpenAI.
set_default_openai_api("chat_completions")
set_tracing_disabled(True)

# Leave `model_settings` out where you want no thoughts.
thoughts = {"google": {"thinking_config": {"include_thoughts": True}}}
sailor = Agent(
    "Sailor", model="gemini-2.5-flash", model_settings=ModelSettings(extra_body=thoughts)
)
print(Runner.run_sync(sailor, "Say ahoy").final_output)

"""LangChain's standard tests of chat models, for its ChatOpenAI."""

import base64
import os
from collections import defaultdict

import httpx
import pytest
from langchain_core.messages import HumanMessage
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests
from story import LONG, PLAIN, SIGNING, picture, recording, tell


class TestGateway(ChatModelIntegrationTests):
    chat_model_class = ChatOpenAI
    chat_model_params = {"model": SIGNING, "stream_usage": True}
    supports_model_override = True
    model_override_value = PLAIN
    has_structured_output = True
    supports_image_inputs = True
    supports_image_urls = True
    supports_image_tool_message = True
    supports_pdf_inputs = True
    supports_pdf_tool_message = True
    supports_audio_inputs = True
    supports_anthropic_inputs = True
    supported_usage_metadata_details = {
        "invoke": ["reasoning_output", "audio_input"],
        "stream": ["reasoning_output", "audio_input"],
    }
    # Its schema is in the prompt, where the emulator looks for no instructions.
    supports_json_mode = False

    @pytest.mark.xfail(reason="What is in quotes means nothing to the emulator.")
    def test_unicode_tool_call_integration(self, model):
        super().test_unicode_tool_call_integration(model)

    def invoke_with_reasoning_output(self, *, stream=False):
        return self.answer_to(LONG, stream)

    def invoke_with_audio_input(self, *, stream=False):
        data = base64.b64encode(recording()).decode()
        return self.answer_to([{"type": "audio", "base64": data, "mime_type": "audio/wav"}], stream)

    def answer_to(self, content, stream):
        model = ChatOpenAI(**self.chat_model_params)
        if not stream:
            return model.invoke([HumanMessage(content)])
        chunks = list(model.stream([HumanMessage(content)]))
        return sum(chunks[1:], chunks[0])


@pytest.fixture(autouse=True)
def nothing_is_downloaded(monkeypatch):
    """The tests fetch a picture, a recording and a document; any will do."""
    files = {".png": picture(), ".wav": recording(), ".pdf": b"%PDF-1.4\n%%EOF"}

    def get(url, **_):
        return httpx.Response(200, content=files[os.path.splitext(url)[1]])

    monkeypatch.setattr(httpx, "get", get)


# Which ability a test is about, by words of its name; the first that fits.
abilities = {
    "structured": "structured output",
    "tool": "tools",
    "agent": "tools",
    "anthropic": "tools",
    "image": "vision",
    "audio": "audio",
    "stream": "stream",
    "": "text",
}


class Verdicts:
    def __init__(self):
        self.passed = defaultdict(list)
        self.failed = defaultdict(list)

    def pytest_runtest_logreport(self, report):
        name = report.nodeid.split("::")[-1]
        ability = next(ability for word, ability in abilities.items() if word in name)
        if report.failed:
            self.failed[ability].append(f"{name}: {report.longreprtext[-200:]}")
        elif report.passed and report.when == "call":
            self.passed[ability].append(name)


def run():
    verdicts = Verdicts()
    pytest.main(
        # The connections that ChatOpenAI keeps belong to one event loop.
        [
            *(__file__, "-p", "no:cacheprovider", "-o", "asyncio_mode=auto"),
            *("-o", "asyncio_default_test_loop_scope=session"),
        ],
        plugins=[verdicts],
    )
    for ability in dict.fromkeys(abilities.values()):

        @tell(ability)
        def verdict():
            assert not verdicts.failed[ability], verdicts.failed[ability]
            assert verdicts.passed[ability], "nothing of the kind was run"


if __name__ == "__main__":
    run()

"""The tools that the model may call: `llm --functions llm-tools.py`."""

import subprocess
from pathlib import Path


def read_file(file: str) -> str:
    """Returns what a file holds."""
    return Path(file).read_text()


def run_command(command: str) -> str:
    """Returns what a shell command prints."""
    return subprocess.check_output(command, shell=True, text=True)


def write_file(file: str, content: str) -> str:
    """Puts something into a file."""
    Path(file).write_text(content)
    return "done"

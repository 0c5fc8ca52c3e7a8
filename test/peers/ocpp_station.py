"""A charging station of another hand, on the `ocpp` package: OCPP 1.6, 2.0.1 or 2.1.

A line in: {"do": "plug" | "unplug" | "swipe" | "cut" | "reboot" | "power_off" | "operative", ...}.
Lines out: {"event": ...} for what happens, {"state": {...}} for how it is, several times a second.
"""

import argparse
import asyncio
import base64
import json
import ssl
import sys

import ocpp.messages
import websockets
from ocpp.exceptions import OCPPError

from ocpp_station_16 import Station16
from ocpp_station_2 import Station201, Station21
from ocpp_wallbox import Wallbox

# One after the other: validation in threads would let a later message overtake.
ocpp.messages.ASYNC_VALIDATION = False

STATIONS = {"1.6": Station16, "2.0.1": Station201, "2.1": Station21}
TICK_S = 0.05
TELL_S = 0.2


def say(**line):
    print(json.dumps(line), flush=True)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True, help="without the identity")
    parser.add_argument("--identity", required=True)
    parser.add_argument("--password")
    parser.add_argument("--version", choices=STATIONS, default="1.6")
    parser.add_argument("--phases", type=int, choices=(1, 3), default=3)
    parser.add_argument("--max-a", type=float, default=16)
    parser.add_argument("--can-switch", action="store_true", help="3 to 1 phases and back")
    parser.add_argument("--speed", type=float, default=1, help="seconds of energy per second")
    parser.add_argument("--left-over", action="append", default=[], help="PURPOSE:LEVEL:AMPS of another master")
    parser.add_argument("--ca", help="PEM, for wss")
    parser.add_argument("--cert", help="PEM, for security profile 3")
    parser.add_argument("--key", help="PEM, for security profile 3")
    return parser.parse_args()


class Life:
    """Connections, one after the other, of one wallbox."""

    def __init__(self, options):
        self.options = options
        self.box = Wallbox(options.phases, options.max_a, options.can_switch, options.speed)
        for number, words in enumerate(options.left_over):
            purpose, level, amps = words.split(":")
            self.box.leave(4711 + number, purpose, int(level), float(amps))
        self.station = None
        self.socket = None
        self.boots_next = True
        self.boot_reason = "PowerUp"
        self.pause_s = 0.0
        self.is_on = True
        self.registered = False

    def tls(self):
        if not self.options.url.startswith("wss:"):
            return {}
        context = ssl.create_default_context(cafile=self.options.ca)
        if self.options.cert:
            context.load_cert_chain(self.options.cert, self.options.key)
        return {"ssl": context}

    async def connect(self):
        options, headers = self.options, {}
        if options.password is not None:
            word = base64.b64encode(f"{options.identity}:{options.password}".encode()).decode()
            headers["Authorization"] = f"Basic {word}"
        kind = STATIONS[options.version]
        async with websockets.connect(
            f"{options.url}/{options.identity}",
            subprotocols=[kind.subprotocol],
            additional_headers=headers,
            open_timeout=5,
            close_timeout=1,
            **self.tls(),
        ) as socket:
            say(event="connected")
            self.socket = socket
            self.station = kind(options.identity, socket, self.box, self.restart)
            tasks = [asyncio.create_task(self.station.start()), asyncio.create_task(self.talk())]
            done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for task in done:
                task.result()

    async def talk(self):
        if self.boots_next:
            await self.station.boot(self.boot_reason)
            self.boots_next = False
            say(event="booted")
        self.registered = True
        await self.station.tell_forever()

    async def dial_forever(self):
        while True:
            await asyncio.sleep(self.pause_s)
            while not self.is_on:
                await asyncio.sleep(TICK_S)
            self.pause_s = 0.3
            try:
                await self.connect()
            except (OSError, asyncio.TimeoutError, websockets.exceptions.WebSocketException, OCPPError) as error:
                say(event="disconnected", reason=str(error))
            self.registered = False
            self.station = self.socket = None
            for post in self.box.outbox:
                post["late"] = True

    async def leave(self, pause_s):
        self.pause_s = pause_s
        if self.socket:
            # Without a goodbye, as a cable that is pulled.
            self.socket.transport.abort()

    async def restart(self, reason, cause):
        self.box.end(cause, "ResetCommand")
        self.boots_next, self.boot_reason = True, reason
        await self.leave(0.5)

    async def do(self, line):
        what = line.pop("do")
        if what == "plug":
            self.box.plug(**line)
        elif what == "unplug":
            self.box.unplug()
        elif what == "swipe":
            await self.swipe(line["tag"])
        elif what == "cut":
            self.boots_next = line.get("boots", False)
            await self.leave(line.get("seconds", 0.3))
        elif what == "reboot":
            await self.restart("PowerUp", "PowerLoss")
        elif what == "power_off":
            self.is_on, self.boots_next = False, True
            self.box.end("PowerLoss", "AbnormalCondition")
            await self.leave(0)
        elif what == "power_on":
            self.is_on = True
        else:
            raise ValueError(f"cannot {what}")
        say(event="done", what=what)

    async def swipe(self, tag):
        if self.box.tx:
            if self.box.tx["tag"] == tag:
                self.box.end("Local", "StopAuthorized")
            return
        # Without a connection it trusts: AllowOfflineTxForUnknownId.
        is_good = await self.station.authorize(tag) if self.registered else True
        say(event="authorized" if is_good else "refused", tag=tag)
        if is_good:
            self.box.allow(tag, "Authorized")

    async def pass_time(self):
        loop = asyncio.get_running_loop()
        before = told = loop.time()
        while True:
            await asyncio.sleep(TICK_S)
            now = loop.time()
            self.box.step(now - before)
            before = now
            if now - told >= TELL_S:
                told = now
                say(state={**self.box.state(), "registered": self.registered})

    async def listen(self):
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while line := await lines.readline():
            await self.do(json.loads(line))


async def main():
    life = Life(arguments())
    others = [asyncio.create_task(life.dial_forever()), asyncio.create_task(life.pass_time())]
    listening = asyncio.create_task(life.listen())
    # Ends with its input, or with the first mistake of its own.
    done, _ = await asyncio.wait([listening, *others], return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


asyncio.run(main())

"""A second central system of another hand, on the `ocpp` package: a paying backend for OCPP 1.6 and 2.0.1.

A line in: {"do": "call", "identity", "action", "payload"} (payload with the names of OCPP), {"do": "answer", "action",
"payload"} for what it answers from now on, {"do": "silent", "is": true} for answers that never come, {"do": "drop",
"identity"} for a connection that breaks, {"do": "close"} and {"do": "open"} for the whole server.
Lines out: {"port"}, {"event": "connected" | "disconnected", "identity", "protocol", "password"},
{"call": action, "identity", "payload"} for what a station says, {"result" | "error"} for what it answers.
"""

import argparse
import asyncio
import base64
import itertools
import json
import sys
from datetime import datetime, timezone

import websockets
from ocpp.messages import Call, CallResult, unpack, validate_payload

PROTOCOLS = {"ocpp1.6": "1.6", "ocpp2.0.1": "2.0.1"}


def say(**line):
    print(json.dumps(line), flush=True)


def now():
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Backend:
    def __init__(self, password):
        self.password = password
        self.sockets = {}
        self.waiting = {}
        self.answers = {}
        self.is_silent = False
        self.transactions = itertools.count(900_001)
        self.messages = itertools.count(1)
        self.server = None
        self.port = 0

    def usual(self, action, payload, version):
        if action in self.answers:
            return self.answers[action]
        accepted = {"idTagInfo": {"status": "Accepted"}} if version == "1.6" else {"idTokenInfo": {"status": "Accepted"}}
        if action == "BootNotification":
            return {"currentTime": now(), "interval": 300, "status": "Accepted"}
        if action == "Heartbeat":
            return {"currentTime": now()}
        if action == "StartTransaction":
            return {"transactionId": next(self.transactions), **accepted}
        if action == "Authorize" or (action == "TransactionEvent" and "idToken" in payload):
            return accepted
        if action == "DataTransfer":
            return {"status": "UnknownVendorId"}
        return {}

    async def heard(self, identity, socket, version, text):
        message = unpack(text)
        if not isinstance(message, Call):
            kind = "result" if isinstance(message, CallResult) else "error"
            action = self.waiting.pop((identity, message.unique_id), None)
            content = message.payload if kind == "result" else [message.error_code, message.error_description]
            if kind == "result" and action:
                message.action = action
                await validate_payload(message, version)
            say(**{kind: content}, identity=identity, action=action)
            return
        await validate_payload(message, version)
        say(call=message.action, identity=identity, payload=message.payload, id=message.unique_id)
        if not self.is_silent:
            answer = message.create_call_result(self.usual(message.action, message.payload, version))
            await socket.send(answer.to_json())

    async def serve(self, socket):
        identity = socket.request.path.rsplit("/", 1)[-1]
        word = socket.request.headers.get("Authorization", "")
        given = base64.b64decode(word.removeprefix("Basic ")).decode().partition(":")[2] if word else None
        if self.password is not None and given != self.password:
            await socket.close(1008, "wrong password")
            return
        version = PROTOCOLS.get(socket.subprotocol)
        if version is None:
            await socket.close(1002, "no sub-protocol")
            return
        self.sockets[identity] = socket
        say(event="connected", identity=identity, protocol=socket.subprotocol, password=given)
        try:
            async for text in socket:
                try:
                    await self.heard(identity, socket, version, text)
                except websockets.exceptions.ConnectionClosed:
                    raise
                except Exception as error:
                    say(violation=str(error), identity=identity, frame=text)
        except websockets.exceptions.ConnectionClosed:
            pass
        finally:
            if self.sockets.get(identity) is socket:
                del self.sockets[identity]
            say(event="disconnected", identity=identity)

    async def open(self):
        self.server = await websockets.serve(
            self.serve, "127.0.0.1", self.port, subprotocols=list(PROTOCOLS), close_timeout=1
        )
        self.port = self.server.sockets[0].getsockname()[1]
        say(port=self.port)

    async def do(self, line):
        what = line["do"]
        if what == "call":
            message = Call(str(next(self.messages)), line["action"], line["payload"])
            self.waiting[(line["identity"], message.unique_id)] = line["action"]
            await self.sockets[line["identity"]].send(message.to_json())
        elif what == "answer":
            self.answers[line["action"]] = line["payload"]
        elif what == "silent":
            self.is_silent = line["is"]
        elif what == "drop":
            self.sockets[line["identity"]].transport.abort()
        elif what == "close":
            for socket in list(self.sockets.values()):
                socket.transport.abort()
            self.server.close()
            await self.server.wait_closed()
        elif what == "open":
            await self.open()
        else:
            raise ValueError(f"cannot {what}")


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--password")
    options = parser.parse_args()
    backend = Backend(options.password)
    backend.port = options.port
    await backend.open()
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        await backend.do(json.loads(line))


asyncio.run(main())

"""A serial line whose device is on the other end of standard input and output: prints the path of the port first."""

import os
import pty
import sys
import threading
import tty

near, far = pty.openpty()
tty.setraw(far)
sys.stdout.buffer.write(os.ttyname(far).encode() + b"\n")
sys.stdout.buffer.flush()


def to_device():
    while True:
        sys.stdout.buffer.write(os.read(near, 4096))
        sys.stdout.buffer.flush()


threading.Thread(target=to_device, daemon=True).start()
while data := os.read(0, 4096):
    os.write(near, data)
os._exit(0)

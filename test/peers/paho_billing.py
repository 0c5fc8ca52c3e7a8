"""Billing messages in Python: publishes 10,000 of QoS 2 in bursts to a session of its own, over MQTT 3.1.1.

Port, number of messages, size of a burst, number of times the subscriber loses its connection.
Prints as JSON what the subscriber got: how many different ones, how many twice, and how often it was connected.
"""

import json
import sys
import threading
from collections import Counter

from paho.mqtt.client import CallbackAPIVersion, Client, MQTTv311

port, count, burst, breaks = map(int, sys.argv[1:])
got = Counter()
connections = 0
subscribed = threading.Event()
connected = threading.Event()
complete = threading.Event()


def hear(_client, _data, message):
    got[int(message.payload)] += 1
    if len(got) == count:
        complete.set()


def enter(client, _data, flags, _reason, _properties):
    global connections
    connections += 1
    connected.set()
    if not flags.session_present:
        client.subscribe("billing/#", qos=2)


subscriber = Client(CallbackAPIVersion.VERSION2, client_id="paho subscriber", clean_session=False, protocol=MQTTv311)
subscriber.on_message = hear
subscriber.on_connect = enter
subscriber.on_disconnect = lambda *_: connected.clear()
subscriber.on_subscribe = lambda *_: subscribed.set()
subscriber.reconnect_delay_set(min_delay=1, max_delay=1)
subscriber.connect("127.0.0.1", port)
subscriber.loop_start()
subscribed.wait(10)

publisher = Client(CallbackAPIVersion.VERSION2, client_id="paho publisher", clean_session=False, protocol=MQTTv311)
publisher.max_inflight_messages_set(burst)
publisher.connect("127.0.0.1", port)
publisher.loop_start()

# Every second burst, as long as there are breaks left.
for start in range(0, count, burst):
    sent = [publisher.publish("billing/session", str(n), qos=2) for n in range(start, min(start + burst, count))]
    if breaks and start // burst % 2:
        # In the middle of handshakes, without a word to the broker.
        breaks -= 1
        connected.wait(10)
        subscriber.socket().shutdown(2)
    for each in sent:
        each.wait_for_publish(30)

complete.wait(30)
publisher.disconnect()
subscriber.disconnect()
twice = sum(1 for times in got.values() if times > 1)
print(json.dumps({"got": len(got), "twice": twice, "connections": connections}))

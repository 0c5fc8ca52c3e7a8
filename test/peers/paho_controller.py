"""A controller in Python: asks for something over MQTT 5 and prints, a line each, what it is answered.

Port, topic of the command, topic of the answers, JSON of the command.
"""

import json
import sys

from paho.mqtt.client import Client, CallbackAPIVersion, MQTTv5
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

port, topic, answers, payload = sys.argv[1:]
client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)


def ask(*_):
    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic = answers
    properties.CorrelationData = b"from paho"
    properties.MessageExpiryInterval = 10
    client.publish(topic, payload, qos=1, properties=properties)


def hear(_client, _data, message):
    response = json.loads(message.payload)
    correlation = message.properties.CorrelationData.decode()
    print(json.dumps({"topic": message.topic, "correlation": correlation, "response": response}), flush=True)
    if response["status"] != "accepted":
        client.disconnect()


client.on_connect = lambda *_: client.subscribe(answers, qos=1)
client.on_subscribe = ask
client.on_message = hear
client.connect("127.0.0.1", int(port))
client.loop_forever()

import assert from 'node:assert/strict';
import { type Mosquitto, publishLines, startMosquitto } from '../support/mqtt/mosquitto.ts';
import {
  type CountedSubscriber,
  countedTopic,
  disturbances,
  startCountedSubscriber,
} from '../support/node-red/counted-subscriber.ts';

describe('a subscriber loses nothing that the broker was told to deliver, at mosquitto', function () {
  this.timeout(180_000);
  let mosquitto: Mosquitto;
  let speakers: ReturnType<typeof publishLines>[];
  let street: CountedSubscriber;

  before(async () => {
    mosquitto = await startMosquitto([
      'allow_anonymous true',
      'max_queued_messages 0',
      'log_type information',
      'log_type subscribe',
    ]);
    speakers = ([1, 2] as const).map((qos) => publishLines(mosquitto.port, countedTopic(qos), qos));
    street = await startCountedSubscriber(mosquitto.port, speakers, () =>
      mosquitto.log().includes('2 devices/+/event/+'),
    );
  });
  after(async () => {
    for (const each of speakers ?? []) await each.close();
    await street?.close();
    await mosquitto?.close();
  });

  const { 'a kill': kill, ...orderly } = disturbances;

  it(`3000 of QoS 1 and 1000 of QoS 2 through ${Object.keys(orderly).join(', ')}`, async () => {
    for (const { disturb } of Object.values(orderly)) await street.during(() => disturb(street));
    await street.sayUpTo({ 1: 3000, 2: 1000 });
    assert.deepEqual(await street.nothingIsLost(), { 1: 0, 2: 0 }, 'what came twice');
  });

  it('through a kill', async () => {
    await street.during(() => kill?.disturb(street) ?? Promise.resolve());
    await street.nothingIsLost();
  });
});

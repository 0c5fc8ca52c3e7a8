/** A subscriber outside of Node-RED: counts the readings at the broker, so that Node-RED remembers nothing of them for us. */
import mqtt from 'mqtt';

/** Readings since the last look. */
export interface Observed {
  readings: number;
  /** Numbers that were skipped. */
  lost: number;
}

export interface ReadingObserver {
  /** Devices of which a reading was seen. */
  devices(): number;
  look(): Observed;
  close(): Promise<void>;
}

export const startReadingObserver = async (port: number): Promise<ReadingObserver> => {
  const lastSeq = new Map<string, number>();
  const devices = new Set<string>();
  let observed: Observed = { readings: 0, lost: 0 };
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`);
  client.on('message', (topic, payload) => {
    const seq = Number(/"seq":(\d+)/.exec(payload.toString())?.[1]);
    const last = lastSeq.get(topic);
    lastSeq.set(topic, seq);
    devices.add(topic.split('/')[1] ?? '');
    observed.readings++;
    if (last !== undefined && seq > last + 1) observed.lost += seq - last - 1;
  });
  await client.subscribeAsync('devices/+/meter/#');
  return {
    devices: () => devices.size,
    look() {
      const seen = observed;
      observed = { readings: 0, lost: 0 };
      return seen;
    },
    close: () => client.endAsync(true),
  };
};

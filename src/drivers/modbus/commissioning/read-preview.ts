/** A preview of a device before there is a node for it: one poll of everything that its profile maps. */
import type { Clock } from '../../../model/time.ts';
import type { Channel, Cycle, DriverSink, Sample } from '../../driver.ts';
import { createModbusDriver } from '../driver.ts';
import type { ResolvedProfile } from '../profiles/resolve-profile.ts';
import type { Bus } from '../transport/bus/bus.ts';

/** One mapped value. */
export interface PreviewValue {
  /** "meter/power/l1" */
  path: string;
  /** In the unit and with the sign of the model; null: the device tells none, for the reason given. */
  value: Sample['value'];
  unit?: string;
  reason?: string;
  /** Registers of the value, with the power of ten that scales them: "40084: 0e10 (10^-1)". */
  raw?: string;
  /** Wall clock, ms. */
  at: number;
}

/** The outcome of a preview. */
export interface Preview {
  values: PreviewValue[];
  /** Failed requests, in words. */
  errors: string[];
}

interface PreviewOptions {
  resolved: ResolvedProfile;
  bus: Bus;
  unit: number;
  clock: Clock;
  signal: AbortSignal;
}

/** The poll is not repeated, so that the interval only has to be longer than a preview. */
const intervalMs = 3_600_000;
/** Time for a poll of a slow device with many values, ms. */
const patienceMs = 20_000;

const pathOf = ({ type, index, quantity, part }: Channel): string =>
  [type, index, quantity, part].filter((level) => level !== undefined).join('/');

/**
 * Polls a device once.
 * @returns every value in the order of the profile
 * @throws the reason of the signal, if that is aborted; an Error in words if nothing was answered
 */
export const readPreview = async ({ resolved, bus, unit, clock, signal }: PreviewOptions): Promise<Preview> => {
  signal.throwIfAborted();
  const driver = createModbusDriver({ resolved, bus, unit, intervalMs, name: 'preview' }, clock);
  try {
    const cycle = await new Promise<Cycle>((resolve, reject) => {
      const giveUp = clock.after(patienceMs, () => reject(new Error(`no answer within ${patienceMs / 1000} s`)));
      const end = (): void => giveUp.cancel();
      signal.addEventListener('abort', () => {
        end();
        reject(signal.reason);
      });
      const sink: DriverSink = {
        described() {},
        drifted() {},
        progressed() {},
        event() {},
        state(state) {
          if (state.kind !== 'offline') return;
          end();
          reject(new Error(state.reason));
        },
        cycle(told) {
          end();
          resolve(told);
        },
      };
      driver.start(sink);
    });
    const { channels } = driver.describe();
    const raw = driver.inspect();
    const values = cycle.samples.flatMap((sample): PreviewValue[] => {
      const channel = channels[sample.channel];
      if (!channel) return [];
      const words = raw.get(sample.channel);
      return [
        {
          path: pathOf(channel),
          value: sample.value,
          at: sample.ts,
          ...(channel.unit === undefined ? {} : { unit: channel.unit }),
          ...(sample.reason === undefined ? {} : { reason: sample.reason }),
          ...(words === undefined ? {} : { raw: words }),
        },
      ];
    });
    return { values, errors: cycle.errors };
  } finally {
    await driver.close();
  }
};

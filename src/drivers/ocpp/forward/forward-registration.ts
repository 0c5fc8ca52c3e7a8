/**
 * The station as the backend knows it: booted first (OCPP 1.6 §4.2, OCPP 2.0.1 B01), with the words it last booted with
 * here, and heard of now and then. What it says is for a backend that has accepted it.
 */
import { z } from 'zod';
import type { Clock, Timer } from '../../../model/time.ts';
import type { Ledger } from '../station/store.ts';

export interface RegistrationSink {
  call(action: string, payload: object): Promise<unknown>;
  registered(): void;
}

export interface Registration {
  /** The backend can be reached. */
  begin(): void;
  end(): void;
  /** The connection of the station is new. */
  stationConnected(): void;
  booted(payload: object): void;
}

const bootRecord = z.object({ forwardBoot: z.looseObject({}) });
const answerSchema = z.looseObject({ status: z.string(), interval: z.number() });
/** Some stations never boot; some connect again without it, and we have seen none before, ms. */
const bootPatienceMs = 60_000;
const failedMs = 30_000;
const leastMs = 10_000;
const usualS = 300;

export const createRegistration = (ledger: Ledger, clock: Clock, sink: RegistrationSink): Registration => {
  let boot: object | undefined;
  let isOpen = false;
  let isRegistered = false;
  /** Booted since the station has connected: one that follows was asked for, or the station has started anew. */
  let hasBooted = false;
  /** What was told on this connection of the backend. */
  let told: object | undefined;
  let timer: Timer | undefined;
  let heart: Timer | undefined;

  for (const given of ledger.records) {
    const parsed = bootRecord.safeParse(given);
    if (parsed.success) boot = parsed.data.forwardBoot;
  }
  ledger.keep(() => (boot ? [{ forwardBoot: boot }] : []));

  /** Between the station and us there may be another interval, or none. */
  const beat = (everyS: number): void => {
    heart?.cancel();
    heart = clock.every(Math.max(leastMs, everyS * 1000), () => {
      sink.call('Heartbeat', {}).catch(() => {});
    });
  };

  const settle = (everyS: number): void => {
    beat(everyS);
    if (isRegistered) return;
    isRegistered = true;
    sink.registered();
  };

  const tell = async (payload: object): Promise<void> => {
    timer?.cancel();
    told = payload;
    const answer = answerSchema.safeParse(await sink.call('BootNotification', payload).catch(() => undefined)).data;
    if (told !== payload) return;
    if (answer?.status === 'Accepted') {
      settle(answer.interval > 0 ? answer.interval : usualS);
      return;
    }
    const waitMs = answer && answer.interval > 0 ? answer.interval * 1000 : failedMs;
    timer = clock.after(Math.max(leastMs, waitMs), () => void tell(payload));
  };

  return {
    begin() {
      isOpen = true;
      if (boot) void tell(boot);
      else timer = clock.after(bootPatienceMs, () => settle(usualS));
    },
    end() {
      [isOpen, isRegistered, told] = [false, false, undefined];
      timer?.cancel();
      heart?.cancel();
    },
    stationConnected() {
      hasBooted = false;
    },
    booted(payload) {
      const isSame = JSON.stringify(payload) === JSON.stringify(boot);
      const isNews = hasBooted || !isSame || told === undefined;
      hasBooted = true;
      if (!isSame) {
        boot = payload;
        ledger.append({ forwardBoot: payload }, false);
      }
      if (isOpen && isNews) void tell(payload);
    },
  };
};

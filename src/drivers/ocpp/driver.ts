/**
 * A charging station as a device: it dials in, is answered, provisioned and understood, and carries out what the bridge
 * orders. The driver passes messages, connections and time on to the blocks.
 */
import type { Clock } from '../../model/time.ts';
import { type Applied, CommandFailure, type Driver } from '../driver.ts';
import type { Block, IncomingCall, Reply, StationCommand } from './block.ts';
import { createBlocks, type OcppDriverOptions } from './blocks.ts';
import type { Codec } from './codec/codec.ts';
import type { Answer } from './messages.ts';
import { CallFailure, type StationHandler } from './ocpp-j/station-link.ts';
import { toCommandFailure } from './station/calls.ts';
import { Station } from './station/station.ts';
import type { StationFacts } from './station/station-facts.ts';
import { type StationSummary, summarise } from './station/station-summary.ts';
import { Ticker } from './station/ticker.ts';

export type { OcppDriverOptions } from './blocks.ts';

export interface OcppDriver extends Driver, StationHandler {
  facts(): StationFacts;
  /** Everything that is known of the station, for the form. */
  summary(): StationSummary;
  /** Whether the station falls back to its failsafe current by itself while nobody is connected. */
  isGuarded(): boolean;
}

/** Between two ticks at the most, ms. */
const longestTickMs = 10_000;

/** @throws CommandFailure */
const act = async (blocks: readonly Block[], command: StationCommand): Promise<Applied> => {
  try {
    for (const block of blocks) {
      const applied = block.act?.(command);
      if (applied) return await applied;
    }
  } catch (error) {
    throw toCommandFailure(error);
  }
  throw new CommandFailure('UNSUPPORTED', `a station cannot ${command.verb}`);
};

/** Creates the driver of one station, which waits for the station to dial in. */
export const createOcppDriver = (options: OcppDriverOptions, clock: Clock): OcppDriver => {
  const station = new Station(options, clock);
  const { list, smartCharging } = createBlocks(station, options, (command) => act(list, command));
  station.blocks = list;
  for (const evse of options.evses ?? []) station.evse(evse);
  station.records.release();
  const ticker = new Ticker(clock, {
    stepMs: Math.min(longestTickMs, options.limits.intervalS * 1000),
    isUsable: () => station.isUsable,
    step: () => {
      for (const block of list) block.tick?.();
    },
  });

  const relay = list.find((block) => block.around);

  const answer = (call: IncomingCall, codec: Codec): Reply => {
    const reply = (made: Answer): object => {
      call.answer = made;
      return codec.reply(call.message, made, clock.now());
    };
    try {
      const answer = station.on(call.message);
      return answer instanceof Promise ? answer.then(reply) : reply(answer);
    } finally {
      ticker.heard();
    }
  };

  return {
    describe: () => station.describe(),
    inspect: () => new Map(),
    actuators: () => smartCharging.actuators(),
    apply: (order, signal) => smartCharging.apply(order, signal),
    facts: () => station.factStore.facts,
    summary: () => summarise(station, { fallback: smartCharging.fallback(), others: smartCharging.others() }),
    isGuarded: () => smartCharging.isGuarded(),
    start(listener) {
      station.sink.open(listener);
      station.resume();
      ticker.start();
    },
    connected(link) {
      station.connected(link);
      for (const block of list) block.connected?.(link);
    },
    called(action, payload) {
      const { codec } = station;
      if (!codec) throw new CallFailure('offline', 'not connected');
      const decoded = codec.decode(action, payload, clock.now());
      if (!decoded.ok) {
        station.deviated(`${decoded.reason}: refused`);
        throw new CallFailure('error', decoded.reason, decoded.code);
      }
      for (const note of decoded.notes) station.deviated(note);
      let message = decoded.event;
      const isBoot = message.kind === 'boot';
      if (isBoot || !station.isUsable) for (const block of list) block.starting?.(isBoot);
      for (const block of list) message = block.interpret?.(message) ?? message;
      const call: IncomingCall = { action, payload, message, answer: undefined };
      return relay?.around ? relay.around(call, () => answer(call, codec)) : answer(call, codec);
    },
    disconnected(reason) {
      for (const block of list) block.disconnected?.();
      station.disconnected(reason);
    },
    deviated: (message) => station.event({ name: 'protocol_deviation', severity: 'warning', message }),
    async close() {
      ticker.close();
      for (const block of list) block.close?.();
      station.close();
    },
  };
};

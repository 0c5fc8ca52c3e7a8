/** The values that one EVSE measures, and what can be concluded where it is silent. */
import type { Measure } from '../words.ts';
import { channelOf, channelsOf, setChannelInterval } from './channels.ts';
import { type Connector, push, pushState, repeatMsOf, setState } from './connector.ts';
import { forgetFlow, intervalOf, isStill, noteReading, powerOf, stepMsOf } from './flow.ts';
import { forgetRest, noteMeasures } from './measured.ts';
import { judge, noteTogether } from './plausible.ts';
import { toGridPart } from './rotation.ts';
import { isAtRest, isInSession, isPluggedIn } from './status.ts';

/** Measured while current flows; 0 where none can. */
const flowing = new Set(['power', 'current', 'current_total', 'reactive_power', 'apparent_power']);

/** On one phase, what is said of all of them is said of that one. */
const ofOnePhase = (measure: Measure): Measure[] => {
  const { quantity, part } = measure;
  if (part !== undefined) return [measure];
  if (quantity === 'voltage') return [{ ...measure, part: 'l1' }];
  return quantity === 'current_total' ? [measure, { ...measure, quantity: 'current', part: 'l1' }] : [measure];
};

/** Words and values that are older do not count, ms. */
const freshMs = ({ surroundings }: Connector): number => Math.max(90_000, 3.5 * surroundings.intervalMs);

/** More than it takes to stand by, W. */
const chargingW = 100;
const chargingA = 1;

/** Its register rises, whatever it says of itself. */
const isRising = (connector: Connector): boolean => {
  const { flow, surroundings } = connector;
  const longestMs = Math.max(freshMs(connector), 1.5 * stepMsOf(flow));
  const isFresh = surroundings.clock.monotonic() - flow.risenAt <= longestMs;
  return isFresh && flow.risenW > chargingW && (powerOf(flow) ?? flow.risenW) > chargingW;
};

/** Something charges, by what it said last: what it measures, or a register that rises. */
export const isFlowing = (connector: Connector): boolean => {
  const { flow, measured, surroundings } = connector;
  const { power, current } = measured;
  const newest = (power?.at ?? Number.NEGATIVE_INFINITY) >= (current?.at ?? Number.NEGATIVE_INFINITY) ? power : current;
  if (!newest || newest.at < flow.risenAt) return isRising(connector);
  const isFresh = surroundings.clock.monotonic() - newest.at <= freshMs(connector);
  return isFresh && newest.value > (newest === power ? chargingW : chargingA);
};

/** 2.x: a transaction runs, and what it does was never said. */
const isUnclear = ({ session, said }: Connector): boolean =>
  session !== undefined && session.chargingState === undefined && (said === undefined || said.status === 'occupied');

/** The car may draw current, as far as anybody knows. */
export const mayDraw = (connector: Connector): boolean =>
  isInSession(connector.status) || isUnclear(connector) || (connector.session !== undefined && isRising(connector));

/** Also where the session is over, and the station did not say so by its status. */
const isResting = (connector: Connector): boolean => {
  const { evse, status, hasEnded, session } = connector;
  if (evse === 0) return false;
  if (hasEnded && session === undefined) return true;
  return isAtRest(status) && (isPluggedIn(status) === false || !mayDraw(connector));
};

/** Stations fall silent when a session is over: nothing flows. Without a cable that is no estimate. */
export const rest = (connector: Connector): void => {
  const { evse, status, measured, surroundings, isRested, flow } = connector;
  const { channels, clock } = surroundings;
  const ts = clock.now();
  const isEstimated = isPluggedIn(status) !== false;
  connector.heardAt = clock.monotonic();
  connector.isRested = true;
  channelOf(channels, evse, 'power');
  for (const { channel, quantity } of channelsOf(channels, evse))
    if (flowing.has(quantity)) push(connector, { channel, value: 0, ts, ...(isEstimated && { isEstimated }) });
  // A conclusion is no measurement: nothing is proven by it.
  forgetRest(measured);
  if (!isRested) forgetFlow(flow);
};

/** Something may flow, and the station never said how much: that is not 0. */
const wake = (connector: Connector): void => {
  const { evse, surroundings, powerAt } = connector;
  const { channels, clock } = surroundings;
  connector.isRested = false;
  const channel = channelOf(channels, evse, 'power');
  if (channel === undefined || powerAt > Number.NEGATIVE_INFINITY) return;
  push(connector, { channel, value: null, ts: clock.now(), reason: 'not_measured' });
};

/** Its status is another one now: nothing flows any more, or something may. */
export const settle = (connector: Connector): void => {
  const isNowResting = isResting(connector);
  // A fault may be no more than a warning, and the car goes on: only its silence says that nothing flows.
  const isFaultOnly = connector.status === 'faulted' && connector.session !== undefined;
  if (isNowResting && !connector.isRested && !isFaultOnly) rest(connector);
  else if (!isNowResting && connector.isRested) wake(connector);
};

/** Nobody measures what flows at rest: it is said again. */
export const restAgain = (connector: Connector): void => {
  const { clock, intervalMs } = connector.surroundings;
  const isQuiet = clock.monotonic() - connector.heardAt >= intervalMs;
  if (isQuiet && isResting(connector)) rest(connector);
};

/** The station says itself that the car waits, or is made to wait. */
const isHeldBack = ({ said, session }: Connector): boolean =>
  [said?.status, session?.chargingState].some((each) => each === 'suspended_ev' || each === 'suspended_evse');

/** The power by the register, where the station does not tell it. */
const showDerived = (connector: Connector, ts: number): void => {
  const { evse, flow, surroundings, powerAt, session, status } = connector;
  const { channels, clock, intervalMs } = surroundings;
  const isTold = clock.monotonic() - powerAt <= freshMs(connector);
  if (evse === 0 || isTold || isResting(connector) || (session === undefined && !isInSession(status))) return;
  if (connector.isRested) wake(connector);
  const value = isHeldBack(connector) && isStill(flow) ? 0 : powerOf(flow);
  const channel = channelOf(channels, evse, 'power');
  if (channel === undefined || value === undefined || ts < (connector.told[channel] ?? 0)) return;
  setChannelInterval(channels, channel, Math.max(intervalMs / 1000, intervalOf(flow)));
  push(connector, { channel, value, ts, isEstimated: true });
};

/**
 * @param at ms since 1970; older than what is known is not taken
 * @param isLive false: of the beginning or the end of a session, which a station may tell in other steps than between
 */
export const takeMeasures = (connector: Connector, measures: Measure[], at: number, isLive = true): void => {
  const { evse, surroundings, told, gate } = connector;
  const { phases, phaseRotation, channels, clock } = surroundings;
  const fresh = phases === 1 ? measures.flatMap(ofOnePhase) : measures;
  const believed: Measure[] = [];
  const heardAt = clock.monotonic();
  noteTogether(gate, fresh, at);
  for (const measure of fresh) {
    const { quantity, part, value, isDerived } = measure;
    const reason = judge(gate, measure, at);
    const channel = channelOf(channels, evse, quantity, toGridPart(phaseRotation, part));
    if (channel === undefined || at < (told[channel] ?? Number.NEGATIVE_INFINITY)) continue;
    if (flowing.has(quantity)) connector.heardAt = heardAt;
    if (quantity === 'power' && part === undefined) {
      connector.powerAt = heardAt;
      setChannelInterval(channels, channel, undefined);
    }
    if (reason !== undefined) push(connector, { channel, value: null, ts: at, reason, raw: String(value) });
    else {
      believed.push(measure);
      push(connector, isDerived ? { channel, value, ts: at, isEstimated: true } : { channel, value, ts: at });
    }
  }
  const active = noteMeasures(connector.measured, believed, heardAt);
  if (active !== undefined) setState(connector, 'phases_active', active);
  const register = believed.find(({ quantity, part }) => quantity === 'energy_imported' && part === undefined);
  if (!register || !isLive) return;
  noteReading(connector.flow, register.value, at, heardAt - (clock.now() - at));
  showDerived(connector, at);
};

export const repeatStates = (connector: Connector, now: number): void => {
  const { evse, states, told, surroundings } = connector;
  const { channels } = surroundings;
  connector.repeatFrom = Number.POSITIVE_INFINITY;
  for (const [quantity, state] of states) {
    const channel = channelOf(channels, evse, quantity);
    if (channel === undefined) continue;
    const dueAt = (told[channel] ?? 0) + repeatMsOf(channels, channel);
    if (now >= dueAt) pushState(connector, quantity, state);
    else connector.repeatFrom = Math.min(connector.repeatFrom, dueAt);
  }
};

/** It charges on other phases from now on. */
export const forgetPhases = ({ measured }: Connector): void => {
  measured.phases = undefined;
};

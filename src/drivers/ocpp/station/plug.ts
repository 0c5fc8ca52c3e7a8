/** The status of one EVSE: the words of its plug, its transaction, and what flows where neither says. */
import { channelsOf } from './channels.ts';
import { type Connector, type PlugEvent, push, setState } from './connector.ts';
import { forgetFlow } from './flow.ts';
import { forgetMeasured } from './measured.ts';
import { energyOf } from './register.ts';
import { durationOf, type Session } from './session.ts';
import { isInSession, isPluggedIn, normaliseStatus, type Status } from './status.ts';
import { isFlowing, repeatStates, rest, restAgain, settle } from './values.ts';

const findStatus = (connector: Connector): Status => {
  const { said, session, hasEnded } = connector;
  return normaliseStatus(said?.status, session, hasEnded, isFlowing(connector));
};

/** Shows what a car may be given here: by the installation, the station and the cable. */
const showPlug = (connector: Connector): void => {
  const { evse, cableA, surroundings, status } = connector;
  const { phases, minCurrentA, maxCurrentA, supplyPhases } = surroundings;
  const isConnected = isPluggedIn(status);
  if (isConnected !== undefined) setState(connector, 'connected', isConnected);
  setState(connector, 'min_current', minCurrentA);
  setState(connector, 'max_current', Math.min(maxCurrentA, cableA));
  setState(connector, 'phases_available', Math.min(phases, supplyPhases(evse) ?? phases));
};

const showStatus = (connector: Connector): void => {
  const { evse, said } = connector;
  connector.status = findStatus(connector);
  connector.shownStatus = connector.status;
  setState(connector, 'status', connector.status, said?.raw.slice(0, 256));
  if (evse !== 0) showPlug(connector);
};

/** Its status may be another one by what its transaction says, or by what flows. */
export const lookAtStatus = (connector: Connector): void => {
  if (findStatus(connector) !== connector.shownStatus) showStatus(connector);
  settle(connector);
};

/** In whole minutes while it goes on. Of one that we found under way, nobody knows. */
const showDuration = (connector: Connector): void => {
  const { session, surroundings } = connector;
  const seconds = session && durationOf(session, surroundings.clock.now());
  if (seconds !== undefined) setState(connector, 'session_duration', seconds - (seconds % 60));
};

/** A register that contradicts the power is not told before the session ends. */
const showEnergy = (connector: Connector): void => {
  const { session, gate, oldRegister } = connector;
  // A counter does not go back: what it says now is told with its next reading.
  if (!session || session.register === oldRegister) return;
  const energy = energyOf(session.register);
  if (energy !== undefined) setState(connector, 'session_energy', gate.suspectEnergy === undefined ? energy : null);
};

const showSessionId = (connector: Connector, id: string): void => {
  if (connector.shownSession === id) return;
  connector.shownSession = id;
  setState(connector, 'session_id', id);
};

/** Whose session it is, hashed. */
const showTag = (connector: Connector): void => {
  const { session, states } = connector;
  const tag = session?.tag ?? null;
  if (tag !== null || states.has('id_tag')) setState(connector, 'id_tag', tag);
};

/** The connector says what it is doing. */
export const takePlug = (connector: Connector, event: PlugEvent): void => {
  const { status, errorCode = '', vendorErrorCode, info } = event;
  connector.said = event;
  if (status === 'available') connector.cableA = Number.POSITIVE_INFINITY;
  if (status === 'available' || (status !== 'occupied' && isInSession(status))) connector.hasEnded = false;
  showStatus(connector);
  const code = vendorErrorCode ? `${errorCode} ${vendorErrorCode}`.trim() : errorCode;
  setState(connector, 'error_code', code, info?.slice(0, 256));
  settle(connector);
};

/** The transaction that runs here now. */
export const takeSession = (connector: Connector, session: Session | undefined): void => {
  connector.session = session;
  if (session) connector.hasEnded = false;
  lookAtStatus(connector);
  showSessionId(connector, session?.transaction ?? '');
  showEnergy(connector);
  showDuration(connector);
  showTag(connector);
};

/** A transaction ended, and nothing else runs. */
export const endSession = (connector: Connector): void => {
  connector.session = undefined;
  connector.hasEnded = true;
  showStatus(connector);
  showSessionId(connector, '');
  showTag(connector);
  rest(connector);
};

/** 2.x: what the cable that is plugged in carries, A. */
export const takeCable = (connector: Connector, maxA: number): void => {
  connector.cableA = maxA;
  showPlug(connector);
};

/** Shows what is known of it, also where the station has not said what it is doing. */
export const showKnown = (connector: Connector): void => {
  if (connector.said) showPlug(connector);
  else showStatus(connector);
};

/** Time passes: says again what does not change, and what nobody measures at rest. */
export const repeat = (connector: Connector): void => {
  const now = connector.surroundings.clock.now();
  showDuration(connector);
  if (connector.session) lookAtStatus(connector);
  if (now >= connector.repeatFrom) repeatStates(connector, now);
  restAgain(connector);
};

/** Nothing is known any more. */
export const forgetAll = (connector: Connector): void => {
  const { evse, measured, states, surroundings, flow } = connector;
  const { channels, clock } = surroundings;
  forgetMeasured(measured);
  forgetFlow(flow);
  states.clear();
  connector.shownStatus = undefined;
  connector.shownSession = undefined;
  connector.said = undefined;
  connector.isRested = false;
  connector.status = findStatus(connector);
  connector.heardAt = Number.NEGATIVE_INFINITY;
  for (const { channel, quantity } of channelsOf(channels, evse))
    if (!/^energy_|^session_/.test(quantity))
      push(connector, { channel, value: null, ts: clock.now(), reason: 'device_offline' });
};
